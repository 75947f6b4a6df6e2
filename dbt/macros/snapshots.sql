{# Rows of the snapshot that is made anew; of all where there is none. #}
{% macro of_snapshot(column='snapshot') -%}
    {%- if var('snapshot', none) is none -%} {{ column }} is not null
    {%- else -%} {{ column }} = '{{ var('snapshot') | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}

{% macro delete_snapshot() -%}
    {%- if is_incremental() -%} delete from {{ this }} where {{ of_snapshot() }}
    {%- else -%} select 1
    {%- endif -%}
{%- endmacro %}

{# Schemas are called as the project calls them, without the target's name before it. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

{# Whether a table or text variant is of a source other than the web. #}
{% macro is_source(column) -%}
    split_part({{ column }}, '.', 1) in ('books', 'academic', 'code', 'social', 'encyclopedia', 'parallel', 'domain')
{%- endmacro %}

{# None of the columns is null. #}
{% test filled(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' is null or ') }} is null
{% endtest %}

{# Each combination of the columns occurs once. #}
{% test unique_key(model, columns) %}
select {{ columns | join(', ') }}, count(*) as times
from {{ model }}
group by all
having count(*) > 1
{% endtest %}

{# The column lies between two values; null is let pass. #}
{% test between(model, column_name, at_least=0, at_most=1) %}
select {{ column_name }}
from {{ model }}
where not {{ column_name }} between {{ at_least }} and {{ at_most }}
{% endtest %}

{# A share adds up to one in each group. #}
{% test sums_to_one(model, column_name, by) %}
select {{ by | join(', ') }}, sum({{ column_name }}) as total
from {{ model }}
group by {{ by | join(', ') }}
having abs(sum({{ column_name }}) - 1) > 1e-9
{% endtest %}

{# A condition holds in every row. #}
{% test holds(model, condition) %}
select * from {{ model }} where not ({{ condition }})
{% endtest %}

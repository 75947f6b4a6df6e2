-- Sources other than the web, from records to cleaned documents: what each partition read, kept, dropped and rejected.
{{ config(materialized='table', pre_hook=[]) }}
with counted as (
    select table_name, partition, unnest(map_entries(counters)) as counter
    from {{ ref('stg_commits') }}
    where {{ is_source('table_name') }}
)
select
    split_part(table_name, '.', 1) as source,
    partition,
    table_name,
    coalesce(sum(counter.value) filter (counter.key = 'records'), 0)::bigint as documents_read,
    coalesce(sum(counter.value) filter (counter.key = 'kept'), 0)::bigint as documents_kept,
    coalesce(sum(counter.value) filter (starts_with(counter.key, 'dropped:')), 0)::bigint as documents_dropped,
    coalesce(sum(counter.value) filter (starts_with(counter.key, 'rejects:')), 0)::bigint as records_rejected,
    documents_kept / nullif(documents_read, 0) as share_kept
from counted
group by table_name, partition

-- What a stage counted while it made a partition: `dropped:<step>:<rule>`, `rejects:<reason>`, `records` ... in their parts.
with counted as (
    select table_name, variant, snapshot, method, unnest(map_entries(counters)) as counter
    from {{ ref('stg_commits') }}
)
select
    table_name,
    variant,
    snapshot,
    method,
    split_part(counter.key, ':', 1) as kind,
    case when counter.key like '%:%:%' then split_part(counter.key, ':', 2) end as step,
    case when counter.key like '%:%' then regexp_replace(counter.key, '^[^:]*:(.*:)?', '') end as rule,
    counter.value as n
from counted

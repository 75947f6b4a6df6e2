-- What each rule dropped, and for which reasons records were rejected, of all that its table read.
with counted as (
    select snapshot, variant, table_name, kind, step, rule, sum(n)::bigint as documents
    from {{ ref('stg_counters') }}
    where {{ of_snapshot() }} and (table_name in ('web.pages', 'web.documents') or table_name like 'corpora.%')
    group by all
)
select
    dropped.snapshot,
    dropped.variant,
    dropped.table_name,
    dropped.kind,
    coalesce(dropped.step, '') as step,
    dropped.rule,
    dropped.documents,
    dropped.documents / nullif(records.documents, 0) as share_of_read
from counted as dropped
join counted as records on records.kind = 'records'
    and (records.snapshot, records.variant, records.table_name) = (dropped.snapshot, dropped.variant, dropped.table_name)
where dropped.kind in ('dropped', 'rejects') and dropped.documents > 0

-- From records to corpora: what each table read, kept, dropped and rejected.
select
    snapshot,
    variant,
    table_name,
    coalesce(sum(n) filter (kind = 'records'), 0)::bigint as documents_read,
    coalesce(sum(n) filter (kind = 'kept'), 0)::bigint as documents_kept,
    coalesce(sum(n) filter (kind = 'dropped'), 0)::bigint as documents_dropped,
    coalesce(sum(n) filter (kind = 'rejects'), 0)::bigint as records_rejected,
    documents_kept / nullif(documents_read, 0) as share_kept
from {{ ref('stg_counters') }}
where {{ of_snapshot() }} and (table_name in ('web.pages', 'web.documents') or table_name like 'corpora.%')
group by snapshot, variant, table_name

-- What each dedup found in a snapshot, and how much of it goes back to earlier snapshots.
with compared as (
    select snapshot, variant, method, coalesce(sum(n) filter (kind = 'records'), 0)::bigint as documents
    from {{ ref('stg_counters') }}
    where {{ of_snapshot() }} and table_name = 'web.duplicates'
    group by all
),

found as (
    select
        snapshot,
        variant,
        method,
        count(*) filter (not kept) as copies,
        count(*) filter (not kept and first_snapshot < snapshot) as copies_of_earlier_snapshots,
        count(distinct cluster) as clusters,
        sum(units_lost)::bigint as units_lost
    from {{ ref('stg_duplicates') }}
    where {{ of_snapshot() }}
    group by all
)

select
    compared.snapshot,
    compared.variant,
    compared.method,
    compared.documents,
    coalesce(found.copies, 0) as copies,
    coalesce(found.copies_of_earlier_snapshots, 0) as copies_of_earlier_snapshots,
    coalesce(found.clusters, 0) as clusters,
    coalesce(found.units_lost, 0) as units_lost,
    coalesce(found.copies, 0) / nullif(compared.documents, 0) as share_of_copies
from compared
left join found using (snapshot, variant, method)

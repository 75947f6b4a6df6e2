-- The domains with most documents in the corpora of a snapshot, and their share of it.
with counted as (
    select snapshot, recipe, variant, coalesce(domain, '') as domain, count(*) as documents, coalesce(sum(characters), 0)::bigint as characters
    from {{ ref('stg_published') }}
    where {{ of_snapshot() }}
    group by all
),

ranked as (
    select
        *,
        documents / sum(documents) over (partition by snapshot, recipe, variant) as share_of_documents,
        row_number() over (partition by snapshot, recipe, variant order by documents desc, domain) as place
    from counted
)

select * from ranked where place <= {{ var('domains_kept') }}

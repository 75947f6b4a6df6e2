-- Licences that pages state about themselves: of all pages of a snapshot (recipe is empty), and of those that each corpus keeps.
with pages as (
    select snapshot, variant, doc_id, coalesce(licence, 'none stated') as licence
    from {{ ref('stg_pages') }}
    where {{ of_snapshot() }}
),

kept as (
    select published.recipe, pages.*
    from {{ ref('stg_published') }} as published
    join pages on pages.doc_id = published.doc_id and pages.snapshot = published.snapshot
        and pages.variant = split_part(published.variant, '.', 1)
    where {{ of_snapshot('published.snapshot') }}
),

counted as (
    select '' as recipe, snapshot, variant, licence, count(*) as documents from pages group by all
    union all
    select recipe, snapshot, variant, licence, count(*) as documents from kept group by all
)

select
    snapshot,
    recipe,
    variant,
    licence,
    documents,
    documents / sum(documents) over (partition by recipe, snapshot, variant) as share_of_documents
from counted

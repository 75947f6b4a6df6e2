-- How much each two corpora of a snapshot have in common, by the identity of their documents.
with documents as (
    select distinct snapshot, recipe, doc_id from {{ ref('stg_published') }} where {{ of_snapshot() }}
),

sizes as (
    select snapshot, recipe, count(*) as documents from documents group by all
),

pairs as (
    select a.snapshot, a.recipe as recipe_a, b.recipe as recipe_b, count(*) as documents_both
    from documents as a
    join documents as b on a.snapshot = b.snapshot and a.doc_id = b.doc_id and a.recipe <> b.recipe
    group by all
)

select
    a.snapshot,
    a.recipe as recipe_a,
    b.recipe as recipe_b,
    a.documents as documents_a,
    b.documents as documents_b,
    coalesce(pairs.documents_both, 0) as documents_both,
    coalesce(pairs.documents_both, 0) / a.documents as share_of_a,
    coalesce(pairs.documents_both, 0) / (a.documents + b.documents - coalesce(pairs.documents_both, 0)) as jaccard
from sizes as a
join sizes as b on a.snapshot = b.snapshot and a.recipe <> b.recipe
left join pairs on pairs.snapshot = a.snapshot and (pairs.recipe_a, pairs.recipe_b) = (a.recipe, b.recipe)

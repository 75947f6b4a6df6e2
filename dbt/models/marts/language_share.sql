-- Share of each language in the corpora of a snapshot, by documents and by characters.
with counted as (
    select snapshot, recipe, variant, language, count(*) as documents, coalesce(sum(characters), 0)::bigint as characters
    from {{ ref('stg_published') }}
    where {{ of_snapshot() }}
    group by all
)
select
    *,
    documents / sum(documents) over corpus as share_of_documents,
    characters / nullif(sum(characters) over corpus, 0) as share_of_characters
from counted
window corpus as (partition by snapshot, recipe, variant)

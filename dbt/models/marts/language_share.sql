-- Share of each language and bucket in the corpus of a snapshot, by documents and by characters.
with counted as (
    select variant, snapshot, language, bucket, count(*) as documents, sum(characters) as characters
    from {{ ref('stg_ccnet') }}
    group by variant, snapshot, language, bucket
)
select
    *,
    documents / sum(documents) over (partition by variant, snapshot) as share_of_documents,
    characters / sum(characters) over (partition by variant, snapshot) as share_of_characters
from counted

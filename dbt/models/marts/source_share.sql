-- What corpora keep of sources other than the web: languages and licences, by partition.
{{ config(materialized='table', pre_hook=[]) }}
with counted as (
    select
        recipe,
        variant,
        snapshot as partition,
        language,
        coalesce(licence, 'none stated') as licence,
        count(*) as documents,
        sum(characters)::bigint as characters
    from {{ ref('stg_published') }}
    where {{ is_source('variant') }}
    group by all
)
select
    *,
    documents / sum(documents) over (partition by recipe, variant, partition) as share_of_documents
from counted

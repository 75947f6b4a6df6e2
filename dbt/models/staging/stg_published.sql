-- Documents of all corpora, without their text.
select recipe, variant, snapshot, doc_id, url, domain, coalesce(language, 'unknown') as language, licence, characters
from {{ source('corpora', 'published') }}

-- Web pages without their text.
select doc_id, variant, snapshot, url, domain, language, licence, bytes
from {{ source('web', 'pages') }}

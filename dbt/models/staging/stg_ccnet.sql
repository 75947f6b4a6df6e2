-- One row per document of the CCNet corpus, without its text.
select
    doc_id,
    variant,
    snapshot,
    url,
    source_domain,
    language,
    language_score,
    perplexity,
    bucket,
    length as characters,
    nlines as paragraphs,
    original_nlines - nlines as paragraphs_removed
from {{ source('corpora', 'ccnet') }}

"""The tables of the platform: what a row of each is, its columns, key, partitions and order.

Tables that hold text are kept per (variant, snapshot): a text variant is made once (`resiliparse`, `trafilatura`, `wet` ...) and a document has
the same doc_id in all of them. The registry, the UI's metadata, the SQL views and the docs are made from these.
The layer `corpora` is open: it has a table for each recipe, all alike.

Not here: how a table is stored (lake/), what fills it (stages/), the table of signals, whose columns are the registry's (stages/signals.py).
"""

from __future__ import annotations

import pyarrow as pa

from corpus_platform.documents import DOCUMENT_COLUMNS, ORDER, column
from corpus_platform.lake.registry import SIDE_PARTITION, TableSpec, open_layer, register

VARIANT = column("variant", pa.string(), "How a page became text: resiliparse, trafilatura, wet ...", nullable=False)
TEXT_VARIANT = column(
    "variant", pa.string(), "Text variant: `wet` ..., `wet.ccnet` after CCNet's paragraph dedup", nullable=False
)
SNAPSHOT = column("snapshot", pa.string(), "Snapshot of the crawl, e.g. CC-MAIN-2024-10", nullable=False)
LANGUAGE = column("language", pa.string(), "Language code, as fastText's lid.176 names it", nullable=False)
STAGE = column("stage", pa.string(), "Main table of the stage that wrote the row, e.g. web.pages", nullable=False)
PARTITION = column("partition", pa.string(), "Partition of that table: its values joined by commas", nullable=False)

PAGE_COLUMNS: tuple[pa.Field, ...] = (
    column("record_id", pa.string(), "WARC-Record-ID of the response, lower-cased, without angle brackets"),
    column("digest", pa.string(), "Payload digest that the record states, e.g. sha1:..."),
    column("http_status", pa.int16(), "HTTP status of the response"),
    column("charset", pa.string(), "Character set the body was decoded with"),
    column(
        "charset_source", pa.string(), "Where it is known from: declared_http, declared_meta, bom, detected, default"
    ),
    column("bytes", pa.int64(), "Size of the record's payload in bytes, before decoding"),
    column("robots", pa.string(), "Robots meta tag and X-Robots-Tag header, joined by a comma"),
    column(
        "tdm_reservation", pa.bool_(), "Whether rights of text and data mining are reserved, from meta tag or header"
    ),
    column("tdm_policy", pa.string(), "Address of the TDM policy"),
)
"""What is known of a web page besides its document columns."""

CCNET_COLUMNS: tuple[pa.Field, ...] = (
    column("length", pa.int32(), "Characters of the text that is left"),
    column("nlines", pa.int32(), "Lines of the text that is left"),
    column("original_length", pa.int32(), "Characters before paragraph deduplication"),
    column("original_nlines", pa.int32(), "Lines before paragraph deduplication"),
    column("line_ids", pa.list_(pa.int32()), "Numbers (from 0) of the lines that were kept"),
    column("perplexity", pa.float32(), "Perplexity of the text under its language's model; null where there is none"),
    column("bucket", pa.string(), "head, middle, tail by perplexity; all where there is no model"),
    column("cc_segment", pa.string(), "WET file of the document, as CCNet names it"),
    column("digest", pa.string(), "Digest of the original text, as CCNet gives it"),
)
"""Fields that CCNet adds to a document; also the columns that its published corpus is made of."""

PAGES = register(
    TableSpec(
        "web.pages",
        "A row is a web page of a snapshot: its main text in one variant, and what its record says",
        (*DOCUMENT_COLUMNS, *PAGE_COLUMNS, VARIANT, SNAPSHOT),
        key=("doc_id", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=ORDER,
    )
)

PARAGRAPH_HASHES = register(
    TableSpec(
        "web.paragraph_hashes",
        "A row is a distinct paragraph hash of one shard of pages",
        (
            column("shard", pa.int32(), "Shard whose files hold the paragraph", nullable=False),
            column("paragraph_group", pa.int32(), "Group of files that are deduplicated together", nullable=False),
            column(
                "hash", pa.uint64(), "First 8 bytes of SHA-1 of the normalised paragraph, little-endian", nullable=False
            ),
            column(
                "in_two_documents", pa.bool_(), "Whether two documents of the shard and group hold it", nullable=False
            ),
            VARIANT,
            SNAPSHOT,
        ),
        key=("paragraph_group", "shard", "hash", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=("paragraph_group", "hash"),
    )
)

PARAGRAPHS = register(
    TableSpec(
        "web.paragraphs",
        "A row is a paragraph hash that two documents or files of a group hold",
        (
            column("paragraph_group", pa.int32(), "Group of files that are deduplicated together", nullable=False),
            column(
                "hash", pa.uint64(), "First 8 bytes of SHA-1 of the normalised paragraph, little-endian", nullable=False
            ),
            VARIANT,
            SNAPSHOT,
        ),
        key=("paragraph_group", "hash", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=("paragraph_group", "hash"),
    )
)

DOCUMENTS = register(
    TableSpec(
        "web.documents",
        "A row is a page after CCNet's paragraph deduplication, language identification and perplexity",
        (*DOCUMENT_COLUMNS, *CCNET_COLUMNS, VARIANT, SNAPSHOT),
        key=("doc_id", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=ORDER,
    )
)

ARTICLES = register(
    TableSpec(
        "encyclopedia.articles",
        "A row is an article of an encyclopedia dump as plain text",
        (
            *(kept for kept in DOCUMENT_COLUMNS if kept.name != "language"),
            LANGUAGE,
            column("dump", pa.string(), "Dump that the article is from, e.g. enwiki-20260801", nullable=False),
        ),
        key=("doc_id", "language", "dump"),
        partition_by=("language", "dump"),
        order=ORDER,
    )
)

LANGUAGE_MODEL = register(
    TableSpec(
        "models.language_model",
        "One row a language: the tokeniser and n-gram model that perplexity is measured with",
        (
            LANGUAGE,
            column(
                "path", pa.string(), "Folder of the model's files, relative to the lake; null where no model was made"
            ),
            column("digest", pa.string(), "Digest of the model's files; null where no model was made"),
            column("reason", pa.string(), "Why no model was made"),
            column("origin", pa.string(), "trained, or the location that the model was taken from", nullable=False),
            column("cutoff_head", pa.float64(), "Perplexity up to which a document is head"),
            column("cutoff_middle", pa.float64(), "Perplexity up to which a document is middle"),
            column(
                "cutoff_source", pa.string(), "What the cut-offs are from: published, articles, or a snapshot's name"
            ),
            column("articles", pa.int64(), "Articles that the model was trained on"),
            column("characters", pa.int64(), "Characters of all articles after normalisation"),
            column("tokens", pa.int64(), "Tokens that the model was trained on"),
            column("ngrams", pa.list_(pa.int64()), "n-grams of the model by order, from 1"),
            column("meta", pa.string(), "Settings of the training, as a JSON object"),
        ),
        key=("language",),
        partition_by=("language",),
    )
)

CLASSIFIER = register(
    TableSpec(
        "models.classifier",
        "A row is a text classifier: what it tells apart, how well, and what it was made of",
        (
            column("model", pa.string(), "Name of the model with dots for slashes, e.g. safety.zh", nullable=False),
            column("name", pa.string(), "Name that signals and recipes use, e.g. safety/zh", nullable=False),
            column("path", pa.string(), "Folder of the model's files in the lake; null where no model was made"),
            column("digest", pa.string(), "Identity of the model; null where no model was made"),
            column("reason", pa.string(), "Why no model was made"),
            column("origin", pa.string(), "trained, or the location that the model was taken from", nullable=False),
            column("languages", pa.list_(pa.string()), "Languages that it is for; empty: any"),
            column("labels", pa.list_(pa.string()), "Its classes"),
            column("positive", pa.list_(pa.string()), "Classes whose probabilities make the score"),
            column("training_rows", pa.list_(pa.int64()), "Texts of each class that it was trained on"),
            column("held_back_rows", pa.list_(pa.int64()), "Texts of each class that it was only judged on"),
            column("precision", pa.list_(pa.float64()), "Precision of each class on the texts held back"),
            column("recall", pa.list_(pa.float64()), "Recall of each class on the texts held back"),
            column("meta", pa.string(), "Features, settings and data of the training, as a JSON object"),
        ),
        key=("model",),
        partition_by=("model",),
    )
)

IMPORTANCE = register(
    TableSpec(
        "models.importance",
        "A row is a pair of n-gram distributions that say how much a text is like a target rather than like the web",
        (
            column("model", pa.string(), "Name of the model with dots for slashes", nullable=False),
            column("name", pa.string(), "Name that signals and recipes use, e.g. importance/books/en", nullable=False),
            column("path", pa.string(), "Folder of the model's files in the lake; null where no model was made"),
            column("digest", pa.string(), "Identity of the model; null where no model was made"),
            column("reason", pa.string(), "Why no model was made"),
            column("origin", pa.string(), "trained, or the location that the model was taken from", nullable=False),
            column("languages", pa.list_(pa.string()), "Languages that it is for"),
            column("hash", pa.string(), "Name of the hash that puts n-grams into buckets"),
            column("buckets", pa.int64(), "Number of buckets"),
            column("target_documents", pa.int64(), "Documents that the target was counted on"),
            column("source_documents", pa.int64(), "Documents of the web that it is held against"),
            column("target_words", pa.float64(), "Mean words of a document of the target"),
            column("source_words", pa.float64(), "Mean words of a document of the web"),
            column("meta", pa.string(), "Settings of the training, as a JSON object"),
        ),
        key=("model",),
        partition_by=("model",),
    )
)

CCNET = register(
    TableSpec(
        "corpora.ccnet",
        "A row is a document of the CCNet corpus, with CCNet's own field names",
        (
            column("doc_id", pa.string(), "Identity of the document, as in web.documents", nullable=False),
            column("file_index", pa.int32(), "Index of the input file in the partition's file list", nullable=False),
            column("position", pa.int64(), "Byte offset of the record in its file", nullable=False),
            column("url", pa.string(), "Address of the page"),
            column("date_download", pa.string(), "When the page was fetched, ISO 8601 in UTC"),
            column("digest", pa.string(), "Digest of the original text"),
            column("length", pa.int32(), "Characters of the text that is left", nullable=False),
            column("nlines", pa.int32(), "Lines of the text that is left", nullable=False),
            column("source_domain", pa.string(), "Host name of the address"),
            column("title", pa.string(), "Title of the page"),
            column("raw_content", pa.large_string(), "Text that is left, lines separated by \\n", nullable=False),
            column("cc_segment", pa.string(), "WET file of the document"),
            column("original_nlines", pa.int32(), "Lines before paragraph deduplication"),
            column("original_length", pa.int32(), "Characters before paragraph deduplication"),
            column("line_ids", pa.list_(pa.int32()), "Numbers (from 0) of the lines that were kept"),
            column("language", pa.string(), "Language code of the text"),
            column("language_score", pa.float32(), "Confidence of the language, 0..1"),
            column("perplexity", pa.float32(), "Perplexity of the text under its language's model"),
            column("bucket", pa.string(), "head, middle, tail by perplexity; all where there is no model"),
            TEXT_VARIANT,
            SNAPSHOT,
        ),
        key=("doc_id", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=ORDER,
    )
)


def corpus_table(name: str) -> TableSpec:
    """The table of a recipe that publishes documents."""
    edited = column("edited", pa.bool_(), "Whether a step of the recipe changed the text", nullable=False)
    return TableSpec(
        name,
        f"A row is a document of the corpus of the recipe `{name.partition('.')[2]}`",
        (*DOCUMENT_COLUMNS, edited, TEXT_VARIANT, SNAPSHOT),
        key=("doc_id", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=ORDER,
    )


open_layer("corpora", corpus_table)

REJECTS = register(
    TableSpec(
        "ops.rejects",
        "A row is an input record that a stage could not use",
        (
            column("shard", pa.int32(), "Shard that met the record", nullable=False),
            column("file", pa.string(), "Input file, relative to the source's location", nullable=False),
            column("position", pa.int64(), "Byte offset (or ordinal) of the record in its file", nullable=False),
            column("url", pa.string(), "Address of the record, where it states one"),
            column("record", pa.string(), "Identity of the record, where it states one"),
            column("reason", pa.string(), "Why, in one word of a fixed list", nullable=False),
            column("detail", pa.string(), "Why, in the words of whoever refused it"),
            column(
                "broken",
                pa.bool_(),
                "Whether the record is damaged (counts against the budget) or just not wanted",
                nullable=False,
            ),
            STAGE,
            PARTITION,
        ),
        key=("file", "position", "reason", "stage", "partition"),
        partition_by=SIDE_PARTITION,
        order=("file", "position"),
        side=True,
    )
)

DECISIONS = register(
    TableSpec(
        "ops.decisions",
        "A row is a document that a recipe or stage dropped: by which rule, at which value",
        (
            column("doc_id", pa.string(), "Identity of the document", nullable=False),
            column("recipe", pa.string(), "Recipe that dropped it", nullable=False),
            column("step", pa.string(), "Step of the recipe", nullable=False),
            column("rule", pa.string(), "Rule of the step", nullable=False),
            column("value", pa.float64(), "Value that the rule saw"),
            column("threshold", pa.float64(), "Threshold that it was held against"),
            column("seen", pa.string(), "What a rule over words saw, e.g. the language"),
            column("url", pa.string(), "Address of the document"),
            STAGE,
            PARTITION,
        ),
        key=("doc_id", "recipe", "stage", "partition"),
        partition_by=SIDE_PARTITION,
        side=True,
    )
)

REVIEWS = register(
    TableSpec(
        "ops.reviews",
        "A row is a person's verdict on a document beside the threshold of a rule",
        (
            column("doc_id", pa.string(), "Identity of the document", nullable=False),
            column("rule", pa.string(), "Rule of the recipe", nullable=False),
            column("signal", pa.string(), "Signal that the rule is about", nullable=False),
            column("value", pa.float64(), "Value of the signal", nullable=False),
            column("threshold", pa.float64(), "Threshold at the time", nullable=False),
            column("dropped", pa.bool_(), "Whether the rule dropped it", nullable=False),
            column("verdict", pa.string(), "good: it should be kept; bad: it should go", nullable=False),
            column("language", pa.string(), "Language of the document"),
            column("snapshot", pa.string(), "Snapshot of the document", nullable=False),
            column("reviewer", pa.string(), "Who judged", nullable=False),
            column("time", pa.timestamp("us", "UTC"), "When", nullable=False),
            column("recipe", pa.string(), "Recipe of the rule", nullable=False),
        ),
        key=("doc_id", "rule", "reviewer", "time", "recipe"),
        partition_by=("recipe",),
    )
)

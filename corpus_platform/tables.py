"""The tables of the platform: what a row of each is, its columns, key, partitions and order.

Tables that hold text are kept per (variant, snapshot): a text variant is made once (`resiliparse`, `trafilatura`, `wet` ...) and a document has
the same doc_id in all of them. The registry, the UI's metadata, the SQL views and the docs are made from these.
The layer `corpora` is open: it has a table for each recipe, all alike.

Not here: how a table is stored (lake/), what fills it (stages/), the table of signals, whose columns are the registry's (stages/signals.py).
"""

from __future__ import annotations

import pyarrow as pa

from corpus_platform.documents import DOCUMENT_COLUMNS, ORDER, SOURCE_COLUMNS, column
from corpus_platform.lake.registry import SIDE_PARTITION, TableSpec, open_layer, register

VARIANT = column("variant", pa.string(), "How a page became text: resiliparse, trafilatura, wet ...", nullable=False)
TEXT_VARIANT = column(
    "variant",
    pa.string(),
    "Text variant: `wet` ..., `wet.ccnet` after CCNet's paragraph dedup; `books` ..., `books.cleaned` after cleaning",
    nullable=False,
)
SNAPSHOT = column(
    "snapshot",
    pa.string(),
    "Snapshot of the crawl, e.g. CC-MAIN-2024-10; of another source the word for its partition",
    nullable=False,
)
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

METHOD = column("method", pa.string(), "Dedup that compared them: `<recipe>.<step>`", nullable=False)
PLACE = column(
    "place", pa.int64(), "Place of the document in its snapshot: file index * 2^40 + position", nullable=False
)
KEY = column("key", pa.uint64(), "What documents are compared by", nullable=False)
VALUE = column("value", pa.uint64(), "Second half of the key, or the SimHash whose blocks the key is made of")
_KEY_ROW_GROUP = 1 << 20

DEDUP_DOCUMENTS = register(
    TableSpec(
        "web.dedup_documents",
        "A row is a document that a dedup compares: one that the recipe's earlier steps have left",
        (
            column("doc_id", pa.string(), "Identity of the document", nullable=False),
            PLACE,
            column("domain", pa.string(), "Host name of its address"),
            column(
                "preference",
                pa.uint64(),
                "Of a cluster that is new, the document with the least one stays",
                nullable=False,
            ),
            column("keys", pa.list_(pa.uint64()), "Its keys in order, where a filter asks them one after the other"),
            column("units", pa.list_(pa.int32()), "How many of these keys each paragraph has"),
            column("shingles", pa.list_(pa.uint64()), "Hashes of its distinct shingles, where pairs are verified"),
            column("score", pa.float64(), "Its quality, where weights go by it"),
            METHOD,
            TEXT_VARIANT,
            SNAPSHOT,
        ),
        key=("doc_id", "method", "variant", "snapshot"),
        partition_by=("method", "variant", "snapshot"),
        order=("place",),
    )
)

DEDUP_KEYS = register(
    TableSpec(
        "web.dedup_keys",
        "A row is a key of a document that a dedup compares; sorted by key in each file",
        (
            KEY,
            VALUE,
            PLACE,
            column("ordinal", pa.int32(), "Number of the line, span or window among those of its document"),
            column("preference", pa.uint64(), "That of the document, where units stay by it"),
            STAGE,
            PARTITION,
        ),
        key=("key", "value", "place", "ordinal", "stage", "partition"),
        partition_by=SIDE_PARTITION,
        order=("key", "place"),
        side=True,
        row_group_bytes=_KEY_ROW_GROUP,
    )
)

DEDUP_INDEX = register(
    TableSpec(
        "web.dedup_index",
        "A row is a key that a snapshot was the first to have, with its first holder: what later snapshots are held against",
        (
            KEY,
            VALUE,
            column("place", pa.int64(), "Place of the first document with this key; null where units are compared"),
            column("documents", pa.int64(), "Documents of the snapshot that have it, where weights go by that"),
            column("filter", pa.string(), "Place in the lake of the Bloom filter as the snapshot leaves it"),
            METHOD,
            TEXT_VARIANT,
            SNAPSHOT,
        ),
        key=("key", "value", "method", "variant", "snapshot"),
        partition_by=("method", "variant", "snapshot"),
        order=("key",),
        row_group_bytes=_KEY_ROW_GROUP,
    )
)

DEDUP_EDGES = register(
    TableSpec(
        "web.dedup_edges",
        "A row is a finding of a range of keys: two documents that share some, a unit that goes, or a part of a document's weight",
        (
            PLACE,
            column("other_snapshot", pa.string(), "Snapshot of the other document; null: the same"),
            column("other", pa.int64(), "Place of the other document"),
            column(
                "keys", pa.int64(), "Keys that the two share in this range; keys that the part of a weight is made of"
            ),
            column("apart", pa.int64(), "Bits that their values differ in"),
            column("ordinal", pa.int32(), "Unit of the document that goes"),
            column("part", pa.float64(), "Part of a weight, or share of seen n-grams"),
            STAGE,
            PARTITION,
        ),
        key=("place", "other_snapshot", "other", "ordinal", "stage", "partition"),
        partition_by=SIDE_PARTITION,
        side=True,
    )
)

DUPLICATES = register(
    TableSpec(
        "web.duplicates",
        "A row is a document that a dedup has something to say of: its cluster of copies, the units that it loses, or its weight",
        (
            column("doc_id", pa.string(), "Identity of the document", nullable=False),
            PLACE,
            column("domain", pa.string(), "Host name of its address"),
            column("cluster", pa.string(), "Name of its cluster: the id of the first document of it"),
            column("canonical", pa.string(), "Document that stands for the cluster"),
            column("size", pa.int32(), "Documents of the cluster, up to this snapshot"),
            column(
                "similarity",
                pa.float32(),
                "How alike it and its nearest neighbour in the cluster are, 0..1: estimated, or true where verified",
            ),
            column("neighbour", pa.string(), "That neighbour; null of the first document"),
            column("kept", pa.bool_(), "Whether it stays", nullable=False),
            column("units", pa.list_(pa.int32()), "Numbers of the lines, spans or windows that it loses"),
            column("weight", pa.float32(), "Sampling weight"),
            column("first_snapshot", pa.string(), "Snapshot of the first document of the cluster"),
            column("first_place", pa.int64(), "Place of that document"),
            column("merged", pa.list_(pa.string()), "Earlier clusters that became part of this one with this document"),
            METHOD,
            TEXT_VARIANT,
            SNAPSHOT,
        ),
        key=("doc_id", "method", "variant", "snapshot"),
        partition_by=("method", "variant", "snapshot"),
        order=("place",),
        row_group_bytes=_KEY_ROW_GROUP,
    )
)

SCORE_COLUMNS: tuple[pa.Field, ...] = tuple(c for c in CCNET_COLUMNS if c.name in {"perplexity", "bucket"})
EDITED = column("edited", pa.bool_(), "Whether a step of the recipe changed the text", nullable=False)

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
    weight = column("weight", pa.float32(), "Sampling weight, where a step gives one")
    part = column("part", pa.string(), "Part of a recipe over several sources that the document came by")
    of_source = (c for c in SOURCE_COLUMNS if c.name != "sections")
    return TableSpec(
        name,
        f"A row is a document of the corpus of the recipe `{name.partition('.')[2]}`",
        (*DOCUMENT_COLUMNS, *of_source, *SCORE_COLUMNS, part, EDITED, weight, TEXT_VARIANT, SNAPSHOT),
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

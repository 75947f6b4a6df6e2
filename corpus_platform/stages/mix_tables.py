"""Tables of mixes: tokenizers, token counts, and the documents that a mix draws.

Not here: what fills them (tokenizers.py, token_counts.py, mix.py).
"""

from __future__ import annotations

import pyarrow as pa

from corpus_platform.documents import column
from corpus_platform.lake.registry import TableSpec, register

TOKENIZERS, TOKEN_COUNTS, MIX_DOCUMENTS = "models.tokenizer", "mixes.token_counts", "mixes.documents"

_TOKENIZER = column("tokenizer", pa.string(), "Name of the tokenizer", nullable=False)
_MIX = column("mix", pa.string(), "Name of the mix", nullable=False)

TOKENIZER = register(
    TableSpec(
        TOKENIZERS,
        "A row is a tokenizer: what it is, and where its files are",
        (
            column("path", pa.string(), "Folder of its files, relative to the lake", nullable=False),
            column("digest", pa.string(), "Digest of its model: token counts are kept by it", nullable=False),
            column(
                "kind", pa.string(), "unigram, bpe: trained here; sentencepiece, huggingface: taken", nullable=False
            ),
            column("origin", pa.string(), "trained, or the location that it was taken from", nullable=False),
            column("vocabulary", pa.int64(), "Number of its tokens", nullable=False),
            column("end_token", pa.string(), "Token that ends a document in files of tokens"),
            column("texts", pa.int64(), "Texts that it was trained on", nullable=False),
            column("characters", pa.int64(), "Their characters", nullable=False),
            column("meta", pa.string(), "Settings and tables of the training, as a JSON object"),
            _TOKENIZER,
        ),
        key=("tokenizer",),
        partition_by=("tokenizer",),
    )
)

COUNTS = register(
    TableSpec(
        TOKEN_COUNTS,
        "A row is a document of a table with its number of tokens, in the order of the table",
        (
            column("doc_id", pa.string(), "Identity of the document", nullable=False),
            column("tokens", pa.int64(), "Tokens of its text, without marks of beginning and end", nullable=False),
            _TOKENIZER,
            column("source", pa.string(), "Table that has the document", nullable=False),
            column("origin", pa.string(), "Partition of that table: its values joined by `__`", nullable=False),
        ),
        key=("doc_id", "tokenizer", "source", "origin"),
        partition_by=("tokenizer", "source", "origin"),
    )
)

DRAWN = register(
    TableSpec(
        MIX_DOCUMENTS,
        "A row is a document that a mix draws, once for each time that it comes",
        (
            column("doc_id", pa.string(), "Identity of the document", nullable=False),
            column(
                "part",
                pa.string(),
                "Part of the mix that it was drawn for; with its language where the part shares by language",
                nullable=False,
            ),
            column("stage", pa.int16(), "Number of the stretch of the training, from 0", nullable=False),
            column("epoch", pa.int16(), "How often it has come before", nullable=False),
            column("rank", pa.int64(), "Its number in the order of its part, over all epochs", nullable=False),
            column("draw_key", pa.float64(), "What the part's order goes by: lower is earlier", nullable=False),
            column("place_key", pa.uint64(), "What the order of a release goes by, within a stretch", nullable=False),
            column("tokens", pa.int64(), "Its tokens by the mix's tokenizer", nullable=False),
            column("draw_weight", pa.float64(), "Weight that it was drawn with", nullable=False),
            column("quality", pa.string(), "Value that its weight went by, where the part asks for one"),
            column("table", pa.string(), "Table that has its text", nullable=False),
            column(
                "table_partition", pa.string(), "Partition of that table: its values joined by commas", nullable=False
            ),
            column("table_shard", pa.int32(), "File of that partition, by the number of its shard", nullable=False),
            column("file", pa.string(), "Input file of the source record, relative to the source's location"),
            column("file_index", pa.int32(), "Index of the input file in its partition's file list", nullable=False),
            column("position", pa.int64(), "Byte offset (or ordinal) of the source record in its file", nullable=False),
            column("url", pa.string(), "Address of the document"),
            column("domain", pa.string(), "Host name of the address"),
            column("language", pa.string(), "Language code of the text"),
            column("language_score", pa.float32(), "Confidence of the language, 0..1"),
            column("perplexity", pa.float32(), "Perplexity under its language's model, where it was measured"),
            column("bucket", pa.string(), "head, middle, tail by perplexity; all where there is no model"),
            column("category", pa.string(), "Class in the source's own scheme"),
            column("origin", pa.string(), "Who wrote it: human, model, mixed; unknown where nobody says"),
            column("licence", pa.string(), "Licence that the document states"),
            _MIX,
        ),
        key=("part", "rank", "mix"),
        partition_by=("mix",),
    )
)

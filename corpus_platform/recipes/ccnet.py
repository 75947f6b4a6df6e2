"""CCNet's conventions: how a record becomes title and lines, why documents go, buckets, and the fields of its output.

CCNet reads WET as lines of text: each line is stripped, the first one is the title, the rest is the content that is deduplicated.
Source: CCNet (Wenzek et al. 2020), facebookresearch/cc_net: process_wet_file.py, perplexity.py, mine.py.

Not here: the deduplication (dedup/paragraphs.py), language and perplexity (models/), files (ccnet_export.py), the short form (ccnet_minify.py).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.text.batch import TextBatch, join_spans, strings_of
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import strip

if TYPE_CHECKING:
    import pyarrow as pa


class Dropped(StrEnum):
    """Why CCNet drops a document; the values are the rules' names in `ops.decisions`."""

    TOO_SHORT = "too_short"
    ALL_PARAGRAPHS_REPEATED = "all_paragraphs_repeated"
    LANGUAGE_BELOW_THRESHOLD = "language_below_threshold"
    LANGUAGE_NOT_WANTED = "language_not_wanted"


class Bucket(StrEnum):
    """Quality third of a document by perplexity; `all` where its language has no model."""

    HEAD = "head"
    MIDDLE = "middle"
    TAIL = "tail"
    ALL = "all"


FIELDS = (
    "url",
    "date_download",
    "digest",
    "length",
    "nlines",
    "source_domain",
    "title",
    "raw_content",
    "cc_segment",
    "original_nlines",
    "original_length",
    "line_ids",
    "language",
    "language_score",
    "perplexity",
    "bucket",
)
"""Fields of a document in CCNet's output, in its order. `perplexity` is left out of the JSON of a document that has none."""


def split_titles(batch: TextBatch) -> tuple[pa.Array, TextBatch]:
    """Title (large_string) and content of WET texts, which must be the records' blocks as they are, to the last newline.

    Lines end with LF, CR LF or a lone CR; each is stripped; the first is the title, the rest is joined by LF.
    CCNet takes off the two empty lines that it expects after a block. Where the block does not end with a newline there is one only, and it
    stays: the content then ends with an empty line.
    """
    return _split(batch, title=True)


def strip_lines(batch: TextBatch) -> TextBatch:
    """Content of texts whose title is known (from HTML): all lines, each stripped. A newline at the end begins no line."""
    return _split(batch, title=False)[1]


def ccnet_rows(documents: pl.DataFrame) -> pl.DataFrame:
    """Rows of `web.documents` with CCNet's fields, names, order and rounding (score 2 decimals, perplexity 1)."""
    return documents.select(
        "url",
        pl.col("date").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("date_download"),
        "digest",
        "length",
        "nlines",
        # As `urlparse(url).netloc`: with user and port, in the case it was written.
        pl.col("url").str.extract(r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)").fill_null("").alias("source_domain"),
        pl.col("title").fill_null(""),
        pl.col("text").alias("raw_content"),
        "cc_segment",
        "original_nlines",
        "original_length",
        "line_ids",
        "language",
        pl.col("language_score").cast(pl.Float64).round(2),
        pl.col("perplexity").cast(pl.Float64).fill_nan(None).round(1),
        "bucket",
    )


def _split(batch: TextBatch, *, title: bool) -> tuple[pa.Array, TextBatch]:
    lines, document_line = batch.universal_lines()
    lines = strip(lines)
    every = np.ones(len(batch), np.bool_)
    first = document_line[:-1]
    titles = join_spans(lines.data, lines.start[first], lines.end[first], np.arange(len(batch) + 1), every)
    start, end, content_line = _content_lines(lines.start, lines.end, document_line, title)
    content = join_spans(lines.data, start, end, content_line, np.ones(start.size, np.bool_))
    return strings_of(*titles), TextBatch(*content)


@kernel
def _content_lines(
    start: np.ndarray, end: np.ndarray, document_line: np.ndarray, title: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The spans of each document that are content, given all its stripped lines; `title` as in `split_titles`."""
    documents = document_line.size - 1
    content_start, content_end = np.empty(start.size + documents, np.int64), np.empty(start.size + documents, np.int64)
    content_line = np.zeros(documents + 1, np.int64)
    size = 0
    for d in range(documents):
        first, last = document_line[d], document_line[d + 1]
        ends_blank = start[last - 1] == end[last - 1]
        if ends_blank:
            last -= 1
        if title:
            first += 1
        for line in range(first, last):
            content_start[size], content_end[size] = start[line], end[line]
            size += 1
        if title and not ends_blank:
            content_start[size], content_end[size] = end[last - 1], end[last - 1]
            size += 1
        content_line[d + 1] = size
    return content_start[:size].copy(), content_end[:size].copy(), content_line

"""CCNet's short form: what a document is and which of its lines were kept, without its text.

Anyone who has the public WET files can rebuild the corpus from it. `line_ids` is the base64 of little-endian uint16, as in cc_net. A document
that keeps a line beyond 65,535 does not fit there: cc_net overflows; here its `line_ids` is empty and `line_ids_uint32` holds uint32. A reader
of cc_net then finds no lines and skips the document, where it would have rebuilt a wrong one. (cc_net itself reads the ids as int16 and
skips lines from 32,768 on.)
Source: facebookresearch/cc_net, minify.py.

Not here: reading WET files (sources/), writing the rows to files (ccnet_export.py).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.errors import SchemaError, SourceError
from corpus_platform.recipes.ccnet import FIELDS
from corpus_platform.text.batch import TextBatch, join_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

MINIFIED = (
    "url",
    "digest",
    "cc_segment",
    "language",
    "language_score",
    "bucket",
    "perplexity",
    "line_ids",
    "line_ids_uint32",
)
"""Fields of the short form; `line_ids_uint32` is null where uint16 is enough."""

_KEY = ["cc_segment", "digest", "url"]


def minify(rows: pl.DataFrame) -> pl.DataFrame:
    """The short form of rows with CCNet's fields."""
    largest = rows["line_ids"].list.max().fill_null(0)
    wide = largest > np.iinfo(np.uint16).max
    lists = rows["line_ids"].to_list()
    short = [_encode([] if is_wide else ids, "<u2") for ids, is_wide in zip(lists, wide, strict=True)]
    long = [_encode(ids, "<u4") if is_wide else None for ids, is_wide in zip(lists, wide, strict=True)]
    return rows.with_columns(
        pl.Series("line_ids", short, pl.String), pl.Series("line_ids_uint32", long, pl.String)
    ).select(MINIFIED)


def unminify(minified: pl.DataFrame, raw: pl.DataFrame) -> pl.DataFrame:
    """The rows with CCNet's fields again, from the short form and the raw documents, in the order of the short form.

    `raw` has `cc_segment, digest, url, date_download, source_domain, title, raw_content`, and the `length` and `nlines` that become
    `original_length` and `original_nlines`. `ccnet.split_titles` gives title and content of WET texts with the lines that are counted here;
    the platform's own corpora say the characters of the content as their length, CCNet's the Content-Length in bytes. Raises `SourceError` when
    a document is not among them, `SchemaError` when it has fewer lines than are asked for.
    """
    raw = raw.unique(_KEY, keep="first", maintain_order=True)
    joined = minified.join(
        raw.rename({"length": "original_length", "nlines": "original_nlines"}),
        on=_KEY,
        how="left",
        maintain_order="left",
    )
    missing = joined.filter(pl.col("raw_content").is_null())
    if missing.height:
        row = missing.row(0, named=True)
        raise SourceError(
            f"{missing.height} of {minified.height} documents are not among the raw texts, the first is {row['url']} of {row['cc_segment']}: "
            "give all WET files that the short form names"
        )
    return _rebuilt(joined, [_decode(*pair) for pair in joined.select("line_ids", "line_ids_uint32").iter_rows()])


def _rebuilt(joined: pl.DataFrame, line_ids: list[np.ndarray]) -> pl.DataFrame:
    batch = TextBatch.of(joined["raw_content"])
    keep = np.zeros(len(batch.lines), np.bool_)
    lines = np.diff(batch.document_line)
    for d, ids in enumerate(line_ids):
        if ids.size and ids.max() >= lines[d]:
            row = joined.row(d, named=True)
            raise SchemaError(
                f"{row['url']} of {row['cc_segment']} has {lines[d]} lines, and line {ids.max()} is asked for"
            )
        keep[batch.document_line[d] + ids] = True
    texts = TextBatch(*join_spans(batch.data, batch.lines.start, batch.lines.end, batch.document_line, keep))
    return joined.with_columns(
        texts.texts.alias("raw_content"),
        pl.Series("length", texts.characters, pl.Int32),
        pl.Series("nlines", [ids.size for ids in line_ids], pl.Int32),
        pl.Series("line_ids", [ids.astype(np.int32) for ids in line_ids], pl.List(pl.Int32)),
    ).select(FIELDS)


def _encode(ids: Sequence[int], kind: str) -> str:
    return base64.b64encode(np.array(ids, kind).tobytes()).decode("ascii")


def _decode(short: str, long: str | None) -> np.ndarray:
    kept = (
        np.frombuffer(base64.b64decode(short), "<u2") if long is None else np.frombuffer(base64.b64decode(long), "<u4")
    )
    return kept.astype(np.int64)

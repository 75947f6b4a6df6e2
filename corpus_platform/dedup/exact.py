r"""Keys of exact copies: the text in some form, the digest of the record, or the address.

Each key has 128 bits. `key` is the house's hash of the bytes (text/hashing.py); `value` is another run of the same scheme with a seed and multipliers of
its own: the bytes as words of eight, state = (state xor word) * multiplier, then state ^= state >> 32. Documents are equal when both are. Among ten thousand
million documents two different ones are taken for equal with a probability below 10^-18, unless someone makes texts to collide.
Promise: the same bytes have the same key in every process and release.
Source: C4's addresses are those of tensorflow/datasets, text/c4_utils.py (normalize_url).

Not here: forms (forms.py), which copy stays (clusters.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array, and an intrinsic takes its context.
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from corpus_platform.dedup.forms import in_form
from corpus_platform.dedup.keys import Keys, one_each
from corpus_platform.errors import SchemaError
from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.hashing import hash_spans, padded
from corpus_platform.text.kernel import kernel
from corpus_platform.text.wide import load8

UrlPart = Literal["url", "url_without_query", "url_without_scheme"]

_U64 = np.uint64
_SEED = _U64(0x243F6A8885A308D3)
_OF_LENGTH = _U64(0x9FB21C651E98DF25)
_OF_WORD = _U64(0xD6E8FEB86659FD93)
_AT_END = _U64(0xC2B2AE3D27D4EB4F)
_ALL = _U64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class TextKeys:
    """One key for each document: its text in a form (forms.py)."""

    form: str = "raw"

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002  # all families are asked alike
        """A key for each document, the empty ones too."""
        return _keys_of(in_form(batch, self.form).documents)


@dataclass(frozen=True)
class DigestKeys:
    """One key for each document that has a `digest`: that of its record, as the crawl gives it."""

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002
        """A key for each document with a digest; raises `SchemaError` where there is no such column."""
        return _keys_of_strings(_column(columns, "digest"))


@dataclass(frozen=True)
class UrlKeys:
    """One key for each document that has a `url`: a part of it.

    `url_without_query`: without what follows `?` or `#`. `url_without_scheme`, as C4: without `http://` or `https://` and a `www.` behind it, wherever they
    stand, without a query that starts with `utm_`, `ref` or `feed` and all behind it, and without slashes at the end.
    """

    part: UrlPart = "url"

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002
        """A key for each document with an address; raises `SchemaError` where there is no such column."""
        url = _column(columns, "url")
        return _keys_of_strings(url.to_frame("url").select(_PARTS[self.part].alias("part"))["part"], has=_filled(url))


_PARTS: dict[str, pl.Expr] = {
    "url": pl.col("url"),
    "url_without_query": pl.col("url").str.replace(r"(?s)[?#].*", ""),
    "url_without_scheme": pl.col("url")
    .str.replace_all(r"https?://(www\.)?", "")
    .str.replace_all(r"\?(utm_|ref|feed).*", "")
    .str.strip_chars_end("/"),
}


def _column(columns: pl.DataFrame, name: str) -> pl.Series:
    if name not in columns.columns:
        raise SchemaError(f"the documents have no column `{name}`, by which they are to be compared")
    return columns[name]


def _filled(values: pl.Series) -> np.ndarray:
    """Is there a value, and not an empty one: bool[n]."""
    return (values.fill_null("") != "").to_numpy()


def _keys_of_strings(values: pl.Series, has: np.ndarray | None = None) -> Keys:
    """Keys of strings; those that are null or empty have none, unless `has` says which have."""
    has = _filled(values) if has is None else has
    return _keys_of(TextBatch.of(values.fill_null("")).documents, has)


def _keys_of(spans: Spans, has: np.ndarray | None = None) -> Keys:
    return one_each(hash_spans(spans), second_hash(spans), has=has)


def second_hash(spans: Spans) -> np.ndarray:
    """The second half of a 128-bit hash of each span: uint64[n], independent of `hash_spans`."""
    return _second_hash(padded(spans.data), spans.start, spans.end)


@kernel
def _second_hash(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The hash of each range. `data` has at least eight bytes."""
    found, last_word = np.empty(start.size, np.uint64), data.size - 8
    for row in range(start.size):
        i, stop = start[row], end[row]
        state = _U64(_SEED ^ _U64(_U64(stop - i) * _OF_LENGTH))
        while i < stop:
            # The last word is read where eight bytes are left, moved to the front, and without what follows.
            at = min(i, last_word)
            size = min(stop - i, 8)
            word = (load8(data, at) >> _U64(8 * (i - at))) & (_ALL >> _U64(64 - 8 * size))
            state = _U64(_U64(state ^ word) * _OF_WORD)
            state = _U64(state ^ (state >> _U64(32)))
            i += size
        state = _U64(state * _AT_END)
        found[row] = _U64(state ^ (state >> _U64(29)))
    return found

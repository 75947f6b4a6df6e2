r"""Tokens: the words of texts as byte ranges, with their lengths and hashes.

Five ways to cut, each equal to the plain Python beside it on any text: `wordpunct` (`\w+|[^\w\s]+`, NLTK's WordPunctTokenizer), `simple_words`
(`\w+|[^\w\s]`), `whitespace_words` (`str.split`), and `cjk_words` and `spaced_words`, which are the last two with each Chinese character or kana a word of
its own.
Promise: nothing is copied; a token's `hash` (hashing.py) is the same in every process and release.

Not here: n-grams (ngrams.py), lists of words.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array, and an intrinsic takes its context.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch, totals
from corpus_platform.text.hashing import measure, measure_ranges, padded
from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.search import flags_of
from corpus_platform.text.utf8 import decode
from corpus_platform.text.wide import WIDTH, lowest, masks

if TYPE_CHECKING:
    import pyarrow as pa

_U64 = np.uint64
_BETWEEN, _RUN, _OTHER_RUN, _ALONE = 0, 1, 2, 3
"""What a character is to a tokeniser: no part of a token; part of a run of its like, of either kind; a token of its own."""


@dataclass(frozen=True)
class Tokens:
    """Words of a batch of n documents, t in all.

    `spans`: their bytes; `document_token` int64[n + 1]: those of document d are `document_token[d]` to `document_token[d + 1]`, exclusive;
    `characters` int32[t]: their code points; `hash` uint64[t]: equal for equal bytes, and for others with a probability of 2^-64.
    """

    spans: Spans
    document_token: np.ndarray
    characters: np.ndarray
    hash: np.ndarray

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def documents(self) -> int:
        """Number of documents."""
        return self.document_token.size - 1

    @cached_property
    def count(self) -> np.ndarray:
        """Words of each document, int64."""
        return np.diff(self.document_token)

    @cached_property
    def document_characters(self) -> np.ndarray:
        """Code points of all words of each document, int64."""
        return totals(self.characters, self.document_token)

    @cached_property
    def _flags(self) -> tuple[np.ndarray, np.ndarray]:
        return flags_of(self.spans)

    @property
    def some(self) -> np.ndarray:
        """uint32[t]: the facts (unicode.py) that hold for at least one character of each word."""
        return self._flags[0]

    @property
    def every(self) -> np.ndarray:
        """uint32[t]: the facts that hold for all characters of each word."""
        return self._flags[1]

    @cached_property
    def upper(self) -> np.ndarray:
        """bool[t]: `str.isupper` of each word."""
        return ((self.some & unicode.UPPER) != 0) & ((self.some & unicode.NOT_UPPER) == 0)

    def strings(self) -> pa.Array:
        """The words as an Arrow array."""
        return self.spans.strings()

    def select(self, keep: np.ndarray) -> Tokens:
        """The words for which `keep` (bool[t]) holds."""
        spans = Spans(self.spans.data, self.spans.start[keep], self.spans.end[keep])
        first = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep, dtype=np.int64)])[self.document_token]
        return Tokens(spans, first, self.characters[keep], self.hash[keep])

    def of_documents(self, first: int, last: int) -> Tokens:
        """The words of the documents `first` to `last`, exclusive; nothing is copied."""
        own = slice(self.document_token[first], self.document_token[last])
        spans = Spans(self.spans.data, self.spans.start[own], self.spans.end[own])
        offset = self.document_token[first : last + 1] - self.document_token[first]
        return Tokens(spans, offset, self.characters[own], self.hash[own])


def wordpunct(batch: TextBatch) -> Tokens:
    r"""`re.findall(r"\w+|[^\w\s]+", text)` of each text."""
    return _tokens(batch, "wordpunct")


def simple_words(batch: TextBatch) -> Tokens:
    r"""`re.findall(r"\w+|[^\w\s]", text)` of each text."""
    return _tokens(batch, "simple")


def whitespace_words(batch: TextBatch) -> Tokens:
    """`text.split()` of each text."""
    return _tokens(batch, "whitespace")


def cjk_words(batch: TextBatch) -> Tokens:
    """As `simple_words`, but a Chinese character, Hiragana or Katakana is always a word of its own; Korean stays in words."""
    return _tokens(batch, "cjk")


def spaced_words(batch: TextBatch) -> Tokens:
    """As `whitespace_words`, but a Chinese character, Hiragana or Katakana is always a word of its own."""
    return _tokens(batch, "spaced")


def tokens_at(data: np.ndarray, start: np.ndarray, end: np.ndarray, document_token: np.ndarray) -> Tokens:
    """Tokens that another tokeniser has found: byte ranges of `data` (int64[t] each), and their offsets by document."""
    spans = Spans(data, np.ascontiguousarray(start, np.int64), np.ascontiguousarray(end, np.int64))
    return Tokens(spans, np.ascontiguousarray(document_token, np.int64), *measure(spans))


@cache
def classes_of(kind: str) -> np.ndarray:
    """What each code point is to a tokeniser: uint8 of size 0x110000."""
    facts = unicode.facts()
    others = {"wordpunct": _OTHER_RUN, "simple": _ALONE, "whitespace": _RUN, "cjk": _ALONE, "spaced": _RUN}
    other = others[kind]
    classes = np.where((facts & unicode.WORD) != 0, _RUN, other).astype(np.uint8)
    classes[(facts & unicode.SPACE) != 0] = _BETWEEN
    if kind in {"cjk", "spaced"}:
        classes[(facts & (unicode.HAN | unicode.KANA)) != 0] = _ALONE
    return classes


def _tokens(batch: TextBatch, kind: str) -> Tokens:
    """Tokens of one kind. Arrays are made here, for NumPy asks for large pages where Numba does not."""
    sizes = np.diff(batch.document_start)
    room = batch.data.size // 4 + int(sizes.max(initial=0)) + 1
    found = (np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int32), np.empty(room, np.uint64))
    document_token = np.zeros(len(batch) + 1, np.int64)
    d = 0
    while True:
        d = _tokenise(batch.data, padded(batch.data), batch.document_start, classes_of(kind), d, *found, document_token)
        if d == len(batch):
            break
        found = tuple(np.concatenate([values, np.empty_like(values)]) for values in found)
    start, end, characters, hashes = (values[: document_token[-1]] for values in found)
    return Tokens(Spans(batch.data, start, end), document_token, characters, hashes)


@inlined
def _shifted(mask: np.uint64, carry: bool) -> np.uint64:
    """Each bit one place on: what held for the byte before."""
    return _U64(mask << _U64(1)) | _U64(carry)


@part
def cut(
    data: np.ndarray, first: int, last: int, classes: np.ndarray, start: np.ndarray, end: np.ndarray, t: int
) -> int:
    """Writes the starts and the ends of the tokens of one text from place t on; returns the place after them.

    A token starts where the class changes to another than `_BETWEEN`, and at each character that stands alone; it ends before the next start or gap.
    64 bytes of ASCII are looked at together, all else character by character.
    """
    exclamation = classes[33]
    runs_of_others = ~_U64(0) if exclamation == _OTHER_RUN else _U64(0)
    starts = ends = t
    before, i = np.uint8(_BETWEEN), first
    while i < last:
        stop = min(i + WIDTH, last)
        word, space, wide = _U64(0), _U64(0), _U64(1)
        if i + WIDTH <= last:
            word, space, wide = masks(data, i)
        if wide == 0:
            word = ~space if exclamation == _RUN else word
            others = ~(word | space) & runs_of_others
            goes_on = (word & _shifted(word, before == _RUN)) | (others & _shifted(others, before == _OTHER_RUN))
            opens = ~(space | goes_on)
            closes = (space | opens) & _shifted(~space, before != _BETWEEN)
            while opens:
                start[starts] = i + lowest(opens)
                starts += 1
                opens &= opens - _U64(1)
            while closes:
                end[ends] = i + lowest(closes)
                ends += 1
                closes &= closes - _U64(1)
            before = classes[data[stop - 1]]
            i = stop
        while i < stop:
            code, size = decode(data, i)
            kind = classes[code]
            changes = kind != before or kind == _ALONE
            end[ends] = i
            ends += changes and before != _BETWEEN
            start[starts] = i
            starts += changes and kind != _BETWEEN
            before = kind
            i += size
    if ends < starts:
        end[ends] = last
    return starts


@kernel
def _tokenise(
    data: np.ndarray,
    padded_data: np.ndarray,
    document_start: np.ndarray,
    classes: np.ndarray,
    d: int,
    start: np.ndarray,
    end: np.ndarray,
    characters: np.ndarray,
    hashes: np.ndarray,
    document_token: np.ndarray,
) -> int:
    """Writes the tokens of the documents from d on, until there might be no room for those of the next; returns its number."""
    while d < document_start.size - 1:
        t, first, last = document_token[d], document_start[d], document_start[d + 1]
        if t + last - first >= start.size:
            break
        d += 1
        document_token[d] = cut(data, first, last, classes, start, end, t)
        measure_ranges(padded_data, start, end, characters, hashes, t, document_token[d])
    return d

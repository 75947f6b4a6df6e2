"""Keys of near-copies by MinHash: one for each band of a document's signature.

A *shingle* is n words or n characters in a row of a form of the text (forms.py); the *signature* of a document is the least value of its shingles under each
of some permutations, and a *band* is some of these values in a row. Two documents are candidates when they have all values of a band in common; how often
that is for which Jaccard similarity of their shingles, lsh.py says. Words lie between white space, and a Chinese character or kana is always a word of its own.
A document without a shingle has no key.

With `reference` words are cut at white space only, and shingles have the hash and the permutations that are named, bit by bit: `sha1_32` is RedPajama-V2's,
SlimPajama's and datasketch's before version 2, `sha1_64` and `xx64` are datatrove's. What stays other than theirs: FineWeb's words are spaCy's, FlagData's are
subwords, OpenWebText2's are NLTK's. NeMo Curator's signatures could not be compared: `murmur_32` is MurmurHash3 with the permutations of `sha1_32`, and
its code draws others. RefinedWeb's hash is not published.
Without `reference` all names of hashes mean the same fast hash with affine permutations (`xmx32` of text/minhash.py): other values, the same statistics, and a
hundred times as fast.
Promise: keys depend on the document alone, not on its batch; memory is that of the batch and of the keys, whatever the number of permutations.

Not here: candidates and clusters (matching.py, clusters.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from corpus_platform.dedup.forms import in_form
from corpus_platform.dedup.keys import Keys, together
from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import SEED, mixed
from corpus_platform.text.kernel import kernel
from corpus_platform.text.minhash import BASES, SCHEMES, Base, least_values, pieces
from corpus_platform.text.shingles import character_shingles, shingles, text_character_hashes, text_shingle_hashes
from corpus_platform.text.words import whitespace_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

Unit = Literal["word", "character", "token"]

_U64 = np.uint64
_OF_BAND = _U64(0xA0761D6478BD642F)
_AT_END = _U64(0x8EBC6AF09C88C6E3)
_PIECE = 1 << 19
"""Bytes of text that are signed together: their shingles take some twenty times as much."""
_VALUES = 1 << 22
"""Values of signatures that are held at a time."""


@dataclass(frozen=True)
class MinHashKeys:
    """Shingles of `n` units of a form, `permutations` values from `seed`, of which the first `bands * rows` make the bands.

    `token` is a word here. `hash` counts with `reference` only, and is then one of `sha1_32`, `sha1_64`, `xx64`, `murmur_32`; raises `SettingsError` for
    another, an unknown unit, or more values in bands than there are.
    """

    form: str = "norm_rp"
    unit: Unit = "word"
    n: int = 13
    hash: str = "sha1_32"
    permutations: int = 128
    seed: int = 42
    bands: int = 9
    rows: int = 13
    reference: bool = False

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise SettingsError(f"MinHash has no unit `{self.unit}`; it takes {', '.join(get_args(Unit))}")
        if self.reference and self.hash not in BASES:
            known = ", ".join(name for name in BASES if name != "xmx32")
            raise SettingsError(f"no system's MinHash is known to use `{self.hash}`; there are {known}")
        if min(self.n, self.bands, self.rows) < 1 or self.bands * self.rows > self.permutations:
            raise SettingsError(
                f"{self.bands} bands of {self.rows} rows of shingles of {self.n} can't be cut from {self.permutations} permutations"
            )

    @property
    def base(self) -> Base:
        """The hash of a shingle, as text/minhash.py calls it."""
        return cast("Base", self.hash) if self.reference else "xmx32"

    def keys(self, batch: TextBatch, columns: pl.DataFrame) -> Keys:  # noqa: ARG002  # all families are asked alike
        """A key for each band of each document that has a shingle, in the order of the bands."""
        return together(self._keys_of(hashes, offset) for hashes, offset in self._hashed(batch))

    def signatures(self, batch: TextBatch) -> tuple[np.ndarray, np.ndarray]:
        """The signature of each document, and whether it has a shingle: bool[n], and uint32[n, permutations], uint64 for a 64-bit `hash`."""
        wide = SCHEMES[self.base] == "prime_64"
        found = [np.empty((0, self.permutations), np.uint64 if wide else np.uint32)]
        valid = [np.empty(0, np.bool_)]
        for hashes, offset in self._hashed(batch):
            found.append(self._signed(hashes, offset))
            valid.append(offset[1:] > offset[:-1])
        return np.concatenate(found), np.concatenate(valid)

    def shingle_hashes(self, batch: TextBatch) -> Keys:
        """The distinct shingles of each document, as 64-bit hashes, ascending: of two documents they give the true Jaccard similarity.

        They are the house's hashes, also with `reference`: no other similarity comes of it.
        """
        return together(_distinct_of(*self._fast_hashes(piece, np.uint64)) for piece in self._pieces(batch))

    def _hashed(self, batch: TextBatch) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Base hashes of the shingles of some documents after others, and their offsets."""
        for piece in self._pieces(batch):
            if self.base == "xmx32":
                yield self._fast_hashes(piece, np.uint32)
            else:
                texts = in_form(piece, self.form)
                spans, offset = (
                    character_shingles(texts, self.n)
                    if self.unit == "character"
                    else shingles(whitespace_words(texts), self.n)
                )
                yield BASES[self.base](spans), offset

    def _pieces(self, batch: TextBatch) -> Iterator[TextBatch]:
        """The documents in batches of which each takes little memory."""
        start = batch.document_start
        # A document costs its text and its signature: neither many short ones nor many permutations may take more than a piece.
        size = np.diff(start) + self.permutations * _PIECE // _VALUES
        for first, last in pieces(size, _PIECE):
            yield TextBatch(batch.data[start[first] : start[last]], start[first : last + 1] - start[first])

    def _fast_hashes(self, batch: TextBatch, dtype: type[np.uint32 | np.uint64]) -> tuple[np.ndarray, np.ndarray]:
        """The house's hash of each shingle, whole or its high half, and their offsets by document."""
        texts = in_form(batch, self.form)
        if self.unit == "character":
            return text_character_hashes(texts, self.n, dtype=dtype)
        return text_shingle_hashes(texts, self.n, "whitespace" if self.reference else "spaced", dtype)

    def _signed(self, hashes: np.ndarray, offset: np.ndarray) -> np.ndarray:
        return least_values(hashes, offset, self.permutations, self.seed, SCHEMES[self.base])

    def _keys_of(self, hashes: np.ndarray, offset: np.ndarray) -> Keys:
        has = offset[1:] > offset[:-1]
        found = band_keys(self._signed(hashes, offset), self.bands, self.rows)
        ends = np.cumsum(has, dtype=np.int64) * self.bands
        return Keys(found[has].ravel(), np.concatenate([np.zeros(1, np.int64), ends]))


def band_keys(signatures: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """A hash of each band of each signature (uint32 or uint64[n, at least bands * rows]) and of the band's number: uint64[n, bands]."""
    return _band_keys(signatures, bands, rows)


@kernel
def _band_keys(signatures: np.ndarray, bands: int, rows: int) -> np.ndarray:
    """The mixed hash of the values of each band."""
    found = np.empty((signatures.shape[0], bands), np.uint64)
    for d in range(signatures.shape[0]):
        for band in range(bands):
            state = _U64(SEED ^ _U64(_U64(band + 1) * _OF_BAND))
            for row in range(band * rows, (band + 1) * rows):
                state = mixed(state, _U64(signatures[d, row]))
            state = _U64(state * _AT_END)
            found[d, band] = _U64(state ^ (state >> _U64(29)))
    return found


def _distinct_of(hashes: np.ndarray, offset: np.ndarray) -> Keys:
    return Keys(*_distinct(hashes, offset))


@kernel
def _distinct(hashes: np.ndarray, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct hashes of each range, ascending, and their offsets."""
    found, ends, size = np.empty_like(hashes), np.zeros_like(offset), 0
    for d in range(offset.size - 1):
        own = np.sort(hashes[offset[d] : offset[d + 1]])
        for k in range(own.size):
            if k == 0 or own[k] != own[k - 1]:
                found[size] = own[k]
                size += 1
        ends[d + 1] = size
    return found[:size].copy(), ends

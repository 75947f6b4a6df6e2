"""Importance weights (DSIR): how much more likely a text's words are in a target than in the web at large.

Every word and every pair of neighbouring words is a *gram*; its *bucket* is its hash modulo the number of buckets. A model holds how often
each bucket occurs in documents of the target and of the source. The weight of a text is the sum over its grams of
ln(T + 1e-8) - ln(S + 1e-8), T and S the shares of the gram's bucket; it is not divided by the length.
The hash is SHA-256 of the gram in UTF-8 (a pair joined by a space) as a big-endian number, and is named in the model: RedPajama-V2's own code
takes Python's `hash`, which is another one for every process that does not fix its seed.
Source: Xie et al. 2023, p-lambda/dsir; RedPajama-Data, app/src/core/quality_signals/importance_weights.py.

Not here: which texts are counted (stages/), the words (text/words.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.special import gammaln

from corpus_platform.errors import ModelError
from corpus_platform.models.perplexity import file_digest
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.kernel import kernel
from corpus_platform.text.words import wordpunct

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from corpus_platform.text.words import Tokens

COUNTS, INFO = "counts.npy", "importance.json"
HASH = "sha256"
BUCKETS = 10_000
_TINY = 1e-8
_U32 = np.uint32


@dataclass(frozen=True)
class Grams:
    """Buckets of the words and of the pairs of a batch: int32[t] each, -1 for the last word of a document, which begins no pair."""

    word: np.ndarray
    pair: np.ndarray
    document_token: np.ndarray

    @classmethod
    def of(cls, tokens: Tokens, buckets: int = BUCKETS) -> Grams:
        """The buckets of each word of a batch and of the pair that it begins."""
        spans = tokens.spans
        made = _buckets(spans.data, spans.start, spans.end, tokens.document_token, _CONSTANTS, buckets)
        return cls(*made, tokens.document_token)

    def counts(self, buckets: int = BUCKETS) -> np.ndarray:
        """How often each bucket occurs in the whole batch, int64[buckets]."""
        return np.bincount(self.word, minlength=buckets) + np.bincount(self.pair[self.pair >= 0], minlength=buckets)

    def sums(self, weight: np.ndarray) -> np.ndarray:
        """Sum over each document's grams of the weight of their buckets, float64[d]."""
        documents = self.document_token.size - 1
        document = np.repeat(np.arange(documents), np.diff(self.document_token))
        padded = np.append(weight, 0.0)
        return np.bincount(document, weights=padded[self.word] + padded[self.pair], minlength=documents)


class ImportanceInfo(BaseModel):
    """What an importance model is made of; all of `importance.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    languages: tuple[str, ...] = ()
    hash: str = HASH
    buckets: int = BUCKETS
    origin: str = "trained"
    reason: str | None = None
    target_documents: int = 0
    source_documents: int = 0
    target_words: float = Field(default=0.0, description="Mean words of a document of the target")
    source_words: float = Field(default=0.0, description="Mean words of a document of the source")
    settings: dict[str, Any] = Field(default_factory=dict)
    file: str | None = Field(default=None, description="BLAKE2b-128 of the counts' file")

    @property
    def digest(self) -> str | None:
        """Identity of the model, 32 hex digits; None where there is no model."""
        if self.file is None:
            return None
        read = (self.file, self.hash, self.buckets, self.target_words, self.source_words)
        return hashlib.blake2b(repr(read).encode(), digest_size=16).hexdigest()


class Importance:
    """An importance model in memory. It pickles as its path."""

    def __init__(self, folder: str | Path) -> None:
        """The model of a folder. Raises ModelError when it is not all there, or was made with a hash that we do not have."""
        self.folder = Path(folder)
        try:
            self.info = ImportanceInfo.model_validate_json((self.folder / INFO).read_bytes())
        except FileNotFoundError:
            raise ModelError(f"{self.folder / INFO}: no importance model there: name a folder that holds it") from None
        except ValidationError as error:
            raise ModelError(f"{self.folder / INFO}: not an importance model: {error.errors()[0]['msg']}") from None
        if self.info.hash != HASH:
            raise ModelError(
                f"{self.folder / INFO}: made with the hash {self.info.hash}; there is {HASH}: make it again"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        return Importance, (self.folder,)

    @property
    def name(self) -> str:
        """Name of the model, e.g. `importance/books/en`."""
        return self.info.name

    @property
    def digest(self) -> str:
        """Identity of the model, for the fingerprints of what is scored with it."""
        return self.info.digest or ""

    @cached_property
    def weight(self) -> np.ndarray:
        """ln(T + 1e-8) - ln(S + 1e-8) of each bucket, float64."""
        counts = np.load(self.folder / COUNTS).astype(np.float64)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
        target, source = np.log(shares + _TINY)
        return target - source

    def score(self, texts: Sequence[str] | pl.Series) -> np.ndarray:
        """Weight of each text, float64[n]; NaN for an empty one."""
        batch = TextBatch.of(texts)
        return self.score_grams(Grams.of(wordpunct(batch), self.info.buckets), batch.characters)

    def score_grams(self, grams: Grams, characters: np.ndarray) -> np.ndarray:
        """The same from a batch's grams and the texts' lengths in characters."""
        return np.where(characters > 0, grams.sums(self.weight), np.nan)

    def length_correction(self, length: np.ndarray) -> np.ndarray:
        """What is added for the length of each text: ln(Poisson(length; T) + 1e-8) - ln(Poisson(length; S) + 1e-8), the means in words.

        `length` in words is what is meant; RedPajama-V2 gives characters.
        """
        return _log_poisson(length, self.info.target_words) - _log_poisson(length, self.info.source_words)


class Counter:
    """Counts grams of documents that come in batches."""

    def __init__(self, buckets: int = BUCKETS) -> None:
        self.counts = np.zeros(buckets, np.int64)
        self.documents = 0
        self.words = 0

    def add(self, texts: Sequence[str] | pl.Series) -> None:
        """Counts a batch."""
        tokens = wordpunct(TextBatch.of(texts))
        grams = Grams.of(tokens, self.counts.size)
        self.counts += grams.counts(self.counts.size)
        self.documents += grams.document_token.size - 1
        self.words += grams.word.size

    @property
    def mean_words(self) -> float:
        """Words of a document."""
        return round(self.words / self.documents, 4) if self.documents else 0.0


def save_importance(
    folder: str | Path,
    target: Counter,
    source: Counter,
    *,
    name: str,
    languages: tuple[str, ...] = (),
    min_documents: int = 50,
    settings: dict[str, Any] | None = None,
) -> ImportanceInfo:
    """Writes the model of two counted sets into a folder. Where documents are too few nothing is written: `reason` says why."""
    info = ImportanceInfo(
        name=name,
        languages=languages,
        buckets=target.counts.size,
        target_documents=target.documents,
        source_documents=source.documents,
        target_words=target.mean_words,
        source_words=source.mean_words,
        settings=settings or {},
    )
    if min(target.documents, source.documents) < min_documents:
        reason = f"it needs {min_documents:,} documents of target and source, and there are {target.documents:,} and {source.documents:,}"
        return info.model_copy(update={"reason": reason})
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    np.save(place / COUNTS, np.stack([target.counts, source.counts]))
    info = info.model_copy(update={"file": file_digest(place / COUNTS)})
    (place / INFO).write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return info


def _log_poisson(length: np.ndarray, mean: float) -> np.ndarray:
    """ln(P + 1e-8) of a length under a Poisson distribution."""
    size = np.asarray(length, np.float64)
    return np.log(np.exp(size * np.log(max(mean, _TINY)) - mean - gammaln(size + 1.0)) + _TINY)


def _sha256_constants() -> np.ndarray:
    """The 64 round constants and the 8 words of the first state: the fractions of the roots of the first primes."""
    primes = [n for n in range(2, 312) if all(n % m for m in range(2, n))]
    rounds = [_fraction(_root(p << 96, 3)) for p in primes[:64]]
    return np.array(rounds + [_fraction(_root(p << 64, 2)) for p in primes[:8]], np.uint32)


def _root(value: int, degree: int) -> int:
    """Whole part of a root of a whole number, by bisection."""
    low, high = 0, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= value else (low, middle - 1)
    return low


def _fraction(value: int) -> int:
    return value & 0xFFFFFFFF


_CONSTANTS = _sha256_constants()


@kernel
def _buckets(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    document_token: np.ndarray,
    constants: np.ndarray,
    buckets: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Bucket of each word, and of each word with the next one of its document (-1 for the last)."""
    word, pair = np.empty(start.size, np.int32), np.full(start.size, -1, np.int32)
    longest = np.int64(0)
    for t in range(start.size):
        longest = max(longest, end[t] - start[t])
    message = np.empty(2 * longest + 1 + 72, np.uint8)
    schedule, state = np.empty(64, np.uint32), np.empty(8, np.uint32)
    for d in range(document_token.size - 1):
        last = document_token[d + 1]
        for t in range(document_token[d], last):
            size = np.int64(0)
            for i in range(start[t], end[t]):
                message[size] = data[i]
                size += 1
            if t + 1 < last:
                message[size] = 32
                both = size + 1
                for i in range(start[t + 1], end[t + 1]):
                    message[both] = data[i]
                    both += 1
                pair[t] = _bucket(message, both, schedule, state, constants, buckets)
            # The second word is overwritten by the padding of the first alone.
            word[t] = _bucket(message, size, schedule, state, constants, buckets)
    return word, pair


@kernel
def _bucket(
    message: np.ndarray, size: int, schedule: np.ndarray, state: np.ndarray, constants: np.ndarray, buckets: int
) -> int:
    """SHA-256 of the first bytes of a message, whose rest is written over, as a number modulo the buckets."""
    blocks = (size + 8) // 64 + 1
    message[size] = 0x80
    for i in range(size + 1, blocks * 64):
        message[i] = 0
    bits = size * 8
    for i in range(8):
        message[blocks * 64 - 1 - i] = (bits >> (8 * i)) & 0xFF
    for i in range(8):
        state[i] = constants[64 + i]
    for block in range(blocks):
        _compress(message[block * 64 : block * 64 + 64], state, schedule, constants)
    rest = np.uint64(0)
    for i in range(8):
        rest = ((rest << np.uint64(32)) | np.uint64(state[i])) % np.uint64(buckets)
    return np.int32(rest)


@kernel
def _turn(value: np.uint32, by: int) -> np.uint32:
    return _U32(_U32(value >> _U32(by)) | _U32(value << _U32(32 - by)))


@kernel
def _compress(block: np.ndarray, state: np.ndarray, w: np.ndarray, k: np.ndarray) -> None:
    """SHA-256's compression function: adds a block of 64 bytes to the state."""
    for t in range(16):
        i = 4 * t
        w[t] = _U32(
            (_U32(block[i]) << _U32(24))
            | (_U32(block[i + 1]) << _U32(16))
            | (_U32(block[i + 2]) << _U32(8))
            | _U32(block[i + 3])
        )
    for t in range(16, 64):
        low = _turn(w[t - 15], 7) ^ _turn(w[t - 15], 18) ^ _U32(w[t - 15] >> _U32(3))
        high = _turn(w[t - 2], 17) ^ _turn(w[t - 2], 19) ^ _U32(w[t - 2] >> _U32(10))
        w[t] = _U32(w[t - 16] + low + w[t - 7] + high)
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    for t in range(64):
        one = _U32(_U32(h + (_turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25))) + _U32((e & f) ^ (~e & g)) + _U32(k[t] + w[t]))
        two = _U32((_turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)))
        h, g, f, e = g, f, e, _U32(d + one)
        d, c, b, a = c, b, a, _U32(one + two)
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e
    state[5] += f
    state[6] += g
    state[7] += h

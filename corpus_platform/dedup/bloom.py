"""Bloom filters: sets of keys in a fixed memory that never forget a key, and take a few for known that are not.

A filter of m bits sets k of them for each key (the *hashers*). With n keys in it, a new one is taken for known with probability (1 - (1 - 1/m)^(k n))^k, the
*error*. Its size is Dolma's: the least power of two times 1 MiB of which the error is at most the wanted one, with k = ceil(m / n ln 2). Bits are
found by double hashing: a + i b mod m, i = 0 .. k - 1, with a and the odd b mixed from key and seed.
Promise: the same keys in the same order give the same answers and the same file, on any machine. What is known depends on that order: so sort the documents.
Sources: Dolma and RedPajama-V2 (exact copies; errors of 10^-6 and 1 %, newest snapshot first), DCLM's BFF.

Not here: how keys are made (exact.py, units.py), BFF's rule of known n-grams (bff.py), deduplication without errors (matching.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

import hashlib
import math
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa

from corpus_platform.dedup.grams import spread
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.text.kernel import inlined, kernel, part

if TYPE_CHECKING:
    from corpus_platform.dedup.keys import Keys

LEAST_BYTES = 1 << 20
MOST_HASHERS = 64
"""More would only slow down a filter that has far more bits than keys: with 64 its error is below 10^-19 already."""

_U64 = np.uint64
_OF_SEED = _U64(0xA0761D6478BD642F)
_OF_STEP = _U64(0xE7037ED1A0B428DB)
_MAGIC = b"CPBLOOM1"
_HEADER = struct.Struct("<8sQIQQ16s")
"""Magic, bytes, hashers, seed, keys added, digest of the bits."""
_CHECK_BYTES = 8
_PIECE = 1 << 22
"""Bytes of bits that are compressed together."""


@dataclass(frozen=True)
class FilterSize:
    """What a filter for so many keys takes: `bytes` of memory, `hashers` (bits a key), and the `error` when it is full."""

    bytes: int
    hashers: int
    error: float


def filter_size(items: int, error_rate: float) -> FilterSize:
    """Memory and hashers for `items` distinct keys, to be known before a run starts. Source: Dolma's rule of sizes."""
    if items < 1 or not 0 < error_rate < 1:
        raise SettingsError(
            f"a Bloom filter is made for at least 1 key and an error rate between 0 and 1, not for {items} and {error_rate}"
        )
    size = LEAST_BYTES
    while True:
        hashers = min(math.ceil(8 * size / items * math.log(2)), MOST_HASHERS)
        error = _error(8 * size, hashers, items)
        if error <= error_rate:
            return FilterSize(size, hashers, error)
        size *= 2


def _error(bits: int, hashers: int, items: int) -> float:
    return (-math.expm1(hashers * items * math.log1p(-1 / bits))) ** hashers


@dataclass(eq=False)
class BloomFilter:
    """A filter: `bits` uint64[bytes / 8], the bits set for a key (`hashers`), the `seed`, and the keys `added` that it did not know."""

    bits: np.ndarray
    hashers: int
    seed: int
    added: int = 0

    @classmethod
    def sized(cls, items: int, error_rate: float, seed: int = 42) -> BloomFilter:
        """An empty filter for `items` distinct keys; with all of them its error is at most `error_rate`."""
        size = filter_size(items, error_rate)
        return cls(np.zeros(size.bytes // 8, np.uint64), size.hashers, seed)

    @property
    def bytes(self) -> int:
        """Memory of the bits."""
        return self.bits.nbytes

    def expected_error(self, items: int | None = None) -> float:
        """Share of new keys that are taken for known with `items` distinct keys in the filter, or with those that were added to it."""
        return _error(8 * self.bytes, self.hashers, self.added if items is None else items)

    def add_all(self, keys: np.ndarray) -> np.ndarray:
        """Adds keys (uint64[k]) one after the other; bool[k]: was it there already. The second of two equal keys was."""
        known = _add_all(self.bits, self.hashers, _U64(self.seed), keys)
        self.added += int(keys.size - known.sum())
        return known

    def contains(self, keys: np.ndarray) -> np.ndarray:
        """For each key (uint64[k]): is it in the filter, bool[k]. Nothing is added."""
        return _contains(self.bits, self.hashers, _U64(self.seed), keys)

    def save(self, path: Path | str) -> None:
        """Writes the filter to a file that is there whole or not at all; equal filters make equal files."""
        path = Path(path)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with scratch.open("wb") as file:
                self.write(file)
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path | str) -> BloomFilter:
        """The filter of a file. Raises `SourceError`, which names it, when it is missing, damaged or something else."""
        try:
            with Path(path).open("rb") as file:
                return cls.read(file, str(path))
        except OSError as error:
            raise SourceError(f"{path}: can't read this Bloom filter: {error.strerror or error}") from error

    def write(self, stream: BinaryIO) -> None:
        """Writes a header with checksums, and the bits as zstd, 4 MiB at a time."""
        data = self.bits.astype("<u8", copy=False).view(np.uint8)
        digest = hashlib.blake2b(data, digest_size=16).digest()
        header = _HEADER.pack(_MAGIC, self.bytes, self.hashers, self.seed, self.added, digest)
        stream.write(header + _check(header))
        codec = pa.Codec("zstd", compression_level=1)
        for at in range(0, data.size, _PIECE):
            packed = codec.compress(data[at : at + _PIECE], asbytes=True)
            stream.write(struct.pack("<I", len(packed)))
            stream.write(packed)

    @classmethod
    def read(cls, stream: BinaryIO, name: str) -> BloomFilter:
        """The filter of a stream; `name` is what a `SourceError` calls it."""
        header = stream.read(_HEADER.size)
        if header[: len(_MAGIC)] != _MAGIC:
            raise SourceError(f"{name}: this is no Bloom filter of the platform")
        if len(header) < _HEADER.size or stream.read(_CHECK_BYTES) != _check(header):
            raise _damaged(name, "its header is not what was written")
        _, size, hashers, seed, added, digest = _HEADER.unpack(header)
        data = np.empty(size, np.uint8)
        codec = pa.Codec("zstd")
        for at in range(0, size, _PIECE):
            piece = data[at : at + _PIECE]
            length = stream.read(4)
            packed = stream.read(struct.unpack("<I", length)[0]) if len(length) == 4 else b""
            try:
                piece[:] = np.frombuffer(codec.decompress(packed, piece.size), np.uint8)
            except (OSError, ValueError, pa.ArrowException) as error:
                raise _damaged(name, f"the bits from byte {at:,} on can't be unpacked") from error
        if hashlib.blake2b(data, digest_size=16).digest() != digest or stream.read(1):
            raise _damaged(name, "its bits are not those that were written")
        return cls(data.view("<u8").astype(np.uint64, copy=False), hashers, seed, added)


def seen_documents(known: BloomFilter, keys: Keys) -> np.ndarray:
    """For documents of one key at most, in their order: has an earlier one had it, bool[n]. Their keys are added; one without a key is never seen."""
    has = np.diff(keys.offset)
    if (has > 1).any():
        raise ValueError("a document has more than one key: ask for its units")
    seen = np.zeros(len(keys), np.bool_)
    seen[has > 0] = known.add_all(keys.key)
    return seen


def seen_units(known: BloomFilter, keys: Keys, use: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The units (lines, paragraphs) that came before, in an earlier document or their own: document and ordinal, int64[r] each. The first one stays.

    Only units of `use` (bool[k], e.g. those that are not empty and long enough) are asked for and added. Source: Dolma, mode `paragraphs`.
    """
    asked = np.arange(keys.key.size) if use is None else np.flatnonzero(use)
    seen = asked[known.add_all(keys.key[asked])]
    return keys.document()[seen], keys.ordinal()[seen]


def _check(header: bytes) -> bytes:
    return hashlib.blake2b(header, digest_size=_CHECK_BYTES).digest()


def _damaged(name: str, how: str) -> SourceError:
    return SourceError(
        f"{name}: this Bloom filter is damaged: {how}; make it again, or take that of the snapshot before"
    )


@inlined
def _beginning(seed: np.uint64, key: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The first place of a key, and the odd step from one to the next."""
    first = spread(_U64(key ^ spread(_U64(seed + _OF_SEED))))
    return first, spread(_U64(first ^ _OF_STEP)) | _U64(1)


@part
def holds(bits: np.ndarray, hashers: int, seed: np.uint64, key: np.uint64) -> bool:
    """Are all bits of a key set."""
    mask = _U64(64 * bits.size - 1)
    place, step = _beginning(seed, key)
    for _ in range(hashers):
        at = place & mask
        if not (bits[at >> _U64(6)] >> (at & _U64(63))) & _U64(1):
            return False
        place = _U64(place + step)
    return True


@part
def insert(bits: np.ndarray, hashers: int, seed: np.uint64, key: np.uint64) -> bool:
    """Sets all bits of a key; were they set."""
    mask = _U64(64 * bits.size - 1)
    place, step = _beginning(seed, key)
    there = _U64(1)
    for _ in range(hashers):
        at = place & mask
        word, bit = bits[at >> _U64(6)], at & _U64(63)
        there &= word >> bit
        bits[at >> _U64(6)] = word | _U64(1) << bit
        place = _U64(place + step)
    return there != 0


@kernel
def _add_all(bits: np.ndarray, hashers: int, seed: np.uint64, keys: np.ndarray) -> np.ndarray:
    """Adds each key; was it there."""
    known = np.empty(keys.size, np.bool_)
    for i in range(keys.size):
        known[i] = insert(bits, hashers, seed, keys[i])
    return known


@kernel
def _contains(bits: np.ndarray, hashers: int, seed: np.uint64, keys: np.ndarray) -> np.ndarray:
    """Is each key there."""
    known = np.empty(keys.size, np.bool_)
    for i in range(keys.size):
        known[i] = holds(bits, hashers, seed, keys[i])
    return known

"""The order in which a part's documents are drawn: by a hash of seed, document and epoch, and by their weights.

A document's key is -ln(u) / weight, with u in (0, 1) from BLAKE2b of (seed, doc_id, epoch): the exponential clocks of Efraimidis and Spirakis. Documents
ring in the order of their keys, so that of two with weights 2 and 1 the first comes earlier two times out of three, and any beginning of the order is
a weighted sample without replacement. All of an epoch comes before the next one, which has an order of its own.
Promise: nothing but seed, document, epoch and weight decides, so partitions, shards and workers do not; a larger budget draws a longer beginning.

Not here: how long that is (allocate.py).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

_BITS = 53
"""Bits of a hash that a float holds exactly."""


def hashes(doc_ids: Iterable[str], seed: int, epoch: int = 0, what: str = "draw") -> np.ndarray:
    """A 64-bit hash of each document, as uint64."""
    start = hashlib.blake2b(f"{what}\0{seed}\0{epoch}\0".encode(), digest_size=8)

    def one(doc_id: str) -> bytes:
        state = start.copy()
        state.update(doc_id.encode())
        return state.digest()

    return np.frombuffer(b"".join(map(one, doc_ids)), dtype="<u8").astype(np.uint64)


def order_keys(doc_ids: Iterable[str], weights: np.ndarray, seed: int, epoch: int = 0) -> np.ndarray:
    """The key of each document, float64: lower ones are drawn earlier. `weights` are above 0."""
    return keys_of(hashes(doc_ids, seed, epoch), weights)


def keys_of(found: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The keys of documents with these hashes."""
    u = ((found >> np.uint64(64 - _BITS)).astype(np.float64) + 0.5) * 2.0**-_BITS
    return -np.log(u) / weights


def taken(before: np.ndarray, start: int, end: int) -> np.ndarray:
    """Which documents belong to tokens `start` to `end` of a part: those whose first token is there, so that the last one is taken whole.

    `before`: tokens of the documents drawn earlier. A part gives its budget and less than one document more.
    """
    return (before >= start) & (before < end)

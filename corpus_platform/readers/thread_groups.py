"""Records of threads brought together, wherever in their files they stand.

A first pass keeps 20 bytes a record: its thread (64 bits of a name), its size and its number. Threads are then taken in groups of about `_GROUP`
bytes in the order of their first record, each group in a pass of its own; files of less than that are read once.
Promise: memory is bounded by a group and its largest thread.

Not here: what a record is (the readers).
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Records = Callable[[], Iterable[tuple[int, dict[str, Any], int] | Reject]]
    """A pass: (number, record, its size in bytes), with rising numbers, and what can't be used."""

_GROUP = 64 << 20


def threads(
    records: Records, thread_of: Callable[[dict[str, Any]], str], *, group: int = _GROUP
) -> Iterator[list[tuple[int, dict[str, Any]]] | Reject]:
    """Each thread as its (number, record)s, in order; rejects of the first pass come before."""
    keys, sizes, numbers = array("Q"), array("I"), array("q")
    held: list[tuple[int, dict[str, Any]]] | None = []
    total = 0
    for item in records():
        if isinstance(item, Reject):
            yield item
            continue
        number, record, size = item
        keys.append(
            int.from_bytes(blake2b(thread_of(record).encode("utf-8", "replace"), digest_size=8).digest(), "big")
        )
        sizes.append(min(size, 0xFFFFFFFF))
        numbers.append(number)
        total += size
        if held is not None:
            held.append((number, record))
            held = held if total <= group else None
    if not len(keys):
        return
    thread, group_of = _plan(np.array(keys, np.uint64), np.array(sizes, np.int64), group)
    for one in range(int(group_of.max()) + 1):
        wanted = group_of == one
        found: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        for place, record in enumerate(held) if held is not None else _again(records, np.array(numbers), wanted):
            found.setdefault(int(thread[place]), []).append(record)
        yield from (found[number] for number in sorted(found))


def _plan(keys: np.ndarray, sizes: np.ndarray, group: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each record: the number of its thread by first appearance, and the group that it is in."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    thread = rank[inverse.reshape(-1)]
    whole = np.bincount(thread, sizes).astype(np.int64)
    groups = (np.cumsum(whole) - whole) // max(group, 1)
    groups = np.unique(groups, return_inverse=True)[1].reshape(-1)
    return thread, groups[thread]


def _again(
    records: Records, numbers: np.ndarray, wanted: np.ndarray
) -> Iterator[tuple[int, tuple[int, dict[str, Any]]]]:
    """(place, (number, record)) of the wanted records, in a pass of their own."""
    place = 0
    last = int(np.flatnonzero(wanted)[-1])
    for item in records():
        if isinstance(item, Reject) or place >= len(numbers) or item[0] != numbers[place]:
            continue
        if wanted[place]:
            yield place, (item[0], item[1])
        if place == last:
            return
        place += 1

"""Trees put together from messages that name their parent, in one pass, wherever the messages of a tree stand.

A message goes into one of 64 buckets by the hash of its tree's name; buckets are held in memory up to `MEMORY` bytes together and are written to a
temporary file each beyond it; then each bucket is read alone. So memory is bounded by `MEMORY` and a sixty-fourth of the file, whatever its order.
Trees come bucket by bucket, in a bucket in the order of their first messages: the same for the same messages, whether they were written out or not.

Not here: which paths of a tree are dialogues (tree.py).
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

BUCKETS = 64
MEMORY = 64 << 20
"""Bytes of messages that are held in memory, before they go to temporary files."""


@dataclass(frozen=True)
class Keys:
    """Keys of a message: its name, its parent's, its tree's, and that under which it is given its replies."""

    name: str
    parent: str
    tree: str
    replies: str


@dataclass(frozen=True)
class Orphan:
    """A message whose parent is not there, or which is its own ancestor."""

    name: str


def trees_of(rows: Iterable[Any], keys: Keys, *, memory: int = MEMORY) -> Iterator[Any]:
    """Root messages with their replies, in the order of the rows; messages that hang nowhere as orphans.

    A row that is no object is a root without replies; one without a tree's name is in the bucket of all such rows.
    """
    with ExitStack() as stack:
        held: list[list[bytes]] = [[] for _ in range(BUCKETS)]
        files: list[IO[bytes]] = []
        size = 0
        for row in rows:
            packed = orjson.dumps(row, option=orjson.OPT_NON_STR_KEYS) + b"\n"
            held[_bucket(row, keys.tree)].append(packed)
            size += len(packed)
            if size > memory:
                files = files or [stack.enter_context(TemporaryFile()) for _ in range(BUCKETS)]
                _write(held, files)
                size = 0
        for bucket in range(BUCKETS):
            lines = [*_read(files[bucket]), *held[bucket]] if files else held[bucket]
            yield from _put_together([orjson.loads(line) for line in lines], keys)


def _bucket(row: Any, tree: str) -> int:
    name = row.get(tree) if isinstance(row, dict) else None
    return hashlib.sha256(str(name).encode()).digest()[0] % BUCKETS


def _write(held: list[list[bytes]], files: list[IO[bytes]]) -> None:
    for lines, file in zip(held, files, strict=True):
        file.writelines(lines)
        lines.clear()


def _read(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    yield from file


def _put_together(rows: list[Any], keys: Keys) -> Iterator[Any]:
    roots: list[int] = []
    below: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        above = row.get(keys.parent) if isinstance(row, dict) else None
        if above is None:
            roots.append(i)
        else:
            below.setdefault(str(above), []).append(i)
    for root in roots:
        _hang(root, rows, below, keys)
        yield rows[root]
    for orphan in sorted(i for left in below.values() for i in left):
        yield Orphan(str(rows[orphan].get(keys.name)))


def _hang(root: int, rows: list[Any], below: dict[str, list[int]], keys: Keys) -> None:
    """Hangs all that is below a root on it, and takes it out of `below`: where two messages have one name, the first has the replies."""
    waiting = [root]
    while waiting:
        row = rows[waiting.pop()]
        if isinstance(row, dict):
            replies = below.pop(str(row.get(keys.name)), [])
            if replies:
                row[keys.replies] = [rows[i] for i in replies]
            waiting += reversed(replies)

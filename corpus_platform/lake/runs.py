"""Runs under way: a note in the lake while a run goes on, so that a vacuum, however greedy, leaves alone what the run has not marked yet.

A note is there before the run's first file and goes after its commit. That of a killed run stays; after a week it counts for nothing.

Not here: what vacuum does with it (vacuum.py), what a run is (stages/).
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from corpus_platform.lake import markers
from corpus_platform.lake.files import RUN_CHARACTERS, publish_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake.storage import Storage

FOLDER = "_runs"
LONGEST = timedelta(days=7)
"""How long a run may take and still be protected by its note; later its files are, as all are, by their age and their markers."""


@contextlib.contextmanager
def under_way(storage: Storage, run: str, what: str) -> Iterator[None]:
    """Notes the run for as long as the block takes. `what`: table and partition, for people."""
    name = f"{FOLDER}/{run}.json"
    publish_bytes(storage, orjson.dumps({"run": run, "what": what, "since": datetime.now(UTC)}), name)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            storage.filesystem().rm_file(storage.path(name))


def is_noted(storage: Storage, run: str) -> bool:
    """Whether this machine sees the note of a run: one that does not looks at another lake, or the run has ended."""
    return bool(storage.filesystem().exists(storage.path(f"{FOLDER}/{run}.json")))


def prefixes(storage: Storage) -> set[str]:
    """What the names of the files and scratch folders of runs under way have in them (see `files.file_name`)."""
    try:
        listing = storage.filesystem().find(storage.path(FOLDER), detail=True)
    except FileNotFoundError:
        return set()
    since = datetime.now(UTC) - LONGEST
    return {
        path.rpartition("/")[2][:RUN_CHARACTERS]
        for path, facts in listing.items()
        if markers.modified_time(facts) > since
    }

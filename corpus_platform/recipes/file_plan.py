"""What a dedup of plain files will take, told before it starts: documents, keys, memory and disk, by a sample of the first documents.

Figures are estimates: a compressed file is taken to have four times its size of text, and all documents to be like the first ones.

Not here: the dedup (dedup_files.py).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import pyarrow.parquet as pq

from corpus_platform.errors import NoRoom, SourceError
from corpus_platform.recipes.file_verdicts import FileBatch, FileVerdicts, sized
from corpus_platform.recipes.steps.dedup import Bloom
from corpus_platform.sources.plain import PARQUET, PlainBatch

if TYPE_CHECKING:
    from pathlib import Path

    from corpus_platform.recipes.file_verdicts import FileSet
    from corpus_platform.recipes.population import Method
    from corpus_platform.signals.environment import Environment

_SAMPLE = 500
_UNPACKED = 4
"""Bytes of JSON in a byte of a compressed file."""
_BYTES_OF_A_KEY = {"documents": 40, "units": 40, "weights": 32, "filter": 16}
"""Of the files of keys, indexes and edges, by how documents are matched."""


@dataclass(frozen=True)
class FilePlan:
    """What a dedup will take: `documents` (`exactly` known or not) in files of `size` bytes, `keys`, `memory` and `disk` in bytes.

    `free` are the bytes on the disk of `folder`, `there` are bytes that an earlier run has left in the folder.
    """

    documents: int
    exactly: bool
    size: int
    keys: int
    memory: int
    workers: int
    disk: int
    free: int
    there: int
    folder: Path

    def __str__(self) -> str:
        about = "" if self.exactly else "about "
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return (
            f"{about}{self.documents:,} documents ({_mb(self.size)}), about {self.keys:,} keys; {workers}, {self.memory >> 20:,} MB of memory at most; "
            f"about {_mb(self.disk)} of disk in {self.folder} ({_mb(self.free)} free)"
        )

    def check(self) -> None:
        """Raises NoRoom where the disk has less room than that."""
        if self.disk - self.there > self.free:
            raise NoRoom(
                f"{self.folder}: the dedup needs about {_mb(self.disk - self.there)} of disk for {self.keys:,} keys of {self.documents:,} documents, "
                f"and there are {_mb(self.free)} free: make room, or name a folder on another disk (--scratch)"
            )


def file_plan(
    method: Method,
    files: FileSet,
    against: FileSet | None,
    environment: Environment,
    folder: Path,
    memory: int,
    workers: int,
) -> FilePlan:
    """The plan of a dedup over files. Raises SourceError for a file that is not there, SettingsError where a filter needs more than `memory` (bytes)."""
    sets = (files,) if against is None else (against, files)
    paths = [path for one in sets for path in one.paths]
    for path in paths:
        if not path.is_file():
            raise SourceError(f"{path}: no such file")
    size = sum(path.stat().st_size for path in paths)
    sample = _sample(files)
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(folder).free
    if sample is None:
        return FilePlan(0, True, size, 0, memory, workers, 0, free, there, folder)
    row_bytes = sum(len(orjson.dumps(row, default=str)) + 1 for row in sample.plain.rows) / len(sample.plain.rows)
    documents = round(sum(_documents(path, row_bytes) for path in paths))
    found = method.population(sample.frame(), environment, FileVerdicts().of(sample.frame()))
    keys = round(documents * found.keys.key.size / sample.plain.frame.height)
    if isinstance(method.step, Bloom):
        sized(method.step, keys, memory)
    of_a_document = found.documents.estimated_size() / sample.plain.frame.height
    disk = round(keys * _BYTES_OF_A_KEY[method.step.matching] + documents * (of_a_document + 64))
    exactly = all(path.name.endswith(PARQUET) for path in paths)
    return FilePlan(documents, exactly, size, keys, memory, workers, disk, free, there, folder)


def _documents(path: Path, row_bytes: float) -> float:
    if path.name.endswith(PARQUET):
        return pq.read_metadata(path).num_rows
    size = path.stat().st_size
    return size * (_UNPACKED if path.name.endswith((".gz", ".zst")) else 1) / row_bytes


def _sample(files: FileSet) -> FileBatch | None:
    """The first documents."""
    for index in range(len(files.paths)):
        first = next((batch for batch in files.batches(index) if batch.plain.frame.height), None)
        if first is not None:
            return FileBatch(0, index, 0, PlainBatch(first.plain.frame.head(_SAMPLE), first.plain.rows[:_SAMPLE]))
    return None


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:,.1f} MB"

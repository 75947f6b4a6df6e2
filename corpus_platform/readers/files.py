"""Reads files and folders of this machine with a reader, into one plain file: no home, no lake.

A file is a unit. So is a folder, for a reader of folders; for one of files each file below it is, and with `each` every folder in it.
Promise: documents come in the order of the paths, and in each unit's own; what a reader yields is written or counted as a reject; memory is
bounded by a batch. The file appears under its name when it is whole.

Not here: formats (the readers), how documents become rows of a table (stages/).
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from corpus_platform.catalogue.refusal import check_allowed
from corpus_platform.documents import DOCUMENT_COLUMNS, SOURCE_COLUMNS
from corpus_platform.errors import SourceError
from corpus_platform.readers.reader import Unit
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.plain import PlainWriter
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from corpus_platform.readers.reader import Reader

_BATCH_CHARACTERS = 4 << 20
_BATCH_ROWS = 2_000


@dataclass
class UnitCounts:
    """What a unit gave."""

    name: str
    documents: int = 0
    characters: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    """How many by reason."""


def read_files(
    reader: Reader, paths: Iterable[Path], to: Path, *, rejects: Path | None = None, each: bool = False
) -> list[UnitCounts]:
    """Writes the documents of all units as JSONL or Parquet, and rejects to a file of their own where one is named; the counts of each unit.

    A row has DOCUMENT_COLUMNS and SOURCE_COLUMNS without `shard` and `file_index`; `file` is the unit's name. Raises SourceError where a path is
    missing, has nothing that the reader reads, or a unit can't be read at all.
    """
    units = [unit for path in paths for unit in units_of(reader, path, each=each)]
    found = []
    with ExitStack() as stack:
        documents = stack.enter_context(PlainWriter(to, _types()))
        refused = stack.enter_context(PlainWriter(rejects, _REJECT_TYPES)) if rejects else None
        for unit in units:
            counts = UnitCounts(unit.name)
            for rows, bad in _batches(reader, unit, counts):
                documents.write(rows)
                if refused is not None:
                    refused.write([asdict(reject) for reject in bad])
            found.append(counts)
    return found


def units_of(reader: Reader, path: Path, *, each: bool = False) -> list[Unit]:
    """The units at a path. Raises SourceError where there is none, SettingsError for a collection that the catalogue refuses."""
    check_allowed(str(path))
    if not path.exists():
        raise SourceError(f"{path}: there is no such file or folder")
    if path.is_file() or (reader.by == "folder" and not each):
        return [Unit.of_path(path)]
    location = InputLocation(str(path.resolve()))
    units = reader.units(location, location.files())
    if not units:
        what = f"files that end in {', '.join(reader.suffixes)}" if reader.suffixes else "files"
        raise SourceError(f"{path}: has no {what}, which the reader `{reader.name}` looks for")
    return units


def _batches(reader: Reader, unit: Unit, counts: UnitCounts) -> Iterator[tuple[list[dict[str, Any]], list[Reject]]]:
    rows: list[dict[str, Any]] = []
    bad: list[Reject] = []
    size = 0
    for item in reader.read(unit):
        if isinstance(item, Reject):
            counts.rejects[item.reason] += 1
            bad.append(item)
        else:
            counts.documents += 1
            counts.characters += len(item.text)
            size += len(item.text)
            rows.append(item.row(reader.source, unit.name))
        if size >= _BATCH_CHARACTERS or len(rows) + len(bad) >= _BATCH_ROWS:
            yield rows, bad
            rows, bad, size = [], [], 0
    yield rows, bad


def _types() -> dict[str, Any]:
    empty = pl.DataFrame(pa.schema([*DOCUMENT_COLUMNS, *SOURCE_COLUMNS]).empty_table())
    return dict(empty.schema)


_REJECT_TYPES = {"url": pl.String, "detail": pl.String}

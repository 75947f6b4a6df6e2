"""A set of documents in a folder: what is kept of its documents and their keys, in files that are there whole or not at all.

Documents come in *parts*, each a run of documents that follow each other; the names of parts sort as their documents do. The keys of a part are in one
or more files, each sorted by key, of some millions of keys at most, so that a part of any size is written in bounded memory.

Not here: matching (local.py), how a range of a file is read (key_files.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.dedup.key_files import read_arrays, read_pieces, read_range, write_keys
from corpus_platform.dedup.matching import Holders
from corpus_platform.dedup.sorting import radix_sort
from corpus_platform.dedup.unit_matching import Units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from corpus_platform.dedup.keys import Keys

KEYS_OF_A_FILE = 4_000_000
"""Keys that a part holds in memory before it writes them."""
_DOCUMENTS_AT_ONCE = 10_000


@dataclass(frozen=True)
class DocumentSet:
    """A set of documents in a folder."""

    folder: Path
    has_values: bool = False
    """Whether keys have a second half."""
    has_units: bool = False
    """Whether keys are those of units, which have an ordinal, and the preference of their document."""

    def part(self, number: int) -> PartWriter:
        """Writes the documents of one part; use it in a `with` block."""
        return PartWriter(self, number)

    def add(self, part: int, documents: pl.DataFrame, keys: Keys) -> None:
        """Adds the documents of one part (doc_id, place int64, preference uint64, domain), in the order of places, with their keys."""
        with self.part(part) as writer:
            writer.add(documents, keys)

    def has(self, part: int) -> bool:
        """Whether a part is there."""
        return (self.folder / "documents" / f"{_name(part)}.parquet").exists()

    def files(self, name: str) -> list[Path]:
        """The files of one kind, in their order."""
        return sorted((self.folder / name).glob("[!.]*.parquet"))

    def rows(self, name: str) -> int:
        """Rows of the files of one kind."""
        return sum(pq.read_metadata(path).num_rows for path in self.files(name))

    def columns(self, name: str) -> list[str]:
        """Columns of the files of one kind."""
        return next((pq.read_schema(path).names for path in self.files(name)), [])

    @property
    def duplicates(self) -> Path:
        """What becomes of its documents."""
        return self.folder / "duplicates.parquet"

    @property
    def filter(self) -> Path:
        """The filter that has seen its documents."""
        return self.folder / "filter.bloom"

    def document_batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Its documents in their order, some at a time."""
        for path in self.files("documents"):
            for batch in pq.ParquetFile(path).iter_batches(_DOCUMENTS_AT_ONCE, columns=list(columns)):
                frame = pl.from_arrow(batch)
                assert isinstance(frame, pl.DataFrame)
                yield frame

    def read(self, name: str, columns: Sequence[str], first: int, last: int) -> pl.DataFrame:
        """The rows of `keys` or `index` in a range, file by file."""
        return pl.concat([read_range(path, columns, first, last) for path in self.files(name)], rechunk=True)

    @property
    def _of_holders(self) -> tuple[str, ...]:
        return ("key", "place", *(("value",) if self.has_values else ()))

    def holders(self, first: int, last: int) -> Holders:
        """The rows of `keys` in a range."""
        return Holders.sorted(*read_arrays(self.files("keys"), self._of_holders, first, last))

    def indexed(self, first: int, last: int) -> Iterator[Holders]:
        """The rows of `index` in a range, piece by piece."""
        for path in self.files("index"):
            yield from (Holders(*piece) for piece in read_pieces(path, self._of_holders, first, last))

    def units(self, first: int, last: int) -> Units:
        """The units whose keys are in a range."""
        return Units.sorted(*read_arrays(self.files("keys"), ("key", "place", "ordinal", "preference"), first, last))


@dataclass
class PartWriter:
    """A part that is being written. It is there when the block has ended without an error."""

    own: DocumentSet
    number: int
    _keys: list[pl.DataFrame] = field(default_factory=list, init=False)
    _held: int = field(default=0, init=False)
    _files: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._documents = Rows(self.own.folder / "documents" / f"{_name(self.number)}.parquet")

    def add(self, documents: pl.DataFrame, keys: Keys) -> None:
        """Adds documents that follow those added before, in the order of places, with their keys."""
        self._documents.write(documents)
        document = keys.document()
        columns = {"key": keys.key, "place": documents["place"].to_numpy()[document]}
        if self.own.has_values:
            assert keys.value is not None
            columns["value"] = keys.value
        if self.own.has_units:
            columns |= {"ordinal": keys.ordinal(), "preference": documents["preference"].to_numpy()[document]}
        self._keys.append(pl.DataFrame(columns))
        self._held += keys.key.size
        if self._held >= KEYS_OF_A_FILE:
            self._write_keys()

    def _write_keys(self) -> None:
        rows = pl.concat(self._keys)
        _, order = radix_sort(rows["key"].to_numpy(), np.arange(rows.height))
        write_keys(self.own.folder / "keys" / f"{_name(self.number)}-{self._files:05d}.parquet", rows[order])
        self._keys, self._held = [], 0
        self._files += 1

    def __enter__(self) -> Self:
        self._documents.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        try:
            if kind is None and self._keys:
                self._write_keys()
        except BaseException as broken:
            kind = type(broken)
            raise
        finally:
            # Last, for it says that the part is there.
            self._documents.__exit__(kind, *error)


class Rows:
    """Rows of one schema that become a Parquet file, some at a time; the file is there when the block has ended without an error."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = path.with_name(f".{path.name}")
        self._file: Any = None

    def write(self, frame: pl.DataFrame) -> None:
        """Adds rows, as a row group of their own."""
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = pq.ParquetWriter(
                self._temporary, table.schema, compression="lz4", use_dictionary=False, write_page_checksum=True
            )
        if table.num_rows:
            self._file.write_table(pa.table(table, schema=self._file.schema), row_group_size=_ROWS_OF_A_GROUP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if self._file is None:
            return
        self._file.close()
        if kind is None:
            self._temporary.replace(self.path)
        else:
            self._temporary.unlink(missing_ok=True)


_ROWS_OF_A_GROUP = 1 << 16


def _name(part: int) -> str:
    return f"{part:010d}"

"""Documents of the sources other than the web, as their readers give them. One partition is a collection, a month of it, a site, a pair, a set.

Files and folders of a location are the units of a reader; small ones share a shard. Every record that can't be used is a reject.

Not here: formats (readers/), encyclopedias' dumps (encyclopedia.py), what becomes of the texts (cleaned.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, model_validator

from corpus_platform.catalogue.refusal import refused
from corpus_platform.documents import SOURCES
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.readers.reader import Reader, Unit, reader_of
from corpus_platform.source_tables import partition_for
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.records import Reject
from corpus_platform.stages.output import Rows
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.texts import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.lake import Lake
    from corpus_platform.readers.reader import SourceDocument
    from corpus_platform.stages.stage import Output, Partition

_SHARD_BYTES = 256 << 20
_SHARD_UNITS = 500
_NAME = r"^[a-z0-9][a-z0-9.-]*$"


class CollectionSettings(Settings):
    """One collection of a source: where it is, and what reads it."""

    location: str = Field(description="Folder (relative to the home), s3:// or https:// place of its files")
    format: str = Field(description="Reader: `corpus read --list` shows them")
    options: dict[str, Any] = Field(default={}, description="Options of the reader")

    @model_validator(mode="after")
    def _is_allowed(self) -> Self:
        if why := refused(self.location):
            raise ValueError(why)
        return self

    def reader(self) -> Reader:
        """The reader with its options. Raises SettingsError for an unknown one, or a wrong option."""
        return reader_of(self.format, self.options)

    def below(self, home: Path) -> CollectionSettings:
        """The same with a relative folder taken below a home."""
        if "://" in self.location:
            return self
        return self.model_copy(update={"location": str(home / Path(self.location).expanduser())})


class SourcesSettings(Settings):
    """The collections of every source, by the name that a user gives them."""

    books: dict[str, CollectionSettings] = Field(default={}, description="Collections of books")
    academic: dict[str, CollectionSettings] = Field(default={}, description="Collections of papers")
    code: dict[str, CollectionSettings] = Field(default={}, description="Collections of repositories")
    social: dict[str, CollectionSettings] = Field(default={}, description="Sites, or dumps of several sites")
    parallel: dict[str, CollectionSettings] = Field(default={}, description="Collections of texts in two languages")
    domain: dict[str, CollectionSettings] = Field(default={}, description="Data sets of a domain")

    @model_validator(mode="after")
    def _are_named_well(self) -> Self:
        import re  # noqa: PLC0415  (here only)

        for source in self.used:
            for name in self.of(source):
                if not re.match(_NAME, name):
                    raise ValueError(
                        f"`{source}.{name}` can't be a collection's name: use small letters, digits, `.` and `-`"
                    )
        return self

    def of(self, source: str) -> dict[str, CollectionSettings]:
        """The collections of one source."""
        return getattr(self, source, {})

    @property
    def used(self) -> tuple[str, ...]:
        """The sources that have collections."""
        return tuple(source for source in SOURCES if self.of(source))

    def below(self, home: Path) -> SourcesSettings:
        """The same with relative folders taken below a home."""
        placed = {s: {name: one.below(home) for name, one in self.of(s).items()} for s in self.used}
        return self.model_copy(update=placed)


@dataclass(frozen=True)
class SourceDocuments(Stage):
    """The documents of some units of a source."""

    version: ClassVar[str] = "2"
    source: str = field(kw_only=True)
    settings: SourcesSettings = SourcesSettings()
    s3: S3Access = field(default_factory=S3Access, kw_only=True)
    """How buckets are reached. No part of the stage's identity."""

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  (one class, a table for each source)
        """`<source>.documents`."""
        return read_table(self.source)

    def found(self) -> dict[tuple[str, ...], list[tuple[str, Unit]]]:
        """The units of each partition (its values), each with its collection's name, in order."""
        return self._listed(self.settings.of(self.source))[0]

    def _listed(
        self, collections: Mapping[str, CollectionSettings]
    ) -> tuple[dict[tuple[str, ...], list[tuple[str, Unit]]], dict[str, tuple[str, ...]]]:
        """The units of each partition, and what the files that tell of all units of a collection are, by its name."""
        found: dict[tuple[str, ...], list[tuple[str, Unit]]] = {}
        beside: dict[str, tuple[str, ...]] = {}
        for collection, one in sorted(collections.items()):
            reader = one.reader()
            if reader.source != self.source:
                raise SettingsError(f"`sources.{self.source}.{collection}`: `{one.format}` reads {reader.source}")
            location = InputLocation(one.location, s3=self.s3)
            if not location.can_list:
                raise SourceError(
                    f"{location}: a web server does not list its files; copy them to a folder or a bucket"
                )
            files = list(location.files())
            beside[collection] = tuple(file.identity for file in files if reader.beside(file.path))
            for unit in reader.units(location, files):
                partition = partition_for(self.source, collection, reader.part_of(unit.name))
                found.setdefault(tuple(partition.values()), []).append((collection, unit))
        return dict(sorted(found.items())), beside

    def _collections_of(self, partition: Partition) -> dict[str, CollectionSettings]:
        """The collections that a partition's units may be in: the one that it names, or all, for a site or pair may be in several."""
        known = self.settings.of(self.source)
        named = partition.get("collection") or partition.get("set")
        return known if named is None else {name: one for name, one in known.items() if name == named}

    def settings_hash(self) -> str:
        """What is read and by which reader is part of the shards."""
        return digest_of([])

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """Units in their order, small ones together."""
        del lake
        collections = self._collections_of(partition)
        found, beside = self._listed(collections)
        units = found.get(tuple(partition.values()), [])
        readers = {name: one.reader() for name, one in collections.items()}
        shards, start = [], 0
        for group in _groups(units):
            reads = [_reads(unit, readers[collection]) for collection, unit in group]
            reads += [told for collection in dict.fromkeys(name for name, _ in group) for told in beside[collection]]
            work = _Work(start, tuple((collection, readers[collection], unit) for collection, unit in group))
            shards.append(Shard(len(shards), tuple(reads), work, sum(unit.bytes for _, unit in group)))
            start += len(group)
        return shards

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the units; what can't be read is a reject."""
        del lake, partition
        work: _Work = shard.work
        rows = Rows(output, {n: t for n, t in polars_schema(table(self.name)).items() if n != "language_score"})
        for index, (collection, reader, unit) in enumerate(work.units, work.first):
            for found in read_unit(reader, unit):
                output.count("records")
                if isinstance(found, Reject):
                    output.reject(**asdict(found))
                else:
                    output.count("kept")
                    own = _of_collection(found, collection, unit)
                    rows.add({**own.row(self.source, unit.name), "shard": shard.index, "file_index": index})
        rows.flush()


@dataclass(frozen=True)
class _Work:
    """What one task reads: the index of its first unit, and units with their collections and readers."""

    first: int
    units: tuple[tuple[str, Reader, Unit], ...]


def read_unit(reader: Reader, unit: Unit) -> Iterator[Any]:
    """The documents of a unit. A text that is no Unicode is a reject, and an error of the reader's own ends the unit as one."""
    position = 0
    try:
        for found in reader.read(unit):
            position = found.position
            if isinstance(found, Reject) or _is_unicode(found.text):
                yield found
            else:
                yield unit.reject(position, "no_text", "half of a surrogate pair")
    except SourceError as error:
        yield unit.reject(position, "unreadable", str(error))


def _of_collection(found: SourceDocument, collection: str, unit: Unit) -> SourceDocument:
    """The document; where its identity is a name of its file, with the collection before it, for two collections may have a `train.jsonl`."""
    return replace(found, identity=f"{collection}/{found.identity}") if unit.name in found.identity else found


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _groups(units: list[tuple[str, Unit]]) -> Iterator[list[tuple[str, Unit]]]:
    """The units in their order, cut into what one task reads."""
    group: list[tuple[str, Unit]] = []
    size = 0
    for one in units:
        if group and (size + one[1].bytes > _SHARD_BYTES or len(group) >= _SHARD_UNITS):
            yield group
            group, size = [], 0
        group.append(one)
        size += one[1].bytes
    if group:
        yield group


def _reads(unit: Unit, reader: Reader) -> str:
    """What a shard says that it reads of a unit: its files, and who reads them how."""
    return f"{unit.identity}\n{reader.name} {reader.version} {digest_of(reader.model_dump(mode='json'))}"

"""Dialogues and preferences of data sets, read from their files. One partition is one data set.

Files of a location are read by the kind and the column map of the data set; small ones share a shard. Every record ends as a dialogue (or several), a
preference, or a reject with its reason: `rows` counts what the files hold, `records` what came of it, and kept + elsewhere + rejects = records.

Not here: kinds and maps (sft/), where data sets are (sft_sets.py), what becomes of dialogues (sft_filtered.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from corpus_platform.errors import SourceError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Dialogue, Preference, Problem, preference_row, row_of
from corpus_platform.sft.kinds.kind import kind_of
from corpus_platform.sft.reading import Reading, read
from corpus_platform.sources.location import InputLocation
from corpus_platform.stages.output import Rows
from corpus_platform.stages.sft_sets import MESSAGES, SftSettings
from corpus_platform.stages.stage import Shard, Stage, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.sft.form import Found, SetFacts
    from corpus_platform.stages.sft_sets import DataSetSettings
    from corpus_platform.stages.stage import Output, Partition

RAW, PREFERENCES = "sft.raw", "sft.preferences"
_SHARD_BYTES = 128 << 20
_SHARD_FILES = 500
_ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True)
class Work:
    """What one task reads: the index of its first file, files, how they are read, and what is true of all their records."""

    first: int
    units: tuple[Unit, ...]
    reading: Reading
    facts: SetFacts


@dataclass(frozen=True)
class FromFiles(Stage):
    """What the stages that read a data set's files have in common."""

    settings: SftSettings = SftSettings()
    s3: S3Access = field(default_factory=S3Access, kw_only=True)
    """How buckets are reached. No part of the stage's identity."""

    def settings_hash(self) -> str:
        """How a data set is read is part of its shards: another one that is added makes nothing stale."""
        return digest_of([])

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """The files in their order, small ones together."""
        del lake
        one = self._set(partition)
        reading, facts = one.reading(), one.facts(partition["set"])
        how = (f"facts:{digest_of(_known(facts))}", f"reading:{digest_of(reading.model_dump(mode='json'))}")
        kind = kind_of(reading.kind, reading.options)
        shards, start = [], 0
        for group in _groups(units_of(one, self.s3)):
            reads = (*(unit.identity for unit in group), f"kind:{kind.name} {kind.version}", *how)
            work = Work(start, tuple(group), reading, facts)
            shards.append(Shard(len(shards), reads, work, sum(unit.bytes for unit in group)))
            start += len(group)
        return shards

    def _set(self, partition: Partition) -> DataSetSettings:
        one = self.settings.one(partition["set"])
        if one.location is None:
            raise SourceError(f"`sft.sets.{partition['set']}` is made by `{one.built_by}`, and not read from files")
        return one


@dataclass(frozen=True)
class SftMessages(FromFiles):
    """The dialogues of some files of a data set."""

    name: ClassVar[str] = MESSAGES
    version: ClassVar[str] = "1"
    gives: ClassVar[Literal["dialogues", "preferences"]] = "dialogues"

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The list of files; what is in them is read from where they are."""
        return ((RAW, variant),)

    @property
    def reads_source(self) -> bool:
        """Records come in here, whatever is listed before."""
        return True

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the files; what can't be used is a reject."""
        del lake, partition
        work: Work = shard.work
        rows = Rows(output, polars_schema(table(self.name)))
        for index, unit in enumerate(work.units, work.first):
            last: tuple[str, int] | None = None
            for found in read(unit, work.reading):
                output.count("rows", int((found.file, found.position) != last))
                last = found.file, found.position
                output.count("records")
                row = self._row(found, work.facts, output)
                if row is not None:
                    rows.add({**row, "shard": shard.index, "file_index": index})
        rows.flush()

    def _row(self, found: Found, facts: SetFacts, output: Output) -> dict[str, Any] | None:
        """The row of a find that belongs into this table; others are counted, and problems become rejects."""
        place = {"file": found.file, "position": found.position, "ordinal": found.ordinal}
        match found.outcome:
            case Problem(reason=reason, detail=detail, broken=broken):
                output.reject(file=found.file, position=found.position, reason=reason, detail=detail, broken=broken)
                return None
            case Dialogue() as dialogue if self.gives == "dialogues":
                output.count("kept")
                return row_of(dialogue, facts, **place)
            case Preference() as preference if self.gives == "preferences":
                output.count("kept")
                return preference_row(preference, facts, **place)
        output.count("elsewhere")
        return None


@dataclass(frozen=True)
class SftPreferences(SftMessages):
    """The preferences of some files of a data set."""

    name: ClassVar[str] = PREFERENCES
    version: ClassVar[str] = "1"
    gives: ClassVar[Literal["dialogues", "preferences"]] = "preferences"


def units_of(one: DataSetSettings, s3: S3Access) -> Iterator[Unit]:
    """The files of a data set, by name. Raises SourceError where the place can't be reached or listed, or has none."""
    reading = one.reading()
    assert one.location is not None
    location, alone = _place(one.location, s3)
    if alone is not None:
        yield Unit(alone, (location.stat(alone),), location)
        return
    if not location.can_list:
        raise SourceError(f"{location}: a web server does not list its files; copy them to a folder or a bucket")
    files = [file for file in location.files() if reading.wants(file.path) or _is_archive(file.path, reading)]
    if not files:
        raise SourceError(f"{location}: there is no file that `files` and `skip` let through")
    yield from (Unit(file.path, (file,), location) for file in sorted(files, key=lambda file: file.path))


def _place(text: str, s3: S3Access) -> tuple[InputLocation, str | None]:
    """A location, and the name of the only file where it is a file of this machine and no folder."""
    path = Path(text)
    if "://" not in text and path.is_file():
        return InputLocation(str(path.parent)), path.name
    return InputLocation(text, s3=s3), None


def _is_archive(path: str, reading: Reading) -> bool:
    """Whether a file may have members that are read, though its own name is none that `files` names."""
    return path.lower().endswith(_ARCHIVES) and not any(fnmatch(path, pattern) for pattern in reading.skip)


def _groups(units: Iterator[Unit]) -> Iterator[list[Unit]]:
    group: list[Unit] = []
    size = 0
    for unit in units:
        if group and (size + unit.bytes > _SHARD_BYTES or len(group) >= _SHARD_FILES):
            yield group
            group, size = [], 0
        group.append(unit)
        size += unit.bytes
    if group:
        yield group


def _known(facts: SetFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}

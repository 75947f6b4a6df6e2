"""Where the texts of a class come from: a table of the platform, or files at a location.

Sources of one class give equal parts. Texts of the web may be mixed as RedPajama-V2 mixes them: 10 % head, 20 % middle, 70 % tail, and as many
from every snapshot. Which texts are taken depends on their hashes alone.
Files: JSON lines with `text` and, where only some rows are meant, `label`; fastText's own form (`__label__x text`); plain text, a line a text;
Parquet with `text`. Any of the first three may be compressed (.gz, .zst).

Not here: what is made of the texts (classifiers.py, models/).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import orjson
import polars as pl
import pyarrow as pa
from pydantic import Field, model_validator

from corpus_platform.errors import SourceError
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.models.training_sets import LowestHashes
from corpus_platform.sources.location import InputLocation
from corpus_platform.stages.encyclopedia import ARTICLES, UNDATED
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.stage import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.sources.store import InputFile

_MIX = {"head": 0.1, "middle": 0.2, "tail": 0.7}
"""Shares of the buckets in RedPajama-V2's negatives."""
_LABEL = "__label__"


class Rows(Settings):
    """Texts of a class: those of a table, or of files."""

    table: Literal["encyclopedia.articles", "web.pages", "web.documents"] | None = Field(
        default=None, description="Table of the platform that the texts are from"
    )
    location: str | None = Field(default=None, description="A file of texts, or a folder or bucket of such files")
    language: str | None = Field(default=None, description="Only texts of the table in this language")
    variant: str | None = Field(default=None, description="Text variant of the web; the first that there is by default")
    snapshots: tuple[str, ...] = Field(default=(), description="Snapshots of the web; the oldest by default")
    label: str | None = Field(default=None, description="Only rows of the files with this label")
    urls: str | None = Field(default=None, description="Only pages whose addresses are in this file, one a line")
    domains: str | None = Field(
        default=None, description="Only pages of the hosts in this file, one a line, e.g. UT1's `adult/domains`"
    )
    min_characters: int = Field(default=0, ge=0, description="Shorter texts are left out")
    ccnet_mix: bool = Field(default=False, description="10 % head, 20 % middle, 70 % tail, where buckets are known")

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if (self.table is None) == (self.location is None):
            raise ValueError("texts are from a `table` or from a `location`, one of them")
        return self

    def below(self, home: Path) -> Rows:
        """The same with relative places taken below a home."""
        update = {}
        for key in ("location", "urls", "domains"):
            place = getattr(self, key)
            if place and "://" not in place:
                update[key] = str(home / Path(place).expanduser())
        return self.model_copy(update=update)


@dataclass(frozen=True)
class Found:
    """What a source reads: its identity for fingerprints, and its size."""

    reads: tuple[str, ...]
    bytes: int


@dataclass(frozen=True)
class PublishedFile:
    """One file at a location."""

    location: InputLocation
    file: InputFile

    @property
    def identity(self) -> str:
        """Name, size and version."""
        return self.file.identity

    @property
    def size(self) -> int | None:
        """Bytes, where they are known."""
        return self.file.size

    def local(self) -> AbstractContextManager[Path]:
        """The file on this machine while the block runs."""
        return self.location.local_copy(self.file.path)


def published_file(location: str, s3: S3Access | None = None) -> PublishedFile:
    """The file of an address; `s3` says how buckets are reached. Raises InputMissing where there is none."""
    folder, _, name = location.rpartition("/")
    place = InputLocation(folder or "/", s3=s3 or S3Access())
    return PublishedFile(place, place.stat(name))


@dataclass(frozen=True)
class RowsOf:
    """Texts of a lake's tables and of files."""

    lake: Lake
    s3: S3Access = field(default_factory=S3Access)
    """How buckets of files are reached."""

    def inputs(self, rows: Rows) -> Found:
        """What the source reads now; nothing where the table has no such rows yet."""
        if rows.location is not None:
            files = _files(rows.location, self.s3)
            return Found(tuple(one.identity for one in files), sum(one.size or 0 for one in files))
        files = [file for group in self._groups(rows).values() for file in group]
        extra = tuple(published_file(place, self.s3).identity for place in (rows.urls, rows.domains) if place)
        return Found((*digests(files), *extra) if files else (), sum(file.bytes for file in files))

    def texts(self, sources: tuple[Rows, ...], limit: int) -> list[str]:
        """At most `limit` texts, in equal parts from each source: those with the lowest hashes."""
        part = max(limit // max(len(sources), 1), 1)
        return [text for rows in sources for text in self._some(rows, part)]

    def _some(self, rows: Rows, limit: int) -> list[str]:
        if rows.location is not None:
            kept = LowestHashes(limit)
            for file in _files(rows.location, self.s3):
                for text in _texts(file, rows.label):
                    if len(text) >= max(rows.min_characters, 1):
                        kept.add(text)
            return [text for _, text in kept.rows()]
        groups = self._groups(rows)
        wanted = {
            column: _entries(place, self.s3)
            for column, place in (("url", rows.urls), ("domain", rows.domains))
            if place
        }
        part = max(limit // max(len(groups), 1), 1)
        return [text for files in groups.values() for text in self._mixed(rows, files, part, wanted)]

    def _mixed(self, rows: Rows, files: list[DataFile], limit: int, wanted: dict[str, list[str]]) -> list[str]:
        """Texts of one snapshot or dump, by bucket where a mix is asked for."""
        mixed = rows.ccnet_mix and rows.table == "web.documents"
        strata = {b: LowestHashes(max(round(s * limit), 1)) for b, s in _MIX.items()} if mixed else {}
        rest = LowestHashes(limit)
        columns = ["text", *(["language"] if rows.table != ARTICLES else []), *(["bucket"] if mixed else [])]
        columns += list(wanted)
        for file in files:
            for frame in batches(self.lake, file, columns=columns):
                chosen = _chosen(frame, rows, wanted)
                buckets = chosen["bucket"].to_list() if mixed else [None] * chosen.height
                for text, bucket in zip(chosen["text"], buckets, strict=True):
                    strata.get(bucket or "", rest).add(text)
        return [text for kept in (*strata.values(), rest) for _, text in kept.rows()][:limit]

    def _groups(self, rows: Rows) -> dict[str, list[DataFile]]:
        """The table's files by snapshot or dump."""
        table = rows.table or ARTICLES
        known = self.lake.partitions(table)
        if table == ARTICLES:
            dumps = [p["dump"] for p in known if p["language"] == rows.language]
            newest = sorted(dumps, key=lambda name: (name != UNDATED, name))[-1:]
            return {d: self.lake.files(table, {"language": str(rows.language), "dump": d}) for d in newest}
        variants = sorted({p["variant"] for p in known})
        variant = rows.variant or (variants[0] if variants else "")
        there = sorted(p["snapshot"] for p in known if p["variant"] == variant)
        if missing := [name for name in rows.snapshots if name not in there]:
            raise SourceError(f"{table}: no snapshot {', '.join(missing)} of `{variant}`; there are {', '.join(there)}")
        # The oldest stays the oldest when others come: models do not turn stale with every snapshot.
        chosen = rows.snapshots or tuple(there[:1])
        return {name: self.lake.files(table, {"variant": variant, "snapshot": name}) for name in chosen}


def _chosen(frame: pl.DataFrame, rows: Rows, wanted: dict[str, list[str]]) -> pl.DataFrame:
    condition = pl.col("text").str.len_chars() >= max(rows.min_characters, 1)
    if rows.language is not None and "language" in frame.columns:
        condition &= pl.col("language") == rows.language
    for column, entries in wanted.items():
        condition &= pl.col(column).is_in(entries)
    return frame.filter(condition)


def _entries(location: str, s3: S3Access) -> list[str]:
    """The lines of a file, stripped, without blank ones."""
    return sorted({line.strip() for line in _lines(published_file(location, s3)) if line.strip()})


def _files(location: str, s3: S3Access) -> list[PublishedFile]:
    """The file of a location, or all files of a folder."""
    place = InputLocation(location, s3=s3)
    if place.is_local and not Path(place.base).is_dir():
        return [published_file(place.base, s3)]
    if not place.can_list:
        return [published_file(location, s3)]
    return [PublishedFile(place, file) for file in place.files()]


def _texts(file: PublishedFile, label: str | None) -> Iterator[str]:
    """The texts of a file in order; only those of a label, where one is named."""
    if file.file.path.endswith(".parquet"):
        with file.local() as path:
            frame = pl.read_parquet(path)
        yield from (frame if label is None else frame.filter(pl.col("label") == label))["text"]
        return
    is_json = ".json" in file.file.path
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        found, text = _json_row(line, file, number) if is_json else _labelled(line)
        if label is None or found == label:
            yield text


def _lines(file: PublishedFile) -> Iterator[str]:
    with file.local() as path, pa.input_stream(str(path), compression="detect") as stream:
        buffered: Any = io.BufferedReader(stream)
        for line in io.TextIOWrapper(buffered, encoding="utf-8", errors="replace", newline="\n"):
            yield line.rstrip("\r\n")


def _json_row(line: str, file: PublishedFile, number: int) -> tuple[str | None, str]:
    try:
        row = orjson.loads(line)
        text = row["text"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        address = file.location.address(file.file.path)
        raise SourceError(f'{address}:{number}: not a row of training text: {{"text": ..., "label": ...}}') from None
    return (str(row["label"]) if "label" in row else None), str(text)


def _labelled(line: str) -> tuple[str | None, str]:
    if not line.startswith(_LABEL):
        return None, line
    label, _, text = line.partition(" ")
    return label.removeprefix(_LABEL), text

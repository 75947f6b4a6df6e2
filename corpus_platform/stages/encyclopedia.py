"""Encyclopedia articles as plain text: from MediaWiki dumps, and from other files by readers. One partition is one dump of one language.

A dump of Wikimedia is named by its files; one that a reader reads has the language of its options or settings, and the name that the settings give it.

Not here: the dump's format and its markup (sources/mediawiki.py), other formats (readers/baike.py), cleaning (recipes/cleaning/encyclopedia.yaml).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake.fit import polars_schema
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.mediawiki import Article, read_dump
from corpus_platform.sources.records import Reject
from corpus_platform.sources.wikitext import Formulas, Tables  # noqa: TC001  (fields' types, which Pydantic reads)
from corpus_platform.stages.source_documents import CollectionSettings, read_unit
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.readers.reader import Unit
    from corpus_platform.sources.store import InputFile
    from corpus_platform.stages.stage import Output, Partition

ARTICLES = "encyclopedia.articles"
UNDATED = "undated"
_DUMP = re.compile(r"(?:^|/)(?P<language>[a-z][a-z_]*?)wiki(?:-(?P<dump>\d{8}|latest|sample))?(?:-[^/]*)?\.xml[^/]*$")
_NAME = r"^[a-z][a-z0-9_]*$"
_BATCH = 500
_NO_ARTICLES = frozenset({"namespace", "redirect", "disambiguation"})


class EncyclopediaReader(CollectionSettings):
    """A place with files of another encyclopedia, and how they are read."""

    language: str | None = Field(
        default=None, description="Language of the articles; that of the reader's options by default"
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            reader = self.reader()
        except SettingsError as error:
            raise ValueError(str(error)) from None
        if reader.source != "encyclopedia":
            raise ValueError(f"reader `{self.format}` is for {reader.source}, not for an encyclopedia")
        if self.code is None:
            raise ValueError("say in `language` what language the articles have, e.g. zh")
        return self

    @property
    def code(self) -> str | None:
        """Language of the articles."""
        return self.language or getattr(self.reader(), "language", None)


class EncyclopediaSettings(Settings):
    """Where dumps are. Files are called as Wikimedia calls them: `enwiki-20240301-pages-articles.xml.bz2`."""

    location: str | None = Field(default=None, description="Folder, s3:// or https:// place of MediaWiki XML dumps")
    readers: dict[str, EncyclopediaReader] = Field(
        default={}, description="Other encyclopedias by the name that their dump gets, e.g. baike_20240101"
    )
    min_characters: int = Field(
        default=1, ge=0, description="Shorter articles are dropped, in code points of plain text"
    )
    tables: Tables = Field(default="drop", description="Whether tables of wikitext go, or stay as a line for each row")
    formulas: Formulas = Field(
        default="latex", description="Whether formulas of wikitext stay as LaTeX between dollars"
    )
    disambiguation: Literal["keep", "drop"] = Field(
        default="keep", description="Whether disambiguation pages stay, with the category `disambiguation`"
    )
    list_redirects: bool = Field(default=False, description="List redirects in `ops.rejects`, besides counting them")

    @model_validator(mode="after")
    def _have_names(self) -> Self:
        if strange := [name for name in self.readers if not re.match(_NAME, name)]:
            raise ValueError(f"`{strange[0]}` names no dump: small letters, digits and `_`, e.g. baike_20240101")
        return self

    def below(self, home: Path) -> EncyclopediaSettings:
        """The same with relative folders taken below a home."""
        location = self.location
        if location and "://" not in location:
            location = str(home / Path(location).expanduser())
        readers = {name: one.below(home) for name, one in self.readers.items()}
        return self.model_copy(update={"location": location, "readers": readers})


@dataclass(frozen=True)
class _Files:
    """What a shard reads of a configured encyclopedia: a unit, and the name of its settings."""

    name: str
    unit: Unit


@dataclass(frozen=True)
class Articles(Stage):
    """One dump file: its articles as documents."""

    name: ClassVar[str] = ARTICLES
    version: ClassVar[str] = "4"
    settings: EncyclopediaSettings = EncyclopediaSettings()
    s3: S3Access = field(default_factory=S3Access, kw_only=True)
    """How buckets are reached. No part of the stage's identity."""

    def dumps(self) -> dict[tuple[str, str], list[InputFile]]:
        """The files of each (language, dump) at the locations, by name; a dump without a date is called `undated`."""
        found: dict[tuple[str, str], list[InputFile]] = {}
        if self.settings.location is not None:
            for file in InputLocation(self.settings.location, s3=self.s3).files():
                match = _DUMP.search(file.path)
                if match:
                    language = match["language"].replace("_", "-")
                    found.setdefault((language, match["dump"] or UNDATED), []).append(file)
        for name, one in self.settings.readers.items():
            if files := [file for unit in self._units(one) for file in unit.files]:
                found.setdefault((one.code or "", name), []).extend(files)
        return dict(sorted(found.items()))

    def settings_hash(self) -> str:
        """The same wherever the dumps are: what is read is part of the shards, so a home can be moved; readers are too."""
        return digest_of(self.settings.model_dump(mode="json", exclude={"location", "readers"}))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of the dump, or per unit of the reader."""
        del lake
        one = self.settings.readers.get(partition["dump"])
        if one is not None and one.code == partition["language"]:
            how = digest_of([one.format, one.reader().version, one.reader().model_dump(mode="json")])
            return [
                Shard(i, (unit.identity, how), _Files(partition["dump"], unit), unit.bytes)
                for i, unit in enumerate(self._units(one))
            ]
        files = self.dumps().get((partition["language"], partition["dump"]), [])
        return [Shard(i, (file.identity,), file, file.size or 0) for i, file in enumerate(files)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the dump; a page that can't be read is a reject."""
        del lake
        rows: list[dict[str, Any]] = []
        for item in self._items(partition, shard):
            output.count("records")
            if isinstance(item, Reject):
                self._reject(item, output)
                continue
            if len(item["text"]) < self.settings.min_characters:
                output.count("dropped:too_short")
                continue
            output.count("kept")
            rows.append({**item, "shard": shard.index, "file_index": shard.index})
            if len(rows) >= _BATCH:
                output.write(self._frame(rows))
                rows = []
        if rows:
            output.write(self._frame(rows))

    def _frame(self, rows: list[dict[str, Any]]) -> pl.DataFrame:
        schema = polars_schema(self.output())
        return pl.DataFrame({name: [row[name] for row in rows] for name in schema}, schema=schema)

    def _items(self, partition: Partition, shard: Shard) -> Iterator[dict[str, Any] | Reject]:
        """Rows and rejects in order."""
        if isinstance(shard.work, _Files):
            unit, reader = shard.work.unit, self.settings.readers[shard.work.name].reader()
            for item in read_unit(reader, unit):
                if isinstance(item, Reject):
                    yield item
                else:
                    yield {**item.row(reader.source, unit.name), "language": partition["language"]}
            return
        if self.settings.location is None:
            raise SourceError("encyclopedia.articles: set `encyclopedia.location` in the settings")
        file: InputFile = shard.work
        with InputLocation(self.settings.location, s3=self.s3).open(file.path) as stream:
            dump = read_dump(
                stream,
                file.path,
                language=partition["language"],
                tables=self.settings.tables,
                formulas=self.settings.formulas,
                disambiguation=self.settings.disambiguation,
            )
            for page in dump:
                yield page.row() if isinstance(page, Article) else page

    def _reject(self, page: Reject, output: Output) -> None:
        # A full dump has millions of redirects and talk pages: they are counted, and listed only where somebody asks for them.
        listed = self.settings.list_redirects and page.reason == "redirect"
        if page.reason in _NO_ARTICLES and not listed:
            output.count(f"dropped:{page.reason}")
        else:
            output.reject(**asdict(page))

    def _units(self, one: EncyclopediaReader) -> list[Unit]:
        location = InputLocation(one.location, s3=self.s3)
        return one.reader().units(location, location.files())

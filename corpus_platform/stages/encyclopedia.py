"""Encyclopedia articles from MediaWiki dumps, as plain text. One partition is one dump of one language.

Not here: the dump's format and its markup (sources/mediawiki.py).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import polars as pl
from pydantic import Field

from corpus_platform.errors import SourceError
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.mediawiki import Article, read_dump
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.sources.store import InputFile
    from corpus_platform.stages.stage import Output, Partition

ARTICLES = "encyclopedia.articles"
UNDATED = "undated"
_DUMP = re.compile(r"(?:^|/)(?P<language>[a-z][a-z_]*?)wiki(?:-(?P<dump>\d{8}|latest|sample))?(?:-[^/]*)?\.xml[^/]*$")
_BATCH = 500
_NO_ARTICLES = frozenset({"namespace", "redirect"})


class EncyclopediaSettings(Settings):
    """Where dumps are. Files are called as Wikimedia calls them: `enwiki-20240301-pages-articles.xml.bz2`."""

    location: str | None = Field(default=None, description="Folder, s3:// or https:// place of MediaWiki XML dumps")
    min_characters: int = Field(
        default=1, ge=0, description="Shorter articles are dropped, in code points of plain text"
    )

    def below(self, home: Path) -> EncyclopediaSettings:
        """The same with a relative folder taken below a home."""
        if self.location is None or "://" in self.location:
            return self
        return self.model_copy(update={"location": str(home / Path(self.location).expanduser())})


@dataclass(frozen=True)
class Articles(Stage):
    """One dump file: its articles as documents."""

    name: ClassVar[str] = ARTICLES
    version: ClassVar[str] = "1"
    settings: EncyclopediaSettings = EncyclopediaSettings()
    s3: S3Access = field(default_factory=S3Access, kw_only=True)
    """How buckets are reached. No part of the stage's identity."""

    def dumps(self) -> dict[tuple[str, str], list[InputFile]]:
        """The files of each (language, dump) at the location, by name; a dump without a date is called `undated`."""
        if self.settings.location is None:
            return {}
        found: dict[tuple[str, str], list[InputFile]] = {}
        for file in InputLocation(self.settings.location, s3=self.s3).files():
            match = _DUMP.search(file.path)
            if match:
                language = match["language"].replace("_", "-")
                found.setdefault((language, match["dump"] or UNDATED), []).append(file)
        return dict(sorted(found.items()))

    def settings_hash(self) -> str:
        """The same wherever the dumps are: what is read is part of the shards, so a home can be moved."""
        return digest_of(self.settings.model_dump(mode="json", exclude={"location"}))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of the dump."""
        del lake
        files = self.dumps().get((partition["language"], partition["dump"]), [])
        return [Shard(i, (file.identity,), file, file.size or 0) for i, file in enumerate(files)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the dump; a page that can't be read is a reject."""
        del lake
        if self.settings.location is None:
            raise SourceError("encyclopedia.articles: set `encyclopedia.location` in the settings")
        rows: list[dict[str, object]] = []
        file: InputFile = shard.work
        with InputLocation(self.settings.location, s3=self.s3).open(file.path) as stream:
            for page in read_dump(stream, file.path, language=partition["language"]):
                output.count("records")
                if not isinstance(page, Article):
                    # A full dump has millions of redirects and talk pages: they are counted, not listed.
                    if page.reason in _NO_ARTICLES:
                        output.count(f"dropped:{page.reason}")
                    else:
                        output.reject(**asdict(page))
                elif len(page.text) < self.settings.min_characters:
                    output.count("dropped:too_short")
                else:
                    output.count("kept")
                    rows.append({**page.row(), "shard": shard.index, "file_index": shard.index})
                if len(rows) >= _BATCH:
                    output.write(pl.DataFrame(rows, infer_schema_length=None))
                    rows = []
        if rows:
            output.write(pl.DataFrame(rows, infer_schema_length=None))

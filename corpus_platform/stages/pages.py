"""Pages of a crawl with their text: WARC files through extraction, or WET files as the crawler made them.

One partition is one snapshot in one text variant. A page has the same doc_id in every variant. Every record that can't be used is a reject.

Not here: formats (sources/), charsets and extraction (extract/), which pages a corpus keeps (the recipes).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import orjson
import polars as pl
from pydantic import Field, PrivateAttr

from corpus_platform.documents import document_id, domain_of
from corpus_platform.errors import SourceError
from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.outcome import Unusable
from corpus_platform.extract.page import page_text
from corpus_platform.lake.s3_settings import Endpoint, NoCredentials, S3Access
from corpus_platform.sources.columnar_index import SelectedFile, Selection, read_selected, selection_plan
from corpus_platform.sources.common_crawl import CommonCrawl, WarcFolder, group_files, related_path
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.records import Record, Reject, WetRecord
from corpus_platform.sources.warc import MAX_BODY_BYTES, read_responses, read_wet
from corpus_platform.sources.wat import WatRecord, join_wat, read_wat
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.extract.main_text import Method
    from corpus_platform.lake import Lake
    from corpus_platform.sources.store import InputFile
    from corpus_platform.stages.stage import Output, Partition

PAGES = "web.pages"
WET = "wet"
SOURCE = "common_crawl"
_BATCH = 200


class SourceSettings(NoCredentials, Settings):
    """Where crawls are."""

    _s3: S3Access = PrivateAttr(default_factory=S3Access)
    """How buckets are reached where the section does not say it; see `reached_by`."""

    location: str = Field(
        default="sample",
        description="Base of a crawl in Common Crawl's layout: a folder, s3://commoncrawl, https://...",
    )
    anonymous: bool = Field(default=False, description="Ask buckets without credentials, as Common Crawl's allows")
    endpoint: Endpoint | None = Field(default=None, description="S3 server of the buckets; that of `s3` by default")
    index: str | None = Field(default=None, description="Where collinfo.json is, if not at the base")
    archives: dict[str, str] = Field(
        default={}, description="Snapshots of one's own: name -> folder or bucket of WARC files"
    )

    def reached_by(self, s3: S3Access) -> SourceSettings:
        """The same with buckets reached as `s3` says, where the section does not."""
        reached = self.model_copy()
        reached._s3 = s3  # noqa: SLF001  (its own class)
        return reached

    def below(self, home: Path) -> SourceSettings:
        """The same with relative folders and files taken below a home."""

        def place(location: str) -> str:
            return location if "://" in location else str(home / Path(location).expanduser())

        archives = {name: place(at) for name, at in self.archives.items()}
        placed = self.model_copy(update={"location": place(self.location), "archives": archives})
        return placed.reached_by(self._s3.below(home))

    def crawl(self) -> CommonCrawl:
        """The crawl at the base."""
        return CommonCrawl(self._at(self.location), self._at(self.index) if self.index else None)

    def at(self, snapshot: str) -> InputLocation:
        """Where the files of a snapshot are."""
        return self._at(self.archives.get(snapshot, self.location))

    def _at(self, location: str) -> InputLocation:
        return InputLocation(location, anonymous=self.anonymous, endpoint=self.endpoint, s3=self._s3)

    def snapshots(self) -> list[str]:
        """The snapshots of the crawl and the named archives."""
        return [*(snapshot.name for snapshot in self.crawl().snapshots()), *self.archives]


class SelectionSettings(Settings):
    """A choice of pages through Common Crawl's columnar index, so that a corpus costs its share of a crawl. WARC only."""

    languages: tuple[str, ...] = Field(default=(), description="ISO 639-3 codes, e.g. zho")
    domains: tuple[str, ...] = Field(default=(), description="Registered domains or host names")
    tlds: tuple[str, ...] = Field(default=(), description="Top-level domains, e.g. cn")
    media_types: tuple[str, ...] = Field(default=(), description="Types that the crawler detected, e.g. text/html")

    def selection(self) -> Selection:
        """The selection that the settings describe."""
        return Selection(self.languages, "any", self.domains, self.tlds, self.media_types)


class PagesSettings(Settings):
    """How a snapshot is cut into shards, and how a page is read."""

    shard_files: int = Field(default=8, ge=1, description="Input files of one shard")
    first_files: int | None = Field(default=None, ge=1, description="Only so many files of a snapshot; all by default")
    select: SelectionSettings | None = Field(default=None, description="Only some pages, by language, domain or type")
    wat: bool = Field(default=False, description="Join WAT metadata to WET pages: title, robots, number of links")
    max_body_bytes: int = Field(default=MAX_BODY_BYTES, ge=1, description="Larger pages are rejected")
    time_limit: float = Field(default=10.0, gt=0, description="Seconds that the extraction of one page may take")


@dataclass(frozen=True)
class _Files:
    """What one task reads: (index in the snapshot's list, file or chosen records of a file)."""

    files: tuple[tuple[int, InputFile | SelectedFile], ...]


@dataclass(frozen=True)
class Pages(Stage):
    """A group of WARC or WET files as pages."""

    name: ClassVar[str] = PAGES
    version: ClassVar[str] = "1"
    settings: PagesSettings = PagesSettings()
    source: SourceSettings = SourceSettings()

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """Groups of the snapshot's files, in the order of its list."""
        del lake
        snapshot = partition["snapshot"]
        if self.settings.select and partition["variant"] != WET:
            return self._selected(snapshot)
        kind = "wet" if partition["variant"] == WET else "warc"
        if snapshot in self.source.archives:
            files = WarcFolder(self.source.at(snapshot), snapshot).files(snapshot, kind)
        else:
            files = self.source.crawl().files(snapshot, kind)
        groups = group_files(files[: self.settings.first_files], shard_files=self.settings.shard_files)
        return [
            Shard(g.index, tuple(file.identity for file in g.files), _Files(tuple(g.indexed())), g.bytes)
            for g in groups
        ]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the shard's files, a batch of pages at a time."""
        del lake
        work: _Files = shard.work
        snapshot = partition["snapshot"]
        own = snapshot in self.source.archives
        with _Reader(partition["variant"], self.settings, self.source.at(snapshot), own_archive=own) as reader:
            for file_index, file in work.files:
                place = {"shard": shard.index, "file_index": file_index}
                rows: list[dict[str, Any]] = []
                seen: set[str] = set()
                for page in reader.pages(file):
                    output.count("records")
                    if not isinstance(page, Reject):
                        page = _once(page, seen)  # noqa: PLW2901  (a page, or the reject that it becomes)
                    if isinstance(page, Reject):
                        output.reject(**asdict(page))
                        continue
                    output.count("kept")
                    rows.append(place | page)
                    if len(rows) == _BATCH:
                        output.write(_frame(rows))
                        rows = []
                output.write(_frame(rows))
            for name, n in sorted(reader.counts.items()):
                output.count(name, n)

    def _selected(self, snapshot: str) -> list[Shard]:
        """Groups of the files that have wanted records, in the order of the snapshot's list."""
        assert self.settings.select is not None
        if snapshot in self.source.archives:
            raise SourceError(
                f"{snapshot}: an archive has no columnar index to select from; make it in a home without `pages.select`"
            )
        location = self.source.at(snapshot)
        listed = self.source.crawl().paths(snapshot, "warc")[: self.settings.first_files]
        index = {path: i for i, path in enumerate(listed)}
        plan = selection_plan(location, snapshot, self.settings.select.selection())
        chosen = sorted(((index[file.path], file) for file in plan.files if file.path in index), key=itemgetter(0))
        if not chosen:
            raise SourceError(f"{snapshot}: no page in its columnar index fits `pages.select`")
        size = self.settings.shard_files
        return [_shard_of(i // size, chosen[i : i + size]) for i in range(0, len(chosen), size)]


def _shard_of(index: int, chosen: list[tuple[int, SelectedFile]]) -> Shard:
    reads = tuple(f"{file.path} {digest_of(file.offsets.tolist())}" for _, file in chosen)
    return Shard(index, reads, _Files(tuple(chosen)), sum(int(file.lengths.sum()) for _, file in chosen))


class _Reader:
    """Turns files into pages; owns the extractor's helper process."""

    def __init__(self, variant: str, settings: PagesSettings, location: InputLocation, *, own_archive: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._variant = variant
        self._settings = settings
        self._location = location
        self._extractor: Extractor | None = None
        self._own_archive = own_archive

    def __enter__(self) -> Self:
        if self._variant != WET:
            self._extractor = Extractor(cast("Method", self._variant), time_limit=self._settings.time_limit)
        return self

    def __exit__(self, *_: object) -> None:
        if self._extractor is not None:
            self._extractor.close()

    def pages(self, file: InputFile | SelectedFile) -> Iterator[dict[str, Any] | Reject]:
        """The pages of a file as rows, and what can't be used as rejects."""
        limit = self._settings.max_body_bytes
        if isinstance(file, SelectedFile):
            yield from map(self._page, read_selected(self._location, file, counts=self.counts, max_body_bytes=limit))
            return
        with self._location.local_copy(file.path) as path:
            if self._extractor is None:
                yield from self._wet_pages(path, file.path)
            else:
                yield from map(self._page, read_responses(path, file.path, counts=self.counts, max_body_bytes=limit))

    def _page(self, record: Record | Reject) -> dict[str, Any] | Reject:
        if isinstance(record, Reject):
            return record
        assert self._extractor is not None
        # The server's own words carry the charset; the type that the crawler found does not.
        stated = record.headers.get("Content-Type") or record.content_type
        try:
            page = page_text(record.body, record.headers, stated, self._extractor)
        except Unusable as error:
            return Reject(
                record.file, record.position, error.reason, str(error), record.url, record.record_id,
                broken=error.reason not in {"not_text", "page_too_large", "no_math"},
            )  # fmt: skip
        return {
            **self._row(record),
            "title": page.title,
            "text": page.text,
            "language": page.language_hint,
            "content_type": record.content_type,
            "licence": page.licence,
            "meta": _json({"truncated": record.truncated, "formulas": page.notes}),
            "http_status": record.status,
            "charset": page.charset,
            "charset_source": page.charset_source,
            "bytes": len(record.body),
            "robots": page.robots,
            "tdm_reservation": page.tdm_reservation,
            "tdm_policy": page.tdm_policy,
        }

    def _wet_pages(self, path: Path, file: str) -> Iterator[dict[str, Any] | Reject]:
        found = read_wet(path, file, counts=self.counts, max_body_bytes=self._settings.max_body_bytes)
        if not self._settings.wat:
            for wet in found:
                yield wet if isinstance(wet, Reject) else self._wet_row(wet, None)
            return
        name = related_path(file, "wat")
        with self._location.local_copy(name) as metadata:
            for wet, wat in join_wat(found, read_wat(metadata, name, counts=self.counts)):
                yield wet if isinstance(wet, Reject) else self._wet_row(wet, wat)

    def _wet_row(self, record: WetRecord, wat: WatRecord | None) -> dict[str, Any]:
        return {
            **self._row(record),
            "title": wat.title if wat else None,
            "text": record.text,
            "content_type": "text/plain",
            "meta": _json({"languages": record.languages, "links": len(wat.links) if wat else 0}),
            "charset": "utf-8",
            "bytes": record.content_length,
            "robots": ",".join(wat.meta("robots")) or None if wat else None,
        }

    def _row(self, record: Record | WetRecord) -> dict[str, Any]:
        """The columns that a page has in every variant."""
        # A folder of one's own may hold a record in several files: there the WARC file belongs to the identity.
        file = f"{related_path(record.file, 'warc')} " if self._own_archive else ""
        return {
            "doc_id": document_id(SOURCE, file + record.record_id),
            "source": SOURCE,
            "file": record.file,
            "position": record.position,
            "url": record.url,
            "domain": domain_of(record.url),
            "date": record.date,
            "record_id": record.record_id,
            "digest": record.digest,
        }


def _once(page: dict[str, Any], seen: set[str]) -> dict[str, Any] | Reject:
    """The page, or a reject where its file has had a record with the same identity before."""
    if page["doc_id"] in seen:
        detail = "the file has an earlier record with this id"
        return Reject(
            page["file"], page["position"], "repeated_record", detail, page["url"], page["record_id"], broken=False
        )
    seen.add(page["doc_id"])
    return page


def _json(values: dict[str, Any]) -> str | None:
    """A JSON object of the values that there are; None where there are none."""
    present = {name: value for name, value in values.items() if value}
    return orjson.dumps(present).decode() if present else None


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)

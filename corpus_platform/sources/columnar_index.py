"""A choice of records by language, domain or media type, from Common Crawl's columnar index, so that it costs its share of a crawl.

    selection = Selection(languages=("zho",))
    plan = plan_selection(location, select(location, "CC-MAIN-2024-10", selection))
    print(plan)                                  # 1,204 records in 37 files, 18.2 MB in 411 requests
    for file in plan.files: records = read_selected(location, file)

The index (Parquet, one row per page) is read by row groups: those whose statistics rule the selection out are passed over, then the columns
that the selection asks about are fetched, and where a row matches also the three that say where the record is.
Promise: the records equal those that reading the whole files would give, in the same order, with the same positions.

Not here: what a record holds (warc.py); index columns that are not asked about.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.common_crawl import CommonCrawl
from corpus_platform.sources.store import InputFile, InputMissing
from corpus_platform.sources.warc import MAX_BODY_BYTES, TEXT_TYPES, read_responses

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from corpus_platform.sources.location import InputLocation
    from corpus_platform.sources.records import Record, Reject

PLACE = ("warc_filename", "warc_record_offset", "warc_record_length")
"""The index's columns that say where a record is."""

GAP = 64 << 10
"""Bytes between two records up to which they are fetched in one request: at 50 ms a request and 10 MB/s, 64 KiB cost an eighth of a request."""

LARGEST_REQUEST = 32 << 20
"""Bytes of one request, unless a single record is larger."""

_INDEX = "cc-index/table/cc-main/warc"


@dataclass(frozen=True)
class Selection:
    """Which pages are wanted: those that fit every condition that is given. Each condition is a list of alternatives."""

    languages: tuple[str, ...] = ()
    """ISO 639-3 codes: `zho`, `eng`."""
    language_match: Literal["any", "primary"] = "any"
    """Whether the language may be any of the page's (at most three), or must be its main one."""
    domains: tuple[str, ...] = ()
    """Registered domains (`bbc.co.uk`) or host names (`news.bbc.co.uk`)."""
    tlds: tuple[str, ...] = ()
    """Top-level domains: `cn`, `de`."""
    media_types: tuple[str, ...] = ()
    """Types that the crawler detected: `text/html`."""
    statuses: tuple[int, ...] = (200,)

    def __post_init__(self) -> None:
        for name in ("domains", "tlds", "media_types"):
            object.__setattr__(self, name, tuple(value.lower().lstrip(".") for value in getattr(self, name)))
        if not (self.languages or self.domains or self.tlds or self.media_types):
            raise SettingsError(
                "a selection needs languages, domains, tlds or media_types; to take everything, read the files without one"
            )
        for code in self.languages:
            if len(code) != 3 or not code.isalpha() or not code.islower():
                raise SettingsError(f"`{code}` is not an ISO 639-3 code of three small letters, such as zho or eng")

    def columns(self) -> list[str]:
        """The index's columns that the conditions ask about."""
        asked = {
            "content_languages": self.languages,
            "url_host_registered_domain": self.domains,
            "url_host_name": self.domains,
            "url_host_tld": self.tlds,
            "content_mime_detected": self.media_types,
            "fetch_status": self.statuses,
        }
        return [name for name, wanted in asked.items() if wanted]

    def condition(self) -> pl.Expr:
        """True for the rows of the index that are wanted."""
        conditions = []
        if self.languages:
            codes = pl.col("content_languages").str.split(",")
            main = codes.list.first().is_in(list(self.languages))
            conditions.append(
                main
                if self.language_match == "primary"
                else codes.list.eval(pl.element().is_in(list(self.languages))).list.any()
            )
        if self.domains:
            domains = list(self.domains)
            conditions.append(
                pl.col("url_host_registered_domain").is_in(domains) | pl.col("url_host_name").is_in(domains)
            )
        if self.tlds:
            conditions.append(pl.col("url_host_tld").is_in(list(self.tlds)))
        if self.media_types:
            conditions.append(pl.col("content_mime_detected").is_in(list(self.media_types)))
        if self.statuses:
            conditions.append(pl.col("fetch_status").is_in(list(self.statuses)))
        return pl.all_horizontal(conditions).fill_null(value=False)

    def may_match(self, smallest: dict[str, Any], largest: dict[str, Any]) -> bool:
        """Whether a row group with these smallest and largest values can hold a wanted row."""

        def possible(column: str, wanted: tuple[Any, ...]) -> bool:
            low, high = smallest.get(column), largest.get(column)
            return not wanted or low is None or high is None or any(low <= value <= high for value in wanted)

        by_domain = possible("url_host_registered_domain", self.domains) or possible("url_host_name", self.domains)
        return (
            by_domain
            and possible("url_host_tld", self.tlds)
            and possible("content_mime_detected", self.media_types)
            and possible("fetch_status", self.statuses)
        )


def index_files(location: InputLocation, snapshot: str) -> list[str]:
    """The Parquet files of a snapshot's index: those that `cc-index-table.paths.gz` names, else those in its folder; sorted."""
    try:
        paths = CommonCrawl(location).paths(snapshot, "cc-index-table")
    except InputMissing as error:
        if not location.can_list:
            raise
        folder = f"{_INDEX}/crawl={snapshot}/subset=warc"
        try:
            paths = [file.path for file in location.files(folder)]
        except InputMissing:
            paths = []
        if not paths:
            raise SourceError(
                f"{location.address(folder)}: there is no columnar index of {snapshot} to select records from"
            ) from error
    return sorted(path for path in paths if path.endswith(".parquet") and "subset=warc/" in path)


def select(
    location: InputLocation, snapshot: str, selection: Selection, files: Iterable[str] | None = None
) -> Iterator[pl.DataFrame]:
    """The wanted rows: a frame of PLACE's columns per row group that has any. `files` is a part of the index; None takes all of it.

    Raises SourceError where the index lacks a column that the selection asks about.
    """
    for path in index_files(location, snapshot) if files is None else files:
        with location.open_seekable(path) as stream:
            try:
                table = pq.ParquetFile(stream, pre_buffer=True)
                yield from _selected_rows(table, location.address(path), selection)
            except pa.ArrowInvalid as error:
                raise SourceError(f"{location.address(path)}: not a readable Parquet file ({error})") from error


def _selected_rows(table: pq.ParquetFile, address: str, selection: Selection) -> Iterator[pl.DataFrame]:
    present = set(table.schema_arrow.names)
    missing = [name for name in (*selection.columns(), *PLACE) if name not in present]
    if missing:
        raise SourceError(f"{address}: the index has no column {', '.join(missing)}; older ones know no languages")
    for number in range(table.num_row_groups):
        if not selection.may_match(*_extremes(table.metadata.row_group(number))):
            continue
        asked = pl.DataFrame(table.read_row_group(number, columns=selection.columns()))
        wanted = asked.select(selection.condition().alias("wanted"))["wanted"]
        if wanted.any():
            yield pl.DataFrame(table.read_row_group(number, columns=list(PLACE))).select(PLACE).filter(wanted)


def _extremes(group: pq.RowGroupMetaData) -> tuple[dict[str, Any], dict[str, Any]]:
    """(smallest, largest) value of each column that has statistics."""
    smallest, largest = {}, {}
    for number in range(group.num_columns):
        column = group.column(number)
        if column.statistics is not None and column.statistics.has_min_max:
            smallest[column.path_in_schema] = column.statistics.min
            largest[column.path_in_schema] = column.statistics.max
    return smallest, largest


@dataclass(frozen=True)
class Request:
    """One ranged request: the bytes [offset, offset + length) and the records in them, as (offset, length)."""

    offset: int
    length: int
    records: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class SelectedFile:
    """The wanted records of one WARC file: offsets int64, ascending, and compressed lengths int64, in bytes."""

    path: str
    offsets: np.ndarray = field(repr=False)
    lengths: np.ndarray = field(repr=False)

    def requests(self, gap: int = GAP, largest: int = LARGEST_REQUEST) -> Iterator[Request]:
        """Records joined over gaps of at most `gap` bytes, up to `largest` bytes together."""
        for first, last in pairwise([*self._firsts(gap, largest), self.offsets.size]):
            offsets, lengths = self.offsets[first:last].tolist(), self.lengths[first:last].tolist()
            yield Request(offsets[0], offsets[-1] + lengths[-1] - offsets[0], tuple(zip(offsets, lengths, strict=True)))

    def cost(self, gap: int = GAP, largest: int = LARGEST_REQUEST) -> tuple[int, int]:
        """(requests, bytes that they fetch)."""
        firsts = np.asarray(self._firsts(gap, largest))
        lasts = np.append(firsts[1:], self.offsets.size) - 1
        return firsts.size, int((self.offsets[lasts] + self.lengths[lasts] - self.offsets[firsts]).sum())

    def _firsts(self, gap: int, largest: int) -> list[int]:
        """Indices of the records with which requests begin."""
        ends = self.offsets + self.lengths
        runs = [0, *(np.flatnonzero(self.offsets[1:] - ends[:-1] > gap) + 1).tolist()]
        firsts: list[int] = []
        for first, last in pairwise([*runs, self.offsets.size]):
            firsts.append(first)
            while ends[last - 1] - self.offsets[firsts[-1]] > largest:
                fitting = int(np.searchsorted(ends[:last], self.offsets[firsts[-1]] + largest, side="right"))
                following = max(fitting, firsts[-1] + 1)
                if following >= last:
                    break
                firsts.append(following)
        return firsts


@dataclass(frozen=True)
class SelectionPlan:
    """What a selection costs, known before a page is fetched."""

    files: tuple[SelectedFile, ...] = field(repr=False)
    """In the order of their paths."""
    records: int
    bytes_wanted: int
    """Compressed bytes of the records."""
    bytes_fetched: int
    """With the gaps that are fetched to save requests."""
    requests: int

    def __str__(self) -> str:
        size = f"{self.bytes_fetched / 1e6:,.1f} MB in {self.requests:,} requests"
        return f"{self.records:,} records in {len(self.files):,} files, {size}"


def plan_selection(rows: Iterable[pl.DataFrame], gap: int = GAP) -> SelectionPlan:
    """The wanted records by file and offset, each once, with what they cost. Memory: about 20 bytes a record, twice while they are sorted."""
    kept = [
        frame.select(
            pl.col(PLACE[0]).cast(pl.Categorical), pl.col(PLACE[1]).cast(pl.Int64), pl.col(PLACE[2]).cast(pl.Int64)
        )
        for frame in rows
    ]
    if not kept:
        return SelectionPlan((), 0, 0, 0, 0)
    table = pl.concat(kept).unique(list(PLACE[:2])).sort(PLACE[1])
    files = [
        SelectedFile(path, part[PLACE[1]].to_numpy(), part[PLACE[2]].to_numpy())
        for (path,), part in table.group_by(pl.col(PLACE[0]).cast(pl.String), maintain_order=True)
    ]
    files.sort(key=lambda file: file.path)
    costs = [file.cost(gap) for file in files]
    return SelectionPlan(
        files=tuple(files),
        records=table.height,
        bytes_wanted=int(table[PLACE[2]].sum()),
        bytes_fetched=sum(fetched for _, fetched in costs),
        requests=sum(requests for requests, _ in costs),
    )


def selection_plan(location: InputLocation, snapshot: str, selection: Selection) -> SelectionPlan:
    """What a selection of a snapshot costs. A process asks a real index, of gigabytes, once: it keeps the answer while the files are the same.

    A change is seen by size and version in folders and buckets; what a web server has is taken to stay.
    """
    return _plan_of(location, selection, tuple(_versions(location, index_files(location, snapshot))))


@lru_cache(maxsize=4)
def _plan_of(location: InputLocation, selection: Selection, files: tuple[InputFile, ...]) -> SelectionPlan:
    return plan_selection(select(location, "", selection, [file.path for file in files]))


def _versions(location: InputLocation, paths: list[str]) -> list[InputFile]:
    if location.is_local:
        return [location.stat(path) for path in paths]
    if not location.can_list:
        return [InputFile(path) for path in paths]
    folders = sorted({path.rpartition("/")[0] for path in paths})
    known = {file.path: file for folder in folders for file in location.files(folder)}
    return [known.get(path) or location.stat(path) for path in paths]


def read_selected(
    location: InputLocation,
    file: SelectedFile,
    *,
    gap: int = GAP,
    counts: Counter[str] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    accept: frozenset[str] = TEXT_TYPES,
    verify_digests: bool = False,
) -> Iterator[Record | Reject]:
    """The chosen records of a WARC file, fetched by ranged requests; otherwise as `warc.read_responses`.

    `counts` also gets `bytes_fetched` and `requests`.
    """
    for request in file.requests(gap):
        data = memoryview(location.read_range(file.path, request.offset, request.length))
        if counts is not None:
            counts.update(bytes_fetched=request.length, requests=1)
        for offset, length in request.records:
            begin = offset - request.offset
            found = read_responses(
                io.BytesIO(data[begin : begin + length]),
                file.path,
                counts=counts,
                max_body_bytes=max_body_bytes,
                accept=accept,
                verify_digests=verify_digests,
            )
            for record in found:
                yield replace(record, position=record.position + offset)

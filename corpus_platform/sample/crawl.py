"""Writes a crawl in Common Crawl's own layout below a base location.

    collinfo.json
    crawl-data/<snapshot>/{warc,wet,wat,cc-index-table}.paths.gz
    crawl-data/<snapshot>/segments/<segment>/{warc,wet,wat}/<name>.warc[.wet|.wat].gz
    cc-index/table/cc-main/warc/crawl=<snapshot>/subset=warc/part-00000.parquet

In one thing the sample differs from Common Crawl: errors and moved pages lie among the pages instead of in files of their own (crawldiagnostics),
as in the archives of institutions. The last record of the first crawl's last WARC file is clipped.

Not here: which pages there are (pages.py), the form of records (records.py, wat.py), reading any of it.
"""

from __future__ import annotations

import gzip
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.sample.capture import Delivery, text_capture
from corpus_platform.sample.chance import dice
from corpus_platform.sample.columnar import index_row, write_index
from corpus_platform.sample.records import Exchange, RecordFile, warcinfo_record
from corpus_platform.sample.render import bare_page
from corpus_platform.sample.wat import ISO_639_3, describe, wet_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from corpus_platform.sample.capture import Capture

KINDS = ("warc", "wet", "wat")
SUFFIX = {"warc": ".warc.gz", "wet": ".warc.wet.gz", "wat": ".warc.wat.gz"}


@dataclass(frozen=True)
class Snapshot:
    """A crawl: its id, its month in words, when it began and ended (UTC), and its segments."""

    name: str
    month: str
    begin: datetime
    end: datetime
    segments: tuple[str, ...]


SNAPSHOTS = (
    Snapshot(
        "CC-MAIN-2025-05",
        "January 2025",
        datetime(2025, 1, 12, 10, 52, 31, tzinfo=UTC),
        datetime(2025, 1, 26, 15, 40, 8, tzinfo=UTC),
        ("1736703361941.29", "1736703362120.67"),
    ),
    Snapshot(
        "CC-MAIN-2025-08",
        "February 2025",
        datetime(2025, 2, 6, 9, 31, 14, tzinfo=UTC),
        datetime(2025, 2, 20, 18, 2, 55, tzinfo=UTC),
        ("1738831951021.38", "1738831951377.12"),
    ),
)
FILES_PER_SEGMENT = 2
WHERE_NOT_SAID: dict[str, Any] = {
    "article": None,
    "robots": None,
    "x_robots_tag": None,
    "tdm_reservation": None,
    "licence": None,
    "traditional": False,
}
"""Facts that TRUTH.jsonl gives for every response, and their values where a page has nothing to say about them."""


@dataclass(frozen=True)
class CrawlFile:
    """One WARC file of a snapshot with its WET and WAT twins."""

    snapshot: Snapshot
    index: int

    @property
    def begin(self) -> datetime:
        """When the file's first page was fetched."""
        files = len(self.snapshot.segments) * FILES_PER_SEGMENT
        return self.snapshot.begin + (self.snapshot.end - self.snapshot.begin) / files * self.index

    @property
    def name(self) -> str:
        """The name without its suffix."""
        times = [format(time, "%Y%m%d%H%M%S") for time in (self.begin, self.begin + timedelta(hours=3))]
        return f"CC-MAIN-{times[0]}-{times[1]}-{self.index:05d}"

    def path(self, kind: str) -> str:
        """Path of the WARC, WET or WAT file below the base location."""
        segment = self.snapshot.segments[self.index // FILES_PER_SEGMENT]
        return f"crawl-data/{self.snapshot.name}/segments/{segment}/{kind}/{self.name}{SUFFIX[kind]}"


def write_crawl(
    base: Path, snapshot: Snapshot, captures: Sequence[Capture], *, seed: int, clip: bool
) -> list[dict[str, Any]]:
    """Write a snapshot's files below `base` and return the truth: a row for each response, in the order of files and records."""
    shuffled = sorted(captures, key=lambda capture: capture.url)
    dice("order", seed, snapshot.name).shuffle(shuffled)
    files = [CrawlFile(snapshot, index) for index in range(len(snapshot.segments) * FILES_PER_SEGMENT)]
    truth: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for file in files:
        mine = shuffled[file.index :: len(files)]
        truth += _write_file(base, file, mine, rows, clip=clip and file is files[-1])
    index = f"cc-index/table/cc-main/warc/crawl={snapshot.name}/subset=warc/part-00000.parquet"
    write_index(rows, base / index)
    for kind in KINDS:
        _write_paths(base, snapshot, kind, [file.path(kind) for file in files])
    _write_paths(base, snapshot, "cc-index-table", [index])
    return truth


def write_collinfo(base: Path) -> None:
    """Write `collinfo.json`, the list of crawls, newest first."""
    entries = [
        {
            "id": snapshot.name,
            "name": f"{snapshot.month} Index (made sample)",
            "timegate": f"https://index.crawl.example/{snapshot.name}/",
            "cdx-api": f"https://index.crawl.example/{snapshot.name}-index",
            "from": f"{snapshot.begin:%Y-%m-%dT%H:%M:%S}",
            "to": f"{snapshot.end:%Y-%m-%dT%H:%M:%S}",
        }
        for snapshot in reversed(SNAPSHOTS)
    ]
    (base / "collinfo.json").write_bytes(orjson.dumps(entries, option=orjson.OPT_INDENT_2))


def _write_file(
    base: Path, file: CrawlFile, captures: Sequence[Capture], rows: list[dict[str, Any]], *, clip: bool
) -> list[dict[str, Any]]:
    truth = []
    with ExitStack() as stack:
        written = {kind: RecordFile(stack.enter_context(_open(base / file.path(kind)))) for kind in KINDS}
        warcinfo = _write_warcinfos(file, written)
        for number, capture in enumerate(captures):
            exchange = _exchange(file, number, capture, warcinfo)
            truth.append(_write_exchange(file, exchange, written, rows))
        if clip:
            exchange = _exchange(file, len(captures), _clipped_capture(), warcinfo)
            written["warc"].write(exchange.request())
            place = written["warc"].write_clipped(exchange.response())
            truth.append(_truth(file, exchange, place.offset, place.length, wet=False))
    return truth


def _open(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _write_warcinfos(file: CrawlFile, written: dict[str, RecordFile]) -> str:
    """Write the record that opens each of the three files; return the id of the WARC file's."""
    snapshot = file.snapshot
    fields = [
        ("isPartOf", snapshot.name),
        ("publisher", "corpus_platform (a made sample, not Common Crawl)"),
        (
            "description",
            f"A made sample in the form of a crawl of {snapshot.month}; pages, hosts and dates are invented",
        ),
        ("operator", "corpus demo"),
        ("software", "corpus_platform.sample"),
        ("robots", "ignored: no site was visited"),
        ("format", "WARC File Format 1.0"),
    ]
    identities = {}
    for kind, target in written.items():
        name = f"{file.name}{SUFFIX[kind]}"
        identities[kind], record = warcinfo_record(name, _iso(file.begin), fields)
        target.write(record)
    return identities["warc"]


def _exchange(file: CrawlFile, number: int, capture: Capture, warcinfo: str) -> Exchange:
    moment = file.begin + timedelta(seconds=61 * number + len(capture.url) % 47)
    return Exchange(file.snapshot.name, capture, _iso(moment), format_datetime(moment, usegmt=True), warcinfo)


def _write_exchange(
    file: CrawlFile, exchange: Exchange, written: dict[str, RecordFile], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    records = {"request": exchange.request(), "response": exchange.response(), "metadata": exchange.metadata()}
    places = {kind: written["warc"].write(record) for kind, record in records.items()}
    for kind, record in records.items():
        block = describe(exchange, kind, places[kind], record, f"{file.name}{SUFFIX['warc']}")
        written["wat"].write(exchange.description(kind, block))
    text = wet_text(exchange.capture)
    if text:
        written["wet"].write(exchange.conversion(text, ISO_639_3.get(exchange.capture.language, "")))
    if exchange.capture.status == 200:
        rows.append(index_row(exchange, places["response"], file.path("warc")))
    return _truth(file, exchange, places["response"].offset, places["response"].length, wet=bool(text))


def _truth(file: CrawlFile, exchange: Exchange, offset: int, length: int, *, wet: bool) -> dict[str, Any]:
    capture = exchange.capture
    facts = {**WHERE_NOT_SAID, **capture.facts}
    of_crawl = facts.pop("of_crawl", None)
    return {
        "snapshot": file.snapshot.name,
        "url": capture.url,
        "kind": facts.pop("kind"),
        "role": facts.pop("role"),
        "of": facts.pop("of", None),
        "of_snapshot": None if of_crawl is None else SNAPSHOTS[of_crawl].name,
        "edit": facts.pop("edit", None),
        "status": capture.status,
        "mime": capture.mime,
        "language": capture.language or None,
        **facts,
        "truncated": capture.truncated or None,
        "in_wet": wet,
        "warc_file": file.path("warc"),
        "warc_offset": offset,
        "warc_length": length,
        "record_id": exchange.identity("response"),
    }


def _clipped_capture() -> Capture:
    """The page that the first crawl's last file ends in the middle of."""
    lines = [
        f"<p>Line {number} of the tide table, {number * 37 % 1440 // 60:02d}:{number * 37 % 60:02d}, {number * 13 % 47 / 10} metres.</p>"
        for number in range(300)
    ]
    document = bare_page("Tide table", "\n".join(lines), meta_charset="UTF-8")
    capture = text_capture("https://www.harbourlight-gazette.example/tides", document, Delivery(), language="en")
    return capture.with_facts(kind="clipped", role="original")


def _write_paths(base: Path, snapshot: Snapshot, kind: str, paths: Sequence[str]) -> None:
    target = base / "crawl-data" / snapshot.name / f"{kind}.paths.gz"
    target.write_bytes(gzip.compress("".join(f"{path}\n" for path in paths).encode(), mtime=0))


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"

"""Makes the sample: two crawls, encyclopedia dumps, the other sources, and the truth about the crawls.

    <directory>/collinfo.json, crawl-data/, cc-index/                     a base location of Common Crawl's form (crawl.py)
    <directory>/encyclopedia/<language>wiki-sample-pages-articles.xml.bz2  dumps (wikitext.py)
    <directory>/sources/<source>/<collection>/                             books, papers, repositories ... (sources.py)
    <directory>/dialogues/<set>/                                           data sets for fine-tuning (dialogues.py)
    <directory>/TRUTH.jsonl                                                a row for each response
    <directory>/SAMPLE.json                                                the report, written last

The same Python, seed and scale give the same bytes. A directory that already holds this very sample is left as it is, so that nothing built on it
turns stale.

Not here: what is in the sample (pages.py, wikitext.py, sources.py, dialogues.py); reading it (`sources/`).
"""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from corpus_platform.sample.crawl import SNAPSHOTS, write_collinfo, write_crawl
from corpus_platform.sample.dialogues import FOLDER as DIALOGUES_FOLDER
from corpus_platform.sample.dialogues import write_dialogues
from corpus_platform.sample.pages import crawl_pages
from corpus_platform.sample.sources import FOLDER as SOURCES_FOLDER
from corpus_platform.sample.sources import write_sources
from corpus_platform.sample.wikitext import LANGUAGES, entries, write_dump

SEED = 20250112
FOLDERS = ("crawl-data", "cc-index", "encyclopedia", SOURCES_FOLDER, DIALOGUES_FOLDER)
REPORT = "SAMPLE.json"
TRUTH = "TRUTH.jsonl"
COUNTED = ("kind", "role", "edit", "status", "mime", "language", "charset", "charset_declared", "content_encoding")


@dataclass(frozen=True)
class SnapshotCounts:
    """What is in one snapshot: `html` counts HTML responses of status 200; `counts` has, for each of `COUNTED`, the responses by value."""

    name: str
    responses: int
    html: int
    in_wet: int
    clipped: int
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class DumpCounts:
    """What is in one encyclopedia dump: pages of every kind, and characters of wikitext in its articles."""

    language: str
    path: str
    pages: int
    characters: int


@dataclass(frozen=True)
class SampleReport:
    """Where the sample lies and what is in it; paths of parts are relative to `directory`."""

    directory: Path
    snapshots: tuple[SnapshotCounts, ...]
    dumps: tuple[DumpCounts, ...]
    files: dict[str, int] = field(default_factory=dict)
    """Files of each other source, and of dialogues."""
    made_of: dict[str, Any] = field(default_factory=dict)
    """Seed, scale, Python version and digest of the package: what the bytes depend on."""

    @property
    def location(self) -> Path:
        """Base location of the crawls: the folder that holds `crawl-data`."""
        return self.directory

    @property
    def encyclopedia(self) -> Path:
        """The folder of encyclopedia dumps."""
        return self.directory / "encyclopedia"

    @property
    def truth(self) -> Path:
        """The file with a row for each response."""
        return self.directory / TRUTH


def make_sample(directory: Path, *, pages_scale: int = 1, seed: int = SEED) -> SampleReport:
    """Write the sample into a directory, unless it is there already, and return the report.

    `pages_scale` > 1 adds pages that mix paragraphs of the written ones, about 130 for each snapshot and step. What an earlier sample left in
    the directory's own folders (see above) is removed; other files there are not touched.
    """
    made_of = {
        "seed": seed,
        "pages_scale": pages_scale,
        "python": platform.python_version(),
        "package": _package_digest(),
    }
    found = _read_report(directory)
    if found and found.made_of == made_of:
        return found
    _clear(directory)
    truth: list[dict[str, Any]] = []
    for crawl, snapshot in enumerate(SNAPSHOTS):
        captures = crawl_pages(crawl, seed=seed, scale=pages_scale)
        truth += write_crawl(directory, snapshot, captures, seed=seed, clip=crawl == 0)
    write_collinfo(directory)
    dumps = tuple(_make_dump(directory, language, seed) for language in LANGUAGES)
    (directory / TRUTH).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in truth))
    counted = tuple(count(snapshot.name, truth) for snapshot in SNAPSHOTS)
    written = {**write_sources(directory), **write_dialogues(directory)}
    report = SampleReport(directory, counted, dumps, written, made_of)
    (directory / REPORT).write_bytes(orjson.dumps(_as_json(report), option=orjson.OPT_INDENT_2))
    return report


def count(snapshot: str, truth: list[dict[str, Any]]) -> SnapshotCounts:
    """Counts of a snapshot's rows of the truth."""
    rows = [row for row in truth if row["snapshot"] == snapshot]
    return SnapshotCounts(
        name=snapshot,
        responses=len(rows),
        html=sum(row["mime"] == "text/html" and row["status"] == 200 for row in rows),
        in_wet=sum(row["in_wet"] for row in rows),
        clipped=sum(row["kind"] == "clipped" for row in rows),
        counts={
            name: dict(sorted(Counter(str(row[name]) for row in rows if row[name] is not None).items()))
            for name in COUNTED
        },
    )


def _make_dump(directory: Path, language: str, seed: int) -> DumpCounts:
    pages = entries(language, seed)
    path = Path("encyclopedia") / f"{language}wiki-sample-pages-articles.xml.bz2"
    return DumpCounts(language, path.as_posix(), len(pages), write_dump(directory / path, language, pages))


def _clear(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / REPORT).unlink(missing_ok=True)
    for name in FOLDERS:
        if (directory / name).is_dir():
            shutil.rmtree(directory / name)


def _as_json(report: SampleReport) -> dict[str, Any]:
    return {name: value for name, value in asdict(report).items() if name != "directory"}


def _read_report(directory: Path) -> SampleReport | None:
    """The report of the sample that a directory holds; None where there is none, or one of another version."""
    try:
        facts = orjson.loads((directory / REPORT).read_bytes())
        snapshots = tuple(SnapshotCounts(**counts) for counts in facts["snapshots"])
        dumps = tuple(DumpCounts(**dump) for dump in facts["dumps"])
        return SampleReport(directory, snapshots, dumps, facts["files"], facts["made_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@cache
def _package_digest() -> str:
    """Digest of the sample's code and texts."""
    digest = hashlib.blake2b(digest_size=8)
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".txt", ".yaml", ".html"}:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()

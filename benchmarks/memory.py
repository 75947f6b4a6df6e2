"""Memory and speed of a worker on a WARC file as large as a crawl's: pages by resiliparse, then their paragraph hashes.

    python benchmarks/memory.py [--megabytes 1000] [--files 1] [--workers 1] [--made] [--json] [--scratch FOLDER]

The file (compressed, as Common Crawl's are) repeats the pages of the samples that CORPUS_SAMPLES names, `web/crawl-data/**/*.warc.gz`, each time
under other record ids. Without samples, or with `--made`, every page is made and all paragraphs differ, which fills the sets of hashes.
Peaks are the largest resident memory of a process: a worker, and the helper process in which it extracts; a worker has one at a time, so both
together are what a worker needs. Exit code 1 when that is more than the limit of 1.5 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import uuid
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from fastwarc.warc import ArchiveIterator, WarcRecordType

from corpus_platform.engine.processes import Processes
from corpus_platform.lake import Lake
from corpus_platform.stages.pages import Pages, PagesSettings, SourceSettings
from corpus_platform.stages.paragraphs import ParagraphHashes
from corpus_platform.stages.run import Report, run_stage

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 1_500_000_000
SNAPSHOT = "memory"
_HELPER = "corpus_platform.extract.helper"
_WORDS = 20_000


def sample_pages(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(address, HTTP answer) of the pages of a folder of samples, again and again."""
    pages: list[tuple[str, bytes]] = []
    for path in sorted(folder.glob("web/crawl-data/**/*.warc.gz")):
        with path.open("rb") as stream:
            records = ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=False)
            pages.extend((record.headers["WARC-Target-URI"], record.reader.read()) for record in records)
    while pages:
        yield from pages


def made_pages() -> Iterator[tuple[str, bytes]]:
    """Pages of 40 paragraphs with navigation around them; no two paragraphs are equal."""
    rng = random.Random(7)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(_WORDS)]
    menu = "".join(f'<li class="menu-item"><a href="/{word}/">{word}</a></li>' for word in words[:80])
    number = 0
    while True:
        number += 1
        text = "".join(f"<p>{' '.join(rng.choices(words, k=60))}.</p>\n" for _ in range(40))
        html = f"<html><head><title>{number}</title></head><body><nav><ul>{menu}</ul></nav><main>{text}</main></body></html>"
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        yield f"http://made.example/{number}", (head + html).encode()


def write_archive(path: Path, pages: Iterator[tuple[str, bytes]], size: int, first: int) -> int:
    """Writes records until the file has that size in bytes; record ids count up from `first`. The number of records."""
    number = first
    with path.open("wb") as out:
        while out.tell() < size:
            url, block = next(pages)
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.UUID(int=number)}>\r\n"
                f"WARC-Target-URI: {url}\r\nWARC-Date: 2024-02-20T21:00:00Z\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
            )
            member = zlib.compressobj(1, wbits=31)
            out.write(member.compress(head.encode() + block + b"\r\n\r\n") + member.flush())
            number += 1
    return number - first


class HelperWatch(threading.Thread):
    """Looks at the extraction helpers below this process, five times a second, for the largest memory that any has held."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._told = threading.Event()

    def run(self) -> None:
        """Looks until it is told to stop."""
        while not self._told.wait(0.2):
            for process in psutil.Process().children(recursive=True):
                self.peak = max(self.peak, _peak_of_helper(process))

    def stop(self) -> int:
        """The peak in bytes."""
        self._told.set()
        self.join(10)
        return self.peak


def _peak_of_helper(process: psutil.Process) -> int:
    """The kernel's own high-water mark where there is one (Linux), what is resident now elsewhere; 0 for another process."""
    try:
        if _HELPER not in process.cmdline():
            return 0
        status = Path(f"/proc/{process.pid}/status")
        if not status.exists():
            return process.memory_info().rss
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
    except (psutil.Error, OSError):
        return 0


def measure(scratch: Path, *, megabytes: int, files: int, workers: int, samples: Path | None) -> dict[str, Any]:
    """Makes the files, runs both stages on them, and tells size, records, peaks and rates."""
    archives = scratch / "archives"
    archives.mkdir(parents=True)
    pages = sample_pages(samples) if samples else made_pages()
    records = 0
    for index in range(files):
        records += write_archive(archives / f"{index:05d}.warc.gz", pages, megabytes * 1_000_000, records)
    size = sum(path.stat().st_size for path in archives.iterdir())

    source = SourceSettings(location=str(scratch), archives={SNAPSHOT: str(archives)})
    lake, engine = Lake(scratch / "lake"), Processes(workers)
    partition = {"variant": "resiliparse", "snapshot": SNAPSHOT}
    watch = HelperWatch()
    watch.start()
    read = run_stage(Pages(PagesSettings(shard_files=1), source=source, reject_budget=1.0), lake, engine, partition)
    helper = watch.stop()
    hashed = run_stage(ParagraphHashes(), lake, engine, partition)
    return {
        "bytes": size,
        "records": records,
        "workers": workers,
        "helper_peak": helper,
        "stages": {report.stage: _figures(report) for report in (read, hashed)},
        "worker_needs": max(read.peak_memory + helper, hashed.peak_memory),
    }


def _figures(report: Report) -> dict[str, Any]:
    seconds = max(report.seconds, 1e-9)
    return {
        "peak": report.peak_memory,
        "seconds": seconds,
        "rows": report.rows,
        "bytes": report.bytes,
        "retried": report.retried,
    }


def show(found: dict[str, Any]) -> None:
    """Prints the figures."""
    print(f"{found['bytes'] / 1e6:,.0f} MB of WARC, {found['records']:,} records, workers: {found['workers']}")
    for name, stage in found["stages"].items():
        rates = f"{found['bytes'] / 1e6 / stage['seconds']:.1f} MB/s of WARC, {found['records'] / stage['seconds']:,.0f} pages/s"
        print(
            f"{name:<22} {stage['seconds']:7.1f} s  {rates}, {stage['rows']:,} rows, peak {stage['peak'] / 1e6:,.0f} MB"
        )
    print(f"extraction helper: peak {found['helper_peak'] / 1e6:,.0f} MB")
    print(
        f"a worker with its helper needs at most {found['worker_needs'] / 1e6:,.0f} MB; the limit is {LIMIT / 1e6:,.0f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Memory and speed of a worker on a large WARC file.")
    parser.add_argument("--megabytes", type=int, default=1000, help="size of each file, compressed")
    parser.add_argument("--files", type=int, default=1, help="how many such files, a shard each")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--made", action="store_true", help="make the pages, even where there are samples")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--scratch", type=Path, help="folder for the files; removed afterwards")
    arguments = parser.parse_args()

    folder = os.environ.get("CORPUS_SAMPLES")
    samples = Path(folder) if folder and not arguments.made else None
    with tempfile.TemporaryDirectory(prefix="memory-", dir=arguments.scratch) as scratch:
        found = measure(
            Path(scratch),
            megabytes=arguments.megabytes,
            files=arguments.files,
            workers=arguments.workers,
            samples=samples,
        )
    if arguments.json:
        print(json.dumps(found))
    else:
        show(found)
    return int(found["worker_needs"] > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

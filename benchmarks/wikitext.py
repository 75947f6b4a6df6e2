"""Wikitext to text beside mwparserfromhell: the same pages, one core, one run, as ratios.

    python benchmarks/wikitext.py SAMPLES --peer-python PYTHON [--markdown FILE]

SAMPLES is a folder with dumps of MediaWiki (`*.xml.bz2`); all their articles are taken. `--peer-python` is a Python with mwparserfromhell. Times are
processor time of one thread, the best of three rounds; reading the dumps is not in them, but for the last line, which is the platform's whole way from
compressed dump to articles.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.sources.mediawiki import Article, read_dump
from corpus_platform.sources.mediawiki_xml import Page, pages
from corpus_platform.sources.wikitext import plain_page

if TYPE_CHECKING:
    from collections.abc import Callable

PEER = Path(__file__).parent / "peers" / "wikitext_mwparserfromhell.py"
ROUNDS = 3


def articles(dumps: list[Path]) -> list[Page]:
    """The articles of all dumps."""
    found: list[Page] = []
    for path in dumps:
        with path.open("rb") as stream:
            every = pages(stream, file=path.name)
            found += [page for page in every if isinstance(page, Page) and page.namespace == 0 and not page.redirect]
    return found


def best(work: Callable[[], int]) -> tuple[float, int]:
    """Least processor time of the rounds, and what the work counted."""
    seconds, counted = float("inf"), 0
    for _ in range(ROUNDS):
        began = time.process_time()
        counted = work()
        seconds = min(seconds, time.process_time() - began)
    return seconds, counted


def whole(dumps: list[Path]) -> int:
    """Reads all dumps to articles; the characters of their texts."""
    characters = 0
    for path in dumps:
        with path.open("rb") as stream:
            characters += sum(len(item.text) for item in read_dump(stream, path.name) if isinstance(item, Article))
    return characters


def peer(found: list[Page], python: str) -> dict[str, dict[str, float]]:
    """What the peer says of the same pages."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pages.jsonl")
        path.write_text("".join(json.dumps(page.wikitext) + "\n" for page in found), encoding="utf-8")
        done = subprocess.run([python, str(PEER), str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the peer failed: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("samples", nargs="?", type=Path, default=os.environ.get("CORPUS_SAMPLES"))
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    if given.samples is None:
        parser.error("name a folder with dumps, or set CORPUS_SAMPLES")
    dumps = sorted(Path(given.samples).rglob("*.xml*.bz2")) + sorted(Path(given.samples).rglob("*shortened.bz2"))
    dumps = list(dict.fromkeys(dumps))
    found = articles(dumps)
    size = sum(len(page.wikitext.encode()) for page in found) / 1e6
    seconds, characters = best(lambda: sum(len(plain_page(page.wikitext, page.site.names).text) for page in found))
    ours = size / seconds
    others = peer(found, given.peer_python)
    read_seconds, _ = best(lambda: whole(dumps))
    lines = [
        f"{len(found)} articles, {size:.1f} MB of markup, mwparserfromhell {others['version']}",
        "",
        "| what | MB/s | pages/s | characters of text | ours against it |",
        "|---|---:|---:|---:|---:|",
        f"| here: text, headings, categories, marks of disambiguation | {ours:.1f} | {len(found) / seconds:.0f} | {characters:,} | |",
    ]
    for name, label in (
        ("strip_code", "mwparserfromhell, `strip_code` alone"),
        ("wikipedia", "the same with what a Wikipedia data set takes out before"),
    ):
        other = others[name]
        lines.append(
            f"| {label} | {other['MB/s']:.2f} | {other['pages/s']:.0f} | {other['characters']:,.0f} | {ours / other['MB/s']:.1f} x |"
        )
    lines.append(
        f"| here, from bzip2 and XML to articles | {size / read_seconds:.1f} | {len(found) / read_seconds:.0f} | | |"
    )
    print("\n".join(lines))
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

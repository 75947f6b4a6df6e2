"""Operators of cleaning beside FlagData's own code: the same documents, one core, one run, as ratios; and whether the texts are equal.

    python benchmarks/cleaning.py [DOCUMENTS] --flagdata CHECKOUT [--peer-python PYTHON] [--markdown FILE]

DOCUMENTS is a JSONL or Parquet file with `text`; the platform's made sample by default. `--flagdata` is a checkout of FlagOpen/FlagData, `--peer-python` a
Python with regex and opencc, this one by default. Without a checkout only our own times are told. Times are processor time of one thread; our first
run, which compiles, is not counted. *Reference* is our step with `compat: reference`, whose texts are held against FlagData's.
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

# Threads must be one before a library is loaded.
# ruff: noqa: E402
for name in ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS"):
    os.environ[name] = "1"

import polars as pl

from corpus_platform.recipes.cleaning_step import CleaningStep
from corpus_platform.recipes.step import steps
from corpus_platform.sample.make import make_sample
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject
from corpus_platform.sources.plain import read_plain
from corpus_platform.sources.records import Reject
from corpus_platform.sources.warc import read_wet

PEER = Path(__file__).parent / "peers" / "flagdata_pruners.py"
PARAMETERS = {
    "replace_patterns": {"pattern": r"\d+", "repl": "0"},
    "remove_lines_with": {"patterns": ("Click here", "点击关注")},
    "chinese_conversion": {"mode": "t2s"},
}
CHARACTERS = 8_000_000
LONGEST = 200_000
"""Characters of all documents together, and of the longest one: FlagData's pruners read lines again and again."""


def documents(path: Path | None) -> list[str]:
    """Documents of at most LONGEST characters, not empty, CHARACTERS in all."""
    texts = [text for text in _texts(path) if 0 < len(text) <= LONGEST]
    taken, size = [], 0
    while texts and size < CHARACTERS:
        text = texts[len(taken) % len(texts)]
        taken.append(text)
        size += len(text)
    return taken


def _texts(path: Path | None) -> list[str]:
    if path is not None:
        return [text for batch in read_plain(path) for text in batch.frame["text"]]
    with tempfile.TemporaryDirectory() as folder:
        make_sample(Path(folder))
        pages = (page for file in sorted(Path(folder).rglob("*.wet.gz")) for page in read_wet(file, file.name))
        return [page.text for page in pages if not isinstance(page, Reject)]


def ours(texts: list[str], compat: str) -> dict[str, tuple[float, list[str]]]:
    """Seconds and texts of every operator."""
    environment = Environment(SignalSettings(compat=compat))
    subject = Subject.of(pl.DataFrame({"text": texts}), environment)
    found = {}
    for name, step in steps().items():
        if not issubclass(step, CleaningStep):
            continue
        made = step.model_validate(PARAMETERS.get(name, {}))
        made.edit(Subject.of(pl.DataFrame({"text": texts[:50]}), environment))
        began = time.process_time()
        edit = made.edit(subject)
        found[step.peer or name] = (time.process_time() - began, edit.text.to_list())
    return found


def theirs(texts: list[str], checkout: Path, python: str) -> dict[str, dict]:
    """What FlagData's own code took and gave."""
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder) / "texts.json", Path(folder) / "found.json"
        given.write_text(json.dumps(texts), encoding="utf-8")
        subprocess.run([python, str(PEER), str(checkout), str(given), str(output)], check=True)
        return json.loads(output.read_text(encoding="utf-8"))


def rows(texts: list[str], peer: dict[str, dict]) -> list[str]:
    """A line of Markdown for each operator."""
    size = sum(map(len, texts)) / 1e6
    reference, sane = ours(texts, "reference"), ours(texts, "sane")
    told = [
        "| operator | FlagData, MB/s | reference, MB/s | ratio | default, MB/s | ratio | equal texts |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in sorted(reference, key=lambda one: (one not in peer, one)):
        own = [size / max(seconds, 1e-9) for seconds, _ in (reference[name], sane[name])]
        if "seconds" not in peer.get(name, {}):
            stopped = peer.get(name, {}).get("stopped")
            rate = f"stopped after {stopped:,} documents" if stopped is not None else ""
            told.append(f"| {name} | {rate} | {own[0]:,.0f} | | {own[1]:,.0f} | | |")
            continue
        rate = size / peer[name]["seconds"]
        same = sum(a == b for a, b in zip(reference[name][1], peer[name]["texts"], strict=True))
        ratios = [f"{one / rate:,.1f}" for one in own]
        told.append(
            f"| {name} | {rate:,.1f} | {own[0]:,.1f} | {ratios[0]} | {own[1]:,.1f} | {ratios[1]} | {same:,} of {len(texts):,} |"
        )
    return told


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="?", type=Path)
    parser.add_argument("--flagdata", type=Path)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--markdown", type=Path)
    asked = parser.parse_args()
    texts = documents(asked.documents)
    peer = theirs(texts, asked.flagdata, asked.peer_python) if asked.flagdata else {}
    told = [
        f"{len(texts):,} documents, {sum(map(len, texts)) / 1e6:.1f} M characters; MB are a million characters.",
        "",
    ]
    told += rows(texts, peer)
    print("\n".join(told))
    if asked.markdown:
        asked.markdown.write_text("\n".join(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

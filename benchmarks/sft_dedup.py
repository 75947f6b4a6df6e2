"""Dedup of dialogues at scale: rows a second and peak memory of the index and of the search for copies.

    python benchmarks/sft_dedup.py ROWS

Rows are made: of every two one is new, the other a copy of an earlier one, with none, a few or many of its words changed. Each part runs in a process of
its own, for its peak of memory is told. Times are wall time.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from corpus_platform.sft.duplicates import Copies, index_of
from corpus_platform.sft.duplicates_search import LISTS, Index, verdicts_of
from corpus_platform.sft.flat import MESSAGE_TYPE

AT_ONCE = 5_000
CHANGED = (0.0, 0.02, 0.1, 0.3)


def main() -> None:
    """Runs both parts and prints what they told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=int)
    parser.add_argument("--part", choices=("index", "search"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part is not None:
        {"index": make_index, "search": search}[asked.part](asked.folder, asked.rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        for part in ("index", "search"):
            subprocess.run([sys.executable, __file__, str(asked.rows), "--part", part, "--folder", folder], check=True)


def make_index(folder: Path, rows: int) -> None:
    """Writes the index of made dialogues, some thousands at a time."""
    chance, spent, size = random.Random(7), 0.0, 0
    index_of(_frame([("warm", "up")], 0), Copies())
    for first in range(0, rows, AT_ONCE):
        frame = _frame([_dialogue(i, chance) for i in range(first, min(first + AT_ONCE, rows))], first)
        since = time.perf_counter()
        made = index_of(frame, Copies())
        spent += time.perf_counter() - since
        path = folder / f"{first:012}.parquet"
        made.write_parquet(path)
        size += path.stat().st_size
    print(
        f"index: {rows:,} rows, {rows / spent:,.0f} rows/s, {size / rows:,.0f} bytes a row on disk, peak {_peak():.2f} GB"
    )


def search(folder: Path, rows: int) -> None:
    """Reads the index, shingles of candidates only when they are asked for, and finds the copies."""
    files = sorted(folder.glob("*.parquet"))
    first = np.concatenate([[0], np.cumsum([pl.scan_parquet(f).select(pl.len()).collect().item() for f in files])])

    def lists(name: str, wanted: np.ndarray) -> pl.Series:
        found = []
        for number, file in enumerate(files):
            low, high = np.searchsorted(wanted, [first[number], first[number + 1]])
            if high > low:
                found.append(pl.read_parquet(file, columns=[name])[name].gather(wanted[low:high] - first[number]))
        return pl.concat(found)

    since = time.perf_counter()
    index = Index(pl.concat([pl.read_parquet(file).drop(LISTS) for file in files]), lists)
    found = verdicts_of(index, Copies())
    spent = time.perf_counter() - since
    gone = dict(found.group_by("rule").len().sort("rule").iter_rows())
    print(f"search: {rows:,} rows, {rows / spent:,.0f} rows/s, peak {_peak():.2f} GB; {gone}")


def _dialogue(number: int, chance: random.Random) -> tuple[str, str]:
    """A row of some 120 words: of every two one is a copy of an earlier one, more or less changed."""
    copied = number % 2 == 1 and number > 1
    words = _words(chance.randrange(number // 2) * 2 if copied else number)
    if copied:
        for _ in range(round(len(words) * chance.choice(CHANGED))):
            words[chance.randrange(len(words))] = f"x{chance.randrange(1 << 20)}"
    return " ".join(words[:25]), " ".join(words[25:])


def _words(number: int) -> list[str]:
    own = random.Random(number)
    return [f"w{own.randrange(50_000)}" for _ in range(60 + own.randrange(120))]


def _frame(pairs: list[tuple[str, str]], first: int) -> pl.DataFrame:
    rows = [
        [
            {
                "role": role,
                "content": text,
                "reasoning": None,
                "calls": None,
                "name": None,
                "trained": role == "assistant",
            }
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ]
        for pair in pairs
    ]
    ids = [f"{first + i:032x}" for i in range(len(rows))]
    return pl.DataFrame({"doc_id": ids, "messages": pl.Series(rows, dtype=MESSAGE_TYPE)})


def _peak() -> float:
    """GB of memory at the peak of this process."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1e6


if __name__ == "__main__":
    main()

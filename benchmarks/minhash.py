"""Keys of near-copies from raw text beside their peers: the same documents, one core, one run, as ratios.

    python benchmarks/minhash.py [SAMPLES] --peer-python PYTHON [--markdown FILE]

SAMPLES is as in signals.py. `--peer-python` is a Python with datasketch, rensa, datatrove, spacy and xxhash (below 4: datatrove hands it strings); a peer
that is not there is left out. Our side is normal form, words, shingles, signature and the keys of its bands; the peers' sides are in peers/minhash_peers.py.
Times are processor time of one thread; the first batch, which compiles, is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

# Threads must be one before a library is loaded.
# ruff: noqa: E402
for name in ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS"):
    os.environ[name] = "1"

from signals import PEER_DOCUMENTS, PEERS, documents, rate

from corpus_platform.dedup.minhash import MinHashKeys
from corpus_platform.dedup.simhash import SimHashKeys
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    import polars as pl

FIVE_WORDS = {"n": 5, "permutations": 128, "seed": 1, "bands": 16, "rows": 8}
FINEWEB = {"form": "norm_dt", "n": 5, "hash": "sha1_64", "permutations": 112, "seed": 1, "bands": 14, "rows": 8}
OURS = {
    "5 words, 128 permutations": MinHashKeys(**FIVE_WORDS),
    "the same, SHA-1 as RedPajama-V2": MinHashKeys(**FIVE_WORDS, reference=True),
    "FineWeb": MinHashKeys(**FINEWEB),
    "FineWeb, datatrove's values": MinHashKeys(**FINEWEB, reference=True),
    "13 characters, 128 permutations": MinHashKeys("norm_slim", "character"),
    "RefinedWeb, 9,000 permutations": MinHashKeys(n=5, permutations=9000, bands=20, rows=450),
    "SimHash of 6 characters": SimHashKeys(),
}
PAIRS = (
    ("5 words, 128 permutations", "datasketch"),
    ("5 words, 128 permutations", "rensa"),
    ("the same, SHA-1 as RedPajama-V2", "datasketch"),
    ("FineWeb", "datatrove"),
    ("FineWeb, datatrove's values", "datatrove"),
)


def ours(frame: pl.DataFrame) -> dict[str, float]:
    """Documents a second of each family."""
    return {
        name: rate(lambda f, own=family: own.keys(TextBatch.of(f["text"]), f), frame) for name, family in OURS.items()
    }


def peers(frame: pl.DataFrame, python: str) -> dict[str, dict[str, float]]:
    """Documents a second of each way of each peer that is there."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        path.write_text("\n".join(json.dumps({"text": text}) for text in frame["text"].head(PEER_DOCUMENTS)))
        for numbers in ((5, 128, 16, 8), (5, 112, 14, 8)):
            command = [python, str(PEERS / "minhash_peers.py"), str(path), *map(str, numbers)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                continue
            # Datatrove's permutations are 14 x 8, so its rate is that of the second run.
            rates = json.loads(done.stdout.strip().splitlines()[-1])
            found |= {name: r for name, r in rates.items() if name not in found or name == "datatrove"}
    return found


def report(frame: pl.DataFrame, mine: dict[str, float], others: dict[str, dict[str, float]]) -> list[str]:
    """The tables in Markdown."""
    size = float(frame["text"].str.len_bytes().mean())  # type: ignore[arg-type]
    lines = [
        f"{frame.height:,} English documents of {size:,.0f} bytes on average, one core",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numba {version('numba')}, numpy {version('numpy')}",
        "",
        "| raw text to keys | docs/s | MB/s |",
        "|---|---:|---:|",
        *(f"| {name} | {own:,.0f} | {own * size / 1e6:,.1f} |" for name, own in mine.items()),
        "",
        "| ours | peer, its best way | peer, docs/s | ratio |",
        "|---|---|---:|---:|",
    ]
    for name, peer in PAIRS:
        rates = {way: other for way, other in others.get(peer, {}).items() if way != "shingles alone"}
        if rates:
            way = max(rates, key=rates.__getitem__)
            lines.append(f"| {name} | {peer}, {way} | {rates[way]:,.0f} | {mine[name] / rates[way]:,.0f} x |")
    alone = others.get("datasketch", {}).get("shingles alone")
    if alone:
        lines += [
            "",
            f"Normal form and shingles in plain Python, which datasketch and rensa are handed: {alone:,.0f} docs/s.",
        ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", nargs="?", type=Path)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    frame = documents(given.samples)
    others = peers(frame, given.peer_python)
    lines = report(frame, ours(frame), others)
    print("\n".join(lines))
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

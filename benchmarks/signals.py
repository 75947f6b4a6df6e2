"""Signals and filters beside their peers: the same documents, one core, one run, as ratios.

    python benchmarks/signals.py [SAMPLES] --redpajama CHECKOUT --peer-python PYTHON [--markdown FILE]

SAMPLES is a folder with `web/crawl-data` in Common Crawl's layout; the platform's made sample by default. `--redpajama` is a checkout of
togethercomputer/RedPajama-Data, `--peer-python` a Python with datatrove, spacy, nltk, numpy and pyarrow. A peer that is not there is left out.
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
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

# Threads must be one before a library is loaded.
# ruff: noqa: E402
for name in ("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_NUM_THREADS"):
    os.environ[name] = "1"

import polars as pl

from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.recipe import Recipe, recipe
from corpus_platform.sample.make import make_sample
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.registry import families
from corpus_platform.sources.plain import read_plain
from corpus_platform.sources.records import Reject
from corpus_platform.sources.warc import read_wet

if TYPE_CHECKING:
    from collections.abc import Callable

PEERS = Path(__file__).parent / "peers"
SMALLEST, LARGEST = 3000, 4500
DOCUMENTS = 4000
PEER_DOCUMENTS = 300
ROUNDS = 3


def documents(samples: Path | None) -> pl.DataFrame:
    """English documents of 3 to 4.5 KB with their language, repeated to DOCUMENTS rows."""
    texts = sorted(
        {text for text in _texts(samples) if SMALLEST <= len(text.encode()) <= LARGEST and text.count(" the ") > 10}
    )
    if not texts:
        sys.exit(f"{samples}: no English document of {SMALLEST} to {LARGEST} bytes there")
    rows = [texts[i % len(texts)] for i in range(DOCUMENTS)]
    ids = [f"{i:032x}" for i in range(DOCUMENTS)]
    return pl.DataFrame({"doc_id": ids, "url": [f"https://example.org/{i}" for i in ids], "text": rows})


def _texts(samples: Path | None) -> list[str]:
    if samples is None:
        samples = Path(tempfile.mkdtemp())
        make_sample(samples)
    files = sorted(samples.rglob("*.wet.gz"))
    if not files:
        return [
            text for file in samples.rglob("*.jsonl*") for batch in read_plain(file) for text in batch.frame["text"]
        ]
    pages = (page for file in files for page in read_wet(file, file.name))
    return [page.text for page in pages if not isinstance(page, Reject)]


def rate(work: Callable[[pl.DataFrame], object], frame: pl.DataFrame) -> float:
    """Documents a second: the best of some rounds after one that compiles."""
    work(frame.head(200))
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work(frame)
        best = min(best, time.process_time() - began)
    return frame.height / best


def names_of(prefixes: tuple[str, ...]) -> list[str]:
    return [s.name for f in families() for s in f.signals if s.name.startswith(prefixes) and f.default]


def ours(frame: pl.DataFrame) -> dict[str, float]:
    """Documents a second of what the peers do too, and of the whole annotation."""
    known = frame.with_columns(language=pl.lit("en"), language_score=pl.lit(0.99))
    rules = [name for name in names_of(("rps_doc_", "rps_lines_")) if not name.startswith("rps_doc_ml_")]
    signatures = names_of(("minhash_signature_",))
    chain = filters()
    reference = Environment(SignalSettings(compat="reference"))
    found = {
        "rules": rate(lambda f: annotate(f, rules), known),
        "signatures": rate(lambda f: annotate(f, signatures), known),
        "signatures, SHA-1": rate(lambda f: annotate(f, signatures, reference), known),
        "filters": rate(lambda f: apply(chain, f, Environment()), known),
    }
    for name, characters in (("annotate", None), ("annotate, language by 1,000 characters", 1000)):
        environment = Environment(SignalSettings(language_characters=characters))
        found[name] = rate(lambda f, e=environment: annotate(f, None, e), frame)
    return found


def filters() -> Recipe:
    """FineWeb's four filters as a recipe, without what comes before and after them."""
    fineweb = recipe("fineweb")
    wanted = ("gopher_repetition", "gopher_quality", "c4", "fineweb_quality")
    return fineweb.model_copy(update={"steps": tuple(step for step in fineweb.steps if step.step in wanted)})


def peers(frame: pl.DataFrame, python: str, redpajama: Path | None) -> dict[str, dict[str, float]]:
    """Documents a second of each peer that is there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        path.write_text("\n".join(json.dumps({"text": text}) for text in frame["text"].head(PEER_DOCUMENTS)))
        lists = _empty_lists(Path(folder) / "lists")
        found = {}
        if redpajama:
            found["redpajama_v2"] = _run(python, PEERS / "redpajama_v2.py", redpajama, path, lists)
        found["datatrove"] = _run(python, PEERS / "datatrove_filters.py", path)
    return {name: rates for name, rates in found.items() if rates}


def _empty_lists(folder: Path) -> Path:
    """Block lists of one made-up entry each: what is in them costs the peer nothing."""
    for category in ("adult", "gambling"):
        (folder / "ut1" / category).mkdir(parents=True)
        (folder / "ut1" / category / "domains").write_text("blocked.example\n")
    (folder / "ut1" / "domain_to_category_id.json").write_text("{}")
    (folder / "ldnoobw").mkdir()
    (folder / "ldnoobw" / "en.txt").write_text("zzyzx\n")
    (folder / "ldnoobw" / "en").write_text("zzyzx\n")
    return folder


def _run(python: str, *arguments: object) -> dict[str, float]:
    command = [python, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"left out: {arguments[0]}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return json.loads(done.stdout.strip().splitlines()[-1])


def report(frame: pl.DataFrame, mine: dict[str, float], others: dict[str, dict[str, float]]) -> list[str]:
    """The table in Markdown."""
    size = float(frame["text"].str.len_bytes().mean())  # type: ignore[arg-type]
    rows = [("what", "ours, docs/s", "ours, MB/s", "peer, docs/s", "ratio")]
    pairs = {
        "rules": ("redpajama_v2", "rules", "RedPajama-V2's rule signals"),
        "signatures": ("redpajama_v2", "signatures", "its MinHash signatures (fast hash)"),
        "signatures, SHA-1": ("redpajama_v2", "signatures", "its MinHash signatures (SHA-1, equal values)"),
        "filters": ("datatrove", "all", "datatrove's Gopher, C4 and FineWeb filters"),
    }
    for name, own in mine.items():
        peer, key, label = pairs.get(name, ("", "", f"whole {name}"))
        other = others.get(peer, {}).get(key)
        shown = ("", "") if other is None else (f"{other:,.0f}", f"{own / other:,.0f} x")
        rows.append((label, f"{own:,.0f}", f"{own * size / 1e6:,.1f}", *shown))
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    about = f"{frame.height:,} English documents of {size:,.0f} bytes on average, one core"
    versions = ", ".join(f"{name} {version(name)}" for name in ("numba", "polars", "numpy"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"
    return [about, machine, "", head, "|---|" + "---:|" * (len(rows[0]) - 1), *body]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", nargs="?", type=Path)
    parser.add_argument("--redpajama", type=Path)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    frame = documents(given.samples)
    others = peers(frame, given.peer_python, given.redpajama)
    lines = report(frame, ours(frame), others)
    print("\n".join(lines))
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

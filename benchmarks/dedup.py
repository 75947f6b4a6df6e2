"""Clustering of near-duplicates at scale: planted documents, ours and its peers, as time, memory, disk, recall and precision.

    python benchmarks/dedup.py [--documents 1000000,10000000] [--incremental 0.1] [--workers 2] [--memory-mb 2000]
        [--peer-python PYTHON --peer-documents 1000000] [--texts SAMPLES] [--scratch FOLDER] [--markdown FILE] [--json FILE]

Each size is clustered in a process of its own after a small run that compiles; `--incremental` then adds that share of further documents to what is
there. Recall and precision are over pairs of documents that the bands of these signatures connect, found by brute force (banding.py). Memory is the
largest sum over the process and all below it, as sampled ten times a second: *resident*, shared and mapped pages counted once for each process, and
*anonymous*, what the kernel can't drop. CPU is user and system time of them all. Disk is the largest size of the scratch folder.

`--peer-python` is a Python with datasketch, rensa, datatrove (extras io, processing) and spacy; peers run on one core and one thread. A peer that is
not there is left out. datasketch starts from signatures, so it is held against all of ours but the phase `sign`; rensa signs by itself. With `--texts`
(a folder with WET files) datatrove and ours deduplicate variants of real texts, from JSON lines.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from banding import agreement, connected, shown, signed, theory
from clustering import BATCH, SIGN, Work, ours
from measuring import Clock, Watch
from planted import plant
from variants import text_variants

from corpus_platform.sources.records import Reject
from corpus_platform.sources.warc import read_wet

PEERS = Path(__file__).parent / "peers"
WARM_UP = 20_000


def in_own_process(work: Work, warm_up: bool) -> dict[str, Any]:
    """Runs `ours` in a new process: phases, wall and CPU seconds, peaks, and the file with the components."""
    work.folder.mkdir(parents=True, exist_ok=True)
    output = work.folder.parent / f"{work.folder.name}-{work.last}"
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(work, output, warm_up))
    process.start()
    assert process.pid
    ready = output.with_suffix(".ready")
    while process.is_alive() and not ready.exists():
        time.sleep(0.05)
    watch = Watch(process.pid, work.folder)
    watch.start()
    process.join()
    peaks = watch.stop()
    if process.exitcode:
        sys.exit(f"{work.last - work.first:,} documents: the process ended with code {process.exitcode}")
    phases = json.loads(output.with_suffix(".json").read_text())
    return {
        "documents": work.last - work.first,
        "phases": phases,
        "wall": sum(phase["wall"] for phase in phases.values()),
        "cpu": sum(phase["cpu"] for phase in phases.values()),
        **peaks,
        "components": output.with_suffix(".npy"),
    }


def _child(work: Work, output: Path, warm_up: bool) -> None:
    """Compiles on a small run elsewhere, then works on the clock; reading the components is off it, and off the watch's folder."""
    if warm_up and work.planted is not None:
        with tempfile.TemporaryDirectory(dir=work.folder.parent) as folder:
            small = Work(
                Path(folder), 0, WARM_UP, plant(WARM_UP, 7), None, work.workers, work.memory_mb, work.bands, work.rows
            )
            ours(small, Clock())()
    output.with_suffix(".ready").touch()
    clock = Clock()
    components = ours(work, clock)
    clock.told("rest")
    output.with_suffix(".json").write_text(json.dumps(clock.phases))
    np.save(output.with_suffix(".npy"), components())


def measure(given: argparse.Namespace, documents: int, scratch: Path) -> dict[str, Any]:
    """One size, and its increment."""
    extra = int(documents * given.incremental)
    planted = plant(documents + extra, given.seed)
    work = partial(
        Work,
        scratch / f"ours-{documents}",
        planted=planted,
        workers=given.workers,
        memory_mb=given.memory_mb,
        bands=given.bands,
        rows=given.rows,
    )
    found = {"full": in_own_process(work(0, documents), warm_up=True)}
    if extra:
        found["increment"] = in_own_process(work(documents, documents + extra), warm_up=True)
        found["ratio"] = {what: found["increment"][what] / found["full"][what] for what in ("wall", "cpu")}
    sign = partial(signed, permutations=given.bands * given.rows)
    for part in ("full", "increment") if extra else ("full",):
        last = documents + (extra if part == "increment" else 0)
        true = connected(planted, sign, given.bands, given.rows, last)
        found[part]["agreement"] = shown(agreement(true, np.load(found[part].pop("components"))))
    found["theory"] = shown(theory(planted, given.bands, given.rows))
    return found


def run_peer(given: argparse.Namespace, script: str, folder: Path, *arguments: object) -> dict[str, Any]:
    """What a peer tells of itself, and its peaks; nothing where it can't run."""
    environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")}
    command = [given.peer_python, str(PEERS / script), *map(str, arguments)]
    with (folder / f"{script}.err").open("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        watch = Watch(process.pid, folder)
        watch.start()
        output, _ = process.communicate()
        peaks = watch.stop()
        errors.seek(0)
        if process.returncode:
            print(f"left out: {script}: {errors.read().strip().splitlines()[-1:]}", file=sys.stderr)
            return {}
    return {**json.loads(output.strip().splitlines()[-1]), **peaks}


def signature_peers(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """The figures of datasketch and rensa on the first documents of the same kind."""
    folder = scratch / "peers"
    folder.mkdir()
    planted, permutations = plant(given.peer_documents, given.seed), given.bands * given.rows
    signatures = np.lib.format.open_memmap(
        folder / "signatures.npy", "w+", np.uint32, (planted.documents, permutations)
    )
    hashes, offsets, end = [], [np.zeros(1, np.int64)], 0
    for batch in planted.batches(BATCH):
        signatures[batch.first : batch.first + batch.offset.size - 1] = signed(batch.hashes, batch.offset, permutations)
        hashes.append(batch.hashes)
        offsets.append(batch.offset[1:] + end)
        end += batch.hashes.size
    signatures.flush()
    np.save(folder / "hashes.npy", np.concatenate(hashes))
    np.save(folder / "offset.npy", np.concatenate(offsets))
    del hashes, signatures
    true = connected(planted, partial(signed, permutations=permutations), given.bands, given.rows)
    found = {}
    arguments = ("signatures.npy", given.bands, given.rows, "datasketch-labels.npy")
    found["datasketch"] = run_peer(
        given, "datasketch_lsh.py", folder, *(folder / a if isinstance(a, str) else a for a in arguments)
    )
    if found["datasketch"]:
        found["datasketch"]["agreement"] = shown(agreement(true, np.load(folder / "datasketch-labels.npy")))
    # rensa's signatures are its own, so that what its bands connect by chance differs from ours: no recall, no precision.
    arguments = ("hashes.npy", "offset.npy", given.bands, permutations, "rensa-labels.npy")
    found["rensa"] = run_peer(
        given, "rensa_lsh.py", folder, *(folder / a if isinstance(a, str) else a for a in arguments)
    )
    return {name: figures for name, figures in found.items() if figures}


def text_peers(given: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Ours and datatrove on variants of real texts: seconds by stage, what went, and the share of variants found by edit."""
    folder = scratch / "texts"
    (folder / "in").mkdir(parents=True)
    files = sorted(given.texts.rglob("*.wet.gz"))
    pages = (page for file in files for page in read_wet(file, file.name) if not isinstance(page, Reject))
    texts = [page.text for page in pages if len(page.text) > 2000 and page.text.count(" the ") > 10]
    variants = list(text_variants(texts[: given.peer_texts // 15 + 1], given.seed))
    path = folder / "in" / "documents.jsonl"
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"id": str(i), "text": v.text}) + "\n" for i, v in enumerate(variants))
    size = sum(len(v.text.encode()) for v in variants) / len(variants)
    found: dict[str, Any] = {"documents": len(variants), "bytes": size}
    labels = {}
    if given.peer_python:
        arguments = (folder / "in", folder / "out", folder / "labels.npy", given.bands, given.rows, 5)
        found["datatrove"] = run_peer(given, "datatrove_minhash.py", folder, *arguments)
        if found["datatrove"]:
            labels["datatrove"] = np.load(folder / "labels.npy")
    work = Work(folder / "ours", 0, len(variants), None, path, 1, given.memory_mb, given.bands, given.rows)
    found["ours"] = in_own_process(work, warm_up=False)
    labels["ours"] = np.load(found["ours"].pop("components"))
    for name, label in labels.items():
        by_edit = defaultdict(list)
        copies = {v.source: label[i] for i, v in enumerate(variants) if v.edit == "copy"}
        for i, v in enumerate(variants):
            by_edit[f"{v.edit} {v.share:g}"].append(bool(label[i] == copies[v.source]))
        found[name]["found by edit"] = {edit: sum(hits) / len(hits) for edit, hits in by_edit.items()}
    return found


def table(sizes: dict[int, dict[str, Any]], peers: dict[str, Any]) -> list[str]:
    """Rows in Markdown: ours by size, then peers."""
    head = (
        "what",
        "documents",
        "wall, s",
        "CPU, s",
        "docs / CPU s",
        "resident, MB",
        "anonymous, MB",
        "disk, MB",
        "recall",
        "precision",
    )
    rows = [head, ("---", *["---:"] * (len(head) - 1))]
    for found in sizes.values():
        runs = [(part, found[part]) for part in ("full", "increment") if part in found]
        rows += [_row(f"ours, {part}", run, run["wall"], run["cpu"]) for part, run in runs]
    for name, found in peers.items():
        # rensa goes two ways, one after the other; each is a row, with the memory of both.
        ways = defaultdict(list)
        for phase, spent in found["seconds"].items():
            way, named, _ = phase.partition(": ")
            ways[f"{name}, {way}" if named else name].append(spent)
        rows += [_row(w, found, *(sum(p[of] for p in spent) for of in ("wall", "cpu"))) for w, spent in ways.items()]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _row(what: str, found: dict[str, Any], wall: float, cpu: float) -> tuple[str, ...]:
    sizes = (f"{found[name] / 1e6:,.0f}" for name in ("resident", "anonymous", "disk"))
    agreed = found.get("agreement")
    shares = (f"{agreed['recall']:.6f}", f"{agreed['precision']:.6f}") if agreed else ("", "")
    return (
        what,
        f"{found['documents']:,}",
        f"{wall:,.1f}",
        f"{cpu:,.1f}",
        f"{found['documents'] / cpu:,.0f}",
        *sizes,
        *shares,
    )


def remarks(given: argparse.Namespace, sizes: dict[int, dict[str, Any]], peers: dict[str, Any]) -> list[str]:
    """Growth between sizes, increments, phases, and ratios to peers."""
    lines = []
    ordered = sorted(sizes)
    for small, large in pairwise(ordered):
        for what in ("wall", "cpu"):
            exponent = math.log(sizes[large]["full"][what] / sizes[small]["full"][what]) / math.log(large / small)
            lines.append(f"growth of {what} seconds from {small:,} to {large:,} documents: n^{exponent:.2f}")
    for count, found in sizes.items():
        if "ratio" in found:
            wall, cpu = found["ratio"]["wall"], found["ratio"]["cpu"]
            lines.append(
                f"{given.incremental:.0%} more than {count:,}: {wall:.3f} of the time of all, {cpu:.3f} of its CPU time"
            )
        for part in ("full", "increment"):
            phases = found.get(part, {}).get("phases", {})
            told = ", ".join(f"{name} {p['wall']:.1f} ({p['cpu']:.1f} CPU)" for name, p in phases.items())
            lines += [f"{count:,}, {part}: {told}"] if told else []
    same = sizes.get(given.peer_documents)
    for name, found in peers.items():
        told = ", ".join(f"{phase} {p['wall']:.1f} ({p['cpu']:.1f} CPU)" for phase, p in found["seconds"].items())
        lines.append(f"{name}: {told}")
        if same and name == "datasketch":
            own = sum(p["cpu"] for phase, p in same["full"]["phases"].items() if phase != SIGN)
            other = sum(p["cpu"] for p in found["seconds"].values())
            lines.append(
                f"ours from signatures to components: {own:.1f} CPU s, datasketch {other:.1f}: {other / own:.1f} x"
            )
    return lines


def text_remarks(found: dict[str, Any]) -> list[str]:
    """Seconds by stage, and the share of variants that were found by edit."""
    if not found:
        return []
    lines = [f"{found['documents']:,} variants of real texts, {found['bytes']:,.0f} bytes on average"]
    names = [name for name in ("datatrove", "ours") if found.get(name)]
    for name in names:
        phases = found[name].get("seconds") or found[name]["phases"]
        lines.append(
            f"{name}: " + ", ".join(f"{stage} {p['wall']:.2f} ({p['cpu']:.2f} CPU)" for stage, p in phases.items())
        )
    rows = [("edit", *names), ("---", *["---:"] * len(names))]
    rows += [
        (edit, *(f"{found[name]['found by edit'][edit]:.3f}" for name in names))
        for edit in found[names[0]]["found by edit"]
    ]
    return [*lines, "", *("| " + " | ".join(row) + " |" for row in rows)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", default="1000000", help="sizes, by commas")
    parser.add_argument("--incremental", type=float, default=0.1, help="share of documents that are added afterwards")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory-mb", type=int, default=2000)
    parser.add_argument("--bands", type=int, default=14)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer-python")
    parser.add_argument("--peer-documents", type=int, default=1_000_000)
    parser.add_argument("--texts", type=Path, help="folder with WET files")
    parser.add_argument("--peer-texts", type=int, default=1500, help="variants of real texts")
    parser.add_argument("--scratch", type=Path, help="folder for files; removed afterwards")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dedup-", dir=given.scratch) as folder:
        scratch = Path(folder)
        sizes = {n: measure(given, n, scratch) for n in map(int, filter(None, given.documents.split(",")))}
        peers = signature_peers(given, scratch) if given.peer_python and given.peer_documents else {}
        texts = text_peers(given, scratch) if given.texts else {}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    about = f"{machine}; {given.bands} bands of {given.rows} rows, {given.workers} workers, {given.memory_mb:,} MB"
    lines = [about, "", *table(sizes, peers), "", *remarks(given, sizes, peers), "", *text_remarks(texts)]
    print("\n".join(lines))
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if given.json:
        found = {"given": vars(given), "sizes": sizes, "peers": peers, "texts": texts}
        given.json.write_text(json.dumps(found, default=str, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

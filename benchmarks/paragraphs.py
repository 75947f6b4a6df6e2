"""Speed of CCNet's paragraph deduplication on one core, beside plain Python of the same rule, and cc_net where it is installed.

    python benchmarks/paragraphs.py [--documents 4000] [WET file ...]

Without files it makes documents of about 3.4 KB in English, Chinese and Greek, of which a third of the lines are boilerplate that returns.
Each figure is the best of three runs, in CPU time; compiling is not counted. `keep` is given the repeated hashes, as the second pass is.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import re
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from fastwarc.warc import ArchiveIterator, WarcRecordType

from corpus_platform.dedup.paragraphs import keep_lines, paragraph_hashes
from corpus_platform.dedup.sorted_sets import FlaggedHashes, HashLookup
from corpus_platform.recipes.ccnet import split_titles
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.normalise import norm_cc
from corpus_platform.text.sha1 import sha1_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BATCH = 500
_DELETED = re.compile("[，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►\x00-\x1f\x7f-\x9f]")
_DIGIT = re.compile(r"\d")

Repeated = set[int]


def plain_hashes(text: str) -> list[int]:
    """The rule in plain Python: a hash per line."""
    hashes = []
    for line in text.split("\n"):
        normalised = _DELETED.sub("", _DIGIT.sub("0", line.strip().lower()))
        hashes.append(int.from_bytes(hashlib.sha1(normalised.encode()).digest()[:8], "little"))
    return hashes


def plain_keep(text: str, hashes: list[int], repeated: Repeated) -> tuple[str, list[int]]:
    """The rule in plain Python: the kept text and its line ids."""
    seen: set[int] = set()
    kept, ids = [], []
    for i, (line, h) in enumerate(zip(text.split("\n"), hashes, strict=True)):
        if h not in repeated and h not in seen:
            kept.append(line)
            ids.append(i)
        seen.add(h)
    return "\n".join(kept), ids


def made_texts(count: int) -> list[str]:
    """Seeded documents: lines of made words, some of them from a common stock."""
    rng = random.Random(7)
    letters = ["abcdefghijklmnopqrstuvwxyz", "的一是不了人我在有他这中大来上国", "αβγδεζηθικλμνοπρσςτυφχψω"]
    words = [["".join(rng.choices(some, k=rng.randint(2, 9))) for _ in range(3000)] for some in letters]

    def line(script: int) -> str:
        made = " ".join(rng.choices(words[script], k=rng.randint(1, 16))).capitalize()
        return made + rng.choice([".", "。", " 2024", "…", ", 17%", ""])

    stock = [[line(script) for _ in range(300)] for script in range(3)]
    documents = []
    for _ in range(count):
        script = rng.choices(range(3), weights=[6, 3, 1])[0]
        lines = [
            rng.choice(stock[script]) if rng.random() < 1 / 3 else line(script) for _ in range(rng.randint(20, 90))
        ]
        documents.append("\n".join(lines))
    return documents


def wet_texts(paths: Iterable[Path]) -> list[str]:
    """Contents of WET files, as CCNet takes them."""
    blocks = []
    for path in paths:
        with path.open("rb") as stream:
            records = ArchiveIterator(stream, record_types=WarcRecordType.conversion)
            blocks += [record.reader.read().decode() for record in records]
    contents = split_titles(TextBatch.of(blocks))[1]
    return [contents.documents.bytes(d).decode() for d in range(len(contents))]


def seconds(work: Callable[[], Any]) -> float:
    """CPU time: best of three runs after one to warm up."""
    work()
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def measure_ours(texts: list[str], repeated: Repeated) -> dict[str, float]:
    batches = [TextBatch.of(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
    normalised = [norm_cc(batch.lines) for batch in batches]
    hashes = [paragraph_hashes(batch)[0] for batch in batches]
    lookup = HashLookup.of(np.array(sorted(repeated), np.uint64))

    def sets() -> None:
        distinct = FlaggedHashes()
        for batch, own in zip(batches, hashes, strict=True):
            distinct.add(own, batch.document_line)
        distinct.finish()

    return {
        "normalise": seconds(lambda: [norm_cc(batch.lines) for batch in batches]),
        "sha1": seconds(lambda: [sha1_prefix(lines) for lines in normalised]),
        "hash": seconds(lambda: [paragraph_hashes(TextBatch(b.data, b.document_start)) for b in batches]),
        "set": seconds(sets),
        "keep": seconds(lambda: [keep_lines(b, h, lookup).frame() for b, h in zip(batches, hashes, strict=True)]),
    }


def measure_plain(texts: list[str], repeated: Repeated) -> dict[str, float]:
    hashes = [plain_hashes(text) for text in texts]
    normalised = [line.encode() for text in texts for line in text.split("\n")]

    def sets() -> None:
        Counter(h for own in hashes for h in set(own))

    return {
        "normalise": seconds(
            lambda: [_DELETED.sub("", _DIGIT.sub("0", line.strip().lower())) for t in texts for line in t.split("\n")]
        ),
        "sha1": seconds(lambda: [hashlib.sha1(line).digest()[:8] for line in normalised]),
        "hash": seconds(lambda: [plain_hashes(text) for text in texts]),
        "set": seconds(sets),
        "keep": seconds(lambda: [plain_keep(t, h, repeated) for t, h in zip(texts, hashes, strict=True)]),
    }


def measure_cc_net(texts: list[str], repeated: Repeated) -> dict[str, float]:
    """cc_net's own functions; its hash set is that of the machine (getpy where it is installed)."""
    from cc_net import dedup, flat_hash_set, text_normalizer  # noqa: PLC0415  (not a dependency)  # pyright: ignore[reportMissingImports]

    known = flat_hash_set.FlatHashSet()
    keys = np.array(sorted(repeated), np.uint64)
    known[keys] = np.ones(keys.size, np.uint8)
    texts = [text for text in texts if text]
    hashes = [dedup.compute_hashes(text) for text in texts]

    def sets() -> None:
        distinct = flat_hash_set.FlatHashSet()
        for own in hashes:
            distinct.add(own)

    def keep() -> None:
        for text, own in zip(texts, hashes, strict=True):
            mask = known[own] < 1
            if mask.sum():
                dedup.finalize_doc({"raw_content": text}, "raw_content", own * mask)

    return {
        "normalise": seconds(
            lambda: [text_normalizer.normalize_for_dedup(line) for text in texts for line in text.split("\n")]
        ),
        "hash": seconds(lambda: [dedup.compute_hashes(text) for text in texts]),
        "set": seconds(sets),
        "keep": seconds(keep),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of CCNet's paragraph deduplication on one core.")
    parser.add_argument("files", nargs="*", type=Path, help="WET files; without any, documents are made")
    parser.add_argument("--documents", type=int, default=4000, help="how many documents are made")
    arguments = parser.parse_args()

    texts = wet_texts(arguments.files) if arguments.files else made_texts(arguments.documents)
    counts = Counter(h for text in texts for h in set(plain_hashes(text)))
    repeated = {h for h, count in counts.items() if count > 1}
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    lines = sum(text.count("\n") + 1 for text in texts)
    print(f"{len(texts):,} documents, {lines:,} lines, {megabytes:.1f} MB, {len(repeated):,} repeated hashes; one core")

    measured = {"ours": measure_ours(texts, repeated), "plain Python": measure_plain(texts, repeated)}
    if importlib.util.find_spec("cc_net"):
        measured["cc_net"] = measure_cc_net(texts, repeated)
    for times in measured.values():
        times["hash + keep"] = times["hash"] + times["keep"]
    print(f"{'step':<12} {'who':<13} {'documents/s':>12} {'lines/s':>12} {'MB/s':>8} {'ours is':>9}")
    for step in measured["ours"]:
        for who, times in measured.items():
            if step in times:
                ratio = f"{times[step] / measured['ours'][step]:.1f} x"
                rates = (
                    f"{len(texts) / times[step]:>12,.0f} {lines / times[step]:>12,.0f} {megabytes / times[step]:>8,.1f}"
                )
                print(f"{step:<12} {who:<13} {rates} {ratio if who != 'ours' else '':>9}")


if __name__ == "__main__":
    main()

"""Speed of dedups of pieces on one core, from raw texts by way of spans to edited texts, at growing sizes; and that of the radix sort.

    python benchmarks/substrings.py [MB ...] [--bytes 100] [--keys 20]

Made texts of about 4 KB in English-like and Chinese-like words; one in five carries a passage of 150 to 600 characters from a common stock, one in four of
the lines is boilerplate. Seconds are CPU time, of the better of two runs after one on little text, to compile; `peak` is the highest memory of the
process so far, which holds the texts too.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.dedup.sorting import radix_sort
from corpus_platform.dedup.substrings import WindowUnits
from corpus_platform.dedup.units import LineUnits, SentenceUnits, UnitFamily, repeated
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Callable

_ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年")


def made_texts(size: int, seed: int = 11) -> TextBatch:
    """Seeded texts of `size` bytes in all, with planted repeats."""
    rng = random.Random(seed)
    words = [["".join(rng.choices(some, k=rng.randint(2, 9))) for _ in range(5000)] for some in _ALPHABETS]

    def line(script: int, count: int) -> str:
        return ("", " ")[script == 0].join(rng.choices(words[script], k=count)).capitalize() + ".。"[script]

    def passage(script: int) -> str:
        return ("", " ")[script == 0].join(line(script, 10) for _ in range(9))

    passages = [[passage(script)[: rng.randint(150, 600)] for _ in range(200)] for script in range(2)]
    stock = [[line(script, rng.randint(2, 6)) for _ in range(300)] for script in range(2)]
    texts, made = [], 0
    while made < size:
        script = rng.random() < 0.25
        lines = [line(script, rng.randint(8, 40)) for _ in range(18)] + rng.choices(stock[script], k=6)
        rng.shuffle(lines)
        if rng.random() < 0.2:
            lines[rng.randrange(len(lines))] += rng.choice(passages[script])
        texts.append("\n".join(lines))
        made += len(texts[-1].encode())
    return TextBatch.of(texts)


def dedup(units: UnitFamily, batch: TextBatch) -> tuple[float, dict[str, float], int]:
    """Seconds from texts to edited texts, those of each step, and the characters that went."""
    batch = TextBatch(batch.data, batch.document_start)
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        found = work()
        seconds[name] = time.process_time() - start
        return found

    keys = timed("keys", lambda: units.keys(batch, pl.DataFrame()))
    gone = timed("repeated", lambda: repeated(keys))
    removed = timed("remove", lambda: units.remove(batch, *gone))
    return sum(seconds.values()), seconds, int(removed.characters_removed.sum())


def report(name: str, units: UnitFamily, sizes: list[int]) -> None:
    """A row per size."""
    dedup(units, made_texts(200_000))
    print(
        f"\n{name}\n{'MB':>6} {'MB/s':>7} {'ns/byte':>8}   {'keys':>6} {'repeated':>8} {'remove':>6}   removed    peak"
    )
    for size in sizes:
        batch = made_texts(size * 1_000_000)
        total, seconds, removed = min((dedup(units, batch) for _ in range(2)), key=lambda run: run[0])
        megabytes = batch.data.size / 1e6
        steps = f"{seconds['keys']:6.2f} {seconds['repeated']:8.2f} {seconds['remove']:6.2f}"
        share = removed / int(batch.characters.sum())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{size:6} {megabytes / total:7.1f} {total * 1e3 / megabytes:8.1f}   {steps}   {share:7.1%} {peak:5.1f} GB"
        )


def report_sort(millions: int) -> None:
    """Pairs a second: the best of three runs."""
    key = np.random.default_rng(5).integers(0, 2**64, millions * 1_000_000, np.uint64)
    payload, best = np.arange(key.size), float("inf")
    radix_sort(key[:1000], payload[:1000])
    for _ in range(3):
        start = time.process_time()
        radix_sort(key, payload)
        best = min(best, time.process_time() - start)
    print(f"\nradix sort of {millions} million pairs: {millions / best:.1f} million a second")


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of dedups of pieces of texts on one core.")
    parser.add_argument("sizes", nargs="*", type=int, default=[10, 20, 40, 80], help="megabytes of text")
    parser.add_argument("--bytes", type=int, default=100, help="bytes of a window")
    parser.add_argument("--keys", type=int, default=20, help="millions of pairs to sort")
    arguments = parser.parse_args()

    report(f"windows of {arguments.bytes} bytes", WindowUnits(arguments.bytes, "byte"), arguments.sizes)
    report("windows of 50 tokens", WindowUnits(50, "token"), arguments.sizes)
    report("spans of 3 sentences, norm_dt", SentenceUnits(), arguments.sizes)
    for form in ("raw", "stripped_lower", "norm_cc"):
        report(f"lines, {form}", LineUnits(form), arguments.sizes)
    report_sort(arguments.keys)


if __name__ == "__main__":
    main()

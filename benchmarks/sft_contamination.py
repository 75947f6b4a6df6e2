"""Items of evaluation sets in dialogues: what is found of planted items by the kind of edit, false alarms among training sets, and how fast it is.

    python benchmarks/sft_contamination.py SAMPLES

SAMPLES is a folder with a folder for each data set, as the tests of dialogues take it (`$CORPUS_SAMPLES/sft`). The edits are those of
tests/conformance/test_sft_decontamination.py. Processor time of one thread is told for the texts of all sets over and over, 100,000 in all.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from corpus_platform.recipes.eval_sets import read_eval_set
from corpus_platform.sft.contamination import EvalItems

CASES = Path(__file__).parents[1] / "tests" / "conformance" / "test_sft_decontamination.py"
OF_TEST_SET = ("gsm8k-samples/", "metamath/", "gsm8k/test")
"""Samples that are GSM8K's test set, or were made of it."""
MORE = {"cmath": "cmath/test.jsonl", "math": "math/math.jsonl", "agieval": "agieval"}
ROWS, AT_ONCE = 100_000, 5_000


def main() -> None:
    """Prints three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", type=Path)
    samples: Path = parser.parse_args().samples
    cases = _cases()
    texts = cases.texts_of(samples, sorted(path.name for path in samples.iterdir() if path.is_dir()))
    items = cases.items_of(samples)
    ready = EvalItems.of(items)
    found(cases, ready, items, texts)
    false_alarms(ready, texts)
    speed(cases, samples, [text for _, text in texts])


def found(cases: Any, ready: EvalItems, items: list[Any], texts: list[tuple[str, str]]) -> None:
    """Share of planted items that are found."""
    own = {place.partition("/")[0] for place in cases.SETS.values()}
    around = [
        t
        for file, t in texts
        if len(t) > 200 and file.partition("/")[0] not in own and not file.startswith(OF_TEST_SET)
    ]
    print("| edit |", " | ".join(cases.SETS), "| all |")
    for edit in (
        cases.whole,
        cases.punctuation,
        cases.full_width,
        cases.words,
        cases.options,
        cases.cut_in,
        cases.everything,
    ):
        by_set, share = cases.found_of(ready, items, edit, around)
        print(f"| {edit.__name__} |", " | ".join(f"{by_set[name]:.3f}" for name in cases.SETS), f"| {share:.4f} |")


def false_alarms(ready: EvalItems, texts: list[tuple[str, str]]) -> None:
    """What is flagged of samples that are no evaluation set."""
    evals = ("mmlu/", "cmmlu/", "humaneval/", "mbpp/", "mgsm-zh/", *OF_TEST_SET)
    others = [(file, text) for file, text in texts if not file.startswith(evals)]
    hits = (
        ready.find(pl.Series([text for _, text in others]))
        .filter("flagged")
        .unique("row", keep="first", maintain_order=True)
    )
    print(f"\n{len(others):,} texts of other samples, {hits.height} flagged")
    for file, n in sorted(Counter(others[row][0] for row in hits["row"]).items()):
        print(f"| {file} | {n} |")
    for hit in hits.iter_rows(named=True):
        print(
            f"- {others[hit['row']][0]}: {hit['score']:.2f} {hit['passage'][:100]!r} for {hit['benchmark']}: {hit['item_passage'][:100]!r}"
        )


def speed(cases: Any, samples: Path, texts: list[str]) -> None:
    """Texts a second against all evaluation sets."""
    every = EvalItems.of(i for n, p in {**cases.SETS, **MORE}.items() for i in read_eval_set(n, samples / p).items)
    many = pl.Series((texts * (ROWS // len(texts) + 1))[:ROWS])
    every.find(many[:100])
    since = time.process_time()
    for first in range(0, ROWS, AT_ONCE):
        every.find(many[first : first + AT_ONCE])
    spent = time.process_time() - since
    characters = int(many.str.len_chars().sum() or 0) / 1e6
    print(
        f"\n{ROWS:,} texts, {characters:.0f} million characters, {len(every.items):,} items: {spent:.1f} s, {ROWS / spent:,.0f} texts/s"
    )


def _cases() -> Any:
    spec = importlib.util.spec_from_file_location("cases", CASES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()

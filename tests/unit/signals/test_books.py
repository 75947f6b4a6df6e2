"""Signs of bad scans against a plain count, and good books that have none of them."""

import math
from itertools import pairwise
from random import Random

import numpy as np
import polars as pl
import pytest

from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import signals

NAMES = tuple(name for name in signals() if name.startswith("book_"))
PROSE = (
    "The miller had three sons, and when he died he left them his mill, his ass and his cat. The eldest took the mill."
)


def measured(*texts):
    return dict(zip(NAMES, annotate(pl.DataFrame({"text": texts}), NAMES, Environment()), strict=True))


def scanned(lines=200):
    """Prose as bad recognition leaves it: divided words, short lines, scraps."""
    rng = Random(7)
    words = (PROSE.lower().replace(".", "").replace(",", "") + " ").split()
    found = []
    for i in range(lines):
        line = " ".join(rng.choice(words) for _ in range(rng.choice((2, 3, 9, 10))))
        found += [line + "-" if i % 4 == 0 else line] + ([rng.choice(("12", "| .", "i"))] if i % 5 == 0 else [])
    return "\n".join(found)


def slow(text):
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    sizes = [len(line) for line in lines]
    width = float(np.quantile(sizes, 0.9, method="nearest"))
    pairs = list(pairwise(lines))
    small = [b[0].islower() for _, b in pairs]
    hyphens = sum(a[-1] == "-" and a[-2:-1].isalpha() and s for (a, _), s in zip(pairs, small, strict=True))
    open_ = [a[-1] not in ".!?:;…。！？；：”’\"'»)]}—–*-" for a, _ in pairs]
    broken = sum(o and s and len(a) < 0.6 * width for (a, _), o, s in zip(pairs, open_, small, strict=True))
    scraps = sum(
        sum(map(str.isalpha, x)) < 2 or 3 * sum(map(str.isalnum, x)) < sum(not c.isspace() for c in x) for x in lines
    )
    logs = np.log(sizes)
    centred = logs - logs.mean()
    variance = (centred**2).mean()
    bimodality = ((centred**3).mean() ** 2 / variance**3 + 1) / ((centred**4).mean() / variance**2)
    return hyphens / len(pairs), broken / len(pairs), scraps / len(lines), bimodality


@pytest.mark.parametrize("text", [scanned(), scanned(37), "\n\n".join([PROSE, "THE END", "12", "and so on"] * 5)])
def test_shares_agree_with_a_plain_count(text):
    found = measured(text)

    got = [
        found[f"book_{name}"][0]
        for name in ("hyphen_line_share", "broken_line_share", "fragment_line_share", "line_bimodality")
    ]
    assert got == pytest.approx(slow(text))


def test_a_bad_scan_scores_high_and_books_do_not():
    wrapped = "\n".join([PROSE[:70], PROSE[70:].strip()] * 50)
    verse = "\n".join(["Tyger, tyger, burning bright,", "In the forests of the night;"] * 20)
    dialogue = "\n\n".join(['"Yes," he said.', PROSE, "“No!”"] * 20)
    chinese = "\n".join(["话说尤三姐自尽之后，尤老娘和二姐儿俱不胜悲恸。", "诗曰：", "昔日眉山翁，无事强说鬼。"] * 20)

    found = measured(scanned(), PROSE * 40, wrapped, verse, dialogue, chinese)

    scan, *books = found["book_ocr_score"]
    assert scan > 0.6
    assert all(score is None or score < 0.4 for score in books)
    assert found["book_dialogue_share"].to_list()[4] == pytest.approx(2 / 3)


def test_too_few_lines_are_not_judged():
    found = measured("", "one\ntwo", "a\n" * 9)

    assert found["book_lines"].to_list() == [0, 2, 9]
    assert all(found[name].to_list() == [None] * 3 for name in NAMES if name != "book_lines")


def test_lines_of_one_length_have_no_peaks():
    found = measured("abc def.\n" * 20)

    assert found["book_line_bimodality"].to_list() == [None]
    assert math.isclose(found["book_ocr_score"][0], 0.0)

"""DCLM's quality measures equal its filters' plain code."""

import re

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_web_lines import fasttext_words
from texts import texts

from corpus_platform.signals.annotate import compute
from corpus_platform.signals.dclm import BULLETS, DCLM, ELLIPSES
from corpus_platform.signals.gopher import STOP_WORDS
from corpus_platform.signals.subject import Subject

PIECES = [
    "the",
    "THE",
    "With",
    "#",
    "...",
    ". . .",
    "…",
    "● x",
    "* y",
    "- z",
    "•",
    "12",
    "x1",
    "\n",
    "\r\n",
    " end...",
    "中文",
    "word",
]


def fraction(above, below):
    return above / below if below else None


def plain(text):
    words = text.split()
    lines = [line.strip() for line in re.split("\n", text) if line.strip()]
    return {
        "dclm_words": fasttext_words(text),
        "dclm_mean_word_length": fraction(sum(map(len, words)), len(words)),
        "dclm_symbol_ratio": fraction(sum(text.count(symbol) for symbol in ("#", "...", ". . .", "…")), len(words)),
        "dclm_bullet_line_fraction": fraction(sum(line.startswith(BULLETS) for line in lines), len(lines)),
        "dclm_ellipsis_line_fraction": fraction(sum(line.endswith(ELLIPSES) for line in lines), len(lines)),
        "dclm_non_alpha_word_fraction": fraction(sum(not any(c.isalpha() for c in word) for word in words), len(words)),
        "dclm_stop_words": sum(word.lower() in STOP_WORDS for word in words),
    }


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.sampled_from(PIECES) | texts(5), max_size=20).map(" ".join), max_size=4))
def test_the_measures_are_those_of_the_plain_code(pages):
    subject = Subject.of(pl.DataFrame({"text": pages}, schema={"text": pl.String}))

    found = compute(subject, [signal.name for signal in DCLM.signals]).to_dicts()

    assert found == [plain(text) for text in pages]

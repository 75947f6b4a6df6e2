"""Signals of Chinese words as a segmenter cuts them: jieba's dictionary and model, in Rust (rjieba, an extra).

A word is a piece with a letter, digit or Han character. They cost a multiple of the signals on characters and are computed only when asked for.

Not here: signals on characters (chinese.py), words for the rules of other systems (cut_words.py).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.errors import SettingsError
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.signals.subject import Subject

_SOURCE = "ours; words by jieba (rjieba), hidden Markov model on"

_SIGNALS = (
    Signal("zh_word_count", "Words", _SOURCE, dtype=pl.Int64, range="0..", languages="zh", empty="0"),
    Signal("zh_mean_word_length", "Characters of all words / words", _SOURCE, range="1..", languages="zh"),
    Signal("zh_unique_word_fraction", "Different words / words", _SOURCE, languages="zh"),
    Signal("zh_word_entropy", "Entropy in bits of the words", _SOURCE, range="0..", languages="zh"),
    Signal(
        "zh_stop_word_fraction",
        "Words that the list stop_words has for zh / words",
        _SOURCE,
        languages="zh",
        lists=("stop_words",),
    ),
)


@cache
def _cutter() -> Callable[[str], list[str]]:
    try:
        from rjieba import cut  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise SettingsError("Chinese words are cut by rjieba, which is not installed: `pip install rjieba`") from error
    return cut


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The wanted signals of each document."""
    del wanted
    cut, stop = _cutter(), subject.environment.lists.get("stop_words", "zh").set
    rows = [
        _measured([word for word in cut(text) if any(map(str.isalnum, word))], stop)
        for text in subject.batch.texts.to_list()
    ]
    return dict(zip((signal.name for signal in _SIGNALS), np.array(rows).reshape(-1, 5).T, strict=True))


def _measured(words: list[str], stop: frozenset[str]) -> tuple[float, ...]:
    if not words:
        return 0, np.nan, np.nan, np.nan, np.nan
    counts = Counter(words)
    share = np.array(list(counts.values())) / len(words)
    return (
        len(words),
        sum(map(len, words)) / len(words),
        len(counts) / len(words),
        float(-(share * np.log2(share)).sum()),
        sum(n for word, n in counts.items() if word in stop) / len(words),
    )


CHINESE_WORDS = register(Family(name="chinese_words", version="1", signals=_SIGNALS, compute=compute, default=False))

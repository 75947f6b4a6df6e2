"""Where units of a form of a text stand in the text itself: for people who look at a match.

Forms move characters, so the place is found by halving: the shortest beginning of the text of which the form has so many units ends with the first
character of the last of them. Promise: a span lies within its text, and begins with the first character of its first unit.

Not here: the search (contamination.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.dedup.grams import units
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.dedup.grams import Form, Unit


def spans_of_units(
    texts: Sequence[str], first: np.ndarray, count: np.ndarray, unit: Unit, form: Form
) -> tuple[np.ndarray, np.ndarray]:
    """Where `count` units of each text stand, from unit `first` on (int64[n] each): start and end in code points, int64[n].

    A span ends before the next unit, without white space.
    """
    start = _place(texts, first, unit, form)
    end = _place(texts, first + count, unit, form)
    cut = [s + len(text[s:e].rstrip()) for text, s, e in zip(texts, start, end, strict=True)]
    return start, np.maximum(np.array(cut, np.int64), start)


def _place(texts: Sequence[str], number: np.ndarray, unit: Unit, form: Form) -> np.ndarray:
    """The character where unit `number` of each text begins; the end of the text where it has not so many."""
    low, high = np.zeros(len(texts), np.int64), np.array([len(text) + 1 for text in texts], np.int64)
    while (low < high).any():
        middle = (low + high) // 2
        beginnings = TextBatch.of([text[:m] for text, m in zip(texts, middle, strict=True)])
        enough = (units(beginnings, unit, form).count > number) | (middle >= high)
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return np.minimum(low - 1, np.array([len(text) for text in texts])).clip(0)

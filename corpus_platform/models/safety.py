"""Unsafe text, line by line, and what that makes of a document.

A line's score is the probability that it is not safe. A document's is the larger of two: that of its text as a whole, and the mean of its
worst lines (a tenth of those that say anything, at least two): spam hides behind menus and copied news, and one odd line is no spam.
Its label is that of the text, or of its worst line, whichever made the score; `safe` below 0.5.
Of 57 Chinese pages of a crawl full of spam (22 adult or gambling) a score of 0.5 finds 77 % with a precision of 0.85, one of 0.7 finds 55 % without
a mistake.

Not here: the classifier's training texts (training/safety.*.yaml), what is done with a score (recipes/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.models.features import word_bytes
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import kept_lines

if TYPE_CHECKING:
    from corpus_platform.models.classifier import Classifier

SAFE = "safe"
LABELS = ("safe", "porn", "gambling", "violence", "hate", "fraud")
UNSAFE_AT = 0.5
_SHARE, _LEAST = 0.1, 2
_MIN_WORDS = 4
"""Shorter lines, in words or Han characters, are menus and names: they are scored and say nothing about the document."""
_SPACE = 32


@dataclass(frozen=True)
class Safety:
    """What n documents and their m lines (as `kept_lines` cuts them) are: scores float64 (NaN where nothing is to be read), labels."""

    score: np.ndarray
    label: list[str | None]
    line_score: np.ndarray
    line_label: list[str | None]
    document_line: np.ndarray


def judge_safety(classifier: Classifier, batch: TextBatch) -> Safety:
    """Scores and labels of texts and their lines. The classifier's features are `words`, its positive classes the unsafe ones."""
    lines, document_line = kept_lines(batch)
    data, start = word_bytes(TextBatch.of(lines.strings()))
    judged = classifier.classify_words(data, start)
    whole = classifier.classify_words(*word_bytes(batch))
    says = _word_counts(data, start) >= _MIN_WORDS
    worst, where = _worst_lines(np.where(says, judged.score, np.nan), document_line, _SHARE, _LEAST)
    score = np.fmax(whole.score, worst)
    by_line = worst > whole.score
    labels = [judged.labels[w] if b else name for b, w, name in zip(by_line, where, whole.labels, strict=True)]
    return Safety(score, _named(labels, score), judged.score, judged.labels, document_line)


def _named(labels: list[str | None], score: np.ndarray) -> list[str | None]:
    """`safe` below the threshold; from it on the class, which is never `safe` for the classes above it outweigh it together."""
    return [
        label if s >= UNSAFE_AT else (SAFE if np.isfinite(s) else None) for label, s in zip(labels, score, strict=True)
    ]


@kernel
def _word_counts(data: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Features of each line."""
    count = np.zeros(start.size - 1, np.int64)
    for line in range(count.size):
        count[line] = start[line + 1] > start[line]
        for i in range(start[line], start[line + 1]):
            count[line] += data[i] == _SPACE
    return count


@kernel
def _worst_lines(
    score: np.ndarray, document_line: np.ndarray, share: float, least: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the largest scores of each document's lines (NaN where too few say anything), and the line of the largest (-1)."""
    mean, where = np.full(document_line.size - 1, np.nan), np.full(document_line.size - 1, -1, np.int64)
    for d in range(mean.size):
        own = score[document_line[d] : document_line[d + 1]]
        known = own[np.isfinite(own)]
        if known.size < least:
            continue
        known.sort()
        taken = max(np.int64(known.size * share), least)
        mean[d] = known[known.size - taken :].mean()
        for line in range(document_line[d], document_line[d + 1]):
            if score[line] == known[known.size - 1] and where[d] < 0:
                where[d] = line
    return mean, where

"""A hint that a language model wrote a text: how even, how formulaic, how itemised and how repetitive it is.

Four measures make the score by fixed weights (a logistic form, fitted once on answers of chat models against people's answers and pages):

- evenness: standard deviation by mean of the sentences' lengths in characters; people write in bursts;
- phrases: stock phrases of chat models (list `machine_phrases`) per 100 words;
- items: share of lines that begin with a number, a bullet or a bold heading;
- repeats: share of characters in groups of three words that occur twice.

It costs little and proves nothing: it is for sampling and for looking at distributions. On texts held back from the fit (forum answers, news and
web pages against chat models' answers; 828 English, 535 Chinese) a score above 0.9 has precision 0.92 and recall 0.22 in English, 0.98 and 0.55
in Chinese, with 1 % of people's texts above it; above 0.5 it is 0.66 and 0.65, and 0.83 and 0.88, with 19 % and 14 %.

Not here: trained classifiers (models/), thresholds (recipes/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.ngrams import Ngrams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_SENTENCE_END = r"[。！？!?]+|\.+(?:\s|$)|\n+"
_ITEM = r"(?m)^[ \t]*(?:\d{1,2}[.)、．]|[-*•·][ \t]|\*\*|#{1,4} )"
_LINE = r"(?m)^[^\n]*\S"
_MIN_WORDS, _MIN_SENTENCES = 40, 3
WEIGHTS: dict[str, tuple[float, float, float, float, float]] = {
    "en": (0.94, -3.64, 1.03, 3.08, 4.31),
    "zh": (2.42, -6.22, 1.8, 8.32, 0.17),
}
"""Constant, evenness, phrases, items, repeats."""


def measures(subject: Subject) -> np.ndarray:
    """The four measures of each text, float64[n, 4]; NaN where the text has under 40 words or 3 sentences."""
    texts = subject.batch.texts
    frame = pl.DataFrame({"text": texts, "language": subject.column("language"), "words": subject.cjk_words.count})
    length = pl.element().str.strip_chars().str.len_chars()
    sentences = pl.col("text").str.replace_all(_SENTENCE_END, "\x00").str.split("\x00").list.eval(length)
    sentences = sentences.list.eval(pl.element().filter(pl.element() > 1))
    found = frame.select(
        evenness=sentences.list.eval(pl.element().std() / pl.element().mean()).list.first(),
        sentences=sentences.list.len(),
        items=pl.col("text").str.count_matches(_ITEM) / pl.col("text").str.count_matches(_LINE),
        words=pl.col("words"),
    )
    known = (found["words"] >= _MIN_WORDS) & (found["sentences"] >= _MIN_SENTENCES)
    characters = np.maximum(subject.cjk_words.document_characters, 1)
    columns = (
        found["evenness"].clip(0, 3).to_numpy(),
        (100 * _phrases(subject, frame) / np.maximum(found["words"].to_numpy(), 1)).clip(0, 10),
        found["items"].clip(0, 1).to_numpy(),
        Ngrams.of(subject.cjk_words, 3).covered[2] / characters,
    )
    return np.where(known.to_numpy()[:, None], np.column_stack(columns).astype(np.float64), np.nan)


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The score."""
    del wanted
    score = np.full(len(subject), np.nan)
    found = measures(subject)
    language = subject.column("language")
    for code, (constant, *weights) in WEIGHTS.items():
        own = (language == code).fill_null(value=False).to_numpy()
        score[own] = 1.0 / (1.0 + np.exp(-(constant + found[own] @ np.array(weights))))
    return {"ml_machine_written_score": score.round(6)}


def _phrases(subject: Subject, frame: pl.DataFrame) -> np.ndarray:
    """Stock phrases in each text, by its language's list."""
    count = np.zeros(frame.height)
    for code in WEIGHTS:
        entries = list(subject.environment.lists.get("machine_phrases", code).entries)
        own = (frame["language"] == code).fill_null(value=False)
        if entries and own.any():
            texts = frame["text"].filter(own).str.to_lowercase()
            count[own.to_numpy()] = texts.str.extract_many(entries, leftmost=True).list.len().to_numpy()
    return count


register(
    Family(
        name="machine_written",
        version="1",
        signals=(
            Signal(
                name="ml_machine_written_score",
                definition=(
                    "Hint that a language model wrote the text: logistic function of the evenness of its sentences' lengths, stock phrases per 100 "
                    "words, share of itemised lines and share of repeated groups of three words"
                ),
                source="corpus platform",
                languages=", ".join(WEIGHTS),
                lists=("machine_phrases",),
            ),
        ),
        compute=compute,
        reads=("language",),
        default=False,
    )
)

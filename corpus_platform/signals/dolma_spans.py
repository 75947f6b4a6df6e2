"""Dolma's attributes: the spans `[start, end, score]` that its taggers write beside a document, in the order in which they are emitted.

Promise: in `compat: reference` equal to dolma 1.2.1, so that attribute files made here can be mixed by Dolma's own mixer.
Source: allenai/dolma, python/dolma/taggers.

Not here: the numbers of a document (dolma.py), what is replaced in it (recipes/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.clean.pii_styles import DOLMA
from corpus_platform.errors import SettingsError
from corpus_platform.signals.dolma import LENGTH_TYPES, gopher, personal
from corpus_platform.signals.dolma_c4 import C4
from corpus_platform.signals.dolma_text import mark_paragraphs, personal_data
from corpus_platform.text.lines import span_characters

if TYPE_CHECKING:
    from collections.abc import Callable

    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.batch import TextBatch

SCHEMA = {"document": pl.Int64, "type": pl.String, "start": pl.Int64, "end": pl.Int64, "score": pl.Float64}
"""Columns of spans: `start` and `end` in code points, `document` the row of the batch."""


def _spans(document: np.ndarray, kind: str, start: np.ndarray, end: np.ndarray, score: np.ndarray) -> pl.DataFrame:
    columns = {"document": document, "type": [kind] * document.size, "start": start, "end": end, "score": score}
    return pl.DataFrame(columns, schema=SCHEMA)


def _whole(subject: Subject, kind: str, score: np.ndarray, keep: np.ndarray | None = None) -> pl.DataFrame:
    """A span over each document."""
    rows = np.arange(len(subject)) if keep is None else np.flatnonzero(keep)
    scores = np.asarray(score, np.float64)
    return _spans(rows, kind, np.zeros(rows.size, np.int64), subject.batch.characters[rows], scores[rows])


def _gopher(version: int) -> Callable[[Subject], pl.DataFrame]:
    def tag(subject: Subject) -> pl.DataFrame:
        made = [(kind, np.asarray(make(), np.float64)) for kind, make in gopher(subject, version).items()]
        return pl.concat([_whole(subject, kind, value, ~np.isnan(value)) for kind, value in made])

    return tag


def _length(name: str) -> Callable[[Subject], pl.DataFrame]:
    def tag(subject: Subject) -> pl.DataFrame:
        kind, make = LENGTH_TYPES[name]
        return _whole(subject, kind, make(subject))

    return tag


def _line_offsets(batch: TextBatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Document, start and end of each line of `split` at newlines, the newline inside."""
    first = batch.document_line
    size = span_characters(batch.lines) + 1
    size[first[1:] - 1] -= 1
    document = np.repeat(np.arange(len(batch)), np.diff(first))
    end = np.cumsum(size)
    before = np.append(0, end)[first[:-1]]
    return document, end - size - before[document], end - before[document]


def _c4(version: int) -> Callable[[Subject], pl.DataFrame]:
    def tag(subject: Subject) -> pl.DataFrame:
        c4, ones = C4(subject), np.ones(len(subject))
        # v2 measures the text in lower case, where a capital I with a dot has become two characters.
        measured = subject.lowered if version == 2 and subject.environment.reference else subject.batch
        document, start, end = _line_offsets(measured)
        made = []
        for kind, chosen in (
            ("lines_with_no_ending_punctuation", c4.without_end),
            ("lines_with_too_few_words", c4.too_few_words),
        ):
            made.append(_spans(document[chosen], kind, start[chosen], end[chosen], np.ones(int(chosen.sum()))))
        for kind, holds in (
            ("has_naughty_word", c4.has_naughty_word()),
            ("has_javascript", c4.has_javascript(version)),
            ("has_lorem_ipsum", c4.has_lorem_ipsum()),
            ("has_curly_brace", c4.has_curly_brace()),
        ):
            made.append(_whole(subject, kind, ones, holds))
        return pl.concat([*made, _whole(subject, "line_count", c4.line_count())])

    return tag


def _pii(subject: Subject) -> pl.DataFrame:
    found = personal_data(subject)
    made = []
    for index, detector in enumerate(DOLMA.detectors):
        one = found.kind == index
        made.append(
            _spans(found.document[one], detector.kind, found.start[one], found.end[one], np.ones(int(one.sum())))
        )
    numbers = personal(subject)
    made += [_whole(subject, kind, numbers[kind]()) for kind in ("doc_count", "doc_frac")]
    return pl.concat(made)


def _not_alphanum(subject: Subject) -> pl.DataFrame:
    lines, first, marked = mark_paragraphs(subject.batch)
    end = np.cumsum(span_characters(lines))
    document = np.repeat(np.arange(len(subject)), np.diff(first))
    before = np.append(0, end)[first[:-1]]
    start = np.append(0, end[:-1])
    rows = np.flatnonzero(marked)
    none = np.bincount(document[rows], minlength=len(subject)) == 0
    paragraphs = _spans(
        document[rows],
        "all_punct",
        start[rows] - before[document[rows]],
        end[rows] - before[document[rows]],
        np.ones(rows.size),
    )
    return pl.concat([paragraphs, _whole(subject, "all_punct", np.zeros(len(subject)), none)])


TAGGERS: dict[str, Callable[[Subject], pl.DataFrame]] = {
    "gopher_v1": _gopher(1),
    "gopher_v2": _gopher(2),
    **{name: _length(name) for name in LENGTH_TYPES},
    "c4_v1": _c4(1),
    "c4_v2": _c4(2),
    "pii_regex_with_counts_fast_v2": _pii,
    "not_alphanum_paragraph_v1": _not_alphanum,
}
"""Dolma's taggers that are made here, by their own names."""


def tag(subject: Subject, tagger: str) -> pl.DataFrame:
    """The spans of one tagger (`SCHEMA`): those of a type and document in the order in which Dolma emits them.

    Raises SettingsError for a tagger that there is not.
    """
    if tagger not in TAGGERS:
        raise SettingsError(f"there is no tagger `{tagger}`; there are {', '.join(TAGGERS)}")
    return TAGGERS[tagger](subject)

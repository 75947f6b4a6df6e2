"""OSCAR's quantities of a page: what is left when short lines are cut off its ends, how its lines are, and which language they vote for.

All is measured between the first and the last line of more than 100 code points (*the trimmed text*), which is the text that OSCAR goes on with, so
that the numbers are the same before and after the cut. Lines end at LF or CR LF, as Rust's `lines` has them; there is none after a final one.
Source: oscar-project/ungoliant b26f11d, src/transformers, src/filtering, src/identifiers, src/pipelines/oscardoc.

Not here: the cut itself and thresholds (recipes/), TLSH, categories by URL (signals of URLs).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.models.language_id import LanguageId, language_id_model
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import span_characters
from corpus_platform.text.search import count_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from corpus_platform.signals.subject import Subject

LONG = 100
"""Code points of a long line; more than these end the cut."""
TINY = 5
"""Lines below which a document is tiny."""
_ENDS = 0.2
_SURE = 0.8
_MIN_LINES, _MOST_LANGUAGES = 10, 5
_SOURCE = "oscar-project/ungoliant"


def rust_lines(batch: TextBatch) -> tuple[Spans, np.ndarray]:
    """The lines of each text as Rust's `str::lines` gives them, and their offsets: int64[d + 1]."""
    return _without_last(batch.lines, batch.document_line)


def _without_last(lines: Spans, first: np.ndarray) -> tuple[Spans, np.ndarray]:
    last = np.zeros(len(lines), np.bool_)
    last[first[1:] - 1] = True
    keep = ~last | (lines.end > lines.start)
    returned = np.zeros(len(lines), np.bool_)
    full = lines.end > lines.start
    returned[full] = lines.data[lines.end[full] - 1] == 13
    end = lines.end - (returned & ~last)
    return Spans(lines.data, lines.start[keep], end[keep]), np.append(0, np.cumsum(keep))[first]


@dataclass(frozen=True)
class Trimmed:
    """The lines of documents, and those (`begin` to `stop`, exclusive, indices into all lines) between the first and the last long one."""

    batch: TextBatch

    @cached_property
    def lines(self) -> Spans:
        """All lines."""
        return rust_lines(self.batch)[0]

    @cached_property
    def first(self) -> np.ndarray:
        """int64[d + 1]: offsets of the lines."""
        return rust_lines(self.batch)[1]

    @cached_property
    def characters(self) -> np.ndarray:
        """int64[lines]: code points."""
        return span_characters(self.lines)

    @cached_property
    def letters(self) -> np.ndarray:
        """int64[lines]: letters and marks."""
        return count_class(self.lines, unicode.LETTER_OR_MARK)

    @cached_property
    def _measured(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return _measure(self.characters, self.letters, self.lines.end - self.lines.start, self.first)

    @property
    def begin(self) -> np.ndarray:
        """int64[d]: first line that is kept."""
        return self._measured[0]

    @property
    def stop(self) -> np.ndarray:
        """int64[d]: line after the last one; equal to `begin` where no line is long."""
        return self._measured[1]

    @property
    def counts(self) -> np.ndarray:
        """int64[5, d]: characters of the kept lines, those in lines of at least 100, letters, short lines, header and footer as bits 1 and 2."""
        return self._measured[2]

    @property
    def kept(self) -> np.ndarray:
        """int64[d]: lines that are kept."""
        return self.stop - self.begin


def trimmed(subject: Subject) -> Trimmed:
    """The trimmed text of a subject."""
    return subject.once("oscar", lambda: Trimmed(subject.batch))


def _numbers(subject: Subject) -> dict[str, Callable[[], Any]]:
    text = trimmed(subject)
    characters, long, letters, short, ends = text.counts
    some = text.kept > 0
    # Newlines between the kept lines are characters too, and no letters.
    everything = characters + text.kept - 1
    tiny = text.kept < TINY
    short_lines = short > text.kept // 2
    noisy = everything - letters > everything // 2

    def where(values: np.ndarray, dtype: Any) -> pl.Series:
        return pl.select(pl.when(pl.lit(pl.Series(some))).then(pl.lit(pl.Series(values)))).to_series().cast(dtype)

    return {
        "oscar_trim_start": lambda: where(text.begin - text.first[:-1], pl.Int32),
        "oscar_trim_end": lambda: where(text.stop - 1 - text.first[:-1], pl.Int32),
        "oscar_long_line_fraction": lambda: where(long / np.maximum(characters, 1), pl.Float64),
        "oscar_line_count": lambda: text.kept,
        "oscar_tiny": lambda: where(tiny, pl.Boolean),
        "oscar_short_sentences": lambda: where(short_lines, pl.Boolean),
        "oscar_header": lambda: where((ends & 1) > 0, pl.Boolean),
        "oscar_footer": lambda: where((ends & 2) > 0, pl.Boolean),
        "oscar_noisy": lambda: where(noisy, pl.Boolean),
        "oscar_only_noisy_and_tiny": lambda: where(_only(subject, tiny & noisy, short_lines | (ends > 0)), pl.Boolean),
    }


def _only(subject: Subject, both: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Is a document annotated noisy and tiny and nothing else. The peer compares with a list in the wrong order, so that none ever is."""
    return np.zeros_like(both) if subject.environment.reference else both & ~others


def _compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    made = _numbers(subject)
    return {name: made[name]() for name in wanted}


_OF_TRIMMED = "of the text between the first and last line of more than 100 characters"


def _signal(name: str, definition: str, dtype: Any, values: str, reference: str = "") -> Signal:
    return Signal(f"oscar_{name}", definition, _SOURCE, dtype, range=values, reference=reference)


register(
    Family(
        "oscar",
        "1",
        (
            _signal(
                "trim_start",
                "Number of the first line of more than 100 characters; null where there is none",
                pl.Int32,
                "0..",
            ),
            _signal("trim_end", "Number of the last such line", pl.Int32, "0.."),
            _signal(
                "long_line_fraction",
                f"Share of characters in lines of at least 100 characters, {_OF_TRIMMED}",
                pl.Float64,
                "0..1",
            ),
            _signal("line_count", f"Lines {_OF_TRIMMED}; 0 where there is none", pl.Int32, "0.."),
            _signal("tiny", f"Fewer than 5 lines, {_OF_TRIMMED}", pl.Boolean, "yes or no"),
            _signal(
                "short_sentences",
                f"More than half of the lines have at most 100 characters, {_OF_TRIMMED}",
                pl.Boolean,
                "yes or no",
            ),
            _signal(
                "header",
                f"Of the first fifth of the lines more than half have fewer than 100 bytes, {_OF_TRIMMED}",
                pl.Boolean,
                "yes or no",
            ),
            _signal(
                "footer",
                f"Of the last fifth of the lines more than half have fewer than 100 bytes, {_OF_TRIMMED}",
                pl.Boolean,
                "yes or no",
            ),
            _signal(
                "noisy",
                f"More than half of the characters are neither letters nor marks, {_OF_TRIMMED}",
                pl.Boolean,
                "yes or no",
            ),
            _signal(
                "only_noisy_and_tiny",
                "Noisy and tiny, and none of the other annotations",
                pl.Boolean,
                "yes or no",
                "never: the annotations are held against a list in another order than they are made in",
            ),
        ),
        _compute,
    )
)


@dataclass(frozen=True)
class Vote:
    """Languages of one document's lines: the winner (None: no sure one), its confidence (None for `multi`), whether it is of many languages."""

    language: str | None
    confidence: float | None
    multilingual: bool


def vote(codes: Sequence[str | None], scores: Sequence[float], sizes: Sequence[int]) -> Vote:
    """What the lines of a document say: `sizes` in bytes. A line below 0.8 has no language. Of equals the language that came first wins."""
    known = [code if score >= _SURE else None for code, score in zip(codes, scores, strict=True)]
    if _of_many_languages(known):
        return Vote("multi", None, multilingual=True)
    size: Counter[str | None] = Counter()
    weight: Counter[str] = Counter()
    for code, score, n in zip(known, scores, sizes, strict=True):
        size[code] += n
        if code is not None:
            weight[code] += n * score
    if not size.total():
        return Vote(None, 0.0, multilingual=False)
    winner = max(size, key=lambda code: size[code])
    if winner is None:
        return Vote(None, 0.0, multilingual=False)
    return Vote(winner, weight[winner] / size.total(), multilingual=False)


def _of_many_languages(known: Sequence[str | None]) -> bool:
    """At least 10 lines, more than 80 % of them known, 2 to 5 languages, each with its share of the lines, and not more unknown ones than that."""
    if len(known) < _MIN_LINES or sum(code is not None for code in known) / len(known) <= _SURE:
        return False
    count = Counter(known)
    languages = len(count) - (None in count)
    least = len(known) // len(count)
    return 2 <= languages <= _MOST_LANGUAGES and all(
        n <= least if code is None else n >= least for code, n in count.items()
    )


def _languages(subject: Subject, _wanted: frozenset[str]) -> Mapping[str, Any]:
    text = trimmed(subject)
    model = LanguageId.open(language_id_model(subject.environment.settings.language_id))
    chosen = np.zeros(len(text.lines) + 1, np.int64)
    np.add.at(chosen, text.begin, 1)
    np.add.at(chosen, text.stop, -1)
    rows = np.flatnonzero(np.cumsum(chosen[:-1]))
    lines = [text.lines.bytes(row).decode().replace("\0", "") for row in rows.tolist()]
    codes, scores = model.predict(lines)
    bounds = np.append(0, np.cumsum(text.kept))
    sizes = [len(line.encode()) for line in lines]
    votes = [vote(codes[a:b], scores[a:b].tolist(), sizes[a:b]) for a, b in pairwise(bounds.tolist())]
    return {
        "oscar_language": pl.Series([one.language for one in votes], dtype=pl.String),
        "oscar_language_confidence": pl.Series(
            [None if one.language is None else one.confidence for one in votes], dtype=pl.Float64
        ),
        "oscar_multilingual": pl.Series([one.multilingual for one in votes], dtype=pl.Boolean),
    }


register(
    Family(
        "oscar_language",
        "1",
        (
            Signal(
                "oscar_language",
                "Language with the most bytes in lines of which fastText is sure (0.8), `multi` for a text of many languages; null where "
                f"unsure lines have most; {_OF_TRIMMED}",
                _SOURCE,
                pl.String,
                range="ISO 639-1 code where there is one, or multi",
                models=("language_id",),
            ),
            Signal(
                "oscar_language_confidence",
                "Mean probability of that language over all bytes, 0 for the bytes of other lines; null for `multi`",
                _SOURCE,
                models=("language_id",),
            ),
            Signal(
                "oscar_multilingual",
                "Of many languages: at least 10 lines, more than 80 % of them sure, 2 to 5 languages, and each has at least floor(lines / kinds) lines, "
                "unsure lines at most that; unsure is a kind where there is such a line",
                _SOURCE,
                pl.Boolean,
                range="yes or no",
                empty="no",
                models=("language_id",),
            ),
        ),
        _languages,
        default=False,
    )
)


@kernel
def _measure(
    characters: np.ndarray, letters: np.ndarray, size: np.ndarray, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First kept line, the line after the last, and the counts of `Trimmed`."""
    documents = first.size - 1
    begin, stop = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    counts = np.zeros((5, documents), np.int64)
    for d in range(documents):
        low, high = first[d], first[d + 1]
        while low < high and characters[low] <= LONG:
            low += 1
        while high > low and characters[high - 1] <= LONG:
            high -= 1
        begin[d], stop[d] = low, high
        for line in range(low, high):
            counts[0, d] += characters[line]
            counts[1, d] += characters[line] if characters[line] >= LONG else 0
            counts[2, d] += letters[line]
            counts[3, d] += characters[line] <= LONG
        end = np.int64(np.floor((high - low) * _ENDS))
        head, foot = 0, 0
        for k in range(end):
            head += size[low + k] < LONG
            foot += size[high - 1 - k] < LONG
        counts[4, d] = (head > end // 2) + 2 * (foot > end // 2)
    return begin, stop, counts

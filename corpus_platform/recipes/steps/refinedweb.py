r"""RefinedWeb's edits: line-wise corrections, at most two newlines, addresses out of the text.

Source: Penedo et al. 2023 (RefinedWeb); mlfoundations/dclm, baselines/mappers/modifiers.py and baselines_configs/dclm_baseline_refinedweb.yaml.

Not here: the lines' verdicts (clean/refinedweb_lines.py), the address filter (url.py).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.clean.matches import matches
from corpus_platform.clean.refinedweb_lines import LINE_RULES, corrected_lines, fasttext_words
from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.text.batch import Spans, TextBatch, join_spans
from corpus_platform.text.lines import code_point_offsets
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.signals.subject import Subject

_CANDIDATE = r"(?i)items in cart|read more|sign-in"


@register_step
class RefinedWebLines(EditStep):
    """Removes lines of capitals, figures and counters, very short ones, and three phrases of shops and blogs; drops a document that loses too many words."""

    step: ClassVar[str] = "refinedweb_lines"
    acts_on: ClassVar = "lines"

    max_uppercase: float = Field(
        default=0.5, description="Most capital letters of a line, as a share of its characters"
    )
    max_numeric: float = Field(default=0.999999, description="Most digits of a line, as a share of its characters")
    counters: bool = Field(default=True, description="Whether lines such as `3 likes` go")
    min_words: int = Field(default=2, description="Least words of a line that is not empty")
    max_phrase_line: int | None = Field(
        default=10, description="Words of a line up to which phrases are taken out of it; null: phrases stay"
    )
    max_removed: float | None = Field(default=0.05, description="Most words that a document may lose, as a share")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """Lines, then phrases, then the words that are left."""
        batch = subject.batch
        before = fasttext_words(batch)
        lines, verdict = corrected_lines(
            batch, self.max_uppercase, self.max_numeric, self.min_words, counters=self.counters
        )
        keep = verdict == 0
        joined = TextBatch(*join_spans(batch.data, lines.start, lines.end, batch.document_line, keep))
        text, taken = self._without_phrases(joined.texts, reference=subject.environment.reference)
        after = fasttext_words(TextBatch.of(text))
        with np.errstate(divide="ignore", invalid="ignore"):
            lost = np.where(before > 0, (before - after) / before, np.nan)
        dropped = np.full(len(batch), -1, np.int16)
        if self.max_removed is not None:
            dropped[(lost > self.max_removed) | (before == 0)] = 1
        dropped[(text == "").to_numpy()] = 0
        stays = np.repeat(dropped < 0, np.diff(batch.document_line))
        removed = {
            rule: int((stays & (verdict == i)).sum()) for i, rule in enumerate(LINE_RULES) if rule not in {"", "blank"}
        }
        for document, _, _, rule in taken:
            removed[rule] = removed.get(rule, 0) + int(dropped[document] < 0)
        lose = dropped == 1
        return Edited(
            text,
            (text != batch.texts).to_numpy(),
            ("no_line_left", "too_many_words_removed"),
            dropped,
            np.where(lose, lost, np.nan),
            np.where(lose, np.nan if self.max_removed is None else self.max_removed, np.nan),
            {rule: count for rule, count in removed.items() if count},
            self._spans(batch, lines, verdict, taken) if trace else None,
        )

    def _without_phrases(
        self, text: pl.Series, *, reference: bool
    ) -> tuple[pl.Series, list[tuple[int, int, int, str]]]:
        """The texts without phrases, and what was taken out: document, start and end in the text before, rule."""
        if self.max_phrase_line is None:
            return text, []
        rows = text.str.contains(_CANDIDATE).arg_true().to_list()
        if not rows:
            return text, []
        taken: list[tuple[int, int, int, str]] = []
        changed = []
        for row in rows:
            left, found = without_phrases(text[row], self.max_phrase_line, reference=reference)
            changed.append(left)
            taken += [(row, *piece) for piece in found]
        return text.scatter(rows, pl.Series(changed, dtype=pl.String)), taken

    def _spans(
        self, batch: TextBatch, lines: Spans, verdict: np.ndarray, taken: list[tuple[int, int, int, str]]
    ) -> pl.DataFrame:
        """What went, in characters of the text before: lines, and the phrases of the lines that stay."""
        whole_start, whole_end = code_point_offsets(batch, batch.lines, batch.document_line)
        start, end = code_point_offsets(batch, lines, batch.document_line)
        document = np.repeat(np.arange(len(batch)), np.diff(batch.document_line))
        gone = np.flatnonzero((verdict > 0) & (whole_end > whole_start))
        rows = [(int(document[i]), int(whole_start[i]), int(whole_end[i]), LINE_RULES[verdict[i]]) for i in gone]
        for row, first, last, rule in taken:
            own = np.flatnonzero((verdict == 0) & (document == row))
            # Where each line that stays begins in the text that was looked at, and in the text before.
            places = np.concatenate([[0], np.cumsum(end[own] - start[own] + 1)])
            line = int(np.searchsorted(places, first, side="right")) - 1
            shift = int(start[own[line]] - places[line])
            rows.append((row, first + shift, last + shift, rule))
        return pl.DataFrame(sorted(rows), schema=PLACES, orient="row")


@lru_cache(maxsize=2)
def _phrases(reference: bool) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Rules and patterns in their order. DCLM's pattern of `Read more...` takes any three characters for the points."""
    points = "..." if reference else r"(?:\.\.\.|…)"
    return (
        ("items_in_cart", re.compile(r"\s?items in cart", re.IGNORECASE)),
        ("read_more", re.compile(rf"\s?read more{points}$", re.IGNORECASE)),
        ("sign_in", re.compile(r"^sign-in\s?", re.IGNORECASE)),
    )


def without_phrases(text: str, max_words: int, *, reference: bool) -> tuple[str, list[tuple[int, int, str]]]:
    """A text after the three phrases went, and the pieces with their rule, in characters of the text before.

    Each phrase is looked for in lines of at most `max_words` words; a line that has nothing left goes; the text is stripped after each phrase.
    """
    place = 0
    lines: list[tuple[str, list[int]]] = []
    for line in text.split("\n"):
        lines.append((line, list(range(place, place + len(line)))))
        place += len(line) + 1
    taken: list[tuple[int, int, str]] = []
    for rule, pattern in _phrases(reference):
        left = []
        for line, places in lines:
            if len(line.split()) > max_words:
                left.append((line, places))
                continue
            found = list(pattern.finditer(line))
            taken += [(places[m.start()], places[m.end() - 1] + 1, rule) for m in found]
            cut = {i for m in found for i in range(*m.span())}
            kept = [i for i in range(len(line)) if i not in cut]
            new = "".join(line[i] for i in kept)
            if not line or new.strip():
                left.append((new, [places[i] for i in kept]))
        lines = _stripped(left)
    return "\n".join(line for line, _ in lines), taken


def _stripped(lines: list[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """Lines without white space at the ends of them all."""
    while lines and not lines[0][0].strip():
        lines = lines[1:]
    while lines and not lines[-1][0].strip():
        lines = lines[:-1]
    if lines:
        first, places = lines[0]
        gap = len(first) - len(first.lstrip())
        lines[0] = (first[gap:], places[gap:])
        last, places = lines[-1]
        size = len(last.rstrip())
        lines[-1] = (last[:size], places[:size])
    return lines


@register_step
class Newlines(EditStep):
    """Shortens longer runs of newlines."""

    step: ClassVar[str] = "newlines"
    keeps: ClassVar = frozenset({"language", "language_score"})

    most: int = Field(default=2, ge=1, description="Newlines that may follow each other")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """Every longer run becomes one of `most`."""
        return _replaced(subject, f"\n{{{self.most + 1},}}", "\n" * self.most, "newlines", trace=trace)


@register_step
class RemoveUrls(EditStep):
    """Takes addresses and IPv4 numbers out of the text, and white space before them."""

    step: ClassVar[str] = "remove_urls"
    keeps: ClassVar = frozenset({"language", "language_score"})

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """Addresses that end in a known top-level domain, with what follows, then numbers.

        DCLM looks at the first only where the text itself begins with the letters of a top-level domain (`compat: reference`).
        """
        tlds = subject.environment.lists.get("top_level_domains").entries
        only = _starts(tlds) if subject.environment.reference else None
        found = _replaced(
            subject, _address(tlds), "", "url", trace=trace, sign=_sign(tlds), only=only, quick=_quick(tlds)
        )
        return _then(subject, found, _IPV4, "ip_address", trace=trace)


_PLACE = "\U0010fffd"
"""The last letter for private use: what no text has."""
_HOST = "[-a-zA-Z0-9@:%._+~#=]"
_TAIL = "[-a-zA-Z0-9()@:%_+.~#?&/=]*"
_IPV4_SIGN = r"[0-9]\.[0-9]{1,3}\.[0-9]"
_IPV4 = r"\s{0,10}\b(?:(?:https?|ftp)://)?(?:[0-2]?[0-9]{1,2}\.){3}[0-2]?[0-9]{1,2}" + _TAIL


@lru_cache(maxsize=4)
def _address(tlds: tuple[str, ...]) -> str:
    """The pattern of an address: anything before a top-level domain."""
    return rf"\s{{0,10}}(?:(?:https?|ftp)://)?{_HOST}{{1,256}}\.(?:{_names(tlds)})\b{_TAIL}"


@lru_cache(maxsize=4)
def _sign(tlds: tuple[str, ...]) -> str:
    """What is found wherever an address is, at a tenth of the cost: the boundary of a word is one of ASCII."""
    return rf"{_HOST}\.(?:{_names(tlds)})(?-u:\b)"


@lru_cache(maxsize=4)
def _quick(tlds: tuple[str, ...]) -> tuple[str, str]:
    """An address again, and where the first is not the same: in texts with very long runs, or with other letters right behind a domain."""
    names = _names(tlds)
    quick = rf"\s{{0,10}}(?:(?:https?|ftp)://)?{_HOST}+\.(?:{names})(?-u:\b){_TAIL}"
    return quick, rf"{_HOST}{{257}}|\.(?:{names})[^\x00-\x7f]"


def _names(tlds: tuple[str, ...]) -> str:
    return "|".join(sorted((re.escape(tld.lower()) for tld in tlds), key=lambda tld: (-len(tld), tld)))


def _starts(tlds: Iterable[str]) -> str:
    return "^(?i:" + "|".join(re.escape(tld) for tld in tlds) + ")"


def _replaced(
    subject: Subject,
    pattern: str,
    by: str,
    rule: str,
    *,
    trace: bool,
    sign: str | None = None,
    only: str | None = None,
    quick: tuple[str, str] | None = None,
) -> Edited:
    """The texts with every match of a pattern replaced.

    `sign`: a cheaper pattern that is found wherever the pattern is; `only`: one that a text must have to be looked at; `quick`: a cheaper pattern
    that finds the same in all texts but those with the second one.
    """
    before = subject.batch.texts
    hit = before.str.contains(sign or pattern)
    if only is not None:
        hit &= before.str.contains(only)
    rows = hit.arg_true()
    text = before.clone()
    some = before.gather(rows)
    count = 0
    for own, with_it in _shared(some, rows, pattern, quick):
        replaced, n = _replace(before.gather(own), with_it, by)
        text.scatter(own, replaced)
        count += n
    spans = matches(before, pattern, rule, rows) if trace else None
    return Edited(text, (text != before).to_numpy(), removed={rule: count} if count else {}, spans=spans)


def _shared(
    texts: pl.Series, rows: pl.Series, pattern: str, quick: tuple[str, str] | None
) -> Iterator[tuple[pl.Series, str]]:
    """(rows, pattern to look for in them)."""
    if quick is None:
        yield rows, pattern
        return
    odd = texts.str.contains(quick[1])
    for own, with_it in ((rows.filter(~odd), quick[0]), (rows.filter(odd), pattern)):
        if own.len():
            yield own, with_it


def _replace(texts: pl.Series, pattern: str, by: str) -> tuple[pl.Series, int]:
    """The texts with every match replaced, and how many there were: looked for once, where no text has the letter that holds their places."""
    if texts.str.contains(_PLACE, literal=True).any():
        return texts.str.replace_all(pattern, by), int(texts.str.count_matches(pattern).sum())
    held = texts.str.replace_all(pattern, _PLACE)
    count = int(held.str.count_matches(_PLACE, literal=True).sum())
    return held.str.replace_all(_PLACE, by, literal=True), count


def _then(subject: Subject, first: Edited, pattern: str, rule: str, *, trace: bool) -> Edited:
    """A second replacement by nothing, after the first one."""
    hit = first.text.str.contains(_IPV4_SIGN).arg_true()
    if not len(hit):
        return first
    some = first.text.gather(hit)
    replaced, counted = _replace(some, pattern, "")
    text = first.text.clone()
    text.scatter(hit, replaced)
    spans = first.spans
    before = subject.batch.texts
    if trace and spans is not None:
        # Numbers are looked for in the text before: what the first replacement made of it has other places.
        spans = pl.concat([spans, matches(before, pattern, rule, hit)]).sort("document", "start", "end")
    return Edited(
        text,
        (text != before).to_numpy(),
        removed={**first.removed, **({rule: counted} if counted else {})},
        spans=spans,
    )

"""Edits of Chinese corpora: script, good segments, lines, long digit strings, one sentence per line.

Sources: ChineseWebText (BERTEval), MNBVC (README, deduplication_mnbvc), CLUECorpus2020 (README), TigerBot (README).

Not here: filters (chinese.py), what stands for private data (the step `pii`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.clean import chinese_lines as lines_
from corpus_platform.clean.edits import changed_lines
from corpus_platform.clean.line_rows import joined, lines_of
from corpus_platform.clean.matches import matches
from corpus_platform.clean.script import to_simplified
from corpus_platform.clean.segments import segments_of
from corpus_platform.models.shelf import need
from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.signals import chinese_kernels as kernels
from corpus_platform.signals.chinese_pages import pages_of
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.clean.segments import Segments
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject


def _edited(
    before: pl.Series,
    after: pl.Series,
    removed: Mapping[str, int],
    spans: pl.DataFrame | None,
    drop: tuple[str, np.ndarray, np.ndarray, float] | None = None,
) -> Edited:
    """An edit; `drop` is a rule, bool[n] of what it drops, its values and its threshold."""
    rule, dropped, value, threshold = drop or ("", np.zeros(len(before), np.bool_), np.zeros(len(before)), 0.0)
    return Edited(
        text=after.rename("text"),
        changed=(before != after).to_numpy() & ~dropped,
        rules=(rule,) if rule else (),
        dropped=np.where(dropped, 0, -1).astype(np.int16),
        value=np.where(dropped, value, np.nan),
        threshold=np.where(dropped, threshold, np.nan),
        removed={name: count for name, count in removed.items() if count},
        spans=spans,
    )


def _repeated_paragraphs(texts: pl.Series) -> pl.DataFrame:
    """Where paragraphs stand that came before in their document, without the white space around them."""
    line, bare = pl.col("line"), pl.col("line").str.strip_chars()
    gap = line.str.len_chars().cast(pl.Int64) - line.str.strip_chars_start().str.len_chars().cast(pl.Int64)
    paragraphs = lines_of(texts).select("document", start=pl.col("start") + gap, line=bare).filter(line != "")
    again = paragraphs.filter(~pl.struct("document", "line").is_first_distinct())
    end = pl.col("start") + line.str.len_chars()
    return again.select("document", "start", end.alias("end"), rule=pl.lit("repeated")).cast(PLACES)  # type: ignore[arg-type]


@register_step
class Simplify(EditStep):
    """Traditional characters become Simplified ones (OpenCC t2s), in the lines that have any."""

    step = "simplify"

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts in Simplified Chinese."""
        before = subject.batch.texts
        after, changed = to_simplified(before)
        spans = changed_lines(before, after, "traditional").select(*PLACES) if trace else None
        return _edited(before, after, {"converted": int(changed.sum())}, spans)


@register_step
class Traditional(EditStep):
    """What becomes of Traditional pages: dropped, converted to Simplified, or kept."""

    step = "traditional"

    policy: Literal["drop", "convert", "keep"] = Field(default="convert", description="What is done with them")
    max_share: float = Field(
        default=0.05, ge=0, le=1, description="Pages with a larger share of Traditional characters are Traditional ones"
    )

    def needs(self) -> tuple[str, ...]:
        """The share, where it decides."""
        return ("zh_traditional_fraction",) if self.policy == "drop" else ()

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """By policy: fewer texts, other texts, or the same."""
        before = subject.batch.texts
        if self.policy == "convert":
            return Simplify().edit(subject, trace=trace)
        if self.policy == "keep":
            return _edited(before, before, {}, pl.DataFrame(schema=PLACES) if trace else None)
        share = subject.column("zh_traditional_fraction", pl.Float64).fill_null(0.0).to_numpy()
        drop = ("traditional", share > self.max_share, share, self.max_share)
        return _edited(before, before, {}, pl.DataFrame(schema=PLACES) if trace else None, drop)


@register_step
class GoodSegments(EditStep):
    """Keeps the runs of consecutive segments that score above a threshold, and drops documents without one.

    The scorer is a classifier of the environment (`quality/zh_clean`), anything there that gives a number for each text, or `prose`: the share of
    a segment in lines of running text, less a tenth for each adult or gambling term in 1,000 characters.
    """

    step = "segments"
    acts_on: ClassVar = "spans"

    scorer: str = Field(default="quality/zh_clean", description="Model that scores a segment, by name, or `prose`")
    otherwise: str | None = Field(
        default=None, description="Scorer where there is no such model; without one it is an error"
    )
    threshold: float = Field(default=0.37, description="A segment is good above this score")
    longest: int = Field(default=510, ge=1, description="Most characters of a segment")
    shortest: int = Field(
        default=200,
        ge=0,
        description="Under `compat: reference` segments of fewer characters are lost, as in BERTEval's code",
    )

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """The scorer, where there is no other."""
        known = self.scorer in environment.models or self.scorer == "prose" or self.otherwise == "prose"
        return () if known or self.otherwise in environment.models else (self.scorer,)

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The good runs, joined by newlines."""
        before = subject.batch.texts
        found = segments_of(before, self.longest)
        score = self._scores(found.text, subject.environment)
        good = score > self.threshold
        if subject.environment.reference:
            good &= found.text.str.len_chars().to_numpy() >= self.shortest
        counts = np.bincount(found.document, minlength=len(before))
        with np.errstate(invalid="ignore"):
            mean = np.bincount(found.document, np.nan_to_num(score), len(before)) / counts
        dropped = np.bincount(found.document, good, len(before)) == 0
        drop = ("no_good_segment", dropped, np.nan_to_num(mean), self.threshold)
        spans = _segment_spans(found, ~good) if trace else None
        return _edited(before, _joined_runs(before, found, good), {"segments": int((~good).sum())}, spans, drop)

    def _scores(self, texts: pl.Series, environment: Environment) -> np.ndarray:
        """A score for each segment; one without a score (NaN) is not good."""
        name = self.scorer
        if name != "prose" and name not in environment.models and self.otherwise is not None:
            name = self.otherwise
        if name == "prose":
            return pages_of(texts).prose_score()
        model = need(environment.models, name)
        return np.asarray(model.score(texts) if hasattr(model, "score") else model(texts), np.float64)


def _joined_runs(before: pl.Series, found: Segments, good: np.ndarray) -> pl.Series:
    """A document that is one run is left as it is."""
    runs: dict[int, list[tuple[int, int]]] = {}
    for document, first, last in found.runs(good):
        runs.setdefault(document, []).append((int(found.start[first]), int(found.end[last - 1])))
    texts = before.to_list()
    for document, pieces in runs.items():
        text = texts[document]
        if pieces != [(0, len(text))]:
            texts[document] = "\n".join(text[start:end].strip("\n") for start, end in pieces)
    return pl.Series("text", texts, pl.String)


def _segment_spans(found: Segments, bad: np.ndarray) -> pl.DataFrame:
    columns = {"document": found.document[bad], "start": found.start[bad], "end": found.end[bad]}
    return pl.DataFrame(columns).with_columns(rule=pl.lit("segment")).cast(PLACES)  # type: ignore[arg-type]


@register_step
class MaskDigits(EditStep):
    """Long strings of digits are taken out, or replaced: telephone, account and identity numbers."""

    step = "mask_digits"
    acts_on: ClassVar = "spans"

    min_digits: int = Field(default=8, ge=1, description="Digits that a string has at least")
    replacement: str = Field(default="", description="What stands in its place")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts without them."""
        before = subject.batch.texts
        pattern = rf"\d{{{self.min_digits},}}"
        after = lines_.mask_digits(before, self.min_digits, self.replacement)
        spans = matches(before, pattern, "digits") if trace else None
        return _edited(before, after, {"digits": int(before.str.count_matches(pattern).sum())}, spans)


@register_step
class MnbvcParagraphs(EditStep):
    """MNBVC's paragraphs: lines stripped, blank ones left out; a document that mostly repeats itself is dropped (待查, looked at by hand there)."""

    step = "mnbvc_paragraphs"
    acts_on: ClassVar = "lines"

    min_distinct: float = Field(default=0.5, ge=0, le=1, description="Least different paragraphs / paragraphs")
    drop_repeated: bool = Field(
        default=False, description="Leave out a paragraph that came before (MNBVC only marks it)"
    )

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The paragraphs, one a line."""
        before = subject.batch.texts
        after = lines_.stripped_paragraphs(before)
        lines = lines_of(after)
        first = pl.struct("document", "line").is_first_distinct()
        repeated = lines.select((~first).cast(pl.Int64).sum()).item() if self.drop_repeated else 0
        counts = lines.group_by("document", maintain_order=True).agg(
            pl.len(), pl.col("line").n_unique().alias("distinct")
        )
        share = (counts["distinct"] / counts["len"]).to_numpy() if len(counts) else np.empty(0)
        if self.drop_repeated:
            rule = pl.when(~first).then(pl.lit("repeated"))
            after = joined(lines.with_columns(rule=rule), len(before))
        drop = ("mostly_repeated", share < self.min_distinct, share, self.min_distinct)
        blank = before.str.count_matches("\n") - lines_.stripped_paragraphs(before).str.count_matches("\n")
        spans = matches(before, r"^\s+|[^\S\n]*\n\s+|\s+$", "white") if trace else None
        if spans is not None and self.drop_repeated:
            spans = pl.concat([spans, _repeated_paragraphs(before)]).sort("document", "start", "end")
        return _edited(before, after, {"lines:blank": int(blank.sum()), "lines:repeated": repeated}, spans, drop)


@register_step
class SentencePerLine(EditStep):
    """CLUECorpus2020's form for training: one sentence a line, no blank lines."""

    step = "cluecorpus_format"
    acts_on: ClassVar = "sentences"

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The sentences, one a line."""
        before = subject.batch.texts
        after = lines_.one_sentence_per_line(before)
        spans = pl.DataFrame(schema=PLACES) if trace else None
        return _edited(before, after, {}, spans)


@register_step
class ChineseLines(EditStep):
    """Removes lines of a page's frame, keyword lists, fragments and lines that are no running text, and drops documents of which little is left."""

    step = "chinese_lines"
    acts_on: ClassVar = "lines"

    frame: bool = Field(default=True, description="Remove lines of menus, buttons and page feet")
    keywords: bool = Field(default=True, description="Remove lists of keywords")
    prose: bool = Field(default=False, description="Remove lines that are no running text")
    terminal: bool = Field(default=False, description="Remove lines that do not end in a sentence mark")
    min_characters: int = Field(default=0, ge=0, description="Lines of fewer characters that are not white are removed")
    programming: bool = Field(
        default=False, description="Remove lines with `{`, or that name JavaScript or lorem ipsum"
    )
    min_left: int = Field(default=0, ge=0, description="Documents of which fewer characters are left are dropped")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The lines that are left."""
        before = subject.batch.texts
        lines = self._judged(lines_of(before))
        after = joined(lines, len(before))
        removed = lines.filter(pl.col("rule").is_not_null())
        counts = {f"lines:{rule}": count for rule, count in sorted(removed.group_by("rule").len().iter_rows())}
        left = after.str.strip_chars().str.len_chars().to_numpy().astype(np.float64)
        end = pl.col("start") + pl.col("line").str.len_chars()
        spans = removed.select("document", "start", end.alias("end"), "rule").cast(PLACES) if trace else None  # type: ignore[arg-type]
        return _edited(before, after, counts, spans, ("little_left", left < self.min_left, left, float(self.min_left)))

    def _judged(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines with the rule that removes them; a blank line stays."""
        line, stripped = pl.col("line"), pl.col("line").str.strip_chars()
        fact = pages_of(lines["line"]).lines
        lines = lines.with_columns(
            prose=pl.Series(fact[:, kernels.PROSE] > 0),
            keywords=pl.Series(fact[:, kernels.KEYWORDS] > 0),
            terminal=pl.Series(fact[:, kernels.TERMINAL_LINES] > 0),
        )
        short = line.str.replace_all(r"\s", "").str.len_chars() < self.min_characters
        code = line.str.contains(r"(?i)\{|javascript|lorem ipsum")
        tests = (
            ("frame", self.frame, stripped.str.contains(lines_.FRAMEWORK) | line.str.contains(lines_.FOOTER)),
            ("keywords", self.keywords, pl.col("keywords")),
            ("programming", self.programming, code),
            ("short", self.min_characters > 0, short),
            ("terminal", self.terminal, ~pl.col("terminal")),
            ("not_prose", self.prose, ~pl.col("prose")),
        )
        rule = pl.lit(None, pl.String)
        for name, asked, test in reversed(tests):
            if asked:
                rule = pl.when(test).then(pl.lit(name)).otherwise(rule)
        return lines.with_columns(rule=pl.when(stripped != "").then(rule))


@register_step
class TigerbotClean(EditStep):
    """Takes out HTML tags and invisible characters, turns Traditional into Simplified, and drops texts with a placeholder where content should be."""

    step = "tigerbot_clean"
    acts_on: ClassVar = "spans"

    tags: bool = Field(default=True, description="Take HTML tags out")
    invisible: bool = Field(default=True, description="Take characters out that nobody sees")
    simplified: bool = Field(default=True, description="Turn Traditional into Simplified")
    placeholders: tuple[str, ...] = Field(
        default=("<一段文本>", "[图画]", "[图片]", "<文本>", "[文本]"),
        description="Texts with one of these are dropped",
    )

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts without marks, tags and Traditional characters."""
        before = subject.batch.texts
        held = before.str.contains(lines_.phrase_pattern(self.placeholders)).to_numpy()
        after, spans = before, []
        patterns = {
            "tag": lines_.HTML_TAG if self.tags else None,
            "invisible": lines_.INVISIBLE if self.invisible else None,
        }
        removed = {}
        for rule, pattern in patterns.items():
            if pattern is not None:
                removed[rule] = int(before.str.count_matches(pattern).sum())
                after = after.str.replace_all(pattern, "")
                spans += [matches(before, pattern, rule)] if trace else []
        if self.simplified:
            plain = after
            after, changed = to_simplified(plain)
            removed["converted"] = int(changed.sum())
        drop = ("placeholder", held, held.astype(np.float64), 0.0)
        return _edited(before, after, removed, pl.concat(spans) if spans else None, drop)

r"""Steps of OpenWebMath: line edits of its extraction, MathScore, and its last, hand-made filter.

Source: Paster et al. 2023 (OpenWebMath), github.com/keirp/OpenWebMath.

Not here: the text variant `math` that they start from (extract/math_text.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.clean.line_rows import joined, lines_of
from corpus_platform.models.shelf import need
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.signals.openwebmath import MATH

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

_HEADING = r"^#{1,6} "
_MATH_OR_CODE = r"\$|`{3}"
_CJK = "^[\u4e00-\u9fff]"


@register_step
class MathLines(EditStep):
    """Removes lines of menus and buttons, `[edit]` marks, lines that begin with a Han character, and headings with nothing below."""

    step: ClassVar[str] = "owm_lines"
    acts_on: ClassVar = "lines"

    boilerplate_ratio: float = Field(
        default=0.18, description="Boilerplate words above this share of a line's remove it"
    )
    boilerplate_count: float = Field(default=10, description="More boilerplate words than this remove a line")
    end_lines: int = Field(
        default=15, description="A boilerplate line nearer than this to the end removes all after it without a formula"
    )
    newcommands: int = Field(default=1, description="A line with more `newcommand`s than this is removed")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts without such lines; at most one blank line between two others."""
        texts = subject.batch.texts
        lines = self._judged(_lines_of(texts), subject.environment.lists.get("math_boilerplate").entries)
        after = joined(lines, len(texts), "clean").str.replace_all(r"\n{3,}", "\n\n").str.strip_chars_start("\n")
        after = pl.select(pl.when(texts == "").then(texts).otherwise(after)).to_series().rename("text")
        counts = lines.filter(pl.col("rule").is_not_null()).group_by("rule").len()
        return Edited(
            text=after,
            changed=(after != texts).to_numpy(),
            dropped=np.full(len(texts), -1, np.int16),
            value=np.full(len(texts), np.nan),
            threshold=np.full(len(texts), np.nan),
            removed={f"lines:{rule}": count for rule, count in sorted(counts.iter_rows())},
            spans=_spans(lines) if trace else None,
        )

    def _judged(self, lines: pl.DataFrame, words: tuple[str, ...]) -> pl.DataFrame:
        line, clean = pl.col("line"), pl.col("clean")
        lowered = clean.str.to_lowercase()
        count = pl.sum_horizontal(
            [lowered.str.count_matches(word, literal=True) * len(word.split()) for word in words] or [pl.lit(0)]
        )
        total = lowered.str.count_matches(r"\S+")
        boilerplate = (count / (total + 0.001) > self.boilerplate_ratio) | (count > self.boilerplate_count)
        formula = line.str.contains(_MATH_OR_CODE)
        lines = lines.with_columns(formula=formula, boilerplate=boilerplate & ~formula)
        near_end = pl.len().over("document") - pl.col("number") < self.end_lines
        cut = (pl.col("boilerplate") & near_end).cast(pl.Int8).cum_max().over("document") == 1
        rule = (
            pl.when(line.str.count_matches("newcommand", literal=True) > self.newcommands)
            .then(pl.lit("newcommand"))
            .when(pl.col("boilerplate") | (cut & ~pl.col("formula")))
            .then(pl.lit("boilerplate"))
            .when(line.str.contains(_CJK))
            .then(pl.lit("han_line"))
        )
        return _without_empty_headings(lines.with_columns(rule=rule))


def _lines_of(texts: pl.Series) -> pl.DataFrame:
    """Every line with its document, number and first character; `clean` is the line without `[edit]` marks."""
    return lines_of(texts).with_columns(
        clean=pl.col("line").str.replace_all(r"\[[Ee]dit\]", ""), number=pl.int_range(pl.len()).over("document")
    )


def _without_empty_headings(lines: pl.DataFrame) -> pl.DataFrame:
    """Marks headings that another of their level or a higher one, or the end of the text, follows before a line of more than 16 characters."""
    kept = lines.with_row_index("row").filter(pl.col("rule").is_null())
    level = kept["clean"].str.extract(r"^(#{1,6}) ").str.len_chars().fill_null(0).to_numpy()
    long = (kept["clean"].str.len_chars().to_numpy() > 16) & (level == 0)
    document, rows = kept["document"].to_numpy(), kept["row"].to_numpy()
    headings = np.flatnonzero(level > 0)
    empty = [int(rows[i]) for i in headings if not _has_body(int(i), level, long, document)]
    mark = pl.when(pl.col("row").is_in(empty)).then(pl.lit("empty_heading")).otherwise(pl.col("rule"))
    return lines.with_row_index("row").with_columns(rule=mark)


def _has_body(heading: int, level: np.ndarray, long: np.ndarray, document: np.ndarray) -> bool:
    """Looks down from a heading; few pages have more than a hundred."""
    for i in range(heading + 1, level.size):
        if document[i] != document[heading] or 0 < level[i] <= level[heading]:
            return False
        if long[i]:
            return True
    return False


def _spans(lines: pl.DataFrame) -> pl.DataFrame:
    """What was taken out: whole lines, and `[edit]` marks as their line."""
    edited = pl.when(pl.col("rule").is_null() & (pl.col("line") != pl.col("clean"))).then(pl.lit("edit_mark"))
    end = pl.col("start") + pl.col("line").str.len_chars()
    rows = lines.with_columns(rule=pl.coalesce("rule", edited), end=end).filter(pl.col("rule").is_not_null())
    return rows.select(pl.col("document", "start", "end").cast(pl.Int64), "rule")


@register_step
class MathScore(FilterStep):
    """Keeps pages whose MathScore is high enough: more is asked of those without a formula."""

    step: ClassVar[str] = "math_score"

    with_formulas: float = Field(default=0.15, description="Least score of a page with formulas, while crawling")
    without_formulas: float = Field(default=0.8, description="Least score of a page without, while crawling")
    final: float = Field(default=0.17, description="Least score of any page, at the end")
    optional: bool = Field(default=False, description="Keep every page where there is no model")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules of both times. Raises ModelError without the model, unless the step is optional."""
        if not self.optional:
            need(environment.models, MATH)
        return (
            Rule("math_score_crawl", "owm_score_with_formulas", "<", self.with_formulas),
            Rule("math_score_crawl_without_formulas", "owm_score_without_formulas", "<", self.without_formulas),
            Rule("math_score", "owm_math_score", "<", self.final),
        )


@register_step
class MathManual(FilterStep):
    """OpenWebMath's last filter: unwanted addresses, short texts, other languages' letters."""

    step: ClassVar[str] = "owm_manual"

    min_characters: int = Field(default=100, description="Least characters of the text")
    max_accented: float = Field(default=0.015, description="Largest share of accented letters")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules in the reference's order."""
        del environment
        return (
            Rule("url", "owm_bad_url", "==", 1),
            Rule("too_short", "text_characters", "<", self.min_characters),
            Rule("libretexts", "owm_libretexts", "==", 1),
            Rule("accented_letters", "owm_accented_fraction", ">", self.max_accented),
        )

"""Is a threshold right? Documents on both sides of a rule's threshold for a person to judge, the verdicts kept, and what they say.

A *verdict* is `good` (should be kept) or `bad` (should go). What a rule drops is right where the verdict is bad: its precision, with a
Wilson interval. The value that parts good from bad best, or the mean and 3 standard deviations of a sample, can be frozen for a language and a source.
Source of the second: Data-Juicer (Chen et al. 2023), its refined recipes.

Not here: the questions on a terminal (commands/), the rules (recipes/).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.step import FilterStep
from corpus_platform.signals.environment import Environment
from corpus_platform.stages.signals import SIGNALS
from corpus_platform.stages.texts import base_of, text_partition, text_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.home import Home
    from corpus_platform.recipes.step import Rule

REVIEWS = "ops.reviews"
Verdict = Literal["good", "bad"]
_Z = 1.959964
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Question:
    """A document beside a threshold."""

    doc_id: str
    url: str | None
    language: str | None
    value: float
    dropped: bool
    """Which side of the threshold it is on."""
    text: str


@dataclass(frozen=True)
class Precision:
    """What verdicts say of a rule: how many of the judged documents that it drops are bad, and how many of those that it keeps are good."""

    dropped: int
    dropped_bad: int
    kept: int
    kept_good: int

    @property
    def of_drops(self) -> tuple[float, float, float]:
        """Share of the drops that are right, with its 95 % interval."""
        return wilson(self.dropped_bad, self.dropped)

    @property
    def of_keeps(self) -> tuple[float, float, float]:
        """Share of the keeps that are right, with its 95 % interval."""
        return wilson(self.kept_good, self.kept)


def wilson(hits: int, n: int) -> tuple[float, float, float]:
    """Share, and Wilson's 95 % interval around it; NaN, 0, 1 where nothing was judged."""
    if n == 0:
        return math.nan, 0.0, 1.0
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return share, max(0.0, middle - half), min(1.0, middle + half)


def rule_of(home: Home, wanted: str) -> tuple[str, Rule]:
    """Recipe and rule of `recipe/rule` or `recipe/step/rule`. Raises SettingsError where there is none, or it is not about a number."""
    name, *rest = wanted.split("/")
    rules = [
        (step.name, rule)
        for step in home.recipe(name).steps
        if isinstance(step, FilterStep)
        for rule in rules_of(step, Environment())
    ]
    found = [rule for step, rule in rules if rest in ([rule.name], [step, rule.name])]
    if not found:
        known = ", ".join(f"{name}/{step}/{rule.name}" for step, rule in rules)
        raise SettingsError(f"there is no rule `{wanted}`; there are {known}")
    if isinstance(found[0].threshold, str | tuple):
        raise SettingsError(f"`{wanted}` is about words: there is no threshold to review")
    return name, found[0]


def questions(
    home: Home,
    recipe: str,
    rule: Rule,
    snapshot: str,
    *,
    language: str | None = None,
    source: str | None = None,
    count: int = 10,
) -> list[Question]:
    """The documents nearest to the threshold, as many on each side, dropped ones first. `source` is a host name.

    Raises SourceError where no values are stored.
    """
    values = sides(home, recipe, rule, snapshot, language=language, source=source)
    near = (pl.col("value") - float(rule.threshold)).abs()  # type: ignore[arg-type]
    chosen = pl.concat(
        [
            values.filter(side).sort(near, "doc_id").head((count + 1) // 2)
            for side in (pl.col("dropped"), ~pl.col("dropped"))
        ]
    )
    variant = home.variant_of(recipe)
    where: dict[str, Any] = text_partition({"variant": variant, "snapshot": snapshot})
    rows = home.lake.scan(text_table(variant), **where).filter(pl.col("doc_id").is_in(chosen["doc_id"].to_list()))
    texts = rows.select("doc_id", "text").collect()
    shown = chosen.join(texts, on="doc_id", how="left", maintain_order="left")
    return [Question(**row) for row in shown.select(*Question.__dataclass_fields__).to_dicts()]


def sides(
    home: Home, recipe: str, rule: Rule, snapshot: str, *, language: str | None = None, source: str | None = None
) -> pl.DataFrame:
    """`doc_id`, `url`, `language`, `value`, `dropped` of every document with a value; of a language or host only, if asked."""
    variant = home.variant_of(recipe)
    if home.lake.state(SIGNALS, {"variant": variant, "snapshot": snapshot}) is None:
        raise SourceError(
            f"{SIGNALS}: there is none of {variant}, {snapshot}: corpus run web/{variant}/signals --snapshot {snapshot}"
        )
    stored = home.lake.scan(SIGNALS, variant=variant, snapshot=snapshot)
    if rule.signal not in stored.collect_schema().names():
        raise SettingsError(f"`{rule.signal}` is not stored in {SIGNALS}")
    value = pl.col(rule.signal).cast(pl.Float64).alias("value")
    pages = home.lake.scan("web.pages", variant=base_of(variant), snapshot=snapshot).select("doc_id", "url", "domain")
    rows = stored.select("doc_id", "language", value).filter(pl.col("value").is_not_null()).join(pages, on="doc_id")
    if language or rule.languages:
        rows = rows.filter(pl.col("language").is_in([language] if language else list(rule.languages)))
    if source:
        rows = rows.filter((pl.col("domain") == source) | pl.col("domain").str.ends_with(f".{source}"))
    found = rows.drop("domain").collect()
    if not found.height:
        raise SourceError(
            f"no document of {snapshot} has a value of `{rule.signal}` for {language or 'any language'}, {source or 'any source'}"
        )
    return found.with_columns(dropped=_holds(rule, found["value"]))


def _holds(rule: Rule, values: pl.Series) -> pl.Series:
    threshold = float(rule.threshold)  # type: ignore[arg-type]
    return {
        "<": values < threshold,
        "<=": values <= threshold,
        ">": values > threshold,
        ">=": values >= threshold,
        "==": values == threshold,
        "!=": values != threshold,
    }[rule.drop_when]


def record(
    home: Home, recipe: str, rule: Rule, snapshot: str, judged: Sequence[tuple[Question, Verdict]], reviewer: str
) -> None:
    """Adds verdicts to `ops.reviews`; those that were there stay."""
    now = datetime.now(UTC)
    rows = [
        {
            "doc_id": question.doc_id,
            "rule": rule.name,
            "signal": rule.signal,
            "value": question.value,
            "threshold": float(rule.threshold),  # type: ignore[arg-type]
            "dropped": question.dropped,
            "verdict": verdict,
            "language": question.language,
            "snapshot": snapshot,
            "reviewer": reviewer,
            "time": now,
        }
        for question, verdict in judged
    ]
    if rows:
        _append(home, pl.DataFrame(rows), recipe)


def _append(home: Home, rows: pl.DataFrame, recipe: str) -> None:
    lake, partition = home.lake, {"recipe": recipe}
    run = f"review-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    with lake.writer(REVIEWS, partition, 0, run) as writer:
        writer.write(rows)
        files = writer.close()[REVIEWS]
    lake.commit(REVIEWS, partition, files, None, run=run, mode="append")


def reviews(home: Home, recipe: str, rule: Rule, language: str | None = None) -> pl.DataFrame:
    """The verdicts on a rule; of each document and reviewer the last."""
    rows = home.lake.scan(REVIEWS, recipe=recipe).filter(pl.col("rule") == rule.name)
    if language:
        rows = rows.filter(pl.col("language") == language)
    return rows.sort("time").collect().unique(["doc_id", "reviewer"], keep="last", maintain_order=True)


def precision(rows: pl.DataFrame) -> Precision:
    """What verdicts say of a rule."""
    drops, bad = rows["dropped"], rows["verdict"] == "bad"
    return Precision(int(drops.sum()), int((drops & bad).sum()), int((~drops).sum()), int((~drops & ~bad).sum()))


def best_threshold(rows: pl.DataFrame, drop_when: str) -> float | None:
    """The value that parts good from bad with the fewest mistakes, half way between two judged values; None where only one kind was judged."""
    judged = rows.sort("value")
    values, bad = judged["value"].to_numpy(), (judged["verdict"] == "bad").to_numpy()
    if not (bad.any() and (~bad).any()):
        return None
    if drop_when in {">", ">="}:
        values, bad = -values[::-1], bad[::-1]
    cuts = np.concatenate([[values[0] - 1e-9], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-9]])
    wrong = [int((~bad[values < cut]).sum() + bad[values >= cut].sum()) for cut in cuts]
    best = float(cuts[int(np.argmin(wrong))])
    return -best if drop_when in {">", ">="} else best


def three_sigma(values: pl.Series) -> tuple[float, float]:
    """Mean minus and plus 3 standard deviations of a sample."""
    numbers = values.to_numpy().astype(np.float64)
    mean, deviation = float(numbers.mean()), float(numbers.std())
    return mean - 3 * deviation, mean + 3 * deviation

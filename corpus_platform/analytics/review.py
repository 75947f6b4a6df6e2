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

from corpus_platform.analytics.measured import AT_ONCE, is_stored, judged, measured, numbers, numeric_rules
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.recipes.step import EditStep
from corpus_platform.signals.document import share_of
from corpus_platform.signals.registry import signals
from corpus_platform.stages.signals import stored_in
from corpus_platform.stages.texts import PAGES, base_of, text_partition, text_table
from corpus_platform.yaml_file import nearest

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
    threshold: float
    """What it is held against: the rule's, or the one that is frozen for its language or host."""
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


@dataclass(frozen=True)
class RuleOf:
    """A rule over numbers, with the recipe and the step that it is of."""

    recipe: str
    step: str
    rule: Rule

    @property
    def name(self) -> str:
        """`step/rule`: what `ops.reviews` and frozen thresholds call it."""
        return f"{self.step}/{self.rule.name}"

    @property
    def words(self) -> str:
        """When it drops a document."""
        signal = f"{self.rule.lines} of {self.rule.signal}" if self.rule.lines else self.rule.signal
        return f"dropped when {signal} {self.rule.drop_when} {self.rule.threshold}"


def rule_of(home: Home, wanted: str, language: str | None = None) -> RuleOf:
    """The rule of `recipe/rule` or `recipe/step/rule`; where a step has it once for each language, that of the language.

    Raises SettingsError, with the rules that there are, where there is none or more than one, or it is not about a number.
    """
    name, *rest = wanted.split("/", 1)
    recipe = home.recipe(name)
    known = [RuleOf(name, step, rule) for step, rule in numeric_rules(recipe)]
    found = [one for one in known if rest and rest[0] in (one.rule.name, one.name)]
    if len(found) > 1 and language:
        found = [one for one in found if _is_judged(one.rule, language)] or found
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        each = "; ".join(f"{name}/{one.name}: {one.words}{_scope(one.rule)}" for one in found)
        what = "name one with --language" if len({one.name for one in found}) == 1 else "name the step too"
        raise SettingsError(f"`{wanted}` is {len(found)} rules: {what}\n{each}")
    names = [f"{name}/{one.name}" for one in known]
    near = nearest(wanted, [*names, *(f"{name}/{one.rule.name}" for one in known)]) if rest else ""
    there = "; ".join(dict.fromkeys(names)) or "none"
    raise SettingsError(f"there is no rule `{wanted}` over numbers{near}; of {name} there are {there}")


def _is_judged(rule: Rule, language: str) -> bool:
    return language not in rule.but_languages and (not rule.languages or language in rule.languages)


def _scope(rule: Rule) -> str:
    return f", for {', '.join(rule.languages)}" if rule.languages else ""


def questions(
    home: Home,
    rule: RuleOf,
    snapshot: str,
    *,
    language: str | None = None,
    source: str | None = None,
    count: int = 10,
    at_random: bool = False,
) -> list[Question]:
    """The documents nearest to the threshold (or any, the same ones each time), half on each side, dropped ones first. `source` is a host name.

    Raises SourceError where no values are stored, or none of such documents.
    """
    values = sides(home, rule, snapshot, language=language, source=source)
    if at_random:
        order = pl.Series("order", [share_of(doc_id) for doc_id in values["doc_id"].to_list()], pl.Float64)
    else:
        order = (values["value"] - values["threshold"]).abs().alias("order")
    ordered = values.with_columns(order).sort("order", "doc_id")
    dropped, kept = ordered.filter(pl.col("dropped")), ordered.filter(~pl.col("dropped"))
    half = min((count + 1) // 2, dropped.height)
    chosen = pl.concat([dropped.head(max(half, count - kept.height)), kept.head(count - half)])
    variant = home.variant_of(rule.recipe)
    where: dict[str, Any] = text_partition({"variant": variant, "snapshot": snapshot})
    rows = home.lake.scan(text_table(variant), **where).filter(pl.col("doc_id").is_in(chosen["doc_id"].to_list()))
    texts = rows.select("doc_id", "text").collect()
    shown = chosen.join(texts, on="doc_id", how="left", maintain_order="left")
    return [Question(**row) for row in shown.select(*Question.__dataclass_fields__).to_dicts()]


def sides(
    home: Home, rule: RuleOf, snapshot: str, *, language: str | None = None, source: str | None = None
) -> pl.DataFrame:
    """`doc_id`, `url`, `language`, `value`, `threshold`, `dropped` of every document that has a value and that the rule is for.

    Values are those that are stored, of the texts before any edit of the recipe. Raises SourceError where there are none.
    """
    values = numbers(
        measured(home, rule.rule.signal, home.variant_of(rule.recipe), snapshot), rule.rule.signal, rule.rule.lines
    )
    made = judged(rule.rule, values)
    rows = values.with_columns(threshold=made.threshold, dropped=pl.Series(made.holds)).filter(pl.Series(made.asked))
    if language:
        rows = rows.filter(pl.col("language") == language)
    if source:
        rows = rows.filter((pl.col("domain") == source) | pl.col("domain").str.ends_with(f".{source}"))
    if rows.is_empty():
        raise SourceError(
            f"no document of {snapshot} has a value of `{rule.rule.signal}` for {language or 'any language'}, {source or 'any source'}"
        )
    return rows.drop("domain")


def cautions(home: Home, rule: RuleOf, snapshot: str) -> list[str]:
    """In which way the stored values may not be those that the recipe sees."""
    recipe, variant = home.recipe(rule.recipe), home.variant_of(rule.recipe)
    names = [step.name for step in recipe.steps]
    found = []
    if not is_stored(home, rule.rule.signal, variant, snapshot):
        found.append(f"`{rule.rule.signal}` is not stored: measured now, of {AT_ONCE:,} documents at most")
    edits = [step.name for step in recipe.steps[: names.index(rule.step)] if isinstance(step, EditStep)]
    if edits:
        found.append(
            f"the recipe edits texts before this rule ({', '.join(edits)}): values here are of the texts before"
        )
    known = signals().get(rule.rule.signal)
    stored, compat = stored_in(home.lake, {"variant": variant, "snapshot": snapshot})
    if known and known.reference and rule.rule.signal in stored and compat != recipe.compat:
        found.append(f"stored values are `{compat}`, and the recipe judges by `{recipe.compat}`: {known.reference}")
    return found


def record(
    home: Home, rule: RuleOf, snapshot: str, judgements: Sequence[tuple[Question, Verdict]], reviewer: str
) -> None:
    """Adds verdicts to `ops.reviews`; those that were there stay."""
    now = datetime.now(UTC)
    rows = [
        {
            "doc_id": question.doc_id,
            "rule": rule.name,
            "signal": rule.rule.signal,
            "value": question.value,
            "threshold": question.threshold,
            "dropped": question.dropped,
            "verdict": verdict,
            "language": question.language,
            "snapshot": snapshot,
            "reviewer": reviewer,
            "time": now,
        }
        for question, verdict in judgements
    ]
    if rows:
        _append(home, pl.DataFrame(rows), rule.recipe)


def _append(home: Home, rows: pl.DataFrame, recipe: str) -> None:
    lake, partition = home.lake, {"recipe": recipe}
    run = f"review-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    with lake.writer(REVIEWS, partition, 0, run) as writer:
        writer.write(rows)
        files = writer.close()[REVIEWS]
    lake.commit(REVIEWS, partition, files, None, run=run, mode="append")


def reviews(home: Home, rule: RuleOf, *, language: str | None = None, source: str | None = None) -> pl.DataFrame:
    """The verdicts on a rule (on documents in a language, of a host); of each document and reviewer the last."""
    rows = home.lake.scan(REVIEWS, recipe=rule.recipe).filter(pl.col("rule") == rule.name)
    if language:
        rows = rows.filter(pl.col("language") == language)
    found = rows.sort("time").collect().unique(["doc_id", "snapshot", "reviewer"], keep="last", maintain_order=True)
    if not source or found.is_empty():
        return found
    variant = base_of(home.variant_of(rule.recipe))
    pages = home.lake.scan(PAGES, variant=variant).filter(pl.col("doc_id").is_in(found["doc_id"].to_list()))
    below = (pl.col("domain") == source) | pl.col("domain").str.ends_with(f".{source}")
    of_host = pages.filter(below).select("doc_id").unique().collect()
    return found.join(of_host, on="doc_id", how="semi", maintain_order="left")


def best_value(rows: pl.DataFrame, rule: RuleOf) -> float:
    """`best_threshold` of the verdicts on a rule. Raises SettingsError where good and bad were not both judged."""
    value = best_threshold(rows, rule.rule.drop_when)
    if value is None:
        raise SettingsError(
            f"no best threshold of {rule.recipe}/{rule.name}: {rows.height} verdicts so far, and it takes a good one and a bad one at least"
        )
    return value


def sigma_value(values: pl.Series, rule: RuleOf) -> float:
    """Mean - 3 standard deviations of a sample for a rule that drops what is small, + 3 for one that drops what is large.

    Raises SettingsError for other rules, and for fewer than two values.
    """
    if values.len() < 2 or rule.rule.drop_when not in {"<", "<=", ">", ">="}:
        raise SettingsError(
            f"{rule.recipe}/{rule.name}: mean and 3 standard deviations need a rule with < or >, and two values (there are {values.len()})"
        )
    low, high = three_sigma(values)
    return low if rule.rule.drop_when in {"<", "<="} else high


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
    """Mean minus and plus 3 standard deviations (of the population) of a sample."""
    numbers = values.to_numpy().astype(np.float64)
    mean, deviation = float(numbers.mean()), float(numbers.std())
    return mean - 3 * deviation, mean + 3 * deviation

"""A recipe over documents: every one ends as kept, or as a decision with step, rule, value and threshold.

What is stored is used; signals are computed where they are missing, or where an edit has changed the text, and only those that are asked for.
Promise: kept + dropped = in, and the verdict on a document does not depend on the documents beside it.

Not here: what is asked for when (plan.py), tables and runs (stages/), the ledger's form (ledger.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.errors import SchemaError
from corpus_platform.models.shelf import need
from corpus_platform.recipes.deduplicated import deduplicated
from corpus_platform.recipes.judge import first_holding, judge
from corpus_platform.recipes.plan import compile_recipe, rules_of
from corpus_platform.recipes.step import DedupStep, EditStep, FilterStep
from corpus_platform.recipes.steps.dedup import Dedup
from corpus_platform.recipes.steps.sft_selection import Selection
from corpus_platform.recipes.values import Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.recipes.deduplicated import Deduplicated
    from corpus_platform.recipes.judge import Judged
    from corpus_platform.recipes.plan import Plan
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import Edited, Frozen, Rule, Step
    from corpus_platform.signals.environment import Environment

DECISION_SCHEMA = {
    "doc_id": pl.String,
    "step": pl.String,
    "rule": pl.String,
    "value": pl.Float64,
    "threshold": pl.Float64,
    "seen": pl.String,
}
"""Columns of a decision: `seen` holds the value of a rule over words, `value` and `threshold` those of one over numbers."""


@dataclass(frozen=True)
class FunnelRow:
    """What a step did: documents that came in, were dropped (by rule) or changed."""

    step: str
    kind: str
    documents: int
    dropped: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    """What an edit took out, by rule."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Documents, by rule, whose signal had no value: the rule could not judge them."""
    pending: bool = False
    """Whether the documents were not compared with others: a dedup without verdicts."""


@dataclass(frozen=True)
class Applied:
    """What a recipe made of documents. `kept` has the frame's columns with the texts as they are now, `changed` bool says which of them were edited.

    `weight` float32 is the sampling weight of each, or None where no step gives one.
    """

    kept: pl.DataFrame
    changed: np.ndarray
    decisions: pl.DataFrame
    funnel: list[FunnelRow]
    removed: dict[str, int]
    """What edits took out, by `step:rule`."""
    pending: list[str]
    """Dedups without verdicts, by name: they dropped nothing."""
    computed: dict[str, int]
    """Documents, by signal, whose value was not stored, or not true any more, and was computed."""
    stale: dict[str, int]
    """Documents, by signal, that were judged by the value of their text before it was edited, for what measures it is not here."""
    weight: np.ndarray | None = None


def apply(
    recipe: Recipe,
    frame: pl.DataFrame,
    environment: Environment,
    verdicts: Mapping[str, pl.DataFrame] | None = None,
) -> Applied:
    """Runs a recipe over documents: `doc_id`, `text`, and any stored signals and columns (`url`, `language` ...).

    `verdicts` are those of its dedups, by step (columns of deduplicated.py); a dedup without any drops nothing and is told as pending.
    The environment's `compat` says how the stored signals were computed; the recipe's says how they are judged: where a stored signal is
    not the same in both it is computed anew. Raises SchemaError where ids or texts are missing.
    """
    run = Run(recipe, frame, environment, verdicts)
    run.all()
    return run.applied()


class Run:
    """A recipe on its way over documents, step by step."""

    def __init__(
        self,
        recipe: Recipe,
        frame: pl.DataFrame,
        environment: Environment,
        verdicts: Mapping[str, pl.DataFrame] | None = None,
    ) -> None:
        self.recipe = recipe
        self.verdicts = verdicts or {}
        self.weight: np.ndarray | None = None
        self.plan: Plan = compile_recipe(recipe, environment)
        self.environment = judging(recipe, environment)
        self.values = Values(_checked(frame), self.environment, stored_reference=environment.reference)
        self.alive = np.arange(frame.height)
        self.funnel: list[FunnelRow] = []
        self._decisions: list[pl.DataFrame] = []

    def all(self) -> None:
        """Every step in its order."""
        for index in range(len(self.recipe.steps)):
            self.step(index)

    def step(self, index: int) -> None:
        """One step over the documents that are left."""
        step = self.recipe.steps[index]
        match step:
            case FilterStep():
                self.drop(step, self.judged(index))
            case EditStep():
                self.edited(step, self.edit(index))
            case DedupStep() if step.name in self.verdicts:
                self.without_copies(step, self.copies(index))
            case DedupStep():
                self.funnel.append(FunnelRow(step.name, step.kind, self.alive.size, pending=not step.is_done_before))

    def judged(self, index: int) -> list[Judged]:
        """A filter's rules over the documents that are left."""
        step = self.recipe.steps[index]
        assert isinstance(step, FilterStep)
        found = rules_of(step, self.environment, self.values.stored)
        rules = [replace(rule, instead=frozen_for(self.recipe, step, rule)) for rule in found]
        self.values.measure(self.plan.wanted(index, self._lacks), self.alive)
        if any(rule.languages or rule.but_languages or rule.instead for rule in rules):
            self.values.identify(self.alive)
        language, domain = (self.values.column(name).gather(self.alive) for name in ("language", "domain"))
        return [judge(rule, self.values.column(rule.signal).gather(self.alive), language, domain) for rule in rules]

    def drop(self, step: FilterStep, judged: list[Judged]) -> None:
        """Takes the documents out for which a rule holds."""
        first = first_holding(judged, self.alive.size)
        unknown = {one.rule.name: int(one.unknown.sum()) for one in judged}
        counted: Counter[str] = Counter()
        for i, one in enumerate(judged):
            rows = np.flatnonzero(first == i)
            if not rows.size:
                continue
            counted[one.rule.name] += rows.size
            value, threshold, seen = (column.gather(rows) for column in (one.value, one.threshold, one.seen))
            self._decide(step, self.alive[rows], one.rule.name, value, threshold, seen)
        self.funnel.append(
            FunnelRow(
                step.name,
                step.kind,
                self.alive.size,
                dropped=counted.total(),
                rules=dict(counted),
                unknown={rule: n for rule, n in unknown.items() if n},
            )
        )
        self.alive = self.alive[first < 0]

    def edit(self, index: int, *, trace: bool = False) -> Edited:
        """An edit of the documents that are left, not yet taken over."""
        step = self.recipe.steps[index]
        assert isinstance(step, EditStep)
        for name in step.needed_models(self.environment):
            need(self.environment.models, name)
        if "language" in step.needs():
            self.values.identify(self.alive)
        self.values.measure([name for name in self.plan.wanted(index, self._lacks) if name != "language"], self.alive)
        return step.edit(self.values.subject(self.alive, step.needs()), trace=trace)

    def edited(self, step: EditStep, edited: Edited) -> None:
        """Takes an edit over: the new texts, and the documents that it drops."""
        dropped = edited.dropped if edited.dropped.size else np.full(self.alive.size, -1, np.int16)
        self._weigh(edited.weight)
        counted: Counter[str] = Counter()
        for i, rule in enumerate(edited.rules):
            rows = np.flatnonzero(dropped == i)
            if rows.size:
                counted[rule] += rows.size
                value = pl.Series(edited.value[rows]).fill_nan(None)
                threshold = pl.Series(edited.threshold[rows]).fill_nan(None)
                seen = None if edited.seen is None else edited.seen.gather(rows)
                self._decide(step, self.alive[rows], rule, value, threshold, seen)
        left = dropped < 0
        changed = np.asarray(edited.changed, np.bool_)
        keeps = () if self.environment.reference else step.keeps
        self.values.edit(self.alive, edited.text, changed & left, keeps, edited.columns)
        row = FunnelRow(
            step.name,
            step.kind,
            self.alive.size,
            dropped=counted.total(),
            rules=dict(counted),
            changed=int((changed & left).sum()),
            removed=dict(edited.removed),
        )
        self.funnel.append(row)
        self.alive = self.alive[left]

    def copies(self, index: int, *, trace: bool = False) -> Deduplicated:
        """What a dedup's verdicts say of the documents that are left."""
        step = self.recipe.steps[index]
        assert isinstance(step, Dedup | Selection)
        ids, text = self.values.frame["doc_id"].gather(self.alive), self.values.text.gather(self.alive)
        verdicts = self.verdicts[step.name]
        return deduplicated(step, ids, text, verdicts, reference=self.environment.reference, trace=trace)

    def without_copies(self, step: DedupStep, found: Deduplicated) -> None:
        """Takes documents out that are copies, and the pieces of others that are."""
        seen, left = self.alive.size, np.ones(self.alive.size, np.bool_)
        limit = step.limit if isinstance(step, Dedup) else None
        counted: Counter[str] = Counter()
        for dropped in found.dropped:
            if not dropped.rows.size:
                continue
            counted[dropped.rule] += dropped.rows.size
            left[dropped.rows] = False
            same = pl.Series([limit] * dropped.rows.size, dtype=pl.Float64)
            threshold = same if dropped.threshold is None else dropped.threshold
            self._decide(step, self.alive[dropped.rows], dropped.rule, dropped.value, threshold, dropped.seen)
        self._weigh(found.weight)
        changed = 0
        if found.edited is not None:
            changed = self._shortened(step, found.edited, left, counted)
        removed = dict(found.edited.removed) if found.edited is not None else {}
        self.funnel.append(
            FunnelRow(step.name, step.kind, seen, counted.total(), dict(counted), changed=changed, removed=removed)
        )
        self.alive = self.alive[left]

    def _shortened(self, step: DedupStep, edited: Edited, left: np.ndarray, counted: Counter[str]) -> int:
        """Takes the shorter texts over, and those documents out that have too little left; how many changed."""
        for i, rule in enumerate(edited.rules):
            rows = np.flatnonzero((edited.dropped == i) & left)
            if rows.size:
                counted[rule] += rows.size
                value, threshold = pl.Series(edited.value[rows]), pl.Series(edited.threshold[rows])
                self._decide(step, self.alive[rows], rule, value, threshold, None)
        left &= edited.dropped < 0
        self.values.edit(self.alive, edited.text, edited.changed & left)
        return int((edited.changed & left).sum())

    def applied(self) -> Applied:
        """What came of it."""
        decisions = pl.concat(self._decisions) if self._decisions else pl.DataFrame(schema=DECISION_SCHEMA)
        return Applied(
            kept=self.values.result(self.alive),
            changed=self.values.version[self.alive] > 0,
            decisions=decisions,
            funnel=self.funnel,
            removed={f"{row.step}:{rule}": n for row in self.funnel for rule, n in row.removed.items()},
            pending=[row.step for row in self.funnel if row.pending],
            computed=dict(self.values.computed),
            stale=dict(self.values.stale),
            weight=None if self.weight is None else self.weight[self.alive],
        )

    def _weigh(self, weight: np.ndarray | None) -> None:
        """Multiplies the sampling weights of the documents that are left; without weights nothing is known of them."""
        if weight is not None:
            own = np.ones(self.values.frame.height, np.float32) if self.weight is None else self.weight
            own[self.alive] *= weight
            self.weight = own

    def _lacks(self, name: str) -> bool:
        return bool(self.values.missing(name, self.alive).size)

    def _decide(
        self, step: Step, rows: np.ndarray, rule: str, value: pl.Series, threshold: Any, seen: pl.Series | None
    ) -> None:
        found = pl.DataFrame({"doc_id": self.values.frame["doc_id"].gather(rows)}).with_columns(
            pl.lit(step.name).alias("step"),
            pl.lit(rule).alias("rule"),
            value.alias("value"),
            threshold.alias("threshold") if isinstance(threshold, pl.Series) else pl.lit(threshold).alias("threshold"),
            (pl.lit(None) if seen is None else seen).alias("seen"),
        )
        self._decisions.append(found.cast(DECISION_SCHEMA))  # type: ignore[arg-type]


def frozen_for(recipe: Recipe, step: Step, rule: Rule) -> tuple[Frozen, ...]:
    """The thresholds that a recipe has for a rule in some languages or hosts."""
    return tuple(frozen for frozen in recipe.thresholds if frozen.is_for(step.name, rule.name))


def judging(recipe: Recipe, environment: Environment) -> Environment:
    """The environment with the recipe's own `compat`."""
    return replace(environment, settings=environment.settings.model_copy(update={"compat": recipe.compat}))


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    for name in ("doc_id", "text"):
        if name not in frame.columns:
            raise SchemaError(f"documents need the columns doc_id and text; these have {', '.join(frame.columns)}")
        if nulls := frame[name].null_count():
            raise SchemaError(f"{nulls} of {frame.height} documents have no `{name}`: fill or leave them out before")
    return frame

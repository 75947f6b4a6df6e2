"""Corpora side by side: what each step of a recipe did, what two recipes have in common and why not more, how a signal lies to a threshold.

Everything is read from what was made: commits, corpora, the ledger, stored signals.

Not here: single documents (explain.py), pictures (pictures.py), the comparison itself (recipes/compare.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.recipes.compare import Compared, Overlap, compare, overlap
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.step import FilterStep
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import signal
from corpus_platform.stages.corpus import LAYER
from corpus_platform.stages.signals import SIGNALS
from corpus_platform.stages.texts import base_of, text_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from corpus_platform.home import Home
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import Step

DECISIONS = "ops.decisions"


@dataclass(frozen=True)
class StepCount:
    """What a step of a recipe did over a snapshot."""

    step: str
    kind: str
    documents: int
    rules: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    pending: bool = False

    @property
    def dropped(self) -> int:
        """Documents that went."""
        return sum(self.rules.values())


def funnel_of(home: Home, recipe: str, snapshot: str) -> list[StepCount]:
    """The steps of a corpus as it was made, in order. Raises SourceError where it was not made."""
    name = f"{LAYER}.{recipe}"
    state = home.lake.state(name, {"variant": home.variant_of(recipe), "snapshot": snapshot})
    if state is None:
        raise SourceError(f"{name}: there is none of {snapshot} yet: corpus run {LAYER}/{recipe} --snapshot {snapshot}")
    left = state.counters.get("records", 0)
    found = []
    for step in home.recipe(recipe).steps:
        row = _step(step, left, state.counters)
        found.append(row)
        left -= row.dropped
    return found


def _step(step: Step, documents: int, counters: dict[str, int]) -> StepCount:
    def of(kind: str) -> dict[str, int]:
        start = f"{kind}:{step.name}:"
        return {name.removeprefix(start): n for name, n in counters.items() if name.startswith(start)}

    pending = f"pending:{step.name}" in counters
    return StepCount(
        step.name, step.kind, documents, of("dropped"), counters.get(f"edited:{step.name}", 0), of("removed"), pending
    )


@dataclass(frozen=True)
class Pair:
    """Two corpora of a snapshot, with addresses and beginnings of the examples."""

    a: str
    b: str
    snapshot: str
    compared: Compared
    examples: pl.DataFrame
    """Columns of `Compared.examples`, and `url`, `excerpt`."""


def compare_corpora(home: Home, a: str, b: str, snapshot: str, *, examples: int = 3) -> Pair:
    """What two corpora of a snapshot have in common, and why one lacks what the other has. Raises SourceError where one was not made."""
    kept_a, kept_b = _kept(home, a, snapshot), _kept(home, b, snapshot)
    dropped_a, dropped_b = _dropped(home, a, snapshot), _dropped(home, b, snapshot)
    found = compare(kept_a, kept_b, dropped_a, dropped_b, examples=examples)
    shown = found.examples
    wanted = shown["doc_id"].unique().to_list()
    texts = [_texts(home, name, snapshot, wanted) for name in (a, b)]
    known = pl.concat(texts).unique("doc_id", keep="first")
    return Pair(a, b, snapshot, found, shown.join(known, on="doc_id", how="left", maintain_order="left"))


def overlap_of(home: Home, snapshot: str, recipes: Iterable[str] | None = None) -> Overlap:
    """How much the corpora of a snapshot have in common: those that were made. Raises SourceError where fewer than two were."""
    made = [name for name in recipes or home.enabled if _is_made(home, name, snapshot)]
    if len(made) < 2:
        raise SourceError(
            f"{snapshot}: {len(made)} corpora are made, and an overlap needs two: corpus run corpora/NAME ..."
        )
    return overlap({name: _kept(home, name, snapshot) for name in made})


def _is_made(home: Home, recipe: str, snapshot: str) -> bool:
    partition = {"variant": home.variant_of(recipe), "snapshot": snapshot}
    return home.lake.state(f"{LAYER}.{recipe}", partition) is not None


def _kept(home: Home, recipe: str, snapshot: str) -> pl.Series:
    if not _is_made(home, recipe, snapshot):
        raise SourceError(
            f"{LAYER}.{recipe}: there is none of {snapshot} yet: corpus run {LAYER}/{recipe} --snapshot {snapshot}"
        )
    return (
        home.lake.scan(f"{LAYER}.{recipe}", variant=home.variant_of(recipe), snapshot=snapshot)
        .select("doc_id")
        .collect()["doc_id"]
    )


def _dropped(home: Home, recipe: str, snapshot: str) -> pl.DataFrame:
    """Decisions of the recipe, and those of the paragraph dedup before it."""
    variant = home.variant_of(recipe)
    own = (pl.col("stage") == f"{LAYER}.{recipe}") & (pl.col("partition") == f"{variant},{snapshot}")
    before = (pl.col("stage") == text_table(variant)) & (pl.col("partition") == f"{base_of(variant)},{snapshot}")
    names = ("doc_id", "step", "rule", "value", "threshold", "seen")
    return home.lake.scan(DECISIONS).filter(own | before).select(names).collect()


def _texts(home: Home, recipe: str, snapshot: str, doc_ids: Sequence[str]) -> pl.DataFrame:
    variant = home.variant_of(recipe)
    rows = home.lake.scan("web.pages", variant=base_of(variant), snapshot=snapshot)
    excerpt = pl.col("text").str.slice(0, 200).str.replace_all(r"\s+", " ").alias("excerpt")
    return rows.filter(pl.col("doc_id").is_in(doc_ids)).select("doc_id", "url", excerpt).collect()


@dataclass(frozen=True)
class Threshold:
    """A rule of a recipe on a signal."""

    recipe: str
    rule: str
    drop_when: str
    value: float


def thresholds_of(recipes: Iterable[Recipe], name: str) -> list[Threshold]:
    """Every numeric threshold on a signal in some recipes."""
    environment = Environment()
    rules = (
        (recipe, rule)
        for recipe in recipes
        for step in recipe.steps
        if isinstance(step, FilterStep)
        for rule in rules_of(step, environment)
    )
    return [
        Threshold(recipe.name, rule.name, rule.drop_when, float(rule.threshold))
        for recipe, rule in rules
        if rule.signal == name and isinstance(rule.threshold, int | float)
    ]


def values_of(home: Home, name: str, variant: str, snapshot: str, language: str | None = None) -> pl.Series:
    """The stored values of a signal over the documents of a snapshot (of a language), nulls left out.

    Raises SettingsError for a signal that is not a number, SourceError where none are stored.
    """
    if not signal(name).column_type.is_numeric():
        raise SettingsError(f"`{name}` is no number of a document: it has no distribution to draw")
    partition = {"variant": variant, "snapshot": snapshot}
    if home.lake.state(SIGNALS, partition) is None:
        raise SourceError(
            f"{SIGNALS}: there is none of {variant}, {snapshot}: corpus run web/{variant}/signals --snapshot {snapshot}"
        )
    rows = home.lake.scan(SIGNALS, variant=variant, snapshot=snapshot)
    if language:
        rows = rows.filter(pl.col("language") == language)
    return rows.select(name).collect()[name].drop_nulls()

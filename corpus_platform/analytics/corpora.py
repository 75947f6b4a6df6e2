"""Corpora side by side: what each step of a recipe did, what two recipes have in common and why not more, how a signal lies to a threshold.

Everything is read from what was made: commits, corpora, the ledger, stored signals.

Not here: single documents (explain.py), pictures (pictures.py), the comparison itself (recipes/compare.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.analytics.measured import judged, measured, numbers, numeric_rules
from corpus_platform.errors import SourceError
from corpus_platform.recipes.compare import Compared, Overlap, compare, overlap
from corpus_platform.stages.corpus import LAYER
from corpus_platform.stages.texts import DOCUMENTS, PAGES, base_of, is_after_dedup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from corpus_platform.home import Home
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import Rule

DECISIONS, REJECTS = "ops.decisions", "ops.rejects"
READ = "read"
"""In place of a step, where a page was refused when it was read."""


@dataclass(frozen=True)
class StepCount:
    """What a step of a recipe did over a snapshot."""

    step: str
    kind: str
    documents: int
    rules: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    """Documents, by rule, whose signal had no value."""

    @property
    def dropped(self) -> int:
        """Documents that went."""
        return sum(self.rules.values())


def funnel_of(home: Home, recipe: str, snapshot: str, variant: str | None = None) -> list[StepCount]:
    """The steps of a corpus as it was made, in order; of a recipe with parts, that of one text, by default the first that was made of the snapshot.

    Raises SourceError where it was not made.
    """
    name = f"{LAYER}.{recipe}"
    known = home.recipe(recipe)
    asked = home.variants_of(recipe) if variant is None else (variant,)
    states = ((v, home.lake.state(name, {"variant": v, "snapshot": snapshot})) for v in asked if known.of(v, snapshot))
    text, state = next(((v, state) for v, state in states if state is not None), ("", None))
    whole = known.of(text, snapshot) if state is not None else None
    if state is None or whole is None:
        raise SourceError(_unmade(home, recipe, snapshot))
    left = state.counters.get("records", 0)
    found = []
    for step in whole.steps:
        row = _counted(step.name, step.kind, left, state.counters)
        found.append(row)
        left -= row.dropped
    names = {step.step for step in found}
    gone = [name.split(":")[1] for name in state.counters if name.startswith(("dropped:", "edited:"))]
    for step in dict.fromkeys(name for name in gone if name not in names):
        row = _counted(step, "not in the recipe any more", left, state.counters)
        found.append(row)
        left -= row.dropped
    return found


def _counted(step: str, kind: str, documents: int, counters: dict[str, int]) -> StepCount:
    def of(what: str) -> dict[str, int]:
        start = f"{what}:{step}:"
        return {name.removeprefix(start): n for name, n in counters.items() if name.startswith(start)}

    return StepCount(
        step, kind, documents, of("dropped"), counters.get(f"edited:{step}", 0), of("removed"), of("unknown")
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
    kept_a, kept_b = kept_of(home, a, snapshot), kept_of(home, b, snapshot)
    lost_a, lost_b = (
        _dropped(home, name, snapshot, other) for name, other in ((a, home.variant_of(b)), (b, home.variant_of(a)))
    )
    found = compare(kept_a, kept_b, lost_a, lost_b, examples=examples)
    shown = found.examples
    wanted = shown["doc_id"].unique().to_list()
    texts = [_texts(home, name, snapshot, wanted) for name in (a, b)]
    known = pl.concat(texts).unique("doc_id", keep="first", maintain_order=True)
    return Pair(a, b, snapshot, found, shown.join(known, on="doc_id", how="left", maintain_order="left"))


def overlap_of(home: Home, snapshot: str, recipes: Iterable[str] | None = None) -> Overlap:
    """How much the corpora of a snapshot have in common: those that were made. Raises SourceError where fewer than two were."""
    wanted = list(recipes or home.enabled)
    made = [name for name in wanted if _is_made(home, name, snapshot)]
    if len(made) < 2:
        missing = " ".join(f"{LAYER}/{name}" for name in wanted if name not in made) or f"{LAYER}/ANOTHER"
        raise SourceError(
            f"{snapshot}: {len(made)} of these corpora made, and an overlap needs two: corpus run {missing} --snapshot {snapshot}"
        )
    return overlap({name: kept_of(home, name, snapshot) for name in made})


def _is_made(home: Home, recipe: str, snapshot: str) -> bool:
    partition = {"variant": home.variant_of(recipe), "snapshot": snapshot}
    return home.lake.state(f"{LAYER}.{recipe}", partition) is not None


def kept_of(home: Home, recipe: str, snapshot: str) -> pl.Series:
    """Ids of the documents of a corpus. Raises SourceError where it was not made."""
    if not _is_made(home, recipe, snapshot):
        raise SourceError(_unmade(home, recipe, snapshot))
    rows = home.lake.scan(f"{LAYER}.{recipe}", variant=home.variant_of(recipe), snapshot=snapshot)
    return rows.select("doc_id").collect()["doc_id"]


def _unmade(home: Home, recipe: str, snapshot: str) -> str:
    made = sorted({partition["snapshot"] for partition in home.lake.partitions(f"{LAYER}.{recipe}")})
    there = f" (there is: {', '.join(made)})" if made else ""
    return (
        f"{LAYER}.{recipe}: there is none of {snapshot} yet{there}: corpus run {LAYER}/{recipe} --snapshot {snapshot}"
    )


def _dropped(home: Home, recipe: str, snapshot: str, other: str) -> pl.DataFrame:
    """Decisions of the recipe, those of the paragraph dedup before it, and pages of another text variant that this one's reader refused."""
    variant = home.variant_of(recipe)
    before = f"{base_of(variant)},{snapshot}"
    own = (pl.col("stage") == f"{LAYER}.{recipe}") & (pl.col("partition") == f"{variant},{snapshot}")
    if is_after_dedup(variant):
        own |= (pl.col("stage") == DOCUMENTS) & (pl.col("partition") == before)
    names = ("doc_id", "step", "rule", "value", "threshold", "seen")
    decided = home.lake.scan(DECISIONS).filter(own).select(names)
    if base_of(variant) == base_of(other):
        return decided.collect()
    refused = home.lake.scan(REJECTS).filter((pl.col("stage") == PAGES) & (pl.col("partition") == before))
    pages = home.lake.scan(PAGES, variant=base_of(other), snapshot=snapshot).select("doc_id", "url")
    rejects = pages.join(refused.select("url", "reason", "detail").unique("url", keep="first"), on="url").select(
        "doc_id",
        step=pl.lit(READ),
        rule="reason",
        value=pl.lit(None, pl.Float64),
        threshold=pl.lit(None, pl.Float64),
        seen="detail",
    )
    return pl.concat([decided.collect(), rejects.collect()], how="vertical_relaxed")


def _texts(home: Home, recipe: str, snapshot: str, doc_ids: Sequence[str]) -> pl.DataFrame:
    variant = home.variant_of(recipe)
    rows = home.lake.scan(PAGES, variant=base_of(variant), snapshot=snapshot)
    excerpt = pl.col("text").str.slice(0, 200).str.replace_all(r"\s+", " ").alias("excerpt")
    return rows.filter(pl.col("doc_id").is_in(doc_ids)).select("doc_id", "url", excerpt).collect()


@dataclass(frozen=True)
class Threshold:
    """A rule of a recipe on a signal, and the share of the documents with a value that it drops."""

    recipe: str
    variant: str
    """Text that the recipe starts from; where it is another than the values' the share says little."""
    rule: str
    drop_when: str
    value: float
    scope: str
    """Languages or host that it is for; empty: all."""
    documents: int
    """Documents in its scope."""
    share: float
    """Share of these that it drops; NaN where there is none."""


@dataclass(frozen=True)
class Distribution:
    """The values of a signal over the documents of a snapshot, and the thresholds of recipes on it."""

    signal: str
    variant: str
    snapshot: str
    values: pl.DataFrame
    """`doc_id`, `url`, `domain`, `language`, `value` of every document that has one."""
    documents: int
    """All documents of the snapshot (in the language that was asked for)."""
    thresholds: list[Threshold]


def distribution_of(
    home: Home,
    name: str,
    variant: str,
    snapshot: str,
    recipes: Iterable[Recipe],
    *,
    language: str | None = None,
    lines: str | None = None,
) -> Distribution:
    """How a stored signal is distributed (of lines: their mean, or what `lines` says), and what recipes' thresholds on it drop.

    Raises SettingsError for a signal that is not a number, SourceError where none are stored.
    """
    rows = measured(home, name, variant, snapshot)
    if language:
        rows = rows.filter(pl.col("language") == language)
    values = numbers(rows, name, lines)
    if values.is_empty():
        of = f" in {language}" if language else ""
        raise SourceError(f"no document{of} of {variant}, {snapshot} has a value of `{name}`")
    found = []
    for recipe in recipes:
        rules = [rule for _, rule in numeric_rules(recipe) if rule.signal == name and rule.lines in {None, lines}]
        found += [t for rule in rules for t in _thresholds(home.variant_of(recipe.name), recipe.name, rule, values)]
    return Distribution(name, variant, snapshot, values, rows.height, _merged(found))


def _thresholds(variant: str, recipe: str, rule: Rule, values: pl.DataFrame) -> list[Threshold]:
    """The thresholds of a rule: its own, and those frozen for a language or host."""
    made = judged(rule, values)
    held = values.with_columns(threshold=made.threshold, dropped=pl.Series(made.holds), asked=pl.Series(made.asked))
    scopes = {float(rule.threshold): _scope(rule)}  # type: ignore[arg-type]
    for frozen in rule.instead:
        scopes[frozen.value] = ", ".join(filter(None, [frozen.language, frozen.source])) or "all"
    found = []
    for value, scope in scopes.items():
        own = held.filter(pl.col("asked") & (pl.col("threshold") == value))
        share = own["dropped"].mean() if own.height else None
        found.append(
            Threshold(
                recipe,
                variant,
                rule.name,
                rule.drop_when,
                value,
                scope,
                own.height,
                float("nan") if share is None else share,  # type: ignore[arg-type]
            )
        )
    return found


def _scope(rule: Rule) -> str:
    if rule.languages:
        return ", ".join(rule.languages)
    return (
        f"all but {', '.join(rule.but_languages)}"
        if 0 < len(rule.but_languages) < 4
        else "other languages"
        if rule.but_languages
        else ""
    )


def _merged(thresholds: list[Threshold]) -> list[Threshold]:
    """The same threshold of one rule for several languages as one."""
    found: dict[tuple[str, ...], list[Threshold]] = {}
    for one in thresholds:
        found.setdefault((one.recipe, one.rule, one.drop_when, str(one.value)), []).append(one)
    merged = []
    for several in found.values():
        n = sum(one.documents for one in several)
        dropped = sum(one.documents * one.share for one in several if one.documents)
        scope = ", ".join(one.scope for one in several if one.scope)
        merged.append(replace(several[0], scope=scope, documents=n, share=dropped / n if n else float("nan")))
    return merged

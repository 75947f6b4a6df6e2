"""Why a recipe keeps or drops a document: the outcome of every step, with rules, values, thresholds, and the passages that edits took out.

Nothing is read from the ledger: the recipe is run again over the documents, which shows the same as it was run for all of them.

Not here: how a recipe is run (apply.py), or where documents are looked up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corpus_platform.recipes.apply import Run
from corpus_platform.recipes.judge import first_holding
from corpus_platform.recipes.step import DedupStep, EditStep, FilterStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from corpus_platform.recipes.deduplicated import Deduplicated
    from corpus_platform.recipes.judge import Judged
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import Edited, Step
    from corpus_platform.signals.environment import Environment

Result = Literal["passed", "dropped", "changed", "unchanged", "pending", "done before", "not reached"]
"""`pending`: the document was not compared with others, for the dedup of its snapshot was not made."""

_EXCERPT = 80


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==", "in": "not in", "not in": "in"}


@dataclass(frozen=True)
class Asked:
    """One rule, and what it saw in one document."""

    rule: str
    signal: str
    drop_when: str
    threshold: float | str | tuple[str, ...] | None
    value: float | str | None
    holds: bool
    lines: str | None = None
    """Of a line signal: what of the lines' values was asked about."""

    def __str__(self) -> str:
        signal = f"{self.lines} of {self.signal}" if self.lines else self.signal
        sign = self.drop_when if self.holds else _OPPOSITE.get(self.drop_when, f"not {self.drop_when}")
        if self.value is None:
            sign = "has no value, and is held against" if not self.holds else "has no value:"
            return f"{signal} {sign} {_shown(self.threshold)}".rstrip()
        return f"{signal} {_shown(self.value)} {sign} {_shown(self.threshold)}".rstrip()


@dataclass(frozen=True)
class Passage:
    """What an edit took out or replaced: characters `start` to `end` (exclusive) of the text before it."""

    start: int
    end: int
    rule: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What one step did with one document."""

    step: str
    kind: str
    result: Result
    rule: str | None = None
    """Rule that dropped it."""
    rules: tuple[Asked, ...] = ()
    """All rules of a filter that are for the document's language."""
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """What a recipe did with a document, step by step."""

    doc_id: str
    recipe: str
    outcomes: tuple[Outcome, ...]
    text: str
    """Text as the recipe leaves it, or as it was when it was dropped."""

    @property
    def dropped(self) -> Outcome | None:
        """The step that dropped it."""
        return next((outcome for outcome in self.outcomes if outcome.result == "dropped"), None)

    @property
    def kept(self) -> bool:
        """Whether no step dropped it."""
        return self.dropped is None

    @property
    def reason(self) -> str:
        """In a line: kept, or the step and rule with value and threshold."""
        outcome = self.dropped
        if outcome is None:
            return "kept"
        asked = next((asked for asked in outcome.rules if asked.rule == outcome.rule), None)
        return f"{outcome.step}/{outcome.rule}" + (f": {asked}" if asked else "")

    def lines(self) -> list[str]:
        """The whole story, a line for each step, and for each passage that an edit took out."""
        told = []
        for outcome in self.outcomes:
            rule = f" by {outcome.rule}" if outcome.rule else ""
            told.append(f"{outcome.step}: {outcome.result}{rule}")
            told += [f"  {'*' if asked.holds else ' '} {asked.rule}: {asked}" for asked in outcome.rules]
            told += [f"    {p.rule} [{p.start}, {p.end}] {_excerpt(p.text)!r}" for p in outcome.passages]
        return told


def explain(
    recipe: Recipe, frame: pl.DataFrame, environment: Environment, verdicts: Mapping[str, pl.DataFrame] | None = None
) -> list[Explanation]:
    """Runs a recipe over some documents (as `apply`) and tells what became of each, in the order of the frame. For pages, not for snapshots."""
    run = Run(recipe, frame, environment, verdicts)
    outcomes: list[list[Outcome]] = [[] for _ in range(frame.height)]
    for index, step in enumerate(recipe.steps):
        before = run.alive
        match step:
            case FilterStep():
                judged = run.judged(index)
                found = _of_filter(step, judged, before.size)
                run.drop(step, judged)
            case EditStep():
                texts = run.values.text.gather(before).to_list()
                edited = run.edit(index, trace=True)
                found = _of_edit(step, edited, texts)
                run.edited(step, edited)
            case DedupStep() if step.name in run.verdicts:
                texts = run.values.text.gather(before).to_list()
                copies = run.copies(index, trace=True)
                found = _of_dedup(step, copies, texts)
                run.without_copies(step, copies)
            case _:
                run.step(index)
                result: Result = "pending" if run.funnel[-1].pending else "done before"
                found = [Outcome(step.name, step.kind, result)] * before.size
        for document, outcome in zip(before.tolist(), found, strict=True):
            outcomes[document].append(outcome)
        for document in set(range(frame.height)) - set(before.tolist()):
            outcomes[document].append(Outcome(step.name, step.kind, "not reached"))
    ids, texts = frame["doc_id"].to_list(), run.values.text.to_list()
    return [Explanation(ids[i], recipe.name, tuple(outcomes[i]), texts[i]) for i in range(frame.height)]


def _of_filter(step: Step, judged: list[Judged], n: int) -> list[Outcome]:
    first = first_holding(judged, n)
    seen = [(one, one.value.to_list(), one.seen.to_list(), one.threshold.to_list()) for one in judged]
    found = []
    for i in range(n):
        asked = tuple(
            Asked(
                one.rule.name,
                one.rule.signal,
                one.rule.drop_when,
                one.rule.threshold if words[i] is not None or thresholds[i] is None else thresholds[i],
                values[i] if words[i] is None else words[i],
                bool(one.holds[i]),
                one.rule.lines,
            )
            for one, values, words, thresholds in seen
            if one.asked[i]
        )
        rule = judged[first[i]].rule.name if first[i] >= 0 else None
        found.append(Outcome(step.name, step.kind, "dropped" if rule else "passed", rule, asked))
    return found


def _of_edit(step: Step, edited: Edited, texts: list[str]) -> list[Outcome]:
    n = len(texts)
    dropped = edited.dropped if edited.dropped.size else np.full(n, -1)
    passages: list[list[Passage]] = [[] for _ in range(n)]
    if edited.spans is not None:
        for document, start, end, rule in edited.spans.select("document", "start", "end", "rule").iter_rows():
            passages[document].append(Passage(start, end, rule, texts[document][start:end]))
    found = []
    for i in range(n):
        rule = edited.rules[dropped[i]] if dropped[i] >= 0 else None
        result: Result = "dropped" if rule else "changed" if edited.changed[i] else "unchanged"
        asked = (_of_dropped(edited, i, rule),) if rule else ()
        found.append(Outcome(step.name, step.kind, result, rule, asked, tuple(passages[i])))
    return found


def _of_dedup(step: DedupStep, copies: Deduplicated, texts: list[str]) -> list[Outcome]:
    """What its verdicts do to each document: the one that stays in its place is what the rule saw."""
    plain = Outcome(step.name, step.kind, "passed")
    found = [plain] * len(texts) if copies.edited is None else _of_edit(step, copies.edited, texts)
    for dropped in copies.dropped:
        nothing = [None] * dropped.rows.size
        seen = nothing if dropped.seen is None else dropped.seen.to_list()
        limits = nothing if dropped.threshold is None else dropped.threshold.to_list()
        for row, value, other, limit in zip(dropped.rows.tolist(), dropped.value.to_list(), seen, limits, strict=True):
            asked = Asked(dropped.rule, "similarity", "to", other or "", value, holds=True)
            if dropped.threshold is not None:
                # A choice: what it saw is a number of tags, a score or a place as well as a similarity.
                asked = Asked(
                    dropped.rule, f"beside {other}:" if other else "it has", "against", limit, value, holds=True
                )
            found[row] = Outcome(step.name, step.kind, "dropped", dropped.rule, (asked,))
    return found


def _of_dropped(edited: Edited, i: int, rule: str) -> Asked:
    value, threshold = (
        None if not array.size or np.isnan(array[i]) else float(array[i]) for array in (edited.value, edited.threshold)
    )
    return Asked(rule, rule, "against" if threshold is not None else "", threshold, value, holds=True)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value) or "''"


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "\N{HORIZONTAL ELLIPSIS}"

"""What a recipe asks for, and when: its steps in segments that end where a text changes or copies are looked for.

Not here: running it (apply.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from corpus_platform.models.shelf import need
from corpus_platform.recipes.step import DedupStep, EditStep, FilterStep
from corpus_platform.signals.registry import families, signals

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import Rule
    from corpus_platform.signals.environment import Environment

_FIRST = ("language", "url")
"""Families that cost little and drop much: they are computed by themselves, and the rest for those that are left."""


@dataclass(frozen=True)
class Segment:
    """Steps `first` to `last` (inclusive) of a recipe; only the last one, an edit or a dedup, may change texts or the set of documents as a whole."""

    first: int
    last: int
    ends: Literal["edit", "dedup", "recipe"]
    signals: tuple[str, ...]
    """Signals and columns that its filters and its edit ask for, in the order in which they are asked."""


@dataclass(frozen=True)
class Plan:
    """The segments of a recipe. `needs[i]` are the signals and columns that step i asks for."""

    recipe: Recipe
    needs: tuple[tuple[str, ...], ...]
    segments: tuple[Segment, ...]

    @property
    def stored(self) -> tuple[str, ...]:
        """What is worth reading from a table of signals: all that is asked for, for an edit changes some of the documents only."""
        return tuple(dict.fromkeys(name for needs in self.needs for name in needs))

    def wanted(self, index: int, lacks: Callable[[str], bool]) -> tuple[str, ...]:
        """What is computed before a step, given what is lacking: its own needs, and with them what else its segment needs of the same text.

        Signals of one text are cheapest together, for they share its words and lines. What is dear (`Family.default` is false), language and url
        are not computed before their step has come.
        """
        own = self.needs[index]
        by_signal = {signal.name: family for family in families() for signal in family.signals}
        lacking = [name for name in own if name in by_signal and lacks(name)]
        if not any(by_signal[name].default and by_signal[name].name not in _FIRST for name in lacking):
            return own
        segment = next(s for s in self.segments if s.first <= index <= s.last)
        later = (name for i in range(index + 1, segment.last + 1) for name in self.needs[i])
        with_it = [name for name in later if name in by_signal and by_signal[name].default]
        return tuple(dict.fromkeys([*own, *with_it]))


class _EveryModel(Mapping[str, Any]):
    """Stands for all models where it only matters which rules there are."""

    def __getitem__(self, name: str) -> Any:
        return self

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def rules_of(step: FilterStep, environment: Environment, stored: Container[str] | None = None) -> tuple[Rule, ...]:
    """The rules of a filter; where its model is missing they are given only if all that they ask about is stored.

    Without `stored` it does not matter which models there are. Raises ModelError where a model is needed.
    """
    every_model = replace(environment, models=_EveryModel())
    if stored is None:
        return step.rules(every_model)
    rules = step.rules(every_model)
    if all(rule.signal in stored for rule in rules):
        return rules
    for name in step.needed_models(environment):
        need(environment.models, name)
    return step.rules(environment)


def compile_recipe(recipe: Recipe, environment: Environment) -> Plan:
    """The plan of a recipe, whose rules may depend on lists and settings of the environment."""
    compat = environment.settings.model_copy(update={"compat": recipe.compat})
    environment = replace(environment, settings=compat)
    needs = tuple(_needs(step, environment) for step in recipe.steps)
    segments, first = [], 0
    for i, step in enumerate(recipe.steps):
        is_last = i == len(recipe.steps) - 1
        if not is_last and isinstance(step, FilterStep):
            continue
        ends = "edit" if isinstance(step, EditStep) else "dedup" if isinstance(step, DedupStep) else "recipe"
        asked = tuple(dict.fromkeys(name for j in range(first, i + 1) for name in needs[j]))
        segments.append(Segment(first, i, ends, asked))
        first = i + 1
    return Plan(recipe, needs, tuple(segments))


def _needs(step: object, environment: Environment) -> tuple[str, ...]:
    if isinstance(step, EditStep | DedupStep):
        return step.needs()
    if not isinstance(step, FilterStep):
        return ()
    names = [rule.signal for rule in rules_of(step, environment)]
    known = signals()
    return tuple(dict.fromkeys(sorted(names, key=lambda name: name not in known)))

"""The texts that a recipe judges: read with what is stored of them, shard by shard, for its corpus and for its dedups.

Not here: what a recipe does with them (recipes/), who asks (corpus.py, dedup.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.errors import SourceError
from corpus_platform.lake import table
from corpus_platform.lists.lists import KINDS, Lists
from corpus_platform.recipes.apply import judging
from corpus_platform.recipes.plan import compile_recipe
from corpus_platform.recipes.step import EditStep, FilterStep
from corpus_platform.recipes.steps.contamination import Decontaminate
from corpus_platform.recipes.steps.dedup import Dedup
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import families, families_of, signals
from corpus_platform.stages.classifiers import shelf_of, stored_models
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.signals import LANGUAGE, SIGNALS, SignalsSettings, identity, stored_in
from corpus_platform.stages.stage import Shard, digest_of
from corpus_platform.stages.texts import (
    DOCUMENTS,
    PLACE,
    Rows,
    base_of,
    is_after_dedup,
    source_of,
    text_batches,
    text_partition,
    text_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Compat
    from corpus_platform.stages.stage import Partition


@dataclass(frozen=True)
class Work:
    """What one task reads: a file of texts, the file of their signals, and the models that the recipe asks for."""

    texts: DataFile
    signals: DataFile | None
    stored: tuple[str, ...]
    """Signals that the file has."""
    compat: Compat
    """What they were computed with."""
    models: dict[str, dict[str, str]]
    """Classifiers and importance models that the recipe asks for, by name."""


@dataclass(frozen=True)
class JudgedTexts:
    """The texts of one recipe. `settings` say how signals are stored, and how those that are not stored are computed; `test_sets` are files by name."""

    recipe: Recipe
    settings: SignalsSettings
    test_sets: Mapping[str, str] = field(default_factory=dict)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The signals, if any are needed, and the texts."""
        texts = (text_table(variant), base_of(variant))
        return ((SIGNALS, variant), texts) if self.reads_signals(variant) else (texts,)

    def reads_signals(self, variant: str) -> bool:
        """Whether the recipe asks for anything that the table of texts has not."""
        if source_of(variant) is not None:
            # Few recipes read a source: what they ask for is computed, and not stored.
            return False
        there = table(DOCUMENTS).schema.names if is_after_dedup(variant) else ()
        return any(name not in there for name in self.needs)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of texts, with that of its signals."""
        variant = partition["variant"]
        texts = lake.files(text_table(variant), text_partition(partition))
        reads = self.reads_signals(variant)
        if reads and lake.state(SIGNALS, partition) is None:
            return []
        measured = {file.shard: file for file in lake.files(SIGNALS, partition)} if reads else {}
        stored, compat = stored_in(lake, partition) if reads else ((), self.settings.compat)
        computed = self._computed(stored, compat)
        models = self._models(lake, computed)
        common = (*self._common(computed), *(f"scorer:{name}:{row['digest']}" for name, row in models.items()))
        shards = []
        for file in texts:
            work = Work(file, measured.get(file.shard), stored, compat, models)
            own = tuple(f"signals:{digest}" for digest in digests([work.signals])) if work.signals else ()
            shards.append(Shard(file.shard, (*digests([file]), *own, *common), work, file.bytes))
        return shards

    def environment(self, lake: Lake, work: Work) -> Environment:
        """What a task computes with: the settings that stored signals were computed with, and the models."""
        as_stored = self.settings.model_copy(update={"compat": work.compat})
        return Environment(as_stored, shelf_of(lake, work.models), self.test_sets)

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of signals and texts."""
        found: dict[str, Any] = {}
        for name, _ in self.above(partition["variant"]):
            where = partition if name == SIGNALS else text_partition(partition)
            state = lake.state(name, where)
            found |= {name: state.version} if state else {}
        return found

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Signals and columns that the recipe asks for."""
        return compile_recipe(self.recipe, Environment(self.settings)).stored

    def _models(self, lake: Lake, computed: list[str]) -> dict[str, dict[str, str]]:
        """The models that are needed here: those of signals that are computed, and those that steps name."""
        known = signals()
        named = {name for signal in computed for name in known[signal].models}
        named |= {word for step in self.recipe.steps for word in _words(step.model_dump(mode="json"))}
        stored = stored_models(lake) if named else {}
        return {n: row for n, row in stored.items() if n in named or n.rpartition("/")[0] in named}

    def _common(self, computed: list[str]) -> tuple[str, ...]:
        """What every shard depends on besides its files: the rules as lists and settings make them, and what is computed here."""
        environment = judging(self.recipe, Environment(self.settings))
        rules = [asdict(r) for s in self.recipe.steps if isinstance(s, FilterStep) for r in s.rules(environment)]
        found = (f"rules:{digest_of(rules)}",)
        if computed:
            asked = families_of(computed)
            found += (f"settings:{self.settings.values_hash()}",)
            found += identity(tuple(family for family in families() if family.name in asked), self.settings)
        if self._edits:
            # An edit may read any list but those of domains.
            read = [name for name, kind in KINDS.items() if kind != "domains by category"]
            found += (f"lists:{Lists.of(self.settings.lists).digest(read)}",)
        asked = [step.items(self.test_sets) for step in self.recipe.steps if isinstance(step, Decontaminate)]
        return (*found, *(f"test_sets:{items.digest if items else 'none'}" for items in asked))

    @cached_property
    def _edits(self) -> bool:
        """Whether texts change on the way: by an edit, or by a dedup that takes pieces out."""
        return any(
            isinstance(step, EditStep) or (isinstance(step, Dedup) and step.matching in {"units", "filter"})
            for step in self.recipe.steps
        )

    def _computed(self, stored: tuple[str, ...], compat: Compat) -> list[str]:
        """Signals that the recipe asks for and that are not stored, or stored under another `compat`; every one of a recipe that edits."""
        known = signals()
        other = self.recipe.compat != compat
        asked = (name for name in self.needs if name in known)
        return [name for name in asked if self._edits or name not in stored or (other and known[name].reference)]

    def documents(self, lake: Lake, partition: Partition, work: Work) -> Iterator[pl.DataFrame]:
        """The texts, each with what is stored of it."""
        texts = text_batches(lake, work.texts, table(text_table(partition["variant"])).schema.names)
        if not self.reads_signals(partition["variant"]):
            # A dump's language is in its path, and in none of its rows.
            stated = text_partition(partition).get("language")
            yield from texts if stated is None else (f.with_columns(pl.lit(stated).alias("language")) for f in texts)
            return
        wanted = [name for name in work.stored if name in LANGUAGE or name in self.needs]
        rows = Rows(batches(lake, work.signals, columns=[*PLACE, *wanted]) if work.signals else ())
        for frame in texts:
            measured = rows.take(frame.height)
            if not (measured.height and measured["doc_id"].equals(frame["doc_id"])):
                raise SourceError(
                    f"{SIGNALS}: the signals of {work.texts.path} are not those of its texts as they are now: make them "
                    f"first: corpus run web/{partition['variant']}/signals --snapshot {partition['snapshot']}"
                )
            hints = () if is_after_dedup(partition["variant"]) else LANGUAGE
            own = frame.drop(name for name in {*wanted, *hints} if name in frame.columns)
            yield own.with_columns(measured.select(wanted))


def _words(value: Any) -> Iterator[str]:
    """All words in the parameters of a step."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _words(inner)

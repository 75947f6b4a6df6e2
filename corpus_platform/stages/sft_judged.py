"""The dialogues that a recipe judges: read with their stored signals, file by file, for what is filtered and for its dedup.

Not here: what a recipe does with them (recipes/), who asks (sft_filtered.py, sft_duplicates.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.errors import SourceError
from corpus_platform.lists.lists import KINDS, Lists
from corpus_platform.recipes.apply import judging
from corpus_platform.recipes.plan import compile_recipe
from corpus_platform.recipes.step import FilterStep
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import families, families_of, signals
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.sft_signals import SFT_SIGNALS, dialogue_batches, measured
from corpus_platform.stages.signals import SignalsSettings, identity
from corpus_platform.stages.stage import Shard, digest_of
from corpus_platform.stages.texts import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.stages.sft_sets import SftSettings
    from corpus_platform.stages.stage import Partition


LANGUAGES = ("sft_answer_language", "sft_prompt_language")
"""Signals that tell the language of a dialogue whose data set says none, the first that has one."""


@dataclass(frozen=True)
class DialogueWork:
    """What one task reads: a file of dialogues, and the file of their signals."""

    dialogues: DataFile
    signals: DataFile


@dataclass(frozen=True)
class JudgedDialogues:
    """The dialogues of one recipe. `settings` say how signals are computed; `test_sets` are files by name."""

    recipe: Recipe
    settings: SignalsSettings
    sft: SftSettings
    test_sets: Mapping[str, str] = field(default_factory=dict)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of dialogues, with that of its signals."""
        known = {file.shard: file for file in lake.files(SFT_SIGNALS, partition)}
        shards = []
        for file in lake.files(self.sft.table_of(partition["set"]), partition):
            if file.shard not in known:
                raise SourceError(
                    f"{SFT_SIGNALS}: file {file.shard} of {partition['set']} has no signals: corpus run sft/signals"
                )
            measured_in = known[file.shard]
            reads = (*digests([file]), *(f"signals:{d}" for d in digests([measured_in])), *self._common)
            shards.append(Shard(file.shard, reads, DialogueWork(file, measured_in), file.bytes))
        return shards

    @property
    def environment(self) -> Environment:
        """What a task computes with."""
        return Environment(self.settings, test_sets=self.test_sets)

    def frames(self, lake: Lake, partition: Partition, work: DialogueWork) -> Iterator[pl.DataFrame]:
        """The dialogues in order, each with a language and the stored signals that the recipe asks for."""
        stored = {signal.name for family in measured() for signal in family.signals}
        wanted = [name for name in self.needs if name in stored]
        rows = Rows(batches(lake, work.signals, columns=list(dict.fromkeys(("doc_id", *wanted, *LANGUAGES)))))
        for frame in dialogue_batches(lake, work.dialogues, self.sft.table_of(partition["set"])):
            found = rows.take(frame.height)
            if not (found.height and found["doc_id"].equals(frame["doc_id"])):
                raise SourceError(
                    f"{SFT_SIGNALS}: the signals of {work.dialogues.path} are not those of its dialogues as they are now: make them first: "
                    f"corpus run sft/signals --partition {partition['set']}"
                )
            yield self.known(frame, found)

    def known(self, frame: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
        """Dialogues with a language each, and of their signals (as many rows) those that the recipe asks for."""
        language = pl.coalesce("language", *LANGUAGES).alias("language")
        told = frame.with_columns(measured.select(LANGUAGES)).with_columns(language).drop(LANGUAGES)
        return told.with_columns(measured.select(name for name in self.needs if name in measured.columns))

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Signals and columns that the recipe asks for."""
        return compile_recipe(self.recipe, Environment(self.settings)).stored

    @cached_property
    def _common(self) -> tuple[str, ...]:
        """What every shard depends on besides its files: rules, signals and lists, for dialogues are edited and measured anew, and test sets."""
        environment = judging(self.recipe, Environment(self.settings))
        rules = [asdict(r) for s in self.recipe.steps if isinstance(s, FilterStep) for r in s.rules(environment)]
        asked = families_of(name for name in self.needs if name in signals())
        computed = tuple(family for family in families() if family.name in asked)
        read = [name for name, kind in KINDS.items() if kind != "domains by category"]
        return (
            f"rules:{digest_of(rules)}",
            *identity(computed, self.settings),
            f"lists:{Lists.of(self.settings.lists).digest(read)}",
            *(
                f"test_sets:{step.step}:{found}"
                for step in self.recipe.steps
                if (found := _test_sets(step, self.test_sets))
            ),
        )


def _test_sets(step: Any, files: Mapping[str, str]) -> str:
    """Digest of what a decontamination looks for; empty for another step."""
    items = getattr(step, "items", None)
    found = items(files) if items is not None and files else None
    return found.digest if found is not None else ""

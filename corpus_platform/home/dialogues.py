"""The data sets of dialogues of a home, and the stages from their files to what is filtered.

Not here: in which order they are run (order.py), what a data set is (stages/sft_sets.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.documents import DIALOGUES
from corpus_platform.recipes.recipe import Recipe, dialogue_recipe
from corpus_platform.stages.sft_collected import AGREEMENT, ANSWERS, CHATS, SftAgreement, SftCollected
from corpus_platform.stages.sft_constructed import SftConstructed, constructed_table
from corpus_platform.stages.sft_duplicates import SftDedupIndex, SftDuplicates
from corpus_platform.stages.sft_feedback import FAILING, FEEDBACK, SftFailing, SftFeedback
from corpus_platform.stages.sft_filtered import SftFiltered
from corpus_platform.stages.sft_messages import PREFERENCES, RAW, SftMessages, SftPreferences
from corpus_platform.stages.sft_raw import SftRaw
from corpus_platform.stages.sft_selected import SftSelected
from corpus_platform.stages.sft_sets import MESSAGES, SftSettings
from corpus_platform.stages.sft_signals import SftSignals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.settings import CorpusSettings
    from corpus_platform.stages.stage import Partition, Stage

OF_FILES = (RAW, MESSAGES, PREFERENCES)
"""Tables that only data sets which are read have."""
OF_WRITERS, OF_USERS = (ANSWERS, AGREEMENT), (CHATS,)
"""Tables that are read from what people wrote, or from chats of users."""
OF_VOTES = (FEEDBACK, FAILING)
"""Tables that are made of chats of users."""


@dataclass(frozen=True)
class Dialogues:
    """What a home's settings say of data sets of dialogues."""

    settings: CorpusSettings
    path: Path
    """Folder of the home."""

    @cached_property
    def sft(self) -> SftSettings:
        """The data sets, with folders below the home."""
        return self.settings.sft.below(self.path)

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The recipes that data sets ask for, by name. Raises SettingsError for one that there is not."""
        folder = Path(self.settings.recipes.below(self.path).folder)
        asked = dict.fromkeys((self.sft.recipe, *(self.sft.recipe_of(name) for name in self.sft.sets)))
        return {name: dialogue_recipe(name, folder) for name in asked}

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The stages by their tables, each after what it reads."""
        s = self.settings
        s3 = s.s3.access().below(self.path)
        signals, test_sets = s.signals.below(self.path), s.recipes.below(self.path).test_sets
        how = {"sft": self.sft, "recipes": self.recipes, "test_sets": test_sets}
        made: list[Stage] = [
            *(make(self.sft, s3=s3, reject_budget=s.reject_budget) for make in (SftRaw, SftMessages, SftPreferences)),
            *self._of_people,
            *(SftConstructed(settings=self.sft, way=way, reject_budget=s.reject_budget) for way in self.sft.ways),
            SftSignals(signals, sft=self.sft),
            *(make(signals, **how) for make in (SftDedupIndex, SftDuplicates, SftSelected, SftFiltered)),
        ]
        return {stage.name: stage for stage in made}

    @property
    def _of_people(self) -> list[Stage]:
        """The stages of what is collected from people, where a data set is."""
        s = self.settings
        signals, ways = s.signals.below(self.path), self.sft.collections
        how = {"signals": signals, "s3": s.s3.access().below(self.path), "reject_budget": s.reject_budget}
        made: list[Stage] = [SftCollected(settings=self.sft, way=way, **how) for way in ways]
        made += [SftAgreement(settings=self.sft, **how)] if "human" in ways else []
        return made + ([SftFeedback(signals=signals), SftFailing()] if "users" in ways else [])

    def takes(self, name: str, key: str) -> bool:
        """Whether a data set has a partition of a table."""
        one = self.sft.sets[key]
        if name in OF_FILES:
            return key in self.sft.read and (name != PREFERENCES or one.compares)
        if name in OF_WRITERS:
            return one.collect == "human"
        if name in (*OF_USERS, *OF_VOTES):
            return one.collect == "users"
        return not is_constructed(name) or (one.built_by is not None and name == constructed_table(one.built_by))

    def with_parents(self, words: Iterable[str]) -> list[str]:
        """Words of partitions, and the data sets that those among them which are built are made of."""
        named = list(words)
        parents = [
            p for word in named if word in self.sft.sets for p in self.sft.sets[word].sources if p in self.sft.sets
        ]
        return list(dict.fromkeys((*named, *parents)))

    def partitions(self, name: str) -> list[Partition]:
        """The partitions of a table that there is input for, in the order of priority."""
        return [{"set": key} for key in self.sft.ranked if self.takes(name, key)]


def is_constructed(name: str) -> bool:
    """Whether a table is of what a way builds."""
    return name.startswith(constructed_table(""))


def is_of_dialogues(name: str) -> bool:
    """Whether a table is one of data sets of dialogues."""
    return name.partition(".")[0] == DIALOGUES

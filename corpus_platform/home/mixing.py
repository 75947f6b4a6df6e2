"""The mixes of a home, of documents and of dialogues, and the stages that make them: tokenizers, token counts, documents, dialogues.

They are made when somebody asks for them by name, and never because something else was: so they are beside the stages of the home's other tables.

Not here: in which order the three are run (analytics/mixing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.mixes.mix import Mix, mix_of, mixes
from corpus_platform.mixes.sft.mix import Mix as DialogueMix
from corpus_platform.mixes.sft.mix import mixes as dialogue_mixes
from corpus_platform.stages.mix import MixDocuments
from corpus_platform.stages.sft_mix import SftMixes
from corpus_platform.stages.token_counts import TokenCounts
from corpus_platform.stages.tokenizers import Tokenizers

if TYPE_CHECKING:
    from corpus_platform.settings import CorpusSettings
    from corpus_platform.stages.stage import Stage


@dataclass(frozen=True)
class Mixing:
    """What a home's settings say of mixes."""

    settings: CorpusSettings
    path: Path
    """Folder of the home."""

    @cached_property
    def mixes(self) -> dict[str, Mix]:
        """All mixes by name: the shipped ones, and those of the home's folder."""
        return mixes(Path(self.settings.mixes.below(self.path).folder))

    def mix(self, name: str) -> Mix:
        """The mix of a name. Raises SettingsError with the nearest name where there is none."""
        return mix_of(name, self.mixes)

    @cached_property
    def dialogues(self) -> dict[str, DialogueMix]:
        """All mixes of dialogues by name: the shipped ones, and those of the folder `sft.mixes`."""
        return dialogue_mixes(Path(self.settings.sft.below(self.path).mixes))

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The stages by their tables."""
        s = self.settings
        s3 = s.s3.access().below(self.path)
        test_sets = s.recipes.below(self.path).test_sets
        ability_model = s.signals.below(self.path).ability_model
        made: list[Stage] = [
            Tokenizers(s.tokenizers.below(self.path), s3=s3),
            TokenCounts(),
            MixDocuments(s.mixes.below(self.path), mixes=self.mixes, test_sets=test_sets),
            SftMixes(sft=s.sft.below(self.path), mixes=self.dialogues, ability_model=ability_model),
        ]
        return {stage.name: stage for stage in made}

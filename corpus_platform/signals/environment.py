"""What signals and steps are computed with: the settings that change values, the lists and the models.

Not here: where models are kept (stages/), what lists hold (lists/).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.lists.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Mapping

Compat = Literal["sane", "reference"]


class SignalSettings(BaseModel):
    """What changes the values of signals: hashed into the identity of whatever holds them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    compat: Compat = Field(
        default="sane",
        description="`reference` repeats the oddities of the systems' own code; `sane` gives what they meant",
    )
    words: Literal["simple", "spacy"] = Field(
        default="simple",
        description="Words of the Gopher and FineWeb rules: our own, or spaCy's blank English (an extra)",
    )
    language_characters: int | None = Field(
        default=None, ge=1, description="Language id on the first characters only; the whole text by default"
    )
    language_id: str | None = Field(default=None, description="fastText language model file")
    ability_model: str | None = Field(
        default=None, description="Folder of a model of abilities that requests ask for; the shipped one by default"
    )
    lists: dict[str, str] = Field(default={}, description="Files in place of the lists that are shipped, by name")


@dataclass(frozen=True)
class Environment:
    """Settings, lists and opened models (by name, e.g. `quality/wikiref/en`)."""

    settings: SignalSettings = field(default_factory=SignalSettings)
    models: Mapping[str, Any] = field(default_factory=dict)
    test_sets: Mapping[str, str] = field(default_factory=dict)
    """Files of test sets by name, that documents are held against."""

    @property
    def lists(self) -> Lists:
        """The word and domain lists."""
        return Lists.of(self.settings.lists)

    @property
    def reference(self) -> bool:
        """Whether oddities are repeated."""
        return self.settings.compat == "reference"

"""A part of a recipe over several sources: which texts it takes, and the steps that are its own.

Parts stand in the order of their priority: of two copies the one of the earlier part stays.

Not here: reading YAML and the steps that all parts share (recipe.py).
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from corpus_platform.documents import DIALOGUES, SOURCES, TEXT_BASES
from corpus_platform.recipes.step import Step
from corpus_platform.yaml_file import nearest


class Part(BaseModel):
    """One source of a recipe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Name of the part; it stands in the corpus beside each document"
    )
    like: str | None = Field(default=None, description="Recipe whose text variant and steps are the part's")
    variant: str | None = Field(default=None, description="Text that the part starts from")
    of: tuple[str, ...] = Field(
        default=(), description="Partitions that belong to the part, by name or pattern (`gutenberg*`); all by default"
    )
    missing: str | None = Field(default=None, description="Why nothing reads this part: it is named, and not made")
    note: str | None = Field(default=None, description="What a reader of the recipe should know")
    steps: tuple[SerializeAsAny[Step], ...] = Field(default=(), description="Steps of the part, before those of all")

    @model_validator(mode="after")
    def _says_what_it_takes(self) -> Self:
        if self.like and self.variant and self.steps:
            return self  # It has been given those of the recipe that it is like, and is looked at again.
        given = [name for name in ("like", "variant", "missing") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"part `{self.part}` needs one of `like`, `variant` and `missing` (it has {', '.join(given) or 'none'})"
            )
        if self.like and self.steps:
            raise ValueError(
                f"part `{self.part}`: its steps are those of `{self.like}`; name its `variant` to give others"
            )
        if self.variant is not None:
            check_variant(self.variant)
        return self

    def takes(self, variant: str, key: str) -> bool:
        """Whether a partition (text variant, and snapshot or word) belongs to the part."""
        return variant == self.variant and (not self.of or any(fnmatchcase(key, pattern) for pattern in self.of))


def check_variant(variant: str) -> None:
    """A ValueError for what is no text variant."""
    if variant == DIALOGUES:
        return
    if variant.removesuffix(".ccnet") not in TEXT_BASES and variant.removesuffix(".cleaned") not in SOURCES:
        raise ValueError(
            f"there is no text variant `{variant}`{nearest(variant, (*TEXT_BASES, *SOURCES))}; there are {', '.join(TEXT_BASES)}, "
            f"and each with `.ccnet` behind it, {', '.join(SOURCES)}, and each with `.cleaned`; {DIALOGUES}"
        )

"""The one taxonomy of topics and genres: what the classifiers' labels mean, in the Chinese Library Classification and as industries.

Not here: the classifiers (their training texts are training/topics.*.yaml and training/genres.*.yaml).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field


class Topic(BaseModel):
    """What a text may be about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str
    clc: tuple[str, ...] = Field(
        min_length=1, description="Classes of the Chinese Library Classification, the nearest first"
    )
    industry: str = Field(description="Name of an industry of the taxonomy")


class Genre(BaseModel):
    """What kind of text it may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str


class Taxonomy(BaseModel):
    """Topics and genres by name; the classes of the Chinese Library Classification by letter; industries by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: dict[str, Topic]
    genres: dict[str, Genre]
    clc: dict[str, str]
    industries: dict[str, str]


@cache
def taxonomy() -> Taxonomy:
    """The taxonomy."""
    text = files("corpus_platform.models").joinpath("taxonomy.yaml").read_text("utf-8")
    return Taxonomy.model_validate(yaml.safe_load(text))

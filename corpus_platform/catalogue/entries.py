"""The entries of the catalogue: sources of text, and corpora that models were pretrained on.

An entry says what is known and how it is known. What nobody has looked up is null or of `evidence: memory`; a figure is the one that its
publisher or a survey states, and no promise.
Promise: a file is read whole or not at all; a mistake is told with file and line; names differ within a file.

Not here: what is refused (refusal.py), the page of all entries (reference.py).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from corpus_platform.documents import SOURCES
from corpus_platform.errors import SettingsError
from corpus_platform.yaml_file import mistake, nearest, read_yaml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

FOLDER = Path(__file__).parent
LAYERS = ("web", *SOURCES)
"""Layers of tables that a source's text can be in."""
CHAINS = ("common_crawl", "mediawiki")
"""What reads sources that have a chain of their own, and no reader of readers/."""

Risk = Literal["open", "permission", "refused"]
Openness = Literal["full", "part", "closed"]
Evidence = Literal["code", "card", "paper", "survey", "memory"]

_LANGUAGE = re.compile(r"[a-z]{2,3}|code|mul")
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?) (?P<unit>MB|GB|TB|[MBT] [a-z]+|[a-z]+)")
_GIGABYTES = {"MB": 1e-3, "GB": 1.0, "TB": 1e3}
_SCALES = {"M": 1e6, "B": 1e9, "T": 1e12}


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name in the catalogue")
    title: str = Field(min_length=1, description="Name as people say it")
    licence: str | None = Field(description="SPDX id, or what is said in its place; null: not known")
    languages: tuple[str, ...] = Field(
        min_length=1, description="ISO 639 codes; `mul`: many, `code`: programming languages"
    )
    evidence: Evidence = Field(
        default="memory",
        description="code (the system's own), card (data card or README), paper, survey (its list), memory (unchecked)",
    )
    notes: str = Field(default="", description="What else is worth knowing")

    @field_validator("languages")
    @classmethod
    def _are_codes(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        for language in languages:
            if not _LANGUAGE.fullmatch(language):
                raise ValueError(f"`{language}` is no code of a language; many languages are `mul`")
        return languages


class Source(_Entry):
    """A site or collection that text can be had from, or not."""

    kind: Literal[
        "web", "language", "books", "academic", "code", "social", "encyclopedia", "parallel",
        "subtitles", "law", "government", "finance", "medicine", "exam", "hub",
    ] = Field(description="Kind of source")  # fmt: skip
    access: Literal["dump", "download", "api", "crawl", "purchase", "agreement", "none"] = Field(
        description="How it is had; `none`: not at all"
    )
    address: str | None = Field(description="Where it is")
    terms: str = Field(min_length=1, description="What its terms ask, in short")
    risk: Risk = Field(description="open, permission (ask, pay or agree first), refused (nothing reads or fetches it)")
    why: str = Field(default="", description="Why it is refused")
    hosts: tuple[str, ...] = Field(default=(), description="Of a refused source: its hosts, with all below them")
    patterns: tuple[str, ...] = Field(default=(), description="Of a refused source: what gives away a location of it")
    layer: str | None = Field(default=None, description="Layer of tables that its text belongs in")
    reader: str | None = Field(default=None, description="The reader of its files")
    recipe: str | None = Field(default=None, description="The recipe that cleans its text")

    @field_validator("layer")
    @classmethod
    def _is_a_layer(cls, layer: str | None) -> str | None:
        return _known_layer(layer)

    @field_validator("patterns")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            re.compile(pattern)
        return patterns

    @model_validator(mode="after")
    def _is_refused_for_a_reason(self) -> Self:
        is_refused = self.risk == "refused"
        if is_refused and not (self.why and (self.hosts or self.patterns)):
            raise ValueError("what is refused says `why`, and by which `hosts` or `patterns` it is known")
        if is_refused and (self.access != "none" or self.reader or self.recipe):
            raise ValueError("what is refused has `access: none`, no reader and no recipe")
        if not is_refused and (self.why or self.hosts or self.patterns):
            raise ValueError("`why`, `hosts` and `patterns` are of sources with `risk: refused`")
        return self


class Corpus(_Entry):
    """A corpus that models were pretrained on."""

    also: tuple[str, ...] = Field(default=(), description="Other names of it")
    group: Literal[
        "webpages", "language_texts", "books", "academic", "code", "parallel", "social_media", "encyclopedia",
        "multi", "financial", "medical", "other",
    ] = Field(description="Kind of corpus, as the survey parts them")  # fmt: skip
    publisher: str = Field(min_length=1, description="Who made it")
    year: int = Field(ge=1900, le=2100, description="When it was first there")
    size: str | None = Field(description="Size as stated, with its unit: `305 GB`, `1.2 T tokens`, `17868 books`")
    openness: Openness = Field(description="Whether its texts can be had: full, part, closed")
    sources: tuple[str, ...] = Field(min_length=1, description="Layers here that its texts would be in")
    of: str = Field(min_length=1, description="What it was made of")
    processing: str | None = Field(description="What was done to it, in short")
    homepage: str | None = Field(description="Where it is described")
    hub: str | None = Field(description="Its id on Hugging Face's hub")
    recipes: tuple[str, ...] = Field(description="Recipes that stand for it, or for parts of it")
    without: str = Field(default="", description="Why there is no recipe")
    from_memory: tuple[str, ...] = Field(default=(), description="Fields that are unchecked, whatever the evidence")

    @field_validator("size")
    @classmethod
    def _has_a_unit(cls, size: str | None) -> str | None:
        if size is not None and not _SIZE.fullmatch(size):
            raise ValueError("a size is a number and a unit: `305 GB`, `1.2 T tokens`, `17868 books`")
        return size

    @field_validator("sources")
    @classmethod
    def _are_layers(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            _known_layer(source)
        return sources

    @field_validator("from_memory")
    @classmethod
    def _are_fields(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in cls.model_fields:
                raise ValueError(f"there is no field `{name}`{nearest(name, cls.model_fields)}")
        return names

    @model_validator(mode="after")
    def _says_why_not(self) -> Self:
        if bool(self.recipes) == bool(self.without):
            raise ValueError("a corpus has `recipes`, or says in `without` why there is none")
        return self

    @property
    def gigabytes(self) -> float | None:
        """Its size, where it is stated in bytes."""
        number, unit = _measure(self.size)
        return number * _GIGABYTES[unit] if unit in _GIGABYTES else None

    @property
    def tokens(self) -> float | None:
        """Its size, where it is stated in tokens. Whose tokens these are is seldom said."""
        number, unit = _measure(self.size)
        scale, _, what = unit.partition(" ")
        return number * _SCALES[scale] if what == "tokens" else None


_Kind = TypeVar("_Kind", Source, Corpus)


@cache
def sources() -> dict[str, Source]:
    """Every source by its name, in the file's order."""
    return read_entries(FOLDER / "sources.yaml", "sources", Source)


@cache
def corpora() -> dict[str, Corpus]:
    """Every corpus by its name, in the file's order."""
    return read_entries(FOLDER / "pretraining.yaml", "pretraining", Corpus)


def find(name: str) -> list[Source | Corpus]:
    """The entries of a name, a title or another name, whatever the case: a source and a corpus may share one. Raises SettingsError."""
    asked = name.casefold()
    entries: list[Source | Corpus] = [*sources().values(), *corpora().values()]
    found = [entry for entry in entries if asked in _names_of(entry)]
    if not found:
        known = {known for entry in entries for known in _names_of(entry)}
        raise SettingsError(f"the catalogue has no `{name}`{nearest(asked, known)}; corpus catalogue list tells all")
    return found


def read_entries(path: Path, key: str, model: type[_Kind]) -> dict[str, _Kind]:
    """The entries of a YAML file `key: [...]`. Raises SettingsError, a line for each mistake."""
    file = read_yaml(path)
    listed = file.values.get(key) if isinstance(file.values, dict) else None
    if not isinstance(listed, list) or len(file.values) != 1:
        raise SettingsError(f"{path}:1: a file of the catalogue is a list under the one key `{key}`")
    found: dict[str, _Kind] = {}
    mistakes: list[str] = []
    for i, values in enumerate(listed):
        try:
            entry = model.model_validate(values)
        except ValidationError as error:
            mistakes += [mistake(file, (key, i), e, model, ("field", "an entry")) for e in error.errors()]
            continue
        if entry.name in found:
            mistakes.append(f"{file.at((key, i, 'name'))}: there is an entry `{entry.name}` already")
        found[entry.name] = entry
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return found


def dangling(recipes: Collection[str], readers: Collection[str]) -> list[str]:
    """Recipes and readers that entries name and that there are not, a line each."""
    named = [(f"sources.yaml: {one.name}", "recipe", one.recipe, recipes) for one in sources().values()]
    named += [(f"sources.yaml: {one.name}", "reader", one.reader, {*readers, *CHAINS}) for one in sources().values()]
    named += [
        (f"pretraining.yaml: {one.name}", "recipe", n, recipes) for one in corpora().values() for n in one.recipes
    ]
    return [
        f"{where}: there is no {what} `{name}`{nearest(name, known)}"
        for where, what, name, known in named
        if name is not None and name not in known
    ]


def named_recipes() -> set[str]:
    """Recipes that some entry names."""
    of_sources = {one.recipe for one in sources().values() if one.recipe}
    return of_sources | {name for one in corpora().values() for name in one.recipes}


def _names_of(entry: Source | Corpus) -> set[str]:
    also: Iterable[str] = entry.also if isinstance(entry, Corpus) else ()
    return {name.casefold() for name in (entry.name, entry.title, *also)}


def _known_layer(layer: str | None) -> str | None:
    if layer is not None and layer not in LAYERS:
        raise ValueError(f"there is no layer `{layer}`{nearest(layer, LAYERS)}; there are {', '.join(LAYERS)}")
    return layer


def _measure(size: str | None) -> tuple[float, str]:
    found = _SIZE.fullmatch(size or "")
    return (float(found["number"]), found["unit"]) if found else (0.0, "")

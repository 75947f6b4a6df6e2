"""A mix: parts, how much of each, a budget in tokens; read from YAML.

    name: two_languages
    title: English and Chinese pages, with books
    about: ...
    budget: 5000000
    parts:
      - {from: corpora/fineweb, share: 0.8, languages: {en: 0.7, zh: 0.3}, quality: {by: bucket, weights: {head: 3, middle: 1}}}
      - {from: corpora/books, epochs: 1.5}

A part says one of: `share` of what parts of fixed size leave of the budget; `temperature` T or `epochs` e, whose parts divide the rest in proportion to
size^(1/T) and to e * size; `tokens` or `count`, which are fixed. Without a budget a part gives its epochs, once all it has by default.
A part that is too small gives what it has times its `max_epochs`; the others give the rest, by their weights.
Of a mix in stages each stage goes on where the one before has stopped: no document comes again before the part's epoch is through.

Not here: how a budget is divided (allocate.py), which documents are drawn (order.py).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from corpus_platform.errors import SettingsError
from corpus_platform.yaml_file import mistake, nearest, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.yaml_file import YamlFile

SHIPPED = Path(__file__).parent / "shipped"
"""Folder of the mixes that are shipped."""
AMOUNTS = ("share", "temperature", "tokens", "epochs", "count")
"""What a part may say of how much it gives."""
CAPPED = ("language", "category", "origin", "licence", "domain")
"""Columns whose values can be capped."""
DEFAULT_TOKENIZER = "default"

_NAME = r"^[a-z][a-z0-9_]*$"
_TABLE = re.compile(r"[a-z][a-z0-9_]*[./][a-z][a-z0-9_]*")
_NOTHING = 1e-9


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Quality(_Closed):
    """Weights of documents by a column: how much likelier a document is drawn early. The weight 0 leaves it out."""

    by: str = Field(description="Column or signal: `bucket`, `perplexity` ...")
    weights: dict[str, float] | tuple[float, ...] = Field(
        description="By value of the column (`otherwise` for all others), or one for each interval between quantiles"
    )
    quantiles: tuple[float, ...] = Field(
        default=(), description="Shares of the part's documents, rising, where a column of numbers is cut"
    )
    missing: float = Field(default=1.0, ge=0, description="Weight of documents without a value")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = self.weights.values() if isinstance(self.weights, dict) else self.weights
        if not self.weights or any(not 0 <= weight < float("inf") for weight in given):
            raise ValueError("`weights` are numbers of 0 or more, one at least")
        if isinstance(self.weights, dict) and self.quantiles:
            raise ValueError("with `quantiles`, `weights` is a list: one for each interval between them")
        if not isinstance(self.weights, dict):
            if list(self.quantiles) != sorted(set(self.quantiles)) or any(not 0 < q < 1 for q in self.quantiles):
                raise ValueError("`quantiles` rise, each between 0 and 1")
            if len(self.weights) != len(self.quantiles) + 1:
                raise ValueError(
                    f"{len(self.quantiles)} `quantiles` make {len(self.quantiles) + 1} intervals, and there are {len(self.weights)} `weights`"
                )
        return self


class Part(_Closed):
    """Documents of some tables, and how much of them."""

    name: str = Field(default="", description="Name in tables and messages; the table's short name by default")
    sources: tuple[str, ...] = Field(
        alias="from", description="Tables of documents: `corpora/fineweb`, `books/cleaned`"
    )
    where: dict[str, tuple[str, ...]] = Field(
        default={},
        description="Values that columns must have: one or a list, with `*` for anything, `!` in front for not",
    )
    share: float | None = Field(default=None, gt=0, le=1, description="Share of what parts of fixed size leave")
    temperature: float | None = Field(default=None, gt=0, description="In proportion to size^(1/T)")
    tokens: int | None = Field(default=None, ge=1, description="Tokens")
    epochs: float | None = Field(default=None, gt=0, description="In proportion to epochs * size")
    count: int | None = Field(default=None, ge=1, description="Documents")
    max_epochs: float | None = Field(
        default=None, gt=0, description="How often its documents may come; that of the mix by default"
    )
    quality: Quality | None = Field(default=None, description="Weights of documents by a column")
    languages: dict[str, float] = Field(default={}, description="Shares of languages inside the part")
    caps: dict[str, float | dict[str, float]] = Field(
        default={}, description="Largest share of one value of a column within the part: of each value, or by value"
    )
    note: str = Field(default="", description="Where the numbers are from")

    @field_validator("sources", mode="before")
    @classmethod
    def _is_a_table(cls, value: Any) -> Any:
        given = [value] if isinstance(value, str) else list(value or [])
        if not given:
            raise ValueError("a part is taken `from` one table at least")
        for name in given:
            if not isinstance(name, str) or not _TABLE.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no table of documents: give `corpora/<recipe>`, `books/cleaned` or the like"
                )
        return tuple(name.replace("/", ".") for name in given)

    @field_validator("where", mode="before")
    @classmethod
    def _is_listed(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {column: (asked,) if isinstance(asked, str) else asked for column, asked in value.items()}

    @field_validator("caps")
    @classmethod
    def _is_a_share(cls, value: dict[str, float | dict[str, float]]) -> dict[str, float | dict[str, float]]:
        return check_caps(value)

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        said = [amount for amount in AMOUNTS if getattr(self, amount) is not None]
        if len(said) > 1:
            raise ValueError(f"a part says one of {', '.join(AMOUNTS)}, and this one says {' and '.join(said)}")
        if self.languages:
            if any(share <= 0 for share in self.languages.values()):
                raise ValueError("shares of `languages` are above 0")
            if abs(sum(self.languages.values()) - 1) > _NOTHING:
                raise ValueError(f"shares of `languages` make {sum(self.languages.values()):g}, and should make 1")
            if "language" in self.where or self.count:
                raise ValueError(
                    "`languages` says which languages there are: leave out `where: {language: ...}` and `count`"
                )
        if not self.name:
            object.__setattr__(self, "name", self.sources[0].replace("corpora.", "").replace(".", "_"))
        return self

    @property
    def amount(self) -> str:
        """Which of AMOUNTS it says; `all` for none."""
        return next((amount for amount in AMOUNTS if getattr(self, amount) is not None), "all")


class Stage(_Closed):
    """A stretch of the training: so many tokens, with shares of its own."""

    name: str = Field(description="Name of the stretch")
    tokens: int = Field(ge=1, description="Its tokens")
    shares: dict[str, float] = Field(default={}, description="Shares by part; those of the parts by default")

    @field_validator("shares")
    @classmethod
    def _make_one(cls, value: dict[str, float]) -> dict[str, float]:
        if value and (any(share < 0 for share in value.values()) or abs(sum(value.values()) - 1) > _NOTHING):
            raise ValueError(f"`shares` of a stage make {sum(value.values()):g}, and should make 1")
        return value


class Decontamination(_Closed):
    """Documents that share n-grams with test sets stay out, before anything is drawn."""

    against: tuple[str, ...] = Field(
        default=(), description="Names in the setting `recipes.test_sets`; all of them by default"
    )
    n: int = Field(default=13, ge=1, description="Words of an n-gram; of Chinese, characters")
    min_units: int = Field(default=8, ge=1, description="Shorter test items are not looked for")
    ratio: float | None = Field(default=None, gt=0, le=1, description="Share of an item's n-grams; one by default")


class Mix(_Closed):
    """Parts and a budget."""

    name: str = Field(pattern=_NAME, description="Name of the mix")
    title: str = Field(description="What it is, in a line")
    reference: str = Field(default="", description="Where its numbers are from")
    about: str = Field(description="What it is for, and what differs from its source")
    tokenizer: str = Field(default=DEFAULT_TOKENIZER, pattern=r"^[a-z0-9][a-z0-9_-]*$", description="Tokenizer by name")
    seed: int = Field(default=0, ge=0, description="Another seed draws other documents")
    budget: int | None = Field(default=None, ge=1, description="Tokens of the whole mix")
    max_epochs: float = Field(default=1.0, gt=0, description="How often a document may come")
    parts: tuple[Part, ...] = Field(min_length=1, description="What it is made of")
    stages: tuple[Stage, ...] = Field(default=(), description="Stretches one after the other, in place of a budget")
    caps: dict[str, float | dict[str, float]] = Field(default={}, description="Caps that hold in every part")
    decontaminate: Decontamination | None = Field(default=None, description="Test sets that stay out")
    tasks: tuple[str, ...] = Field(default=("text-generation",), description="Tasks that the data card names")
    languages: tuple[str, ...] = Field(default=(), description="Languages that it should have, for people")

    @field_validator("caps")
    @classmethod
    def _is_a_share(cls, value: dict[str, float | dict[str, float]]) -> dict[str, float | dict[str, float]]:
        return check_caps(value)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        names = [part.name for part in self.parts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two parts are called `{twice[0]}`: give one of them a `name`")
        if self.stages and self.budget:
            raise ValueError("a mix has a `budget` or `stages`, for the budget of stages is their sum")
        for stage in self.stages:
            if strange := [name for name in stage.shares if name not in names]:
                raise ValueError(f"stage `{stage.name}`: there is no part `{strange[0]}`{nearest(strange[0], names)}")
        self._check_shares()
        return self

    def _check_shares(self) -> None:
        """Shares make 1 where nothing else takes the rest, and need a budget."""
        kinds = {part.amount for part in self.parts}
        if self.stages and kinds & {"tokens", "count", "temperature"}:
            raise ValueError("parts of a mix in stages say `share` or nothing: how much is said by the stages")
        shares = sum(part.share or 0 for part in self.parts)
        if all(stage.shares for stage in self.stages) and self.stages:
            return
        if kinds & {"share", "temperature"} and self.budget is None and not self.stages:
            raise ValueError("shares and temperatures divide a `budget`: give one")
        if shares > 1 + _NOTHING:
            raise ValueError(f"shares make {shares:g}, and should make 1 at most")
        rest = kinds & {"temperature", "epochs", "all"}
        if shares and not rest and abs(shares - 1) > _NOTHING:
            raise ValueError(f"shares make {shares:g}, and no part takes the rest: they should make 1")
        if rest and abs(shares - 1) <= _NOTHING:
            raise ValueError("shares make 1, and leave nothing to the parts that say no share")

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.sources))

    def epochs_of(self, part: Part) -> float:
        """How often a part's documents may come."""
        return max(part.max_epochs or self.max_epochs, part.epochs or 0)

    def caps_of(self, part: Part) -> dict[str, float | dict[str, float]]:
        """Caps that hold in a part: its own, and those of the mix."""
        return {**self.caps, **part.caps}


def check_caps(caps: dict[str, float | dict[str, float]]) -> dict[str, float | dict[str, float]]:
    """Caps as they are given. Raises ValueError for a column that has none, or what is no share."""
    for column, cap in caps.items():
        if column not in CAPPED:
            raise ValueError(f"`{column}` can't be capped{nearest(column, CAPPED)}; there are {', '.join(CAPPED)}")
        if any(not 0 < value <= 1 for value in (cap.values() if isinstance(cap, dict) else [cap])):
            raise ValueError(f"the cap of `{column}` is a share above 0, 1 at most")
    return caps


def read_mix(path: Path) -> Mix:
    """The mix of a YAML file. Raises SettingsError, a line for each mistake."""
    file = read_yaml(path)
    if not isinstance(file.values, dict):
        raise SettingsError(f"{path}:1: a mix is `name: value`, with the names {', '.join(Mix.model_fields)}")
    try:
        return Mix.model_validate(file.values)
    except ValidationError as error:
        raise SettingsError("\n".join(_mistakes(file, error))) from None


def mixes(folder: Path | None = None) -> dict[str, Mix]:
    """The shipped mixes by name, and those of a user's folder (`*.yaml`). Raises SettingsError where two have one name."""
    found = dict(_shipped())
    for path in sorted(folder.glob("*.yaml")) if folder and folder.is_dir() else ():
        mix = read_mix(path)
        if mix.name in found:
            raise SettingsError(f"{path}: there is a mix `{mix.name}` already: give yours another `name`")
        found[mix.name] = mix
    return found


def mix_of(name: str, known: Mapping[str, Mix]) -> Mix:
    """The mix of a name. Raises SettingsError with the nearest name where there is none."""
    if name not in known:
        raise SettingsError(f"there is no mix `{name}`{nearest(name, known)}; there are {', '.join(known)}")
    return known[name]


@cache
def _shipped() -> dict[str, Mix]:
    return {mix.name: mix for mix in map(read_mix, sorted(SHIPPED.glob("*.yaml")))}


def _mistakes(file: YamlFile, error: ValidationError) -> list[str]:
    """A line for each mistake; those inside a list name the keys of what is listed."""
    errors = error.errors()
    inside = {one["loc"][0] for one in errors if len(one["loc"]) > 1}
    found = []
    for one in errors:
        where = tuple(one["loc"])
        if len(where) == 1 and one["type"] == "too_short" and where[0] in inside:
            continue  # what is listed is wrong itself, and was left out for that
        model: type[BaseModel] = Mix
        outer: tuple[Any, ...] = ()
        if len(where) > 1 and where[0] in {"parts", "stages"} and isinstance(where[1], int):
            model, outer = (Part if where[0] == "parts" else Stage), where[:2]
        inner: Any = {**one, "loc": where[len(outer) :]}
        words = ("key", {Part: "a part", Stage: "a stage"}.get(model, "a mix"))
        # A file says `from`, which is no name that Python takes.
        found.append(mistake(file, outer, inner, model, words).replace("takes name, sources,", "takes name, from,"))
    return found

"""A mix of dialogues: parts of data sets, how much of each, what must be balanced, which licences may be in; read from YAML.

    name: two_languages
    title: Chat and maths in English and Chinese
    about: ...
    budget: 2_000_000
    shares: {language: {en: 0.5, zh: 0.5}}
    label_balance: {by: task_type, shares: {chat: 0.5, maths: 0.3, otherwise: 0.2}}
    licences: {commercial: "yes"}
    parts:
      - {name: chat, from: ["oasst*", wildchat], weight: 3}
      - {name: maths, from: "*", where: {task_type: maths}, weight: 2, max_epochs: 2}

Amounts are tokens of what a trainer learns (the assistant's side), for a set of long reasoning outweighs others that have as many rows; with `rows` in
place of `budget` they are rows. A part says one of: `share` of what parts of fixed size leave; `weight`, which divides the rest; `temperature` T, whose
sets weigh size^(1/T); `epochs` e, which weighs e times its size; `tokens` or `count`, which are fixed. Without a budget a part gives its epochs, once
all that it has by default.

Not here: the order in which dialogues are drawn (draw.py), which set is which (sets.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from corpus_platform.errors import SettingsError
from corpus_platform.yaml_file import mistake, nearest, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.yaml_file import YamlFile

SHIPPED = Path(__file__).parent / "shipped"
"""Folder of the mixes that are shipped."""
AMOUNTS = ("share", "weight", "temperature", "epochs", "tokens", "count")
"""What a part may say of how much it gives."""
FACTS = ("construction", "language", "task_type", "like")
"""What sets can be chosen by, besides their names."""
SHARED = ("language", "construction", "origin", "task_type")
"""Columns that a mix can share by."""
CHOSEN = (*SHARED, "licence")
"""Columns that rows can be chosen by, besides their labels."""
LABELS = "labels."
"""What stands before the name of a label that rows are chosen by."""
CAPPED = (*SHARED, "set", "licence", "label")
"""Columns whose values can be capped."""
OTHERWISE = "otherwise"
"""Name of the share of all values that have none of their own."""
ESTIMATE = "estimate"
"""Name for counting tokens by characters, where no tokenizer is wanted."""
SAFETY = "safety"
ABILITY = "ability"
"""What a mix may balance by that is told by a model where no label says it."""

_NAME = r"^[a-z][a-z0-9_]*$"
_NOTHING = 1e-9
_Many = dict[str, tuple[str, ...]]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Part(_Closed):
    """Dialogues of some sets, and how much of them."""

    name: str = Field(pattern=_NAME, description="Name in tables and messages")
    sources: tuple[str, ...] = Field(
        default=("*",),
        alias="from",
        description="Sets by their own name or that in the catalogue; `*` stands for anything",
    )
    sets: _Many = Field(default={}, description="What the sets must be: construction, language, task_type, like")
    where: _Many = Field(
        default={},
        description="Values that rows must have: columns, or labels as `labels.NAME`; `*` for anything, `!` for not",
    )
    share: float | None = Field(default=None, gt=0, le=1, description="Share of what parts of fixed size leave")
    weight: float | None = Field(default=None, gt=0, description="Weight in the rest, which no share takes")
    temperature: float | None = Field(default=None, gt=0, description="Its sets weigh size^(1/T) each")
    epochs: float | None = Field(default=None, gt=0, description="In proportion to epochs * size")
    tokens: int | None = Field(default=None, ge=1, description="Tokens of what is learnt")
    count: int | None = Field(default=None, ge=1, description="Rows")
    cap: int | None = Field(
        default=None, ge=1, description="Most rows that one set brings, those that come first in its order"
    )
    max_epochs: float | None = Field(
        default=None, gt=0, description="How often a row may come; that of the mix by default"
    )
    note: str = Field(default="", description="Where the numbers are from")

    @field_validator("sources", mode="before")
    @classmethod
    def _is_a_tuple(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("sets", "where", mode="before")
    @classmethod
    def _is_listed(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: (asked,) if isinstance(asked, str) else asked for key, asked in value.items()}

    @model_validator(mode="after")
    def _is_plain(self) -> Self:
        if not self.sources:
            raise ValueError("a part is taken `from` one set at least")
        said = [amount for amount in AMOUNTS if getattr(self, amount) is not None]
        if len(said) > 1:
            raise ValueError(f"a part says one of {', '.join(AMOUNTS)}, and this one says {' and '.join(said)}")
        if strange := [key for key in self.sets if key not in FACTS]:
            raise ValueError(
                f"sets are not chosen by `{strange[0]}`{nearest(strange[0], FACTS)}; by {', '.join(FACTS)}"
            )
        if strange := [key for key in self.where if key not in CHOSEN and not key.startswith(LABELS)]:
            raise ValueError(
                f"rows are not chosen by `{strange[0]}`{nearest(strange[0], CHOSEN)}; by {', '.join(CHOSEN)}, {LABELS}NAME"
            )
        return self

    @property
    def amount(self) -> str:
        """Which of AMOUNTS it says; `all` for none."""
        return next((amount for amount in AMOUNTS if getattr(self, amount) is not None), "all")


class Balance(_Closed):
    """Shares of the values of a label."""

    by: str = Field(
        description="`task_type`, `ability` (as the data says it, else as a model of words tells it), or the name of a label; of a list the first counts"
    )
    shares: dict[str, float] = Field(
        default={},
        description="Share by value, `otherwise` for each that is not named together; all values alike by default",
    )

    @field_validator("shares")
    @classmethod
    def _make_one(cls, value: dict[str, float]) -> dict[str, float]:
        return check_shares("label_balance", value)


class Lengths(_Closed):
    """Shares by how many tokens are learnt of a row."""

    edges: tuple[int, ...] = Field(
        min_length=1, description="Tokens, rising: a bucket ends before each, the last has no end"
    )
    shares: tuple[float, ...] = Field(description="Share of each bucket, one more than edges")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if list(self.edges) != sorted(set(self.edges)) or self.edges[0] < 1:
            raise ValueError("`edges` rise, from 1")
        if len(self.shares) != len(self.edges) + 1:
            raise ValueError(
                f"{len(self.edges)} `edges` make {len(self.edges) + 1} buckets, and there are {len(self.shares)} `shares`"
            )
        check_shares("lengths", dict(zip(self.names, self.shares, strict=True)))
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the buckets: `<64`, `64-511`, `>=512`."""
        inner = [f"{a}-{b - 1}" for a, b in zip(self.edges, self.edges[1:], strict=False)]
        return (f"<{self.edges[0]}", *inner, f">={self.edges[-1]}")


class Gate(_Closed):
    """Which licences may be in a mix."""

    commercial: Literal["yes", "any"] = Field(
        default="any", description="`yes`: only sets and rows whose licence is seen to allow commercial use"
    )
    allowed: tuple[str, ...] = Field(
        default=(),
        description="Licences by name or class (permissive, share-alike, restricted, unknown, none); all by default",
    )


class Mix(_Closed):
    """Parts, a budget, and what must hold of the whole."""

    name: str = Field(pattern=_NAME, description="Name of the mix")
    title: str = Field(description="What it is, in a line")
    about: str = Field(description="What it is for, and where its numbers are from")
    seed: int = Field(default=0, ge=0, description="Another seed draws other rows")
    budget: int | None = Field(default=None, ge=1, description="Tokens of what is learnt")
    rows: int | None = Field(
        default=None, ge=1, description="Rows, in place of a budget in tokens: amounts are rows then"
    )
    tokenizer: str = Field(
        default="default",
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        description="Tokenizer by name, or `estimate`; estimated where it is not made",
    )
    max_epochs: float = Field(default=4.0, gt=0, description="How often a row may come")
    parts: tuple[Part, ...] = Field(min_length=1, description="What it is made of")
    shares: dict[str, dict[str, float]] = Field(
        default={}, description="Shares by value of language, construction, origin or task_type, over the whole mix"
    )
    label_balance: Balance | None = Field(default=None, description="Shares of the values of a label")
    lengths: Lengths | None = Field(default=None, description="Shares of lengths")
    caps: dict[str, float | dict[str, float]] = Field(
        default={}, description="Largest share of a value of a column: of each value, or by value"
    )
    safety_cap: float | None = Field(default=None, gt=0, le=1, description="Largest share of rows whose task is safety")
    licences: Gate = Field(default=Gate(), description="Which licences may be in")

    @field_validator("shares")
    @classmethod
    def _are_shares(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for column, shares in value.items():
            if column not in SHARED:
                raise ValueError(f"a mix can't share by `{column}`{nearest(column, SHARED)}; by {', '.join(SHARED)}")
            check_shares(column, shares)
        return value

    @field_validator("caps")
    @classmethod
    def _are_caps(cls, value: dict[str, float | dict[str, float]]) -> dict[str, float | dict[str, float]]:
        for column, cap in value.items():
            if column not in CAPPED:
                raise ValueError(f"`{column}` can't be capped{nearest(column, CAPPED)}; there are {', '.join(CAPPED)}")
            if any(not 0 < one <= 1 for one in (cap.values() if isinstance(cap, dict) else [cap])):
                raise ValueError(f"the cap of `{column}` is a share above 0, 1 at most")
        return value

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        names = [part.name for part in self.parts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two parts are called `{twice[0]}`")
        if self.budget and self.rows:
            raise ValueError("a mix has a `budget` in tokens or `rows`, not both")
        if self.caps.get("label") and self.label_balance is None:
            raise ValueError("a cap of `label` needs `label_balance`, which says which label is meant")
        self._check_budget()
        self._check_parts()
        return self

    def _check_budget(self) -> None:
        kinds = {part.amount for part in self.parts}
        divides = kinds & {"share", "weight", "temperature"} or self.shares or self.label_balance or self.lengths
        if self.size is None and divides:
            raise ValueError("shares, weights, temperatures and balances divide a `budget` (or `rows`): give one")
        if self.size is None:
            return
        fixed = sum((part.count if self.rows else part.tokens) or 0 for part in self.parts)
        if fixed > self.size:
            raise ValueError(f"parts of fixed size ask for {fixed:,}, and there is room for {self.size:,}")
        if self.rows and any(part.tokens for part in self.parts):
            raise ValueError("amounts of this mix are rows: a part of fixed size says `count`")

    def _check_parts(self) -> None:
        """Shares make 1 where nothing takes the rest; weights and sizes are not compared."""
        kinds = {part.amount for part in self.parts}
        shares = sum(part.share or 0 for part in self.parts)
        rest = kinds & {"weight", "temperature", "epochs", "all"}
        if shares > 1 + _NOTHING:
            raise ValueError(f"shares make {shares:g}, and should make 1 at most")
        if shares and not rest and abs(shares - 1) > _NOTHING:
            raise ValueError(f"shares make {shares:g}, and no part takes the rest: they should make 1")
        if rest and abs(shares - 1) <= _NOTHING:
            raise ValueError("shares make 1, and leave nothing to the parts that say no share")
        if "weight" in rest and len(rest) > 1:
            raise ValueError(
                "weights are not compared with sizes: parts say `weight`, or `temperature`, `epochs` and nothing"
            )

    @property
    def size(self) -> int | None:
        """Its budget in its own unit."""
        return self.rows or self.budget

    @property
    def unit(self) -> str:
        """What amounts are counted in."""
        return "rows" if self.rows else "tokens"

    def epochs_of(self, part: Part) -> float:
        """How often rows of a part may come."""
        if self.size is None and part.amount in {"all", "epochs"}:
            return part.epochs or 1.0
        return max(part.max_epochs or self.max_epochs, part.epochs or 0)

    @property
    def all_caps(self) -> dict[str, float | dict[str, float]]:
        """Caps with that of safety."""
        if self.safety_cap is None:
            return dict(self.caps)
        own = self.caps.get("task_type", {})
        if not isinstance(own, dict):
            return {**self.caps, "task_type": min(own, self.safety_cap)}
        return {**self.caps, "task_type": {**own, SAFETY: min(own.get(SAFETY, 1.0), self.safety_cap)}}


def check_shares(name: str, shares: dict[str, float]) -> dict[str, float]:
    """Shares as they are given. Raises ValueError where they are below 0 or do not make 1; none at all are right."""
    if shares and (any(share < 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > _NOTHING):
        raise ValueError(f"shares of `{name}` make {sum(shares.values()):g}, and should make 1, none below 0")
    return shares


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
        raise SettingsError(
            f"there is no mix of dialogues `{name}`{nearest(name, known)}; there are {', '.join(known)}"
        )
    return known[name]


@cache
def _shipped() -> dict[str, Mix]:
    return {mix.name: mix for mix in map(read_mix, sorted(SHIPPED.glob("*.yaml")))}


def _mistakes(file: YamlFile, error: ValidationError) -> list[str]:
    """A line for each mistake; those inside a part name the keys of a part."""
    found = []
    for one in error.errors():
        where = tuple(one["loc"])
        inside = len(where) > 1 and where[0] == "parts" and isinstance(where[1], int)
        outer: tuple[Any, ...] = where[:2] if inside else ()
        inner: Any = {**one, "loc": where[len(outer) :]}
        words = ("key", "a part" if inside else "a mix of dialogues")
        # A file says `from`, which is no name that Python takes.
        told = mistake(file, outer, inner, Part if inside else Mix, words)
        found.append(told.replace("takes name, sources,", "takes name, from,"))
    return found

"""What a way of building dialogues is: options, and dialogues with their parents made of rows.

    @register_way
    class Choices(Way):
        name = "choices"
        about = "..."
        options: ... = Field(...)

        def make(self, rows): yield made(Dialogue(...), row["doc_id"]) or skipped("no_choice", row["doc_id"])

- A way reads rows of `sft.messages` (or another table of dialogues), or documents of a source's `cleaned` table (`reads`, `source`).
- Each row that it reads gives at least one outcome, or is a parent of one: nothing is left out without a reason.
- Choices are drawn by a hash of the seed and the row's `doc_id` (`draw`), so that a row gives the same whatever stands beside it.
- A way that has to see its rows twice or by groups keeps them in a `Spool`: in memory up to a bound, beyond it in a temporary file.
Promise: the same rows in the same order give the same outcomes.

Not here: the ways (the modules beside this one), fields of a row (rows.py), tables and runs (stages/).
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.errors import SettingsError
from corpus_platform.sft.form import Dialogue, Problem, made_of
from corpus_platform.sft_tables import WAYS
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REASONS = {
    "lacks_field": "The row lacks a field that the way needs",
    "empty_target": "What should be answered is empty",
    "over_cap": "As many rows of this data set, or of this kind, as the cap allows were made",
    "unfit": "The row is of none of the shapes that the way can use",
}
"""Reason codes of rows of which nothing was made, with their meaning. A way may add its own (`Way.reasons`)."""


@dataclass(frozen=True, slots=True)
class Made:
    """An outcome and the rows that it is of: their doc_ids, the leading one first; a dialogue has them as its `parents` too."""

    parents: tuple[str, ...]
    outcome: Dialogue | Problem


def made(dialogue: Dialogue, *parents: str) -> Made:
    """A dialogue that was made of rows."""
    return Made(parents, made_of(dialogue, *parents))


def skipped(reason: str, *parents: str, detail: str = "", broken: bool = False) -> Made:
    """Why nothing was made of a row (`broken`: it is not what its data set promises, and counts against the budget)."""
    return Made(parents, Problem(reason, detail, broken))


class Way(BaseModel, ABC):
    """A way of building, with its options. A frozen, closed model: its values are part of the identity of what it makes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    """Raised by hand when the same rows give other dialogues."""
    about: ClassVar[str]
    """What it makes of what, in a line."""
    reads: ClassVar[Literal["messages", "documents"]] = "messages"
    source: ClassVar[str | None] = None
    """Of a way that reads documents: the source whose `cleaned` table they are from."""
    reasons: ClassVar[Mapping[str, str]] = {}
    """Reason codes besides REASONS."""
    gathers: ClassVar[bool] = False
    """Whether what is made of a row depends on other rows: then all rows of a data set go through one call of `make`."""
    pools: ClassVar[bool] = False
    """Whether rows of several data sets belong together (solutions of one question by several models): then all go through one call."""

    seed: int = Field(default=0, description="Seed of all that is drawn")

    @abstractmethod
    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Outcomes of rows: mappings with the columns of the table that it reads; JSON columns may be text or read already."""

    def digests(self) -> dict[str, str]:
        """SHA-256 by name of the files that the options name: what is made depends on what they hold. Raises SettingsError for one that is missing."""
        given = {name: value for name in type(self).model_fields if isinstance(value := getattr(self, name), Path)}
        return {name: _digest(path) for name, path in given.items()}

    def draw(self, *what: object) -> int:
        """A number of 64 bits from the seed and what is given: equal on every machine and rerun."""
        return drawn(self.seed, *what)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None


def drawn(*what: object) -> int:
    """64 bits of the BLAKE2b of some values: what stands for chance where a result has to be the same again."""
    text = "\0".join(map(str, what))
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


_WAYS: dict[str, type[Way]] = {}
_Class = TypeVar("_Class", bound="type[Way]")


def register_way(way: _Class) -> _Class:
    """Makes a way known by its name, which is one of `sft_tables.WAYS`."""
    if _WAYS.get(way.name, way).__qualname__ != way.__qualname__ or way.name not in WAYS:
        raise ValueError(f"a way called `{way.name}` is there already, or has no table")
    _WAYS[way.name] = way
    return way


def ways() -> dict[str, type[Way]]:
    """Every way by its name, in the order of their tables."""
    for module in WAYS:
        import_module(f"corpus_platform.sft.construct.{module}")
    return {name: _WAYS[name] for name in WAYS}


def way_class(name: str) -> type[Way]:
    """The class of a way. Raises SettingsError with the nearest name."""
    if name not in WAYS:
        raise SettingsError(f"there is no way `{name}` of building{nearest(name, WAYS)}; there are {', '.join(WAYS)}")
    import_module(f"corpus_platform.sft.construct.{name}")
    return _WAYS[name]


def way_of(name: str, options: Mapping[str, Any] | None = None) -> Way:
    """A way with its options. Raises SettingsError for an unknown name, pydantic's error for a wrong option."""
    return way_class(name).model_validate(dict(options or {}))

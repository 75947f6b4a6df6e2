"""What a signal is, and the one list of all signals.

A *signal* is a named number (or word) about a document or about each of its lines. Signals that are computed together are a *family*: one
compiled pass over a batch. A definition never changes under its name: a family whose values change gets a higher version, which makes what was
stored stale, and a different definition gets another name.

Not here: how a family computes (the modules beside this one), how they are run (annotate.py), thresholds (recipes/).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from corpus_platform.signals.subject import Subject

Level = Literal["document", "line"]

FAMILIES = (
    "language",
    "ccnet",
    "rpv2",
    "rpv2_lists",
    "rpv2_lines",
    "signatures",
    "document",
    "url",
    "gopher",
    "c4",
    "fineweb",
    "dclm",
    "openwebmath",
    "pile",
    "chinese",
    "chinese_words",
    "dolma",
    "models",
    "machine_written",
    "roots",
    "data_juicer",
    "oscar",
    "nemo",
    "code",
    "parallel",
    "books",
    "sft_turns",
    "sft_language",
    "sft_labels",
    "sft_safety",
    "sft_phrases",
    "sft_requests",
    "sft_repetition",
    "sft_ability",
)
"""Modules of this folder that define signals, in the order of the columns."""


@dataclass(frozen=True)
class Signal:
    """One signal: its column, its exact definition, and what a reader must know to trust it."""

    name: str
    definition: str
    """What is measured, exactly enough to be computed anew."""
    source: str
    """Paper or repository that defines it."""
    dtype: Any = pl.Float64
    """Polars type of a value; a line signal is stored as a list of it."""
    level: Level = "document"
    range: str = "0..1"
    languages: str = "any"
    """Languages that it means something for, e.g. `en, fr`; `any`."""
    empty: str = "null"
    """Value for a text with nothing to measure."""
    reference: str = ""
    """How the reference implementation differs, where `compat: reference` gives another value; empty: it does not."""
    lists: tuple[str, ...] = ()
    """Word and domain lists that it reads (lists/)."""
    models: tuple[str, ...] = ()
    """Models that it needs; without them it is null."""

    @property
    def column_type(self) -> Any:
        """Polars type of the column."""
        return pl.List(self.dtype) if self.level == "line" else self.dtype


@dataclass(frozen=True)
class Family:
    """Signals that one function computes together.

    `compute(subject, wanted)` gets the batch and the names that are asked for, and returns a column (numpy array, Arrow array or Polars series,
    one entry per document) for at least each wanted name. `reads` names the columns beside the text that it uses where they are there.
    """

    name: str
    version: str
    signals: tuple[Signal, ...]
    compute: Callable[[Subject, frozenset[str]], Mapping[str, Any]]
    reads: tuple[str, ...] = ()
    default: bool = True
    """Whether `annotate` computes it unasked: false for what costs a multiple of the rest."""
    of: Literal["texts", "dialogues"] = "texts"
    """What it measures: texts, or the messages of dialogues, which stand in the column `messages`."""


_FAMILIES: dict[str, Family] = {}


def register(family: Family) -> Family:
    """Adds a family. Raises ValueError where a name is taken by another family."""
    taken = {signal.name: other.name for other in _FAMILIES.values() for signal in other.signals}
    for signal in family.signals:
        if taken.get(signal.name, family.name) != family.name:
            raise ValueError(f"signal `{signal.name}` of family {family.name} is already one of {taken[signal.name]}")
    _FAMILIES[family.name] = family
    _ordered.cache_clear()
    return family


def families() -> tuple[Family, ...]:
    """All families in the order of `FAMILIES`, whichever of their modules was imported first."""
    _import(FAMILIES)
    return _ordered()[0]


def signals() -> Mapping[str, Signal]:
    """Every signal by name, in the order of the columns."""
    _import(FAMILIES)
    return _ordered()[1]


@cache
def _import(modules: tuple[str, ...]) -> None:
    for module in modules:
        import_module(f"corpus_platform.signals.{module}")


@cache
def _ordered() -> tuple[tuple[Family, ...], Mapping[str, Signal], Mapping[str, str]]:
    """Families in their order, their signals, and the family of each signal."""
    rank = {f"corpus_platform.signals.{module}": place for place, module in enumerate(FAMILIES)}
    known = sorted(_FAMILIES.values(), key=lambda family: rank.get(family.compute.__module__, len(rank)))
    by_name = {signal.name: signal for family in known for signal in family.signals}
    owner = {signal.name: family.name for family in known for signal in family.signals}
    return tuple(known), MappingProxyType(by_name), MappingProxyType(owner)


def signal(name: str) -> Signal:
    """The signal of a name. Raises SettingsError with the nearest name where there is none."""
    known = signals()
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; did you mean `{near[0]}`?" if near else "; see `corpus signals list`"
        raise SettingsError(f"there is no signal `{name}`{hint}")
    return known[name]


def families_of(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """The families that give some signals, each with the names that are wanted of it. Raises SettingsError for an unknown name."""
    _import(FAMILIES)
    owner = _ordered()[2]
    wanted: dict[str, set[str]] = {}
    for name in names:
        signal(name)
        wanted.setdefault(owner[name], set()).add(name)
    return {family: frozenset(found) for family, found in wanted.items()}

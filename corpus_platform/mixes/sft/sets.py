"""What is known of a data set when mixes choose and gate by it: its names, how it came to be, its licences.

Not here: where that is written (catalogue/sft.py), what is in its rows (stages/sft_mix.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

import polars as pl

from corpus_platform.mixes.licences import class_of, passes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.mixes.sft.mix import Gate, Part

Commercial = Literal["yes", "no", "unknown"]
_FREE = frozenset({"permissive", "share-alike"})


@dataclass(frozen=True)
class SetInfo:
    """A data set as mixes see it. `name` is the partition; `like` its name in the catalogue, or empty."""

    name: str
    like: str = ""
    construction: str | None = None
    languages: tuple[str, ...] = ()
    task_types: tuple[str, ...] = ()
    licence: str | None = None
    """Licence as it was seen; where nobody looked, as it is claimed."""
    commercial: Commercial = "unknown"


def chooses(part: Part, info: SetInfo) -> bool:
    """Whether a part takes rows of a set: by its names, and by what it is."""
    named = any(fnmatchcase(name, pattern) for pattern in part.sources for name in (info.name, info.like) if name)
    return named and all(_has(_facts(info)[key], asked) for key, asked in part.sets.items())


def refusal(gate: Gate, info: SetInfo, licence: str | None) -> str | None:
    """Why a row of a set, under the licence that the row states, may not be in a mix; None where it may.

    `not_commercial`: the set is known to forbid it, or a licence does. `unknown_terms`: nothing that was seen allows it. `licence`: not among those allowed.
    """
    stated = [one for one in (info.licence, licence) if one]
    if gate.allowed:
        allowed = frozenset(gate.allowed)
        if not all(passes(one, allowed) for one in stated or [None]):
            return "licence"
    if gate.commercial == "any":
        return None
    classes = {class_of(one) for one in stated}
    if info.commercial == "no" or "restricted" in classes:
        return "not_commercial"
    # Of a set in the catalogue somebody has looked for terms; of others the licence itself is all there is.
    if info.commercial != "yes" and (info.like or not (classes and classes <= _FREE)):
        return "unknown_terms"
    return None


def gated(frame: pl.DataFrame, gate: Gate, info: SetInfo) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows (with a column `licence`) that a gate lets through, and how many it does not, by reason."""
    if gate.commercial == "any" and not gate.allowed:
        return frame, {}
    reasons = {licence: refusal(gate, info, licence) for licence in frame["licence"].unique().to_list()}
    told = pl.DataFrame({"licence": list(reasons), "_refusal": list(reasons.values())}, schema=_REASONS)
    joined = frame.join(told, on="licence", how="left", nulls_equal=True, maintain_order="left")
    out = joined.filter(pl.col("_refusal").is_not_null()).group_by("_refusal").len().sort("_refusal")
    return joined.filter(pl.col("_refusal").is_null()).drop("_refusal"), dict(out.iter_rows())


_REASONS = {"licence": pl.String, "_refusal": pl.String}


def _facts(info: SetInfo) -> dict[str, tuple[str, ...]]:
    return {
        "construction": (info.construction,) if info.construction else (),
        "language": info.languages,
        "task_type": info.task_types,
        "like": (info.like,) if info.like else (),
    }


def _has(values: Iterable[str], asked: Iterable[str]) -> bool:
    """Whether one of the values is asked for, and none is refused (`!`)."""
    known, patterns = list(values), list(asked)
    refused = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    if any(fnmatchcase(value, pattern) for value in known for pattern in refused):
        return False
    return not wanted or any(fnmatchcase(value, pattern) for value in known for pattern in wanted)

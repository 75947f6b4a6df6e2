"""How much of one data set of dialogues another one has: whether two sets are one, or one is a part of the other.

A row is an ordered pair: of the rows of `set`, the share whose prompt, whose whole dialogue, and whose dialogue up to small differences (or as the beginning
of a longer one) `other` has too. Both directions are told, for a part of a set is all in the whole, and the whole is not all in the part.
Promise: shares are of rows, the set's own doubles included; only indexes are read (`sft.dedup_index`), never texts.

Not here: what is alike (sft/duplicates.py), what becomes of copies (stages/sft_duplicates.py).
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.errors import SourceError
from corpus_platform.sft.duplicates import Copies, index_of
from corpus_platform.sft.duplicates_search import Earlier, Index, may_match, verdicts_of
from corpus_platform.stages.sft_duplicates import SFT_DEDUP_INDEX, index_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.home import Home

OVERLAP_SCHEMA = {
    "set": pl.String,
    "other": pl.String,
    "rows": pl.Int64,
    "same_prompt": pl.Float64,
    "same_dialogue": pl.Float64,
    "alike": pl.Float64,
}
"""`rows` of the set; shares of them whose prompt, whose dialogue, and whose dialogue or one that is much alike, the other set has."""
_ONE = 0.9
"""Share from which on a set is told to be in another."""


def overlaps(indexes: Mapping[str, Index], options: Copies | None = None) -> pl.DataFrame:
    """The overlap of each ordered pair of sets (`OVERLAP_SCHEMA`), the largest first."""
    asked = options or Copies()
    judges = {name: may_match(index.rows) for name, index in indexes.items()}
    rows = []
    for name, other in permutations(indexes, 2):
        mine, theirs = indexes[name], indexes[other]
        total = mine.rows.height
        some = np.flatnonzero(judges[name](theirs.rows))
        alike = _alike(mine, other, _part(theirs, some), asked) if some.size and total else np.zeros(total, np.bool_)
        prompt, dialogue = (_share(mine.rows[key], theirs.rows[key]) for key in ("prompt", "dialogue"))
        rows.append((name, other, total, prompt, dialogue, float(alike.mean()) if total else 0.0))
    found = pl.DataFrame(rows, schema=OVERLAP_SCHEMA, orient="row")
    return found.sort("alike", "same_prompt", "set", "other", descending=[True, True, False, False])


def overlaps_of(home: Home, names: Iterable[str] = ()) -> pl.DataFrame:
    """The overlap of the data sets of a home that have an index, or of some. Raises SourceError for one without."""
    there = {partition["set"] for partition in home.lake.partitions(SFT_DEDUP_INDEX)}
    asked = list(names) or [name for name in home.dialogues.sft.ranked if name in there]
    if missing := [name for name in asked if name not in there]:
        raise SourceError(f"{missing[0]} has no index: corpus run sft/dedup_index --partition {missing[0]}")
    indexes = {name: index_in(home.lake, home.lake.files(SFT_DEDUP_INDEX, {"set": name})) for name in asked}
    return overlaps(indexes)


def overlaps_of_frames(frames: Mapping[str, Iterable[pl.DataFrame]], options: Copies | None = None) -> pl.DataFrame:
    """The overlap of sets whose dialogues come as frames: plain files."""
    asked = options or Copies(near_but=())
    made = {}
    for name, batches in frames.items():
        indexed = [index_of(frame, asked) for frame in batches if frame.height]
        if indexed:
            made[name] = Index.of(pl.concat(indexed))
    return overlaps(made, asked)


def what_it_says(row: Mapping[str, object]) -> str:
    """A pair in a few words, where there is something to say."""
    if float(row["alike"]) >= _ONE:  # type: ignore[arg-type]
        return "is in it"
    if float(row["same_prompt"]) >= _ONE:  # type: ignore[arg-type]
        return "its prompts, with other answers"
    return ""


def _part(index: Index, rows: np.ndarray) -> Index:
    """Some rows of an index."""
    return Index(index.rows[rows], lambda name, wanted: index.lists(name, rows[wanted]))


def _alike(mine: Index, other: str, theirs: Index, options: Copies) -> np.ndarray:
    """Which rows the other set has, up to small differences."""
    found = verdicts_of(mine, options, (Earlier(other, theirs),))
    return (found["canonical_set"] == other).fill_null(value=False).to_numpy()


def _share(mine: pl.Series, theirs: pl.Series) -> float:
    """Share of keys that the other set has; a row without a key has no equal."""
    return float(mine.drop_nulls().is_in(theirs.drop_nulls().unique().implode()).sum()) / max(len(mine), 1)

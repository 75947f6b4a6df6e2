"""The order in which a mix draws rows: one after the other, always from where what was asked for is furthest behind.

Rows that are alike in all that the mix asks about (part, language, label, length ...) are a *cell*; within it they come by a hash of seed and content, all
of an epoch before the next. Each step takes the next row of the cell whose values lag most: the least sum, over the shares that it falls under, of what
its value has been given (with half of a usual row) by the value's share; between cells that lag alike the hash decides. With one kind of shares and rows
of one size that is Webster's method, exactly; with several it holds all of them at once as far as rows allow, and where a value has no more the others go
on by their shares. Values at their cap wait.
Promise: the budget has no say in the order, it only ends it: a larger one adds rows and takes none away. Nothing but seed, contents and the mix decides.

Not here: which rows there are (stages/sft_mix.py), what is told of the result (report.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.documents import NOBODY_SAYS
from corpus_platform.mixes.order import hashes
from corpus_platform.mixes.sft.mix import OTHERWISE
from corpus_platform.mixes.sft.take import take

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.mixes.sft.mix import Mix, Part

PART = "part"
"""Name of the dimension of parts; its values are parts, or sets of them as `part/set` where a part has a temperature."""
LABEL, LENGTH = "label", "length"
_NO_LIMIT = np.iinfo(np.int64).max
_NONE = -1


@dataclass(frozen=True)
class Dimension:
    """Something that a mix has shares by: the value of each row (String, no null), and each value's share."""

    name: str
    values: pl.Series
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Leaf:
    """A part, or one set of a part with a temperature: its share of what is not fixed, or the fixed amount that it gives."""

    name: str
    part: str
    share: float
    limit: int | None
    """In the mix's unit, or in rows."""
    by_rows: bool
    """Whether the limit is in rows."""
    available: int
    """What its rows have once, in the mix's unit."""


@dataclass(frozen=True)
class Drawn:
    """Rows in the order in which they were drawn: places in the candidates, and how often each has come before."""

    row: np.ndarray
    epoch: np.ndarray
    candidates: pl.DataFrame
    """The rows that could be drawn, with a column for each dimension."""
    dimensions: tuple[Dimension, ...]
    leaves: tuple[Leaf, ...]
    no_share: Mapping[str, int]
    """Rows that were left out, for a value of theirs has no share; by dimension."""

    @property
    def frame(self) -> pl.DataFrame:
        """The drawn rows with `epoch` and `rank`."""
        taken = self.candidates[self.row]
        return taken.with_columns(
            pl.Series("epoch", self.epoch, pl.Int16), pl.int_range(taken.height, dtype=pl.Int64).alias("rank")
        )


def draw(mix: Mix, rows: pl.DataFrame) -> Drawn:
    """Draws a mix of candidates: columns part, set, doc_id, content_id, trained (Int64, above 0), language, construction, origin, task_type, licence, label.

    Each content is there once. The order of the candidates is without effect.
    """
    rows = rows.sort("part", "content_id", "doc_id")
    rows = rows.with_columns(pl.Series("_hash", hashes(rows["content_id"], mix.seed, what="dialogue"), pl.UInt64))
    rows = _within_caps_of_sets(mix, rows)
    rows = rows.with_columns(
        _leaf_of(mix).alias(PART),
        pl.lit(1).cast(pl.Int64).alias("_unit") if mix.rows else pl.col("trained").alias("_unit"),
    )
    rows, dimensions, no_share = _dimensions(mix, rows)
    leaves = _leaves(mix, rows)
    held = Dimension(PART, rows[PART], {leaf.name: leaf.share or leaf.limit or 0.0 for leaf in leaves})
    row, epoch = _drawn(mix, rows, (held, *dimensions), leaves)
    return Drawn(row, epoch, rows, (held, *dimensions), tuple(leaves), no_share)


def place_keys(drawn: pl.DataFrame, seed: int) -> pl.Series:
    """What the order of an export goes by, UInt64: a hash of a drawn row's content and how often it has come."""
    names = drawn.select(pl.format("{}\0{}", "epoch", "content_id").alias("name"))["name"]
    return pl.Series("place_key", hashes(names, seed, what="place"), pl.UInt64)


def _within_caps_of_sets(mix: Mix, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows without those above the cap that a part lays on each set."""
    caps = {part.name: part.cap for part in mix.parts if part.cap}
    if not caps:
        return rows
    place = pl.col("_hash").rank("ordinal").over("part", "set")
    most = pl.col("part").replace_strict(caps, default=None, return_dtype=pl.Int64)
    return rows.filter(most.is_null() | (place <= most))


def _leaf_of(mix: Mix) -> pl.Expr:
    tempered = [part.name for part in mix.parts if part.temperature]
    by_set = pl.concat_str("part", "set", separator="/")
    return (
        pl.when(pl.col("part").is_in(tempered)).then(by_set).otherwise(pl.col("part")) if tempered else pl.col("part")
    )


def _dimensions(mix: Mix, rows: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Dimension, ...], dict[str, int]]:
    """What the mix shares by, besides parts, and the rows whose values all have a share."""
    asked: list[tuple[str, pl.Expr, Mapping[str, float]]] = [
        (column, pl.col(column), shares) for column, shares in sorted(mix.shares.items())
    ]
    if mix.label_balance:
        asked.append((LABEL, pl.col(LABEL), mix.label_balance.shares))
    if mix.lengths:
        names = np.array(mix.lengths.names)
        bucket = names[np.searchsorted(mix.lengths.edges, rows["trained"].to_numpy(), side="right")]
        rows = rows.with_columns(pl.Series("_bucket", bucket.tolist(), pl.String))
        asked.append((LENGTH, pl.col("_bucket"), dict(zip(mix.lengths.names, mix.lengths.shares, strict=True))))
    no_share: dict[str, int] = {}
    for name, value, shares in asked:
        column = f"_{name}"
        rows = rows.with_columns(value.cast(pl.String).fill_null(NOBODY_SAYS).alias(column))
        if shares and shares.get(OTHERWISE):
            rows = rows.with_columns(
                pl.when(pl.col(column).is_in(list(shares))).then(column).otherwise(pl.lit(OTHERWISE)).alias(column)
            )
        if shares:
            kept = rows.filter(pl.col(column).is_in([value for value, share in shares.items() if share]))
            if kept.height < rows.height:
                no_share[name] = rows.height - kept.height
            rows = kept
    made = []
    for name, _, shares in asked:
        values = rows[f"_{name}"]
        alike = sorted(values.unique().to_list())
        made.append(Dimension(name, values, shares or dict.fromkeys(alike, 1 / max(len(alike), 1))))
    return rows, tuple(made), no_share


def _leaves(mix: Mix, rows: pl.DataFrame) -> list[Leaf]:
    """Every part, with rows or without, in its order; of a part with a temperature each of its sets."""
    sizes = dict(rows.group_by(PART).agg(pl.col("_unit").sum()).sort(PART).iter_rows())
    named = [
        (part, name)
        for part in mix.parts
        for name in (
            [n for n in sizes if n.startswith(f"{part.name}/")] or [part.name] if part.temperature else [part.name]
        )
    ]
    shares = sum(part.share or 0 for part in mix.parts)
    sized = [_sized(part, sizes.get(name, 0)) for part, name in named]
    total = sum(sized)
    made = []
    for (part, name), own in zip(named, sized, strict=True):
        size = sizes.get(name, 0)
        limit, by_rows = _limit(mix, part, size), bool(mix.rows or part.count)
        share = 0.0 if limit is not None else part.share or (max(1 - shares, 0.0) * own / total if total else 0.0)
        made.append(Leaf(name, part.name, share, limit, by_rows, size))
    return made


def _limit(mix: Mix, part: Part, size: int) -> int | None:
    """The amount of a part of fixed size; None where it takes a share."""
    if part.amount in {"tokens", "count"}:
        return part.tokens or part.count
    return int((part.epochs or 1.0) * size) if mix.size is None else None


def _sized(part: Part, size: int) -> float:
    """Weight of a part (or of one of its sets) in what shares leave."""
    match part.amount:
        case "weight":
            return part.weight or 0.0
        case "temperature":
            return size ** (1 / (part.temperature or 1.0))
        case "epochs" | "all":
            return (part.epochs or 1.0) * size
    return 0.0


def _drawn(
    mix: Mix, rows: pl.DataFrame, dimensions: Sequence[Dimension], leaves: Sequence[Leaf]
) -> tuple[np.ndarray, np.ndarray]:
    """Places of rows in the order of drawing, and their epochs. Epochs are prepared as far as somebody draws."""
    if rows.is_empty():
        return np.zeros(0, np.int64), np.zeros(0, np.int16)
    coded = _Coded.of(mix, rows, dimensions, leaves)
    epochs = {part.name: mix.epochs_of(part) for part in mix.parts}
    most = ceil(max(epochs.values()))
    of_cell = np.array([epochs[leaf.part] for leaf in leaves])[coded.cell_leaf]
    units = rows["_unit"].to_numpy()
    prepared = 1
    while True:
        row, epoch, key, start = _sequences(coded, rows["_hash"].to_numpy(), of_cell[coded.cell], prepared)
        order, at_end = coded.run(units[row], epoch, key, start, float(units.mean()) / 2, mix.size)
        # What a cell would have given in its next epoch could have come before what others gave.
        if not (at_end & (of_cell > prepared)).any():
            return row[order], epoch[order]
        prepared = most


def _sequences(
    coded: _Coded, found: np.ndarray, epochs: np.ndarray, prepared: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The rows of each cell one after the other, epoch by epoch: rows, epochs, keys, and where each cell begins (one more)."""
    rows, times, cells, keys = [], [], [], []
    size = np.bincount(coded.cell, minlength=coded.cells)
    for epoch in range(prepared):
        here = np.flatnonzero(epochs > epoch)
        key = _mixed(found[here] + np.array(epoch, np.uint64) * _STEP)
        order = np.lexsort((here, key, coded.cell[here]))
        here = here[order]
        cell = coded.cell[here]
        # Of a part of an epoch the cell gives the beginning.
        place = np.arange(here.size) - np.searchsorted(cell, np.arange(coded.cells))[cell]
        kept = place < np.floor(np.minimum(epochs[here] - epoch, 1.0) * size[cell] + 1e-9)
        rows.append(here[kept])
        cells.append(cell[kept])
        times.append(np.full(int(kept.sum()), epoch, np.int16))
        keys.append(key[order][kept])
    row, epoch, cell, key = (np.concatenate(one) for one in (rows, times, cells, keys))
    # Each epoch's rows are in order already, and the sort is stable.
    order = np.lexsort((epoch, cell))
    start = np.searchsorted(cell[order], np.arange(coded.cells + 1))
    return row[order], epoch[order], key[order], start


_STEP = np.array([0x9E3779B97F4A7C15], np.uint64)


def _mixed(found: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 on uint64: another order of the same hashes for each epoch."""
    mixed = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@dataclass(frozen=True)
class _Coded:
    """Candidates as numbers: the cell of each row; of each cell its values, capped values and leaf."""

    cell: np.ndarray
    cells: int
    cell_value: np.ndarray
    """int64[cells, dimensions]: places in `share`."""
    share: np.ndarray
    cell_capped: np.ndarray
    """int64[cells, caps]: places in `cap`, -1 where the value has none."""
    cap: np.ndarray
    cell_leaf: np.ndarray
    limit: np.ndarray
    """int64 by leaf, in the mix's unit."""
    by_rows: np.ndarray
    """Whether the limit of a leaf is in rows."""

    @classmethod
    def of(cls, mix: Mix, rows: pl.DataFrame, dimensions: Sequence[Dimension], leaves: Sequence[Leaf]) -> _Coded:
        codes, share = [], []
        for dimension in dimensions:
            known = list(dimension.shares)
            place = {value: i + len(share) for i, value in enumerate(known)}
            codes.append(dimension.values.replace_strict(place, return_dtype=pl.Int64).to_numpy())
            share += [max(dimension.shares[value], 1e-12) for value in known]
        capped, cap = [], []
        for column, most in sorted(mix.all_caps.items()):
            values = rows[column].cast(pl.String).fill_null(NOBODY_SAYS)
            own = most if isinstance(most, dict) else dict.fromkeys(sorted(values.unique().to_list()), most)
            place = {value: i + len(cap) for i, value in enumerate(own)}
            capped.append(values.replace_strict(place, default=_NONE, return_dtype=pl.Int64).to_numpy())
            cap += list(own.values())
        unique, cell = np.unique(np.column_stack([*codes, *capped]), axis=0, return_inverse=True)
        names = list(dimensions[0].shares)
        number = {leaf.name: i for i, leaf in enumerate(leaves)}
        return cls(
            cell.reshape(-1).astype(np.int64),
            len(unique),
            np.ascontiguousarray(unique[:, : len(codes)]).astype(np.int64),
            np.array(share, np.float64),
            np.ascontiguousarray(unique[:, len(codes) :]).astype(np.int64),
            np.array(cap or [1.0], np.float64),
            np.array([number[names[value]] for value in unique[:, 0]], np.int64),
            np.array([_NO_LIMIT if leaf.limit is None else leaf.limit for leaf in leaves], np.int64),
            np.array([leaf.by_rows for leaf in leaves]),
        )

    def run(
        self,
        units: np.ndarray,
        epoch: np.ndarray,
        key: np.ndarray,
        start: np.ndarray,
        half: float,
        budget: int | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Places in the sequences in the order of drawing, and of which cells all was drawn (bool)."""
        order = np.empty(units.size, np.int64)
        position = start[:-1].astype(np.int64).copy()
        used, capped = np.zeros(self.share.size), np.zeros(self.cap.size)
        given = np.zeros(self.limit.size, np.int64)
        n, total = 0, 0
        for phase in (True, False):
            open_cells = np.flatnonzero((self.limit[self.cell_leaf] < _NO_LIMIT) == phase)
            n, total = take(
                units.astype(np.int64), epoch, key, half, position, start[1:].astype(np.int64), open_cells, self.cell_value, self.share, used,
                self.cell_capped, self.cap, capped, self.cell_leaf, self.limit, self.by_rows, given,
                _NO_LIMIT if budget is None else budget, order, n, total,
            )  # fmt: skip
        return order[:n], position == start[1:]

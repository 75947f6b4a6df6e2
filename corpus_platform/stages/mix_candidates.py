"""The documents that a mix may draw, and the order in which each part draws them: in DuckDB, within a memory limit, spilling to disk.

A candidate is a row of facts without its text. A document that two partitions of a part have (two text variants of one page) is one candidate, that of the
partition which comes first. Orders are made an epoch at a time, and only as far as somebody draws.

Not here: how much is drawn (mixes/plan.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.mixes.caps import Capped
from corpus_platform.mixes.order import order_keys
from corpus_platform.mixes.plan import Leaf, Size, leaves, leaves_of
from corpus_platform.stages.mix_sources import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    import duckdb

    from corpus_platform.mixes.mix import Mix, Part, Quality

_BATCH = 50_000
FACTS = ("tokens", "table", "table_partition", "table_shard", *COLUMNS)
"""Columns of a candidate, besides its part and what its quality goes by."""
_TYPES: dict[str, Any] = {
    **{name: kind for name, (_, kind) in COLUMNS.items()},
    "tokens": pl.Int64(),
    "table": pl.String(),
    "table_partition": pl.String(),
    "table_shard": pl.Int32(),
    "quality": pl.String(),
    "quality_number": pl.Float64(),
    "leaf": pl.String(),
}


@dataclass
class Candidates:
    """The candidates of one mix, in a session of DuckDB below a scratch folder."""

    mix: Mix
    session: duckdb.DuckDBPyConnection

    @classmethod
    def open(cls, mix: Mix, scratch: Path, memory_mb: int) -> Self:
        """An empty set."""
        session = session_on_disk(scratch, memory_mb)
        made = cls(mix, session)
        empty = pl.DataFrame(schema=_TYPES)
        session.register("empty", empty.to_arrow())
        session.execute("CREATE TABLE added AS SELECT * FROM empty")
        return made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def add(self, part: Part, frame: pl.DataFrame) -> None:
        """Adds documents of a part: FACTS, and the column that its quality goes by. Empty ones are left out, and languages that it does not name."""
        frame = frame.filter(pl.col("tokens") > 0)
        leaf = pl.lit(part.name)
        if part.languages:
            frame = frame.filter(pl.col("language").is_in(list(part.languages)))
            leaf = pl.concat_str(pl.lit(part.name), pl.col("language"), separator="/")
        value = pl.col(part.quality.by) if part.quality and part.quality.by in frame.columns else pl.lit(None)
        numeric = part.quality is not None and part.quality.quantiles
        made = frame.select(
            *FACTS,
            value.cast(pl.String).alias("quality"),
            (value.cast(pl.Float64, strict=False) if numeric else pl.lit(None, pl.Float64)).alias("quality_number"),
            leaf.alias("leaf"),
        ).cast(_TYPES)  # pyright: ignore[reportArgumentType]  (a dict of names is one of columns)
        self.session.register("batch", made.select(list(_TYPES)).to_arrow())
        self.session.execute("INSERT INTO added SELECT * FROM batch")
        self.session.unregister("batch")

    def weigh(self) -> None:
        """Makes `candidates` of what was added: each document of a leaf once, with the weight that it is drawn with; weight 0 leaves it out."""
        cases = " ".join(
            f"WHEN leaf = {_text(str(leaf))} THEN {self._weight(leaf, part)}"
            for part in self.mix.parts
            for leaf in leaves_of(part)
        )
        self.session.execute(
            f"""CREATE TABLE candidates AS
            SELECT * FROM (
                SELECT * EXCLUDE (weight), coalesce(weight, 1.0) * (CASE {cases} ELSE 1.0 END) AS draw_weight FROM added
                QUALIFY row_number() OVER (PARTITION BY leaf, doc_id ORDER BY "table", table_partition, table_shard, position) = 1
            ) WHERE draw_weight > 0"""
        )
        self.session.execute("DROP TABLE added")

    def size(self, leaf: Leaf) -> Size:
        """What a leaf has, and can give."""
        part = self._part(leaf)
        row = self.session.execute(
            "SELECT count(*), coalesce(sum(tokens), 0)::BIGINT FROM candidates WHERE leaf = ?", [str(leaf)]
        ).fetchall()
        documents, tokens = row[0]
        epochs = self.mix.epochs_of(part)
        most = int(epochs * tokens)
        if self.mix.caps_of(part):
            most = min(most, sum(int(frame["tokens"].sum()) for frame in self._capped(leaf, int(np.ceil(epochs)))))
        fixed = self._tokens_of(leaf, part.count, most) if part.count else None
        return Size(documents, tokens, most, fixed)

    def drawn(self, leaf: Leaf) -> Iterator[pl.DataFrame]:
        """The documents of a leaf in its order, over all epochs that it may give: `epoch`, `draw_key`, facts; then no more."""
        part = self._part(leaf)
        epochs = int(np.ceil(self.mix.epochs_of(part)))
        yield from self._capped(leaf, epochs) if self.mix.caps_of(part) else self._ordered(leaf, epochs)

    def _capped(self, leaf: Leaf, epochs: int) -> Iterator[pl.DataFrame]:
        caps = Capped(self.mix.caps_of(self._part(leaf)))
        schema: pl.Schema | None = None

        def rows() -> Iterator[dict[str, Any]]:
            nonlocal schema
            for frame in self._ordered(leaf, epochs):
                schema = frame.schema
                yield from frame.iter_rows(named=True)

        batch: list[dict[str, Any]] = []
        for row in caps.pass_on(rows()):
            batch.append(row)
            if len(batch) >= _BATCH:
                yield pl.DataFrame(batch, schema=schema)
                batch = []
        if batch:
            yield pl.DataFrame(batch, schema=schema)

    def _ordered(self, leaf: Leaf, epochs: int) -> Iterator[pl.DataFrame]:
        for epoch in range(epochs):
            keys = self._keys(leaf, epoch)
            cursor = self.session.cursor()
            found = cursor.sql(
                f"""SELECT {epoch}::SMALLINT AS epoch, k.draw_key, c.* EXCLUDE (leaf, quality_number)
                FROM candidates c JOIN {keys} k ON c.doc_id = k.doc_id WHERE c.leaf = ? ORDER BY k.draw_key, c.doc_id""",
                params=[str(leaf)],
            )
            yield from frames_of(found)
            cursor.close()

    def _keys(self, leaf: Leaf, epoch: int) -> str:
        """Name of the table with the keys of a leaf's documents in an epoch."""
        name = f"keys_{leaves(self.mix).index(leaf)}_{epoch}"
        if self.session.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchall():
            return name
        self.session.execute(f"CREATE TABLE {name} (doc_id VARCHAR, draw_key DOUBLE)")
        cursor = self.session.cursor()
        found = cursor.sql("SELECT doc_id, draw_weight FROM candidates WHERE leaf = ?", params=[str(leaf)])
        for frame in frames_of(found):
            keys = order_keys(frame["doc_id"], frame["draw_weight"].to_numpy(), self.mix.seed, epoch)
            made = pa.table({"doc_id": frame["doc_id"].to_arrow(), "draw_key": keys})
            self.session.register("batch", made)
            self.session.execute(f"INSERT INTO {name} SELECT * FROM batch")
            self.session.unregister("batch")
        cursor.close()
        return name

    def _tokens_of(self, leaf: Leaf, documents: int, most: int) -> int:
        """Tokens of the first so many documents."""
        left, tokens = documents, 0
        for frame in self.drawn(leaf):
            taken = frame.head(left)
            tokens += int(taken["tokens"].sum())
            left -= taken.height
            if not left:
                break
        return min(tokens, most)

    def _weight(self, leaf: Leaf, part: Part) -> str:
        """The weight by quality, as SQL."""
        quality = part.quality
        if quality is None:
            return "1.0"
        if not isinstance(quality.weights, dict):
            return self._by_quantile(leaf, quality, quality.weights)
        named = {value: weight for value, weight in quality.weights.items() if value != "otherwise"}
        whens = " ".join(f"WHEN quality = {_text(value)} THEN {weight!r}" for value, weight in named.items())
        otherwise = quality.weights.get("otherwise", 0.0)
        return f"(CASE WHEN quality IS NULL THEN {quality.missing!r} {whens} ELSE {otherwise!r} END)"

    def _by_quantile(self, leaf: Leaf, quality: Quality, weights: tuple[float, ...]) -> str:
        listed = ", ".join(map(repr, quality.quantiles))
        row = self.session.execute(
            f"SELECT quantile_disc(quality_number, [{listed}]) FROM added WHERE leaf = ? AND quality_number IS NOT NULL",
            [str(leaf)],
        ).fetchall()
        edges = row[0][0] or []
        whens = " ".join(
            f"WHEN quality_number <= {edge!r} THEN {weight!r}" for edge, weight in zip(edges, weights, strict=False)
        )
        return f"(CASE WHEN quality_number IS NULL THEN {quality.missing!r} {whens} ELSE {weights[-1]!r} END)"

    def _part(self, leaf: Leaf) -> Part:
        return next(part for part in self.mix.parts if part.name == leaf.part)


def session_on_disk(scratch: Path, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """A session whose memory is bounded: its tables and what it spills are files of a scratch folder."""
    import duckdb  # noqa: PLC0415  (definitions load without it)

    return duckdb.connect(
        str(scratch / "session.duckdb"),
        config={
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(scratch / "spill"),
            "preserve_insertion_order": "false",
            "threads": 2,
        },
    )


def frames_of(found: duckdb.DuckDBPyRelation, rows: int = _BATCH) -> Iterator[pl.DataFrame]:
    """The rows of a result, so many at a time."""
    reader: Any = found.to_arrow_reader(rows)
    for batch in reader:
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        if frame.height:
            yield frame


def _text(value: str) -> str:
    """A string of SQL."""
    return "'" + value.replace("'", "''") + "'"

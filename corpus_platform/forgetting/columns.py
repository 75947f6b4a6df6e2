"""Which columns tell whose a row is: by name, in every table alike, so that a table of a later source needs no code here.

A row is a forgotten one where a column of addresses, hosts, ids or authors means something that has a tombstone; where its document is known by place
only, where the place is that of a forgotten document. Rows of other documents may refer to a forgotten one, as the name of their cluster say: they stay,
and a pseudonym takes its place. Rejects stay too, as a count must not change, and say no more than file, position and `forgotten`.

What other people's texts say is not looked at: a page that quotes a forgotten address is that page's.

Not here: files and commits (purge.py), what a value means (targets.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
import polars as pl

from corpus_platform.documents import DIALOGUES, SOURCES
from corpus_platform.lake.registry import SIDE_PARTITION, table
from corpus_platform.source_tables import key_of, scope_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.forgetting.targets import Kind
    from corpus_platform.forgetting.tombstones import Tombstones
    from corpus_platform.lake.registry import TableSpec

REJECTS = "ops.rejects"
FORGOTTEN = "forgotten"
"""Reason of a reject that says nothing else."""

NAMING: dict[str, Kind] = {
    **dict.fromkeys(("url", "canonical_url", "source_url", "repo_url"), "url"),
    **dict.fromkeys(("domain", "source_domain", "host"), "domain"),
    **dict.fromkeys(("doc_id", "parents"), "doc_id"),
    **dict.fromkeys(("author", "authors", "creator", "byline"), "author"),
    "meta": "author",
}
"""Columns that name a document, and how. `meta` is a JSON object, of which the keys that are called as columns of authors count."""
_AUTHOR_KEYS = ("author", "authors", "creator", "byline")
REFERRING = ("cluster", "canonical", "neighbour", "merged")
"""Columns with ids of other documents."""
PLACES = ("place", "other")
"""Columns with the place of a document in its snapshot: file index * 2^40 + position."""
_FILE_STEP = 1 << 40


@dataclass
class Found:
    """The documents that are to go: their ids, and by snapshot their places, and where in the input they are."""

    ids: set[str] = field(default_factory=set)
    places: dict[str, set[int]] = field(default_factory=dict)
    positions: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    """(file, position): two sources, or two collections of one, may have files of the same name."""

    def add(self, frame: pl.DataFrame, snapshot: str | None) -> None:
        """Takes in forgotten rows."""
        columns = frame.columns
        if "doc_id" in columns:
            self.ids.update(frame["doc_id"].drop_nulls())
        if snapshot is None:
            return
        if {"file", "position"} <= set(columns):
            self.positions.setdefault(snapshot, set()).update(frame.select("file", "position").iter_rows())
        if "place" in columns:
            self.places.setdefault(snapshot, set()).update(frame["place"].drop_nulls())
        elif {"file_index", "position"} <= set(columns):
            places = frame.select(pl.col("file_index").cast(pl.Int64) * _FILE_STEP + pl.col("position")).to_series()
            self.places.setdefault(snapshot, set()).update(places.drop_nulls())


def naming(columns: Iterable[str], tombstones: Tombstones) -> list[str]:
    """The columns among these that can name something with a tombstone."""
    return [name for name in columns if name in NAMING and tombstones.asks(NAMING[name])]


def hidden(frame: pl.DataFrame, tombstones: Tombstones, hints: tuple[str, ...] = ()) -> pl.Series:
    """Which rows a tombstone hides. Each distinct value is hashed once; with `hints` only those that have one of these texts in them."""
    gone = pl.Series("gone", [False]).new_from_index(0, frame.height)
    for name in naming(frame.columns, tombstones):
        values = frame[name]
        if values.dtype == pl.List(pl.String):
            held = _held(values.explode(), NAMING[name], name, tombstones, hints)
            gone |= values.list.eval(pl.element().is_in(held)).list.any().fill_null(value=False)
        else:
            gone |= values.is_in(_held(values, NAMING[name], name, tombstones, hints)).fill_null(value=False)
    return gone


def _held(values: pl.Series, kind: Kind, name: str, tombstones: Tombstones, hints: tuple[str, ...]) -> list[str]:
    distinct = values.drop_nulls().unique()
    if hints and kind != "author":
        distinct = distinct.filter(distinct.str.to_lowercase().str.contains_any(list(hints)))
    if name == "meta":
        distinct = distinct.filter(distinct.str.contains_any([f'"{key}"' for key in _AUTHOR_KEYS]))
        return [value for value in distinct if any(tombstones.holds(kind, one) for one in _authors_in(value))]
    if kind == "author":
        return [value for value in distinct if any(tombstones.holds(kind, one) for one in (value, *value.split("; ")))]
    return [value for value in distinct if tombstones.holds(kind, value)]


def _authors_in(meta: str) -> list[str]:
    """Values of the keys of a JSON object that name authors."""
    try:
        values = orjson.loads(meta)
    except orjson.JSONDecodeError:
        return []
    found = [values.get(key) for key in _AUTHOR_KEYS] if isinstance(values, dict) else []
    parts = [part for value in found for part in (value if isinstance(value, list) else [value])]
    return [part for part in parts if isinstance(part, str)]


@dataclass(frozen=True)
class Sieve:
    """Tells rows of one partition of a table apart, and says what is left of those that stay."""

    spec: TableSpec
    snapshot: str | None
    tombstones: Tombstones
    found: Found
    hints: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """Columns that are looked at."""
        names = set(self.spec.schema.names)
        wanted = [*naming(self.spec.schema.names, self.tombstones), "doc_id", *REFERRING, *PLACES]
        wanted += ["other_snapshot", "first_snapshot", "first_place"]
        if self.spec.name == REJECTS:
            wanted += ["file", "position", "reason", "url", "record"]
        return [name for name in dict.fromkeys(wanted) if name in names]

    def gone(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows go (of rejects: which are to say no more than that they are forgotten)."""
        gone = hidden(frame, self.tombstones, self.hints)
        if "doc_id" in frame.columns:
            gone |= frame["doc_id"].is_in(list(self.found.ids)).fill_null(value=False)
        if self.spec.name == REJECTS:
            gone |= frame.select(
                pl.struct("file", "position").is_in(
                    _structs(self.found.positions.get(self.snapshot or "", ())).implode()
                )
            ).to_series()
            # Of what is built of rows, the record is the row that nothing was made of.
            gone |= frame["record"].is_in(list(self.found.ids)).fill_null(value=False)
            return gone & (frame["reason"] != FORGOTTEN)
        for name in PLACES:
            if name in frame.columns:
                gone |= self._at_place(frame, name)
        return gone

    def refers(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows name a forgotten document beside their own."""
        refers = pl.Series("refers", [False]).new_from_index(0, frame.height)
        ids = list(self.found.ids)
        for name in REFERRING:
            if name in frame.columns:
                values = frame[name]
                if values.dtype == pl.List(pl.String):
                    refers |= values.list.eval(pl.element().is_in(ids)).list.any().fill_null(value=False)
                else:
                    refers |= values.is_in(ids).fill_null(value=False)
        if "first_place" in frame.columns:
            refers |= frame.select(self._first()).to_series()
        return refers

    def kept(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that stay, without what they said of forgotten documents."""
        gone = self.gone(frame)
        if self.spec.name == REJECTS:
            return frame.with_columns(
                _emptied(name, pl.lit(gone)) for name in ("url", "record", "detail", "reason", "broken")
            )
        frame = frame.filter(~gone)
        if not self.refers(frame).any():
            return frame
        named = {doc_id: self.tombstones.pseudonym(doc_id) for doc_id in self.found.ids}
        columns = [
            pl.col(name).list.eval(pl.element().replace(named))
            if frame.schema[name] == pl.List(pl.String)
            else pl.col(name).replace(named)
            for name in REFERRING
            if name in frame.columns
        ]
        if "first_place" in frame.columns:
            columns.append(pl.when(self._first()).then(None).otherwise(pl.col("first_place")).alias("first_place"))
        return frame.with_columns(columns)

    def _at_place(self, frame: pl.DataFrame, name: str) -> pl.Series:
        if name != "other":
            return frame[name].is_in(list(self.found.places.get(self.snapshot or "", ()))).fill_null(value=False)
        own = self._scope("other_snapshot").fill_null(self.snapshot or "")
        return frame.select(_in_places(own, pl.col("other"), self.found.places)).to_series().fill_null(value=False)

    def _first(self) -> pl.Expr:
        found = _in_places(self._scope("first_snapshot"), pl.col("first_place"), self.found.places)
        return found.fill_null(value=False)

    def _scope(self, name: str) -> pl.Expr:
        """What a column calls partitions by, as the places of documents are kept: a bare word is of the same texts, others are `<variant>/<word>`."""
        mine, slash, _ = (self.snapshot or "").partition("/")
        source = pl.col(name).str.extract(r"^([a-z]+)(?:\.[a-z]+)?/")
        word = pl.col(name).str.extract(r"/(.*)$")
        return (
            pl.when(source.is_null())
            .then(pl.lit(mine + slash if slash else "") + pl.col(name))
            .when(source.is_in(list(SOURCES)))
            .then(source + pl.lit("/") + word)
            .otherwise(word)
        )


def snapshot_of(spec: TableSpec, partition: Mapping[str, str]) -> str | None:
    """The snapshot that a partition is of, of another source `books/gutenberg`; of a side table that of the main one."""
    if spec.partition_by == SIDE_PARTITION:
        main = table(partition["stage"])
        return snapshot_of(main, main.partition_of(partition["partition"]))
    if spec.layer in SOURCES:
        return scope_of(spec.layer, key_of(spec.layer, partition))
    if spec.layer == DIALOGUES and "set" in partition:
        return f"{DIALOGUES}/{partition['set']}"
    snapshot = partition.get("snapshot")
    return None if snapshot is None else scope_of(partition.get("variant", ""), snapshot)


def forgotten_reject(file: str, position: int, shard: int) -> dict[str, object]:
    """The row of ops.rejects that stands for a forgotten document."""
    nothing = {"url": None, "record": None, "detail": "", "broken": False}
    return {"shard": shard, "file": file, "position": position, "reason": FORGOTTEN, **nothing}


def _emptied(name: str, gone: pl.Expr) -> pl.Expr:
    said = {"reason": pl.lit(FORGOTTEN), "detail": pl.lit(""), "broken": pl.lit(value=False)}.get(name, pl.lit(None))
    return pl.when(gone).then(said).otherwise(pl.col(name)).alias(name)


def _in_places(snapshot: pl.Expr, place: pl.Expr, places: Mapping[str, set[int]]) -> pl.Expr:
    found = pl.lit(value=False)
    for name, some in places.items():
        found |= (snapshot == name) & place.is_in(list(some))
    return found


def _structs(positions: Iterable[tuple[str, int]]) -> pl.Series:
    rows = [{"file": file, "position": position} for file, position in positions]
    return pl.Series(rows, dtype=pl.Struct({"file": pl.String, "position": pl.Int64}))

"""A recipe over dialogues in plain files: what it keeps in one file, why it dropped the rest in another.

A file has rows as `corpus sft convert` writes them (JSONL, plain, gzip or zstd, or Parquet): `messages`, and any other column of `sft.messages`; what is
missing of them is made, and other fields go through untouched. Or it is a file of a data set as it was published, read by its kind and map (`Source.reading`).
Rows are read and judged some thousands at a time. A dedup of the recipe compares all dialogues of the file: its verdicts are handed in.
Ids that stand in the file before get their number in it behind a `#` while a recipe is run; what is written has the rows' own.
Promise: rows in = kept + dropped + rejects; rows keep their order.

Not here: the recipe itself (apply.py), kinds and maps (sft/reading.py), verdicts of dedups (sft_file_verdicts.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
import pyarrow.parquet as pq

from corpus_platform.errors import CheckFailed, SourceError
from corpus_platform.lake.fit import polars_schema
from corpus_platform.readers.reader import Unit
from corpus_platform.recipes.apply import DECISION_SCHEMA, apply
from corpus_platform.recipes.files import added
from corpus_platform.sft.form import Dialogue, Problem, SetFacts, content_id, of_row, row_of
from corpus_platform.sft.reading import read
from corpus_platform.sft_tables import MESSAGES, ROLES
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.plain import JSONL, PARQUET, PlainWriter, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from corpus_platform.recipes.apply import Applied, FunnelRow
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.sft.reading import Reading
    from corpus_platform.signals.environment import Environment

_ROWS = 5_000
_CHARACTERS = 16 << 20
"""Rows and characters that are in memory at a time."""
_NO_FACTS = SetFacts(name="file", source="file")
_DROPPED = {
    "id": pl.String,
    "file": pl.String,
    "position": pl.Int64,
    "ordinal": pl.Int64,
    **{name: kind for name, kind in DECISION_SCHEMA.items() if name != "doc_id"},
}
_MADE = ("shard", "file_index")
"""Columns of the table that a file has no use for."""


@dataclass(frozen=True)
class Source:
    """A file of dialogues: rows of the one form, or with a `reading` records of a kind. `facts` are what is true of all of them."""

    path: Path
    reading: Reading | None = None
    facts: SetFacts = _NO_FACTS


@dataclass(frozen=True)
class Unread:
    """A row that is no dialogue: where it stands, a reason code and what was seen. `ordinal` is None for a whole record."""

    file: str
    position: int
    reason: str
    detail: str
    ordinal: int | None = None


@dataclass(frozen=True)
class DialogueBatch:
    """Dialogues in order: `frame` has the columns of `sft.messages` without place in a lake, `rows` the fields that are written; and what could not be read."""

    frame: pl.DataFrame
    rows: list[dict[str, Any]]
    unread: list[Unread]


@dataclass
class Filtered:
    """What a recipe made of a file: dialogues kept and dropped, rows that could not be read by reason, and what each step did."""

    kept: int = 0
    dropped: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    funnel: list[FunnelRow] = field(default_factory=list)


def filter_file(
    recipe: Recipe,
    source: Source,
    kept: Path,
    rejects: Path,
    environment: Environment,
    verdicts: Mapping[str, pl.DataFrame] | None = None,
) -> Filtered:
    """Runs a recipe over a file of dialogues; `rejects` has id, file, position, ordinal, step, rule, value, threshold, seen of what is not kept.

    Raises SourceError for a file that can't be read at all, SchemaError for a column that the map does not name.
    """
    total = Filtered()
    with PlainWriter(kept, _types()) as keeper, PlainWriter(rejects, _DROPPED) as dropper:
        for batch in dialogue_batches(source):
            done = apply(recipe, batch.frame, environment, verdicts)
            if done.kept.height + done.decisions.height != batch.frame.height:
                raise CheckFailed(
                    f"{source.path}: of {batch.frame.height:,} dialogues {done.kept.height:,} were kept and {done.decisions.height:,} dropped"
                )
            keeper.write(_kept_rows(batch, done))
            dropper.write([*_decisions(batch, done), *map(_rejected, batch.unread)])
            total.kept += done.kept.height
            total.dropped += done.decisions.height
            for one in batch.unread:
                total.rejects[one.reason] = total.rejects.get(one.reason, 0) + 1
            total.funnel = added(total.funnel, done.funnel)
    return total


def dialogue_batches(source: Source) -> Iterator[DialogueBatch]:
    """The dialogues of a file, some thousands at a time. Raises SourceError where the file is missing or of no known kind."""
    if not source.path.is_file():
        raise SourceError(f"{source.path}: no such file")
    found = _records(source) if source.reading else _rows(source)
    seen: set[int] = set()
    first = 0
    while batch := list(_some(found)):
        rows = [one for one in batch if not isinstance(one, Unread)]
        frame = _frame(rows, _distinct([row["doc_id"] for row in rows], seen, first))
        yield DialogueBatch(frame, rows, [one for one in batch if isinstance(one, Unread)])
        first += len(rows)


def _some(found: Iterator[dict[str, Any] | Unread]) -> Iterator[dict[str, Any] | Unread]:
    """The next rows: some thousands, fewer where they are long."""
    size = 0
    for one in islice(found, _ROWS):
        yield one
        size += 0 if isinstance(one, Unread) else len(one["text"])
        if size >= _CHARACTERS:
            return


def _distinct(ids: list[str], seen: set[int], first: int) -> list[str]:
    """Ids that no other row of the file has; `seen` are hashes of those before."""
    made = []
    for number, identity in enumerate(ids, first):
        key = hash(identity)
        made.append(f"{identity}#{number}" if key in seen else identity)
        seen.add(key)
    return made


def _records(source: Source) -> Iterator[dict[str, Any] | Unread]:
    """The dialogues of a data set's own file."""
    location = InputLocation(str(source.path.parent))
    unit = Unit(source.path.name, (location.stat(source.path.name),), location)
    assert source.reading is not None
    for one in read(unit, source.reading):
        if isinstance(one.outcome, Dialogue):
            yield row_of(one.outcome, source.facts, file=one.file, position=one.position, ordinal=one.ordinal)
        elif isinstance(one.outcome, Problem):
            yield Unread(one.file, one.position, one.outcome.reason, one.outcome.detail, one.ordinal)
        else:
            yield Unread(one.file, one.position, "preference", "answers that are compared are no dialogue", one.ordinal)


def _rows(source: Source) -> Iterator[dict[str, Any] | Unread]:
    """The rows of a file in the one form."""
    if source.path.name.endswith(PARQUET):
        found: Iterable[tuple[int, Any]] = _parquet(source.path)
    elif source.path.name.endswith(JSONL):
        found = _lines(source.path)
    else:
        raise SourceError(
            f"{source.path}: rows of dialogues are JSONL or Parquet; for a file of a data set say which (--set) or of what kind (--kind)"
        )
    for position, row in found:
        yield row if isinstance(row, Unread) else _whole(row, source, position)


def _parquet(path: Path) -> Iterator[tuple[int, Any]]:
    position = 0
    for batch in pq.ParquetFile(path).iter_batches(batch_size=_ROWS):
        for row in batch.to_pylist():
            yield position, row
            position += 1


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with opened(path) as lines:
        for position, line in enumerate(lines):
            if not line.strip():
                continue
            try:
                yield position, orjson.loads(line)
            except orjson.JSONDecodeError as error:
                yield position, Unread(path.name, position, "bad_json", str(error))


def _whole(row: Any, source: Source, position: int) -> dict[str, Any] | Unread:
    """The row with every column of the form, or why it is no dialogue."""
    name = source.path.name
    if not isinstance(row, dict) or not isinstance(row.get("messages"), list) or not row["messages"]:
        return Unread(
            name, position, "no_messages", "the row has no list `messages`; convert the file first, or say --kind"
        )
    for message in row["messages"]:
        if not (isinstance(message, dict) and isinstance(message.get("content"), str)):
            return Unread(name, position, "wrong_message", "a message is {role, content, ...}, with a text as content")
        if message.get("role") not in ROLES:
            return Unread(name, position, "unknown_role", f"role {message.get('role')!r}; known: {', '.join(ROLES)}")
    given = {**row, **{key: _packed(row[key]) for key in ("tools", "labels", "meta") if key in row}}
    try:
        made = row_of(of_row(_with_calls(given)), source.facts, file=name, position=position, ordinal=0)
    except (ValueError, TypeError) as error:
        return Unread(name, position, "wrong_shape", str(error)[:200])
    own = {
        key: value
        for key, value in given.items()
        if value is not None and key not in ("messages", "text", "content_id")
    }
    identity = row.get("doc_id") or row.get("id")
    return {**made, **own, "doc_id": str(identity) if identity is not None else made["doc_id"]}


def _packed(value: Any) -> str | None:
    """What the form holds as JSON text."""
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _with_calls(row: dict[str, Any]) -> dict[str, Any]:
    messages = [{**message, "calls": _packed(message.get("calls"))} for message in row["messages"]]
    return {**row, "messages": messages}


@cache
def _types() -> dict[str, Any]:
    """Polars types of the form's columns."""
    return {name: kind for name, kind in polars_schema(MESSAGES).items() if name not in _MADE}


def _frame(rows: list[dict[str, Any]], ids: list[str]) -> pl.DataFrame:
    """What recipes read of the rows, under ids that differ."""
    types = _types()
    frame = pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types, strict=False)
    return frame.with_columns(pl.Series("doc_id", ids, pl.String))


def _kept_rows(batch: DialogueBatch, done: Applied) -> list[dict[str, Any]]:
    """The rows that are kept, with what was edited of them."""
    place = dict(zip(batch.frame["doc_id"], batch.rows, strict=True))
    made = []
    edited = done.kept.select("doc_id", "messages", "system", "text").iter_rows(named=True)
    for now, changed in zip(edited, done.changed.tolist(), strict=True):
        row = place[now["doc_id"]]
        if changed:
            row = {**row, "messages": now["messages"], "system": now["system"], "text": now["text"]}
            said = of_row(row)
            row["content_id"] = content_id(said.messages, said.system, said.tools)
        made.append(row)
    return made


def _decisions(batch: DialogueBatch, done: Applied) -> list[dict[str, Any]]:
    """Decisions with the dialogues' own ids and places, in their order."""
    place = {
        identity: (n, row) for n, (identity, row) in enumerate(zip(batch.frame["doc_id"], batch.rows, strict=True))
    }
    told = sorted(done.decisions.to_dicts(), key=lambda one: place[one["doc_id"]][0])
    found = []
    for one in told:
        row = place[one.pop("doc_id")][1]
        found.append(
            {
                "id": row["doc_id"],
                "file": row.get("file"),
                "position": row.get("position"),
                "ordinal": row.get("ordinal"),
                **one,
            }
        )
    return found


def _rejected(one: Unread) -> dict[str, Any]:
    return {
        "id": None,
        "file": one.file,
        "position": one.position,
        "ordinal": one.ordinal,
        "step": "read",
        "rule": one.reason,
        "value": None,
        "threshold": None,
        "seen": one.detail,
    }

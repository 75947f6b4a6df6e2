"""What a file of records looks like: its container, the kind of its records, and a map of its columns that can be used as it is.

    found = sniff(Unit.of_path(path))
    found.kind, found.map, found.confidence         # "instruct", ColumnMap(columns={"prompt": "instruction", ...}), 1.0

Every kind reads the first records under a map that is guessed for it, in the shape that it likes. A kind's *fit* is the share of records that it reads;
of kinds that read about as many, the one that says most of them wins: an answer that a program can check says more than an answer, turns with roles more
than texts. Promise: the same first records give the same proposal; nothing but the file is looked at, neither its name nor where it lies.

Not here: reading a whole file (reading.py), which data set a file is of (catalogue/).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from corpus_platform.errors import CorpusError
from corpus_platform.readers.rows import WHOLE
from corpus_platform.readers.unpacking import ArchiveError
from corpus_platform.readers.unpacking import Problem as Unreadable
from corpus_platform.sft.containers import Container, Piece, looked_at, pieces, records_of, shape_of
from corpus_platform.sft.form import Problem
from corpus_platform.sft.guess import columns_of, dumped, guess
from corpus_platform.sft.kinds.kind import ColumnMap, Kind, Record, Shape, kinds
from corpus_platform.sft.likeness import is_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from corpus_platform.readers.reader import Unit
    from corpus_platform.sft.form import Outcome
    from corpus_platform.sft.layout import Layout

LOOKED = 50
"""Records that are looked at."""
LOOKED_FOR_COLUMNS = 5_000
"""Records whose columns are in the map."""
SAMPLE = 8 << 20
"""Bytes that are read of a file; all of it (up to WHOLE) where it is one record."""

_SPECIFIC = (
    "moss_chat", "dialog_log", "ie_schema", "tree", "task_file", "compare", "verifiable", "choice", "turns", "pairs", "marked_text",
    "rewrite_tsv", "turn_strings", "instruct", "prompts_only",
)  # fmt: skip
"""Kinds by how much a record must have to be one of theirs: where two read the same records, the earlier one is right."""

_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "turn_strings": ({}, {"numbered": "message_"}),
    "pairs": ({}, {"numbered": "round_"}),
}
"""Options that are tried, by kind."""
_LEAST = 0.5
"""Fit below which nothing is proposed."""


@dataclass(frozen=True)
class Candidate:
    """A kind with a map, and how it fits."""

    kind: str
    shape: Shape
    map: ColumnMap
    options: dict[str, Any]
    fit: float
    """Share of the records that it reads, 0..1."""
    named: float
    """Share of the columns that are fields of the kind, 0..1."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sniffed:
    """What a file looks like."""

    file: str
    container: str | None
    """Form of the file; None where it is none that records are read from."""
    charset: str | None = None
    layout: Layout | None = None
    records: int = 0
    """Records that were looked at."""
    columns: tuple[str, ...] = ()
    best: Candidate | None = None
    runner_up: Candidate | None = None
    problems: tuple[str, ...] = ()
    """What could not be read, in some of the records."""
    candidates: tuple[Candidate, ...] = field(default=(), repr=False)

    @property
    def kind(self) -> str | None:
        """The kind that it is; None where no kind reads half of the records."""
        return self.best.kind if self.best else None

    @property
    def map(self) -> ColumnMap:
        """The map for it."""
        return self.best.map if self.best else ColumnMap()

    @property
    def options(self) -> dict[str, Any]:
        """The options of the kind."""
        return self.best.options if self.best else {}

    @property
    def confidence(self) -> float:
        """Share of the records that the kind reads, less half of what the next one reads: 0.5 is a draw, 1 is alone."""
        if self.best is None:
            return 0.0
        return round(self.best.fit - (self.runner_up.fit if self.runner_up else 0.0) / 2, 2)

    def proposal(self) -> dict[str, Any]:
        """Settings of a data set that reads the file: kind, options, shape, map."""
        if self.best is None:
            return {}
        found: dict[str, Any] = {"kind": self.best.kind}
        if self.best.options:
            found["options"] = self.best.options
        if self.layout is not None and self.best.shape != shape_of(self.layout, kinds()[self.best.kind].shapes):
            found["shape"] = self.best.shape
        given = self.best.map.model_dump(mode="json", exclude_defaults=True)
        return found | ({"map": given} if given else {})

    def yaml(self) -> str:
        """The proposal as YAML."""
        return dumped(self.proposal())


def sniff(unit: Unit, wanted: Callable[[str], bool] = lambda _: True, options: Container | None = None) -> Sniffed:
    """What the first file of a unit with records looks like; of an archive, its first member with any."""
    first: Sniffed | None = None
    for found in sniff_all(unit, wanted, options):
        first = first or found
        if found.best is not None:
            return found
    return first or Sniffed(unit.name, None, problems=("no file",))


def sniff_all(
    unit: Unit, wanted: Callable[[str], bool] = lambda _: True, options: Container | None = None
) -> Iterator[Sniffed]:
    """What each file of a unit, or member of its archives, looks like."""
    for piece in pieces(unit, wanted):
        if isinstance(piece, tuple):
            yield Sniffed(piece[0], None, problems=(f"{piece[1].reason}: {piece[1].detail}",))
        else:
            yield sniff_piece(piece, options)


def sniff_piece(piece: Piece, options: Container | None = None) -> Sniffed:
    """What a file looks like."""
    options = options or Container()
    sample, cut = _sampled(piece)
    layout = looked_at(sample, options)
    if isinstance(layout, Unreadable):
        return Sniffed(piece.file, None, problems=(f"{layout.reason}: {layout.detail}",))
    by_shape: dict[Shape, tuple[list[Any], list[str]]] = {}
    found: list[Candidate] = []
    known = kinds()
    for name in _SPECIFIC:
        kind = known[name]
        for shape in _shapes(kind, layout, by_shape):
            if shape not in by_shape:
                by_shape[shape] = _read(sample, options, shape, cut=cut)
            found += _candidates(kind, by_shape[shape][0], shape)
    values, problems = by_shape.get(shape_of(layout, ("row", "line", "file")), ([], []))
    if any(one.kind == "instruct" and one.map.columns.get("reasoning") == "2" for one in found):
        # A short answer between two long cells is no turn of three.
        found = [one for one in found if one.kind != "turn_strings"]
    ranked = sorted(found, key=_rank, reverse=True)
    best = _with_rare(ranked[0], sample, options) if ranked and ranked[0].fit >= _LEAST else None
    other = next((one for one in ranked if best and one.kind != best.kind), None)
    return Sniffed(
        piece.file, layout.form, layout.charset, layout, len(values), tuple(columns_of(_rows(values))), best, other, tuple(problems[:5]), tuple(ranked)
    )  # fmt: skip


def _sampled(piece: Piece) -> tuple[Piece, bool]:
    """The beginning of a file as a piece that can be opened many times, and whether it is not all of it."""
    try:
        with piece.opened() as stream:
            data = stream.read(SAMPLE + 1)
            whole = data[:4] in (b"PAR1", b"PK\x03\x04")
            if len(data) > SAMPLE and (whole or _is_record(piece.file, data)):
                data += stream.read(WHOLE - len(data))
                return _held(piece.file, data), len(data) >= WHOLE
    except ArchiveError:
        return piece, False
    return _held(piece.file, data[:SAMPLE]), len(data) > SAMPLE


def _held(file: str, data: bytes) -> Piece:
    def opened() -> BinaryIO:
        return io.BytesIO(data)

    return Piece(file, opened)


def _is_record(file: str, data: bytes) -> bool:
    layout = looked_at(_held(file, data))
    return not isinstance(layout, Unreadable) and layout.inside == "record"


def _shapes(kind: type[Kind], layout: Layout, read: dict[Shape, tuple[list[Any], list[str]]]) -> list[Shape]:
    """The shapes that a kind is tried in: the one that it likes; lines of a table with tabs, which may be none; a file of messages for trees."""
    found: list[Shape] = [shape_of(layout, kind.shapes)]
    if layout.form == "tsv" and "line" in kind.shapes:
        found.append("line")
    if kind.name == "tree" and "parent" in guess(kind, _rows(read.get("row", ([], []))[0])).columns:
        found.append("file")
    return list(dict.fromkeys(found))


def _read(piece: Piece, options: Container, shape: Shape, *, cut: bool) -> tuple[list[Any], list[str]]:
    """The first records in a shape, and what could not be read; what a cut sample ends with is not told."""
    most = LOOKED * 20 if shape == "file" else LOOKED
    found = list(islice(records_of(piece, options, (shape,), strict=True), most))
    problems = [read for read in found if isinstance(read.value, Unreadable)]
    if cut and found and problems and problems[-1] is found[-1]:
        problems.pop()
    told = [f"record {read.position}: {read.value.reason}: {read.value.detail}" for read in problems]
    return [read.value for read in found if not isinstance(read.value, Unreadable)], told


def _with_rare(best: Candidate, sample: Piece, options: Container) -> Candidate:
    """The candidate with a map of the columns of many more records: some columns are in few of them."""
    if best.shape == "file" or not best.map.named:
        return best
    made = kinds()[best.kind].model_validate(best.options)
    found = islice(records_of(sample, options, (best.shape,), strict=True), LOOKED_FOR_COLUMNS)
    rows = [_own(read.value, made) for read in found if isinstance(read.value, dict)]
    return replace(best, map=guess(type(made), rows, best.map))


def _candidates(kind: type[Kind], values: list[Any], shape: Shape) -> Iterator[Candidate]:
    for options in _OPTIONS.get(kind.name, ({},)):
        try:
            made = kind.model_validate(options)
        except ValidationError:
            continue
        rows = _rows(values)
        columns = _by_place(kind, rows) or guess(kind, [_own(row, made) for row in rows])
        if rows and not _has_required(kind, columns):
            continue
        outcomes = [_outcomes(made, value, columns) for value in values]
        if not outcomes:
            continue
        good = sum(
            is_like(kind.name, Record(v, columns), given) for v, given in zip(values, outcomes, strict=True)
        ) / len(values)
        named = len(columns.columns) / max(1, len(columns_of(_own(row, made) for row in rows)))
        bad = [f"{one.reason}: {one.detail}" for given in outcomes for one in given if isinstance(one, Problem)]
        yield Candidate(kind.name, shape, columns, options, round(good, 3), round(min(named, 1.0), 3), tuple(bad[:3]))


def _rows(values: Sequence[Any]) -> list[dict[str, Any]]:
    """The objects among records; of a file that is one list, its own."""
    found = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in found if isinstance(one, dict)]


def _own(row: dict[str, Any], kind: Kind) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not kind.takes(name)}


def _by_place(kind: type[Kind], rows: list[dict[str, Any]]) -> ColumnMap | None:
    """A map of a table without a header for requests with answers: question, answer, and behind it what leads to the answer, where that is longer."""
    if kind.name != "instruct" or not rows or list(rows[0]) not in (["0", "1"], ["0", "1", "2"]):
        return None
    columns: dict[str, str | tuple[str, ...]] = {"prompt": "0", "answer": "1"}
    if "2" not in rows[0]:
        return ColumnMap(columns=columns)
    asked, answer, more = (sum(len(str(row.get(name) or "")) for row in rows) for name in "012")
    led = min(asked, more) > 2 * answer
    return ColumnMap(columns=columns | {"reasoning": "2"}) if led else ColumnMap(columns=columns, meta=("2",))


def _has_required(kind: type[Kind], columns: ColumnMap) -> bool:
    # A tree's messages may be within its root.
    if "root" in columns.columns:
        return True
    return all(name in columns.columns for name, column in kind.fields.items() if column.required)


def _outcomes(kind: Kind, value: Any, columns: ColumnMap) -> list[Outcome]:
    """What a kind makes of a record that need not be of it."""
    try:
        return list(kind.read(Record(value, columns)))
    except (CorpusError, TypeError, ValueError, KeyError, AttributeError, IndexError):
        return []


def _rank(one: Candidate) -> tuple[float, int, float]:
    """Fits within a tenth are equal; then the more specific kind, then the map that names more."""
    return (-int((1 - one.fit) * 10), -_SPECIFIC.index(one.kind), one.named)

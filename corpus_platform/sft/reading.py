"""How a data set is read, as data: its kind with options, its map of columns, how its files are written; and what comes of them.

    reading = Reading(kind="instruct", map=ColumnMap(columns={"prompt": "query", "answer": "response"}, meta=("type",)))
    for found in read(unit, reading):           # Found(file, position, ordinal, Dialogue | Preference | Problem)

Promise: every record gives at least one outcome, in the order of the files; a column that the map does not name is an error that shows the file, the
record and a map that would do, unless the map says what becomes of others.

Not here: rows of tables (form.py), runs over the files of a set (stages/sft_messages.py).
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatch
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.errors import SchemaError
from corpus_platform.readers.unpacking import Problem as Unreadable
from corpus_platform.sft.containers import Container, Piece, Read, pieces, records_of
from corpus_platform.sft.form import Dialogue, Found, Preference, Problem, text_of
from corpus_platform.sft.guess import Known, suggested, with_columns
from corpus_platform.sft.kinds.kind import ColumnMap, Kind, Record, Shape, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.reader import Unit
    from corpus_platform.sft.form import Outcome

SKIPPED = (
    "__MACOSX/*", "*/__MACOSX/*", ".*", "*/.*", "README*", "*/README*", "LICENSE*", "*/LICENSE*", "*.py", "*dataset_infos.json",
)  # fmt: skip
"""Files that no data set has its records in."""

FIRST = 50
"""Records of a file by which its columns are told apart where the set gives no map."""

_HARMLESS = frozenset({"link", "special_file", "empty_file"})


class Reading(BaseModel):
    """How a data set is read. A frozen, closed model: its values are part of the identity of what is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="Kind of its records")
    options: dict[str, Any] = Field(default={}, description="Options of the kind")
    map: ColumnMap = Field(
        default=ColumnMap(), description="Which column is what; fields by their usual names where none is given"
    )
    shape: Shape | None = Field(default=None, description="What a record is: row, line, entry, file")
    container: Container = Field(default=Container(), description="How the files are written, where looking misleads")
    files: tuple[str, ...] = Field(
        default=(), description="Patterns (*, ?) of paths that are read, members of archives too; empty: all"
    )
    skip: tuple[str, ...] = Field(default=SKIPPED, description="Patterns of paths that are not")

    def wants(self, path: str) -> bool:
        """Whether a file or a member of an archive is read. A pattern may name the whole path or its end."""
        if any(fnmatch(path, pattern) for pattern in self.skip):
            return False
        return not self.files or any(fnmatch(path, p) or fnmatch(path, f"*/{p}") for p in self.files)

    def made(self) -> Kind:
        """The kind with its options. Raises SettingsError, or pydantic's error for a wrong option."""
        return kind_of(self.kind, self.options)


def read(unit: Unit, reading: Reading) -> Iterator[Found]:
    """What the files of a unit give. Raises SchemaError for a column that nobody has named."""
    kind = reading.made()
    for piece in pieces(unit, reading.wants):
        if isinstance(piece, tuple):
            yield Found(piece[0], 0, 0, _unreadable(piece[1]))
        else:
            yield from read_piece(piece, reading, kind)


def read_piece(piece: Piece, reading: Reading, kind: Kind | None = None) -> Iterator[Found]:
    """What a file gives."""
    kind = kind or reading.made()
    if kind.gathers and reading.shape == "file":
        yield from _gathered(piece, reading, kind)
        return
    shapes = (reading.shape,) if reading.shape else kind.shapes
    found = records_of(piece, reading.container, shapes, strict=reading.shape is not None)
    first = list(islice(found, FIRST))
    values = [
        value
        for one in first
        for value in (one.value if reading.shape == "file" and isinstance(one.value, list) else [one.value])
    ]
    columns = with_columns(type(kind), values, reading.map)
    known = Known(columns, kind)
    for one in chain(first, found):
        if (isinstance(one.value, dict) or reading.shape == "file") and (unknown := known.unknown(one.value)):
            raise _unknown(unknown, piece.file, one, kind, columns, values)
        for ordinal, outcome in enumerate(_outcomes(one, kind, columns, piece.file)):
            yield Found(piece.file, one.position, ordinal, outcome)


def _gathered(piece: Piece, reading: Reading, kind: Kind) -> Iterator[Found]:
    """What a kind makes of all rows of a file, which it is given one after the other; then those that can't be read."""
    found = records_of(piece, reading.container, ("row",))
    first = list(islice(found, FIRST))
    values = [one.value for one in first if not isinstance(one.value, Unreadable)]
    columns = with_columns(type(kind), values, reading.map)
    known = Known(columns, kind)
    unread: list[Read] = []

    def rows() -> Iterator[Any]:
        for one in chain(first, found):
            if isinstance(one.value, Unreadable):
                unread.append(one)
                continue
            if unknown := known.unknown(one.value):
                raise _unknown(unknown, piece.file, one, kind, columns, values)
            yield one.value

    n = 0
    for outcome in kind.read(Record(rows(), columns, piece.file)):
        yield Found(piece.file, 0, n, _checked(outcome, None))
        n += 1
    for one in unread:
        yield Found(piece.file, one.position, n, _unreadable(cast("Unreadable", one.value)))


def _outcomes(one: Read, kind: Kind, columns: ColumnMap, file: str) -> Iterator[Outcome]:
    if isinstance(one.value, Unreadable):
        yield _unreadable(one.value)
        return
    given = False
    for outcome in kind.read(Record(one.value, columns, file)):
        given = True
        yield _checked(outcome, one.split)
    if not given:
        yield Problem("no_turns", "the record gives no dialogue")


def _checked(outcome: Outcome, split: str | None) -> Outcome:
    """The outcome with the split that it is in; a problem where it has what is no Unicode."""
    if isinstance(outcome, Problem):
        return outcome
    about = outcome if isinstance(outcome, Dialogue) else outcome.about
    answers = () if isinstance(outcome, Dialogue) else outcome.answers
    try:
        for messages in (about.messages, *(answer.messages for answer in answers)):
            text_of(messages, about.system).encode()
    except UnicodeEncodeError as error:
        return Problem("not_unicode", str(error)[:200])
    if split is None:
        return outcome
    about = replace(about, meta={**about.meta, "split": split})
    return replace(outcome, about=about) if isinstance(outcome, Preference) else about


def _unreadable(problem: Unreadable) -> Problem:
    where = f"{problem.path}: " if problem.path else ""
    return Problem(problem.reason, where + problem.detail, broken=problem.reason not in _HARMLESS)


def _unknown(names: list[str], file: str, one: Read, kind: Kind, columns: ColumnMap, first: list[Any]) -> SchemaError:
    listed = ", ".join(f"`{name}`" for name in names[:8])
    what = f"column {listed} is" if len(names) == 1 else f"columns {listed} are"
    proposal = suggested(type(kind), [*first, *(one.value if isinstance(one.value, list) else [one.value])], columns)
    return SchemaError(
        f"{file}: record {one.position}: {what} not in the map of the kind `{kind.name}`; name each under columns, labels, meta or ignore, "
        f"or say `others: meta`. A map that would do:\n{proposal}"
    )

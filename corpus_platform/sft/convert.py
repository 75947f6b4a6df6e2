"""Files of a data set as plain files of dialogues: JSONL or Parquet, with the columns of `sft.messages`; no home, no lake.

    convert([path], reading, facts, to=Path("out.jsonl"), rejects=Path("rejects.jsonl"))    # Converted(read=..., kept=..., rejected=Counter(...))

Promise: every record of the files is in one of the outputs or counted by its reason; memory is bounded by a batch; an output appears under its name when
it is whole.

Not here: what commands print (commands/sft/files.py), runs in a home (stages/sft_messages.py).
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.catalogue.refusal import check_allowed
from corpus_platform.catalogue.sft import data_set, layout_of
from corpus_platform.errors import SourceError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Dialogue, Preference, SetFacts, preference_row, row_of
from corpus_platform.sft.reading import Reading, read
from corpus_platform.sources.plain import PlainWriter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from corpus_platform.sft.form import Found

_BATCH_ROWS = 1_000
_BATCH_CHARACTERS = 4 << 20
_REJECT_TYPES = {"file": pl.String, "reason": pl.String, "detail": pl.String}


@dataclass
class Converted:
    """What came of some files."""

    read: int = 0
    """Records."""
    dialogues: int = 0
    preferences: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """Problems by reason. A record may give several dialogues and problems, so they may be more than the records."""
    broken: int = 0
    """Problems that are damage, and not what the source says of a record."""
    outputs: list[Path] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Dialogues and preferences."""
        return self.dialogues + self.preferences


def of_catalogue(name: str) -> tuple[Reading, SetFacts]:
    """How a data set of the catalogue is read, `belle.multiturn` for one of its layouts; and what is true of it. Raises SettingsError."""
    layout = layout_of(name)
    own = data_set(name.partition(".")[0]) if name.count(".") == 1 else data_set(name)
    values = layout.model_dump(include={"kind", "options", "map", "shape", "container"})
    said = {name: getattr(layout, name) for name in ("task_type", "construction", "origin", "origin_model", "licence")}
    language = layout.languages[0] if len(layout.languages) == 1 and layout.languages[0] in {"en", "zh"} else None
    return Reading.model_validate(values), SetFacts(
        name=own.name, source=own.name, kind=layout.kind, language=language, **said
    )


def convert(
    paths: Iterable[Path], reading: Reading, facts: SetFacts, *, to: Path, rejects: Path | None = None
) -> Converted:
    """Writes dialogues to a file, preferences to one beside it (`x.preferences.jsonl` of `x.jsonl`), and rejects to theirs.

    A row has the columns of `sft.messages` or `sft.preferences`, without those of a run. Raises SourceError where a path is missing, SettingsError for a
    collection that the catalogue refuses, SchemaError for a column that the map does not name.
    """
    report = Converted()
    with ExitStack() as stack:
        outputs = _Outputs(stack, to, rejects)
        for path in paths:
            check_allowed(str(path))
            if not path.exists():
                raise SourceError(f"{path}: there is no such file or folder")
            last: tuple[str, int] | None = None
            for found in read(Unit.of_path(path), reading):
                report.read += (found.file, found.position) != last
                last = found.file, found.position
                _take(found, facts, outputs, report)
        outputs.flush()
        report.outputs = outputs.paths
    return report


def _take(found: Found, facts: SetFacts, outputs: _Outputs, report: Converted) -> None:
    place: dict[str, Any] = {"file": found.file, "position": found.position, "ordinal": found.ordinal}
    outcome = found.outcome
    if isinstance(outcome, Dialogue):
        report.dialogues += 1
        outputs.add("dialogues", row_of(outcome, facts, **place))
    elif isinstance(outcome, Preference):
        report.preferences += 1
        outputs.add("preferences", preference_row(outcome, facts, **place))
    else:
        report.rejected[outcome.reason] += 1
        report.broken += outcome.broken
        outputs.add("rejects", place | {"reason": outcome.reason, "detail": outcome.detail, "broken": outcome.broken})


class _Outputs:
    """The files that are written, each when it has its first row; that of the dialogues always."""

    def __init__(self, stack: ExitStack, to: Path, rejects: Path | None) -> None:
        self._stack = stack
        name = to.name
        for ending in (".jsonl", ".json", ".ndjson", ".parquet"):
            head, found, tail = name.rpartition(ending)
            if found:
                name = f"{head}.preferences{ending}{tail}"
                break
        self._paths = {"dialogues": to, "preferences": to.with_name(name), "rejects": rejects}
        self._types: dict[str, dict[str, Any]] = {
            "dialogues": dict(polars_schema(table("sft.messages"))),
            "preferences": dict(polars_schema(table("sft.preferences"))),
            "rejects": _REJECT_TYPES,
        }
        self._writers: dict[str, PlainWriter] = {}
        self._rows: dict[str, list[dict[str, Any]]] = {"dialogues": [], "preferences": [], "rejects": []}
        self._size = self._count = 0
        self._writer("dialogues")
        if rejects is not None:
            self._writer("rejects")

    @property
    def paths(self) -> list[Path]:
        """The files, in the order in which they were begun."""
        return [writer.path for writer in self._writers.values()]

    def add(self, which: str, row: dict[str, Any]) -> None:
        """Adds a row; writes when there are many."""
        if self._paths[which] is None:
            return
        self._rows[which].append(row)
        self._count += 1
        self._size += len(row.get("text") or "")
        if self._count >= _BATCH_ROWS or self._size >= _BATCH_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Writes what is held."""
        for which, rows in self._rows.items():
            if rows:
                self._writer(which).write(rows)
        self._rows = {which: [] for which in self._rows}
        self._size = self._count = 0

    def _writer(self, which: str) -> PlainWriter:
        path = self._paths[which]
        if which not in self._writers and path is not None:
            self._writers[which] = self._stack.enter_context(PlainWriter(path, self._types[which]))
        return self._writers[which]

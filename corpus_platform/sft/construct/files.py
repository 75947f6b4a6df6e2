"""A way of building over plain files: dialogues in one file, what was left out and why in another; no home, no lake.

    built = build(way, [Path("gsm8k.jsonl")], to=Path("backward.jsonl"), rejects=Path("left-out.jsonl"))

A file has rows as `corpus sft convert` writes them; or records of any other form (JSON, CSV, Parquet ...), whose columns are the fields that a way reads.
Promise: every record read is a parent of a dialogue, or in the rejects with its reason.

Not here: what commands print (commands/sft/construct.py), runs in a home (stages/sft_constructed.py).
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.errors import SourceError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.readers.reader import Unit
from corpus_platform.readers.unpacking import Problem as Unreadable
from corpus_platform.sft.construct.rows import json_of
from corpus_platform.sft.containers import Container, pieces, records_of
from corpus_platform.sft.form import Dialogue, SetFacts, dialogue_id, row_of
from corpus_platform.sources.plain import PlainWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from corpus_platform.sft.construct.way import Way

_BATCH = 1_000
_REJECTS = {"parents": pl.List(pl.String), "reason": pl.String, "detail": pl.String}


@dataclass
class Built:
    """What came of some files."""

    read: int = 0
    """Records."""
    made: int = 0
    """Dialogues."""
    parents: int = 0
    """Rows that a dialogue was made of."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Outcomes without a dialogue, by reason."""
    outputs: list[Path] = field(default_factory=list)


def build(
    way: Way, paths: Iterable[Path], *, to: Path, rejects: Path | None = None, container: Container | None = None
) -> Built:
    """Writes what a way makes of all rows of the files together; `container` says how the files are written, where looking misleads.

    Raises SourceError where a path is missing; a file that can't be read on is a reject.
    """
    report, parents = Built(), set[str]()
    facts = SetFacts(name=to.name.partition(".")[0], source=way.name, kind=way.name)
    dialogues: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    with ExitStack() as stack:
        writer = stack.enter_context(PlainWriter(to, dict(polars_schema(table(f"sft.constructed_{way.name}")))))
        spoilt = stack.enter_context(PlainWriter(rejects, _REJECTS)) if rejects is not None else None
        for position, one in enumerate(way.make(_rows(way, paths, container or Container(), report, problems))):
            if isinstance(one.outcome, Dialogue):
                report.made += 1
                parents.update(one.parents)
                dialogues.append(row_of(one.outcome, facts, file=to.name, position=position, ordinal=0))
            else:
                told = {"parents": list(one.parents), "reason": one.outcome.reason, "detail": one.outcome.detail}
                problems.append(told)
            if len(dialogues) + len(problems) >= _BATCH:
                _write(writer, spoilt, dialogues, problems, report)
        _write(writer, spoilt, dialogues, problems, report)
    report.parents = len(parents)
    report.outputs = [to, *([rejects] if rejects is not None else [])]
    return report


def _write(
    writer: PlainWriter, spoilt: PlainWriter | None, dialogues: list[Any], problems: list[Any], report: Built
) -> None:
    writer.write(dialogues)
    report.left_out.update(one["reason"] for one in problems)
    if spoilt is not None:
        spoilt.write(problems)
    dialogues.clear()
    problems.clear()


def _rows(
    way: Way, paths: Iterable[Path], container: Container, report: Built, problems: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for path in paths:
        if not path.exists():
            raise SourceError(f"{path}: there is no such file or folder")
        name = path.name.partition(".")[0]
        for piece in pieces(Unit.of_path(path)):
            if isinstance(piece, tuple):
                problems.append({"parents": [piece[0]], "reason": piece[1].reason, "detail": piece[1].detail})
                continue
            for read in records_of(piece, container, ("row",)):
                report.read += 1
                value = read.value
                if isinstance(value, Unreadable) or not isinstance(value, dict):
                    reason, detail = (
                        (value.reason, value.detail) if isinstance(value, Unreadable) else ("unfit", "no object")
                    )
                    problems.append({"parents": [f"{piece.file}:{read.position}"], "reason": reason, "detail": detail})
                    continue
                yield row_of_record(value, name, piece.file, read.position, documents=way.reads == "documents")


def row_of_record(
    value: dict[str, Any], name: str, file: str, position: int, *, documents: bool = False
) -> dict[str, Any]:
    """A record as a row that ways read: one of the form as it is, any other with all its columns in `meta`. It has `doc_id` and `set` then."""
    own = {
        "doc_id": value.get("doc_id") or value.get("id") or dialogue_id(name, file, position, 0),
        "set": value.get("set") or name,
    }
    own["doc_id"] = str(own["doc_id"])
    if documents:
        return {**value, **own}
    if not _is_dialogue(value):
        return {"messages": [], "meta": value, **own}
    known = {column.name for column in table("sft.messages").columns}
    more = {column: cell for column, cell in value.items() if column not in known and column != "id"}
    return {**value, **own, "meta": json_of(value, "meta") | more}


def _is_dialogue(value: dict[str, Any]) -> bool:
    said = value.get("messages")
    return isinstance(said, list) and all(
        isinstance(m, dict) and isinstance(m.get("content"), str) and "role" in m for m in said
    )

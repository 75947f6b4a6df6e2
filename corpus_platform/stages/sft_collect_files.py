"""What people wrote or said in plain files as a plain file of dialogues, with reasons for the rest; no lake.

    collect_files([Path("filled.csv")], "human", {}, known=sheets(), to=Path("written.jsonl"))

Promise: it takes what a data set of a home would take, by the same pass (sft_collected.py).

Not here: what commands print (commands/sft/people.py).
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Dialogue, Problem, row_of
from corpus_platform.signals.environment import Environment
from corpus_platform.sources.plain import PlainWriter
from corpus_platform.stages.sft_collected import Collection, agreement_rows, collected_table
from corpus_platform.stages.sft_sets import DataSetSettings
from corpus_platform.stages.signals import SignalsSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from corpus_platform.sft.collected.sheet import Sheet
    from corpus_platform.sft.form import Found, SetFacts

_ROWS = 500
_REJECTS = {"file": pl.String, "position": pl.Int64, "ordinal": pl.Int64, "reason": pl.String, "detail": pl.String}


@dataclass
class Taken:
    """What came of some files."""

    read: int = 0
    """Answers or chats, and records that can't be read."""
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    agreement: list[dict[str, Any]] = field(default_factory=list)
    """Rows of `sft.agreement`; none of chats."""


def collect_files(
    paths: Sequence[Path],
    what: str,
    options: Mapping[str, Any],
    *,
    known: Mapping[str, Sheet],
    to: Path,
    rejects: Path | None = None,
) -> Taken:
    """Writes dialogues to a file and what is turned away to another. Raises SourceError where a path is missing, SettingsError for a wrong option."""
    if what not in {"human", "users"}:
        raise SettingsError(f"there is no `{what}` to collect from; there are human, users")
    for path in paths:
        if not path.exists():
            raise SourceError(f"{path}: there is no such file or folder")
    one = DataSetSettings(location=str(paths[0]), collect=what, options=dict(options))  # type: ignore[arg-type]
    facts = one.facts(to.name.partition(".")[0])
    collection = Collection.of(one.collecting(), one.reading(), facts, Environment(SignalsSettings()), known)
    report = Taken()
    found, desk = collection.outcomes([Unit.of_path(path) for path in paths])
    with ExitStack() as stack:
        writer = stack.enter_context(PlainWriter(to, dict(polars_schema(table(collected_table(what))))))
        spoilt = stack.enter_context(PlainWriter(rejects, _REJECTS)) if rejects is not None else None
        rows: list[dict[str, Any]] = []
        turned: list[dict[str, Any]] = []
        for outcome in found:
            report.read += 1
            _take(outcome, facts, rows, turned, report)
            if len(rows) + len(turned) >= _ROWS:
                _flush(writer, spoilt, rows, turned)
        _flush(writer, spoilt, rows, turned)
    report.agreement = agreement_rows(desk)
    return report


def _take(
    found: Found, facts: SetFacts, rows: list[dict[str, Any]], turned: list[dict[str, Any]], report: Taken
) -> None:
    place: dict[str, Any] = {"file": found.file, "position": found.position, "ordinal": found.ordinal}
    if isinstance(found.outcome, Dialogue):
        report.kept += 1
        rows.append(row_of(found.outcome, facts, **place))
    elif isinstance(found.outcome, Problem):
        report.rejected[found.outcome.reason] += 1
        turned.append({**place, "reason": found.outcome.reason, "detail": found.outcome.detail})


def _flush(
    writer: PlainWriter, spoilt: PlainWriter | None, rows: list[dict[str, Any]], turned: list[dict[str, Any]]
) -> None:
    if rows:
        writer.write(rows)
    if spoilt is not None and turned:
        spoilt.write(turned)
    rows.clear()
    turned.clear()

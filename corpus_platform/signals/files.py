"""Signals of plain files: every row comes out with a column for each signal, in the order of the input.

Not here: the files' form (sources/plain.py), recipes over them (recipes/files.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.signals.annotate import annotate, default_signals
from corpus_platform.signals.registry import families, signal, signals
from corpus_platform.sources.plain import PARQUET, PlainWriter, read_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from corpus_platform.signals.environment import Environment
    from corpus_platform.sources.records import Reject


@dataclass(frozen=True)
class Counts:
    """Rows of a file: read = written + rejected."""

    documents: int
    rejects: tuple[Reject, ...]


def names_of(wanted: str) -> tuple[str, ...]:
    """Signals by what a user asks for: `default`, `all` (of texts), or names with commas between; a name may end in `*`.

    Raises SettingsError for a name that fits no signal.
    """
    if wanted == "default":
        return default_signals()
    if wanted == "all":
        return tuple(one.name for family in families() if family.of == "texts" for one in family.signals)
    found: list[str] = []
    for name in filter(None, (part.strip() for part in wanted.split(","))):
        fitting = [known for known in signals() if known.startswith(name[:-1])] if name.endswith("*") else []
        found += fitting or [signal(name).name]
    return tuple(dict.fromkeys(found))


def annotate_file(
    path: Path, out: Path, names: Iterable[str], environment: Environment, *, text: str = "text"
) -> Counts:
    """Writes every document of a file with its signals. Signals that the input has under the same name are computed anew.

    Raises SourceError for a file that can't be read at all, SettingsError for an unknown signal.
    """
    wanted = tuple(names)
    documents, rejects = 0, []
    types = {name: known.column_type for name, known in signals().items()}
    with PlainWriter(out, types) as writer:
        for batch in read_plain(path, text=text):
            given = batch.frame.drop([name for name in wanted if name in batch.frame.columns and name not in _GIVEN])
            found = written(annotate(given, wanted, environment), json=not out.name.endswith(PARQUET))
            ids = batch.frame["doc_id"].to_list()
            writer.write([_identified(row, i) | more for row, i, more in zip(batch.rows, ids, found, strict=True)])
            documents += len(batch.rows)
            rejects += batch.rejects
    return Counts(documents, tuple(rejects))


_GIVEN = ("language", "language_score")
"""What a document says of itself wins."""


def written(found: pl.DataFrame, *, json: bool) -> Iterator[dict[str, Any]]:
    """Rows of a frame of signals. JSON has no bytes: they become hexadecimal digits."""
    if json:
        hexed = [
            pl.col(name).list.eval(pl.element().bin.encode("hex"))
            for name, kind in found.schema.items()
            if kind == pl.List(pl.Binary)
        ]
        found = found.with_columns(hexed)
    return found.iter_rows(named=True)


def _identified(row: dict[str, Any], identity: str) -> dict[str, Any]:
    return row if "id" in row or "doc_id" in row else {"id": identity} | row

"""A recipe over plain files: what it keeps in one file, why it dropped the rest in another.

Every row of the input is a row of one of the two: what can't be read at all is dropped by the step `read`, with its line.
Stored signals that the input has as columns are used, as `corpus annotate` writes them.

Not here: the files' form (sources/plain.py), the recipe itself (apply.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.recipes.apply import DECISION_SCHEMA, FunnelRow, apply
from corpus_platform.signals.registry import signals
from corpus_platform.sources.plain import PlainWriter, read_plain

if TYPE_CHECKING:
    from pathlib import Path

    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Environment
    from corpus_platform.sources.records import Reject

_DROPPED = {
    "id": pl.String,
    "url": pl.String,
    "line": pl.Int64,
    **{k: v for k, v in DECISION_SCHEMA.items() if k != "doc_id"},
}


@dataclass
class FileApplied:
    """What a recipe made of a file: documents kept and dropped, rejects, and what each step did."""

    kept: int = 0
    dropped: int = 0
    rejects: int = 0
    funnel: list[FunnelRow] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)


def apply_file(
    recipe: Recipe, path: Path, kept: Path, dropped: Path, environment: Environment, *, text: str = "text"
) -> FileApplied:
    """Runs a recipe over a file. `kept` has the input's rows with the texts as edited; `dropped` has id, url, step, rule, value, threshold, seen.

    Raises SourceError for a file that can't be read at all, ModelError where the recipe needs a model that is not there.
    """
    total = FileApplied()
    with PlainWriter(kept) as keeper, PlainWriter(dropped, _DROPPED) as dropper:
        for batch in read_plain(path, text=text):
            frame = _distinct(batch.frame)
            done = apply(recipe, frame, environment)
            row_of = dict(zip(frame["doc_id"], range(frame.height), strict=True))
            rows = [row_of[identity] for identity in done.kept["doc_id"]]
            texts, changed = done.kept["text"].to_list(), done.changed.tolist()
            keeper.write([_kept(batch.rows[i], text, t, c) for i, t, c in zip(rows, texts, changed, strict=True)])
            decisions = done.decisions.with_columns(row=pl.col("doc_id").replace_strict(row_of, return_dtype=pl.Int64))
            dropper.write(_decisions(decisions, batch.frame) + [_rejected(reject) for reject in batch.rejects])
            total.kept += done.kept.height
            total.dropped += done.decisions.height
            total.rejects += len(batch.rejects)
            total.funnel = added(total.funnel, done.funnel)
            total.pending = done.pending
    return total


def _kept(row: dict[str, Any], text: str, now: str, changed: bool) -> dict[str, Any]:
    """A row with its text as it is now; signals that were of another text go."""
    if not changed:
        return row
    return {name: value for name, value in row.items() if name not in signals()} | {text: now}


def _distinct(frame: pl.DataFrame) -> pl.DataFrame:
    """The documents with an identity each: a file may repeat one."""
    if frame["doc_id"].is_unique().all():
        return frame
    number = pl.int_range(pl.len()).over("doc_id")
    return frame.with_columns(
        doc_id=pl.when(number == 0).then("doc_id").otherwise(pl.format("{}#{}", "doc_id", pl.int_range(pl.len())))
    )


def _decisions(decisions: pl.DataFrame, frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Decisions with the documents' own identities, in the order of the documents."""
    decisions = decisions.sort("row")
    ids, urls = frame["doc_id"].gather(decisions["row"]), frame["url"].gather(decisions["row"])
    named = decisions.drop("row", "doc_id").to_dicts()
    return [
        {"id": i, "url": u, "line": None} | row for i, u, row in zip(ids.to_list(), urls.to_list(), named, strict=True)
    ]


def _rejected(reject: Reject) -> dict[str, Any]:
    return {
        "id": None,
        "url": reject.url,
        "line": reject.position,
        "step": "read",
        "rule": reject.reason,
        "value": None,
        "threshold": None,
        "seen": reject.detail,
    }


def added(one: list[FunnelRow], other: list[FunnelRow]) -> list[FunnelRow]:
    """Two funnels of the same recipe as one."""
    if not one or not other:
        return one or other
    return [
        FunnelRow(
            a.step,
            a.kind,
            a.documents + b.documents,
            a.dropped + b.dropped,
            dict(Counter(a.rules) + Counter(b.rules)),
            a.changed + b.changed,
            dict(Counter(a.removed) + Counter(b.removed)),
            dict(Counter(a.unknown) + Counter(b.unknown)),
            a.pending,
        )
        for a, b in zip(one, other, strict=True)
    ]

"""A recipe over plain files: what it keeps in one file, why it dropped the rest in another.

Every row of the input is a row of one of the two: what can't be read at all is dropped by the step `read`, with its line.
Stored signals that the input has as columns are used, as `corpus annotate` writes them. Dedups of the recipe act on the files' survivors.

Not here: the files' form (sources/plain.py), the recipe itself (apply.py), dedups (file_verdicts.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.recipes.apply import DECISION_SCHEMA, FunnelRow, apply
from corpus_platform.recipes.file_verdicts import FileSet, FileVerdicts, Work, keys_at_once, verdicts_of
from corpus_platform.recipes.population import methods_of
from corpus_platform.signals.registry import signals
from corpus_platform.sources.plain import PlainWriter
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from corpus_platform.recipes.apply import Applied
    from corpus_platform.recipes.file_verdicts import FileBatch
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Environment
    from corpus_platform.sources.records import Reject

DROPPED = {
    "id": pl.String,
    "url": pl.String,
    "line": pl.Int64,
    **{k: v for k, v in DECISION_SCHEMA.items() if k != "doc_id"},
}
_MEMORY = 2_000 << 20


@dataclass
class FileApplied:
    """What a recipe made of files: documents kept and dropped, rejects, and what each step did."""

    kept: int = 0
    dropped: int = 0
    rejects: int = 0
    funnel: list[FunnelRow] = field(default_factory=list)


@dataclass(frozen=True)
class BatchApplied:
    """What a recipe made of a batch: `kept` rows, `dropped` rows (columns `DROPPED`), and the verdicts by dedup step that it went by."""

    batch: FileBatch
    frame: pl.DataFrame
    applied: Applied
    verdicts: Mapping[str, pl.DataFrame]
    kept: list[dict[str, Any]]
    dropped: list[dict[str, Any]]


def of_one_part(recipe: Recipe, name: str | None) -> Recipe:
    """The recipe as it is for one of its parts, for a file does not say which it is of. Raises SettingsError where there is no such part."""
    made = {part.part: part for part in recipe.parts if part.variant}
    if name in made:
        return recipe.of_part(made[name])
    if not recipe.parts and name is None:
        return recipe
    missing = next((part.missing for part in recipe.parts if part.part == name), None)
    what = f"nothing reads `{name}` ({missing})" if missing else f"there is no part `{name}`{nearest(name or '', made)}"
    asked = f"`{recipe.name}` is made of parts, and a file is of one of them" if name is None else what
    raise SettingsError(f"{asked}; the parts of `{recipe.name}` are {', '.join(made) or 'none'}: name one with --part")


def apply_file(
    recipe: Recipe, path: Path, kept: Path, dropped: Path, environment: Environment, *, text: str = "text"
) -> FileApplied:
    """Runs a recipe over a file. `kept` has the input's rows with the texts as edited; `dropped` has id, url, step, rule, value, threshold, seen.

    Its dedups work in a temporary folder beside `kept`. Raises SourceError for a file that can't be read at all, ModelError where the recipe needs a model
    that is not there, SettingsError for one of several parts (`of_one_part` chooses).
    """
    recipe = of_one_part(recipe, None)
    files, verdicts = FileSet((path,), text), FileVerdicts()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix=f".{kept.name}.", dir=kept.parent) as folder,
        PlainWriter(kept, {"weight": pl.Float64}) as keeper,
        PlainWriter(dropped, DROPPED) as dropper,
    ):
        if methods_of(recipe):
            work = Work(Path(folder), Serial(), _MEMORY, keys_at_once(_MEMORY, 1))
            found = verdicts_of(recipe, files, None, environment, work)
            verdicts = FileVerdicts({step: one.path for step, one in found.items()})

        def write(done: BatchApplied) -> None:
            keeper.write(done.kept)
            dropper.write(done.dropped)

        return apply_files(recipe, files, environment, verdicts, write)


def apply_files(
    recipe: Recipe,
    files: FileSet,
    environment: Environment,
    verdicts: FileVerdicts,
    write: Callable[[BatchApplied], None],
) -> FileApplied:
    """Runs a recipe over files, with the verdicts of its dedups; every batch is handed over when it is done.

    Raises CheckFailed where a document is neither kept nor dropped.
    """
    total = FileApplied()
    for batch in files.all_batches():
        frame = batch.frame()
        said = verdicts.of(frame)
        done = apply(recipe, frame, environment, said)
        if done.kept.height + done.decisions.height != frame.height:
            raise CheckFailed(
                f"{files.paths[batch.file_index]}: of {frame.height:,} documents {done.kept.height:,} were kept and {done.decisions.height:,} dropped"
            )
        rejected = [_rejected(reject) for reject in batch.plain.rejects]
        write(
            BatchApplied(
                batch,
                frame,
                done,
                said,
                list(_kept_rows(batch, frame, done, files.text)),
                _decisions(done.decisions, frame, said) + rejected,
            )
        )
        total.kept += done.kept.height
        total.dropped += done.decisions.height
        total.rejects += len(rejected)
        total.funnel = added(total.funnel, done.funnel)
    return total


def _kept_rows(batch: FileBatch, frame: pl.DataFrame, done: Applied, text: str) -> Iterator[dict[str, Any]]:
    """The rows that are kept, with their texts as they are now and the weights that a step gave."""
    row_of = dict(zip(frame["doc_id"], batch.plain.rows, strict=True))
    weights = [None] * done.kept.height if done.weight is None else done.weight.tolist()
    kept = zip(done.kept["doc_id"], done.kept["text"], done.changed.tolist(), weights, strict=True)
    for identity, now, changed, weight in kept:
        row = _kept(row_of[identity], text, now, changed)
        yield row if weight is None else row | {"weight": round(weight, 6)}


def _kept(row: dict[str, Any], text: str, now: str, changed: bool) -> dict[str, Any]:
    """A row with its text as it is now; signals that were of another text go."""
    if not changed:
        return row
    return {name: value for name, value in row.items() if name not in signals()} | {text: now}


def _decisions(
    decisions: pl.DataFrame, frame: pl.DataFrame, verdicts: Mapping[str, pl.DataFrame]
) -> list[dict[str, Any]]:
    """Decisions with the documents' own identities, in the order of the documents."""
    own = dict(zip(frame["doc_id"], frame["row_id"], strict=True))
    for rows in verdicts.values():
        own |= dict(rows.select("canonical", "canonical_row").drop_nulls().iter_rows())
    order = frame.select("doc_id", "url").join(decisions, on="doc_id", maintain_order="left")
    return [
        {"id": own[row.pop("doc_id")], "url": row.pop("url"), "line": None, **row, "seen": _own(own, row)}
        for row in order.to_dicts()
    ]


def _own(own: Mapping[str, str], row: Mapping[str, Any]) -> str | None:
    """What was seen; a document that a copy is like by its own identity."""
    is_document = row["rule"] in {"copy", "equal_to_held_out"}
    return own.get(row["seen"], row["seen"]) if is_document else row["seen"]


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

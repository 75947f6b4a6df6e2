"""What the verdicts of a dedup do to the documents of a recipe: which go and why, and which lose a part of their text.

Verdicts are rows by doc_id, as `web.duplicates` has them; a document without a row is as it was. The rules:
`copy` (another one stays in its place), `seen` (a filter has seen its key), `held_out` and `equal_to_held_out`, `repeated_passage`, and of documents
that lost units `nothing_left`, `too_few_words`, `too_few_sentences`.

Not here: how verdicts are found (population.py, dedup/), how a recipe is run (apply.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from corpus_platform.recipes.step import Edited
from corpus_platform.recipes.steps.dedup import Dedup, Exact, LineDedup, Substring
from corpus_platform.recipes.steps.sft_selection import Selection
from corpus_platform.signals.document import share_of
from corpus_platform.text.batch import TextBatch

VERDICT_SCHEMA = {
    "doc_id": pl.String,
    "kept": pl.Boolean,
    "similarity": pl.Float64,
    "canonical": pl.String,
    "units": pl.List(pl.Int32),
    "weight": pl.Float32,
}
"""`kept` is false for a document that goes; dedups of dialogues have a column `rule` more, by which each goes, choices among dialogues `threshold` besides.
`units` are the ordinals of pieces that go; null where there is nothing to say."""


@dataclass(frozen=True)
class Dropped:
    """Documents that go by one rule: `rows` int64 among those judged, with the similarity (or another value) and what was seen."""

    rule: str
    rows: np.ndarray
    value: pl.Series
    seen: pl.Series | None = None
    threshold: pl.Series | None = None
    """Threshold of each, where it is not the step's own."""


@dataclass(frozen=True)
class Deduplicated:
    """What became of n documents."""

    dropped: tuple[Dropped, ...] = ()
    edited: Edited | None = None
    weight: np.ndarray | None = None
    removed: dict[str, int] = field(default_factory=dict)


def deduplicated(
    step: Dedup | Selection,
    ids: pl.Series,
    text: pl.Series,
    verdicts: pl.DataFrame,
    *,
    reference: bool,
    trace: bool = False,
) -> Deduplicated:
    """Holds documents (ids and texts, n each) against verdicts. With `trace` the edit tells the spans that it took out."""
    own = pl.DataFrame({"doc_id": ids}).join(verdicts, on="doc_id", how="left", maintain_order="left")
    if isinstance(step, Exact) and step.holdout is not None:
        return Deduplicated(_held_out(step.holdout, own))
    if isinstance(step, Selection):
        return Deduplicated(_gone_by_rule(own))
    match step.matching:
        case "weights":
            return Deduplicated(weight=own["weight"].fill_null(1.0).to_numpy())
        case "documents":
            return Deduplicated(_gone_by_rule(own) if "rule" in own.columns else (_gone("copy", own),))
    dropped = [_gone("seen", own)] if step.matching == "filter" else []
    if isinstance(step, Substring) and step.action == "drop":
        rows = np.flatnonzero((own["units"].list.len() > 0).fill_null(value=False).to_numpy())
        dropped.append(Dropped("repeated_passage", rows, own["units"].list.len()[rows].cast(pl.Float64)))
        return Deduplicated(tuple(dropped))
    return Deduplicated(tuple(dropped), _edited(step, own["units"], text, reference=reference, trace=trace))


def _gone(rule: str, own: pl.DataFrame) -> Dropped:
    rows = np.flatnonzero((~own["kept"]).fill_null(value=False).to_numpy())
    return Dropped(rule, rows, own["similarity"][rows], own["canonical"][rows])


def _gone_by_rule(own: pl.DataFrame) -> tuple[Dropped, ...]:
    """The same where verdicts say by which rule each goes."""
    gone = (~own["kept"]).fill_null(value=False)
    found = []
    for rule in own.filter(gone)["rule"].unique(maintain_order=True):
        rows = np.flatnonzero((gone & (own["rule"] == rule)).to_numpy())
        threshold = own["threshold"][rows] if "threshold" in own.columns else None
        found.append(Dropped(rule, rows, own["similarity"][rows], own["canonical"][rows], threshold))
    return tuple(found)


def _held_out(share: float, own: pl.DataFrame) -> tuple[Dropped, ...]:
    drawn = np.array([share_of(identity) < share for identity in own["doc_id"]], np.bool_)
    like = np.array([c is not None and share_of(c) < share for c in own["canonical"]], np.bool_) & ~drawn
    none = pl.Series([None] * len(own), dtype=pl.Float64)
    first, second = np.flatnonzero(drawn), np.flatnonzero(like)
    return (
        Dropped("held_out", first, none[first]),
        Dropped("equal_to_held_out", second, own["similarity"][second], own["canonical"][second]),
    )


def _edited(step: Dedup, units: pl.Series, text: pl.Series, *, reference: bool, trace: bool) -> Edited | None:
    """The texts without the units that go."""
    size = units.list.len().fill_null(0).to_numpy().astype(np.int64)
    if not size.any():
        return None
    rows = np.flatnonzero(size)
    some = text.gather(rows)
    ordinal = units.gather(rows).explode().to_numpy().astype(np.int64)
    document_of = np.repeat(np.arange(rows.size), size[rows])
    least = (step.min_words, step.min_sentences) if isinstance(step, LineDedup) else (None, None)
    found = step.remover(reference=reference).remove(
        TextBatch.of(some), document_of, ordinal, count_words=least[0] is not None, count_sentences=least[1] is not None
    )
    n = len(text)
    dropped, value, threshold = np.full(n, -1, np.int16), np.full(n, np.nan), np.full(n, np.nan)
    counts = (found.texts.characters, found.words_left, found.sentences_left)
    for i, (count, asked) in enumerate(zip(counts, (1, *least), strict=True)):
        if count is None or asked is None:
            continue
        goes = (count < asked) & (dropped[rows] < 0)
        dropped[rows[goes]], value[rows[goes]], threshold[rows[goes]] = i, count[goes], asked
    source = np.arange(n)
    source[rows] = n + np.arange(rows.size)
    changed = np.zeros(n, np.bool_)
    changed[rows] = found.changed
    spans = None
    if trace:
        at = pl.Series(rows).gather(found.spans["document"])
        spans = found.spans.with_columns(document=at, rule=pl.lit(step.name))
    return Edited(
        pl.concat([text, found.texts.texts.alias(text.name)]).gather(source),
        changed,
        ("nothing_left", "too_few_words", "too_few_sentences"),
        dropped,
        value,
        threshold,
        {"repeated": int(found.units_removed.sum())},
        spans,
    )

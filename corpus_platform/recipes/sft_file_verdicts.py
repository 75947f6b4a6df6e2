"""Verdicts of a recipe's dedups and choices on the dialogues of a plain file: all of them compared, over what the earlier steps leave.

The file is read once for each of them. What is kept of a dialogue is what it is compared or chosen by, never its text.

Not here: what a copy is (sft/duplicates.py, steps/sft_dedup.py), what is written in the end (sft_files.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.deduplicated import VERDICT_SCHEMA
from corpus_platform.recipes.sft_files import dialogue_batches
from corpus_platform.recipes.sft_selections import as_verdicts, gathered, selections_of
from corpus_platform.recipes.steps.sft_dedup import DialoguesDedup
from corpus_platform.recipes.steps.sft_selection import Selection
from corpus_platform.sft.duplicates import INDEX_SCHEMA, index_of
from corpus_platform.sft.duplicates_search import Index, verdicts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.sft_files import Source
    from corpus_platform.signals.environment import Environment


def verdicts_of_file(recipe: Recipe, source: Source, environment: Environment) -> dict[str, pl.DataFrame]:
    """The dialogues that each dedup or choice of a recipe takes out, by step (columns of deduplicated.VERDICT_SCHEMA, and `rule`)."""
    selections_of(recipe)
    found: dict[str, pl.DataFrame] = {}
    for place, step in enumerate(recipe.steps):
        if isinstance(step, Selection):
            frames = (batch.frame for batch in dialogue_batches(source))
            indexes = [index for _, index in gathered(recipe, place, frames, environment, found)]
            if indexes:
                found[step.name] = as_verdicts(step.verdicts(pl.concat(indexes)))
            continue
        if not isinstance(step, DialoguesDedup):
            continue
        options = step.copies()
        survivors = _survivors(recipe, place, source, environment, found)
        indexes = [index_of(frame, options) for frame in survivors if frame.height]
        index = pl.concat(indexes) if indexes else pl.DataFrame(schema=INDEX_SCHEMA)
        gone = verdicts_of(Index.of(index), options).filter(~pl.col("kept")) if index.height else None
        found[step.name] = _as_verdicts(gone)
    return found


def _survivors(
    recipe: Recipe, place: int, source: Source, environment: Environment, verdicts: dict[str, pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """The dialogues that the steps before a place leave, batch by batch."""
    before = recipe.model_copy(update={"steps": recipe.steps[:place]})
    for batch in dialogue_batches(source):
        yield apply(before, batch.frame, environment, verdicts).kept if place else batch.frame


def _as_verdicts(gone: pl.DataFrame | None) -> pl.DataFrame:
    """Verdicts in the form of all dedups."""
    schema = {**VERDICT_SCHEMA, "rule": pl.String}
    if gone is None:
        return pl.DataFrame(schema=schema)
    empty = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in gone.columns]
    return gone.with_columns(empty).select(*schema).cast(schema)  # type: ignore[arg-type]

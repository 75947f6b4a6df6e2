"""Who takes part in the choices of a recipe over dialogues: what its earlier steps leave, with what each choice goes by.

A choice comes behind the recipe's dedup, and behind a choice before it; its verdicts are like a dedup's (deduplicated.py), with a threshold for each row.

Not here: the choices (steps/sft_selection.py), runs and tables (stages/sft_selected.py), files (sft_file_verdicts.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.errors import SettingsError
from corpus_platform.recipes.apply import Run
from corpus_platform.recipes.deduplicated import VERDICT_SCHEMA
from corpus_platform.recipes.step import DedupStep
from corpus_platform.recipes.steps.sft_selection import VERDICTS, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Environment

SCHEMA = {**VERDICT_SCHEMA, "rule": pl.String, "threshold": pl.Float64}
"""Verdicts as a recipe takes them."""


def selections_of(recipe: Recipe) -> tuple[tuple[int, Selection], ...]:
    """The choices of a recipe with their places among its steps. Raises SettingsError where one comes before a dedup, or two have one name."""
    found = tuple((place, step) for place, step in enumerate(recipe.steps) if isinstance(step, Selection))
    dedups = [
        place
        for place, step in enumerate(recipe.steps)
        if isinstance(step, DedupStep) and not isinstance(step, Selection)
    ]
    if found and dedups and found[0][0] < dedups[-1]:
        raise SettingsError(
            f"recipe {recipe.name}: `{found[0][1].name}` chooses among what the dedup `{recipe.steps[dedups[-1]].name}` leaves: put it behind"
        )
    names = [step.name for _, step in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise SettingsError(f"recipe {recipe.name}: two choices are called `{twice[0]}`: give one a `label`")
    return found


def gathered(
    recipe: Recipe,
    place: int,
    frames: Iterable[pl.DataFrame],
    environment: Environment,
    verdicts: Mapping[str, pl.DataFrame],
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Of each frame of dialogues the rows that the steps before a choice leave, and their index. `verdicts` are those of dedups and choices before."""
    step = recipe.steps[place]
    assert isinstance(step, Selection)
    for frame in frames:
        run = Run(recipe, frame, environment, verdicts)
        for index in range(place):
            run.step(index)
        rows = run.alive
        if not rows.size:
            continue
        run.values.measure(step.needs(), rows)
        known = [run.values.column(name).gather(rows).alias(name) for name in step.needs()]
        yield frame[rows], step.index(pl.DataFrame([frame["doc_id"].gather(rows), *known]))


def as_verdicts(found: pl.DataFrame) -> pl.DataFrame:
    """Those rows of verdicts (`VERDICTS`) that go, as a recipe takes them."""
    gone = found.filter(~pl.col("kept")).select(*VERDICTS)
    empty = [pl.lit(None, dtype).alias(name) for name, dtype in SCHEMA.items() if name not in VERDICTS]
    return gone.with_columns(empty).select(*SCHEMA).cast(SCHEMA)  # type: ignore[arg-type]

"""Why a dialogue was kept or not: looked up by doc_id, judged anew by its data set's recipe from what the lake stores.

Not here: pages and documents (explain.py), the outcome of steps (recipes/explain.py), printing (commands/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.analytics.explain import Story, judged, published
from corpus_platform.documents import DIALOGUES
from corpus_platform.recipes.deduplicated import VERDICT_SCHEMA
from corpus_platform.recipes.explain import explain
from corpus_platform.recipes.sft_selections import SCHEMA as SELECTED
from corpus_platform.recipes.sft_selections import as_verdicts, selections_of
from corpus_platform.stages.sft_filtered import FILTERED, SFT_DUPLICATES, SFT_SELECTED, SftFiltered, dedup_of
from corpus_platform.stages.sft_signals import SFT_SIGNALS, tables_of

if TYPE_CHECKING:
    from corpus_platform.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.stages.stage import Partition


def dialogue_stories(home: Home, wanted: str) -> list[Story]:
    """What the recipe of its data set makes of each dialogue of a doc_id, or of a record named `file:position`; its `snapshot` is the data set."""
    stage = home.dialogues.stages.get(FILTERED)
    if not isinstance(stage, SftFiltered):
        return []
    found: list[Story] = []
    file, _, position = wanted.rpartition(":")
    same = pl.col("doc_id") == wanted
    if position.isdigit():
        same |= (pl.col("file") == file) & (pl.col("position") == int(position))
    for name in tables_of(stage.sft):
        rows = home.lake.scan(name).filter(same & pl.col("set").is_in(list(stage.sft.sets))).collect()
        found += [_story(home.lake, stage, one) for one in rows.iter_slices(1)]
    return found


def _story(lake: Lake, stage: SftFiltered, frame: pl.DataFrame) -> Story:
    """The story of the dialogue of a frame of one row."""
    partition, doc_id = {"set": frame["set"].item()}, frame["doc_id"].item()
    read, frame = stage.judged(partition), frame.drop("set")
    place = {
        "recipe": read.recipe.name,
        "variant": DIALOGUES,
        "snapshot": partition["set"],
        "doc_id": doc_id,
        "url": frame["url"].item(),
        "published": published(lake, FILTERED, partition, doc_id),
    }
    if lake.state(SFT_SIGNALS, partition) is not None:
        measured: Any = lake.scan(SFT_SIGNALS, **partition).filter(pl.col("doc_id") == doc_id).collect()
        frame = read.known(frame, measured)
    step = dedup_of(read.recipe)
    verdicts = {step.name: _verdict(lake, partition, doc_id)} if step else {}
    verdicts |= {one.name: _choice(lake, partition, doc_id, one.name) for _, one in selections_of(read.recipe)}
    return judged(place, explain(read.recipe, frame, read.environment, verdicts)[0])


def _verdict(lake: Lake, partition: Partition, doc_id: str) -> pl.DataFrame:
    asked = ("doc_id", "kept", "similarity", "canonical", "rule")
    schema = {**VERDICT_SCHEMA, "rule": pl.String}
    if lake.state(SFT_DUPLICATES, partition) is None:
        return pl.DataFrame(schema=schema)
    rows = lake.scan(SFT_DUPLICATES, **partition).filter((pl.col("doc_id") == doc_id) & ~pl.col("kept"))  # type: ignore[arg-type]
    empty = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in asked]
    return rows.select(asked).with_columns(empty).select(*schema).cast(schema).collect()  # type: ignore[arg-type]


def _choice(lake: Lake, partition: Partition, doc_id: str, step: str) -> pl.DataFrame:
    """The same of a choice."""
    if lake.state(SFT_SELECTED, partition) is None:
        return pl.DataFrame(schema=SELECTED)
    same = (pl.col("doc_id") == doc_id) & (pl.col("step") == step)
    rows = lake.scan(SFT_SELECTED, **partition).filter(same)  # type: ignore[arg-type]
    return as_verdicts(rows.rename({"value": "similarity"}).collect())

"""Decontamination of dialogues: those that hold an item of an evaluation set go, in English and in Chinese, with the item and the share as evidence.

The evaluation sets are files that the setting `recipes.test_sets` names; without any the step compares with nothing. Before a run trusts a silence
planted items are looked for and must be found.
Sources: Tulu 3 (half of an item's tokens under 8-grams), GPT-3 (13-grams), Magicoder (test prompts of code).

Not here: reading the sets (recipes/eval_sets.py), the search and its thresholds (sft/contamination.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.recipes.eval_sets import eval_items
from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.sft.contamination import Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.sft.contamination import EvalItems
    from corpus_platform.signals.subject import Subject

CONTAMINATED = "contaminated"
_CACHED: dict[str, EvalItems] = {}
"""The items that were proved last, so that a batch does not prove them again."""


@register_step
class SftDecontaminate(EditStep):
    """Dialogues that hold an item of an evaluation set go."""

    step = "sft_decontaminate"
    acts_on = "spans"

    against: tuple[str, ...] = Field(
        default=(), description="Evaluation sets by name; all that the settings name by default"
    )
    flag: float = Field(default=0.5, gt=0, le=1, description="Share of an item's tokens from which on a dialogue goes")
    flag_short: float = Field(
        default=0.8,
        gt=0,
        le=1,
        description="The same for items of fewer than 32 tokens, whose numbers must be there too",
    )

    def items(self, files: Mapping[str, str]) -> EvalItems | None:
        """What is looked for; None where there is no evaluation set. Raises CheckFailed where a planted item is not found."""
        if not files:
            return None
        found = eval_items(files, self.against, Thresholds(flag=self.flag, flag_short=self.flag_short))
        if found.digest not in _CACHED:
            found.prove()
            _CACHED.clear()
            _CACHED[found.digest] = found
        return found

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """Drops dialogues; the ledger's word for one is `benchmark#item part: passage`."""
        n = len(subject)
        text = subject.batch.texts
        items = self.items(subject.environment.test_sets)
        if items is None:
            return Edited(text, np.zeros(n, np.bool_))
        hits = items.find(text).filter("flagged").unique("row", keep="first", maintain_order=True)
        rows = hits["row"].to_numpy().astype(np.int64)
        dropped, value, threshold = np.full(n, -1, np.int16), np.full(n, np.nan), np.full(n, np.nan)
        dropped[rows], value[rows] = 0, hits["score"].to_numpy()
        threshold[rows] = np.where(hits["tokens"].to_numpy() < items.thresholds.short, self.flag_short, self.flag)
        seen: list[str | None] = [None] * n
        for hit in hits.iter_rows(named=True):
            seen[hit["row"]] = f"{hit['benchmark']}#{hit['item']} {hit['part']}: {hit['passage'][:_SHOWN]}"
        return Edited(
            text,
            np.zeros(n, np.bool_),
            (CONTAMINATED,),
            dropped,
            value,
            threshold,
            spans=_spans(text, hits) if trace else None,
            seen=pl.Series(seen, dtype=pl.String),
        )


_SHOWN = 200
"""Characters of a passage that the ledger keeps."""


def _spans(text: pl.Series, hits: pl.DataFrame) -> pl.DataFrame:
    """Where the passages stand that are word for word those of the text; others differ from it in width or separators, and none is shown."""
    rows = []
    for row, passage in hits.select("row", "passage").iter_rows():
        at = text[row].find(passage)
        if at >= 0:
            rows.append((row, at, at + len(passage), CONTAMINATED))
    schema = {"document": pl.Int64, "start": pl.Int64, "end": pl.Int64, "rule": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")

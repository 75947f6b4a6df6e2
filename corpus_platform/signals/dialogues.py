"""Messages of the dialogues of a subject, as families over dialogues share them.

Not here: what is measured (sft_*.py), the flat form itself (sft/flat.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.errors import SchemaError
from corpus_platform.sft.flat import flatten

if TYPE_CHECKING:
    from corpus_platform.signals.subject import Subject


def flat(subject: Subject) -> pl.DataFrame:
    """A row for each message: `row`, `turn` and its fields. Raises SchemaError where the subject has no dialogues."""
    return subject.once("sft_flat", lambda: flatten(messages(subject)))


def messages(subject: Subject) -> pl.Series:
    """The column `messages`. Raises SchemaError where there is none."""
    if "messages" not in subject.columns.columns:
        raise SchemaError("these signals are of dialogues: the column `messages` is missing")
    return subject.columns["messages"]


def by_row(subject: Subject, measured: pl.DataFrame, name: str, *, missing: float | None = None) -> np.ndarray:
    """A column of a frame with one line for some of the rows (`row`), as float64[n]; NaN, or `missing`, for the others."""
    made = np.full(len(subject), np.nan if missing is None else missing)
    made[measured["row"].to_numpy()] = measured[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return made


def is_task(subject: Subject, *tasks: str) -> np.ndarray:
    """Which dialogues have one of some task types: bool[n]."""
    return subject.column("task_type").cast(pl.String).is_in(list(tasks)).fill_null(value=False).to_numpy()

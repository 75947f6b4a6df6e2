"""Documents in, their signals out: each family once over the batch.

Not here: reading and writing (stages/signals.py, the command `corpus annotate`), what signals mean (the families).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.signals.registry import families, families_of, signals
from corpus_platform.signals.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.registry import Family

LANGUAGE = "language"
"""The family that others depend on, and its column."""


def default_signals() -> tuple[str, ...]:
    """Names of the signals that are computed unasked, in the order of the columns."""
    return tuple(
        signal.name for family in families() if family.default and family.of == "texts" for signal in family.signals
    )


def annotate(
    frame: pl.DataFrame,
    names: Iterable[str] | None = None,
    environment: Environment | None = None,
    *,
    text: str = "text",
) -> pl.DataFrame:
    """The signals of documents: a frame of as many rows with a column per name (`default_signals` where none are given), in the registry's order.

    `frame` has the texts and any of the columns that families read (`url`, `domain`, `language`, `perplexity` ...). Where `language` is missing or
    null it is identified first. Raises SettingsError for an unknown name, SchemaError for a null text.
    """
    wanted = list(default_signals() if names is None else names)
    subject = Subject.of(frame, environment, text=text)
    return compute(subject, wanted)


def compute(subject: Subject, names: Iterable[str]) -> pl.DataFrame:
    """The signals of a subject; languages first, where one is missing and a family that is asked reads it."""
    wanted = list(dict.fromkeys(names))
    asked = families_of(wanted)
    by_name = {family.name: family for family in families()}
    found: dict[str, Any] = {}
    if any(name == LANGUAGE or LANGUAGE in by_name[name].reads for name in asked):
        found, subject = _with_language(subject, by_name[LANGUAGE])
    for name, signals_wanted in asked.items():
        if name != LANGUAGE:
            found.update(by_name[name].compute(subject, signals_wanted))
    order = {name: i for i, name in enumerate(signals())}
    return pl.DataFrame([as_series(name, found[name]) for name in sorted(wanted, key=order.__getitem__)])


def _with_language(subject: Subject, family: Family) -> tuple[dict[str, Any], Subject]:
    """The signals of the language family, and the subject with them as columns; the same subject, with its views, where it had them already."""
    found = dict(family.compute(subject, frozenset(signal.name for signal in family.signals)))
    if subject.column(LANGUAGE).null_count():
        subject = replace(subject, columns=subject.columns.with_columns(as_series(name, found[name]) for name in found))
    return found, subject


def as_series(name: str, values: Any) -> pl.Series:
    """A column as a Polars series of the signal's type; NaN becomes null."""
    dtype = signals()[name].column_type
    if isinstance(values, pa.Array | pa.ChunkedArray):
        made = pl.Series(name, values)
    elif isinstance(values, np.ndarray):
        made = pl.Series(name, values, nan_to_null=values.dtype.kind == "f")
    else:
        made = pl.Series(name, values, dtype=dtype)
    return made if made.dtype == dtype else made.cast(dtype)

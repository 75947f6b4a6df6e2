"""CCNet's seven numbers as RedPajama-V2 publishes them, from the columns of documents that went through CCNet's steps.

Not here: the steps themselves (dedup/paragraphs.py, models/perplexity.py, recipes/ccnet.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

BUCKETS = {"head": 0, "middle": 1, "tail": 2}
_SOURCE = "RedPajama-V2 (togethercomputer/RedPajama-Data), CCNet"


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The wanted columns under their names in RedPajama-V2; nulls where the documents have none."""
    found: dict[str, Any] = {}
    for name in wanted:
        column = subject.column(name.removeprefix("ccnet_"))
        if name == "ccnet_bucket":
            column = column.cast(pl.String).replace_strict(BUCKETS, default=None, return_dtype=pl.Int32)
        found[name] = column
    return found


def _signal(name: str, definition: str, dtype: Any, range_: str) -> Signal:
    return Signal(
        name,
        definition,
        _SOURCE,
        dtype=dtype,
        range=range_,
        empty="null where the documents did not go through CCNet's steps",
    )


CCNET = register(
    Family(
        name="ccnet",
        version="1",
        signals=(
            _signal("ccnet_length", "Characters after paragraph deduplication", pl.Int32, "0.."),
            _signal("ccnet_original_length", "Characters before paragraph deduplication", pl.Int32, "0.."),
            _signal("ccnet_nlines", "Lines after paragraph deduplication", pl.Int32, "0.."),
            _signal("ccnet_original_nlines", "Lines before paragraph deduplication", pl.Int32, "0.."),
            _signal(
                "ccnet_language_score",
                "Probability of the language, of the text after deduplication",
                pl.Float64,
                "0..1",
            ),
            _signal("ccnet_perplexity", "Perplexity under the language's 5-gram model of Wikipedia", pl.Float64, "1.."),
            _signal(
                "ccnet_bucket", "0 head, 1 middle, 2 tail: thirds of the language by perplexity", pl.Int32, "0, 1, 2"
            ),
        ),
        compute=compute,
        reads=("length", "original_length", "nlines", "original_nlines", "language_score", "perplexity", "bucket"),
    )
)

"""Pile-CC's quality draw: documents that resemble the positive class pass more often, and none is sure to fail.

A document's draw is fixed by its identity, so that a rerun decides alike.
Source: Gao et al. 2020 (The Pile), appendix C; Brown et al. 2020 (GPT-3), appendix A.

Not here: the classifier (models/), the threshold (recipes/).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from corpus_platform.signals.subject import Subject

MODEL = "quality/openwebtext2/en"
ALPHA = 3.0


def pareto(identities: pl.Series) -> np.ndarray:
    """A draw of numpy's (Lomax) Pareto distribution with alpha 3 for each identity: float64, >= 0."""
    digests = (hashlib.blake2b(f"pareto\\0{i}".encode(), digest_size=8).digest() for i in identities)
    uniform = np.frombuffer(b"".join(digests), "<u8").astype(np.float64) / 2**64
    return (1.0 - uniform) ** (-1.0 / ALPHA) - 1.0


def compute(subject: Subject, _wanted: frozenset[str]) -> Mapping[str, Any]:
    """Score minus (1 - draw); nothing without the model."""
    model = subject.environment.models.get(MODEL)
    identities = subject.column("doc_id")
    if model is None or identities.null_count():
        return {"pile_pareto_margin": np.full(len(subject), np.nan)}
    texts = subject.batch.texts
    return {"pile_pareto_margin": model.score(texts) - (1.0 - pareto(identities))}


register(
    Family(
        name="pile",
        version="1",
        signals=(
            Signal(
                name="pile_pareto_margin",
                definition="Score of the quality classifier minus (1 - draw of a Pareto distribution with alpha 3, fixed by doc_id): above 0 it is kept",
                source="The Pile (Gao et al. 2020), appendix C",
                range="any",
                models=(MODEL,),
            ),
        ),
        compute=compute,
        reads=("doc_id",),
        default=False,
    )
)

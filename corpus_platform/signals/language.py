"""The language of each document: what its `language` column says, else fastText's 176 languages.

Not here: the model file and how it is called (models/language_id.py), languages that a recipe keeps (recipes/).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.models.language_id import LanguageId, language_id_model
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject


def compute(subject: Subject, _wanted: frozenset[str]) -> Mapping[str, Any]:
    """Languages and scores: the ones that are given, and the model's for the rows whose language is null.

    Raises ModelError where the model is needed and missing.
    """
    language, score = subject.column("language"), subject.column("language_score", pl.Float64).cast(pl.Float64)
    unknown = language.is_null()
    if unknown.any():
        texts = subject.batch.texts.filter(unknown)
        characters = subject.environment.settings.language_characters
        if characters is not None:
            texts = texts.str.head(characters)
        model = opened(str(language_id_model(subject.environment.settings.language_id)))
        codes, scores = model.predict(texts.to_list())
        rows = unknown.arg_true()
        language = language.cast(pl.String).scatter(rows, pl.Series(codes, dtype=pl.String))
        score = score.scatter(rows, pl.Series(scores, dtype=pl.Float64))
        score = pl.select(pl.when(language.is_not_null()).then(score)).to_series()
    return {"language": language, "language_score": score}


@lru_cache(maxsize=2)
def opened(path: str) -> LanguageId:
    """The model at a path: one per process."""
    return LanguageId.open(path)


LANGUAGE = register(
    Family(
        name="language",
        version="1",
        signals=(
            Signal(
                name="language",
                definition="Code of the most likely language: as given with the document, else fastText's first label on the text with newlines as "
                "spaces (on its first characters only under the setting `language_characters`)",
                source="fastText lid.176",
                dtype=pl.String,
                range="ISO 639-1 code where there is one",
                models=("language_id",),
            ),
            Signal(
                name="language_score",
                definition="Probability of that language: as given with the document, else fastText's; null where a language was given without one",
                source="fastText lid.176",
                models=("language_id",),
            ),
        ),
        compute=compute,
        reads=("language", "language_score"),
    )
)

r"""What OpenWebMath asks of a page: formulas, accented letters, and whether its address is of an unwanted kind.

Source: Paster et al. 2023 (OpenWebMath), github.com/keirp/OpenWebMath, filtering/filter_dataset.py.

Not here: how formulas get into the text (extract/math_text.py), MathScore (models.py), edits and thresholds (recipes/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.batch import share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

MATH = "math"
"""Name of the model of MathScore."""
_PAPER = "OpenWebMath (Paster et al. 2023), filtering/filter_dataset.py"
_ACCENTED = "[üïöêäâîûôèéà]"
_PAGE_INDEX = r"\$\$?\\PageIndex\{[^}]*\}\$\$?"
_FORMULA = r"\$\$[^$]*\$\$|\$[^$]*\$"
_KEPT_LIBRETEXTS = "math|phys|stats"
_SCORES = frozenset({"owm_math_score", "owm_score_with_formulas", "owm_score_without_formulas"})


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """What is wanted of both families; the address needs no text."""
    found: dict[str, Any] = {}
    if "owm_bad_url" in wanted:
        found["owm_bad_url"] = _bad_url(subject)
    if "owm_accented_fraction" in wanted:
        accented = subject.lowered.texts.str.count_matches(_ACCENTED).to_numpy()
        found["owm_accented_fraction"] = share(accented, subject.batch.characters, np.nan)
    if wanted <= found.keys():
        return found
    found["owm_formulas"] = _formulas(subject)
    if "owm_libretexts" in wanted:
        urls = subject.column("url")
        foreign = urls.str.contains("libretexts", literal=True) & ~urls.str.contains(_KEPT_LIBRETEXTS)
        found["owm_libretexts"] = foreign & (found["owm_formulas"] == 0)
    if wanted & _SCORES:
        score = _math_score(subject)
        has = (found["owm_formulas"] > 0).to_numpy()
        found["owm_math_score"] = score
        found["owm_score_with_formulas"] = np.where(has, score, np.nan)
        found["owm_score_without_formulas"] = np.where(has, np.nan, score)
    return found


def _formulas(subject: Subject) -> pl.Series:
    texts = subject.batch.texts.str.replace_all(_PAGE_INDEX, "")
    if not subject.environment.reference:
        texts = texts.str.replace_all(r"\\\$", "")
    return texts.str.count_matches(_FORMULA).cast(pl.Int32)


def _bad_url(subject: Subject) -> pl.Series:
    urls = subject.column("url")
    parts = subject.environment.lists.get("owm_url_parts").entries
    search = urls.str.contains("/search", literal=True) & ~urls.str.contains("//search", literal=True)
    return urls.str.contains_any(list(parts)) | search if parts else search


def _math_score(subject: Subject) -> np.ndarray:
    """MathScore of each text, its formulas masked; NaN without the model."""
    model = subject.environment.models.get(MATH)
    if model is None:
        return np.full(len(subject), np.nan)
    texts = subject.batch.texts
    return model.score(texts.str.replace_all(_FORMULA, " "))


register(
    Family(
        name="openwebmath",
        version="1",
        signals=(
            Signal(
                name="owm_formulas",
                definition="Formulas between dollar signs: `$$..$$` or `$..$`, without `\\PageIndex` marks and escaped dollar signs",
                source=_PAPER,
                dtype=pl.Int32,
                range=">= 0",
                empty="0",
                reference="Escaped dollar signs count too",
            ),
            Signal(
                name="owm_accented_fraction",
                definition="Share of the characters that are one of the twelve letters ü ï ö ê ä â î û ô è é à, in either case",
                source=_PAPER,
            ),
            Signal(
                name="owm_bad_url",
                definition="Whether the address holds an entry of the list `owm_url_parts`, or `/search` not after the host's slashes",
                source=_PAPER,
                dtype=pl.Boolean,
                range="true, false",
                empty="null without an address",
                lists=("owm_url_parts",),
            ),
            Signal(
                name="owm_libretexts",
                definition="Whether the page is of a LibreTexts library other than mathematics, physics and statistics, and has no formula",
                source=_PAPER,
                dtype=pl.Boolean,
                range="true, false",
                empty="null without an address",
            ),
        ),
        compute=compute,
        reads=("url",),
    )
)

register(
    Family(
        name="math_score",
        version="1",
        signals=tuple(
            Signal(
                name=name,
                definition=f"MathScore of the text without its formulas{which}: probability of a fastText classifier that it is about mathematics",
                source="OpenWebMath (Paster et al. 2023), section 3.1",
                models=(MATH,),
            )
            for name, which in (
                ("owm_math_score", ""),
                ("owm_score_with_formulas", ", of pages that have some"),
                ("owm_score_without_formulas", ", of pages that have none"),
            )
        ),
        compute=compute,
        default=False,
    )
)

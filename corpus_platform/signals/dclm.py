"""DCLM's measures of quality (`dclm_*`): Gopher's once more, over words between white space and lines that are not blank.

Source: Li et al. 2024 (DataComp-LM); mlfoundations/dclm, baselines/mappers/filters/content_filters.py.

Not here: DCLM's repetition filters, which are Gopher's with uniseg's words (signals/gopher.py has datatrove's), its line corrections (clean/).
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.clean.refinedweb_lines import fasttext_words
from corpus_platform.signals.gopher import STOP_WORDS
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text import unicode
from corpus_platform.text.batch import share, totals
from corpus_platform.text.hashing import hash_texts
from corpus_platform.text.lines import strip
from corpus_platform.text.repeats import members
from corpus_platform.text.search import count, ends_with_any, starts_with_any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

BULLETS = ("●", "•", "*", "-")
ELLIPSES = ("...", ". . .", "…")
_SYMBOLS = ("#", "...", ". . .", "…")


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """DCLM's measures of each document."""
    batch, words = subject.batch, subject.space_words
    found: dict[str, Any] = {}
    if "dclm_words" in wanted:
        found["dclm_words"] = fasttext_words(batch)
    if wanted & {"dclm_bullet_line_fraction", "dclm_ellipsis_line_fraction"}:
        lines = strip(batch.lines)
        filled = totals(lines.end > lines.start, batch.document_line)
        found["dclm_bullet_line_fraction"] = share(totals(starts_with_any(lines, BULLETS), batch.document_line), filled)
        found["dclm_ellipsis_line_fraction"] = share(
            totals(ends_with_any(lines, ELLIPSES), batch.document_line), filled
        )
    without = totals((words.some & unicode.ALPHABETIC) == 0, words.document_token)
    forms = sorted({"".join(form) for word in STOP_WORDS for form in product(*((c, c.upper()) for c in word))})
    return found | {
        "dclm_mean_word_length": share(words.document_characters, words.count),
        "dclm_symbol_ratio": share(
            sum((count(batch, symbol) for symbol in _SYMBOLS), np.zeros(len(batch), np.int64)), words.count
        ),
        "dclm_non_alpha_word_fraction": share(without, words.count),
        "dclm_stop_words": totals(members(words.hash, hash_texts(forms)), words.document_token),
    }


def _signal(name: str, definition: str, **more: Any) -> Signal:
    return Signal(name, definition, "mlfoundations/dclm, content_filters.py", **more)


DCLM = register(
    Family(
        "dclm",
        "1",
        (
            _signal(
                "dclm_words",
                "Words between ASCII white space that begin with a letter or figure (fastText's words without punctuation)",
                dtype=pl.Int64,
                range="0..",
                empty="0",
            ),
            _signal("dclm_mean_word_length", "Characters of the words between white space / words", range="1.."),
            _signal(
                "dclm_symbol_ratio",
                "Occurrences of `#`, `...`, `. . .` and `…` / words between white space",
                range="0..",
            ),
            _signal(
                "dclm_bullet_line_fraction",
                "Lines that begin with ●, •, * or - / lines that are not blank, both stripped",
            ),
            _signal(
                "dclm_ellipsis_line_fraction",
                "Lines that end with `...`, `. . .` or `…` / lines that are not blank, both stripped",
            ),
            _signal("dclm_non_alpha_word_fraction", "Words between white space without a letter of any script / words"),
            _signal(
                "dclm_stop_words",
                "Occurrences of Gopher's eight stop words, in any case, among the words between white space",
                dtype=pl.Int64,
                range="0..",
                empty="0",
                languages="en",
            ),
        ),
        compute,
        default=False,
    )
)

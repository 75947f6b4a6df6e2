"""Where a regular expression matches in texts, in characters: what an edit by that expression takes out or replaces.

Promise: Polars' own matches, in their context, so that they are those of its `replace_all` with the same expression; the time is linear in the text.

Not here: which expressions (recipes/), places of lines and sentences (text/pieces.py).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from corpus_platform.clean.edits import Cut, matched
from corpus_platform.text.pieces import PLACES


def matches(texts: pl.Series, pattern: str, rule: str, rows: pl.Series | None = None) -> pl.DataFrame:
    """The matches in texts, or in some rows of them, under a rule's name: `document` (0..n-1), `start`, `end` in characters, `rule`.

    An empty match has a row too. The pattern is one of Polars (Rust's `regex`).
    """
    looked = texts if rows is None else texts.gather(rows)
    documents = pl.Series(np.arange(len(texts))) if rows is None else rows
    return matched(looked, Cut(rule, pattern), documents).select(*PLACES).cast(PLACES)  # type: ignore[arg-type]

"""Which lines of a document go by what a model says of each: a line that stands alone among lines of text is believed to be one of them.

A line is *lone* where the nearest lines that are not blank, on both sides, are of a class that stays: frames of pages come in blocks, or at a text's ends.

Not here: the model and its training texts (models/), the step (recipes/steps/line_classifier.py).
"""

from __future__ import annotations

import numpy as np

CLASSES = ("text", "ad", "navigation", "legal")
"""Running text; advertisements; menus, links, buttons, facts about a page; notices of rights, licences, cookies and liability."""


def without_lone(chosen: np.ndarray, label: np.ndarray, document_line: np.ndarray) -> np.ndarray:
    """bool[m]: the chosen lines but for lone ones. Lines of document d are `document_line[d]` to `document_line[d + 1]`."""
    owner = np.repeat(np.arange(document_line.size - 1), np.diff(document_line))
    says = np.flatnonzero(np.array([one is not None for one in label], np.bool_))
    if not says.size:
        return chosen
    own, picked = owner[says], chosen[says]
    same = own[1:] == own[:-1]
    stays_before = np.concatenate([[False], same & ~picked[:-1]])
    stays_behind = np.concatenate([same & ~picked[1:], [False]])
    kept = chosen.copy()
    kept[says[picked & stays_before & stays_behind]] = False
    return kept

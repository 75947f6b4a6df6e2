"""Recipes and documents made in a line, and an edit that is simple enough to be checked by eye."""

import numpy as np
import polars as pl

from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.step import Edited, EditStep, steps
from corpus_platform.signals.environment import Environment

ENVIRONMENT = Environment()
KNOWN = steps()


def recipe_of(*parts, **more):
    return Recipe(name="test", title="", reference="", about="", steps=parts, **{"variant": "wet", **more})


def step(name, **values):
    return KNOWN[name](**values)


def frame_of(*texts, **columns):
    return pl.DataFrame({"doc_id": [f"d{i}" for i in range(len(texts))], "text": list(texts), **columns})


class Cut(EditStep):
    """Takes a letter out; drops documents that are made of it alone."""

    step = "cut"
    letter: str = "x"

    def edit(self, subject, *, trace=False):
        texts = [bytes(subject.batch.documents.bytes(i)).decode() for i in range(len(subject))]
        after = [text.replace(self.letter, "") for text in texts]
        gone = np.array([bool(text) and not left for text, left in zip(texts, after, strict=True)], np.bool_)
        spans = [
            (i, j, j + 1, "letter") for i, text in enumerate(texts) for j, c in enumerate(text) if c == self.letter
        ]
        return Edited(
            text=pl.Series("text", after, pl.String),
            changed=np.array([a != b for a, b in zip(texts, after, strict=True)], np.bool_),
            rules=("nothing_left",),
            dropped=np.where(gone, 0, -1).astype(np.int16),
            value=np.where(gone, 0.0, np.nan),
            threshold=np.where(gone, 1.0, np.nan),
            removed={"letters": sum(len(a) - len(b) for a, b in zip(texts, after, strict=True))},
            spans=pl.DataFrame(spans, ["document", "start", "end", "rule"], orient="row") if trace else None,
        )

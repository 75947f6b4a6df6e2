"""Words and sentences by spaCy's blank English pipeline with a sentencizer, which is what datatrove counts with: an optional extra.

Tokens are stripped, and those of white space alone left out. It takes every text for English, as FineWeb's filters do by default.
Source: huggingface/datatrove, utils/word_tokenizers.py; explosion/spaCy.

Not here: our own words (text/words.py) and sentences (clean/sentences.py), which need no spaCy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus_platform.errors import SettingsError
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.words import Tokens, tokens_at

if TYPE_CHECKING:
    from corpus_platform.text.batch import Spans

_BREAKS_SPACY = "IS_ALPHA"


@lru_cache(maxsize=1)
def _pipeline() -> Any:
    """The blank English pipeline. Raises SettingsError where it is not installed."""
    try:
        import spacy  # noqa: PLC0415  # pyright: ignore[reportMissingImports]  (an optional extra)
    except ImportError as error:
        raise SettingsError(
            'spaCy is not installed: pip install "corpus-platform[spacy]", or set `words: simple`'
        ) from error
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    return pipeline


def _document(text: str) -> Any:
    """A text through the pipeline. Where spaCy fails on the name of one of its own attributes, that is taken out, as datatrove does."""
    pipeline = _pipeline()
    pipeline.max_length = len(text) + 10
    try:
        return pipeline(text)
    except Exception:
        if _BREAKS_SPACY not in text:
            raise
        return pipeline(text.replace(_BREAKS_SPACY, ""))


def spacy_words(batch: TextBatch) -> Tokens:
    """Tokens of each text, in a buffer of their own."""
    texts = [batch.documents.bytes(d).decode() for d in range(len(batch))]
    words: list[list[str]] = []
    for text in texts:
        with _pipeline().memory_zone():
            words.append([word for token in _document(text) if (word := token.text.strip())])
    flat = TextBatch.of([word for own in words for word in own])
    offset = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(own) for own in words], dtype=np.int64)])
    return tokens_at(flat.data, flat.document_start[:-1], flat.document_start[1:], offset)


def spacy_sentences(spans: Spans, rows: np.ndarray) -> np.ndarray:
    """Sentences of some of the spans (indexes), as datatrove counts them: int64, 0 for the other spans; an empty text is one."""
    count = np.zeros(len(spans), np.int64)
    for row in rows:
        count[row] = max(1, sum(1 for _ in _document(spans.bytes(row).decode()).sents))
    return count

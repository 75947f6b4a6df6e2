"""What a comparison of corpora is asked for and what it found: settings, figures, limits.

Not here: how figures come about (compare_corpora.py), the page (compare_page.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

LIMITS = (
    "An n-gram model is no training run: it tells which texts are like which, not what a language model would learn from them.",
    "A corpus foretells its own kind best: a low figure off the diagonal tells of breadth, one on it may tell of sameness.",
    "Only exact copies of training texts are kept out of the held-out ones: near copies flatter the corpus that has them.",
    "Some hundred thousand tokens are few: small differences, and cells of few documents, say little. Look at the intervals.",
    "Figures of one column can be held against each other; those of different columns, and of different runs, can't.",
)
"""What the figures do not say."""


class CompareSettings(BaseModel):
    """How corpora are compared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int | None = Field(
        default=None, ge=1_000, description="Tokens of each corpus; as many as the smallest has, by default"
    )
    most_tokens: int = Field(default=1_000_000, ge=1_000, description="Most tokens of each corpus where none are named")
    order: int = Field(default=3, ge=2, le=6, description="Longest n-gram")
    vocabulary: int = Field(default=8_000, ge=64, description="Most pieces")
    held_out: float = Field(default=0.1, gt=0, lt=1, description="Share of the texts that is held out")
    most_held_out: int = Field(default=300, ge=2, description="Most held-out texts of a corpus, source and language")
    min_documents: int = Field(
        default=5, ge=2, description="Held-out texts that a source and language needs for figures of its own"
    )
    resamples: int = Field(default=400, ge=100, description="Resampled sets for the intervals")


@dataclass(frozen=True, slots=True)
class Text:
    """A document as it is compared."""

    text: str
    source: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class CorpusFacts:
    """What was taken of a corpus."""

    name: str
    documents: int
    """All that were read."""
    trained: int
    """Documents that its model saw, the last one perhaps in part."""
    tokens: int
    held_out: int
    """Held-out documents that were asked."""


@dataclass(frozen=True)
class Cell:
    """How well the model of a corpus foretells held-out texts of a corpus, or of one of its sources and languages."""

    model: str
    corpus: str
    source: str | None
    """None: all of them."""
    language: str | None
    documents: int
    bytes: int
    words: int
    bits_per_byte: float
    low: float
    high: float
    """Interval of the bits per byte."""
    is_best: bool = False
    """Whether no model is surely better here: over the same resampled texts the difference to the lowest figure may be nothing."""

    @property
    def perplexity_per_byte(self) -> float:
        """2 to the power of the bits per byte."""
        return 2.0**self.bits_per_byte

    @property
    def perplexity_per_word(self) -> float:
        """Of words as `cjk_words` cuts them, so that a Chinese character is one."""
        return 2.0 ** min(self.bits_per_byte * self.bytes / max(self.words, 1), 1_000.0)


@dataclass(frozen=True)
class Comparison:
    """Corpora, and the figures of each model on each set of held-out texts."""

    corpora: tuple[CorpusFacts, ...]
    cells: tuple[Cell, ...]
    tokens: int
    """Tokens that each model was trained on."""
    pieces: int
    settings: CompareSettings
    limits: tuple[str, ...] = LIMITS

    def sets(self) -> list[tuple[str, str | None, str | None]]:
        """The held-out sets in order: (corpus, source, language); all of a corpus first."""
        return list(dict.fromkeys((cell.corpus, cell.source, cell.language) for cell in self.cells))

    def at(self, model: str, of: tuple[str, str | None, str | None]) -> Cell:
        """The figures of a model on a held-out set."""
        return next(
            cell for cell in self.cells if (cell.model, cell.corpus, cell.source, cell.language) == (model, *of)
        )

    def best(self, of: tuple[str, str | None, str | None]) -> set[str]:
        """Models that no other is surely better than on a held-out set."""
        return {corpus.name for corpus in self.corpora if self.at(corpus.name, of).is_best}

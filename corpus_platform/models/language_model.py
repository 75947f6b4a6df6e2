"""Trains the language model of a language: SentencePiece, then an n-gram model of its pieces, then cut-offs on articles held out.

Texts are normalised once and kept in a temporary file, so that they may be more than memory holds (8 bytes a text stay). The articles with the
lowest hashes are held out: neither order nor shards change which.
Promise: the same texts and settings give the same files. Below a minimum of text no model is made, and the reason is said.

Not here: n-gram estimation (ngram.py), scoring (perplexity.py), where texts come from (the stage).
"""

from __future__ import annotations

import hashlib
import tempfile
import unicodedata
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from corpus_platform.errors import SettingsError
from corpus_platform.models import ngram
from corpus_platform.models.normalise import Newlines, normalise
from corpus_platform.models.perplexity import (
    INFO,
    NGRAMS,
    PIECES,
    Cutoffs,
    LanguageModelInfo,
    Perplexity,
    file_digest,
    write_info,
)
from corpus_platform.models.sentence_piece import SentencePiece
from corpus_platform.models.sentence_piece import train as train_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_BATCH = 256
_LOW = np.uint64(0xFFFFFFFF)


class TrainingSettings(BaseModel):
    """How language models are trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vocabulary: int = Field(default=65_536, ge=32, description="Most SentencePiece pieces")
    characters_per_piece: int = Field(default=350, ge=1, description="Small texts have no more pieces than this allows")
    order: int = Field(default=5, ge=2, le=6, description="Longest n-gram")
    newlines: Newlines = Field(
        default="delete", description="`delete`: as CCNet, words at line ends are joined; `space` keeps them apart"
    )
    min_characters: int = Field(default=200_000, ge=0, description="With fewer characters of text no model is made")
    min_articles: int = Field(default=50, ge=2, description="With fewer articles no model is made")
    held_out: float = Field(
        default=0.05, gt=0, lt=1, description="Share of the articles that is held out for the cut-offs"
    )
    min_held_out: int = Field(default=20, ge=1, description="Fewest articles held out")
    max_held_out: int = Field(default=10_000, ge=1, description="Most articles held out")
    sentence_piece_characters: int = Field(
        default=100_000_000, gt=0, description="SentencePiece sees a sample of that many characters"
    )
    cutoffs: Literal["held_out", "published", "explicit"] = Field(
        default="held_out", description="Where the cut-offs are from"
    )
    head: float | None = Field(default=None, gt=0, description="Explicit cut-off below which a document is head")
    tail: float | None = Field(default=None, gt=0, description="Explicit cut-off below which a document is middle")
    compress: bool = Field(default=True, description="Keep the n-gram model as .arpa.gz")
    memory: int = Field(default=1 << 30, ge=1 << 20, description="Bytes for sorting n-grams")

    @model_validator(mode="after")
    def _cutoffs_fit(self) -> Self:
        explicit = self.head is not None and self.tail is not None
        if self.cutoffs == "explicit" and not explicit:
            raise ValueError("cutoffs: explicit needs both `head` and `tail`")
        if self.cutoffs != "explicit" and (self.head is not None or self.tail is not None):
            raise ValueError(f"`head` and `tail` are for cutoffs: explicit, not {self.cutoffs}")
        return self


def train_language_model(
    language: str,
    texts: Iterable[str],
    directory: str | Path,
    settings: TrainingSettings | None = None,
    *,
    temporary: str | Path | None = None,
    progress: Callable[[str], None] = lambda _step: None,
) -> LanguageModelInfo:
    """Trains a model into a folder (spm.model, model.arpa.gz, model.json) and says what it is.

    With too little text nothing is written: `model` is None and `reason` says why. `temporary`: folder for temporary files, about ten times
    the text. `progress` is told the step that begins. Raises SettingsError when the settings ask for CCNet's published cut-offs.
    """
    settings = settings or TrainingSettings()
    if settings.cutoffs == "published":
        raise SettingsError(
            f"language model `{language}`: CCNet's published cut-offs fit its published models only; "
            "take those from a location, or choose cutoffs: held_out or explicit"
        )
    with tempfile.TemporaryDirectory(prefix="language-model-", dir=temporary) as name:
        progress("normalise")
        text = _Spool.of(texts, Path(name) / "normalised.txt", settings)
        if reason := text.too_little(language):
            return LanguageModelInfo(language=language, reason=reason, settings=settings.model_dump(), **text.facts())
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        for old in (INFO, PIECES, *NGRAMS):
            (folder / old).unlink(missing_ok=True)
        progress("sentence pieces")
        vocabulary = train_pieces(text.sample(), folder / PIECES, language=language, vocabulary=text.vocabulary())
        progress("n-grams")
        estimate = _estimate(text, folder, settings, Path(name))
        info = LanguageModelInfo(
            language=language,
            model=folder,
            order=settings.order,
            ngrams=estimate.counts,
            vocabulary=vocabulary,
            newlines=settings.newlines,
            tokens=estimate.tokens,
            settings=settings.model_dump(),
            versions=_versions(estimate),
            digests={path.name: file_digest(path) for path in (folder / PIECES, estimate.path)},
            **text.facts(),
        )
        write_info(folder, info)
        progress("cut-offs")
        info = info.model_copy(update={"cutoffs": _cutoffs(text, folder, settings)})
        write_info(folder, info)
    return info


@dataclass(frozen=True)
class _Spool:
    """The normalised texts in a file, one a line, and which of them are held out."""

    path: Path
    hashes: np.ndarray
    """uint64 of each text, in the file's order."""
    characters: int
    alphabet: int
    """Different characters."""
    settings: TrainingSettings

    @classmethod
    def of(cls, texts: Iterable[str], path: Path, settings: TrainingSettings) -> _Spool:
        """Writes the texts; those of which nothing is left are skipped."""
        hashes: list[int] = []
        characters = 0
        alphabet: set[str] = set()
        with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            for text in texts:
                line = normalise(text, settings.newlines)
                if not line:
                    continue
                file.write(line + "\n")
                characters += len(line)
                alphabet.update(line)
                digest = hashlib.blake2b(line.encode("utf-8", "replace"), digest_size=8).digest()
                hashes.append(int.from_bytes(digest, "little"))
        return cls(path, np.array(hashes, np.uint64), characters, len(alphabet), settings)

    @property
    def articles(self) -> int:
        return self.hashes.size

    def too_little(self, language: str) -> str | None:
        """Why there can be no model, or None."""
        least = self.settings
        if self.articles >= least.min_articles and self.characters >= least.min_characters:
            return None
        articles = "1 article" if self.articles == 1 else f"{self.articles:,} articles"
        return (
            f"`{language}` has {articles} of {self.characters:,} characters in all; a model needs {least.min_articles:,} articles "
            f"and {least.min_characters:,} characters"
        )

    def vocabulary(self) -> int:
        """Most pieces: the setting, and fewer where rare pieces would fill it.

        Measured on 2.9 million characters of English: with 8,192 pieces Chinese text has 12 times the perplexity of English, with the 24,000
        that the trainer finds 9 times, and training takes two thirds of the time. Every character may have a piece, so that Chinese fits.
        """
        by_size = max(self.characters // self.settings.characters_per_piece, 2 * self.alphabet, 2_000)
        return min(self.settings.vocabulary, by_size)

    def facts(self) -> dict[str, Any]:
        """What is known of the text, as fields of LanguageModelInfo."""
        held_out = int(self.held_out().sum())
        return {
            "articles": self.articles - held_out,
            "held_out_articles": held_out,
            "characters": self.characters,
            "data": hashlib.blake2b(np.sort(self.hashes).tobytes(), digest_size=16).hexdigest(),
        }

    def held_out(self) -> np.ndarray:
        """Which texts are held out: those with the lowest hashes. Equal texts are on one side."""
        if self.articles < self.settings.min_articles:
            return np.zeros(self.articles, np.bool_)
        share = round(self.articles * self.settings.held_out)
        wanted = min(max(share, self.settings.min_held_out), self.settings.max_held_out, self.articles - 1)
        return self.hashes <= np.partition(self.hashes, wanted - 1)[wanted - 1]

    def lines(self, chosen: np.ndarray) -> Iterator[str]:
        """The chosen texts, in order."""
        with self.path.open(encoding="utf-8", newline="\n") as file:
            for line, wanted in zip(file, chosen, strict=True):
                if wanted:
                    yield line.rstrip("\n")

    def sample(self) -> Iterator[str]:
        """Texts for SentencePiece: all that are not held out, or a share of them chosen by hash where they are more than the settings allow."""
        share = min(1.0, self.settings.sentence_piece_characters / max(self.characters, 1))
        chosen = (self.hashes & _LOW).astype(np.float64) < share * float(_LOW + np.uint64(1))
        return self.lines(chosen & ~self.held_out())


def _estimate(text: _Spool, folder: Path, settings: TrainingSettings, temporary: Path) -> ngram.Estimate:
    """The n-gram model of the texts that are not held out."""
    tokenised = temporary / "pieces.txt"
    with tokenised.open("w", encoding="utf-8", newline="\n") as file:
        for pieces in _pieces(text.lines(~text.held_out()), SentencePiece(folder / PIECES)):
            file.write(pieces + "\n")
    name = "model.arpa.gz" if settings.compress else "model.arpa"
    return ngram.estimate(
        tokenised, folder / name, order=settings.order, memory=settings.memory, temporary=temporary, skip_reserved=True
    )


def _pieces(lines: Iterable[str], model: SentencePiece) -> Iterator[str]:
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _BATCH:
            yield from model.encode(batch)
            batch = []
    yield from model.encode(batch)


def _cutoffs(text: _Spool, folder: Path, settings: TrainingSettings) -> Cutoffs:
    if settings.head is not None and settings.tail is not None:
        return Cutoffs(head=settings.head, tail=settings.tail, source="explicit")
    model = Perplexity(folder)
    return Cutoffs.of(model.score_normalised(list(text.lines(text.held_out()))), "held_out")


def _versions(estimate: ngram.Estimate) -> dict[str, str]:
    """Programs whose version can change the model."""
    return {
        "sentencepiece": version("sentencepiece"),
        "ngram": estimate.program if estimate.program == "lmplz" else f"corpus-platform {version('corpus-platform')}",
        "unicode": unicodedata.unidata_version,
    }

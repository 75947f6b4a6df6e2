"""Perplexity of documents under a language's model, and the bucket that follows from it.

A language model is a folder: `spm.model` (SentencePiece), `model.arpa`, `.arpa.gz` or `.bin` (n-grams) and `model.json` (what it was made of,
its cut-offs). A document is normalised to one line, cut into pieces, scored with sentence begin and end; its perplexity is
10 ** (-log10 score / (pieces + 1)), rounded to one decimal. Lower is more like the text of the model.
Source: CCNet (Wenzek et al. 2020), facebookresearch/cc_net, perplexity.py.

Not here: how a model is trained (language_model.py).
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus_platform.errors import ModelError, SettingsError
from corpus_platform.models import ngram
from corpus_platform.models.normalise import Newlines, normalise
from corpus_platform.models.sentence_piece import SentencePiece

if TYPE_CHECKING:
    from collections.abc import Sequence

PIECES, INFO = "spm.model", "model.json"
NGRAMS = ("model.bin", "model.arpa", "model.arpa.gz")
HEAD_PERCENTILE, TAIL_PERCENTILE = 30, 60

_BATCH = 64
_LARGEST = 38.0
"""log10 of the largest perplexity, that of float32."""

Bucket = Literal["head", "middle", "tail", "all"]


class Cutoffs(BaseModel):
    """Perplexities that part the buckets of one language, and what they come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: float = Field(gt=0, description="Below it a document is head")
    tail: float = Field(gt=0, description="Below it a document is middle, from it on tail")
    source: str = Field(default="explicit", description="held_out, published, explicit, or the name of a snapshot")

    @classmethod
    def of(cls, perplexities: np.ndarray, source: str) -> Cutoffs:
        """The 30th and 60th percentile of documents' perplexities, NaN left out. Raises ModelError where there are none."""
        known = perplexities[np.isfinite(perplexities)]
        if known.size == 0:
            raise ModelError(f"no cut-offs from `{source}`: no document of it has a perplexity")
        head, tail = np.percentile(known.astype(np.float64), [HEAD_PERCENTILE, TAIL_PERCENTILE])
        return cls(head=round(float(head), 1), tail=round(float(tail), 1), source=source)

    def bucket(self, perplexity: float) -> Bucket:
        """`head`, `middle` or `tail`; `all` for a document without perplexity (NaN or negative)."""
        if not perplexity >= 0:
            return "all"
        # A float32 column holds 123.3 as 123.30000305.
        value = round(perplexity, 1)
        if value < self.head:
            return "head"
        return "middle" if value < self.tail else "tail"


@cache
def _published() -> dict[str, Cutoffs]:
    text = files("corpus_platform.models").joinpath("ccnet_cutoffs.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        row["language"]: Cutoffs(head=float(row["head"]), tail=float(row["tail"]), source="published") for row in rows
    }


def published_cutoffs(language: str) -> Cutoffs | None:
    """The cut-offs of CCNet's own model of a language, or None. They fit that model only."""
    return _published().get(language)


class LanguageModelInfo(BaseModel):
    """What a language model is made of; all of `model.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    model: Path | None = Field(
        default=None, exclude=True, description="The model's folder, None where there was too little text for one"
    )
    reason: str | None = Field(default=None, description="Why there is no model")
    origin: str = Field(default="trained", description="`trained`, or the place that the model was taken from")
    cutoffs: Cutoffs | None = Field(default=None, description="None: every document is in the bucket `all`")
    order: int | None = Field(default=None, description="Longest n-gram")
    ngrams: tuple[int, ...] = Field(default=(), description="n-grams of the model by order, from 1")
    vocabulary: int | None = Field(default=None, description="SentencePiece's pieces")
    newlines: Newlines = Field(
        default="delete", description="What the normaliser does with newlines, in training and in scoring"
    )
    articles: int = Field(default=0, description="Texts that the model was trained on")
    held_out_articles: int = Field(default=0, description="Texts that only the cut-offs were measured on")
    characters: int = Field(
        default=0, description="Characters of all texts after normalisation, held-out ones included"
    )
    tokens: int = Field(default=0, description="Pieces that the n-grams were counted on")
    data: str | None = Field(default=None, description="Identity of the texts (BLAKE2b-128 of their sorted hashes)")
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the training")
    versions: dict[str, str] = Field(default_factory=dict, description="Programs that made it")
    digests: dict[str, str] = Field(default_factory=dict, description="BLAKE2b-128 of each file")

    @property
    def digest(self) -> str | None:
        """Identity of the model, 32 hex digits: its files, how it is read, and its cut-offs. None where there is no model."""
        if not self.digests:
            return None
        cutoffs = self.cutoffs and (self.cutoffs.head, self.cutoffs.tail)
        return hashlib.blake2b(
            repr((sorted(self.digests.items()), self.newlines, cutoffs)).encode(), digest_size=16
        ).hexdigest()


@dataclass(frozen=True)
class LanguageModel:
    """The files of a model, and what is known of it."""

    pieces: Path
    ngrams: Path
    info: LanguageModelInfo

    @classmethod
    def open(cls, folder: str | Path) -> LanguageModel:
        """The model that was trained or saved into a folder. Raises ModelError when it is not all there."""
        folder = Path(folder)
        try:
            info = LanguageModelInfo.model_validate_json((folder / INFO).read_bytes())
        except OSError as error:
            raise ModelError(
                f"{folder}: no language model there ({INFO} is missing); train it, or name the right folder"
            ) from error
        except ValidationError as error:
            raise ModelError(
                f"{folder / INFO}: not a language model of this version: {error.errors()[0]['msg']}; train it again"
            ) from error
        ngrams = next((folder / name for name in NGRAMS if (folder / name).is_file()), None)
        if ngrams is None or not (folder / PIECES).is_file():
            raise ModelError(f"{folder}: needs {PIECES} and one of {', '.join(NGRAMS)}; train the model again")
        return cls(folder / PIECES, ngrams, info.model_copy(update={"model": folder}))

    @classmethod
    def from_location(cls, location: str | Path, language: str, cutoffs: Cutoffs | None = None) -> LanguageModel:
        """CCNet's published model of a language: `<language>.sp.model` and `<language>.arpa.bin` in a local folder.

        Its cut-offs are the published ones unless others are given; without any every document is in the bucket `all`.
        Raises ModelError when a file is missing, SettingsError when the place is not a local folder.
        """
        if "://" in str(location):
            raise SettingsError(
                f"language models at {location}: copy them to a local folder first; they are mapped into memory"
            )
        pieces, ngrams = (Path(location) / f"{language}{end}" for end in (".sp.model", ".arpa.bin"))
        for file in (pieces, ngrams):
            if not file.is_file():
                raise ModelError(f"{file}: not there; a published model is two files, {pieces.name} and {ngrams.name}")
        info = LanguageModelInfo(
            language=language,
            model=Path(location),
            origin=str(location),
            cutoffs=cutoffs or published_cutoffs(language),
            digests={PIECES: file_digest(pieces), "model.bin": file_digest(ngrams)},
        )
        return cls(pieces, ngrams, info)

    def save(self, folder: str | Path) -> LanguageModel:
        """Copies the model into a folder of its own, in this platform's layout. `model.json` comes last: with it the model is complete."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INFO).unlink(missing_ok=True)
        name = self.ngrams.name if self.ngrams.name in NGRAMS else "model.bin"
        for source, target in ((self.pieces, folder / PIECES), (self.ngrams, folder / name)):
            if source.resolve() != target.resolve():
                shutil.copyfile(source, target)
        write_info(folder, self.info)
        return LanguageModel.open(folder)

    def with_cutoffs(self, cutoffs: Cutoffs | None) -> LanguageModel:
        """The same model with other cut-offs, say of a snapshot; `save` keeps it."""
        return LanguageModel(self.pieces, self.ngrams, self.info.model_copy(update={"cutoffs": cutoffs}))


class Perplexity:
    """A language model in memory. It does not pickle: each process opens its own."""

    def __init__(self, model: LanguageModel | str | Path) -> None:
        """Loads a model, or the one in a folder. Raises ModelError."""
        self.model = model if isinstance(model, LanguageModel) else LanguageModel.open(model)
        self.info = self.model.info
        self._pieces = SentencePiece(self.model.pieces)
        self._ngrams = ngram.load(self.model.ngrams)

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Perplexity of each text, float32, rounded to one decimal; NaN where nothing is left of a text by the normaliser."""
        return self.score_normalised([normalise(text, self.info.newlines) for text in texts])

    def score_normalised(self, lines: Sequence[str]) -> np.ndarray:
        """The same for texts that the normaliser has been over already."""
        result = np.full(len(lines), np.nan, np.float32)
        for start in range(0, len(lines), _BATCH):
            pieces = self._pieces.encode(lines[start : start + _BATCH])
            result[start : start + _BATCH] = [self._perplexity(text) for text in pieces]
        return result

    def bucket(self, perplexity: float | np.floating) -> Bucket:
        """`head`, `middle`, `tail`, or `all` for a document without perplexity and a model without cut-offs."""
        return self.info.cutoffs.bucket(float(perplexity)) if self.info.cutoffs else "all"

    def _perplexity(self, pieces: str) -> float:
        return perplexity_of(ngram.lm_score(self._ngrams, pieces), len(pieces.split()) + 1) if pieces else np.nan


def perplexity_of(log10_score: float, length: int) -> float:
    """10 ** (-score / length), rounded to one decimal. `length` counts the tokens and the end of the sentence."""
    return round(10.0 ** min(-log10_score / length, _LARGEST), 1)


def file_digest(path: Path) -> str:
    """32 hex digits (BLAKE2b-128) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def write_info(folder: Path, info: LanguageModelInfo) -> None:
    """Writes `model.json` in one step."""
    part = folder / f".{INFO}.part"
    part.write_text(info.model_dump_json(indent=1) + "\n", encoding="utf-8")
    part.replace(folder / INFO)

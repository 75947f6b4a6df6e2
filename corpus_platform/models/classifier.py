"""Text classifiers: fastText models in folders, with what is known of them.

A classifier is a folder: `model.bin` (fastText) and `classifier.json` (features, classes, how it was made, how well it does on texts held back).
Its *score* is the probability of its positive classes. With two classes it is RedPajama-V2's: the top label's probability p, or 1 - p where the
top label is the negative one. A text without features has no score (NaN) and no label.
Source of the rule: RedPajama-Data, app/src/core/quality_signals/classifiers.py.

Promise: the same rows and settings give the same model file; training runs on one thread with a fixed seed.

Not here: where rows are from (training_sets.py, stages/), how models are found (shelf.py).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus_platform.errors import ModelError
from corpus_platform.models.features import Features, feature_lines, word_bytes
from corpus_platform.models.inference import Network
from corpus_platform.models.perplexity import file_digest
from corpus_platform.text.batch import TextBatch, strings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from corpus_platform.models.training_sets import TrainingSet

MODEL, INFO = "model.bin", "classifier.json"
_LABEL = "__label__"
_BATCH = 4096
_SEEN, _EPOCHS, _MOST_EPOCHS = 15_000_000, 5, 50
"""Words that training sees at least, where that takes no more than the most epochs; fastText's own epochs."""


class FastTextSettings(BaseModel):
    """Settings of supervised training, with fastText's own defaults where rows are many.

    Five epochs at 0.1 leave a model of a few hundred pages where it began (all its scores are 0.5): on fewer than 3 million words there are as many
    epochs (at most 50) as it takes to see 15 million, at 0.5.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lr: float | None = Field(default=None, gt=0, description="Learning rate; 0.1, and 0.5 on few words, by default")
    epoch: int | None = Field(
        default=None, ge=1, description="Passes over the rows; 5, and more on few words, by default"
    )
    dim: int = Field(default=100, ge=2, description="Size of a word's vector")
    word_ngrams: int = Field(default=1, ge=1, description="Longest n-gram of words")
    bucket: int = Field(default=2_000_000, ge=1, description="Buckets of n-grams; none are kept with word_ngrams 1")
    min_count: int = Field(default=1, ge=1, description="Fewest occurrences of a word")
    loss: Literal["softmax", "ova", "hs", "ns"] = Field(default="softmax", description="Loss function")
    seed: int = Field(default=0, description="Seed of the first vectors and of the order of samples")

    def on(self, words: int) -> FastTextSettings:
        """The same with what is left open decided for rows of so many words."""
        few = words < _SEEN // _EPOCHS
        epochs = min(max(_SEEN // max(words, 1), _EPOCHS), _MOST_EPOCHS) if few else _EPOCHS
        return self.model_copy(update={"epoch": self.epoch or epochs, "lr": self.lr or (0.5 if few else 0.1)})


class ClassMetrics(BaseModel):
    """How well one class is told, on the texts held back. Null where there is nothing to measure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    training_rows: int = 0
    support: int = Field(default=0, description="Texts of the class among those held back")
    precision: float | None = None
    recall: float | None = None


class ClassifierInfo(BaseModel):
    """What a classifier is made of; all of `classifier.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    languages: tuple[str, ...] = Field(default=(), description="Languages that it is for; empty: any")
    labels: tuple[str, ...] = ()
    positive: tuple[str, ...] = Field(default=(), description="Classes whose probability is the score")
    features: Features = "lines"
    origin: str = Field(default="trained", description="`trained`, or the place that the model was taken from")
    reason: str | None = Field(default=None, description="Why there is no model")
    classes: tuple[ClassMetrics, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)
    data: str | None = Field(default=None, description="Identity of the rows it was trained and judged on")
    file: str | None = Field(default=None, description="BLAKE2b-128 of the model's file")

    @property
    def digest(self) -> str | None:
        """Identity of the model, 32 hex digits: its file and how it is read. None where there is no model."""
        if self.file is None:
            return None
        read = (self.file, self.features, self.labels, self.positive)
        return hashlib.blake2b(repr(read).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Predictions:
    """The most likely class of n texts (None where there is nothing to go by), its probability, and the score of the positive classes (float64)."""

    labels: list[str | None]
    probability: np.ndarray
    score: np.ndarray


class Classifier:
    """A classifier in memory. It pickles as its path: each process opens its own."""

    def __init__(self, folder: str | Path, info: ClassifierInfo | None = None) -> None:
        """The classifier of a folder. Raises ModelError when it is not all there."""
        self.folder = Path(folder)
        self.info = info or _read_info(self.folder)
        if not (self.folder / MODEL).is_file():
            raise ModelError(f"{self.folder / MODEL}: no model there: make `{self.info.name}` again, or name its file")

    def __reduce__(self) -> tuple[Any, ...]:
        return Classifier, (self.folder, self.info)

    @cached_property
    def _model(self) -> Any:
        return _load(self.folder / MODEL)

    @cached_property
    def _network(self) -> tuple[Network | None, tuple[str, ...]]:
        """The compiled form, where there is one, and the labels in its order."""
        labels = tuple(label.removeprefix(_LABEL) for label in self._model.get_labels())
        return (Network.of(self._model) if self.info.features == "words" else None), labels

    @property
    def name(self) -> str:
        """Name of the model, e.g. `safety/zh`."""
        return self.info.name

    @property
    def digest(self) -> str:
        """Identity of the model, for the fingerprints of what is scored with it."""
        return self.info.digest or ""

    def score(self, texts: Sequence[str] | pl.Series) -> np.ndarray:
        """Probability of the positive classes of each text, float64[n] in 0..1; NaN for a text without features."""
        return self.classify(texts).score

    def classify(self, texts: Sequence[str] | pl.Series) -> Predictions:
        """Label, its probability and score of each text."""
        if self.info.features == "words":
            return self.classify_words(*word_bytes(TextBatch.of(texts)))
        return self._ask(feature_lines(texts, self.info.features))

    def classify_words(self, data: np.ndarray, start: np.ndarray) -> Predictions:
        """`classify` of texts that `word_bytes` has already turned into features: several models share them."""
        network, labels = self._network
        if network is None:
            return self._ask(strings_of(data, start).to_pylist())
        found = network.probabilities(data, start)
        if not len(found):
            return Predictions([], np.empty(0), np.empty(0))
        known = np.isfinite(found[:, 0])
        best = np.where(known[:, None], found, 0.0).argmax(axis=1)
        chosen = np.array([label in self.info.positive for label in labels])
        names = [labels[b] if k else None for b, k in zip(best.tolist(), known.tolist(), strict=True)]
        return Predictions(names, found[np.arange(len(found)), best], found[:, chosen].sum(axis=1).clip(0.0, 1.0))

    def _ask(self, lines: Sequence[str]) -> Predictions:
        """FastText's own answers for feature lines."""
        k = 1 if len(self.info.labels) == 2 else -1
        labels: list[str | None] = []
        probability, score = np.full(len(lines), np.nan), np.full(len(lines), np.nan)
        for start in range(0, len(lines), _BATCH):
            part = list(lines[start : start + _BATCH])
            found, values = self._model.predict(part, k=k)
            for i, (line, names, p) in enumerate(zip(part, found, values, strict=True), start):
                known = bool(line) and len(names) > 0
                labels.append(names[0].removeprefix(_LABEL) if known else None)
                if known:
                    probability[i] = min(float(p[0]), 1.0)
                    score[i] = self._score(names, p)
        return Predictions(labels, probability, score)

    def _score(self, names: Sequence[str], p: Sequence[float]) -> float:
        """Of two labels the top one decides, for fastText adds 1e-5 to every probability; of more the positive ones are added up."""
        positive = [name.removeprefix(_LABEL) in self.info.positive for name in names]
        if len(names) == 1:
            top = min(float(p[0]), 1.0)
            return top if positive[0] else 1.0 - top
        return min(float(np.sum(np.asarray(p)[positive])), 1.0)

    def save(self, folder: str | Path) -> Classifier:
        """The same classifier in another folder."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.folder / MODEL, target / MODEL)
        _write_info(target, self.info)
        return Classifier(target, self.info)


def from_file(
    path: str | Path,
    folder: str | Path,
    *,
    name: str,
    positive: tuple[str, ...] = (),
    features: Features = "lines",
    languages: tuple[str, ...] = (),
    origin: str | None = None,
) -> Classifier:
    """A classifier from a fastText file that somebody published, kept in a folder. `positive` may be left out where one of two labels is known as negative.

    Raises ModelError when it is no fastText classifier, or its labels do not fit.
    """
    source, target = Path(path), Path(folder)
    model = _load(source)
    labels = tuple(sorted(label.removeprefix(_LABEL) for label in model.get_labels()))
    chosen = positive or _presumed_positive(labels)
    if unknown := [label for label in chosen if label not in labels] or (["(none)"] if not chosen else []):
        raise ModelError(
            f"{source}: the positive class {', '.join(unknown)} is none of its labels {', '.join(labels)}: set `positive`"
        )
    info = ClassifierInfo(
        name=name,
        languages=languages,
        labels=labels,
        positive=chosen,
        features=features,
        origin=origin or str(path),
        file=file_digest(source),
    )
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target / MODEL)
    _write_info(target, info)
    return Classifier(target, info)


def train_classifier(
    rows: TrainingSet,
    folder: str | Path,
    *,
    name: str,
    positive: tuple[str, ...],
    features: Features = "lines",
    languages: tuple[str, ...] = (),
    settings: FastTextSettings | None = None,
) -> ClassifierInfo:
    """Trains a classifier into a folder and judges it on the rows held back. Where rows are too few nothing is written: `reason` says why."""
    lines = feature_lines(rows.train_texts, features) if not rows.reason else []
    settings = (settings or FastTextSettings()).on(sum(line.count(" ") + 1 for line in lines))
    about: dict[str, Any] = {
        "name": name,
        "languages": languages,
        "labels": rows.labels,
        "positive": positive,
        "features": features,
        "settings": {**settings.model_dump(), **rows.facts},
        "data": rows.data,
    }
    if rows.reason:
        return ClassifierInfo(**about, reason=rows.reason, classes=_counted(rows))
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    _train(rows.train_labels, lines, target / MODEL, settings)
    info = ClassifierInfo(**about, file=file_digest(target / MODEL))
    info = info.model_copy(update={"classes": _judge(Classifier(target, info), rows)})
    _write_info(target, info)
    return info


def metrics(truth: Sequence[str], found: Sequence[str | None], labels: Sequence[str]) -> tuple[ClassMetrics, ...]:
    """Precision and recall of each class."""
    expected, given = np.array(truth, object), np.array(found, object)
    made = []
    for label in labels:
        support, claimed = int((expected == label).sum()), int((given == label).sum())
        hits = int(((expected == label) & (given == label)).sum())
        precision = round(hits / claimed, 4) if claimed else None
        recall = round(hits / support, 4) if support else None
        made.append(ClassMetrics(label=label, support=support, precision=precision, recall=recall))
    return tuple(made)


def _train(labels: list[str], lines: list[str], path: Path, settings: FastTextSettings) -> None:
    """Writes the rows as fastText reads them, trains on one thread, saves."""
    import fasttext  # noqa: PLC0415  (heavy: only where a model is made)

    given = settings.model_dump()
    renamed = {"wordNgrams": given.pop("word_ngrams"), "minCount": given.pop("min_count")}
    with tempfile.TemporaryDirectory(prefix="classifier-") as scratch:
        spool = Path(scratch) / "rows.txt"
        with spool.open("w", encoding="utf-8", newline="\n") as file:
            for label, line in zip(labels, lines, strict=True):
                if line:
                    file.write(f"{_LABEL}{label} {line}\n")
        model = fasttext.train_supervised(input=str(spool), thread=1, verbose=0, **renamed, **given)
        model.save_model(str(path))


def _judge(classifier: Classifier, rows: TrainingSet) -> tuple[ClassMetrics, ...]:
    found = classifier.classify(rows.held_texts).labels if rows.held_texts else []
    judged = metrics(rows.held_labels, found, rows.labels)
    counts = {label: rows.train_labels.count(label) for label in rows.labels}
    return tuple(one.model_copy(update={"training_rows": counts[one.label]}) for one in judged)


def _counted(rows: TrainingSet) -> tuple[ClassMetrics, ...]:
    return tuple(
        ClassMetrics(label=label, training_rows=rows.train_labels.count(label), support=rows.held_labels.count(label))
        for label in rows.labels
    )


_NEGATIVE = frozenset({"cc", "dirty", "neg", "negative", "lq", "low", "0"})
"""Names that published two-class models give to their negative class."""


def _presumed_positive(labels: tuple[str, ...]) -> tuple[str, ...]:
    others = tuple(label for label in labels if label.lower() not in _NEGATIVE)
    return others if len(labels) == 2 and len(others) == 1 else ()


def _load(path: Path) -> Any:
    import fasttext  # noqa: PLC0415  (heavy: only where a model is read)

    if not path.is_file():
        raise ModelError(f"{path}: no classifier there: name the file of a fastText model (.bin or .ftz)")
    try:
        model = fasttext.load_model(str(path))
        model.get_labels()
    except (ValueError, MemoryError) as error:
        raise ModelError(f"{path}: fastText can't read it as a classifier ({error})") from error
    return model


def _read_info(folder: Path) -> ClassifierInfo:
    try:
        return ClassifierInfo.model_validate_json((folder / INFO).read_bytes())
    except FileNotFoundError:
        raise ModelError(f"{folder / INFO}: no classifier there: name a folder that holds {MODEL} and {INFO}") from None
    except ValidationError as error:
        raise ModelError(f"{folder / INFO}: not a classifier's description: {error.errors()[0]['msg']}") from None


def _write_info(folder: Path, info: ClassifierInfo) -> None:
    (folder / INFO).write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")

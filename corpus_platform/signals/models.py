"""What models say of a document: quality, importance, safety, topic, genre. Without its model a signal is null.

Models come by name from the environment (models/shelf.py names them); one whose name ends in a language is asked about documents in it only.
Features that several models read are made once.

Not here: training (models/), thresholds and steps (recipes/steps/models.py), hints of machine-written text (machine_written.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.models.importance import Grams
from corpus_platform.models.safety import judge_safety
from corpus_platform.models.taxonomy import taxonomy
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.words import wordpunct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.models.safety import Safety
    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.words import Tokens

_RPV2 = "RedPajama-V2, core/quality_signals/classifiers.py"
_DSIR = "RedPajama-V2, core/quality_signals/importance_weights.py; DSIR (Xie et al. 2023)"
_OURS = "corpus platform"

QUALITY: dict[str, dict[str, str]] = {
    "rps_doc_ml_wikiref_score": {"en": "quality/wikiref/en"},
    "rps_doc_ml_palm_score": {"en": "quality/palm/en"},
    "rps_doc_ml_wikipedia_score": {code: f"quality/wikipedia/{code}" for code in ("fr", "es", "it", "de")},
    "ml_zh_clean_score": {"zh": "quality/zh_clean"},
    "ml_dclm_score": {"en": "dclm"},
    "ml_math_score": {"en": "math"},
}
"""Signal -> language -> model of the scores that are the probability of a classifier's positive class."""

_IMPORTANCE_LANGUAGES = {"books": ("en",), "openwebtext": ("en",), "wikipedia": ("en", "fr", "es", "it", "de")}
IMPORTANCE: dict[str, dict[str, str]] = {
    f"rps_doc_{target}_importance": {code: f"importance/{target}/{code}" for code in codes}
    for target, codes in _IMPORTANCE_LANGUAGES.items()
}
_CORRECTED = "_length_correction"
SAFETY = {"en": "safety/en", "zh": "safety/zh"}
TOPICS = {"en": "topics/en", "zh": "topics/zh"}
GENRES = {"en": "genres/en", "zh": "genres/zh"}

MODEL_SIGNALS: dict[str, str] = {
    **{model: signal for signal, models in {**QUALITY, **IMPORTANCE}.items() for model in models.values()},
    **dict.fromkeys(SAFETY.values(), "ml_safety_score"),
}
"""The signal that holds a model's score, by the model's name."""


def signal_of_model(model: str) -> str | None:
    """Name of the signal that holds a model's score: of `quality/wikiref/en`, or of `quality/wikiref` for all its languages; None for another model."""
    if model in MODEL_SIGNALS:
        return MODEL_SIGNALS[model]
    return next((signal for name, signal in MODEL_SIGNALS.items() if name.rpartition("/")[0] == model), None)


@dataclass(frozen=True)
class _Part:
    """The documents of one language in a subject."""

    rows: np.ndarray
    texts: pl.Series

    @cached_property
    def batch(self) -> TextBatch:
        return TextBatch.of(self.texts)

    @cached_property
    def words(self) -> Tokens:
        return wordpunct(self.batch)


@dataclass
class _Parts:
    """A subject's documents by language, each part made once."""

    subject: Subject
    _made: dict[str, _Part] = field(default_factory=dict)

    def of(self, language: str) -> _Part:
        if language not in self._made:
            rows = (self.subject.column("language") == language).fill_null(value=False).arg_true().to_numpy()
            self._made[language] = _Part(rows, self._texts.gather(rows))
        return self._made[language]

    @cached_property
    def _texts(self) -> pl.Series:
        return self.subject.batch.texts

    def models(self, names: Mapping[str, str]) -> list[tuple[Any, _Part]]:
        """The models that there are, with the documents that they are for."""
        there = self.subject.environment.models
        found = [(there[name], self.of(language)) for language, name in names.items() if name in there]
        return [(model, part) for model, part in found if part.rows.size]


def _quality(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The probability of each positive class."""
    parts = _Parts(subject)
    found = {}
    for name in wanted:
        found[name] = np.full(len(subject), np.nan)
        for model, part in parts.models(QUALITY[name]):
            # The published scores have eight decimals.
            found[name][part.rows] = model.score(part.texts).round(8)
    return found


def _importance(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Weights; the words of a document are hashed once for all targets."""
    parts = _Parts(subject)
    found = {name: np.full(len(subject), np.nan) for name in wanted}
    hashed: dict[tuple[int, int], Grams] = {}
    for target, models in IMPORTANCE.items():
        asked = [name for name in (target, target + _CORRECTED) if name in found]
        for model, part in parts.models(models) if asked else ():
            key = (id(part), model.info.buckets)
            grams = hashed.get(key) or hashed.setdefault(key, Grams.of(part.words, model.info.buckets))
            score = model.score_grams(grams, part.batch.characters)
            length = part.batch.characters if subject.environment.reference else part.words.count
            for name in asked:
                corrected = score + model.length_correction(length) if name.endswith(_CORRECTED) else score
                found[name][part.rows] = corrected.round(8)
    return found


def _safety(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Safety of documents, and of lines where they are asked for."""
    del wanted
    score, label = np.full(len(subject), np.nan), np.full(len(subject), None, object)
    for model, part in _Parts(subject).models(SAFETY):
        judged = judge_safety(model, part.batch)
        score[part.rows], label[part.rows] = judged.score, judged.label
    return {"ml_safety_score": score, "ml_safety_label": label.tolist()}


def _safety_lines(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Safety of lines."""
    del wanted
    scores: list[Any] = [None] * len(subject)
    labels: list[Any] = [None] * len(subject)
    for model, part in _Parts(subject).models(SAFETY):
        judged = judge_safety(model, part.batch)
        for i, row in enumerate(part.rows):
            scores[row], labels[row] = _lines_of(judged, i)
    return {"ml_lines_safety_score": scores, "ml_lines_safety_label": labels}


def _lines_of(judged: Safety, document: int) -> tuple[list[float | None], list[str | None]]:
    first, last = judged.document_line[document], judged.document_line[document + 1]
    scores = judged.line_score[first:last]
    return pl.Series(scores).fill_nan(None).to_list(), judged.line_label[first:last]


def _topics(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Topic, its class of the Chinese Library Classification, its industry, and genre."""
    del wanted
    parts, size = _Parts(subject), len(subject)
    found: dict[str, Any] = {}
    for name, models in (("ml_topic", TOPICS), ("ml_genre", GENRES)):
        label, score = np.full(size, None, object), np.full(size, np.nan)
        for model, part in parts.models(models):
            said = model.classify(part.texts)
            label[part.rows], score[part.rows] = said.labels, said.probability
        found[name], found[f"{name}_score"] = label.tolist(), score
    topics = taxonomy().topics
    found["ml_topic_clc"] = [topics[one].clc[0] if one in topics else None for one in found["ml_topic"]]
    found["ml_topic_industry"] = [topics[one].industry if one in topics else None for one in found["ml_topic"]]
    return found


def _quality_signal(name: str, source: str, what: str) -> Signal:
    models = QUALITY[name]
    return Signal(
        name=name,
        definition=f"{what}; the text's lines joined by spaces, fastText's top label with probability p: p if it is the positive one, else 1 - p",
        source=source,
        languages=", ".join(models),
        models=tuple(models.values()),
    )


_QUALITY_SIGNALS = (
    _quality_signal("rps_doc_ml_wikiref_score", _RPV2, "Probability of a page that Wikipedia cites"),
    _quality_signal("rps_doc_ml_palm_score", _RPV2, "Probability of Wikipedia, a book or OpenWebText"),
    _quality_signal("rps_doc_ml_wikipedia_score", _RPV2, "Probability of an article of the language's Wikipedia"),
)
_OTHER_SIGNALS = (
    _quality_signal(
        "ml_zh_clean_score", "ChineseWebText (Chen et al. 2023), fasttext/", "Probability of clean Chinese"
    ),
    _quality_signal(
        "ml_dclm_score", "DCLM (Li et al. 2024), fasttext_filter.yaml", "Probability of an instruction or explanation"
    ),
    _quality_signal("ml_math_score", "OpenWebMath (Paster et al. 2023), MathScore", "Probability of mathematics"),
)


def _importance_signals() -> tuple[Signal, ...]:
    found = []
    for name, models in IMPORTANCE.items():
        target = name.removeprefix("rps_doc_").removesuffix("_importance")
        common: dict[str, Any] = {
            "source": _DSIR,
            "range": "any number",
            "languages": ", ".join(models),
            "models": tuple(models.values()),
        }
        weight = (
            f"Sum over the words and pairs of words of ln(T + 1e-8) - ln(S + 1e-8): shares of their bucket (SHA-256 modulo 10,000) in {target} "
            "and in the web"
        )
        found.append(Signal(name=name, definition=weight, **common))
        found.append(
            Signal(
                name=name + _CORRECTED,
                definition=f"{weight}; plus ln of the Poisson probability of the number of words under the mean of the target, less that of the web",
                reference="the length is in characters, while the means are in words",
                **common,
            )
        )
    return tuple(found)


def _ml(name: str, definition: str, names: Mapping[str, str], **more: Any) -> Signal:
    return Signal(
        name=name, definition=definition, source=_OURS, languages=", ".join(names), models=tuple(names.values()), **more
    )


def _family(
    name: str, compute: Callable[[Subject, frozenset[str]], Mapping[str, Any]], *signals: Signal, default: bool = True
) -> None:
    register(Family(name=name, version="1", signals=signals, compute=compute, reads=("language",), default=default))


_family("quality_models", _quality, *_QUALITY_SIGNALS, *_OTHER_SIGNALS)
_family("importance", _importance, *_importance_signals())
_family(
    "safety",
    _safety,
    _ml(
        "ml_safety_score",
        "Probability that the text is unsafe: of the whole, or the mean of the worst tenth of its lines, whichever is larger",
        SAFETY,
    ),
    _ml(
        "ml_safety_label",
        "porn, gambling, violence, hate or fraud where the score is at least 0.5, else safe",
        SAFETY,
        dtype=pl.String,
        range="safe, porn, gambling, violence, hate, fraud",
    ),
)
_family(
    "safety_lines",
    _safety_lines,
    _ml("ml_lines_safety_score", "Probability that the line is unsafe", SAFETY, level="line"),
    _ml(
        "ml_lines_safety_label",
        "Most likely class of the line",
        SAFETY,
        level="line",
        dtype=pl.String,
        range="safe, porn, gambling, violence, hate, fraud",
    ),
    default=False,
)
_family(
    "topics",
    _topics,
    _ml("ml_topic", "Most likely topic of the taxonomy", TOPICS, dtype=pl.String, range="a topic's name"),
    _ml("ml_topic_score", "Probability of that topic", TOPICS),
    _ml(
        "ml_topic_clc",
        "Class of the Chinese Library Classification of that topic",
        TOPICS,
        dtype=pl.String,
        range="A..Z",
    ),
    _ml("ml_topic_industry", "Industry of that topic", TOPICS, dtype=pl.String, range="an industry's name"),
    _ml("ml_genre", "Most likely genre of the taxonomy", GENRES, dtype=pl.String, range="a genre's name"),
    _ml("ml_genre_score", "Probability of that genre", GENRES),
)

"""The training texts that the platform ships: written by us as sentences with slots, filled in at random but always alike.

A *kit* is a YAML file of `training/`: for each class sentences with slots (`{game}`), the words that fill them, and sentences without slots that
are only judged on (`held_back`). Nothing in the texts is from anywhere else, and nothing is explicit: classes are told by their key words.

Not here: training (classifier.py).
"""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from corpus_platform.errors import ModelError
from corpus_platform.models.classifier import FastTextSettings
from corpus_platform.models.training_sets import RowSettings, training_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.models.features import Features
    from corpus_platform.models.training_sets import TrainingSet

_FOLDER = "training"
_VERSION = 1
"""Raised when the same texts are filled in otherwise."""
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Kit:
    """Training texts of one model in one language. `digest` is that of its file and of those that it includes."""

    name: str
    digest: str
    values: Any

    @property
    def languages(self) -> tuple[str, ...]:
        """The language of the texts."""
        return (self.values["language"],)

    @property
    def positive(self) -> tuple[str, ...]:
        """Classes whose probability is the score."""
        return tuple(self.values["positive"])

    @property
    def features(self) -> Features:
        """What the model reads of a text."""
        return self.values.get("features", "words")

    @property
    def training(self) -> FastTextSettings:
        """FastText's settings: small, for the texts are few."""
        return FastTextSettings(**self.values["training"])

    @cached_property
    def _slots(self) -> dict[str, list[str]]:
        return {name: [str(word) for word in words] for name, words in self.values.get("slots", {}).items()}

    def rows(self) -> TrainingSet:
        """The filled-in texts of each class, and those held back."""
        texts = {label: self.texts(label) for label in self.values["classes"]}
        held = {label: [str(text) for text in of["held_back"]] for label, of in self.values["classes"].items()}
        most = max(len(of) for of in texts.values())
        return training_set(texts, RowSettings(balance=False, per_class=most, min_rows=10), held=held)

    def texts(self, label: str) -> list[str]:
        """The filled-in texts of a class, and those of the models, or of their classes, that it includes."""
        of = self.values["classes"][label]
        found = list(self._filled(label, int(of.get("rows", self.values["rows_per_class"]))))
        for place in of.get("include", ()):
            name, _, only = str(place).partition(":")
            other = kit(name)
            found += [text for one in other.values["classes"] if _meant(one, only) for text in other.texts(one)]
        return found

    def _filled(self, label: str, size: int) -> Iterator[str]:
        """`size` texts of a class: one to three of its sentences each, slots filled at random."""
        rng = random.Random(f"{self.name}/{label}")  # noqa: S311  (repeatable, no secret)
        of = self.values["classes"][label]
        sentences = [str(sentence) for sentence in (*of.get("sentences", ()), *self.values.get("common", ()))]
        own = {name: [str(word) for word in words] for name, words in of.get("slots", {}).items()}
        slots = {**self._slots, **own}
        yield from (word for words in own.values() for word in words)
        for _ in range(size):
            chosen = rng.sample(sentences, min(rng.choice((1, 1, 2, 3)), len(sentences)))
            yield self.values.get("join", " ").join(self._fill(sentence, slots, rng) for sentence in chosen)

    def _fill(self, sentence: str, slots: dict[str, list[str]], rng: random.Random) -> str:
        def word(match: re.Match[str]) -> str:
            if match[1] not in slots:
                raise ModelError(
                    f"{_FOLDER}/{self.name}: `{sentence}` has the slot {{{match[1]}}}, which nothing fills"
                )
            return rng.choice(slots[match[1]])

        return _SLOT.sub(word, sentence)


def _meant(label: str, only: str) -> bool:
    """Whether a class is included: by no word all are, by its name it is, by `!name` all others are."""
    return label != only[1:] if only.startswith("!") else only in ("", label)


@cache
def names() -> tuple[str, ...]:
    """Names of the models whose texts are shipped."""
    folder = files("corpus_platform.models").joinpath(_FOLDER)
    found = [entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return tuple(sorted(name.removesuffix(".yaml").replace(".", "/") for name in found))


TOO_WEAK = frozenset({"math"})
"""Made only when asked for by name: its held-back precision is 0.75 at a recall of one half, which is no ground to drop pages on."""


def unasked() -> tuple[str, ...]:
    """Names of the shipped models that are made and used without being asked for."""
    return tuple(name for name in names() if name not in TOO_WEAK)


@cache
def kit(name: str) -> Kit:
    """The training texts of a shipped model. Raises ModelError where there are none."""
    if name not in names():
        raise ModelError(f"no training texts are shipped for `{name}`, only for {', '.join(names())}")
    content = files("corpus_platform.models").joinpath(_FOLDER, f"{name.replace('/', '.')}.yaml").read_bytes()
    values = yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (both are safe; one is fast)
    included = {str(place).partition(":")[0] for of in values["classes"].values() for place in of.get("include", ())}
    read = (_VERSION, content, [kit(one).digest for one in sorted(included)])
    return Kit(name, hashlib.blake2b(repr(read).encode(), digest_size=16).hexdigest(), values)

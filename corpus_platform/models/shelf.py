"""Models by name: where signals and recipes find what they are computed with.

Names, as `Environment.models` has them (a name that ends in a language is for that language only):

    quality/wikiref/en      pages like those that Wikipedia cites          classifier
    quality/palm/en         pages like Wikipedia, books and OpenWebText    classifier
    quality/wikipedia/fr    pages like the encyclopedia of a language      classifier (fr, es, it, de)
    quality/zh_clean        clean against dirty Chinese (ChineseWebText)   classifier, shipped
    dclm                    pages like instructions and explanations       classifier
    math                    pages of mathematics (OpenWebMath)             classifier, shipped
    safety/en  safety/zh    safe, or porn, gambling, violence, hate, fraud classifier, shipped
    topics/en  topics/zh    what a text is about                           classifier, shipped
    genres/en  genres/zh    what kind of text it is                        classifier, shipped
    books/clc/en  .../zh    class of a book (Chinese Library)              classifier, shipped
    lines/en  lines/zh      running text, advertisement, navigation, legal classifier, shipped
    importance/books/en     DSIR weights (books, openwebtext, wikipedia)   importance

Every model has a `name`, a `digest` and `score(texts)`; classifiers have `classify(texts)` too (protocols `Scorer`, `Labeller`). A *shipped* one
can be made in seconds from the texts that the platform carries.

Not here: how models are trained (classifier.py, importance.py, templates.py), which ones a lake has (stages/classifiers.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from corpus_platform.errors import ModelError
from corpus_platform.models import templates
from corpus_platform.models.classifier import INFO as CLASSIFIER_INFO
from corpus_platform.models.classifier import Classifier, ClassifierInfo, Predictions, from_file, train_classifier
from corpus_platform.models.importance import INFO as IMPORTANCE_INFO
from corpus_platform.models.importance import Importance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import polars as pl

_FASTTEXT = (".bin", ".ftz")


@runtime_checkable
class Scorer(Protocol):
    """Anything that gives a text a number."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def digest(self) -> str:
        """Identity of the model, for the fingerprints of what is scored with it."""
        ...

    def score(self, texts: Sequence[str] | pl.Series) -> np.ndarray:
        """The number of each text, float64[n]; NaN where there is none."""
        ...


@runtime_checkable
class Labeller(Scorer, Protocol):
    """A scorer that also says which class a text is of."""

    def classify(self, texts: Sequence[str] | pl.Series) -> Predictions:
        """Label, its probability and score of each text."""
        ...


class Shelf(Mapping[str, Scorer]):
    """Models in folders, each opened when it is first asked for. A shelf pickles; each process opens its own models."""

    def __init__(self, folders: Mapping[str, str | Path], opened: Mapping[str, Scorer] | None = None) -> None:
        self._folders = {name: Path(folder) for name, folder in folders.items()}
        self._opened: dict[str, Scorer] = dict(opened or {})

    def __getitem__(self, name: str) -> Scorer:
        if name not in self._opened:
            self._opened[name] = open_model(self._folders[name])
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._folders, *self._opened}))

    def __len__(self) -> int:
        return len({*self._folders, *self._opened})

    def __reduce__(self) -> tuple[Any, ...]:
        return Shelf, (self._folders, {n: m for n, m in self._opened.items() if n not in self._folders})

    @property
    def digests(self) -> dict[str, str]:
        """Identity of every model, for the fingerprint of what is made with them."""
        return {name: self[name].digest for name in self}


class Shipped(Mapping[str, Scorer]):
    """The models whose training texts are shipped, each trained (some seconds) when it is first asked for, and kept in a folder for the next time.

    Those that are too weak to be used unasked are left out; `take` makes them too.
    """

    def __init__(self, cache: str | Path) -> None:
        self.cache = Path(cache).expanduser()
        self._opened: dict[str, Scorer] = {}

    def __getitem__(self, name: str) -> Scorer:
        if name not in templates.unasked():
            raise KeyError(name)
        return self.made(name)

    def made(self, name: str) -> Scorer:
        """A model by name, the weak ones too."""
        if name not in self._opened:
            self._opened[name] = open_model(self._folder(name))
        return self._opened[name]

    def __iter__(self) -> Iterator[str]:
        return iter(templates.unasked())

    def __len__(self) -> int:
        return len(templates.unasked())

    def __reduce__(self) -> tuple[Any, ...]:
        return Shipped, (self.cache,)

    def _folder(self, name: str) -> Path:
        """The model's folder, filled if need be; two processes that fill it at once make the same."""
        made = templates.kit(name)
        folder = self.cache / f"{name.replace('/', '.')}-{made.digest[:16]}"
        if not (folder / CLASSIFIER_INFO).is_file():
            self.cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="training-", dir=self.cache) as scratch:
                train_shipped(name, Path(scratch) / "model")
                with suppress(OSError):
                    (Path(scratch) / "model").rename(folder)
        return folder


def train_shipped(name: str, folder: str | Path) -> ClassifierInfo:
    """Trains a shipped model into a folder. Raises ModelError where no texts are shipped for the name."""
    made = templates.kit(name)
    return train_classifier(
        made.rows(),
        folder,
        name=name,
        positive=made.positive,
        features=made.features,
        languages=made.languages,
        settings=made.training,
    )


def open_model(folder: str | Path) -> Scorer:
    """The model of a folder that `train_classifier` or `save_importance` filled. Raises ModelError where there is none."""
    place = Path(folder)
    if (place / CLASSIFIER_INFO).is_file():
        return Classifier(place)
    if (place / IMPORTANCE_INFO).is_file():
        return Importance(place)
    raise ModelError(f"{place}: no model there: it has neither {CLASSIFIER_INFO} nor {IMPORTANCE_INFO}")


def take(name: str, location: str | Path, cache: str | Path) -> Scorer:
    """A model from a folder of ours, a fastText file (its description is kept in `cache`), a folder of a BERT-class model, or the word `shipped`.

    Raises ModelError where there is none, or no texts are shipped for the name.
    """
    if str(location) == "shipped":
        templates.kit(name)
        return Shipped(cache).made(name)
    place = Path(location).expanduser()
    if place.suffix in _FASTTEXT:
        return from_file(place, Path(cache) / name.replace("/", "."), name=name)
    if (place / "config.json").is_file():
        from corpus_platform.models.scorers import Transformer  # noqa: PLC0415  (an optional extra)

        return Transformer(place, name=name)
    return open_model(place)


def need(models: Mapping[str, Any], name: str) -> Any:
    """The model of a name. Raises ModelError that says how to get one."""
    if name in models:
        return models[name]
    known = ", ".join(sorted(models)) or "none"
    place = "shipped" if name in templates.names() else "PATH"
    raise ModelError(
        f"there is no model `{name}` (there are: {known}): make it with the stage models.classifier or models.importance, "
        f"give its place (`--model {name}={place}`), or set `optional: true` in the step that asks for it"
    )

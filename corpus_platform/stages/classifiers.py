"""Classifiers and importance models, trained from the platform's own tables, from files, from the texts that are shipped, or taken from a place.

One partition is one model; its value is the model's name with dots for slashes (`safety/zh` is the partition `safety.zh`).

Not here: training and scoring (models/), the texts that are shipped (models/templates.py), reading of rows (training_rows.py).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import orjson
import polars as pl
from pydantic import Field, model_validator

from corpus_platform.errors import ModelError, SettingsError
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.models import templates
from corpus_platform.models.classifier import Classifier, ClassifierInfo, FastTextSettings, from_file, train_classifier
from corpus_platform.models.features import Features  # noqa: TC001  (Pydantic reads it)
from corpus_platform.models.importance import BUCKETS, Counter, ImportanceInfo, save_importance
from corpus_platform.models.shelf import Scorer, Shelf, open_model
from corpus_platform.models.training_sets import LowestHashes, RowSettings, training_set
from corpus_platform.stages.encyclopedia import ARTICLES
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.training_rows import PublishedFile, Rows, RowsOf, published_file

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.stages.stage import Output, Partition

CLASSIFIERS, IMPORTANCE = "models.classifier", "models.importance"
_BATCH = 500


class ClassifierRecipe(Settings):
    """How one classifier is made: from rows of each class, from the texts that are shipped, or from a published file."""

    languages: tuple[str, ...] = Field(default=(), description="Languages that it is for; empty: any")
    positive: tuple[str, ...] = Field(default=(), description="Classes whose probability is the score")
    features: Features = Field(default="lines", description="What the model reads of a text")
    rows: dict[str, tuple[Rows, ...]] = Field(default={}, description="Where the texts of each class are from")
    held_back: dict[str, tuple[Rows, ...]] = Field(
        default={}, description="Texts that it is only judged on; a share of `rows` by default"
    )
    shipped: str | None = Field(default=None, description="Name of the shipped training texts, e.g. safety/zh")
    location: str | None = Field(default=None, description="A published fastText model: its file or address")
    sizes: RowSettings = RowSettings()
    training: FastTextSettings = FastTextSettings()

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        given = [name for name in ("rows", "shipped", "location") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(
                f"a classifier is made of `rows`, `shipped` or `location`, one of them; given: {', '.join(given) or 'none'}"
            )
        return self


class ImportanceRecipe(Settings):
    """How one importance model is made."""

    languages: tuple[str, ...] = ("en",)
    target: tuple[Rows, ...] = Field(description="Documents that texts should be like")
    source: tuple[Rows, ...] = Field(description="Documents of the web at large")
    documents: int = Field(default=500_000, ge=1, description="Most documents of each (RedPajama-V2's)")
    min_documents: int = Field(default=50, ge=1, description="With fewer no model is made")
    buckets: int = Field(default=BUCKETS, ge=2, description="Buckets of n-grams")


def _web(language: str) -> Rows:
    return Rows(table="web.documents", language=language, ccnet_mix=True)


def default_classifiers() -> dict[str, ClassifierRecipe]:
    """What is made unasked: the shipped ones, and those whose rows are tables of the platform."""
    made = {name: shipped_recipe(name) for name in templates.unasked()}
    for name, language in (
        ("quality/wikiref/en", "en"),
        *((f"quality/wikipedia/{c}", c) for c in ("fr", "es", "it", "de")),
    ):
        positive = "wiki"
        rows = {positive: (Rows(table=ARTICLES, language=language, min_characters=300),), "cc": (_web(language),)}
        made[name] = ClassifierRecipe(languages=(language,), positive=(positive,), rows=rows)
    return made


def default_importance() -> dict[str, ImportanceRecipe]:
    """Wikipedia of English against the web; books and OpenWebText need a location."""
    target = (Rows(table=ARTICLES, language="en"),)
    return {"importance/wikipedia/en": ImportanceRecipe(target=target, source=(_web("en"),))}


def shipped_recipe(name: str) -> ClassifierRecipe:
    """The recipe of a model whose texts are shipped."""
    kit = templates.kit(name)
    return ClassifierRecipe(
        languages=kit.languages, positive=kit.positive, features=kit.features, shipped=name, training=kit.training
    )


class ClassifierSettings(Settings):
    """Which classifiers there are, by name."""

    models: dict[str, ClassifierRecipe] = Field(
        default_factory=default_classifiers, description="How each classifier is made, by name"
    )

    def below(self, home: Path) -> ClassifierSettings:
        """The same with relative places taken below a home."""
        return self.model_copy(update={"models": {n: _below(r, home) for n, r in self.models.items()}})


class ImportanceSettings(Settings):
    """Which importance models there are, by name."""

    models: dict[str, ImportanceRecipe] = Field(
        default_factory=default_importance, description="How each importance model is made, by name"
    )

    def below(self, home: Path) -> ImportanceSettings:
        """The same with relative places taken below a home."""
        return self.model_copy(update={"models": {n: _below(r, home) for n, r in self.models.items()}})


def partition_of(name: str) -> Partition:
    """The partition of a model: {"model": "safety.zh"} of `safety/zh`."""
    return {"model": name.replace("/", ".")}


@dataclass(frozen=True)
class Classifiers(Stage):
    """The classifier of one name."""

    name: ClassVar[str] = CLASSIFIERS
    upstream: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[str] = "1"
    settings: ClassifierSettings = ClassifierSettings()
    s3: S3Access = field(default_factory=S3Access, kw_only=True)
    """How buckets are reached. No part of the stage's identity."""

    def names(self) -> tuple[str, ...]:
        """Names of all models that can be made."""
        return tuple(self.settings.models)

    def settings_hash(self) -> str:
        """The same for all models: how one is made is part of its shard."""
        return digest_of({})

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: the rows of all classes. None where there is nothing to train from yet."""
        name, recipe = _named(self.settings.models, partition, "classifiers")
        if recipe.location is not None:
            file = published_file(recipe.location, self.s3)
            return [Shard(0, (_identity(name, recipe), file.identity), (name, recipe), file.size or 0)]
        if recipe.shipped is not None:
            return [
                Shard(0, (_identity(name, recipe), f"shipped:{templates.kit(recipe.shipped).digest}"), (name, recipe))
            ]
        rows = RowsOf(lake, self.s3)
        wanted = [rows.inputs(source) for sources in recipe.rows.values() for source in sources]
        if any(not found.reads for found in wanted):
            return []
        wanted += [rows.inputs(source) for sources in recipe.held_back.values() for source in sources]
        reads = tuple(read for found in wanted for read in found.reads)
        return [Shard(0, (_identity(name, recipe), *reads), (name, recipe), sum(found.bytes for found in wanted))]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Trains or takes the model, keeps its files in the lake and writes the row."""
        del partition
        name, recipe = shard.work
        with tempfile.TemporaryDirectory(prefix="classifier-") as scratch:
            folder = Path(scratch) / "model"
            info = _classifier(RowsOf(lake, self.s3), name, recipe, folder)
            stored = lake.store_files("classifier", folder) if info.digest else None
        output.count("records", sum(one.training_rows + one.support for one in info.classes))
        output.count("kept", sum(one.training_rows for one in info.classes))
        output.count("held_out", sum(one.support for one in info.classes))
        output.write(pl.DataFrame([_classifier_row(info, stored.path if stored else None)], schema=_schema(self)))


@dataclass(frozen=True)
class ImportanceModels(Stage):
    """The importance model of one name."""

    name: ClassVar[str] = IMPORTANCE
    upstream: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[str] = "1"
    settings: ImportanceSettings = ImportanceSettings()
    s3: S3Access = field(default_factory=S3Access, kw_only=True)
    """How buckets are reached. No part of the stage's identity."""

    def names(self) -> tuple[str, ...]:
        """Names of all models that can be made."""
        return tuple(self.settings.models)

    def settings_hash(self) -> str:
        """The same for all models: how one is made is part of its shard."""
        return digest_of({})

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: target and source. None where there is nothing to count yet."""
        name, recipe = _named(self.settings.models, partition, "importance models")
        rows = RowsOf(lake, self.s3)
        wanted = [rows.inputs(source) for source in (*recipe.target, *recipe.source)]
        if any(not found.reads for found in wanted):
            return []
        reads = tuple(read for found in wanted for read in found.reads)
        return [Shard(0, (_identity(name, recipe), *reads), (name, recipe), sum(found.bytes for found in wanted))]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Counts target and source, keeps the model in the lake and writes the row."""
        del partition
        name, recipe = shard.work
        rows = RowsOf(lake, self.s3)
        target, source = _count(rows, recipe.target, recipe), _count(rows, recipe.source, recipe)
        with tempfile.TemporaryDirectory(prefix="importance-") as scratch:
            folder = Path(scratch) / "model"
            info = save_importance(
                folder,
                target,
                source,
                name=name,
                languages=recipe.languages,
                min_documents=recipe.min_documents,
                settings={"documents": recipe.documents},
            )
            stored = lake.store_files("importance", folder) if info.digest else None
        output.count("records", target.documents + source.documents)
        output.count("kept", target.documents + source.documents)
        output.write(pl.DataFrame([_importance_row(info, stored.path if stored else None)], schema=_schema(self)))


def stored_models(lake: Lake) -> dict[str, dict[str, str]]:
    """Name -> {path, digest} of every classifier and importance model that the lake has: what a stage's shards name as inputs."""
    found: dict[str, dict[str, str]] = {}
    for table in (CLASSIFIERS, IMPORTANCE):
        rows = lake.scan(table).filter(pl.col("digest").is_not_null()).select("name", "path", "digest").collect()
        found.update({row["name"]: {"path": row["path"], "digest": row["digest"]} for row in rows.to_dicts()})
    return dict(sorted(found.items()))


def shelf_of(lake: Lake, stored: dict[str, dict[str, str]] | None = None) -> Shelf:
    """The models of a lake (or those of `stored_models` that are given) as `Environment.models` takes them; files are fetched at once."""
    chosen = stored_models(lake) if stored is None else stored
    return Shelf({}, {name: open_stored(lake, row["path"]) for name, row in chosen.items()})


def open_stored(lake: Lake, path: str) -> Scorer:
    """The model whose files the lake keeps at a path, loaded once per process."""
    return _open(str(lake.fetch_files(path)))


@lru_cache(maxsize=64)
def _open(folder: str) -> Scorer:
    return open_model(folder)


def _classifier(rows: RowsOf, name: str, recipe: ClassifierRecipe, folder: Path) -> ClassifierInfo:
    if recipe.location is not None:
        return _published(name, recipe, published_file(recipe.location, rows.s3), folder)
    about: dict[str, Any] = {
        "name": name,
        "positive": recipe.positive,
        "features": recipe.features,
        "languages": recipe.languages,
        "settings": recipe.training,
    }
    if recipe.shipped is not None:
        return train_classifier(templates.kit(recipe.shipped).rows(), folder, **about)
    texts = {label: rows.texts(sources, recipe.sizes.per_class) for label, sources in recipe.rows.items()}
    held = {label: rows.texts(sources, recipe.sizes.per_class) for label, sources in recipe.held_back.items()}
    return train_classifier(training_set(texts, recipe.sizes, held=held), folder, **about)


def _published(name: str, recipe: ClassifierRecipe, file: PublishedFile, folder: Path) -> ClassifierInfo:
    with file.local() as path:
        classifier = from_file(
            path,
            folder,
            name=name,
            positive=recipe.positive,
            features=recipe.features,
            languages=recipe.languages,
            origin=str(recipe.location),
        )
    # A file that is no model is told here, with its own name, and not by every stage that scores with it.
    Classifier(folder).score([name])
    return classifier.info


def _count(rows: RowsOf, sources: tuple[Rows, ...], recipe: ImportanceRecipe) -> Counter:
    kept = LowestHashes(recipe.documents)
    for text in rows.texts(sources, recipe.documents):
        kept.add(text)
    counter, texts = Counter(recipe.buckets), [text for _, text in kept.rows()]
    for start in range(0, len(texts), _BATCH):
        counter.add(texts[start : start + _BATCH])
    return counter


def _named(models: dict[str, Any], partition: Partition, kind: str) -> tuple[str, Any]:
    for name, recipe in models.items():
        if partition_of(name) == partition:
            return name, recipe
    raise SettingsError(f"the settings have no model `{partition['model']}` among the {kind}: {', '.join(models)}")


def _identity(name: str, recipe: Settings) -> str:
    """The part of a model's fingerprint that is how it is made; where its inputs are is not."""
    return f"recipe:{name}:{digest_of(_without_places(recipe.model_dump(mode='json')))}"


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_places(inner) for key, inner in value.items() if key not in {"location", "urls", "domains"}
        }
    return [_without_places(inner) for inner in value] if isinstance(value, list) else value


def _below(recipe: Any, home: Path) -> Any:
    """A recipe with the relative places of its rows, and its own, below a home."""
    update: dict[str, Any] = {}
    for key in type(recipe).model_fields:
        value = getattr(recipe, key)
        if key in {"rows", "held_back"}:
            update[key] = {label: tuple(rows.below(home) for rows in sources) for label, sources in value.items()}
        elif key in {"target", "source"}:
            update[key] = tuple(rows.below(home) for rows in value)
        elif key == "location" and value and "://" not in value:
            update[key] = str(home / Path(value).expanduser())
    return recipe.model_copy(update=update)


def _schema(stage: Stage) -> Any:
    empty = pl.from_arrow(stage.output().schema.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return empty.schema


def _classifier_row(info: ClassifierInfo, path: str | None) -> dict[str, Any]:
    if path is None and info.reason is None:
        raise ModelError(f"{info.name}: neither a model nor a reason")
    return {
        "name": info.name,
        "path": path,
        "digest": info.digest,
        "reason": info.reason,
        "origin": info.origin,
        "languages": list(info.languages),
        "labels": list(info.labels),
        "positive": list(info.positive),
        "training_rows": [one.training_rows for one in info.classes],
        "held_back_rows": [one.support for one in info.classes],
        "precision": [one.precision for one in info.classes],
        "recall": [one.recall for one in info.classes],
        "meta": orjson.dumps({"features": info.features, "settings": info.settings, "data": info.data}).decode(),
    }


def _importance_row(info: ImportanceInfo, path: str | None) -> dict[str, Any]:
    taken = (
        "name",
        "reason",
        "origin",
        "hash",
        "buckets",
        "target_documents",
        "source_documents",
        "target_words",
        "source_words",
    )
    row = {key: getattr(info, key) for key in taken}
    meta = orjson.dumps({"settings": info.settings}).decode()
    return {**row, "path": path, "digest": info.digest, "languages": list(info.languages), "meta": meta}

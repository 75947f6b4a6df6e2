"""Tokenizers: one a name, trained from the home's own tables or taken from a file. Mixes count their budgets in tokens of one of them.

A trained one is trained once: what comes into the tables later does not change it, for every count of tokens would change with it. Other settings, or
`corpus tokenizer train --again`, train it anew.

Not here: training and encoding (mixes/tokenizer.py).
"""

from __future__ import annotations

import heapq
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
import polars as pl
from pydantic import Field

from corpus_platform.errors import ModelError, SettingsError
from corpus_platform.mixes.mix import DEFAULT_TOKENIZER
from corpus_platform.mixes.order import hashes
from corpus_platform.mixes.tokenizer import Kind, Tokenizer, TokenizerInfo, take, train
from corpus_platform.sources.location import S3Access
from corpus_platform.stages.mix_sources import Origin, documents, origins
from corpus_platform.stages.mix_tables import TOKENIZERS
from corpus_platform.stages.read import digests
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.training_rows import published_file
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.stages.stage import Output, Partition


class TokenizerRecipe(Settings):
    """How one tokenizer is made."""

    location: str | None = Field(
        default=None,
        description="A published one: `tokenizer.json` of Hugging Face, or a SentencePiece model; trained here by default",
    )
    kind: Kind = Field(default="unigram", description="unigram or bpe, of a trained one")
    vocabulary: int = Field(default=32_000, ge=300, description="Most pieces of a trained one (LLaMA's)")
    tables: tuple[str, ...] = Field(
        default=("encyclopedia.articles", "web.documents", "books.documents", "academic.documents", "code.documents"),
        description="Tables that it is trained from; those that are made when it is trained",
    )
    languages: tuple[str, ...] = Field(
        default=("en", "zh"),
        description="Languages of its texts, in equal parts as far as there is text; empty: all as they are",
    )
    characters: int = Field(default=20_000_000, ge=1_000, description="Most characters that it is trained on")


class TokenizerSettings(Settings):
    """Which tokenizers there are, by name."""

    models: dict[str, TokenizerRecipe] = Field(
        default_factory=lambda: {DEFAULT_TOKENIZER: TokenizerRecipe()},
        description="How each tokenizer is made, by name",
    )

    def below(self, home: Path) -> TokenizerSettings:
        """The same with relative places taken below a home."""
        made = {
            name: recipe
            if recipe.location is None or "://" in recipe.location
            else recipe.model_copy(update={"location": str(home / Path(recipe.location).expanduser())})
            for name, recipe in self.models.items()
        }
        return self.model_copy(update={"models": made})

    def recipe(self, name: str) -> TokenizerRecipe:
        """How the tokenizer of a name is made; `default` needs no word in the settings. Raises SettingsError for an unknown one."""
        known = {DEFAULT_TOKENIZER: TokenizerRecipe(), **self.models}
        if name not in known:
            raise SettingsError(
                f"there is no tokenizer `{name}`{nearest(name, known)}; `tokenizers.models` names {', '.join(known)}"
            )
        return known[name]

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(dict.fromkeys((DEFAULT_TOKENIZER, *self.models)))


@dataclass(frozen=True)
class Tokenizers(Stage):
    """The tokenizer of one name."""

    name: ClassVar[str] = TOKENIZERS
    version: ClassVar[str] = "1"
    settings: TokenizerSettings = field(default_factory=TokenizerSettings)
    s3: S3Access = field(default_factory=S3Access, kw_only=True)
    """How buckets are reached. No part of the stage's identity."""

    def settings_hash(self) -> str:
        """The same for all: how one is made is part of its shard."""
        return digest_of({})

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard; none where there is no text to train from yet."""
        name = partition["tokenizer"]
        recipe = self.settings.recipe(name)
        made = f"recipe:{name}:{digest_of(recipe.model_dump(mode='json', exclude={'location'}))}"
        if recipe.location is not None:
            file = published_file(recipe.location, self.s3)
            return [Shard(0, (made, file.identity), recipe, file.size or 0)]
        if not any(lake.partitions(one) for one in self._tables(recipe)):
            return []
        # Not the files: it is trained once.
        return [Shard(0, (made,), recipe)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Trains or takes it, keeps its files in the lake and writes the row."""
        name, recipe = partition["tokenizer"], shard.work
        with tempfile.TemporaryDirectory(prefix="tokenizer-") as scratch:
            folder = Path(scratch) / "model"
            if recipe.location is not None:
                with published_file(recipe.location, self.s3).local() as file:
                    info = take(file, folder, name=name, origin=recipe.location)
            else:
                # Where there is no text in its languages, any text is better than none.
                any_language = recipe.model_copy(update={"languages": ()})
                texts = next(
                    (found for how in (recipe, any_language) if (found := sample(lake, self._tables(recipe), how))), []
                )
                info = train(texts, folder, name=name, vocabulary=recipe.vocabulary, kind=recipe.kind)
            stored = lake.store_files("tokenizer", folder)
        output.count("records", info.texts)
        output.count("kept", info.texts)
        output.write(pl.DataFrame([_row(info, recipe, stored.path)], infer_schema_length=None))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Files of the tables as they are now: those that it was trained from, when it was."""
        recipe = self.settings.recipe(partition["tokenizer"])
        if recipe.location is not None:
            return {}
        return {
            name: [digest for origin in origins(lake, name) for digest in digests(origin.files)]
            for name in self._tables(recipe)
        }

    def _tables(self, recipe: TokenizerRecipe) -> tuple[str, ...]:
        return tuple(name.replace("/", ".") for name in recipe.tables)


def sample(lake: Lake, tables: tuple[str, ...], recipe: TokenizerRecipe) -> list[str]:
    """Texts to train from: of each language, and of each table within it, those with the lowest hashes, up to its part of the characters."""
    groups: dict[tuple[str, str], _Lowest] = {}
    parts = max(1, len(recipe.languages)) * max(1, sum(bool(lake.partitions(name)) for name in tables))
    for name in tables:
        for origin in _one_text_each(lake, name):
            for file in origin.files:
                for frame in documents(lake, origin, file, text=True):
                    own = frame if not recipe.languages else frame.filter(pl.col("language").is_in(recipe.languages))
                    for language, rows in own.group_by("language", maintain_order=True):
                        key = (str(language[0]) if recipe.languages else "", name)
                        kept = groups.setdefault(key, _Lowest(recipe.characters // parts))
                        kept.add(rows["doc_id"].to_list(), rows["text"].to_list())
    return [text for key in sorted(groups) for text in groups[key].texts()]


def stored(lake: Lake, name: str) -> dict[str, Any]:
    """The row of a tokenizer. Raises ModelError where it is not made yet."""
    rows = lake.scan(TOKENIZERS, tokenizer=name).collect().to_dicts() if name else []
    if not rows:
        raise ModelError(f"there is no tokenizer `{name}` yet: corpus tokenizer train {name}")
    return rows[0]


def open_tokenizer(lake: Lake, path: str) -> Tokenizer:
    """The tokenizer whose files the lake keeps at a path, loaded once per process."""
    return _open(str(lake.fetch_files(path)))


@lru_cache(maxsize=4)
def _open(folder: str) -> Tokenizer:
    return Tokenizer(folder)


class _Lowest:
    """Texts with the lowest hashes, so many that together they have about a number of characters."""

    def __init__(self, characters: int) -> None:
        self._room = characters
        self._heap: list[tuple[int, str, str]] = []
        self._size = 0

    def add(self, doc_ids: list[str], texts: list[str]) -> None:
        for number, doc_id, text in zip(hashes(doc_ids, 0, what="tokenizer").tolist(), doc_ids, texts, strict=True):
            heapq.heappush(self._heap, (-number, doc_id, text))
            self._size += len(text)
            while self._size > self._room and len(self._heap) > 1:
                self._size -= len(heapq.heappop(self._heap)[2])

    def texts(self) -> list[str]:
        return [text for _, _, text in sorted(self._heap, key=lambda one: (-one[0], one[1]))]


def _one_text_each(lake: Lake, name: str) -> list[Origin]:
    """The partitions of a table; of the web's those of the first text variant, for the others hold the same pages."""
    found = origins(lake, name)
    variants = sorted({origin.partition.get("variant", "") for origin in found})
    return [origin for origin in found if origin.partition.get("variant", "") == variants[0]] if variants else []


def _row(info: TokenizerInfo, recipe: TokenizerRecipe, path: str) -> dict[str, Any]:
    meta = {"settings": recipe.model_dump(mode="json", exclude={"location"})}
    return {
        "path": path,
        "digest": info.digest,
        "kind": info.kind,
        "origin": info.origin,
        "vocabulary": info.vocabulary,
        "end_token": info.end_name,
        "texts": info.texts,
        "characters": info.characters,
        "meta": orjson.dumps(meta, option=orjson.OPT_SORT_KEYS).decode(),
    }

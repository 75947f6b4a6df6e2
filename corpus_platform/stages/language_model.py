"""Language models: SentencePiece + 5-gram of a language, trained from encyclopedia articles or taken from a location. One partition is one language.

Below a minimum of text no model is made: the row says why, and documents of that language get the bucket `all`.
The cut-offs of head, middle and tail are the 30th and 60th percentile of perplexity on articles held out, or of the pages of a named snapshot;
CCNet's published ones come with its published models only.

Not here: training and scoring (models/).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
import polars as pl
from pydantic import Field

from corpus_platform.errors import SourceError
from corpus_platform.models.language_id import LanguageId
from corpus_platform.models.language_model import TrainingSettings, train_language_model
from corpus_platform.models.perplexity import Cutoffs, LanguageModel, LanguageModelInfo, Perplexity
from corpus_platform.stages.encyclopedia import ARTICLES, UNDATED
from corpus_platform.stages.pages import PAGES
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.texts import Base  # noqa: TC001  (Pydantic reads it)

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Output, Partition

MODELS = "models.language_model"
_SAMPLE = 10_000
"""Pages of a snapshot that its cut-offs are measured on: those with the lowest doc_id."""


class SnapshotCutoffs(Settings):
    """Pages whose perplexities give the cut-offs."""

    variant: Base
    snapshot: str


class LanguageModelSettings(Settings):
    """Which languages have a model, and where it is from."""

    languages: tuple[str, ...] = Field(default=("en", "zh"), description="Languages that a model is made for")
    location: str | None = Field(
        default=None, description="Folder of CCNet's published models; trained here by default"
    )
    dumps: dict[str, str] = Field(default={}, description="Dump to train from, by language; the newest by default")
    training: TrainingSettings = TrainingSettings()
    cutoffs_of: SnapshotCutoffs | None = Field(default=None, description="Take the cut-offs from a snapshot's pages")

    def below(self, home: Path) -> LanguageModelSettings:
        """The same with a relative folder taken below a home."""
        if self.location is None:
            return self
        return self.model_copy(update={"location": str(home / Path(self.location).expanduser())})


@dataclass(frozen=True)
class _Work:
    """What the task reads: the articles, or nothing for a published model, and the pages that give the cut-offs."""

    articles: tuple[DataFile, ...]
    pages: tuple[DataFile, ...]


@dataclass(frozen=True)
class LanguageModels(Stage):
    """The model of one language."""

    name: ClassVar[str] = MODELS
    upstream: ClassVar[tuple[str, ...]] = (ARTICLES,)
    version: ClassVar[str] = "1"
    settings: LanguageModelSettings = LanguageModelSettings()

    def settings_hash(self) -> str:
        """What makes one language's model: not the other languages, nor where its inputs are, for they are part of the shard."""
        given = {"training"} if self.settings.location is not None else set[str]()
        return digest_of(self.settings.model_dump(mode="json", exclude={"languages", "location", "dumps", *given}))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: all articles of the dump, or the published files."""
        language, settings = partition["language"], self.settings
        cutoffs = settings.cutoffs_of
        pages = lake.files(PAGES, cutoffs.model_dump()) if cutoffs else []
        common = tuple(f"pages:{digest}" for digest in digests(pages))
        if settings.location is not None:
            model = LanguageModel.from_location(settings.location, language)
            return [Shard(0, (*sorted(model.info.digests.values()), *common), _Work((), tuple(pages)))]
        articles = self._articles(lake, language)
        if not articles:
            return []
        size = sum(file.bytes for file in articles)
        return [Shard(0, (*digests(articles), *common), _Work(tuple(articles), tuple(pages)), size)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Trains or takes the model, measures the cut-offs, keeps the files in the lake and writes the row."""
        work: _Work = shard.work
        with tempfile.TemporaryDirectory(prefix="language-model-") as scratch:
            folder = Path(scratch) / "model"
            info = self._model(lake, partition["language"], work, folder)
            if info.model is not None and work.pages:
                info = _recut(lake, folder, partition["language"], work.pages, self.settings.cutoffs_of)
            stored = lake.store_files("language_model", folder) if info.model is not None else None
        output.count("records", info.articles + info.held_out_articles)
        output.count("kept", info.articles)
        output.count("held_out", info.held_out_articles)
        output.write(pl.DataFrame([_row(info, stored.path if stored else None)], infer_schema_length=None))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Digests of the articles' files."""
        return {ARTICLES: list(digests(self._articles(lake, partition["language"])))}

    def _model(self, lake: Lake, language: str, work: _Work, folder: Path) -> LanguageModelInfo:
        if self.settings.location is not None:
            model = LanguageModel.from_location(self.settings.location, language)
            # A file that is no model is told here, with its own name, and not by every stage that scores with it.
            Perplexity(model).score([language])
            return model.save(folder).info
        texts = (
            text for file in work.articles for frame in batches(lake, file, columns=("text",)) for text in frame["text"]
        )
        return train_language_model(language, texts, folder, self.settings.training)

    def _articles(self, lake: Lake, language: str) -> list[DataFile]:
        dumps = [p["dump"] for p in lake.partitions(ARTICLES) if p["language"] == language]
        if not dumps:
            return []
        dump = self.settings.dumps.get(language, max(dumps, key=lambda name: (name != UNDATED, name)))
        if dump not in dumps:
            raise SourceError(
                f"{ARTICLES}: there is no dump `{dump}` of `{language}`; there are {', '.join(sorted(dumps))}"
            )
        return lake.files(ARTICLES, {"language": language, "dump": dump})


def open_model(lake: Lake, path: str) -> Perplexity:
    """The model whose files the lake keeps at a path, loaded once per process."""
    return _open(str(lake.fetch_files(path)))


@lru_cache(maxsize=4)
def _open(folder: str) -> Perplexity:
    return Perplexity(folder)


def _recut(
    lake: Lake, folder: Path, language: str, pages: tuple[DataFile, ...], source: SnapshotCutoffs | None
) -> LanguageModelInfo:
    """The model with the cut-offs of a snapshot's pages in its language; with its own where the snapshot has none."""
    name = source.snapshot if source else ""
    lowest = pl.scan_parquet([file.uri for file in pages], storage_options=lake.storage.polars_options())
    sample = lowest.select("doc_id", "text").sort("doc_id").head(_SAMPLE).collect()["text"].to_list()
    codes, _ = LanguageId.open().predict(sample)
    texts = [text for text, code in zip(sample, codes, strict=True) if code == language]
    if not texts:
        return LanguageModel.open(folder).info
    cutoffs = Cutoffs.of(Perplexity(folder).score(texts), name)
    return LanguageModel.open(folder).with_cutoffs(cutoffs).save(folder.with_name("cut")).save(folder).info


def _row(info: LanguageModelInfo, path: str | None) -> dict[str, Any]:
    cutoffs = info.cutoffs
    return {
        "path": path,
        "digest": info.digest,
        "reason": info.reason,
        "origin": info.origin,
        "cutoff_head": cutoffs.head if cutoffs else None,
        "cutoff_middle": cutoffs.tail if cutoffs else None,
        "cutoff_source": cutoffs.source if cutoffs else None,
        "articles": info.articles,
        "characters": info.characters,
        "tokens": info.tokens,
        "ngrams": list(info.ngrams),
        "meta": orjson.dumps({"settings": info.settings, "versions": info.versions, "data": info.data}).decode(),
    }

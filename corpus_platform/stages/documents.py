"""The web's documents: pages without the paragraphs that others share, with language, perplexity and bucket of what is left.

CCNet's order: short pages out, repeated paragraphs out, then language, then perplexity of the languages that have a model. Every page ends as
one row here or one row in ops.decisions.
Source: CCNet (Wenzek et al. 2020), facebookresearch/cc_net.

Not here: which languages and scores are published (recipes/), how a model is trained (language_model.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.dedup.paragraphs import keep_lines, paragraph_hashes
from corpus_platform.dedup.sorted_sets import HashLookup, intersect, sorted_chunks
from corpus_platform.models.language_id import LanguageId, language_id_digest
from corpus_platform.recipes.ccnet import Bucket, Dropped
from corpus_platform.stages.decisions import DECISIONS, drop
from corpus_platform.stages.language_model import MODELS, open_model
from corpus_platform.stages.paragraphs import HASHES, PAGES, PARAGRAPHS, ParagraphSettings, groups_of
from corpus_platform.stages.read import batches, content_of, digests, lazy
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Output, Partition

DOCUMENTS = "web.documents"
RECIPE = "ccnet"


class DocumentSettings(Settings):
    """How language and perplexity are found."""

    languages: tuple[str, ...] = Field(
        default=(),
        description="Languages whose perplexity is wanted, where a model exists; those of `language_model` by default",
    )
    newlines: Literal["space", "delete"] = Field(
        default="space",
        description="What language identification sees between lines; CCNet's reference deletes them, which joins words",
    )
    language_id: str | None = Field(
        default=None, description="fastText language model file; the one that an installed package carries by default"
    )


@dataclass(frozen=True)
class _Work:
    """What one task reads."""

    pages: DataFile
    hashes: DataFile | None
    repeated: tuple[DataFile, ...]
    models: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Documents(Stage):
    """A shard of pages without repeated paragraphs, annotated."""

    name: ClassVar[str] = DOCUMENTS
    upstream: ClassVar[tuple[str, ...]] = (PAGES, HASHES, PARAGRAPHS, MODELS)
    version: ClassVar[str] = "1"
    side: ClassVar[tuple[str, ...]] = (DECISIONS,)
    settings: DocumentSettings = DocumentSettings()
    paragraphs: ParagraphSettings = ParagraphSettings()

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of pages; it also reads the repeated hashes of its groups and the language models."""
        hashes = {file.shard: file for file in lake.files(HASHES, partition)}
        repeated = {file.shard: file for file in lake.files(PARAGRAPHS, partition)}
        groups = groups_of(lake, partition)
        models = self._models(lake)
        common = (
            f"language_id:{language_id_digest(self.settings.language_id)}",
            *(f"model:{language}:{row['digest']}" for language, row in sorted(models.items())),
            f"paragraphs:{self.paragraphs.min_characters}",
        )
        shards = []
        for pages in lake.files(PAGES, partition):
            own = tuple(repeated[group] for group in sorted(groups.get(pages.shard, ())) if group in repeated)
            work = _Work(pages, hashes.get(pages.shard), own, models)
            reads = (*digests([pages]), *(f"repeated:{d}" for d in digests(own)), *common)
            shards.append(Shard(pages.shard, reads, work, pages.bytes))
        return shards

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the shard's pages; holds the repeated hashes that they need."""
        work: _Work = shard.work
        lookup = HashLookup.of(_needed(lake, work))
        annotate = _Annotator(lake, self.settings, work.models)
        for pages in batches(lake, work.pages):
            output.count("records", pages.height)
            content = content_of(pages, partition["variant"])
            characters, least = pl.col("characters"), self.paragraphs.min_characters
            frame = content.filter(characters >= least)
            _drop(output, content.filter(characters < least), Dropped.TOO_SHORT, value=characters, threshold=least)
            batch = TextBatch.of(frame["text"])
            hashes, _ = paragraph_hashes(batch)
            kept = keep_lines(batch, hashes, lookup)
            output.count("lines", batch.lines.start.size)
            output.count("lines_removed:repeated_in_group", int(kept.repeated_in_group.sum()))
            output.count("lines_removed:repeated_in_document", int(kept.repeated_in_document.sum()))
            frame = _with_kept(frame, batch, kept.frame())
            nlines = pl.col("nlines")
            _drop(output, frame.filter(nlines == 0), Dropped.ALL_PARAGRAPHS_REPEATED, value=nlines, threshold=1)
            frame = annotate(frame.filter(nlines > 0))
            output.count("kept", frame.height)
            output.write(frame.select(self.output().schema.names))

    def settings_hash(self) -> str:
        """The same whatever languages are asked for: a shard reads the models that there are, so one that is added in vain makes nothing stale."""
        return digest_of(self.settings.model_dump(mode="json", exclude={"languages"}))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of the tables that the documents are made of."""
        states = {name: lake.state(name, partition) for name in (PAGES, HASHES, PARAGRAPHS)}
        return {name: state.version for name, state in states.items() if state} | {
            f"{MODELS}:{language}": row["digest"] for language, row in self._models(lake).items()
        }

    def _models(self, lake: Lake) -> dict[str, dict[str, Any]]:
        asked = self.settings.languages
        return {code: row for code, row in language_models(lake).items() if not asked or code in asked}


def language_models(lake: Lake) -> dict[str, dict[str, Any]]:
    """The rows of the language models that there are, by language."""
    rows = lake.scan(MODELS).filter(pl.col("digest").is_not_null()).collect().to_dicts()
    return {row["language"]: row for row in rows}


def perplexities(
    lake: Lake, models: dict[str, dict[str, Any]], texts: list[str], languages: list[str | None]
) -> tuple[pl.Series, pl.Series]:
    """`perplexity` (null without a model) and `bucket` of texts, by the model of their language."""
    perplexity: list[float | None] = [None] * len(texts)
    bucket = [Bucket.ALL.value] * len(texts)
    for language, row in models.items():
        rows = [i for i, code in enumerate(languages) if code == language]
        if not rows:
            continue
        model = open_model(lake, row["path"])
        for i, value in zip(rows, model.score([texts[i] for i in rows]), strict=True):
            perplexity[i], bucket[i] = float(value), model.bucket(float(value))
    return pl.Series("perplexity", perplexity, pl.Float32), pl.Series("bucket", bucket, pl.String)


def _needed(lake: Lake, work: _Work) -> np.ndarray:
    """The repeated hashes that the shard's own pages have, sorted: memory is bounded by the shard, not by its group."""
    if work.hashes is None or not work.repeated:
        return np.empty(0, np.uint64)
    own = lazy(lake, work.hashes).select(pl.col("hash").unique().sort()).collect()["hash"].to_numpy()
    chunks = sorted_chunks([lazy(lake, file) for file in work.repeated], memory=256 << 20)
    return intersect(own, chunks)


def _with_kept(frame: pl.DataFrame, batch: TextBatch, kept: pl.DataFrame) -> pl.DataFrame:
    """The pages with the kept text in place of the whole one; CCNet's `original_*` say what was there before."""
    before = pl.DataFrame(
        {
            "original_nlines": np.diff(batch.document_line).astype(np.int32),
            "original_length": batch.characters.astype(np.int32),
        }
    )
    return pl.concat([frame.drop("text"), before, kept], how="horizontal")


def _drop(output: Output, dropped: pl.DataFrame, rule: Dropped, *, value: pl.Expr, threshold: float) -> None:
    """Puts dropped pages into the ledger."""
    drop(output, dropped, recipe=RECIPE, step="paragraphs", rule=rule, value=value, threshold=threshold)


class _Annotator:
    """Adds language, its score, perplexity and bucket to a batch of documents."""

    def __init__(self, lake: Lake, settings: DocumentSettings, models: dict[str, dict[str, Any]]) -> None:
        self._lake = lake
        self._settings = settings
        self._models = models
        self._language_id = _language_id(settings.language_id)

    def __call__(self, frame: pl.DataFrame) -> pl.DataFrame:
        texts = frame["text"].to_list()
        codes, scores = self._language_id.predict(texts, newlines=self._settings.newlines)
        return frame.with_columns(
            pl.Series("language", codes, pl.String),
            pl.Series("language_score", scores, pl.Float32),
            *perplexities(self._lake, self._models, texts, codes),
            pl.col("file").alias("cc_segment"),
        )


@lru_cache(maxsize=2)
def _language_id(path: str | None) -> LanguageId:
    return LanguageId.open(path)

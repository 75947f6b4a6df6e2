"""Texts of a source after its cleaning recipe: edited and filtered as the source's kind asks for, with language and perplexity.

The recipe is `recipes/cleaning/<source>.yaml`, or that of the same name in the home's folder of recipes. Every document ends as one row here or one drop
that is counted, and is a row in ops.decisions with step, rule, value and threshold.

Not here: reading (source_documents.py), dedup and corpora, which start from these texts (dedup.py, corpus.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from corpus_platform.lake import table
from corpus_platform.models.book_classes import CLASSIFIERS as OF_BOOKS
from corpus_platform.models.book_classes import fill_categories
from corpus_platform.recipes.apply import apply
from corpus_platform.signals.annotate import annotate
from corpus_platform.stages.classifiers import CLASSIFIERS, shelf_of, stored_models
from corpus_platform.stages.corpus import what_steps_do
from corpus_platform.stages.decisions import DECISIONS, count_funnel
from corpus_platform.stages.documents import language_models, perplexities
from corpus_platform.stages.judged import JudgedTexts
from corpus_platform.stages.language_model import MODELS
from corpus_platform.stages.signals import LANGUAGE, SHIPPED, SignalsSettings
from corpus_platform.stages.stage import Shard, Stage, digest_of
from corpus_platform.stages.texts import cleaned_table, of_texts, read_table

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.models.shelf import Shelf
    from corpus_platform.recipes.apply import Applied
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Environment
    from corpus_platform.stages.judged import Work
    from corpus_platform.stages.stage import Output, Partition


@dataclass(frozen=True)
class Cleaned(Stage):
    """The texts of one source, cleaned."""

    version: ClassVar[str] = "1"
    side: ClassVar[tuple[str, ...]] = (DECISIONS,)
    source: str = field(kw_only=True)
    recipe: Recipe = field(kw_only=True)
    settings: SignalsSettings = SignalsSettings()
    """How signals are computed."""

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  (one class, a table for each source)
        """`<source>.cleaned`."""
        return cleaned_table(self.source)

    @property
    def texts(self) -> JudgedTexts:
        """What is read."""
        return JudgedTexts(self.recipe, self.settings)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The texts as they were read, the language models, and of books the classifiers that say what they are about."""
        del variant
        scorers = ((CLASSIFIERS, SHIPPED),) if self.source == "books" else ()
        return ((read_table(self.source), ""), (MODELS, ""), *scorers)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of texts."""
        models = language_models(lake)
        of_books = OF_BOOKS.values() if self.source == "books" else ()
        scorers = {name: row for name, row in stored_models(lake).items() if name in of_books} if of_books else {}
        scored = (
            *(f"model:{language}:{row['digest']}" for language, row in sorted(models.items())),
            *(f"scorer:{name}:{row['digest']}" for name, row in scorers.items()),
        )
        found = self.texts.shards(lake, of_texts(self.source, partition))
        return [Shard(s.index, (*s.reads, *scored), _CleanedWork(s.work, models, scorers), s.bytes) for s in found]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the texts, some MB at a time."""
        work: _CleanedWork = shard.work
        environment = self.texts.environment(lake, work.texts)
        scorers = shelf_of(lake, work.scorers)
        for frame in self.texts.documents(lake, of_texts(self.source, partition), work.texts):
            output.count("records", frame.height)
            given = with_language(frame, environment)
            applied = apply(self.recipe, given, environment)
            count_funnel(output, applied)
            output.write(applied.decisions.with_columns(pl.lit(self.recipe.name).alias("recipe")), DECISIONS)
            output.write(self._rows(lake, applied, given, work.models, scorers))

    def settings_hash(self) -> str:
        """What the recipe does, under the names that the ledger gives it."""
        frozen = [one.model_dump(mode="json") for one in self.recipe.thresholds]
        return digest_of([self.recipe.compat, what_steps_do(self.recipe), frozen])

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the texts, and the models' digests."""
        models = {f"{MODELS}:{language}": row["digest"] for language, row in language_models(lake).items()}
        return {**self.texts.inputs(lake, of_texts(self.source, partition)), **models}

    def _rows(
        self, lake: Lake, applied: Applied, given: pl.DataFrame, models: dict[str, dict[str, Any]], scorers: Shelf
    ) -> pl.DataFrame:
        # A cleaned text is in the language that it was in.
        known = given.select("doc_id", *LANGUAGE)
        kept = applied.kept.drop(LANGUAGE).join(known, on="doc_id", how="left", maintain_order="left")
        scores = perplexities(lake, models, kept["text"].to_list(), kept["language"].to_list())
        kept = kept.with_columns(pl.Series("edited", applied.changed, pl.Boolean), *scores, found_again(kept))
        if self.source == "books":
            kept = fill_categories(kept, scorers)
        return kept.select(name for name in table(self.name).schema.names if name in kept.columns)


@dataclass(frozen=True)
class _CleanedWork:
    """What one task reads: texts, and the language models by language."""

    texts: Work
    models: dict[str, dict[str, Any]]
    scorers: dict[str, dict[str, str]]
    """Classifiers by name."""


def with_language(frame: pl.DataFrame, environment: Environment) -> pl.DataFrame:
    """The frame with a language for each text: the one that its source states, else the one that is identified; its score is the identified one's."""
    language, score = annotate(frame.drop(LANGUAGE, strict=False), LANGUAGE, environment)
    stated = frame["language"] if "language" in frame.columns else language
    agrees = pl.Series(stated == language).fill_null(value=True)
    return frame.with_columns(
        pl.select(pl.coalesce(stated, language).alias("language")).to_series(),
        pl.select(pl.when(agrees).then(score).alias("language_score")).to_series().cast(pl.Float32),
    )


def found_again(kept: pl.DataFrame) -> pl.Series:
    """The sections of each text, where their headings are now; a heading that was taken out is no section any more."""
    moved = []
    for text, sections in zip(kept["text"], kept["sections"].to_list(), strict=True):
        start, own = 0, []
        for section in sections or ():
            at = text.find(section["title"], start)
            if at >= 0:
                own.append({**section, "start": at})
                start = at + len(section["title"])
        moved.append(own)
    return pl.Series("sections", moved, dtype=kept.schema["sections"])

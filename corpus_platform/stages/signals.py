"""Signals of the web's texts: measured once per text variant, judged by every recipe.

A row is a document of `web.pages` or `web.documents`, in the same order, with a column for each signal of the registry. A family that is not
stored leaves its columns null; a recipe that asks for them computes them from the text.
Promise: the result depends on the texts, the settings, the lists and the models, all of which are in the fingerprint of a shard.

Not here: what a signal is (signals/), thresholds and verdicts (recipes/, corpus.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import polars as pl
import pyarrow as pa
from pydantic import Field

from corpus_platform.documents import DOCUMENT_COLUMNS, ORDER, column
from corpus_platform.errors import SettingsError
from corpus_platform.lake import TableSpec, register, table
from corpus_platform.lists.lists import Lists
from corpus_platform.models.language_id import language_id_digest
from corpus_platform.sft.ability import model_at
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.registry import families
from corpus_platform.stages.classifiers import CLASSIFIERS, IMPORTANCE, shelf_of, stored_models
from corpus_platform.stages.documents import language_models, perplexities
from corpus_platform.stages.language_model import MODELS
from corpus_platform.stages.read import digests
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.texts import (
    PLACE,
    TextVariant,
    base_of,
    is_after_dedup,
    text_batches,
    text_partition,
    text_table,
)
from corpus_platform.tables import SNAPSHOT, TEXT_VARIANT

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.signals.environment import Compat
    from corpus_platform.signals.registry import Family, Signal
    from corpus_platform.stages.stage import Output, Partition

SIGNALS = "web.signals"
SHIPPED = "shipped"
"""In place of a variant, of tables of models: those that can be made from what is shipped. Others are used where they are there."""
LANGUAGE = ("language", "language_score")


class SignalsSettings(SignalSettings, Settings):
    """How signals are computed, and which are stored."""

    variants: tuple[TextVariant, ...] = Field(
        default=(), description="Text variants that get signals besides those whose signals the enabled recipes read"
    )
    families: tuple[str, ...] | None = Field(
        default=None, description="Families that are stored; by default those that cost little"
    )
    more: tuple[str, ...] = Field(default=(), description="Families that are stored besides")
    perplexity: bool = Field(
        default=False,
        description="Measure perplexity of texts before paragraph dedup too, where their language has a model",
    )

    def below(self, home: Path) -> SignalsSettings:
        """The same with relative files taken below a home."""
        lists = {name: str(home / Path(file).expanduser()) for name, file in self.lists.items()}
        language_id = str(home / Path(self.language_id).expanduser()) if self.language_id else None
        ability_model = str(home / Path(self.ability_model).expanduser()) if self.ability_model else None
        return self.model_copy(update={"lists": lists, "language_id": language_id, "ability_model": ability_model})

    def stored(self) -> tuple[Family, ...]:
        """The families that are stored, in the registry's order. Raises SettingsError for a name that is none."""
        known = {family.name: family for family in families() if family.of == "texts"}
        if strangers := [name for name in (*(self.families or ()), *self.more) if name not in known]:
            raise SettingsError(
                f"`signals`: there is no family of signals `{strangers[0]}`; there are {', '.join(known)}"
            )
        chosen = {name for name, family in known.items() if family.default} if self.families is None else self.families
        return tuple(family for family in known.values() if family.name in {"language", *chosen, *self.more})

    def values_hash(self) -> str:
        """16 hex digits of what changes values here: files are known by their content, and who asks changes nothing."""
        files = {"lists", "language_id", "ability_model"}
        return digest_of(self.model_dump(mode="json", exclude={"variants", "families", "more", *files}))


@dataclass(frozen=True)
class Signals(Stage):
    """The signals of a shard of texts."""

    name: ClassVar[str] = SIGNALS
    version: ClassVar[str] = "1"
    settings: SignalsSettings = SignalsSettings()

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The texts, and the language models where they are needed."""
        models = ((MODELS, ""),) if self._scores(variant) else ()
        scorers = ((CLASSIFIERS, SHIPPED), (IMPORTANCE, SHIPPED)) if models_of(self.settings.stored()) else ()
        return ((text_table(variant), base_of(variant)), *models, *scorers)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of texts."""
        files = lake.files(text_table(partition["variant"]), text_partition(partition))
        models = language_models(lake) if self._scores(partition["variant"]) else {}
        common = (
            *identity(self.settings.stored(), self.settings),
            *(f"model:{language}:{row['digest']}" for language, row in sorted(models.items())),
        )
        asked = models_of(self.settings.stored())
        scorers = {name: row for name, row in stored_models(lake).items() if name in asked} if asked else {}
        common += tuple(f"scorer:{name}:{row['digest']}" for name, row in scorers.items())
        work = ((file, _Work(file, models, scorers)) for file in files)
        return [Shard(file.shard, (*digests([file]), *common), one, file.bytes) for file, one in work]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the texts, some MB at a time."""
        work: _Work = shard.work
        stored = self.settings.stored()
        names = [signal.name for family in stored for signal in family.signals]
        environment = Environment(self.settings, shelf_of(lake, work.scorers))
        for frame in text_batches(lake, work.texts, _columns(stored, partition["variant"])):
            output.count("records", frame.height)
            given = frame.drop(PLACE)
            if work.models:
                given = _scored(lake, given, environment, work.models)
            found = annotate(given, names, environment)
            output.count("kept", found.height)
            output.count(f"compat:{self.settings.compat}", found.height)
            for family in stored:
                output.count(f"family:{family.name}", found.height)
            output.write(pl.concat([frame.select(PLACE), found], how="horizontal"))

    def settings_hash(self) -> str:
        """What changes values; which families are stored is part of the shards."""
        return self.settings.values_hash()

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the texts."""
        name = text_table(partition["variant"])
        state = lake.state(name, text_partition(partition))
        return {name: state.version} if state else {}

    def _scores(self, variant: str) -> bool:
        return self.settings.perplexity and not is_after_dedup(variant)


@dataclass(frozen=True)
class _Work:
    """What one task reads."""

    texts: DataFile
    models: dict[str, dict[str, Any]]
    """Language models, by language."""
    scorers: dict[str, dict[str, str]]
    """Classifiers and importance models, by name."""


def models_of(stored: tuple[Family, ...]) -> set[str]:
    """Names of the models that some families ask for."""
    return {name for family in stored for signal in family.signals for name in signal.models} - {"language_id"}


def stored_in(lake: Lake, partition: Partition) -> tuple[tuple[str, ...], Compat]:
    """Names of the signals that a partition has, and the `compat` that they were computed with: those of its commit, whatever the settings say now."""
    state = lake.state(SIGNALS, partition)
    counters = state.counters if state else {}
    names = (s.name for family in families() if f"family:{family.name}" in counters for s in family.signals)
    return tuple(names), "reference" if "compat:reference" in counters else "sane"


def identity(stored: tuple[Family, ...], settings: SignalsSettings) -> tuple[str, ...]:
    """What the values of some families depend on besides the texts and settings: their versions, lists and the language model."""
    named = [signal for family in stored for signal in family.signals]
    lists = {name for signal in named for name in signal.lists}
    known = (
        f"family:{family.name}:{family.version}:{digest_of([s.name for s in family.signals])}" for family in stored
    )
    return (
        *known,
        f"lists:{Lists.of(settings.lists).digest(lists)}",
        f"language_id:{language_id_digest(settings.language_id)}",
        *(f"abilities:{model_at(settings.ability_model).digest}" for family in stored if family.name == "sft_ability"),
    )


def _columns(stored: tuple[Family, ...], variant: str) -> list[str]:
    """Columns of the texts' table that the families read. The language that a page states of itself is a hint, and is not taken for its language."""
    there = table(text_table(variant)).schema.names
    hints = () if is_after_dedup(variant) else LANGUAGE
    wanted = {name for family in stored for name in family.reads if name not in hints}
    return [name for name in there if name in {*PLACE, "text", *wanted}]


def _scored(
    lake: Lake, frame: pl.DataFrame, environment: Environment, models: dict[str, dict[str, Any]]
) -> pl.DataFrame:
    """The frame with language, perplexity and bucket."""
    found = annotate(frame, LANGUAGE, environment)
    perplexity, bucket = perplexities(lake, models, frame["text"].to_list(), found["language"].to_list())
    return frame.with_columns(*found, perplexity, bucket)


def signal_fields(of: Literal["texts", "dialogues"]) -> tuple[pa.Field, ...]:
    """The columns of all signals of texts, or of dialogues, in the registry's order."""
    return tuple(_field(signal) for family in families() if family.of == of for signal in family.signals)


def _field(signal: Signal) -> pa.Field:
    """The column of a signal."""
    empty = pl.DataFrame(schema={signal.name: signal.column_type}).to_arrow(compat_level=pl.CompatLevel.oldest())
    described = column(signal.name, _plain(empty.schema.field(0).type), f"{signal.definition} ({signal.source})")
    return described.with_metadata({**described.metadata, b"signal": b""})


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type without `large_`: a signal is short."""
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    return pa.string() if pa.types.is_large_string(kind) else kind


def _spec() -> TableSpec:
    place = [field for field in DOCUMENT_COLUMNS if field.name in PLACE]
    return TableSpec(
        SIGNALS,
        "A row is a document of a text variant with its signals",
        (*place, *signal_fields("texts"), TEXT_VARIANT, SNAPSHOT),
        key=("doc_id", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=ORDER,
    )


register(_spec())

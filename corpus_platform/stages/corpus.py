"""A corpus: what a recipe keeps of a snapshot's texts. Signals are read, not measured again; nothing raw is opened.

Every document ends as one row here or one drop that is counted, and is a row in ops.decisions with step, rule, value and threshold.
A recipe that asks for nothing but columns of `web.documents` (CCNet's own) needs no signals, and has none made.

Not here: what a recipe is and how it judges (recipes/), what is measured (signals.py), the files that CCNet publishes (recipes/ccnet_export.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import BeforeValidator, Field

from corpus_platform.errors import SourceError
from corpus_platform.lake import TableSpec, register, table
from corpus_platform.lists.lists import KINDS, Lists
from corpus_platform.recipes.apply import apply, judging
from corpus_platform.recipes.ccnet import FIELDS, ccnet_rows
from corpus_platform.recipes.ccnet_export import export
from corpus_platform.recipes.ccnet_minify import minify
from corpus_platform.recipes.ledger import sample_of
from corpus_platform.recipes.plan import compile_recipe
from corpus_platform.recipes.step import EditStep, FilterStep
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import families, families_of, signals
from corpus_platform.stages.classifiers import shelf_of, stored_models
from corpus_platform.stages.decisions import DECISIONS
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.signals import LANGUAGE, SIGNALS, SignalsSettings, identity, stored_in
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.texts import (
    DOCUMENTS,
    PLACE,
    Rows,
    TextVariant,
    base_of,
    is_after_dedup,
    text_batches,
    text_partition,
    text_table,
)
from corpus_platform.tables import CCNET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.apply import Applied
    from corpus_platform.recipes.ccnet_export import ExportedFile
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Compat
    from corpus_platform.stages.stage import Output, Partition

LAYER = "corpora"
ALL = "all"


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class RecipeSettings(Settings):
    """Which corpora are made, from which texts, and what is kept of the reasons."""

    enabled: Annotated[tuple[str, ...], BeforeValidator(_several)] = Field(
        default=("ccnet",),
        description="Recipes whose corpora are made, besides those of `folder`; `all` means every one",
    )
    folder: str = Field(default="recipes", description="Folder of recipes of one's own (`*.yaml`)")
    variants: dict[str, TextVariant] = Field(
        default={}, description="Text variant by recipe, in place of its own; `ccnet` takes the first of `variants`"
    )
    decisions: Literal["all", "sample"] = Field(
        default="all", description="Which dropped documents are listed in `ops.decisions`; all are counted"
    )
    sample: int = Field(default=100, ge=0, description="Documents of a sample, per rule and shard")

    def below(self, home: Path) -> RecipeSettings:
        """The same with a relative folder taken below a home."""
        return self.model_copy(update={"folder": str(home / Path(self.folder).expanduser())})


@dataclass(frozen=True)
class _Work:
    """What one task reads: a file of texts, the file of their signals, and the models that the recipe asks for."""

    texts: DataFile
    signals: DataFile | None
    stored: tuple[str, ...]
    """Signals that the file has."""
    compat: Compat
    """What they were computed with."""
    models: dict[str, dict[str, str]]
    """Classifiers and importance models that the recipe asks for, by name."""


@dataclass(frozen=True)
class Corpus(Stage):
    """The corpus of one recipe: a shard of texts with their signals, judged."""

    version: ClassVar[str] = "1"
    side: ClassVar[tuple[str, ...]] = (DECISIONS,)
    recipe: Recipe = field(kw_only=True)
    settings: SignalsSettings = SignalsSettings()
    """How signals are stored, and how those that are not stored are computed."""
    kept_decisions: int | None = None
    """Dropped documents that are listed, per rule and shard; all by default."""

    def __post_init__(self) -> None:
        """Declares the table where it is not as those of other recipes."""
        if self.recipe.publish == "ccnet":
            register(_like(CCNET, self.name))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A worker knows the table too."""
        for attribute, value in state.items():
            object.__setattr__(self, attribute, value)
        self.__post_init__()

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  (one class, a table for each recipe)
        """`corpora.<recipe>`."""
        return f"{LAYER}.{self.recipe.name}"

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The signals, if any are needed, and the texts."""
        texts = (text_table(variant), base_of(variant))
        return ((SIGNALS, variant), texts) if self.reads_signals(variant) else (texts,)

    def reads_signals(self, variant: str) -> bool:
        """Whether the recipe asks for anything that the table of texts has not."""
        there = table(DOCUMENTS).schema.names
        return not is_after_dedup(variant) or any(name not in there for name in self._needs)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of texts, with that of its signals."""
        variant = partition["variant"]
        texts = lake.files(text_table(variant), text_partition(partition))
        reads = self.reads_signals(variant)
        if reads and lake.state(SIGNALS, partition) is None:
            return []
        measured = {file.shard: file for file in lake.files(SIGNALS, partition)} if reads else {}
        stored, compat = stored_in(lake, partition) if reads else ((), self.settings.compat)
        computed = self._computed(stored, compat)
        models = self._models(lake, computed)
        common = (*self._common(computed), *(f"scorer:{name}:{row['digest']}" for name, row in models.items()))
        shards = []
        for file in texts:
            work = _Work(file, measured.get(file.shard), stored, compat, models)
            own = tuple(f"signals:{digest}" for digest in digests([work.signals])) if work.signals else ()
            shards.append(Shard(file.shard, (*digests([file]), *own, *common), work, file.bytes))
        return shards

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the texts with their signals, some MB at a time."""
        work: _Work = shard.work
        as_stored = self.settings.model_copy(update={"compat": work.compat})
        environment = Environment(as_stored, shelf_of(lake, work.models))
        sample: pl.DataFrame | None = None
        for frame in self._documents(lake, partition, work):
            output.count("records", frame.height)
            applied = apply(self.recipe, frame, environment)
            self._count(output, applied)
            output.write(self._rows(applied))
            if self.kept_decisions is None:
                self._list(output, applied.decisions)
            else:
                dropped = applied.decisions if sample is None else pl.concat([sample, applied.decisions])
                sample = sample_of(dropped, self.kept_decisions)
        if sample is not None:
            self._list(output, sample)

    def settings_hash(self) -> str:
        """What the recipe does, under the names that the ledger gives it; not what is said of it."""
        said = {"label", "note", "unverified"}
        steps = [(s.step, s.name, s.model_dump(mode="json", exclude=said)) for s in self.recipe.steps]
        frozen = [one.model_dump(mode="json") for one in self.recipe.thresholds]
        return digest_of([self.recipe.compat, self.recipe.publish, steps, frozen, self.kept_decisions])

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of signals and texts."""
        found: dict[str, Any] = {}
        for name, _ in self.above(partition["variant"]):
            where = partition if name == SIGNALS else text_partition(partition)
            state = lake.state(name, where)
            found |= {name: state.version} if state else {}
        return found

    @cached_property
    def _needs(self) -> tuple[str, ...]:
        """Signals and columns that the recipe asks for."""
        return compile_recipe(self.recipe, Environment(self.settings)).stored

    def _models(self, lake: Lake, computed: list[str]) -> dict[str, dict[str, str]]:
        """The models that are needed here: those of signals that are computed, and those that steps name."""
        known = signals()
        named = {name for signal in computed for name in known[signal].models}
        named |= {word for step in self.recipe.steps for word in _words(step.model_dump(mode="json"))}
        stored = stored_models(lake) if named else {}
        return {n: row for n, row in stored.items() if n in named or n.rpartition("/")[0] in named}

    def _common(self, computed: list[str]) -> tuple[str, ...]:
        """What every shard depends on besides its files: the rules as lists and settings make them, and what is computed here."""
        environment = judging(self.recipe, Environment(self.settings))
        rules = [asdict(r) for s in self.recipe.steps if isinstance(s, FilterStep) for r in s.rules(environment)]
        found = (f"rules:{digest_of(rules)}",)
        if computed:
            asked = families_of(computed)
            found += (f"settings:{self.settings.values_hash()}",)
            found += identity(tuple(family for family in families() if family.name in asked), self.settings)
        if self._edits:
            # An edit may read any list but those of domains.
            read = [name for name, kind in KINDS.items() if kind != "domains by category"]
            found += (f"lists:{Lists.of(self.settings.lists).digest(read)}",)
        return found

    @cached_property
    def _edits(self) -> bool:
        return any(isinstance(step, EditStep) for step in self.recipe.steps)

    def _computed(self, stored: tuple[str, ...], compat: Compat) -> list[str]:
        """Signals that the recipe asks for and that are not stored, or stored under another `compat`; every one of a recipe that edits."""
        known = signals()
        other = self.recipe.compat != compat
        asked = (name for name in self._needs if name in known)
        return [name for name in asked if self._edits or name not in stored or (other and known[name].reference)]

    def _documents(self, lake: Lake, partition: Partition, work: _Work) -> Iterator[pl.DataFrame]:
        """The texts, each with what is stored of it."""
        texts = text_batches(lake, work.texts, table(text_table(partition["variant"])).schema.names)
        if not self.reads_signals(partition["variant"]):
            yield from texts
            return
        wanted = [name for name in work.stored if name in LANGUAGE or name in self._needs]
        rows = Rows(batches(lake, work.signals, columns=[*PLACE, *wanted]) if work.signals else ())
        for frame in texts:
            measured = rows.take(frame.height)
            if not (measured.height and measured["doc_id"].equals(frame["doc_id"])):
                raise SourceError(
                    f"{SIGNALS}: the signals of {work.texts.path} are not those of its texts as they are now: make them "
                    f"first: corpus run web/{partition['variant']}/signals --snapshot {partition['snapshot']}"
                )
            hints = () if is_after_dedup(partition["variant"]) else LANGUAGE
            own = frame.drop(name for name in {*wanted, *hints} if name in frame.columns)
            yield own.with_columns(measured.select(wanted))

    def _count(self, output: Output, applied: Applied) -> None:
        """What became of the documents, by step and rule."""
        output.count("kept", applied.kept.height)
        for row in applied.funnel:
            for rule, n in row.rules.items():
                output.count(f"dropped:{row.step}:{rule}", n)
            output.count(f"edited:{row.step}", row.changed) if row.changed else None
            output.count(f"pending:{row.step}", row.documents) if row.pending else None
            for rule, n in row.unknown.items():
                output.count(f"unknown:{row.step}:{rule}", n)
        for kind in ("removed", "computed", "stale"):
            for name, n in getattr(applied, kind).items():
                output.count(f"{kind}:{name}", n)
        if self.recipe.publish == "ccnet":
            for bucket, n in applied.kept["bucket"].value_counts(sort=True).iter_rows():
                output.count(f"bucket:{bucket}", n)

    def _list(self, output: Output, decisions: pl.DataFrame) -> None:
        """Puts dropped documents into the ledger. Their addresses would double it, and are in the tables of texts."""
        output.write(decisions.with_columns(pl.lit(self.recipe.name).alias("recipe")), DECISIONS)

    def _rows(self, applied: Applied) -> pl.DataFrame:
        """The kept documents with the table's columns."""
        kept = applied.kept
        if self.recipe.publish == "ccnet":
            return pl.concat([kept.select(PLACE), ccnet_rows(kept)], how="horizontal")
        marked = kept.with_columns(pl.Series("edited", applied.changed, pl.Boolean))
        return marked.select(table(self.name).schema.names)


def export_files(
    lake: Lake, partition: Partition, folder: Path, *, short: bool = False, recipe: str = "ccnet"
) -> list[ExportedFile]:
    """Writes a partition of a corpus with CCNet's fields as its `<language>_<bucket>_<nnnn>.json.gz`; `short`: without text, as its minify step does.

    Raises SourceError where the partition has not been made.
    """
    name = f"{LAYER}.{recipe}"
    if lake.state(name, partition) is None:
        made = ", ".join("/".join(known.values()) for known in lake.partitions(name)) or "none"
        raise SourceError(
            f"{name}: there is no corpus of {'/'.join(partition.values())} yet (there is: {made}): "
            f"corpus run {LAYER}/{recipe} --snapshot {partition['snapshot']}"
        )

    def frames() -> Iterator[pl.DataFrame]:
        for file in lake.files(name, partition):
            for frame in batches(lake, file, columns=FIELDS):
                yield minify(frame) if short else frame.select(FIELDS)

    return export(frames(), folder)


def _words(value: Any) -> Iterator[str]:
    """All words in the parameters of a step."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _words(inner)


def _like(spec: TableSpec, name: str) -> TableSpec:
    """The same table under another name."""
    return TableSpec(
        name, spec.description, spec.columns, key=spec.key, partition_by=spec.partition_by, order=spec.order
    )

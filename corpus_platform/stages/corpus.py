"""A corpus: what a recipe keeps of a snapshot's texts. Signals are read, not measured again; nothing raw is opened.

Every document ends as one row here or one drop that is counted, and is a row in ops.decisions with step, rule, value and threshold.
A recipe that asks for nothing but columns of `web.documents` (CCNet's own) needs no signals, and has none made.

Not here: what a recipe is and how it judges (recipes/), what is measured (signals.py), the files that CCNet publishes (recipes/ccnet_export.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import polars as pl
from pydantic import BeforeValidator, Field

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import TableSpec, register, table
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.ccnet import FIELDS, ccnet_rows
from corpus_platform.recipes.ccnet_export import export
from corpus_platform.recipes.ccnet_minify import minify
from corpus_platform.recipes.ledger import sample_of
from corpus_platform.recipes.population import methods_of
from corpus_platform.stages.asset_names import made_of_parts
from corpus_platform.stages.decisions import DECISIONS, count_funnel
from corpus_platform.stages.judged import JudgedTexts
from corpus_platform.stages.read import batches
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.stage import Settings, Stage, digest_of
from corpus_platform.stages.texts import PLACE, TextVariant
from corpus_platform.stages.verdicts import DUPLICATES, VerdictRows, coordinate, with_verdicts
from corpus_platform.tables import CCNET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.lake import Lake
    from corpus_platform.recipes.apply import Applied
    from corpus_platform.recipes.ccnet_export import ExportedFile
    from corpus_platform.recipes.population import Method
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.stages.stage import Output, Partition, Shard
    from corpus_platform.stages.verdicts import JudgedWork

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
    test_sets: dict[str, str] = Field(
        default={},
        description="Files (JSONL, Parquet) of test sets by name, that decontamination holds documents against",
    )
    decisions: Literal["all", "sample"] = Field(
        default="all", description="Which dropped documents are listed in `ops.decisions`; all are counted"
    )
    sample: int = Field(default=100, ge=0, description="Documents of a sample, per rule and shard")

    def below(self, home: Path) -> RecipeSettings:
        """The same with a relative folder taken below a home."""
        files = {name: str(home / Path(file).expanduser()) for name, file in self.test_sets.items()}
        return self.model_copy(update={"folder": str(home / Path(self.folder).expanduser()), "test_sets": files})


@dataclass(frozen=True)
class Corpus(Stage):
    """The corpus of one recipe: a shard of texts with their signals, judged."""

    version: ClassVar[str] = "3"
    side: ClassVar[tuple[str, ...]] = (DECISIONS,)
    recipe: Recipe = field(kw_only=True)
    settings: SignalsSettings = SignalsSettings()
    """How signals are stored, and how those that are not stored are computed."""
    kept_decisions: int | None = None
    """Dropped documents that are listed, per rule and shard; all by default."""
    test_sets: Mapping[str, str] = field(default_factory=dict)
    """Files of test sets by name."""
    group_files: int = 2_500
    """Files whose documents dedups of scope group compare."""

    def __post_init__(self) -> None:
        """Declares the table where it is not as those of other recipes."""
        if self.recipe.publish == "ccnet":
            register(_like(CCNET, self.name))
        if self.recipe.parts:
            made_of_parts(self.name)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A worker knows the table too."""
        for attribute, value in state.items():
            object.__setattr__(self, attribute, value)
        self.__post_init__()

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  (one class, a table for each recipe)
        """`corpora.<recipe>`."""
        return f"{LAYER}.{self.recipe.name}"

    def recipe_of(self, partition: Partition) -> Recipe:
        """The recipe as it is for a partition. Raises SettingsError where no part of it takes the partition's texts."""
        found = self.recipe.of(partition["variant"], partition["snapshot"])
        if found is None:
            raise SettingsError(
                f"{self.name}: no part of the recipe takes {partition['variant']} {partition['snapshot']}; its parts are of "
                f"{', '.join(self.recipe.variants)}"
            )
        return found

    def texts(self, partition: Partition) -> JudgedTexts:
        """What is read for a partition."""
        return JudgedTexts(self.recipe_of(partition), self.settings, self.test_sets)

    def methods(self, partition: Partition) -> tuple[Method, ...]:
        """The recipe's dedups that a partition goes through."""
        where = partition["variant"], partition["snapshot"]
        return tuple(method for method in methods_of(self.recipe, self.group_files) if method.takes(*where))

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The signals, if any are needed, the texts, and the verdicts of the recipe's dedups."""
        found: dict[tuple[str, str], None] = {}
        for recipe in self._of_variant(variant):
            texts = JudgedTexts(recipe, self.settings, self.test_sets)
            dedups = ((DUPLICATES, coordinate(variant, method.name)) for method in methods_of(recipe, self.group_files))
            found |= dict.fromkeys((*texts.above(variant), *dedups))
        return tuple(found)

    def reads_signals(self, variant: str) -> bool:
        """Whether the recipe asks for anything that the table of texts has not."""
        return any(JudgedTexts(recipe, self.settings).reads_signals(variant) for recipe in self._of_variant(variant))

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of texts, with that of its signals, and all verdicts of the snapshot."""
        if self.recipe.of(partition["variant"], partition["snapshot"]) is None:
            return []
        shards = self.texts(partition).shards(lake, partition)
        identity = (f"recipe:{self._identity(partition)}",) if self.recipe.parts else ()
        named = [replace(shard, reads=(*shard.reads, *identity)) for shard in shards]
        return with_verdicts(lake, partition, named, self.methods(partition))

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the texts with their signals and verdicts, some MB at a time."""
        work: JudgedWork = shard.work
        recipe, texts = self.recipe_of(partition), self.texts(partition)
        environment = texts.environment(lake, work.texts)
        verdicts = VerdictRows(lake, work)
        part = self.recipe.part_of(partition["variant"], partition["snapshot"])
        sample: pl.DataFrame | None = None
        for frame in texts.documents(lake, partition, work.texts):
            output.count("records", frame.height)
            applied = apply(recipe, frame, environment, verdicts.of(frame))
            self._count(output, applied)
            output.write(self._rows(applied, None if part is None else part.part))
            if self.kept_decisions is None:
                self._list(output, applied.decisions)
            else:
                dropped = applied.decisions if sample is None else pl.concat([sample, applied.decisions])
                sample = sample_of(dropped, self.kept_decisions)
        if sample is not None:
            self._list(output, sample)

    def settings_hash(self) -> str:
        """What the recipe does, under the names that the ledger gives it; not what is said of it. What it does to a part is part of its shards."""
        frozen = [one.model_dump(mode="json") for one in self.recipe.thresholds]
        return digest_of(
            [
                self.recipe.compat,
                self.recipe.publish,
                what_steps_do(self.recipe),
                frozen,
                self.kept_decisions,
                self.group_files,
            ]
        )

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of signals, texts and verdicts."""
        found = self.texts(partition).inputs(lake, partition)
        states = {m.name: lake.state(DUPLICATES, {"method": m.name, **partition}) for m in self.methods(partition)}
        return {**found, **{f"{DUPLICATES}:{name}": state.version for name, state in states.items() if state}}

    def _of_variant(self, variant: str) -> list[Recipe]:
        """The recipe as it is for each part that takes texts of a variant."""
        if not self.recipe.parts:
            return [self.recipe]
        return [self.recipe.of_part(part) for part in self.recipe.parts if part.variant == variant]

    def _identity(self, partition: Partition) -> str:
        part = self.recipe.part_of(partition["variant"], partition["snapshot"])
        return digest_of([part.part if part else None, what_steps_do(self.recipe_of(partition))])

    def _count(self, output: Output, applied: Applied) -> None:
        """What became of the documents, by step and rule."""
        count_funnel(output, applied)
        if self.recipe.publish == "ccnet":
            for bucket, n in applied.kept["bucket"].value_counts(sort=True).iter_rows():
                output.count(f"bucket:{bucket}", n)

    def _list(self, output: Output, decisions: pl.DataFrame) -> None:
        """Puts dropped documents into the ledger. Their addresses would double it, and are in the tables of texts."""
        output.write(decisions.with_columns(pl.lit(self.recipe.name).alias("recipe")), DECISIONS)

    def _rows(self, applied: Applied, part: str | None) -> pl.DataFrame:
        """The kept documents with the table's columns."""
        kept = applied.kept
        if self.recipe.publish == "ccnet":
            return pl.concat([kept.select(PLACE), ccnet_rows(kept)], how="horizontal")
        weight = [None] * kept.height if applied.weight is None else applied.weight
        marked = kept.with_columns(
            pl.Series("edited", applied.changed, pl.Boolean),
            pl.Series("weight", weight, pl.Float32),
            pl.lit(part, pl.String).alias("part"),
        )
        return marked.select(name for name in table(self.name).schema.names if name in marked.columns)


def what_steps_do(recipe: Recipe) -> list[Any]:
    """The steps of a recipe by what they do, under the names that the ledger gives them."""
    said = {"label", "note", "unverified"}
    return [(s.step, s.name, s.model_dump(mode="json", exclude=said)) for s in recipe.steps]


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


def _like(spec: TableSpec, name: str) -> TableSpec:
    """The same table under another name."""
    return TableSpec(
        name, spec.description, spec.columns, key=spec.key, partition_by=spec.partition_by, order=spec.order
    )

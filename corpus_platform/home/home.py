"""A home: one folder (or any place that its settings name) with settings, lake, models and the Dagster instance.

What the command line and the Dagster assets share: the stages in order, made from the settings, and their partitions.

Not here: Dagster, printing, and what a stage does (stages/).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.documents import DIALOGUES, SOURCES
from corpus_platform.errors import ModelError, SettingsError, SourceError
from corpus_platform.home.dialogues import OF_FILES, OF_USERS, OF_WRITERS, Dialogues
from corpus_platform.home.mixing import Mixing
from corpus_platform.home.order import Batch, Order
from corpus_platform.lake import Lake
from corpus_platform.recipes import recipe as reading
from corpus_platform.recipes.population import Method, methods_of
from corpus_platform.recipes.thresholds import read_thresholds, with_thresholds
from corpus_platform.settings import CorpusSettings, read_settings
from corpus_platform.stages.asset_names import (
    EVERY_TEXT,
    PAGES,
    table_and_variant,
)
from corpus_platform.stages.classifiers import CLASSIFIERS, IMPORTANCE, Classifiers, ImportanceModels
from corpus_platform.stages.cleaned import Cleaned
from corpus_platform.stages.corpus import ALL, LAYER, Corpus
from corpus_platform.stages.dedup import DedupDocuments
from corpus_platform.stages.dedup_index import DedupIndex
from corpus_platform.stages.documents import Documents
from corpus_platform.stages.duplicates import Duplicates
from corpus_platform.stages.encyclopedia import ARTICLES, Articles
from corpus_platform.stages.language_model import MODELS, LanguageModels
from corpus_platform.stages.pages import Pages
from corpus_platform.stages.paragraphs import ParagraphHashes, Paragraphs
from corpus_platform.stages.run import Plan, Progress, Report, plan_stage, run_stage
from corpus_platform.stages.signals import SIGNALS, Signals
from corpus_platform.stages.sketches import Sketches
from corpus_platform.stages.source_documents import SourceDocuments
from corpus_platform.stages.texts import (
    AFTER_DEDUP,
    BASES,
    CLEANED,
    base_of,
    cleaned_table,
    is_after_dedup,
    read_table,
)
from corpus_platform.stages.url_history import UrlHistory
from corpus_platform.stages.verdicts import coordinate
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.stages.stage import Partition, Stage

SETTINGS_FILE = "corpus.yaml"
THRESHOLDS = "thresholds.yaml"
"""Beside the settings: thresholds that people have frozen for a language or a host (`corpus review --freeze`)."""


@cache
def _read_once(path: Path) -> Recipe:
    """A shipped recipe; reading all of them takes a second."""
    return reading.read_recipe(path)


@dataclass(frozen=True)
class Status:
    """Where one partition of a table stands: `current`, `held`, `stale` (with what has to run again), `missing`, or `no input`."""

    table: str
    partition: Partition
    state: str
    rows: int | None = None
    version: int | None = None
    todo: str = ""
    why: str = ""
    """Why there is no input, where that is not for want of the table above."""

    @property
    def is_settled(self) -> bool:
        """Whether a run would leave it as it is."""
        return self.state in {"current", "held"}


@dataclass(frozen=True)
class Home:
    """A folder and its settings; everything else is made from them when first asked for."""

    path: Path
    settings: CorpusSettings
    watch: Callable[[Progress], None] | None = None
    """Told of every finished shard, besides the caller of `run`."""
    on_commit: Callable[[Home, Report], None] | None = None
    """Told of every run that has changed a table; must not raise."""

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        watch: Callable[[Progress], None] | None = None,
        on_commit: Callable[[Home, Report], None] | None = None,
    ) -> Home:
        """The home at a folder, with the settings of its `corpus.yaml` (the defaults where there is none)."""
        folder = Path(path).expanduser().resolve()
        return cls(folder, read_settings(folder / SETTINGS_FILE), watch, on_commit)

    @cached_property
    def lake(self) -> Lake:
        """The tables. A relative location is below the home."""
        lake, s3 = self.settings.lake, self.settings.s3
        own = lake.model_dump(include={"endpoint", "region", "profile", "path_style"})
        reach = asdict(s3.access(**own).below(self.path))
        return Lake(self._place(lake.place(s3)), storage=reach, lock=lake.lock)

    @property
    def warehouse(self) -> Path:
        """The file of views and marts that is published for other programs (analytics/warehouse.py)."""
        return self.path / "warehouse.duckdb"

    @property
    def marts(self) -> Path:
        """The file that dbt builds marts in; one program at a time opens it."""
        return self.path / "dbt.duckdb"

    @cached_property
    def engine(self) -> Engine:
        """What maps a stage over its shards."""
        return self.settings.engine.open()

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """Every stage by the table that it writes, each after what it reads; corpora of the enabled recipes."""
        s = self.settings
        source = s.source.below(self.path)
        s3 = s.s3.access().below(self.path)
        stages: list[Stage] = [
            Articles(s.encyclopedia.below(self.path), reject_budget=s.reject_budget, s3=s3),
            LanguageModels(s.language_model.below(self.path)),
            Pages(s.pages, source=source, reject_budget=s.reject_budget),
            UrlHistory(s.url_history),
            Sketches(),
            ParagraphHashes(s.paragraphs),
            Paragraphs(s.paragraphs),
            Documents(s.documents.model_copy(update={"languages": s.scored_languages}), paragraphs=s.paragraphs),
            Classifiers(s.classifiers.below(self.path), s3=s3),
            ImportanceModels(s.importance.below(self.path), s3=s3),
            *(self._documents(source) for source in self.cleaned if source != "encyclopedia"),
            *(self._cleaned(source) for source in self.cleaned),
            Signals(s.signals.below(self.path)),
            *(
                make(s.dedup, methods=self.methods, signals=s.signals.below(self.path), test_sets=self._test_sets)
                for make in (DedupDocuments, DedupIndex, Duplicates)
            ),
            *(self._corpus(name) for name in self.enabled),
            *(self.dialogues.stages.values() if s.sft.sets else ()),
        ]
        return {stage.name: stage for stage in stages}

    @cached_property
    def dialogues(self) -> Dialogues:
        """The data sets of dialogues, and the stages from their files to what is filtered."""
        return Dialogues(self.settings, self.path)

    @cached_property
    def mixing(self) -> Mixing:
        """The mixes, and the stages that make them."""
        return Mixing(self.settings, self.path)

    def stage(self, name: str) -> Stage:
        """The stage that writes a table; of a corpus also where its recipe is not enabled, of a source where it has no collection."""
        if name in self.stages:
            return self.stages[name]
        if name in self.mixing.stages:
            return self.mixing.stages[name]
        layer, _, short = name.partition(".")
        if layer == DIALOGUES and name in self.dialogues.stages:
            return self.dialogues.stages[name]
        if layer == LAYER:
            return self._corpus(short)
        if layer in SOURCES and name == read_table(layer):
            return self._documents(layer)
        if layer in SOURCES and name == cleaned_table(layer):
            return self._cleaned(layer)
        raise SettingsError(f"there is no stage `{name}`; there are {', '.join(self.stages)}")

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The recipes that are known, by name: the shipped ones, and those of the home's folder; each with what is frozen for it."""
        known = reading.recipes(self.recipe_folder)
        if strange := [name for name in self._frozen if name not in known]:
            raise SettingsError(
                f"{self.path / THRESHOLDS}: there is no recipe `{strange[0]}`{nearest(strange[0], known)}; there are {', '.join(known)}"
            )
        return {name: self._with_thresholds(recipe) for name, recipe in known.items()}

    @cached_property
    def enabled(self) -> tuple[str, ...]:
        """Names of the recipes whose corpora are assets: those of the settings, those of the sources in use, then the home's own."""
        named = self.settings.recipes.enabled
        if ALL in named:
            return tuple(self.recipes)
        shipped = reading.recipes()
        own = [name for name in self.recipes if name not in shipped] if self.recipe_folder.is_dir() else []
        return tuple(dict.fromkeys((*named, *self.settings.sources.used, *own)))

    @cached_property
    def cleaned(self) -> tuple[str, ...]:
        """The sources whose cleaned texts are made: those with collections, and those that enabled recipes start from."""
        used = self.settings.sources.used
        return tuple(s for s in SOURCES if s in used or any(v == s + CLEANED for v in self._started_from))

    @cached_property
    def _started_from(self) -> tuple[str, ...]:
        """The texts that enabled recipes start from."""
        return tuple(dict.fromkeys(variant for name in self.enabled for variant in self.variants_of(name)))

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """The bases of the web that are made: those of the settings, and those that enabled recipes start from."""
        asked = {base_of(variant) for variant in (*self._started_from, *self.settings.dedup.variants)}
        made = {*self.settings.made_variants, *asked}
        if "wet" in made and self.settings.pages.select:
            takers = ", ".join(name for name in self.enabled if "wet" in map(base_of, self.variants_of(name)))
            raise SettingsError(
                f"`pages.select` takes records of WARC files only, and wet is what {takers} starts from"
            )
        return tuple(dict.fromkeys((*self.settings.made_variants, *(base for base in BASES if base in asked))))

    @cached_property
    def deduplicated(self) -> tuple[str, ...]:
        """The bases whose pages go through CCNet's paragraph dedup."""
        asked = [*self.settings.signals.variants, *self.settings.dedup.variants, *self._started_from]
        after = {base_of(variant) for variant in asked if is_after_dedup(variant)}
        return tuple(base for base in self.variants if base in after or base in self.settings.variants)

    @cached_property
    def annotated(self) -> tuple[str, ...]:
        """The text variants that get signals: those of the settings, and those whose signals enabled recipes read."""
        read = {v for n in self.enabled for v in self.variants_of(n) if self._corpus(n).reads_signals(v)}
        every = [variant for base in BASES for variant in (base, base + AFTER_DEDUP)]
        return tuple(variant for variant in every if variant in {*self.settings.signals.variants, *read})

    @cached_property
    def methods(self) -> dict[str, tuple[Method, ...]]:
        """The dedups that are made, by name: those of the enabled recipes, of each part that they have, and those of all texts."""
        found = [m for name in self.enabled for m in methods_of(self.recipe(name), self.settings.dedup.group_files)]
        named: dict[str, tuple[Method, ...]] = {}
        for method in (*found, *self._presets):
            named[method.name] = (*named.get(method.name, ()), method)
        return named

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Coordinates of the dedups that are made."""
        of_recipes = [
            coordinate(self.settings.variant_of(m.recipe.name) or m.recipe.variant, m.name)
            for same in self.methods.values()
            for m in same
            if m.recipe.name != EVERY_TEXT
        ]
        variants = self.settings.dedup.variants or self.settings.variants[:1]
        presets = (coordinate(variant, m.name) for variant in variants for m in self._presets)
        return tuple(dict.fromkeys((*of_recipes, *presets)))

    @cached_property
    def _presets(self) -> tuple[Method, ...]:
        """Dedups of all texts, as recipes of that step alone."""
        return tuple(
            Method(reading.of_preset(EVERY_TEXT, preset), 0, self.settings.dedup.group_files)
            for preset in self.settings.dedup.presets
        )

    def variant_of(self, recipe: str) -> str:
        """The text variant that a recipe's corpus is made from; of a recipe with parts, the first."""
        return self.variants_of(recipe)[0]

    def variants_of(self, recipe: str) -> tuple[str, ...]:
        """The text variants that a recipe's corpus is made from: several, where it has parts."""
        named = self.settings.variant_of(recipe)
        return (named,) if named else self.recipe(recipe).variants

    def recipe(self, name: str) -> Recipe:
        """The recipe of a name, with what is frozen for it. Raises SettingsError with the nearest name where there is none."""
        shipped = reading.SYSTEMS / f"{name}.yaml"
        if shipped.is_file():
            return self._with_thresholds(_read_once(shipped))
        if name not in self._own:
            self._own[name] = reading.recipe(name, self.recipe_folder)
        return self._with_thresholds(self._own[name])

    @cached_property
    def _own(self) -> dict[str, Recipe]:
        """Recipes of the home's folder that were asked for: to read one is to read all."""
        return {}

    def enabling(self, assets: Iterable[str]) -> Home:
        """The home with the recipes and signals of some assets enabled, if they were not."""
        asked = [table_and_variant(asset) for asset in assets]
        recipes = [name.partition(".")[2] for name, _ in asked if name.partition(".")[0] == LAYER]
        more = [name for name in recipes if name not in self.enabled]
        variants = [v for n, v in asked if n == SIGNALS and v and v not in self.annotated]
        if not more and not variants:
            return self
        s = self.settings
        update = {
            "recipes": s.recipes.model_copy(update={"enabled": (*s.recipes.enabled, *more)}),
            "signals": s.signals.model_copy(update={"variants": (*s.signals.variants, *variants)}),
        }
        return replace(self, settings=s.model_copy(update=update))

    def plan(self, name: str, partition: Partition) -> Plan:
        """What a run of the stage on the partition would do."""
        return plan_stage(self.stage(name), self.lake, partition)

    def run(self, name: str, partition: Partition, on_progress: Callable[[Progress], None] | None = None) -> Report:
        """Brings one partition of a table up to date."""

        def tell(progress: Progress) -> None:
            for listener in (self.watch, on_progress):
                if listener is not None:
                    listener(progress)

        report = run_stage(self.stage(name), self.lake, self.engine, partition, on_progress=tell)
        if report.changed and self.on_commit is not None:
            self.on_commit(self, report)
        return report

    def partitions(self, snapshots: Iterable[str] = ()) -> Iterator[tuple[str, Partition]]:
        """Every table with each of its partitions, upstream first; the web's for the snapshots that the lake has, and for these."""
        known = {partition["snapshot"] for partition in self.lake.partitions(PAGES)}
        seen: set[tuple[str, ...]] = set()
        for batch in self.batches(self.order.every_asset(), sorted(known.union(snapshots))):
            for name, partition in batch.tables:
                # The pages that give the cut-offs are in a batch before the models and in their snapshot's.
                if (key := (name, *partition.values())) not in seen:
                    seen.add(key)
                    yield name, partition

    @property
    def order(self) -> Order:
        """In which order things are made."""
        return Order(self)

    def batches(self, assets: Iterable[str], snapshots: Iterable[str], *, upstream: bool = True) -> list[Batch]:
        """What has to be made for some assets (`corpora/ccnet`, `web/wet/documents`, or tables' names), in order.

        With `upstream`, whatever they are made of is made before. A table of the web without a variant means all variants.
        Recipes and signals that are not enabled can be named too. Raises SettingsError for an asset that there is not.
        """
        return self.order.batches(assets, snapshots, upstream=upstream)

    def lacking(self, assets: Iterable[str]) -> list[Batch]:
        """Dumps and models that some assets are made of and the lake has no commit of, in order. What is stale counts as there."""
        batches = self.batches(assets, [])
        return [batch for batch in batches if any(self.lake.state(name, where) is None for name, where in batch.tables)]

    @cached_property
    def _frozen(self) -> tuple[str, ...]:
        """Recipes that thresholds are frozen for."""
        return tuple(read_thresholds(self.path / THRESHOLDS))

    def _with_thresholds(self, recipe: Recipe) -> Recipe:
        return with_thresholds(recipe, self.path / THRESHOLDS) if recipe.name in self._frozen else recipe

    @property
    def recipe_folder(self) -> Path:
        """Folder of the recipes of one's own."""
        return Path(self.settings.recipes.below(self.path).folder)

    def _documents(self, source: str) -> SourceDocuments:
        s = self.settings
        s3 = s.s3.access().below(self.path)
        return SourceDocuments(s.sources.below(self.path), source=source, reject_budget=s.reject_budget, s3=s3)

    def _cleaned(self, source: str) -> Cleaned:
        own, shipped = self.recipe_folder / "cleaning" / f"{source}.yaml", reading.CLEANING / f"{source}.yaml"
        recipe = self._with_thresholds(reading.read_recipe(own) if own.is_file() else _read_once(shipped))
        return Cleaned(self.settings.signals.below(self.path), source=source, recipe=recipe)

    def _corpus(self, recipe: str) -> Corpus:
        s = self.settings
        listed = s.recipes.sample if s.recipes.decisions == "sample" else None
        return Corpus(
            s.signals.below(self.path),
            recipe=self.recipe(recipe),
            kept_decisions=listed,
            group_files=s.dedup.group_files,
            test_sets=self._test_sets,
        )

    @property
    def _test_sets(self) -> dict[str, str]:
        return self.settings.recipes.below(self.path).test_sets

    def status_of(self, name: str, partition: Partition) -> Status:
        """Compares what a run would make with the last commit. Upstream is taken as it is now."""
        state = self.lake.state(name, partition)
        rows, version = (state.rows, state.version) if state else (None, None)
        try:
            plan = self.plan(name, partition)
        except (SourceError, ModelError) as error:
            people = (*OF_WRITERS, *OF_USERS)
            reads = {ARTICLES, MODELS, PAGES, CLASSIFIERS, IMPORTANCE, *OF_FILES, *people, *map(read_table, SOURCES)}
            why = str(error) if name in reads else ""
            return Status(name, partition, "no input", rows, version, why=why)
        if plan.is_current:
            return Status(name, partition, "held" if plan.hold else "current", rows, version)
        return Status(
            name, partition, "stale" if state else "missing", rows, version, f"{len(plan.todo)} of {len(plan.shards)}"
        )

    def _place(self, location: str) -> str:
        return location if "://" in location else str(self.path / Path(location).expanduser())

"""A home: one folder (or any place that its settings name) with settings, lake, models and the Dagster instance.

What the command line and the Dagster assets share: the stages in order, made from the settings, and their partitions.

Not here: Dagster, printing, and what a stage does (stages/).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.errors import ModelError, SettingsError, SourceError
from corpus_platform.lake import Lake
from corpus_platform.recipes import recipe as reading
from corpus_platform.recipes.population import Method, methods_of
from corpus_platform.recipes.thresholds import read_thresholds, with_thresholds
from corpus_platform.settings import CorpusSettings, read_settings
from corpus_platform.stages.asset_names import (
    EVERY_TEXT,
    OF_PAGES,
    OF_VARIANT,
    PAGES,
    WEB,
    asset_of,
    partition_of,
    table_and_variant,
)
from corpus_platform.stages.classifiers import CLASSIFIERS, IMPORTANCE, Classifiers, ImportanceModels
from corpus_platform.stages.classifiers import partition_of as model_partition
from corpus_platform.stages.corpus import ALL, LAYER, Corpus
from corpus_platform.stages.dedup import OF_METHOD, DedupDocuments
from corpus_platform.stages.dedup_index import DedupIndex
from corpus_platform.stages.documents import Documents
from corpus_platform.stages.duplicates import Duplicates
from corpus_platform.stages.encyclopedia import Articles
from corpus_platform.stages.language_model import LanguageModels
from corpus_platform.stages.pages import Pages
from corpus_platform.stages.paragraphs import ParagraphHashes, Paragraphs
from corpus_platform.stages.run import Plan, Progress, Report, plan_stage, run_stage
from corpus_platform.stages.signals import SHIPPED, SIGNALS, Signals
from corpus_platform.stages.sketches import Sketches
from corpus_platform.stages.texts import AFTER_DEDUP, BASES, base_of, is_after_dedup
from corpus_platform.stages.url_history import UrlHistory
from corpus_platform.stages.verdicts import coordinate, variant_and_method
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.stages.stage import Partition, Stage

SETTINGS_FILE = "corpus.yaml"
THRESHOLDS = "thresholds.yaml"
"""Beside the settings: thresholds that people have frozen for a language or a host (`corpus review --freeze`)."""
ARTICLES, MODELS = "encyclopedia.articles", "models.language_model"


@cache
def _read_once(path: Path) -> Recipe:
    """A shipped recipe; reading all of them takes a second."""
    return reading.read_recipe(path)


def _is_corpus(name: str) -> bool:
    return name.partition(".")[0] == LAYER


def _is_shipped(how: object) -> bool:
    """Whether a model is made from texts that are shipped."""
    return getattr(how, "shipped", None) is not None


def _has_input(stage: Stage, lake: Lake, partition: Partition) -> bool:
    """Whether there is something to make it of. Where that can't be found out it is taken on, so that a run says why."""
    try:
        return bool(stage.shards(lake, partition))
    except SourceError:
        return True


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
class Batch:
    """Assets of one Dagster partition that one run makes: their keys, and (table, partition) of each, upstream first."""

    assets: tuple[str, ...]
    key: str
    tables: tuple[tuple[str, Partition], ...]

    def is_current(self, home: Home) -> bool:
        """Whether there is nothing to do."""
        return all(home.status_of(name, partition).is_settled for name, partition in self.tables)


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
            Signals(s.signals.below(self.path)),
            *(
                make(s.dedup, methods=self.methods, signals=s.signals.below(self.path), test_sets=self._test_sets)
                for make in (DedupDocuments, DedupIndex, Duplicates)
            ),
            *(self._corpus(name) for name in self.enabled),
        ]
        return {stage.name: stage for stage in stages}

    def stage(self, name: str) -> Stage:
        """The stage that writes a table; of a corpus also where its recipe is not enabled."""
        if name in self.stages:
            return self.stages[name]
        if _is_corpus(name):
            return self._corpus(name.partition(".")[2])
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
        """Names of the recipes whose corpora are assets: those of the settings, then the home's own."""
        named = self.settings.recipes.enabled
        if ALL in named:
            return tuple(self.recipes)
        own = [name for name in self.recipes if name not in reading.recipes()] if self.recipe_folder.is_dir() else []
        return tuple(dict.fromkeys((*named, *own)))

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """The bases that are made: those of the settings, and those that enabled recipes start from."""
        asked = {base_of(self.variant_of(name)) for name in self.enabled}
        asked |= {base_of(variant) for variant in self.settings.dedup.variants}
        made = {*self.settings.made_variants, *asked}
        if "wet" in made and self.settings.pages.select:
            takers = ", ".join(name for name in self.enabled if base_of(self.variant_of(name)) == "wet")
            raise SettingsError(
                f"`pages.select` takes records of WARC files only, and wet is what {takers} starts from"
            )
        return tuple(dict.fromkeys((*self.settings.made_variants, *(base for base in BASES if base in asked))))

    @cached_property
    def deduplicated(self) -> tuple[str, ...]:
        """The bases whose pages go through CCNet's paragraph dedup."""
        asked = [*self.settings.signals.variants, *self.settings.dedup.variants, *map(self.variant_of, self.enabled)]
        after = {base_of(variant) for variant in asked if is_after_dedup(variant)}
        return tuple(base for base in self.variants if base in after or base in self.settings.variants)

    @cached_property
    def annotated(self) -> tuple[str, ...]:
        """The text variants that get signals: those of the settings, and those whose signals enabled recipes read."""
        read = {self.variant_of(n) for n in self.enabled if self._corpus(n).reads_signals(self.variant_of(n))}
        every = [variant for base in BASES for variant in (base, base + AFTER_DEDUP)]
        return tuple(variant for variant in every if variant in {*self.settings.signals.variants, *read})

    @cached_property
    def methods(self) -> dict[str, Method]:
        """The dedups that are made, by name: those of the enabled recipes, and those of all texts."""
        found = [m for name in self.enabled for m in methods_of(self.recipe(name), self.settings.dedup.group_files)]
        return {method.name: method for method in (*found, *self._presets)}

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Coordinates of the dedups that are made."""
        of_recipes = [
            coordinate(self.variant_of(m.recipe.name), m.name)
            for m in self.methods.values()
            if m.recipe.name != EVERY_TEXT
        ]
        variants = self.settings.dedup.variants or self.settings.variants[:1]
        return (*of_recipes, *(coordinate(variant, m.name) for variant in variants for m in self._presets))

    @cached_property
    def _presets(self) -> tuple[Method, ...]:
        """Dedups of all texts, as recipes of that step alone."""
        return tuple(
            Method(reading.of_preset(EVERY_TEXT, preset), 0, self.settings.dedup.group_files)
            for preset in self.settings.dedup.presets
        )

    def variant_of(self, recipe: str) -> str:
        """The text variant that a recipe's corpus is made from."""
        return self.settings.variant_of(recipe) or self.recipe(recipe).variant

    def recipe(self, name: str) -> Recipe:
        """The recipe of a name, with what is frozen for it. Raises SettingsError with the nearest name where there is none."""
        shipped = reading.SYSTEMS / f"{name}.yaml"
        found = _read_once(shipped) if shipped.is_file() else reading.recipe(name, self.recipe_folder)
        return self._with_thresholds(found)

    def enabling(self, assets: Iterable[str]) -> Home:
        """The home with the recipes and signals of some assets enabled, if they were not."""
        asked = [table_and_variant(asset) for asset in assets]
        recipes = [name.partition(".")[2] for name, _ in asked if _is_corpus(name)]
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
        for batch in self.batches(self._assets(), sorted(known.union(snapshots))):
            for name, partition in batch.tables:
                # The pages that give the cut-offs are in a batch before the models and in their snapshot's.
                if (key := (name, *partition.values())) not in seen:
                    seen.add(key)
                    yield name, partition

    def batches(self, assets: Iterable[str], snapshots: Iterable[str], *, upstream: bool = True) -> list[Batch]:
        """What has to be made for some assets (`corpora/ccnet`, `web/wet/documents`, or tables' names), in order.

        With `upstream`, whatever they are made of is made before. A table of the web without a variant means all variants.
        Recipes and signals that are not enabled can be named too. Raises SettingsError for an asset that there is not.
        """
        wanted = self._wanted(assets, upstream=upstream)
        tables = {name for name, _ in wanted}
        batches: list[Batch] = []
        if ARTICLES in tables:
            batches += [self._batch((ARTICLES,), f"{p['language']}-{p['dump']}", p) for p in self._dumps(tables)]
        cutoffs = self.settings.language_model.cutoffs_of
        if MODELS in tables and cutoffs and upstream:
            batches.append(
                Batch((asset_of(PAGES, cutoffs.variant),), cutoffs.snapshot, ((PAGES, cutoffs.model_dump()),))
            )
        if MODELS in tables:
            batches += [self._batch((MODELS,), language, {"language": language}) for language in self._languages()]
        batches += [
            self._batch((name,), key, {"model": key})
            for name in (CLASSIFIERS, IMPORTANCE)
            for key in self._models(name, shipped_only=(name, "") not in wanted)
            if name in tables
        ]
        of_snapshots = (part for part in wanted if part[0] in (*OF_VARIANT, *OF_METHOD) or _is_corpus(part[0]))
        parts = sorted(of_snapshots, key=self._place_of)
        # In their order, for dedups hold a snapshot against the earlier ones.
        for snapshot in sorted(snapshots) if parts else ():
            names = tuple(asset_of(name, variant) for name, variant in parts)
            where = tuple((n, partition_of(n, v, snapshot)) for n, v in parts)
            batches.append(Batch(names, snapshot, where))
        return batches

    def lacking(self, assets: Iterable[str]) -> list[Batch]:
        """Dumps and models that some assets are made of and the lake has no commit of, in order. What is stale counts as there."""
        batches = self.batches(assets, [])
        return [batch for batch in batches if any(self.lake.state(name, where) is None for name, where in batch.tables)]

    def _assets(self) -> list[str]:
        """Every asset of the home."""
        unasked = (*OF_VARIANT, *OF_METHOD, *(() if self.annotated else (CLASSIFIERS, IMPORTANCE)))
        names = [asset_of(name) for name in self.stages if name not in unasked]
        names += [asset_of(name, base) for base in self.variants for name in OF_PAGES]
        names += [asset_of(name, base) for base in self.deduplicated for name in WEB if name != PAGES]
        names += [asset_of(SIGNALS, variant) for variant in self.annotated]
        return names + [asset_of(name, of) for of in self.compared for name in OF_METHOD]

    def _wanted(self, assets: Iterable[str], *, upstream: bool) -> set[tuple[str, str]]:
        """(table, variant) of some assets, with all upstream ones if asked; the variant is empty for tables that have none."""
        found: set[tuple[str, str]] = set()
        queue = [part for asset in assets for part in self._asset(asset)]
        while queue:
            name, variant = queue.pop()
            if (name, variant) not in found:
                found.add((name, variant))
                published = name == MODELS and self.settings.language_model.location is not None
                above = self.stage(name).above(variant) if upstream and not published else ()
                queue += [(o, of if o in (*OF_VARIANT, *OF_METHOD) or of == SHIPPED else "") for o, of in above]
        return found

    def _asset(self, asset: str) -> list[tuple[str, str]]:
        """(table, variant) of an asset that a user names: `web/documents` stands for all variants."""
        name, named = table_and_variant(asset)
        self.stage(name)
        if _is_corpus(name) and not named:
            return [(name, self.variant_of(name.partition(".")[2]))]
        variants, others = self._variants_of(name)
        if named and named not in (*variants, *others):
            known = ", ".join(asset_of(name, variant) for variant in (*variants, *others))
            raise SettingsError(
                f"there is no asset `{asset}`; there are {known or asset_of(name)}, by the settings `variants` and `recipes`"
            )
        return [(name, variant) for variant in ((named,) if named else variants or ("",))]

    def _variants_of(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The variants in which a table of the web is an asset, and others that can be asked for by name."""
        if name == SIGNALS:
            every = tuple(variant for base in self.variants for variant in (base, base + AFTER_DEDUP))
            return self.annotated or self.variants, every
        if name in OF_PAGES or name in WEB:
            return self.variants if name in OF_PAGES else self.deduplicated, ()
        if name in OF_METHOD:
            return self.compared, ()
        return (), ()

    def _place_of(self, part: tuple[str, str]) -> tuple[int, int, int, str]:
        """Sort key of a table of a snapshot: each base's in the order in which they are made, then each recipe's dedups and its corpus."""
        name, variant = part
        if name in OF_METHOD:
            method = self.methods[variant_and_method(variant)[1]]
            return (len(BASES), self._rank_of(method.recipe.name), 3 * method.index + OF_METHOD.index(name), variant)
        if name not in OF_VARIANT:
            return (len(BASES), self._rank_of(name.partition(".")[2]), 1 << 20, name)
        base = base_of(variant)
        first = self.variants.index(base) if base in self.variants else len(self.variants)
        return (first, BASES.index(base), OF_VARIANT.index(name), variant)

    def _rank_of(self, recipe: str) -> int:
        return self.enabled.index(recipe) if recipe in self.enabled else len(self.enabled)

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

    def _dumps(self, wanted: set[str]) -> Iterator[Partition]:
        """The encyclopedia's dumps; only those of languages that have a model, where they are wanted for models."""
        articles = self.stages[ARTICLES]
        assert isinstance(articles, Articles)
        for language, dump in articles.dumps():
            if MODELS not in wanted or language in self.settings.language_model.languages:
                yield {"language": language, "dump": dump}

    def _languages(self) -> list[str]:
        """Languages that a model can be made for: those with articles, or all where models come from a location."""
        settings = self.settings.language_model
        known = {partition["language"] for partition in (*self._dumps({MODELS}), *self.lake.partitions(ARTICLES))}
        return [language for language in settings.languages if settings.location or language in known]

    def _models(self, name: str, *, shipped_only: bool) -> list[str]:
        """Partitions of the models that can be made now: those with something to train from; or the shipped ones, which always have."""
        stage = self.stages[name]
        assert isinstance(stage, Classifiers | ImportanceModels)
        if shipped_only:
            return [model_partition(n)["model"] for n, how in stage.settings.models.items() if _is_shipped(how)]
        return [where["model"] for where in map(model_partition, stage.names()) if _has_input(stage, self.lake, where)]

    @staticmethod
    def _batch(names: tuple[str, ...], key: str, partition: Partition) -> Batch:
        return Batch(tuple(map(asset_of, names)), key, tuple((n, partition) for n in names))

    def status_of(self, name: str, partition: Partition) -> Status:
        """Compares what a run would make with the last commit. Upstream is taken as it is now."""
        state = self.lake.state(name, partition)
        rows, version = (state.rows, state.version) if state else (None, None)
        try:
            plan = self.plan(name, partition)
        except (SourceError, ModelError) as error:
            why = str(error) if name in {ARTICLES, MODELS, PAGES, CLASSIFIERS, IMPORTANCE} else ""
            return Status(name, partition, "no input", rows, version, why=why)
        if plan.is_current:
            return Status(name, partition, "held" if plan.hold else "current", rows, version)
        return Status(
            name, partition, "stale" if state else "missing", rows, version, f"{len(plan.todo)} of {len(plan.shards)}"
        )

    def _place(self, location: str) -> str:
        return location if "://" in location else str(self.path / Path(location).expanduser())

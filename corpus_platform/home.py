"""A home: one folder (or any place that its settings name) with settings, lake, models and the Dagster instance.

What the command line and the Dagster assets share: the stages in order, made from the settings, and their partitions.

Not here: Dagster, printing, and what a stage does (stages/).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.errors import ModelError, SettingsError, SourceError
from corpus_platform.lake import Lake, tables
from corpus_platform.settings import CorpusSettings, read_settings
from corpus_platform.stages.ccnet import Ccnet
from corpus_platform.stages.documents import Documents
from corpus_platform.stages.encyclopedia import Articles
from corpus_platform.stages.language_model import LanguageModels
from corpus_platform.stages.pages import Pages
from corpus_platform.stages.paragraphs import ParagraphHashes, Paragraphs
from corpus_platform.stages.run import Plan, Progress, Report, plan_stage, run_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.stages.stage import Partition, Stage

SETTINGS_FILE = "corpus.yaml"
ARTICLES, MODELS, CCNET = "encyclopedia.articles", "models.language_model", "corpora.ccnet"
PAGES = "web.pages"
WEB = (PAGES, "web.paragraph_hashes", "web.paragraphs", "web.documents")


def asset_of(name: str, variant: str = "") -> str:
    """Key of the asset that makes a table: `corpora/ccnet`; of a table of the web also in which text variant: `web/wet/documents`."""
    layer, _, short = name.partition(".")
    return f"{layer}/{variant}/{short}" if name in WEB else f"{layer}/{short}"


def table_of(asset: str) -> str:
    """Table of an asset. Takes a table's name too, and a variant before or after it: `web/documents/wet`."""
    layer, *rest = asset.replace("/", ".").split(".")
    known = {spec.name for spec in tables()}
    named = [f"{layer}.{part}" for part in rest]
    return next((name for name in named if name in known), ".".join([layer, *rest]))


@dataclass(frozen=True)
class Status:
    """Where one partition of a table stands: `current`, `stale` (with what has to run again), `missing`, or `no input`."""

    table: str
    partition: Partition
    state: str
    rows: int | None = None
    version: int | None = None
    todo: str = ""
    why: str = ""
    """Why there is no input, where that is not for want of the table above."""


@dataclass(frozen=True)
class Batch:
    """Assets of one Dagster partition that one run makes: their keys, and (table, partition) of each, upstream first."""

    assets: tuple[str, ...]
    key: str
    tables: tuple[tuple[str, Partition], ...]

    def is_current(self, home: Home) -> bool:
        """Whether there is nothing to do."""
        return all(home.status_of(name, partition).state == "current" for name, partition in self.tables)


@dataclass(frozen=True)
class Home:
    """A folder and its settings; everything else is made from them when first asked for."""

    path: Path
    settings: CorpusSettings
    watch: Callable[[Progress], None] | None = None
    """Told of every finished shard, besides the caller of `run`."""

    @classmethod
    def open(cls, path: Path | str, *, watch: Callable[[Progress], None] | None = None) -> Home:
        """The home at a folder, with the settings of its `corpus.yaml` (the defaults where there is none)."""
        folder = Path(path).expanduser().resolve()
        return cls(folder, read_settings(folder / SETTINGS_FILE), watch)

    @cached_property
    def lake(self) -> Lake:
        """The tables. A relative location is below the home."""
        lake = self.settings.lake
        reach = lake.model_dump(include={"endpoint", "region", "profile", "path_style"}, exclude_none=True)
        return Lake(self._place(lake.location), storage=reach, lock=lake.lock)

    @cached_property
    def engine(self) -> Engine:
        """What maps a stage over its shards."""
        return self.settings.engine.open()

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """Every stage by the table that it writes, each after what it reads."""
        s = self.settings
        source = s.source.below(self.path)
        stages: list[Stage] = [
            Articles(s.encyclopedia.below(self.path), reject_budget=s.reject_budget),
            LanguageModels(s.language_model.below(self.path)),
            Pages(s.pages, source=source, reject_budget=s.reject_budget),
            ParagraphHashes(s.paragraphs),
            Paragraphs(s.paragraphs),
            Documents(s.documents.model_copy(update={"languages": s.scored_languages}), paragraphs=s.paragraphs),
            Ccnet(s.ccnet),
        ]
        return {stage.name: stage for stage in stages}

    def stage(self, name: str) -> Stage:
        """The stage that writes a table."""
        try:
            return self.stages[name]
        except KeyError:
            raise SettingsError(f"there is no stage `{name}`; there are {', '.join(self.stages)}") from None

    def plan(self, name: str, partition: Partition) -> Plan:
        """What a run of the stage on the partition would do."""
        return plan_stage(self.stage(name), self.lake, partition)

    def run(self, name: str, partition: Partition, on_progress: Callable[[Progress], None] | None = None) -> Report:
        """Brings one partition of a table up to date."""

        def tell(progress: Progress) -> None:
            for listener in (self.watch, on_progress):
                if listener is not None:
                    listener(progress)

        return run_stage(self.stage(name), self.lake, self.engine, partition, on_progress=tell)

    def partitions(self, snapshots: Iterable[str] = ()) -> Iterator[tuple[str, Partition]]:
        """Every table with each of its partitions, upstream first; the web's for the snapshots that the lake has, and for these."""
        known = {partition["snapshot"] for partition in self.lake.partitions(PAGES)}
        seen: set[tuple[str, ...]] = set()
        for batch in self.batches(list(self.stages), sorted(known.union(snapshots))):
            for name, partition in batch.tables:
                # The pages that give the cut-offs are in a batch before the models and in their snapshot's.
                if (key := (name, *partition.values())) not in seen:
                    seen.add(key)
                    yield name, partition

    def batches(self, assets: Iterable[str], snapshots: Iterable[str], *, upstream: bool = True) -> list[Batch]:
        """What has to be made for some assets (`corpora/ccnet`, `web/wet/documents`, or tables' names), in order.

        With `upstream`, whatever they are made of is made before. A table of the web without a variant means all variants.
        Raises SettingsError for an asset that there is not.
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
        parts = [(name, v) for v in self.settings.variants for name in WEB if (name, v) in wanted]
        parts += [(CCNET, self.settings.ccnet_variant)] if CCNET in tables else []
        for snapshot in snapshots if parts else ():
            names = tuple(asset_of(name, variant) for name, variant in parts)
            where = tuple((n, {"variant": v, "snapshot": snapshot}) for n, v in parts)
            batches.append(Batch(names, snapshot, where))
        return batches

    def _wanted(self, assets: Iterable[str], *, upstream: bool) -> set[tuple[str, str]]:
        """(table, variant) of some assets, with all upstream ones if asked; the variant is empty for tables that have none."""
        found: set[tuple[str, str]] = set()
        queue = [part for asset in assets for part in self._asset(asset)]
        while queue:
            name, variant = queue.pop()
            if (name, variant) not in found:
                found.add((name, variant))
                published = name == MODELS and self.settings.language_model.location is not None
                above = self.stage(name).upstream if upstream and not published else ()
                variant = variant or self.settings.ccnet_variant
                queue += [(other, variant if other in WEB else "") for other in above]
        return found

    def _asset(self, asset: str) -> list[tuple[str, str]]:
        """(table, variant) of an asset that a user names: `web/documents` stands for all variants."""
        name = table_of(asset)
        self.stage(name)
        variants = self.settings.variants if name in WEB else ("",)
        named = asset.replace("/", ".").split(".")[1:-1]
        if named and (len(named) > 1 or named[0] not in variants):
            known = ", ".join(asset_of(name, variant) for variant in variants)
            raise SettingsError(f"there is no asset `{asset}`; there are {known}, by the setting `variants`")
        return [(name, variant) for variant in named or variants]

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
            why = str(error) if name in {ARTICLES, MODELS, PAGES} else ""
            return Status(name, partition, "no input", rows, version, why=why)
        if plan.is_current:
            return Status(name, partition, "current", rows, version)
        return Status(
            name, partition, "stale" if state else "missing", rows, version, f"{len(plan.todo)} of {len(plan.shards)}"
        )

    def _place(self, location: str) -> str:
        return location if "://" in location else str(self.path / Path(location).expanduser())

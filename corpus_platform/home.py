"""A home: one folder (or any place that its settings name) with settings, lake, models and the Dagster instance.

What the command line and the Dagster assets share: the stages in order, made from the settings, and their partitions.

Not here: Dagster, printing, and what a stage does (stages/).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import corpus_platform.tables  # noqa: F401  (fills the registry of tables)
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import Lake
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
BY_SNAPSHOT = ("web.pages", "web.paragraph_hashes", "web.paragraphs", "web.documents")


@dataclass(frozen=True)
class Status:
    """Where one partition of a table stands: `current`, `stale` (with what has to run again), `missing`, or `no input`."""

    table: str
    partition: Partition
    state: str
    rows: int | None = None
    version: int | None = None
    todo: str = ""


@dataclass(frozen=True)
class Home:
    """A folder and its settings; everything else is made from them when first asked for."""

    path: Path
    settings: CorpusSettings

    @classmethod
    def open(cls, path: Path | str) -> Home:
        """The home at a folder, with the settings of its `corpus.yaml` (the defaults where there is none)."""
        folder = Path(path).expanduser().resolve()
        return cls(folder, read_settings(folder / SETTINGS_FILE))

    @cached_property
    def lake(self) -> Lake:
        """The tables. A relative location is below the home."""
        return Lake(self._place(self.settings.lake.location), lock=self.settings.lake.lock)

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
            Articles(s.encyclopedia.below(self.path)),
            LanguageModels(s.language_model.below(self.path)),
            Pages(s.pages, source=source, reject_budget=s.reject_budget),
            ParagraphHashes(s.paragraphs),
            Paragraphs(s.paragraphs),
            Documents(s.documents, paragraphs=s.paragraphs),
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
        return run_stage(self.stage(name), self.lake, self.engine, partition, on_progress=on_progress)

    def partitions(self, snapshots: Iterable[str] | None = None) -> Iterator[tuple[str, Partition]]:
        """Every table with each of its partitions, upstream first; the web's for these snapshots, or for those that the lake has."""
        articles, models = self.stages["encyclopedia.articles"], self.settings.language_model
        assert isinstance(articles, Articles)
        for language, dump in articles.dumps():
            yield "encyclopedia.articles", {"language": language, "dump": dump}
        for language in models.languages:
            yield "models.language_model", {"language": language}
        known = {partition["snapshot"] for partition in self.lake.partitions("web.pages")}
        for snapshot in sorted(known if snapshots is None else snapshots):
            for variant in self.settings.variants:
                for name in BY_SNAPSHOT:
                    yield name, {"variant": variant, "snapshot": snapshot}
            yield "corpora.ccnet", {"variant": self.settings.ccnet_variant, "snapshot": snapshot}

    def status_of(self, name: str, partition: Partition) -> Status:
        """Compares what a run would make with the last commit. Upstream is taken as it is now."""
        state = self.lake.state(name, partition)
        rows, version = (state.rows, state.version) if state else (None, None)
        try:
            plan = self.plan(name, partition)
        except SourceError:
            return Status(name, partition, "no input", rows, version)
        if plan.is_current:
            return Status(name, partition, "current", rows, version)
        return Status(
            name, partition, "stale" if state else "missing", rows, version, f"{len(plan.todo)} of {len(plan.shards)}"
        )

    def _place(self, location: str) -> str:
        return location if "://" in location else str(self.path / Path(location).expanduser())

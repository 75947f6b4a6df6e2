"""Turns a stage of the library into an asset: names in, one library call, facts out.

All assets of a chain have the same partitions and Dagster's own backfill policy, a run for each partition, so that one run makes one snapshot.
(An explicit `BackfillPolicy.multi_run(1)` does the same with a partition range as the run's tag, and checks then lose their partition: Dagster 1.13.)
Staleness is decided in the lake; Dagster's code and data versions mirror it.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from assets.metadata import of_report, of_stage
from corpus_platform.automation.limits import CPU_HEAVY, HTTP_FETCH
from corpus_platform.errors import CorpusError, RejectBudgetExceeded, ShardFailed
from corpus_platform.home import Home
from corpus_platform.stages.pages import Pages
from corpus_platform.stages.room import advice
from corpus_platform.stages.run import Progress, Report
from corpus_platform.stages.stage import Partition, Stage, digest_of
from resources.home import HomeResource

OWNERS = ["team:corpus"]


def stage_asset(
    stage: Stage,
    *,
    key: str,
    group: str,
    partitions: dg.PartitionsDefinition[Any],
    partition_of: Callable[[str], Partition],
    deps: Sequence[dg.AssetKey | dg.AssetDep],
    description: str,
    kinds: set[str],
    tags: dict[str, str] | None = None,
    prepare: Callable[[Home, Partition], None] | None = None,
) -> dg.AssetsDefinition:
    """An asset whose materialisation brings one partition of the stage's table up to date.

    `partition_of` gives the table's partition for a Dagster partition key; `description` says what a row is and what one partition is.
    `prepare` makes what the partition needs and is no asset.
    """

    @dg.asset(
        key=dg.AssetKey.from_user_string(key),
        group_name=group,
        partitions_def=partitions,
        deps=deps,
        description=description,
        owners=OWNERS,
        kinds=kinds,
        tags={"stage": stage.name, **(tags or {})},
        code_version=digest_of([stage.version, stage.settings_hash()]),
        metadata=of_stage(stage),
        pool=_pool_of(stage),
    )
    def asset(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[Any]:
        opened = home.open()
        if prepare is not None:
            _prepared(opened, partition_of(context.partition_key), prepare)
        if stage.is_estimated:
            _log_plan(context, opened, stage, partition_of(context.partition_key))
        report = _run(opened, stage, partition_of(context.partition_key), _log_progress(context))
        version = dg.DataVersion(_data_version(opened, stage, report.partition))
        return dg.MaterializeResult(metadata=of_report(opened, report), data_version=version)

    return asset


def _pool_of(stage: Stage) -> str:
    """What the stage's runs wait for: those that read from a web server are few, whatever the machine."""
    fetches = isinstance(stage, Pages) and stage.source.location.startswith("http")
    return HTTP_FETCH if fetches else CPU_HEAVY


def _prepared(home: Home, partition: Partition, prepare: Callable[[Home, Partition], None]) -> None:
    try:
        prepare(home, partition)
    except CorpusError as error:
        raise dg.Failure(str(error), metadata={"error": type(error).__name__}) from error


def _run(home: Home, stage: Stage, partition: Partition, on_progress: Callable[[Progress], None]) -> Report:
    """Runs the stage. What its reader can act upon becomes a `Failure` that the UI shows without a traceback, with what is left to do."""
    try:
        return home.run(stage.name, partition, on_progress=on_progress)
    except (ShardFailed, RejectBudgetExceeded) as error:
        plan = home.plan(stage.name, partition)
        unfinished = {"shards": len(plan.shards), "shards_failed": len(plan.todo)}
        raise dg.Failure(str(error), metadata={"error": type(error).__name__, **unfinished}) from error
    except CorpusError as error:
        raise dg.Failure(str(error), metadata={"error": type(error).__name__}) from error


def _log_plan(context: dg.AssetExecutionContext, home: Home, stage: Stage, partition: Partition) -> None:
    """Logs what the run will take; what can't be planned is told by the run itself."""
    with contextlib.suppress(CorpusError):
        plan = home.plan(stage.name, partition)
        advised = advice(plan.estimate, home.engine) if plan.estimate else ""
        context.log.info(f"{plan}\n{advised}" if advised else str(plan))


def _data_version(home: Home, stage: Stage, partition: Partition) -> str:
    state = home.lake.state(stage.name, partition)
    return state.fingerprint if state else ""


def _log_progress(context: dg.AssetExecutionContext) -> Callable[[Progress], None]:
    """Logs about twenty lines a run, however many shards there are."""

    def log(progress: Progress) -> None:
        every = max(1, progress.shards_todo // 20)
        if progress.shards_done % every == 0 or progress.shards_done == progress.shards_todo:
            context.log.info(
                f"{progress.stage}: {progress.shards_done}/{progress.shards_todo} shards, "
                f"{progress.bytes_done / 1e6:,.1f} of {progress.bytes_todo / 1e6:,.1f} MB"
            )

    return log

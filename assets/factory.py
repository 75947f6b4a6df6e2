"""Turns a stage of the library into an asset: names in, one library call, facts out.

All assets of a chain have the same partitions and backfill policy, so that one run makes one snapshot.
Staleness is decided in the lake; Dagster's code and data versions mirror it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from assets.metadata import of_report
from corpus_platform.home import Home
from corpus_platform.lake import TableSpec
from corpus_platform.stages.run import Progress
from corpus_platform.stages.stage import Partition, Stage, digest_of
from resources.home import HomeResource

OWNERS = ["team:corpus"]
ONE_PARTITION_A_RUN = dg.BackfillPolicy.multi_run(1)


def stage_asset(
    stage: Stage,
    *,
    key: Sequence[str],
    group: str,
    partitions: dg.PartitionsDefinition[Any],
    partition_of: Callable[[str], Partition],
    deps: Sequence[dg.AssetKey | dg.AssetDep],
    description: str,
    kinds: set[str],
    tags: dict[str, str] | None = None,
) -> dg.AssetsDefinition:
    """An asset whose materialisation brings one partition of the stage's table up to date.

    `partition_of` gives the table's partition for a Dagster partition key; `description` says what a row is and what one partition is.
    """

    @dg.asset(
        key=list(key),
        group_name=group,
        partitions_def=partitions,
        backfill_policy=ONE_PARTITION_A_RUN,
        deps=deps,
        description=description,
        owners=OWNERS,
        kinds=kinds,
        tags={"stage": stage.name, **(tags or {})},
        code_version=digest_of([stage.version, stage.settings_hash()]),
        metadata={"dagster/column_schema": column_schema(stage.output()), "table": stage.name},
        pool="cpu_heavy",
    )
    def asset(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[Any]:
        opened = home.open()
        partition = partition_of(context.partition_key)
        report = opened.run(stage.name, partition, on_progress=_log_progress(context))
        return dg.MaterializeResult(
            metadata=of_report(opened, report), data_version=dg.DataVersion(_data_version(opened, stage, partition))
        )

    return asset


def column_schema(table: TableSpec) -> dg.TableSchema:
    """The table's columns with their descriptions, for the asset's page."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=field.name,
                type=str(field.type),
                description=(field.metadata or {}).get(b"description", b"").decode(),
                constraints=dg.TableColumnConstraints(nullable=field.nullable),
            )
            for field in table.columns
        ]
    )


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

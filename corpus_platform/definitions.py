"""The Dagster code location: assembles assets, checks, jobs and resources of one home.

`CORPUS_HOME` names the home (default `.corpus`). `build_defs` takes the home and replacements of resources, so that tests assemble a part
without patching.
"""

from __future__ import annotations

import os
import socket
import uuid
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.alerts import alert_sensors
from assets.automation import automated, chain_of, condition_sensor, limit_pools
from assets.corpora import corpus_assets
from assets.dedup import dedup_assets
from assets.encyclopedia import encyclopedia_assets
from assets.jobs import jobs
from assets.marts import mart_assets
from assets.mixes import mix_assets
from assets.models import model_assets
from assets.partitions import cc_snapshot, of_source, wiki_dump
from assets.report import latest_checks, report_assets
from assets.sensors import refresh, sensors
from assets.sft import sft_assets
from assets.sources import source_assets
from assets.web import signal_assets, web_assets
from corpus_platform.analytics.dbt_project import MARTS, marts
from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.home import Home
from resources.home import HomeResource, resources_of
from resources.instance import write_instance_settings
from resources.launcher import HOST_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.analytics.report.facts import CheckFacts
    from corpus_platform.home import Batch


def build_defs(home: Home, *, resources: dict[str, Any] | None = None) -> dg.Definitions:
    """All assets, checks, jobs, sensors and schedules of a home."""
    parts = [encyclopedia_assets(home), model_assets(home)]
    parts += [web_assets(home, base) for base in home.variants]
    parts += [signal_assets(home, variant) for variant in home.annotated]
    parts += [dedup_assets(home, of) for of in home.compared]
    parts += [source_assets(home, source) for source in home.cleaned]
    parts += [corpus_assets(home), sft_assets(home), mix_assets(home), mart_assets(home)]
    settings = home.settings.automation
    made = [asset for assets, _ in parts for asset in assets]
    checks = [check for _, checks in parts for check in checks]
    assets = automated([*made, *report_assets(made, checks)], home.settings)
    named = jobs(made)
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=named,
        sensors=[
            *sensors(settings, chain_of(assets), named),
            *alert_sensors(settings),
            condition_sensor(settings),
        ],
        schedules=[refresh(settings)],
        resources=resources_of(home, resources),
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the home that `CORPUS_HOME` names."""
    return build_defs(Home.open(os.environ.get("CORPUS_HOME", ".corpus")))


def instance_of(home: Home) -> dg.DagsterInstance:
    """The Dagster instance of a home, in its folder `dagster`, with the settings of `deploy/dagster.yaml` and what the home's add to them.

    Raises SettingsError where no such folder can be made.
    """
    folder = home.path / "dagster"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_instance_settings(home, folder / "dagster.yaml")
    except OSError as error:
        raise SettingsError(
            f"{home.path} can't be a home ({error.strerror}): give another folder with --home"
        ) from None
    instance = dg.DagsterInstance.from_config(str(folder))
    limit_pools(instance, home.settings.automation)
    return instance


def add_partitions(
    instance: dg.DagsterInstance,
    *,
    snapshots: Sequence[str] = (),
    dumps: Sequence[str] = (),
    sources: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Makes snapshots, dumps and partitions of sources (words by source) known to Dagster; those it has are left alone."""
    of_sources = ((of_source(source), words) for source, words in (sources or {}).items())
    for definition, keys in ((cc_snapshot, snapshots), (wiki_dump, dumps), *of_sources):
        if keys:
            instance.add_dynamic_partitions(str(definition.name), list(keys))


def materialize(
    home: Home, instance: dg.DagsterInstance, assets: Sequence[str], partition_key: str | None
) -> dg.ExecuteInProcessResult:
    """Makes one partition of some assets (`web/wet/pages`), with their checks, in this process; the run is recorded in the instance.

    Without a key these are assets that have no partitions.

    Raises what the stage raised, and CheckFailed where a blocking check failed. The log is in the instance; the console stays quiet.
    """
    job = _job_of(home.enabling(assets))
    run = str(uuid.uuid4())
    try:
        return job.execute_in_process(
            run_id=run,
            partition_key=partition_key,
            asset_selection=[dg.AssetKey(asset.split("/")) for asset in assets],
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            tags={**({"corpus/partition": partition_key} if partition_key else {}), HOST_TAG: socket.gethostname()},
        )
    except dg.Failure as failure:
        raise failure.__cause__ or failure from None
    except dg.DagsterError:
        if failed := _failed_checks(instance, run):
            raise CheckFailed(
                "\n".join([f"{partition_key or ', '.join(assets)}: run {run} was stopped by a check", *failed])
            ) from None
        raise


def _job_of(home: Home) -> dg.JobDefinition:
    """The job of all assets of a home, from which runs in this process select. That of the last home is kept: making it takes longer than a small run."""
    if not (_LAST and _LAST[0] is home):
        given = resources_of(home)
        resource = given["home"]
        assert isinstance(resource, HomeResource)
        if home.watch is not None:
            resource = resource.watched_by(home.watch)
        job = build_defs(home, resources={**given, "home": resource}).resolve_implicit_global_asset_job_def()
        _LAST[:] = [home, job]
    return _LAST[1]


_LAST: list[Any] = []
"""The home that runs were last made for, and its job."""


def _failed_checks(instance: dg.DagsterInstance, run: str, *, all_of_them: bool = False) -> list[str]:
    """A line for each blocking check of the run that failed, or each check, with its figures."""
    records = instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in records]
    return [
        f"  {check.asset_key.to_user_string()} {check.check_name}: "
        + ", ".join(
            f"{name} {value.value}"
            for name, value in check.metadata.items()
            if not isinstance(value, dg.MarkdownMetadataValue)
        )
        for check in found
        if not check.passed and (check.blocking or all_of_them)
    ]


def results_of_checks(home: Home, instance: dg.DagsterInstance) -> list[CheckFacts]:
    """The latest result of each check of the home's assets that the instance has."""
    return latest_checks(instance, build_defs(home).resolve_asset_graph().asset_check_keys)


def known_partitions(instance: dg.DagsterInstance) -> list[str]:
    """The snapshots that Dagster knows, by name."""
    return sorted(instance.get_dynamic_partitions(str(cc_snapshot.name)))


def make(home: Home, instance: dg.DagsterInstance, batch: Batch) -> dg.ExecuteInProcessResult:
    """Makes a batch in one run; its partition becomes known to Dagster if it was not."""
    if batch.source not in (None, DIALOGUES):
        add_partitions(instance, sources={batch.source: [batch.key]})
    elif batch.source is None and any(asset.startswith(("web/", "dedup/", "corpora/")) for asset in batch.assets):
        add_partitions(instance, snapshots=[batch.key])
    return materialize(home, instance, batch.assets, batch.key)


def make_marts(home: Home, instance: dg.DagsterInstance, snapshots: Sequence[str]) -> None:
    """Makes the marts, those of snapshots for some or else for all that the lake has. Raises CheckFailed where a test fails: nothing is published then."""
    wanted = list(snapshots) or sorted({where["snapshot"] for where in home.lake.partitions("web.pages")})
    add_partitions(instance, snapshots=wanted)
    of_snapshots = [f"{MARTS}/{model.name}" for model in marts() if model.is_of_snapshots]
    whole = [f"{MARTS}/{model.name}" for model in marts() if not model.is_of_snapshots]
    for keys, partition in (*((of_snapshots, key) for key in wanted), (whole, None)):
        ended = materialize(home, instance, keys, partition)
        if failed := _failed_checks(instance, ended.run_id, all_of_them=True):
            raise CheckFailed(
                "\n".join([f"run {ended.run_id}: marts are not what they should be, and not published", *failed])
            )

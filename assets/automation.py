"""When assets are made by themselves, and when their heads count as old: by group, from the settings `automation`.

A new partition of the chain (added by hand: what a sensor finds it starts itself) is made once, when everything above it is there. A partition that was
there before automation was, or whose run failed, waits for a person: a backlog is a backfill, and a failure that repeats itself is a storm.
Reports are made at their hour, if anything below them is new.

Not here: what is new at the sources (assets/sensors.py).
"""

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from corpus_platform.automation.limits import pool_limits
from corpus_platform.automation.settings import AutomationSettings, FreshnessSettings
from corpus_platform.documents import DIALOGUES, SOURCES
from corpus_platform.settings import CorpusSettings

CHAIN = ("web", "dedup", "corpora")
"""First parts of the keys of what is made of a snapshot."""
REPORTS = ("marts", "reports")
"""The same, or groups, of what is made of all that, daily."""
FOLLOWING = ("signals", "dedup_index", "duplicates", "selected", "filtered")
_FOLLOWS = (*FOLLOWING, "preferences", "feedback", "failing")
"""Last parts of the keys of assets of dialogues that are made whenever what they are made of is new; those of files are a sensor's, mixes people's."""
OVERLAP = dg.AssetKey(["corpora", "overlap"])
LANGUAGE_MODEL = dg.AssetKey(["models", "language_model"])
ARTICLES = dg.AssetKey(["encyclopedia", "articles"])
CONDITIONS = "new_partitions"
"""Name of the sensor that evaluates the conditions."""


def missing_once(*, needs_model: bool = False) -> dg.AutomationCondition:
    """True for a partition that has been added since the condition was there, from the second look on, until it is asked for or made.

    Two looks in a row must find that nobody makes it: a sensor adds a partition and starts its run in two steps, and what a run makes while a look is
    going on may be missing when the look begins and no longer in progress when it ends. With `needs_model` there must be a language model, though not of
    each language: some may have no text to be made from. Other models may be missing for good.
    """
    missing = dg.AutomationCondition.missing()
    idle = (missing & ~dg.AutomationCondition.in_progress()).with_label("missing, and nobody makes it")
    models = dg.AssetSelection.key_prefixes("models")
    added = missing.newly_true().since_last_handled().with_label("added, and not asked for yet")
    condition = (
        added
        & idle
        & ~idle.newly_true().with_label("first look")
        & ~dg.AutomationCondition.execution_failed()
        & ~dg.AutomationCondition.any_deps_missing().ignore(models)
        & ~dg.AutomationCondition.any_deps_in_progress()
    )
    if needs_model:
        condition &= dg.AutomationCondition.any_deps_match(~missing).allow(dg.AssetSelection.assets(LANGUAGE_MODEL))
    return condition.with_label("a new partition, once what it is made of is there")


def following() -> dg.AutomationCondition:
    """True for a partition when something that it is made of has been made since it was last looked after, and nothing of that is missing or being made."""
    return (
        dg.AutomationCondition.any_deps_updated().since_last_handled().with_label("something above is new")
        & ~dg.AutomationCondition.in_progress()
        & ~dg.AutomationCondition.any_deps_missing()
        & ~dg.AutomationCondition.any_deps_in_progress()
    ).with_label("when what it is made of is new")


def at_hour(cron: str) -> dg.AutomationCondition:
    """True once after each hour of the cron (UTC), when something below has been made since the last time and nothing below is being made.

    Dagster's own `on_cron` waits for every dependency to be made after the hour, so a run that straddles it would put the report off by a day.
    """
    return (
        dg.AutomationCondition.cron_tick_passed(cron, "UTC")
        .since_last_handled()
        .with_label(f"an hour of {cron} has passed")
        & dg.AutomationCondition.any_deps_updated().since_last_handled().with_label("something below is new")
        & ~dg.AutomationCondition.in_progress()
        & ~dg.AutomationCondition.any_deps_in_progress()
    ).with_label(f"at {cron}, if something is new")


def condition_of(spec: dg.AssetSpec, settings: CorpusSettings) -> dg.AutomationCondition | None:
    """The condition of an asset, by its key or group; None where it is started by sensors and people only."""
    if spec.key == OVERLAP or {spec.group_name, spec.key.path[0]} & {*REPORTS}:
        return at_hour(settings.automation.reports)
    if spec.key.path[0] == DIALOGUES:
        return following() if spec.key.path[-1] in _FOLLOWS or spec.key.path[1] == "constructed" else None
    if spec.key.path[0] not in (*CHAIN, *SOURCES) or spec.key == ARTICLES:
        return None
    can_be = settings.encyclopedia.location is not None or settings.language_model.location is not None
    return missing_once(needs_model=can_be and LANGUAGE_MODEL in {dep.asset_key for dep in spec.deps})


def chain_of(assets: Sequence[dg.AssetsDefinition]) -> list[str]:
    """Keys of the stages' assets that the job `snapshot` makes: what is in the chain and writes a table of the lake."""
    specs = [spec for asset in assets for spec in asset.specs]
    return [
        spec.key.to_user_string()
        for spec in specs
        if spec.key.path[0] in CHAIN and "stage" in spec.tags and spec.tags.get("domain") == "web"
    ]


def is_head(spec: dg.AssetSpec) -> bool:
    """Whether others use it as a dataset: pages, documents of sources, corpora, the encyclopedia."""
    path = spec.key.path
    return (
        spec.key == ARTICLES
        or (path[0] in SOURCES and path[-1] == "documents")
        or (path[0] == "corpora" and spec.key != OVERLAP)
        or (path[0] == "web" and path[-1] == "pages")
        or (path[0] == DIALOGUES and path[-1] == "filtered")
    )


def freshness_of(settings: FreshnessSettings) -> dg.FreshnessPolicy:
    """How old a head may be. A window and no deadline: a schedule that finds no new dump has not failed."""
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(days=settings.fail_days), warn_window=timedelta(days=settings.warn_days)
    )


def automated(assets: Sequence[dg.AssetsDefinition], settings: CorpusSettings) -> list[dg.AssetsDefinition]:
    """The assets with their conditions and freshness policies. What an asset says of itself is left as it is."""

    def with_policies(spec: dg.AssetSpec) -> dg.AssetSpec:
        fresh = freshness_of(settings.automation.freshness) if is_head(spec) else None
        return spec.replace_attributes(
            automation_condition=spec.automation_condition or condition_of(spec, settings),
            freshness_policy=spec.freshness_policy or fresh,
        )

    return [asset.map_asset_specs(with_policies) for asset in assets]


def status_of(settings: AutomationSettings) -> dg.DefaultSensorStatus:
    """Whether sensors run, unless the UI has switched one on or off."""
    return dg.DefaultSensorStatus.RUNNING if settings.enabled else dg.DefaultSensorStatus.STOPPED


def limit_pools(instance: dg.DagsterInstance, settings: AutomationSettings) -> None:
    """Gives the instance's pools the sizes of the settings, where they have others."""
    storage = instance.event_log_storage
    have = {pool.name: pool.limit for pool in storage.get_pool_limits() if not pool.from_default}
    for name, limit in pool_limits(settings).items():
        if have.get(name) != limit:
            storage.set_concurrency_slots(name, limit)


def condition_sensor(settings: AutomationSettings) -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions of all assets."""
    return dg.AutomationConditionSensorDefinition(
        CONDITIONS,
        target=dg.AssetSelection.all(),
        default_status=status_of(settings),
        minimum_interval_seconds=settings.every_seconds,
        run_tags={"corpus/started-by": CONDITIONS},
        description="Makes partitions that were added by hand, and the reports at their hour.",
    )

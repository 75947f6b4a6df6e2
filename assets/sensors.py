"""Sensors and the schedule: what is new at the sources becomes partitions and runs. Off unless `automation.enabled` says otherwise.

| name | looks at | starts |
|---|---|---|
| `new_snapshots` | the crawl's list of snapshots | the job `snapshot` |
| `new_files` | archives, dumps, other sources and data sets, by their files | `snapshot`, `encyclopedia`, the source's own job, `data_set` |
| `missing_models` | models that could be made and are not | their jobs |
| `encyclopedia_refresh` (schedule) | all dumps | `encyclopedia` on those that are not current |

A model that exists is never made anew by them, whatever is new: perplexities of earlier snapshots would not compare with those of later ones.
A source that can't be asked is a reason to skip, and the next look asks again.

Promise: a run is asked for once for each (snapshot, or place with these files, or model); one that failed waits for a person.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.automation import limit_pools, status_of
from assets.jobs import DATA_SET, ENCYCLOPEDIA, OF_PEOPLE, adding, request, snapshot_request, source_request
from assets.partitions import cc_snapshot, wiki_dump, wiki_key
from corpus_platform.automation.arrivals import Memory, Place, new_snapshots, places
from corpus_platform.automation.settings import AutomationSettings
from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import CorpusError
from corpus_platform.home import ARTICLES, Batch, Home
from corpus_platform.home.dialogues import OF_FILES, OF_USERS, OF_WRITERS
from corpus_platform.source_tables import partition_of_key
from corpus_platform.stages.asset_names import PAGES, asset_of, partition_of
from corpus_platform.stages.encyclopedia import Articles
from corpus_platform.stages.sft_messages import SftMessages
from corpus_platform.stages.sft_sets import MESSAGES
from corpus_platform.stages.source_documents import SourceDocuments
from corpus_platform.stages.texts import read_table
from resources.home import HomeResource

NEW_SNAPSHOTS, NEW_FILES, MISSING_MODELS, REFRESH = (
    "new_snapshots",
    "new_files",
    "missing_models",
    "encyclopedia_refresh",
)
_NAMED = 5
"""Partitions that a reason names."""


def sensors(settings: AutomationSettings, chain: Sequence[str], jobs: Sequence[Any]) -> list[dg.SensorDefinition]:
    """The sensors; `chain` is the assets of the job `snapshot`, whose models are to be there first."""
    every = {
        "jobs": list(jobs),
        "default_status": status_of(settings),
        "minimum_interval_seconds": settings.every_seconds,
    }

    @dg.sensor(name=NEW_SNAPSHOTS, description="Starts snapshots that are new at the source.", **every)
    def new(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult | dg.SkipReason:
        try:
            return _new_snapshots(home.open(), context.instance, chain)
        except CorpusError as error:
            return dg.SkipReason(str(error))

    @dg.sensor(
        name=NEW_FILES, description="Starts archives and dumps whose files are new, once they are whole.", **every
    )
    def files(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
        return _new_files(home.open(), context, chain)

    @dg.sensor(name=MISSING_MODELS, description="Makes models that could be made and are not.", **every)
    def models(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult | dg.SkipReason:
        try:
            return _missing_models(home.open(), context.instance, chain)
        except CorpusError as error:
            return dg.SkipReason(str(error))

    return [new, files, models]


def refresh(settings: AutomationSettings) -> dg.ScheduleDefinition:
    """The schedule that brings the articles of all dumps up to date."""
    running = dg.DefaultScheduleStatus.RUNNING if settings.enabled else dg.DefaultScheduleStatus.STOPPED

    @dg.schedule(
        name=REFRESH,
        cron_schedule=settings.encyclopedia,
        execution_timezone="UTC",
        job_name=ENCYCLOPEDIA,
        default_status=running,
        description="Makes the articles of dumps that are new, have changed, or failed before.",
    )
    def schedule(context: dg.ScheduleEvaluationContext, home: HomeResource) -> Sequence[dg.RunRequest] | dg.SkipReason:
        try:
            return _refresh(home.open(), context)
        except CorpusError as error:
            return dg.SkipReason(str(error))

    return schedule


def _new_snapshots(home: Home, instance: dg.DagsterInstance, chain: Sequence[str]) -> dg.SensorResult | dg.SkipReason:
    settings = home.settings.automation
    limit_pools(instance, settings)
    source = home.settings.source.below(home.path)
    at_source = [snapshot.name for snapshot in source.crawl().snapshots()]
    known = instance.get_dynamic_partitions(str(cc_snapshot.name))
    found = new_snapshots(at_source, known, settings.snapshots)
    if not found:
        return dg.SkipReason(f"{len(at_source)} snapshots at {source.location}, none of them new")
    if waits := waiting_for(home, instance, chain):
        return dg.SkipReason(f"{_some(found)}: {waits}")
    started = found[: settings.at_a_tick]
    return dg.SensorResult(
        run_requests=[snapshot_request(name, by=NEW_SNAPSHOTS, key=name) for name in started],
        dynamic_partitions_requests=adding(snapshots=started),
    )


def _new_files(home: Home, context: dg.SensorEvaluationContext, chain: Sequence[str]) -> dg.SensorResult:
    memory = Memory.read(context.cursor)
    now, troubles = places(home.settings.source.below(home.path), _articles(home), _others(home), _dialogues(home))
    settled = memory.settled(now)
    fresh = [place for place in settled if not _is_current(home, place)]
    waits = ""
    if any(place.kind == "archive" for place in fresh):
        waits = waiting_for(home, context.instance, chain)
    started = [place for place in fresh if place.kind != "archive" or not waits]
    held = [place.name for place in fresh if place not in started]
    done = [place for place in settled if place.name not in held]
    keys = {kind: [_key(place) for place in started if place.kind == kind] for kind in ("archive", "dump")}
    reasons = [*troubles, *([f"{_some(held)}: {waits}"] if held else [])]
    for reason in reasons:
        context.log.warning(reason)
    return dg.SensorResult(
        run_requests=[_request(home, place, NEW_FILES, f"{place.name} {place.digest}") for place in started],
        skip_reason=None
        if started
        else "; ".join(reasons) or f"nothing new in {len(now)} archives, dumps and partitions of other sources",
        dynamic_partitions_requests=adding(snapshots=keys["archive"], dumps=keys["dump"], sources=_words(started)),
        # Where something can't be listed what is known of it is kept, else it would seem to be new when it can again.
        cursor=memory.after(now, done, keep=bool(troubles)).cursor(),
    )


def _missing_models(home: Home, instance: dg.DagsterInstance, chain: Sequence[str]) -> dg.SensorResult | dg.SkipReason:
    lacking = home.lacking(chain)
    dumps = [batch for batch in lacking if ARTICLES in {name for name, _ in batch.tables}]
    if not lacking:
        return dg.SkipReason("every model that can be made is there")
    if dumps:
        return dg.SkipReason(f"{_waits(instance, dumps)}; `{NEW_FILES}` starts them")
    pages = [batch.key for batch in lacking if batch.assets[0].startswith("web/")]
    # The pages that give models their cut-offs come before the models.
    first = [batch for batch in lacking if batch.key in pages] or lacking
    return dg.SensorResult(
        run_requests=[request(batch, by=MISSING_MODELS, key=f"{batch.assets[0]} {batch.key}") for batch in first],
        dynamic_partitions_requests=adding(snapshots=pages),
        skip_reason=None,
    )


def _refresh(home: Home, context: dg.ScheduleEvaluationContext) -> Sequence[dg.RunRequest] | dg.SkipReason:
    articles = _articles(home)
    dumps = [{"language": language, "dump": dump} for language, dump in articles.dumps()]
    stale = [where for where in dumps if not home.status_of(ARTICLES, where).is_settled]
    busy = _busy(context.instance)
    keys = [key for key in map(wiki_key, stale) if key not in busy]
    if not keys:
        return dg.SkipReason(f"{len(dumps)} dumps at {articles.settings.location}, all of them made or being made")
    # A schedule has no partition requests: the keys are added before the runs that need them.
    context.instance.add_dynamic_partitions(str(wiki_dump.name), keys)
    hour = f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}"
    return [request(_articles_batch(key), by=REFRESH, key=f"{key} {hour}") for key in keys]


def waiting_for(home: Home, instance: dg.DagsterInstance, chain: Sequence[str]) -> str:
    """What a snapshot's run would do without, in words; empty where all is there."""
    lacking = home.lacking(chain)
    return _waits(instance, lacking) if lacking else ""


def _waits(instance: dg.DagsterInstance, lacking: Sequence[Batch]) -> str:
    named = _some([f"{batch.assets[0]} of {batch.key}" for batch in lacking])
    failed = [batch for batch in lacking if _has_failed(instance, batch)]
    hint = f"; its run failed: look at it in the UI, then corpus run {failed[0].assets[0]}" if failed else ""
    return f"waits for {named}{hint}"


def _has_failed(instance: dg.DagsterInstance, batch: Batch) -> bool:
    """Whether the last run on the batch's partition failed."""
    last = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": batch.key}), limit=1)
    return bool(last) and last[0].status == dg.DagsterRunStatus.FAILURE


def _busy(instance: dg.DagsterInstance) -> set[str]:
    """Partition keys of the runs that are not finished."""
    going = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
    ]
    runs = instance.get_runs(dg.RunsFilter(statuses=going))
    return {run.tags.get("dagster/partition", "") for run in runs}


def _is_current(home: Home, place: Place) -> bool:
    """Whether the lake has been made of these very files."""
    if place.kind == "dump":
        return home.status_of(ARTICLES, place.partition).is_settled
    if place.kind == "source" and place.partition["source"] == DIALOGUES:
        key = place.partition["key"]
        read = [n for n in (*OF_FILES[:-1], *OF_WRITERS, *OF_USERS) if home.dialogues.takes(n, key)]
        return all(home.status_of(name, {"set": key}).is_settled for name in read)
    if place.kind == "source":
        source = place.partition["source"]
        where = partition_of_key(source, place.partition["key"])
        return home.status_of(read_table(source), where).is_settled
    name = place.partition["snapshot"]
    return all(home.status_of(PAGES, partition_of(PAGES, base, name)).is_settled for base in home.variants)


def _articles(home: Home) -> Articles:
    stage = home.stage(ARTICLES)
    assert isinstance(stage, Articles)
    return stage


def _others(home: Home) -> list[SourceDocuments]:
    """The stages that read the other sources that have collections."""
    stages = (home.stage(read_table(source)) for source in home.settings.sources.used if source != ENCYCLOPEDIA)
    return [stage for stage in stages if isinstance(stage, SourceDocuments)]


def _dialogues(home: Home) -> SftMessages | None:
    """The stage that reads data sets of dialogues; None where there is no data set."""
    stage = home.dialogues.stages[MESSAGES] if home.settings.sft.sets else None
    return stage if isinstance(stage, SftMessages) else None


def _words(started: Sequence[Place]) -> dict[str, list[str]]:
    """Words of the partitions of other sources, by source."""
    found: dict[str, list[str]] = {}
    for place in started:
        if place.kind == "source" and place.partition["source"] != DIALOGUES:
            found.setdefault(place.partition["source"], []).append(place.partition["key"])
    return found


def _key(place: Place) -> str:
    match place.kind:
        case "dump":
            return wiki_key(place.partition)
        case "source":
            return place.partition["key"]
        case _:
            return place.partition["snapshot"]


def _request(home: Home, place: Place, by: str, key: str) -> dg.RunRequest:
    if place.kind == "dump":
        return request(_articles_batch(_key(place)), by=by, key=key)
    if place.kind == "source" and place.partition["source"] == DIALOGUES:
        people = home.dialogues.sft.one(_key(place)).collect
        return source_request(OF_PEOPLE[people][0] if people else DATA_SET, _key(place), by=by, key=key)
    if place.kind == "source":
        return source_request(place.partition["source"], _key(place), by=by, key=key)
    return snapshot_request(_key(place), by=by, key=key)


def _articles_batch(key: str) -> Batch:
    return Batch((asset_of(ARTICLES),), key, (), ENCYCLOPEDIA)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more

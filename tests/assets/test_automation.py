"""What runs by itself, by simulated ticks: the sensors, the schedule at an hour, the conditions, the alerts. Nothing of it is on unless a setting says so."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT, make_archive, make_crawl, make_dump, make_home
from typer.testing import CliRunner
from watched import Watch
from web_hook import hook

from assets.alerts import alert_sensors
from assets.automation import at_hour
from corpus_platform.automation.settings import AutomationSettings
from corpus_platform.cli import app
from corpus_platform.definitions import add_partitions, build_defs, make
from corpus_platform.errors import CorpusError
from corpus_platform.home import Home
from resources.home import HomeResource

THIRD = "CC-MAIN-2025-13"
SENSORS = {
    "new_snapshots",
    "new_files",
    "missing_models",
    "new_partitions",
    "alert_failed_runs",
    "alert_failed_checks",
}
SECRET = "T0000-B0000-secret"


@pytest.fixture
def watch(home, instance) -> Watch:
    """A home with two snapshots made, which Dagster knows."""
    add_partitions(instance, snapshots=[SNAPSHOT, NEXT_SNAPSHOT], dumps=["en-20250101"])
    return Watch(home.path, instance)


@pytest.fixture
def empty(tmp_path, instance) -> Watch:
    """A home with a crawl and a dump at its sources, and nothing made."""
    return Watch(make_home(tmp_path), instance)


def publish(home: Path, snapshot: str, number: int) -> None:
    """Makes a snapshot appear at the source."""
    make_crawl(home / "crawl", snapshot, first_page=number * PAGES * FILES)


@pytest.mark.parametrize(("enabled", "status"), [(False, "STOPPED"), (True, "RUNNING")])
def test_one_setting_turns_everything_on(empty, enabled, status):
    empty.set(automation={"enabled": enabled})

    repository = build_defs(Home.open(empty.home)).get_repository_def()

    assert {sensor.name: sensor.default_status.name for sensor in repository.sensor_defs} == dict.fromkeys(
        SENSORS, status
    )
    assert [(s.name, s.default_status.name) for s in repository.schedule_defs] == [("encyclopedia_refresh", status)]


def test_a_snapshot_that_appears_at_the_source_is_added_and_started_once(watch):
    before = watch.tick("new_snapshots")
    publish(watch.home, THIRD, 2)
    found = watch.tick("new_snapshots")
    after = watch.tick("new_snapshots")

    assert before.run_requests == []
    assert "2 snapshots at" in before.skip_message
    (request,) = found.run_requests
    assert (request.job_name, request.partition_key, request.run_key) == ("snapshot", THIRD, THIRD)
    assert request.tags["corpus/partition"] == THIRD
    assert request.tags["corpus/started-by"] == "new_snapshots"
    assert THIRD in watch.instance.get_dynamic_partitions("cc_snapshot")
    assert after.run_requests == []


def test_a_tick_starts_only_so_many_and_the_oldest_first(watch):
    watch.set(automation={"snapshots": "all", "at_a_tick": 2})
    for number, name in enumerate(("CC-MAIN-2025-21", THIRD, "CC-MAIN-2024-51"), 2):
        publish(watch.home, name, number)

    first, second, third = (watch.asked("new_snapshots") for _ in range(3))

    assert [name for _, name, _ in first] == ["CC-MAIN-2024-51", THIRD]
    assert [name for _, name, _ in second] == ["CC-MAIN-2025-21"]
    assert third == []


def test_a_source_that_can_t_be_asked_is_a_reason_to_skip_and_the_next_look_asks_again(watch):
    publish(watch.home, THIRD, 2)
    (watch.home / "crawl" / "collinfo.json").write_text("<html>busy</html>")
    broken = watch.tick("new_snapshots")
    (watch.home / "crawl" / "collinfo.json").unlink()
    mended = watch.tick("new_snapshots")

    assert broken.run_requests == []
    assert "collinfo.json: not a list of collections" in broken.skip_message
    assert len(mended.run_requests) == 1


def test_an_empty_home_is_filled_in_order_dumps_then_models_then_the_newest_snapshot(empty):
    home = Home.open(empty.home)
    articles, models, *_ = home.batches(["corpora/ccnet"], [NEXT_SNAPSHOT])

    waits = empty.tick("new_snapshots").skip_message
    waits_too = empty.tick("missing_models").skip_message
    dumps = [empty.asked("new_files") for _ in range(3)]
    make(home, empty.instance, articles)
    asked = empty.asked("missing_models")
    make(home, empty.instance, models)
    snapshots = empty.asked("new_snapshots")

    assert f"{NEXT_SNAPSHOT}: waits for encyclopedia/articles of en-20250101, models/language_model of en" in waits
    assert waits_too.endswith("`new_files` starts them")
    assert [[(job, key) for job, key, _ in found] for found in dumps] == [[], [("encyclopedia", "en-20250101")], []]
    assert asked == [("language_models", "en", "models/language_model en")]
    assert snapshots == [("snapshot", NEXT_SNAPSHOT, NEXT_SNAPSHOT)]
    assert empty.tick("missing_models").skip_message == "every model that can be made is there"


def test_a_model_whose_run_failed_is_named_with_what_to_do(empty):
    (empty.home / "encyclopedia" / "enwiki-20250101-pages-articles.xml.bz2").write_bytes(b"no bzip2 at all")
    home = Home.open(empty.home)
    add_partitions(empty.instance, dumps=["en-20250101"])
    job = build_defs(home).resolve_job_def("encyclopedia")

    failed = job.execute_in_process(partition_key="en-20250101", instance=empty.instance, raise_on_error=False)
    said = empty.tick("new_snapshots").skip_message

    assert not failed.success
    assert "its run failed: look at it in the UI, then corpus run encyclopedia/articles" in said


def test_an_archive_is_started_when_its_files_have_come_to_rest_and_again_when_there_are_more(watch):
    watch.set(source={"location": "crawl", "archives": {"own": "own"}}, variants=["resiliparse"])
    nothing = watch.asked("new_files")
    make_archive(watch.home / "own", pages=range(2))
    first = [watch.asked("new_files") for _ in range(3)]
    (watch.home / "own" / "more.warc.gz").write_bytes(gzip.compress(b"", mtime=0))
    second = [watch.asked("new_files") for _ in range(3)]

    assert nothing == []
    assert [[(job, key) for job, key, _ in found] for found in first] == [[], [("snapshot", "own")], []]
    assert [len(found) for found in second] == [0, 1, 0]
    assert first[1][0][2] != second[1][0][2]
    assert "own" in watch.instance.get_dynamic_partitions("cc_snapshot")


def test_what_is_made_already_is_not_started_when_automation_is_turned_on(watch):
    looks = [watch.tick("new_files") for _ in range(2)]

    assert [look.run_requests for look in looks] == [[], []]
    assert looks[1].skip_message == "nothing new in 1 archives, dumps and partitions of other sources"


def test_an_archive_that_is_gone_is_told_and_hides_no_other(watch):
    watch.set(source={"location": "crawl", "archives": {"gone": "gone", "own": "own"}}, variants=["resiliparse"])
    make_archive(watch.home / "own", pages=range(2))

    looks = [watch.tick("new_files") for _ in range(2)]

    assert "archive gone: " in looks[0].skip_message
    assert [request.partition_key for request in looks[1].run_requests] == ["own"]


def refreshed(watch: Watch, hour: datetime) -> Any:
    """What the schedule asks for at an hour."""
    repository = build_defs(Home.open(watch.home)).get_repository_def()
    with dg.build_schedule_context(
        watch.instance,
        scheduled_execution_time=hour,
        repository_def=repository,
        resources={"home": HomeResource(path=str(watch.home))},
    ) as context:
        return repository.get_schedule_def("encyclopedia_refresh").evaluate_tick(context)


def test_the_schedule_makes_new_dumps_at_its_hour(home, tmp_path):
    # A schedule opens its instance by itself, so it is one on disk.
    watch = Watch(home.path, dg.DagsterInstance.local_temp(str(tmp_path)))
    monday = datetime(2025, 2, 3, 6, tzinfo=UTC)

    quiet = refreshed(watch, monday)
    make_dump(watch.home / "encyclopedia")
    dump = watch.home / "encyclopedia" / "enwiki-20250101-pages-articles.xml.bz2"
    dump.rename(dump.with_name("enwiki-20250201-pages-articles.xml.bz2"))
    asked = refreshed(watch, monday + timedelta(days=7)).run_requests

    assert "1 dumps at" in quiet.skip_message
    assert [(r.job_name or "encyclopedia", r.partition_key, r.run_key) for r in asked] == [
        ("encyclopedia", "en-20250201", "en-20250201 2025-02-10T06:00")
    ]
    assert "en-20250201" in watch.instance.get_dynamic_partitions("wiki_dump")


def conditions(watch: Watch, looks: int = 1) -> list[dict[str, set[str]]]:
    """Partitions of each asset that looks of the conditions ask for, one after the other."""
    definitions = build_defs(Home.open(watch.home))
    found = []
    for _ in range(looks):
        result = dg.evaluate_automation_conditions(
            defs=definitions,
            instance=watch.instance,
            asset_selection=dg.AssetSelection.key_prefixes("web", "corpora"),
            cursor=watch.cursors.get("conditions"),
        )
        watch.cursors["conditions"] = result.cursor
        asked = {
            k.to_user_string(): set(result.get_requested_partitions(k)) for k in definitions.resolve_all_asset_keys()
        }
        found.append({asset: keys for asset, keys in asked.items() if keys})
    return found


def say_made(instance: dg.DagsterInstance, partition: str, *assets: str) -> None:
    """Tells Dagster that a partition of assets was made: the conditions look at nothing else."""
    for asset in assets:
        instance.report_runless_asset_event(dg.AssetMaterialization(asset.split("/"), partition=partition))


@pytest.fixture
def modelled(empty) -> Watch:
    """A home with a model, a snapshot that Dagster knew before automation was on, and nothing made of it."""
    say_made(empty.instance, "en", "models/language_model")
    add_partitions(empty.instance, snapshots=[SNAPSHOT])
    return empty


def test_a_partition_that_is_added_by_hand_is_made_once_with_the_whole_chain(modelled):
    backlog = conditions(modelled, 2)
    add_partitions(modelled.instance, snapshots=[NEXT_SNAPSHOT])
    looks = conditions(modelled, 3)

    chain = [
        f"web/wet/{name}"
        for name in ("pages", "url_history", "sketches", "paragraph_hashes", "paragraphs", "documents")
    ]
    assert backlog == [{}, {}]
    assert looks == [{}, {asset: {NEXT_SNAPSHOT} for asset in [*chain, "corpora/ccnet"]}, {}]


@pytest.mark.e2e
def test_what_somebody_makes_is_not_asked_for_and_what_is_given_up_is_when_two_looks_found_it_idle(modelled):
    conditions(modelled)
    add_partitions(modelled.instance, snapshots=[NEXT_SNAPSHOT])
    job = build_defs(Home.open(modelled.home)).resolve_job_def("snapshot")
    run = modelled.instance.create_run_for_job(
        job, tags={"dagster/partition": NEXT_SNAPSHOT}, status=dg.DagsterRunStatus.STARTED
    )

    made = conditions(modelled, 2)
    modelled.instance.report_run_canceled(run)
    given_up = conditions(modelled, 2)

    assert made == [{}, {}]
    assert given_up[0] == {}
    assert given_up[1]["corpora/ccnet"] == {NEXT_SNAPSHOT}


def test_without_a_language_model_a_new_partition_gets_what_needs_none_and_the_rest_when_there_is_one(empty):
    conditions(empty)
    add_partitions(empty.instance, snapshots=[SNAPSHOT])
    first = conditions(empty, 2)[1]
    say_made(empty.instance, SNAPSHOT, *first)
    say_made(empty.instance, "en", "models/language_model")
    second = conditions(empty, 2)

    assert "web/wet/paragraphs" in first
    assert "web/wet/documents" not in first
    assert second == [{asset: {SNAPSHOT} for asset in ["web/wet/documents", "corpora/ccnet"]}, {}]


@pytest.mark.e2e
def test_a_run_that_fails_is_not_repeated_by_the_conditions(modelled):
    conditions(modelled)
    (modelled.home / "crawl" / "crawl-data" / SNAPSHOT / "wet.paths.gz").unlink()
    name = "CC-MAIN-2025-99"
    add_partitions(modelled.instance, snapshots=[name])
    asked = conditions(modelled, 2)[1]
    job = build_defs(Home.open(modelled.home)).resolve_job_def("snapshot")
    failed = job.execute_in_process(partition_key=name, instance=modelled.instance, raise_on_error=False)
    after = conditions(modelled, 2)

    assert asked["web/wet/pages"] == {name}
    assert not failed.success
    assert after == [{}, {}]


def test_a_report_is_made_once_after_its_hour_when_something_below_is_new(instance):
    @dg.asset
    def below() -> None: ...

    @dg.asset(deps=[below], automation_condition=at_hour("0 5 * * *"))
    def report() -> None: ...

    definitions, noon, cursor = dg.Definitions(assets=[below, report]), datetime(2025, 2, 3, 12, tzinfo=UTC), None

    def asked(hour: datetime) -> int:
        nonlocal cursor
        result = dg.evaluate_automation_conditions(
            defs=definitions, instance=instance, cursor=cursor, evaluation_time=hour
        )
        cursor = result.cursor
        return result.total_requested

    first = asked(noon)
    dg.materialize([below], instance=instance)
    same_day = asked(noon + timedelta(hours=1))
    next_day = [asked(noon + timedelta(hours=18, minutes=minute)) for minute in (0, 1)]
    quiet_day = asked(noon + timedelta(hours=42))

    assert [first, same_day, next_day, quiet_day] == [0, 0, [1, 0], 0]


def test_heads_say_when_they_are_old(empty):
    empty.set(automation={"freshness": {"warn_days": 10, "fail_days": 20}})

    nodes = build_defs(Home.open(empty.home)).resolve_asset_graph().asset_nodes

    fresh = {node.key.to_user_string(): node.freshness_policy for node in nodes if node.freshness_policy}
    policy = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=20), warn_window=timedelta(days=10))
    assert fresh == dict.fromkeys(["encyclopedia/articles", "web/wet/pages", "corpora/ccnet"], policy)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name the snapshots to make, or give --all"),
        (["--all", SNAPSHOT], "name the snapshots to make, or give --all"),
        (["CC-MAIN-2025-06"], r"no snapshot CC-MAIN-2025-06 at .*crawl, nearest is `CC-MAIN-2025-0[58]`"),
        ([SNAPSHOT], "first: corpus run encyclopedia/articles models/language_model"),
    ],
)
def test_a_backfill_that_can_t_be_is_refused_with_what_to_do(empty, words, said):
    with pytest.raises(CorpusError, match=said):
        CliRunner().invoke(app, ["--home", str(empty.home), "backfill", *words], catch_exceptions=False)


def test_a_backfill_of_all_is_refused_where_every_snapshot_has_its_corpora(home):
    with pytest.raises(CorpusError, match="every one of the 2 snapshots"):
        CliRunner().invoke(app, ["--home", str(home.path), "backfill", "--all"], catch_exceptions=False)


@pytest.fixture
def spoiled(instance, monkeypatch) -> Iterator[tuple[dg.DagsterInstance, Any]]:
    """An instance, and a function that ticks both alert sensors and gives what the webhook got since."""
    monkeypatch.setenv("CORPUS_WEBHOOK", "")
    settings = AutomationSettings.model_validate({"alerts": {"webhook": "CORPUS_WEBHOOK", "attempts": 1}})
    sensors, cursors = alert_sensors(settings), {}
    repository = dg.Definitions(sensors=sensors).get_repository_def()
    with hook() as server:
        monkeypatch.setenv("CORPUS_WEBHOOK", f"{server.address}/{SECRET}")

        def ticked() -> list[dict]:
            server.got.clear()
            for sensor in sensors:
                context = dg.build_sensor_context(instance, cursor=cursors.get(sensor.name), repository_def=repository)
                cursors[sensor.name] = sensor.evaluate_tick(context).cursor
            return list(server.got)

        yield instance, ticked


def spoil(instance: dg.DagsterInstance, *, blocking: bool, error: str = "") -> str:
    """Id of a run whose check fails, or whose asset raises."""

    @dg.asset
    def pages() -> None:
        if error:
            raise dg.Failure(error)

    @dg.asset_check(asset=pages, blocking=blocking)
    def few_broken() -> dg.AssetCheckResult:
        severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN
        return dg.AssetCheckResult(passed=False, severity=severity, metadata={"broken": 7, "first": "Dear Ms Doe"})

    return dg.materialize([pages, few_broken], instance=instance, raise_on_error=False).run_id


def test_failed_runs_and_failed_checks_are_told_once_each_with_figures_and_no_texts(spoiled):
    instance, ticked = spoiled
    at_first = ticked()

    broken = spoil(instance, blocking=True)
    blocked = ticked()
    warned = spoil(instance, blocking=False)
    warning = ticked()
    raised = spoil(instance, blocking=False, error="the disk is full: make room")
    failure = ticked()

    assert at_first == []
    assert [(a["kind"], a["run"]) for a in (*blocked, *warning, *failure)] == [
        ("run failed", broken),
        ("checks failed", warned),
        ("run failed", raised),
    ]
    (check,) = warning[0]["checks"]
    assert (check["asset"], check["check"], check["blocks"], check["figures"]) == (
        "pages",
        "few_broken",
        False,
        {"broken": 7},
    )
    assert blocked[0]["checks"][0]["blocks"]
    assert "pages: the disk is full: make room" in failure[0]["text"]
    assert warning[0]["link"] == f"http://127.0.0.1:3000/runs/{warned}"
    assert "Doe" not in str(blocked + warning + failure)


def test_an_alert_that_nobody_takes_stops_no_sensor_and_tells_no_address(spoiled, monkeypatch, capfd):
    instance, ticked = spoiled
    ticked()
    monkeypatch.setenv("CORPUS_WEBHOOK", f"http://127.0.0.1:1/{SECRET}")
    spoil(instance, blocking=True)

    ticked()
    stored = [str(entry) for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]
    out, err = capfd.readouterr()

    assert "$CORPUS_WEBHOOK did not take `run failed`" in out + err
    assert SECRET not in out + err + "".join(stored)

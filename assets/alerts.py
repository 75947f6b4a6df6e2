"""Alerts: sensors that tell a webhook of failed runs and failed checks, whoever started the run.

Not here: what is sent and how (corpus_platform/automation/alerts.py).
"""

from typing import Any

import dagster as dg

from assets.automation import status_of
from corpus_platform.automation.alerts import Alert, FailedCheck, deliver, numbers_of
from corpus_platform.automation.settings import AutomationSettings

FAILED_RUNS, FAILED_CHECKS = "alert_failed_runs", "alert_failed_checks"
_SECONDS = 30


def alert_sensors(settings: AutomationSettings) -> list[dg.SensorDefinition]:
    """Two sensors: runs that failed, with their checks, and runs that succeeded although checks warned."""
    every: dict[str, Any] = {
        "default_status": status_of(settings),
        "minimum_interval_seconds": _SECONDS,
        # Runs of the command line have no code location, and are meant too.
        "monitor_all_code_locations": True,
    }

    @dg.run_failure_sensor(name=FAILED_RUNS, description="Posts an alert for each run that failed.", **every)
    def runs(context: dg.RunFailureSensorContext) -> None:
        for trouble in deliver([failed_run(context)], settings.alerts):
            context.log.warning(trouble)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name=FAILED_CHECKS,
        description="Posts an alert for each run that succeeded with failed checks.",
        **every,
    )
    def checks(context: dg.RunStatusSensorContext) -> None:
        found = failed_checks(context.instance, context.dagster_run)
        alert = _alert("checks failed", context.dagster_run, checks=found)
        for trouble in deliver([alert] if found else [], settings.alerts):
            context.log.warning(trouble)

    return [runs, checks]


def failed_run(context: dg.RunFailureSensorContext) -> Alert:
    """What there is to tell of a run that failed: its error, and the checks that did not pass."""
    run = context.dagster_run
    steps = context.get_step_failure_events()
    errors = [_error(event) for event in steps] or [context.failure_event.message or ""]
    return _alert(
        "run failed",
        run,
        error=errors[0],
        # By the time that sensors see it, Dagster has decided.
        will_retry=run.tags.get("dagster/will_retry") == "true",
        checks=failed_checks(context.instance, run),
    )


def failed_checks(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[FailedCheck, ...]:
    """The checks of the run that did not pass, with their figures."""
    records = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [entry.get_dagster_event().asset_check_evaluation_data for entry in records]
    return tuple(
        FailedCheck(
            asset=check.asset_key.to_user_string(),
            check=check.check_name,
            partition=run.tags.get("dagster/partition"),
            blocks=bool(check.blocking),
            figures=numbers_of({name: value.value for name, value in check.metadata.items()}),
        )
        for check in found
        if not check.passed
    )


def _alert(kind: Any, run: dg.DagsterRun, **more: Any) -> Alert:
    assets = sorted(key.to_user_string() for key in run.asset_selection or ())
    # Runs of assets that people chose have no job of a name.
    job = "assets" if run.job_name.startswith("__") else run.job_name
    return Alert(kind, run.run_id, job, run.tags.get("dagster/partition"), tuple(assets), **more)


def _error(event: dg.DagsterEvent) -> str:
    """The step, and the words of its error: a `Failure` says them in its description."""
    data = event.step_failure_data
    said = data.user_failure_data.description if data.user_failure_data else data.error.message if data.error else ""
    return f"{event.step_key}: {said}"

"""dbt as assets run it: one build at a time on the home's file of marts, published when all of it has gone well.

Nothing is written into the project's folder: parsed state, logs and results are in the folder `dbt` of the home.

Not here: the project (dbt/), which assets there are (assets/marts.py), the published file (analytics/warehouse.py).
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock

from corpus_platform.analytics.dbt_project import PROJECT
from corpus_platform.home import Home

_RESULTS = "run_results.json"


@dataclass(frozen=True)
class Result:
    """What became of a model or test: `success`, `pass`, `fail`, `warn`, `error` or `skipped`."""

    name: str
    kind: str
    status: str
    seconds: float
    message: str
    failures: int

    @property
    def is_good(self) -> bool:
        """Whether the model was made, or the test passed."""
        return self.status in {"success", "pass"}


@dataclass(frozen=True)
class Built:
    """A build: results by name, and dbt's own words where it has failed."""

    results: dict[str, Result]
    error: str

    @property
    def is_good(self) -> bool:
        """Whether everything went well, and is published."""
        return not self.error


def build(home: Home, models: Sequence[str], snapshot: str | None) -> Built:
    """Builds some models, what they are made of, and their tests; of one snapshot's rows where it is given. Marts are published if all is good."""
    from corpus_platform.analytics.warehouse import publish  # noqa: PLC0415  (imports DuckDB)

    folder = home.path / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    # DuckDB lets one process at a time write a file, and dbt would fail where it could wait.
    with FileLock(folder / "build.lock"):
        publish(home.lake, home.warehouse)
        (folder / _RESULTS).unlink(missing_ok=True)
        chosen = ["--select", *(f"+{name}" for name in models), "--resource-type", "model", "test"]
        error = _run(home, folder, ["build", *chosen, "--vars", json.dumps({"snapshot": snapshot})])
        found = json.loads((folder / _RESULTS).read_bytes())["results"] if (folder / _RESULTS).exists() else []
        if not error:
            publish(home.lake, home.warehouse, marts=home.marts)
    results = [_result(one) for one in found]
    return Built({one.name: one for one in results}, error)


def _run(home: Home, folder: Path, words: list[str]) -> str:
    """Runs dbt in a process of its own; its words where it has failed, else nothing."""
    from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation  # noqa: PLC0415  (takes two seconds)
    from packaging.version import Version  # noqa: PLC0415

    # `DbtCliResource.cli` would ask dbt for its version first and open the file of marts in this process, where it then stays locked.
    invocation = DbtCliInvocation.run(
        args=[str(Path(sys.executable).with_name("dbt")), *words],
        env=environment(home, folder),
        manifest={},
        dagster_dbt_translator=DagsterDbtTranslator(),
        project_dir=PROJECT,
        target_path=folder,
        raise_on_error=False,
        context=None,
        adapter=None,
        cli_version=Version(version("dbt-core")),
    )
    invocation.wait()  # Its lines go to standard output, which Dagster keeps as the step's log.
    return "" if invocation.is_successful() else str(invocation.get_error() or "dbt has failed")


def environment(home: Home, folder: Path) -> dict[str, str]:
    """The environment of a dbt process of a home; `folder` takes what it writes beside the marts."""
    root = str(PROJECT.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        "CORPUS_HOME": str(home.path),
        "CORPUS_WAREHOUSE": str(home.warehouse),
        "CORPUS_DBT": str(home.marts),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(folder),
        "DBT_LOG_PATH": str(folder),
        "DBT_LOG_FORMAT": "json",
        "DBT_LOG_LEVEL_FILE": "info",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def _result(found: dict[str, Any]) -> Result:
    kind, _, name = found["unique_id"].split(".")[:3]
    return Result(
        name, kind, found["status"], found["execution_time"], found["message"] or "", found.get("failures") or 0
    )

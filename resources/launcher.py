"""The run launcher of a home on one machine: Dagster's own, which can also tell whether the process of a run is still there.

Dagster's code server notices when the process of a run dies. When both die (a machine restarts, a container is replaced) nobody does: the run would
be `STARTED` for ever, hold its place in the queue, and never be run again. With this launcher the daemon's run monitoring notices, and
the instance's `run_retries` start it again; finished shards are kept.

A retry that finds no code server fails, and is never repeated (Dagster 1.13). So a run counts as lost only when its code server has answered for a while.

Words: *here* is this machine; a run says that it is here by the address of its code server, or by the tag that `corpus run` gives it.
Promise: a run of another machine is never judged, nor one that can't be asked about.
"""

import errno
import json
import os
import socket
import time
from pathlib import Path

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus  # no public names: Dagster 1.13
from dagster._serdes import ConfigurableClassData

HOST_TAG = "corpus/host"
_CODE_SERVER_TAG = ".dagster/grpc_info"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_CLOCK_SECONDS = 60.0
"""A process that began so much later than its run said something is another one with the same number. Clocks are set by less."""
_SETTLE_SECONDS = 10.0
"""How long a code server that has come back must have answered: the daemon loads its definitions again in that time."""


class LocalRunLauncher(dg.DefaultRunLauncher):
    """Launches runs through the code server of this machine, and knows when their processes have gone."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._answered: dict[str, float] = {}
        """Of runs whose process is gone: since when their code server has answered."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring may ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """`RUNNING` unless the run's process is known, was started here, is gone, and the run could be started again."""
        found = self._process_of(run) if _is_here(run) else None
        if found is None or _is_alive(*found) or not self._could_be_started(run):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {found[0]} is gone", transient=True)

    def _could_be_started(self, run: dg.DagsterRun) -> bool:
        """Whether the run's code server has answered for a while. Runs of the command line have none, and nobody starts them again."""
        client = self._get_grpc_client_for_termination(run.run_id)
        if client is None:
            return True
        try:
            client.ping("")
        except DagsterUserCodeUnreachableError:
            self._answered.pop(run.run_id, None)
            return False
        since = self._answered.setdefault(run.run_id, time.monotonic())
        return time.monotonic() - since >= _SETTLE_SECONDS

    def _process_of(self, run: dg.DagsterRun) -> tuple[int, float] | None:
        """Process id of the run and when it was told, in seconds since 1970; None where the run has not told one."""
        for entry in self._instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
            said = entry.get_dagster_event().engine_event_data.metadata.get("pid")
            if said is not None:
                return int(str(said.value)), entry.timestamp
        return None


def _is_here(run: dg.DagsterRun) -> bool:
    if HOST_TAG in run.tags:
        return run.tags[HOST_TAG] == socket.gethostname()
    return json.loads(run.tags.get(_CODE_SERVER_TAG, "{}")).get("host") in _LOOPBACK


def _is_alive(process: int, seen: float) -> bool:
    """Whether it is the process that was there at `seen`, and no dead one that waits to be reaped."""
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    try:
        # The fields after the name, which may hold spaces: the state is the first of them, the start the twentieth.
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        booted = next(
            float(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime ")
        )
    except (OSError, StopIteration):
        return True
    started = booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return fields[0] not in {"Z", "X"} and started <= seen + _CLOCK_SECONDS

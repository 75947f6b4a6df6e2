"""What the tests of whole stages share: lakes brought to a state, what readers see in them, runs in a process of their own, who is left of them."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
from stage_crawl import make_crawl
from stage_parent import CHAIN, Slowed, partition_of, stages_of

from corpus_platform.engine.serial import Serial
from corpus_platform.lake import Lake, table
from corpus_platform.stages.run import run_stage

HERE = Path(__file__).parent
SIDE = ("ops.rejects", "ops.decisions")


def run_chain(lake, source, variant, *, names=CHAIN, trace=None, engine=None, **settings):
    """Runs the chain, or some of its stages; reports by stage. With `trace` each shard leaves who did it in that folder."""
    stages = stages_of(source, **settings)
    chosen = {name: stages[name] if trace is None else Slowed.of(stages[name], trace) for name in names}
    return {
        name: run_stage(stage, lake, engine or Serial(), partition_of(variant, name)) for name, stage in chosen.items()
    }


def seen(lake, name):
    """What readers see of a stage: the rows of its table, all columns, in their order; and of the side tables its own."""
    found = {name: lake.scan(name).collect()}
    return found | {side: lake.scan(side, stage=name).collect() for side in SIDE}


def seen_of_chain(lake, names=CHAIN):
    return {name: seen(lake, name) for name in names}


def differences(one, other):
    """Where two states of a stage are not equal, row for row: tables with the columns that differ."""
    assert one.keys() == other.keys()
    return {name: _different(one[name], other[name]) for name in one if not one[name].equals(other[name])}


def _different(one, other):
    if one.height != other.height:
        return f"{one.height} and {other.height} rows"
    return [column.name for column in one if not column.equals(other[column.name])]


def versions(lake):
    return {name: lake.version(name) for name in (*CHAIN, *SIDE)}


def tree(lake):
    """Every file of the lake with its size and time."""
    root = Path(lake.location)
    return {str(path.relative_to(root)): facts_of(path) for path in sorted(root.rglob("*")) if path.is_file()}


def facts_of(path):
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


def finished(lake, stage, variant):
    """Shards that a run of the stage would not do again, read from the markers' files themselves."""
    folder = (
        Path(lake.location)
        / "_markers"
        / stage.name
        / table(stage.name).partition_string(partition_of(variant, stage.name))
    )
    names = {path.name for path in folder.glob("*.json")}
    shards = stage.shards(lake, partition_of(variant, stage.name))
    return {shard.index for shard in shards if f"{shard.index:05d}-{stage.fingerprint(shard)}.json" in names}


def begun(trace, name):
    """Shards of a stage that were begun, with the processes that did: a list of (shard, pid)."""
    found = [path.name.rsplit("-", 2)[1:] for path in Path(trace).glob(f"begun-{name}-*")]
    return sorted((int(shard), int(pid)) for shard, pid in found)


def until(condition, seconds=60):
    """Waits, a bounded time, until the condition holds; what it gave at last."""
    give_up = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < give_up:
        time.sleep(0.04)
    return held


class Houses:
    """Two revisions of a crawl, and lakes that hold the first one or a part of the second, each made once and then copied."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.old = make_crawl(self.folder / "old")
        self.new = make_crawl(self.folder / "new", revision=1)
        self._expected = {}

    def lake(self, folder, variant, *, new=()):
        """A lake of its own in `folder`, in which all tables hold the old revision and those named (the chain's first) the new one."""
        kept = self.folder / (f"lake-{variant}-{len(new)}" if new else f"undisturbed-{variant}-old")
        if not kept.exists():
            if new:
                lake = self.lake(kept.with_name(f"{kept.name}-making"), variant, new=new[:-1])
                run_chain(lake, self.new, variant, names=new)
                Path(lake.location).rename(kept)
            else:
                self.expected(variant, "old")
        shutil.copytree(kept, folder)
        return Lake(folder)

    def expected(self, variant, revision):
        """What an undisturbed run on a new lake makes of a revision."""
        if (variant, revision) not in self._expected:
            lake = Lake(self.folder / f"undisturbed-{variant}-{revision}")
            run_chain(lake, {"old": self.old, "new": self.new}[revision], variant)
            self._expected[variant, revision] = seen_of_chain(lake)
        return self._expected[variant, revision]


class OwnSession:
    """A program of this folder, with its order as JSON, in a session of its own. Used as a context manager it leaves no process behind."""

    def __init__(self, folder, program, order, *, environment=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        self._log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / program), json.dumps(order | {"folder": str(folder)})],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=environment,
            start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        for process in self.left():
            process.kill()
        self._log.close()

    @property
    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def ended(self, told, seconds=120):
        """Waits for its good end; what it has written to a file of JSON."""
        assert self.process.wait(seconds) == 0, self.log
        return json.loads((self.folder / told).read_text())

    def left(self):
        """Processes of its session that still run."""
        return [one for one in psutil.process_iter() if _session(one) == self.process.pid and _runs(one)]


class Parent(OwnSession):
    """A run of stages (see stage_parent.py)."""

    def __init__(self, folder, lake, sources, variant, stages, *, environment=None, **order):
        order |= {"lake": lake.location, "sources": [str(source) for source in sources]}
        order |= {"variant": variant, "stages": list(stages)}
        super().__init__(folder, "stage_parent.py", order, environment=environment)
        self.descendants = []
        self.commands = []

    def reports(self, seconds=120):
        """Waits for the end of the run; its reports."""
        return self.ended("reports.json", seconds)

    def amid(self, lake, stage, variant):
        """Waits until a shard of the stage is finished and another is under way; notes all processes of the run; the workers amid a shard."""
        before = finished(lake, stage, variant)

        def amid():
            assert self.process.poll() is None, self.log
            done = finished(lake, stage, variant)
            return done - before and [pid for shard, pid in begun(self.folder, stage.name) if shard not in done]

        workers = until(amid)
        assert workers, self.log
        # An extractor's helper starts with the first page of a shard, and may be between two of them now.
        extracts = stage.name == "web.pages" and variant != "wet"
        until(lambda: self._note() or not extracts or any("extract.helper" in command for command in self.commands))
        return workers

    def _note(self):
        """Notes the run's processes; whether it has ended."""
        if self.process.poll() is not None:
            return True
        self.descendants = psutil.Process(self.process.pid).children(recursive=True)
        self.commands = [_command(process) for process in self.descendants]
        return False

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def left(self):
        """Processes of the run that still run: those noted, and whatever else is in its session."""
        return [process for process in self.descendants if _runs(process)] + super().left()


def _runs(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process):
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _session(process):
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None

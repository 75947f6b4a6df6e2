"""Measures the rates of a home: its own stages, as they are, over a bounded sample of its own input (or over the made sample).

The sample goes through the whole chain of the web in a lake of its own, in a temporary folder, with one worker. A shard's rows, bytes and files are what
its marker says; its seconds are processor time of the worker and of what it has started, which others on the machine do not change. Waiting for a disk or
a store is not in it. The first shard of a stage loads libraries, models and compiled loops, so it is left out where there are more, and done twice
where it is alone. Of two snapshots the later one counts, for it is held against the first.

Not here: models (their training has no rate), what follows from the rates (full.py).
"""

from __future__ import annotations

import os
import platform
import resource
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.engine.machine import usable_cores, usable_memory
from corpus_platform.engine.settings import EngineSettings
from corpus_platform.errors import SettingsError
from corpus_platform.lake import table
from corpus_platform.planning.rates import MachineFacts, Rates, SampleFacts, StageRate
from corpus_platform.planning.shape import SHAPES
from corpus_platform.settings import CorpusSettings, LakeSettings
from corpus_platform.stages.asset_names import OF_METHOD, PAGES, asset_of
from corpus_platform.stages.run import run_stage
from corpus_platform.stages.texts import base_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from corpus_platform.engine.protocol import Engine, MapReport
    from corpus_platform.home import Home
    from corpus_platform.stages.run import Progress
    from corpus_platform.stages.stage import Partition

MADE = "made"
ONE_WORKER = EngineSettings(kind="process", workers=1)  # pyright: ignore[reportCallIssue]
_SNAPSHOTS = 2
_KEPT_COUNTERS = ("records", "kept", "keys", "edges")
_HISTORY = ("web.url_history", "web.sketches")


def measure(
    home: Home,
    *,
    made: int | None = None,
    files: int = 4,
    lake: str | None = None,
    engine: EngineSettings = ONE_WORKER,
    watch: Callable[[Progress], None] | None = None,
) -> Rates:
    """Runs the sample through the chain of the enabled recipes and tells what each stage took.

    `made`: the made sample, so many times as large, in place of the home's input. `files`: input files of each snapshot. `lake`: where the sample's
    lake is put, e.g. s3://bucket/prefix; it stays there. `engine`: a worker process, whose memory is its own. Raises SourceError where the
    home's input can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="corpus-rates-") as scratch:
        folder = Path(scratch)
        sample = replace(
            home, settings=_settings(home, folder, made=made, files=files, lake=lake, engine=engine), watch=watch
        )
        snapshots = _snapshots(sample)
        last: dict[tuple[str, str], StageRate] = {}
        for batch in sample.batches(_assets(sample), snapshots):
            for name, partition in batch.tables:
                if name in SHAPES or name.startswith("corpora."):
                    rate = _rate(sample, name, partition)
                    last[rate.key] = rate
        return Rates(
            measured=datetime.now(UTC).isoformat(timespec="seconds"),
            machine=_machine(),
            sample=_sample(sample, snapshots, MADE if made else sample.settings.source.location or ""),
            base=sample.variants[0],
            log_bytes_per_file=_log_bytes(sample),
            stages=tuple(last.values()),
        )


@dataclass(frozen=True)
class _Timed:
    """A task that also tells the processor time that it took, in seconds, with that of the processes it has started and waited for."""

    task: Callable[[Any], Any]
    is_twice: bool

    def __call__(self, item: Any) -> tuple[Any, float]:
        if self.is_twice:
            # A shard that is done again writes the same files and the same marker.
            self.task(item)
        before = _processor_time()
        result = self.task(item)
        return result, _processor_time() - before


class Stopwatch:
    """An engine that notes what each shard took, by its index, and leaves the work to another one. One that is alone is done twice; the second time counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.workers = engine.workers
        self.seconds: dict[int, float] = {}

    def map(self, task: Any, items: Any, *, on_result: Any = None, **others: Any) -> MapReport:
        """As the other engine does."""

        def noted(shard: Any, timed: tuple[Any, float]) -> None:
            result, self.seconds[shard.index] = timed
            if on_result is not None:
                on_result(shard, result)

        return self._engine.map(_Timed(task, is_twice=len(items) == 1), items, on_result=noted, **others)


def _processor_time() -> float:
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + of_children.ru_utime + of_children.ru_stime


def _settings(
    home: Home, folder: Path, *, made: int | None, files: int, lake: str | None, engine: EngineSettings
) -> CorpusSettings:
    """The home's settings, with the sample as input, a lake of its own, and one worker."""
    s = home.settings
    update: dict[str, Any] = {
        "lake": LakeSettings(location=lake or str(folder / "lake")),
        "pages": s.pages.model_copy(update={"first_files": files, "shard_files": 1}),
        "source": s.source.below(home.path),
        "engine": engine,
    }
    if made is not None:
        from corpus_platform.sample import make_sample  # noqa: PLC0415  (its texts are read only here)

        make_sample(folder / "sample", pages_scale=made)
        update["source"] = type(s.source)(location=str(folder / "sample"))
        # Some of its pages are broken on purpose.
        update["reject_budget"] = 0.2
    return s.model_copy(update=update)


def _snapshots(sample: Home) -> list[str]:
    found = sample.settings.source.snapshots()
    if not found:
        raise SettingsError(
            "there is no input to measure with: set `source` in corpus.yaml, or take the made sample (--made 20)"
        )
    return sorted(found)[-_SNAPSHOTS:]


def _assets(sample: Home) -> list[str]:
    """Everything of the web that the home makes."""
    web = [asset_of(name, base) for name in _HISTORY for base in sample.variants]
    return [
        *(f"corpora/{name}" for name in sample.enabled),
        *web,
        *(asset_of(OF_METHOD[-1], of) for of in sample.compared),
    ]


def _rate(sample: Home, name: str, partition: Partition) -> StageRate:
    """Makes one table's partition and sums up its markers."""
    started = time.process_time()
    planned = sample.plan(name, partition)
    planning = time.process_time() - started
    watch = Stopwatch(sample.engine)
    report = run_stage(planned.stage, sample.lake, watch, partition, on_progress=sample.watch)
    markers = sample.lake.markers(name, partition).read_all(
        {s.index: planned.stage.fingerprint(s) for s in planned.shards}
    )
    first = 1 if len(markers) > 1 else 0
    timed = [markers[index] for index in sorted(markers)][first:]
    files = [file for marker in timed for group in marker.files.values() for file in group]
    return StageRate(
        stage=name,
        of="/".join(partition[key] for key in ("variant", "method") if key in partition),
        shards=len(timed),
        records=sum(marker.counters.get("records", 0) for marker in timed),
        bytes_in=sum(marker.bytes for marker in timed),
        seconds=sum(watch.seconds[index] for index in sorted(markers)[first:]),
        rows_out=sum(file.rows for marker in timed for file in marker.files.get(name, [])),
        bytes_out=sum(file.bytes for file in files),
        peak_memory=report.peak_memory,
        planning=planning,
        counters=_counters(marker.counters for marker in timed),
    )


def _counters(all_of: Iterable[dict[str, int]]) -> dict[str, int]:
    total = dict.fromkeys(_KEPT_COUNTERS, 0)
    for counters in all_of:
        for name in _KEPT_COUNTERS:
            total[name] += counters.get(name, 0)
    return {name: amount for name, amount in total.items() if amount}


def _sample(sample: Home, snapshots: list[str], kind: str) -> SampleFacts:
    """What the pages of the last snapshot are like, all of its files taken together."""
    where = {"variant": base_of(sample.variants[0]), "snapshot": snapshots[-1]}
    state = sample.lake.state(PAGES, where)
    pages = (
        sample.lake.scan(PAGES, version=None, **where).select(pl.len(), pl.col("text").str.len_bytes().sum()).collect()
    )
    shards = sample.stage(PAGES).shards(sample.lake, where)
    return SampleFacts(
        kind=kind,
        snapshots=len(snapshots),
        files=len(shards),
        records=state.counters.get("records", 0) if state else 0,
        pages=pages.item(0, 0),
        input_bytes=sum(shard.bytes for shard in shards),
        text_bytes=pages.item(0, 1),
    )


def _log_bytes(sample: Home) -> float:
    """Bytes with which the Delta log of the pages names a file."""
    storage = sample.lake.storage
    folder = storage.path(table(PAGES).folder, "_delta_log")
    logs = [path for path in storage.filesystem().find(folder) if path.endswith(".json")]
    added = [
        line for path in logs for line in storage.read(path).splitlines(keepends=True) if line.startswith(b'{"add"')
    ]
    return sum(map(len, added)) / max(1, len(added))


def _machine() -> MachineFacts:
    return MachineFacts(
        processor=_processor(),
        cores=usable_cores(),
        memory=usable_memory() or 1,
        python=platform.python_version(),
        platform_version=version("corpus-platform"),
    )


def _processor() -> str:
    """The processor's name as the kernel tells it, else the architecture."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.machine() or os.name

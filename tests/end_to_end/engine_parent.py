"""A parent that maps naps over worker processes, to be killed by test_engine_faults.py.

Each item writes `begun-<item>-<pid>` when it starts, naps, and writes `marker-<item>` if the parent is alive, as a stage's shard does.
When the map is over the parent writes its report to `report.json`.
"""

import json
import os
import sys
import time
from functools import partial
from pathlib import Path

from corpus_platform.engine.lifeline import parent_is_alive
from corpus_platform.engine.processes import Processes


def nap(folder, seconds, item):
    """An item that gives way to other threads."""
    (Path(folder) / f"begun-{item}-{os.getpid()}").touch()
    time.sleep(seconds)
    if parent_is_alive():
        (Path(folder) / f"marker-{item}").touch()
    return item


def spin(folder, seconds, item):
    """An item that holds the interpreter's lock: no other thread of the worker runs meanwhile."""
    (Path(folder) / f"begun-{item}-{os.getpid()}").touch()
    sum(range(int(seconds * 30_000_000)))
    if parent_is_alive():
        (Path(folder) / f"marker-{item}").touch()
    return item


def main(folder, kind, seconds, count):
    results = []
    report = Processes(2).map(
        partial({"nap": nap, "spin": spin}[kind], folder, float(seconds)),
        range(int(count)),
        label="item {}".format,
        on_result=lambda _, result: results.append(result),
    )
    summary = {"results": sorted(results), "done": report.done, "deaths": [str(death) for death in report.deaths]}
    unfinished = Path(folder) / "report.tmp"
    unfinished.write_text(json.dumps(summary))
    unfinished.rename(Path(folder) / "report.json")


if __name__ == "__main__":
    from engine_parent import main as importable_main  # a task of __main__ would not be found by the workers

    importable_main(*sys.argv[1:])

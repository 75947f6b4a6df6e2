"""A parent that runs one stage of a source or of a recipe of parts over worker processes, to be killed by test_source_faults.py."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from stage_parent import Slowed

from corpus_platform.engine.processes import Processes
from corpus_platform.home import Home
from corpus_platform.stages import source_documents
from corpus_platform.stages.run import run_stage

UNITS = 2
"""Files of a shard, so that a few small ones make several shards. Shards are planned in the parent only."""


def main(order):
    """Runs the stage of an order (home, table, partition, folder, pause, held) and leaves its report in `report.json`."""
    source_documents._SHARD_UNITS = UNITS
    home, folder = Home.open(order["home"]), Path(order["folder"])
    stage = Slowed.of(home.stage(order["stage"]), folder, order["pause"], order["held"])
    report = run_stage(stage, home.lake, Processes(2), order["partition"])
    unfinished = folder / "report.tmp"
    unfinished.write_text(json.dumps(asdict(report)))
    unfinished.rename(folder / "report.json")


if __name__ == "__main__":
    from source_parent import main as importable_main  # a task of __main__ would not be found by the workers

    importable_main(json.loads(sys.argv[1]))

"""A parent that runs one stage of a dedup over worker processes or a Ray cluster, to be killed by test_dedup_faults.py and test_ray_faults.py."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from dedup_pages import METHODS, partition_of, stages_of
from stage_parent import Slowed, engine_of

from corpus_platform.lake import Lake
from corpus_platform.stages.run import run_stage


def main(order):
    """Runs the stage of an order and leaves its report in `report.json`."""
    folder, method = Path(order["folder"]), METHODS[order["method"]]
    inner = stages_of(method, **order["settings"])[order["stage"]]
    stage = Slowed.of(inner, folder, order["pause"], order["held"])
    report = run_stage(stage, Lake(order["lake"]), engine_of(order), partition_of(method, order["snapshot"]))
    unfinished = folder / "report.tmp"
    unfinished.write_text(json.dumps(asdict(report)))
    unfinished.rename(folder / "report.json")


if __name__ == "__main__":
    from dedup_parent import main as importable_main  # a task of __main__ would not be found by the workers

    importable_main(json.loads(sys.argv[1]))

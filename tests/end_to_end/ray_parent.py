"""A driver of a Ray cluster that brings lakes up to date: the web chain, and dedups over three snapshots. See test_ray_cluster.py."""

import json
import sys

import dedup_pages
from stage_parent import Slowed, partition_of, stages_of

from corpus_platform.engine.cluster import Ray
from corpus_platform.lake import Lake
from corpus_platform.stages.run import run_stage

PAUSE = 0.1


def main(order):
    """Every shard takes a moment, so that two hands share a stage, and leaves a trace in the order's folder."""
    engine, trace = Ray(order["ray"]), order["trace"]
    for variant, location in order["chains"].items():
        for name, stage in stages_of(order["source"]).items():
            run_stage(Slowed.of(stage, trace, PAUSE), Lake(location), engine, partition_of(variant, name))
    for kind, location in order["dedups"].items():
        method = dedup_pages.METHODS[kind]
        stages = dedup_pages.stages_of(method, **order["settings"])
        traced = {name: Slowed.of(stage, trace, PAUSE) for name, stage in stages.items()}
        dedup_pages.run_all(Lake(location), traced, method, *order["snapshots"], engine=engine)


if __name__ == "__main__":
    from ray_parent import main as importable_main  # a task of __main__ would not be found by the nodes

    importable_main(json.loads(sys.argv[1]))

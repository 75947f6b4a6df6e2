"""A parent that runs the real stages of the web corpus over worker processes or a Ray cluster, to be killed by test_stage_*.py and test_ray_*.py.

The chain is the platform's own: web.pages, web.paragraph_hashes, web.paragraphs, web.documents, corpora.ccnet. `Slowed` makes a stage's shards
take time and leave a trace of who did them (and on which Ray node); it has the identity of the stage within, so what it makes is that stage's.
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from stage_crawl import SNAPSHOT, TOO_LARGE

from corpus_platform.engine.cluster import Ray
from corpus_platform.engine.processes import Processes
from corpus_platform.lake import Lake
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.recipe import recipe as shipped
from corpus_platform.recipes.steps.common import Language
from corpus_platform.stages.corpus import Corpus
from corpus_platform.stages.documents import Documents, DocumentSettings
from corpus_platform.stages.pages import Pages, PagesSettings, SourceSettings
from corpus_platform.stages.paragraphs import ParagraphHashes, Paragraphs, ParagraphSettings
from corpus_platform.stages.run import run_stage
from corpus_platform.stages.stage import Stage

HELD_SECONDS = 120
CHAIN = ("web.pages", "web.paragraph_hashes", "web.paragraphs", "web.documents", "corpora.ccnet")


def partition_of(variant, name="web.documents"):
    """Partition of a table of the chain; the corpus is made of the text after paragraph dedup."""
    return {"variant": f"{variant}.ccnet" if name == "corpora.ccnet" else variant, "snapshot": SNAPSHOT}


def ccnet_recipe(**language):
    """CCNet's recipe, or one with another language step."""
    step = Language(**({"min_score": 0.5, "decimals": 2} | language))
    recipe = shipped("ccnet")
    return Recipe.model_validate({**dict(recipe), "steps": (step,)}) if language else recipe


def stages_of(source, *, pages=None, paragraphs=None, documents=None, ccnet=None):
    """The chain over a crawl; by default a shard of pages is a file, and two files are deduplicated together."""
    paragraph_settings = ParagraphSettings(**{"group_files": 2, **(paragraphs or {})})
    chain = (
        Pages(
            PagesSettings(**{"shard_files": 1, "max_body_bytes": TOO_LARGE - 1, **(pages or {})}),
            source=SourceSettings(location=str(source)),
            reject_budget=1.0,
        ),
        ParagraphHashes(paragraph_settings),
        Paragraphs(paragraph_settings),
        Documents(DocumentSettings(**(documents or {})), paragraphs=paragraph_settings),
        Corpus(recipe=ccnet_recipe(**(ccnet or {}))),
    )
    return {stage.name: stage for stage in chain}


@dataclass(frozen=True)
class Slowed(Stage):
    """The stage within, with a trace: `begun-<stage>-<shard>-<pid>` for each try. Each shard naps `pause` seconds, half of it amid its rows.

    The shard `held` naps for minutes: a run in which it is the last is certainly killed amid its stage.
    """

    inner: Stage = None
    trace: str = ""
    pause: float = 0.0
    held: int | None = None

    name = property(lambda self: self.inner.name)
    version = property(lambda self: self.inner.version)
    side = property(lambda self: self.inner.side)
    upstream = property(lambda self: self.inner.upstream)

    @classmethod
    def of(cls, stage, trace, pause=0.0, held=None):
        return cls(reject_budget=stage.reject_budget, inner=stage, trace=str(trace), pause=pause, held=held)

    def settings_hash(self):
        return self.inner.settings_hash()

    def shards(self, lake, partition):
        return self.inner.shards(lake, partition)

    def above(self, variant):
        return self.inner.above(variant)

    def inputs(self, lake, partition):
        return self.inner.inputs(lake, partition)

    def run(self, lake, partition, shard, output):
        (Path(self.trace) / f"begun-{self.name}-{shard.index}-{os.getpid()}").write_text(ray_node())
        nap = HELD_SECONDS if shard.index == self.held else self.pause / 2
        self.inner.run(lake, partition, shard, _SlowOutput(output, nap))


def ray_node():
    """The Ray node that this process is a worker of; empty where it is none's."""
    return sys.modules["ray"].get_runtime_context().get_node_id() if "ray" in sys.modules else ""


def engine_of(order):
    """Worker processes, or the Ray cluster at the address that the order names."""
    return Ray(order["ray"]) if order.get("ray") else Processes(order.get("workers", 2))


class _SlowOutput:
    """Naps at the first count, which comes before any row, and after the first rows."""

    def __init__(self, output, nap):
        self._output = output
        self._nap = nap
        self._calls = Counter()

    def write(self, frame, table=None):
        self._output.write(frame, table)
        self._first("write")

    def reject(self, **facts):
        self._output.reject(**facts)

    def count(self, name, amount=1):
        self._first("count")
        self._output.count(name, amount)

    def scratch(self):
        return self._output.scratch()

    def _first(self, call):
        self._calls[call] += 1
        if self._calls[call] == 1:
            time.sleep(self._nap)


class DyingLake(Lake):
    """A lake whose process dies at a commit of one table: before it, when everything else of the run is committed, or right after it."""

    def __init__(self, location, table, moment):
        super().__init__(location)
        self._table = table
        self._moment = moment

    def commit(self, name, *arguments, **options):
        if name == self._table and self._moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        made = super().commit(name, *arguments, **options)
        if name == self._table:
            os.kill(os.getpid(), signal.SIGKILL)
        return made


def main(order):
    """Runs the stages of an order (see `test_stage_faults.py`) and leaves the reports in `reports.json`."""
    folder = Path(order["folder"])
    lake = DyingLake(order["lake"], *order["dies"]) if order.get("dies") else Lake(order["lake"])
    engine = engine_of(order)
    reports = []
    for source in order["sources"]:
        stages = stages_of(source, **order.get("settings", {}))
        for name in order["stages"]:
            stage = Slowed.of(stages[name], folder, order.get("pause", 0.0), order.get("held"))
            report = run_stage(stage, lake, engine, partition_of(order["variant"], name))
            reports.append(asdict(report))
    unfinished = folder / "reports.tmp"
    unfinished.write_text(json.dumps(reports))
    unfinished.rename(folder / "reports.json")


if __name__ == "__main__":
    from stage_parent import main as importable_main  # a task of __main__ would not be found by the workers

    importable_main(json.loads(sys.argv[1]))

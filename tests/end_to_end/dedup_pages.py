"""Pages written by hand for tests of dedups, and the three stages over them."""

import random
from pathlib import Path

import polars as pl

from corpus_platform.engine.serial import Serial
from corpus_platform.recipes import recipe as reading
from corpus_platform.recipes.population import Method
from corpus_platform.stages.dedup import OF_METHOD, DedupDocuments, DedupSettings
from corpus_platform.stages.dedup_index import DedupIndex
from corpus_platform.stages.duplicates import Duplicates
from corpus_platform.stages.run import run_stage

FIRST, SECOND, THIRD = "CC-MAIN-2025-05", "CC-MAIN-2025-08", "CC-MAIN-2025-13"
SIDES = {"web.dedup_keys": "web.dedup_documents", "web.dedup_edges": "web.dedup_index"}
RUN = "0123456789"


def method_of(preset, **changes):
    """A dedup of all texts, by a preset, over snapshots."""
    recipe = reading.of_preset("web", preset)
    steps = tuple(step.model_copy(update={"scope": "snapshots", **changes}) for step in recipe.steps)
    return Method(recipe.model_copy(update={"steps": steps}), 0)


def text_of(seed, words=40):
    """A text of its own for each seed."""
    drawn = random.Random(seed)
    return " ".join("".join(drawn.choices("abcdefghijklmnop", k=drawn.randrange(3, 9))) for _ in range(words))


def put_pages(lake, snapshot, *shards):
    """Commits pages: a list of texts for each shard."""
    partition = {"variant": "wet", "snapshot": snapshot}
    fence = lake.fence("web.pages", partition)
    files = []
    for shard, texts in enumerate(shards):
        n = len(texts)
        number = pl.Series([shard] * n, dtype=pl.Int32)
        writer = lake.writer("web.pages", partition, shard, RUN)
        rows = {
            "doc_id": [f"{int(snapshot[-2:]):08x}{shard:08x}{i:016x}" for i in range(n)],
            "source": "common_crawl",
            "shard": number,
            "file": f"part-{shard}",
            "file_index": number,
            "position": range(n),
            "url": None,
            "digest": [f"sha1:{text}" for text in texts],
            "text": texts,
        }
        writer.write(pl.DataFrame(rows))
        files += writer.close()["web.pages"]
    lake.commit("web.pages", partition, files, fence, run=RUN, metadata={"fingerprint": str(shards)})


def put_snapshots(lake, *, pages=12):
    """Three snapshots of three shards, with copies within a shard, across shards and across snapshots."""
    for number, snapshot in enumerate((FIRST, SECOND, THIRD)):
        seeds = [[(7 * shard + 5 * number + i) % (2 * pages + 4 * number) for i in range(pages)] for shard in range(3)]
        put_pages(lake, snapshot, *([text_of(seed) for seed in own] for own in seeds))


def stages_of(method, **settings):
    """The three stages of a dedup by table."""
    made = (
        make(DedupSettings(**settings), methods={method.name: (method,)})
        for make in (DedupDocuments, DedupIndex, Duplicates)
    )
    return {stage.name: stage for stage in made}


def partition_of(method, snapshot):
    return {"method": method.name, "variant": "wet", "snapshot": snapshot}


def run_all(lake, stages, method, *snapshots, engine=None):
    """Reports by snapshot and table."""
    return {
        (snapshot, name): run_stage(stage, lake, engine or Serial(), partition_of(method, snapshot))
        for snapshot in snapshots
        for name, stage in stages.items()
    }


def seen(lake):
    """All rows of the five tables, as readers see them."""
    return {name: lake.scan(name).collect() for name in (*OF_METHOD, *SIDES)}


def is_same(one, other):
    return {name for name in one if not one[name].equals(other[name])} == set()


def file_of(lake, method, name, snapshot, shard=None):
    """One file of a table, a side table too."""
    where = partition_of(method, snapshot)
    files = lake.files(name, lake.side_partition(SIDES[name], where) if name in SIDES else where)
    return Path(next(file for file in files if shard in (None, file.shard)).uri)


def flip(path):
    """Another bit in the first column of a file, which every reader reads."""
    content = bytearray(path.read_bytes())
    content[60] ^= 4
    path.write_bytes(content)


METHODS = {
    "minhash": method_of("minhash/redpajama_v2_0.7"),
    "exact": method_of("exact/redpajama_1t_cc"),
    "lines": method_of("line_dedup/c4"),
    "filter": method_of("bloom/dolma_document", items=1000),
}

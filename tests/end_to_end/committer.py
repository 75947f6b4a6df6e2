"""A process that commits to a lake on command: one JSON line in, one JSON line out. Four of them race each other.

A partition holds a counter: a commit reads it behind its fence and writes it, one higher, in two files. A lost commit leaves the counter
too low, a doubled one leaves too many rows.
"""

import json
import random
import sys
import time

import polars as pl
import pyarrow as pa

from corpus_platform.documents import column
from corpus_platform.errors import CommitConflict, CorpusError
from corpus_platform.lake import Lake, TableSpec, register
from corpus_platform.lake.storage import Storage

ROWS = register(
    TableSpec(
        "test.rows",
        "A row is a value of a counter",
        (
            column("count", pa.int64(), "Value of the counter", nullable=False),
            column("writer", pa.string(), "Run that wrote it"),
            column("part", pa.string(), "Which counter", nullable=False),
        ),
        key=("count", "writer"),
        partition_by=("part",),
    )
)
ROWS_PER_FILE = 3


def write(lake: Lake, partition: dict, count: int, run: str) -> list:
    files = []
    for shard in (0, 1):
        with lake.writer("test.rows", partition, shard, run) as writer:
            writer.write(pl.DataFrame({"count": [count] * ROWS_PER_FILE, "writer": [run] * ROWS_PER_FILE}))
            files += writer.close()["test.rows"]
    return files


def count_at(lake: Lake, partition: dict, version: int | None) -> int:
    """The counter behind the fence; an incomplete view of the partition is an error."""
    if version is None:
        return 0
    rows = lake.scan("test.rows", version=version, **partition).collect()
    assert rows.height in {0, 2 * ROWS_PER_FILE}, rows
    assert rows["count"].n_unique() <= 1, rows
    return rows["count"][0] if rows.height else 0


def overwrite(lake: Lake, partition: dict, run: str) -> int:
    fence = lake.fence("test.rows", partition)
    count = count_at(lake, partition, fence.version) + 1
    metadata = {"stage": "test.rows", "stage_version": "1", "fingerprint": run}
    return lake.commit(
        "test.rows", partition, write(lake, partition, count, run), fence, run=run, metadata=metadata
    ).version


def append(lake: Lake, partition: dict, run: str) -> int:
    files = write(lake, partition, 1, run)
    return lake.commit(
        "test.rows", partition, files, None, run=run, mode="append", metadata={"fingerprint": run}
    ).version


def work(order: dict) -> dict:
    lake = Lake(order["storage"]["location"], storage=Storage(**order["storage"]), lock=order["lock"])
    do = append if order["mode"] == "append" else overwrite
    refusals, versions = [], []
    time.sleep(max(0.0, order["start"] - time.time()))
    begun = time.monotonic()
    while len(versions) < order["commits"] and len(refusals) < 400:
        run = f"w{order['writer']}c{len(versions):02d}r{len(refusals):03d}"
        try:
            versions.append(do(lake, order["partition"], run))
        except CommitConflict as conflict:
            refusals.append(str(conflict))
            time.sleep(random.uniform(0, 0.2))
    return {"versions": versions, "refusals": refusals, "seconds": time.monotonic() - begun}


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            answer = work(json.loads(line))
        except (CorpusError, AssertionError, OSError, ValueError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

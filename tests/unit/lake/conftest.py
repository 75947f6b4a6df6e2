"""A lake in a temporary folder, with a small table and the platform's side tables."""

from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
import pytest

from corpus_platform.documents import column
from corpus_platform.lake import Lake, TableSpec, register
from corpus_platform.lake.markers import Marker

NOTES = register(
    TableSpec(
        "test.notes",
        "A row is a note",
        (
            column("note_id", pa.int64(), "Number of the note", nullable=False),
            column("text", pa.large_string(), "What it says"),
            column("hash", pa.uint64(), "A hash of it"),
            column("lines", pa.list_(pa.int32()), "Numbers of its lines"),
            column("made", pa.timestamp("us", "UTC"), "When it was made"),
            column("variant", pa.string(), "Its variant", nullable=False),
            column("snapshot", pa.string(), "Its snapshot", nullable=False),
        ),
        key=("note_id",),
        partition_by=("variant", "snapshot"),
        order=("note_id",),
    )
)


@dataclass
class House:
    """A lake, and short words for what a stage does with it."""

    lake: Lake
    name: str = NOTES.name
    partition: dict = field(default_factory=lambda: {"variant": "wet", "snapshot": "CC-1"})

    def shard(self, run, shard=0, notes=(1, 2), rejects=(), partition=None):
        """Writes one shard, and commits nothing. {table: files}."""
        with self.lake.writer(self.name, partition or self.partition, shard, run) as writer:
            writer.write(pl.DataFrame({"note_id": list(notes)}, schema={"note_id": pl.Int64}))
            for position in rejects:
                row = {"shard": shard, "file": "a.warc", "position": position, "reason": "broken", "broken": True}
                writer.write(pl.DataFrame([row]), "ops.rejects")
            return writer.close()

    def commit(
        self, run, shards=((1, 2),), *, partition=None, fence=None, fingerprint=None, side=None, mode="overwrite"
    ):
        """Writes and commits a partition whole."""
        partition = partition or self.partition
        fence = fence or self.lake.fence(self.name, partition)
        files = []
        for index, notes in enumerate(shards):
            files += self.shard(run, index, notes, partition=partition).get(self.name, [])
        metadata = {"stage": self.name, "stage_version": "1", "fingerprint": fingerprint or run, "side": side or {}}
        return self.lake.commit(self.name, partition, files, fence, run=run, metadata=metadata, mode=mode)

    def commit_rejects(self, run, positions, shard=0):
        """Commits the side rows of the partition alone, as a stage does before its main table. Version of ops.rejects."""
        partition = self.lake.side_partition(self.name, self.partition)
        fence = self.lake.fence("ops.rejects", partition)
        files = self.shard(run, shard, (), positions).get("ops.rejects", [])
        return self.lake.commit("ops.rejects", partition, files, fence, run=run, metadata={"fingerprint": run}).version

    def mark(self, run, fingerprint, shard=0, notes=(1, 2), rejects=()):
        """Finishes a shard: files and marker."""
        marker = Marker(shard, fingerprint, run, self.shard(run, shard, notes, rejects), {"kept": len(notes)})
        self.markers.write(marker)
        return marker

    @property
    def markers(self):
        return self.lake.markers(self.name, self.partition)

    def notes(self, **options):
        return self.lake.scan(self.name, **options).collect()["note_id"].to_list()

    def rejects(self):
        return self.lake.scan("ops.rejects").collect()["position"].to_list()


@pytest.fixture
def house(tmp_path) -> House:
    return House(Lake(tmp_path / "lake"))

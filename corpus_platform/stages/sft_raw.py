"""The files of data sets, as they were found: a row a file, with what it looks like. One partition is one data set.

What a set's settings say of its files counts; what is sniffed here is told beside it, for people: a file that has changed its kind is seen.

Not here: reading records (sft_messages.py), sniffing (sft/sniff.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from corpus_platform.errors import CorpusError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.sft.sniff import sniff
from corpus_platform.stages.sft_messages import RAW, FromFiles

if TYPE_CHECKING:
    from corpus_platform.lake import Lake
    from corpus_platform.readers.reader import Unit
    from corpus_platform.stages.sft_messages import Work
    from corpus_platform.stages.stage import Output, Partition, Shard

_BLOCK = 1 << 20


@dataclass(frozen=True)
class SftRaw(FromFiles):
    """The list of a data set's files."""

    name: ClassVar[str] = RAW
    version: ClassVar[str] = "1"

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Looks at each file once for its digest, and at its beginning for its kind."""
        del lake, partition
        work: Work = shard.work
        rows = [self._row(unit, index, work) for index, unit in enumerate(work.units, work.first)]
        output.count("records", len(rows))
        output.count("kept", len(rows))
        schema = polars_schema(table(self.name))
        output.write(pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema))

    def _row(self, unit: Unit, index: int, work: Work) -> dict[str, Any]:
        file = unit.files[0]
        size, digest = _digest(unit)
        told = {
            "file": unit.name,
            "file_index": index,
            "bytes": size,
            "version": file.identity,
            "digest": digest,
            "licence": work.facts.licence,
        }
        try:
            found = sniff(unit)
        except CorpusError:
            # What it is can't be told; the records say what is wrong with it.
            return told
        seen = {"container": found.container, "charset": found.charset, "sniffed_kind": found.kind}
        return {**told, **seen, "columns": list(found.columns)}


def _digest(unit: Unit) -> tuple[int, str]:
    """Bytes of a file and their SHA-256 in hex."""
    size, digest = 0, hashlib.sha256()
    with unit.open() as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            digest.update(block)
    return size, digest.hexdigest()

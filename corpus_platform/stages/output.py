"""Where a task's rows, rejects and counts go: the `Output` that `run_shard` hands to a stage.

Here documents enter, so here those stay out that somebody has asked to be forgotten: of a stage that reads a source, a row whose address, domain, id or
author has a tombstone becomes a reject `forgotten` without its address, and is not `kept`.

Not here: files and what makes them count (lake/files.py, run.py), tombstones (forgetting/).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.forgetting.columns import FORGOTTEN, REJECTS, hidden
from corpus_platform.forgetting.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from corpus_platform.lake.files import ShardWriter
    from corpus_platform.stages.stage import Output

_NONE = Tombstones()
_BATCH_BYTES = 8 << 20
_BATCH_ROWS = 500


class ShardOutput:
    """The `Output` of one task: rows to the writer, rejects in batches, counters in memory."""

    _BATCH = 10_000

    def __init__(self, writer: ShardWriter, shard: int, tombstones: Tombstones = _NONE) -> None:
        """`tombstones`: what must not come in; none for stages that read tables, where it is not."""
        self.counters: Counter[str] = Counter()
        self._tombstones = tombstones
        self._writer = writer
        self._shard = shard
        self._rejects: list[dict[str, Any]] = []

    def write(self, frame: pl.DataFrame, table: str | None = None) -> None:
        """Adds rows to the main table, or to the side table of that name."""
        if self._tombstones and table is None and frame.height:
            frame = self._without_forgotten(frame)
        if frame.height:
            self._writer.write(frame, table)

    def reject(
        self,
        *,
        file: str,
        position: int,
        reason: str,
        detail: str = "",
        url: str | None = None,
        record: str | None = None,
        broken: bool = True,
    ) -> None:
        """Adds a row to ops.rejects and counts it."""
        if url and self._tombstones.holds("url", url):
            url, record, reason, detail, broken = None, None, FORGOTTEN, "", False
        self.counters[f"rejects:{reason}"] += 1
        self.counters["broken"] += broken
        row = {"shard": self._shard, "file": file, "position": position, "url": url, "record": record}
        self._rejects.append({**row, "reason": reason, "detail": detail[:500], "broken": broken})
        if len(self._rejects) >= self._BATCH:
            self.flush()

    def count(self, name: str, amount: int = 1) -> None:
        """Adds to a named counter."""
        self.counters[name] += int(amount)

    def scratch(self) -> Path:
        """The folder of the task's files in the making."""
        return self._writer.scratch()

    def flush(self) -> None:
        """Hands collected rejects to the writer."""
        if self._rejects:
            self._writer.write(pl.DataFrame(self._rejects, infer_schema_length=None), REJECTS)
            self._rejects = []

    def _without_forgotten(self, frame: pl.DataFrame) -> pl.DataFrame:
        gone = hidden(frame, self._tombstones)
        for row in frame.filter(gone).select("file", "position").iter_rows(named=True):
            self.reject(**row, reason=FORGOTTEN, broken=False)
            self.counters["kept"] -= 1
        return frame.filter(~gone)


class Rows:
    """Rows as mappings on their way to an output, some MB of text at a time; a column that a row lacks is null."""

    def __init__(self, output: Output, schema: Mapping[str, pl.DataType]) -> None:
        """`schema`: the columns that are written, in order."""
        self._output = output
        self._schema = dict(schema)
        self._rows: list[Mapping[str, Any]] = []
        self._size = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes a row, which has a `text`, and writes what has come together where that is much."""
        self._rows.append(row)
        self._size += len(row["text"])
        if self._size >= _BATCH_BYTES or len(self._rows) >= _BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Writes what has come together."""
        if self._rows:
            columns = {name: [row.get(name) for row in self._rows] for name in self._schema}
            self._output.write(pl.DataFrame(columns, schema=self._schema))
        self._rows, self._size = [], 0

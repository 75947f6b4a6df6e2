"""Stored signals as RedPajama-V2 publishes them: `<dump>/<shard>/<language>_<bucket>.signals.json.gz`, and the signatures beside them as Parquet.

A shard is a file of texts of ours; where texts know no bucket (before CCNet's steps) it is `all`. Rows keep the order of the documents, so that
the `n`-th row of a file is the `n`-th document of that language and bucket in the shard, as in RedPajama-V2.
Source: RedPajama-Data 6d2cee9, app/src/core/worker.py.

Not here: the JSON of a document (signals/rpv2_json.py), CCNet's own files (recipes/ccnet_export.py).
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import table
from corpus_platform.signals.rpv2_json import json_lines, published
from corpus_platform.signals.rpv2_lines import ENDS
from corpus_platform.signals.signatures import BANDS
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.read import batches
from corpus_platform.stages.signals import LANGUAGE, SIGNALS, stored_in
from corpus_platform.stages.texts import PLACE, Rows, is_after_dedup, text_batches, text_partition, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Partition

JSON, PARQUET = ".signals.json.gz", ".minhash.parquet"
_ABOUT = ("url", "domain", "language", "bucket", "cc_segment")
_MEMBER_BYTES = 4 << 20
_SIGNATURES = {f"minhash_signature_{similarity}": f"signature_sim{similarity}" for similarity in BANDS}
_SCHEMA = pa.schema(
    [
        ("shard_id", pa.string()),
        ("id", pa.string()),
        ("id_int", pa.uint64()),
        *((name, pa.list_(pa.binary())) for name in _SIGNATURES.values()),
    ]
)


@dataclass(frozen=True)
class ExportedSignals:
    """The files of one shard, language and bucket."""

    signals: Path
    signatures: Path | None
    """None where no signatures are stored."""
    documents: int


def export_signals(
    lake: Lake, partition: Partition, folder: Path, *, languages: Sequence[str] = (), buckets: Sequence[str] = ()
) -> list[ExportedSignals]:
    """Writes the stored signals of a text variant and snapshot (of some languages and buckets only) below a folder, sorted by name.

    Raises SourceError where they are not made, SettingsError where the folder has such files.
    """
    if lake.state(SIGNALS, partition) is None:
        made = ", ".join("/".join(known.values()) for known in lake.partitions(SIGNALS)) or "none"
        variant, snapshot = partition["variant"], partition["snapshot"]
        raise SourceError(
            f"{SIGNALS}: there is none of {variant}, {snapshot} yet (there is: {made}): "
            f"corpus run {asset_of(SIGNALS, variant)} --snapshot {snapshot}"
        )
    if folder.exists() and any(folder.rglob(f"*{JSON}")):
        raise SettingsError(f"{folder} already holds exported files: give an empty folder, or remove them")
    measured = {file.shard: file for file in lake.files(SIGNALS, partition)}
    found: list[ExportedSignals] = []
    try:
        for file in lake.files(text_table(partition["variant"]), text_partition(partition)):
            frames = _frames(lake, partition, file, measured.get(file.shard))
            found += _Shard(folder, partition["snapshot"], file.shard, languages, buckets).write(frames)
    except BaseException:
        for path in (path for one in found for path in (one.signals, one.signatures) if path):
            path.unlink()
        raise
    return sorted(found, key=lambda one: one.signals)


def _frames(lake: Lake, partition: Partition, texts: DataFile, signals: DataFile | None) -> Iterator[pl.DataFrame]:
    """Documents of a shard with what RedPajama-V2's files say of them."""
    variant = partition["variant"]
    stored, _ = stored_in(lake, partition)
    hints = () if is_after_dedup(variant) else LANGUAGE
    own = [name for name in _ABOUT if name in table(text_table(variant)).schema.names and name not in (*hints, *stored)]
    ends = [ENDS] if ENDS in stored else []
    measured = [name for name in published(stored) if ends or not name.startswith("rps_lines_")]
    wanted = dict.fromkeys([*measured, *ends, *(n for n in (*_SIGNATURES, "language") if n in stored)])
    rows = Rows(batches(lake, signals, columns=[*PLACE, *wanted]) if signals else ())
    for frame in text_batches(lake, texts, [*PLACE, "text", *own]):
        values = rows.take(frame.height)
        if not (values.height and values["doc_id"].equals(frame["doc_id"])):
            raise SourceError(f"{SIGNALS}: the signals of {texts.path} are not those of its texts as they are now")
        yield frame.with_columns(values.select(list(wanted)))


@dataclass
class _Shard:
    """The files of one shard while they are written."""

    folder: Path
    snapshot: str
    shard: int
    languages: Sequence[str]
    buckets: Sequence[str]
    files: dict[str, _File] = field(default_factory=dict)

    def write(self, frames: Iterator[pl.DataFrame]) -> list[ExportedSignals]:
        try:
            for frame in frames:
                self._take(frame)
            return [file.finish() for file in self.files.values()]
        except BaseException:
            for file in self.files.values():
                file.discard()
            raise

    def _take(self, frame: pl.DataFrame) -> None:
        bucket = pl.col("bucket") if "bucket" in frame.columns else pl.lit("all")
        language = pl.col("language") if "language" in frame.columns else pl.lit(None, pl.String)
        named = frame.with_columns(
            bucket.fill_null("all").alias("_bucket"), language.fill_null("unknown").alias("_language")
        )
        if self.languages:
            named = named.filter(pl.col("_language").is_in(list(self.languages)))
        if self.buckets:
            named = named.filter(pl.col("_bucket").is_in(list(self.buckets)))
        groups = named.partition_by("_language", "_bucket", as_dict=True, include_key=False, maintain_order=True)
        for (of, kind), rows in groups.items():
            name = f"{self.snapshot.removeprefix('CC-MAIN-')}/{self.shard:04d}/{of}_{kind}"
            if name not in self.files:
                self.files[name] = _File(self.folder, name, self.snapshot.removeprefix("CC-MAIN-"))
            self.files[name].write(rows)


@dataclass
class _File:
    """One file of signals and that of its signatures."""

    folder: Path
    name: str
    dump: str
    rows: int = 0
    _pending: bytearray = field(default_factory=bytearray)
    _signatures: pq.ParquetWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        source = f"{self.name}.json.gz"
        signed = [name for name in _SIGNATURES if name in frame.columns]
        self._path(JSON).parent.mkdir(parents=True, exist_ok=True)
        for line in json_lines(frame.drop(signed, *PLACE), file=source, snapshot=self.dump, first_row=self.rows):
            self._pending += line
            if len(self._pending) >= _MEMBER_BYTES:
                self._flush()
        if signed:
            self._sign(frame, source)
        self.rows += frame.height

    def finish(self) -> ExportedSignals:
        self._flush()
        signals = self._done(JSON)
        if self._signatures is None:
            return ExportedSignals(signals, None, self.rows)
        self._signatures.close()
        return ExportedSignals(signals, self._done(PARQUET), self.rows)

    def discard(self) -> None:
        """Removes what was written: a part of an export is not an export."""
        if self._signatures is not None:
            self._signatures.close()
        for ending in (JSON, PARQUET):
            self._path(ending).unlink(missing_ok=True)

    def _sign(self, frame: pl.DataFrame, source: str) -> None:
        ids = [f"{source}/{row}" for row in range(self.rows, self.rows + frame.height)]
        columns: dict[str, Any] = {"shard_id": [source] * frame.height, "id": ids}
        columns["id_int"] = pa.array([identity_of(one) for one in ids], pa.uint64())
        for own, theirs in _SIGNATURES.items():
            values = frame[own].to_arrow() if own in frame.columns else pa.nulls(frame.height)
            columns[theirs] = values.cast(_SCHEMA.field(theirs).type)
        if self._signatures is None:
            self._signatures = pq.ParquetWriter(self._path(PARQUET), _SCHEMA)
        self._signatures.write_table(pa.table(columns, schema=_SCHEMA))

    def _flush(self) -> None:
        """Appends what is pending as one gzip member, without a time: equal rows give equal bytes."""
        with self._path(JSON).open("ab") as file:
            file.write(gzip.compress(self._pending, 6, mtime=0) if self._pending else b"")
        self._pending.clear()

    def _path(self, ending: str) -> Path:
        path = self.folder / f"{self.name}{ending}"
        return path.with_name(f".{path.name}.tmp")

    def _done(self, ending: str) -> Path:
        return self._path(ending).rename(self.folder / f"{self.name}{ending}")


def identity_of(identity: str) -> int:
    """The first 8 bytes of the SHA-1 of an `id`, little-endian, as RedPajama-V2 numbers documents."""
    return int.from_bytes(hashlib.sha1(identity.encode(), usedforsecurity=False).digest()[:8], "little")

"""The files of a release of a mix: shards of Parquet or JSON lines, and files of tokens for Megatron.

Texts are gathered table file by table file and put in order on disk, by stretch and by a hash of the document, so that memory is bounded and the order is
that of no source. Files hold no time and no name of a machine.
Promise: the same mix gives the same bytes.

Not here: which documents (stages/mix.py), what stands beside the shards (mix_release.py, card.py).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, Self

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.documents import column
from corpus_platform.errors import SourceError
from corpus_platform.lake import table
from corpus_platform.mixes.licences import class_of, passes
from corpus_platform.mixes.megatron import TokenFile
from corpus_platform.stages.mix_candidates import frames_of
from corpus_platform.stages.mix_sources import Origin, documents
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import duckdb

    from corpus_platform.lake import Lake
    from corpus_platform.mixes.tokenizer import Tokenizer

Format = Literal["parquet", "jsonl.zst"]
RECORD = pa.schema(
    (
        column(
            "id", pa.string(), "Identity of the document: `corpus explain ID` tells where it is from", nullable=False
        ),
        column("text", pa.large_string(), "Its text", nullable=False),
        column("language", pa.string(), "Language code"),
        column("language_score", pa.float32(), "Confidence of the language, 0..1"),
        column("perplexity", pa.float32(), "Perplexity under the language's model, where it was measured"),
        column("bucket", pa.string(), "head, middle, tail by perplexity; all where there is no model"),
        column("quality", pa.string(), "Value that its sampling weight went by"),
        column("draw_weight", pa.float64(), "Weight that it was drawn with", nullable=False),
        column("category", pa.string(), "Class in the source's own scheme"),
        column("origin", pa.string(), "Who wrote it: human, model, mixed; unknown where nobody says"),
        column("licence", pa.string(), "Licence that the document states"),
        column("licence_class", pa.string(), "permissive, share-alike, restricted, unknown, none", nullable=False),
        column("part", pa.string(), "Part of the mix", nullable=False),
        column("stage", pa.int16(), "Stretch of the training, from 0", nullable=False),
        column("epoch", pa.int16(), "How often it has come before", nullable=False),
        column("tokens", pa.int64(), "Tokens by the mix's tokenizer", nullable=False),
        column("url", pa.string(), "Address of the document"),
        column("source", pa.string(), "Table of the platform that it was drawn from", nullable=False),
        column("source_partition", pa.string(), "Partition of that table", nullable=False),
        column("file", pa.string(), "Input file of the source record"),
        column("position", pa.int64(), "Byte offset (or ordinal) of the source record in that file", nullable=False),
    )
)
"""A released record."""
TALLIED = ("part", "language", "category", "origin", "licence", "licence_class", "bucket", "source")
NOT_STATED = "not stated"
_ROW_GROUP_BYTES = 32 << 20
_LEVEL = 3
_ORDER = "stage, place_key, id, part, epoch"


@dataclass
class Tally:
    """What was written, and what the gate has left out."""

    documents: int = 0
    tokens: int = 0
    characters: int = 0
    left_out: int = 0
    left_out_by: Counter[str] = field(default_factory=Counter)
    """By licence class."""
    by: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in TALLIED})
    """Tokens by value."""
    documents_by: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in TALLIED})

    def add(self, frame: pl.DataFrame) -> None:
        """Counts written records."""
        self.documents += frame.height
        self.tokens += int(frame["tokens"].sum())
        self.characters += int(frame["text"].str.len_chars().sum())
        for name in TALLIED:
            values = frame.group_by(pl.col(name).fill_null(NOT_STATED)).agg(pl.col("tokens").sum(), pl.len())
            for value, tokens, n in values.iter_rows():
                self.by[name][value] += tokens
                self.documents_by[name][value] += n


@dataclass(frozen=True)
class Written:
    """A file of a release."""

    path: str
    bytes: int
    sha256: str
    rows: int | None = None

    @classmethod
    def of(cls, folder: Path, path: Path, rows: int | None = None) -> Self:
        """The file as it is now."""
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        return cls(path.relative_to(folder).as_posix(), path.stat().st_size, digest.hexdigest(), rows)


class _Shard(Protocol):
    def write(self, frame: pl.DataFrame) -> None: ...
    def close(self) -> None: ...


def gather(
    lake: Lake, mix: str, versions: Mapping[str, int | None], gate: frozenset[str], session: duckdb.DuckDBPyConnection
) -> Tally:
    """Puts the records of a mix that pass the gate into the session's table `records`, with their texts. Tables are read at `versions`.

    Raises SourceError where a document is not in its table any more.
    """
    tally = Tally()
    drawn = lake.scan(MIX_DOCUMENTS, mix=mix)
    empty = RECORD.empty_table().append_column("place_key", pa.array([], pa.uint64()))
    session.register("empty", empty)
    session.execute("CREATE TABLE records AS SELECT * FROM empty")
    places = drawn.select("table", "table_partition", "table_shard").unique().sort(pl.all()).collect()
    for name, text, shard in places.iter_rows():
        own = drawn.filter(table=name, table_partition=text, table_shard=shard).collect()
        kinds = own["licence"].map_elements(class_of, return_dtype=pl.String, skip_nulls=False)
        own = own.with_columns(kinds.alias("licence_class"))
        open_ = own["licence"].map_elements(lambda one: passes(one, gate), return_dtype=pl.Boolean, skip_nulls=False)
        tally.left_out += int((~open_).sum())
        tally.left_out_by.update(own.filter(~open_)["licence_class"].to_list())
        wanted = own.filter(open_)
        if wanted.height:
            found = _with_texts(lake, name, text, shard, wanted, versions.get(name), session)
            if found != wanted.height:
                raise SourceError(
                    f"mix {mix}: {wanted.height - found:,} documents of {name} [{text}] are not there any more: corpus mix make {mix}"
                )
    return tally


def _with_texts(
    lake: Lake,
    name: str,
    text: str,
    shard: int,
    wanted: pl.DataFrame,
    version: int | None,
    session: duckdb.DuckDBPyConnection,
) -> int:
    """Adds the records of one table file to the session; how many."""
    partition = table(name).partition_of(text)
    files = tuple(file for file in lake.files(name, partition, version) if file.shard == shard)
    found = 0
    for file in files:
        for frame in documents(lake, Origin(name, partition, files), file, text=True):
            rows = wanted.join(frame.select("doc_id", "text"), on="doc_id")
            if rows.height:
                found += rows.height
                made = rows.rename({"doc_id": "id", "table": "source", "table_partition": "source_partition"})
                batch = made.select(*RECORD.names, "place_key").to_arrow()
                session.register("batch", batch)
                session.execute("INSERT INTO records SELECT * FROM batch")
                session.unregister("batch")
    return found


def records_in(session: duckdb.DuckDBPyConnection) -> int:
    """How many records were gathered."""
    # All rows are fetched, for a result that is not is still in use.
    return session.execute("SELECT count(*) FROM records").fetchall()[0][0]


def ordered(session: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    """The records in the order of the release, some hundred at a time."""
    return frames_of(session.sql(f"SELECT * EXCLUDE (place_key) FROM records ORDER BY {_ORDER}"), 500)


def write_shards(
    session: duckdb.DuckDBPyConnection,
    folder: Path,
    form: Format,
    shard_bytes: int,
    tally: Tally,
    tokens: Tokenizer | None,
) -> list[Written]:
    """Writes the shards into `folder/data`, and files of tokens into `folder/megatron` where a tokenizer is given; each ends at the record that fills it."""
    (folder / "data").mkdir(parents=True)
    written: list[Written] = []
    with ExitStack() as stack:
        bin_: TokenFile | None = None
        if tokens is not None:
            (folder / "megatron").mkdir()
            bin_ = stack.enter_context(TokenFile(folder / "megatron" / "train_text_document", tokens.info.vocabulary))
        shard: _Shard | None = None
        path, rows = folder, 0
        for fresh, own in _cut(ordered(session), shard_bytes):
            if fresh or shard is None:
                if shard is not None:
                    shard.close()
                    written.append(Written.of(folder, path, rows))
                path = folder / "data" / f"train-{len(written):05d}.{form}"
                shard, rows = _open(path, form), 0
            shard.write(own)
            tally.add(own)
            rows += own.height
            if tokens is not None and bin_ is not None:
                _add_tokens(bin_, tokens, own)
        if shard is not None:
            shard.close()
            written.append(Written.of(folder, path, rows))
        if bin_ is not None:
            bin_.finish()
            written += [Written.of(folder, file, len(bin_.lengths)) for file in (bin_.bin, bin_.idx)]
    return written


def _add_tokens(file: TokenFile, tokenizer: Tokenizer, frame: pl.DataFrame) -> None:
    end = tokenizer.info.end
    if end is None:
        raise SourceError(
            f"tokenizer `{tokenizer.info.name}` has no token that ends a document, and Megatron's files need one: take another, or leave out --megatron"
        )
    for one in tokenizer.encode(frame["text"].to_list()):
        file.add(one, end)


def _cut(frames: Iterator[pl.DataFrame], most: int) -> Iterator[tuple[bool, pl.DataFrame]]:
    """The frames cut where a shard is full of text; whether a piece begins one."""
    filled, fresh = 0, True
    for frame in frames:
        sizes = frame["text"].str.len_bytes().to_list()
        start = 0
        for i, size in enumerate(sizes):
            filled += size
            if filled >= most:
                yield fresh, frame[start : i + 1]
                filled, fresh, start = 0, True, i + 1
        if start < frame.height:
            yield fresh, frame[start:]
            fresh = False


def _open(path: Path, form: Format) -> _Shard:
    return _Parquet(path) if form == "parquet" else _Lines(path)


class _Parquet:
    """Row groups end at fixed sums of bytes, whatever the batches."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, RECORD, compression="zstd", compression_level=_LEVEL, version="2.6")
        self._pending: list[pl.DataFrame] = []
        self._size = 0

    def write(self, frame: pl.DataFrame) -> None:
        for row, size in enumerate(frame["text"].str.len_bytes().to_list()):
            self._pending.append(frame[row : row + 1])
            self._size += size
            if self._size >= _ROW_GROUP_BYTES:
                self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._pending:
            rows = pl.concat(self._pending).to_arrow().cast(RECORD)
            self._writer.write_table(rows, row_group_size=rows.num_rows)
        self._pending, self._size = [], 0


class _Lines:
    """JSON lines in Zstandard, one frame a file."""

    def __init__(self, path: Path) -> None:
        self._file = pa.OSFile(str(path), "wb")
        self._stream = pa.CompressedOutputStream(self._file, "zstd")

    def write(self, frame: pl.DataFrame) -> None:
        for row in frame.select(RECORD.names).iter_rows(named=True):
            self._stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        self._stream.close()
        self._file.close()

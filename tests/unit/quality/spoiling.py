"""Sound rows for any table of the registry, and rows that break one promise each: what the suites are tried on, with some rows and with a million.

Sound rows are made from the table's spec and what is declared of its values, so a table that comes later is tried too. Files are written without
the lake's writer, which refuses what is to be found here.
"""

import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from corpus_platform.documents import SOURCES
from corpus_platform.lake import TableSpec, table, tables
from corpus_platform.lake.files import WrittenFile, digest_of_file, file_name, publish
from corpus_platform.lake.fit import polars_schema
from corpus_platform.lake.seal import seal
from corpus_platform.quality.declared import of_signals, values_of
from corpus_platform.quality.values import Values
from corpus_platform.sft_tables import CONSTRUCTED
from corpus_platform.stages.signals import SIGNALS
from corpus_platform.stages.texts import cleaned_table, read_table

SNAPSHOT = "CC-MAIN-2025-05"
OPEN = ("corpora.fineweb",)
"""A table of each open layer."""
OF_ROWS = ("records", "kept", "outcomes", "parents", "tokens:trained")
"""What a commit counts of each row."""
ALIKE = {spec.name for spec in CONSTRUCTED.values()} - {CONSTRUCTED["rft"].name}
"""Tables that differ from another in nothing but their name."""
NAMES = [*(spec.name for spec in tables() if spec.layer != "test" and spec.name not in ALIKE), *OPEN]
MAIN_OF = {
    "ops.rejects": "web.pages",
    "ops.decisions": "web.documents",
    "web.dedup_keys": "web.dedup_documents",
    "web.dedup_edges": "web.dedup_index",
}
"""A main table of each side table."""
_PLACES = {
    "variant": "wet",
    "snapshot": SNAPSHOT,
    "method": "web.exact",
    "language": "en",
    "dump": "20250101",
    "model": "safety.en",
    "recipe": "fineweb",
    "collection": "gutenberg",
    "month": "2019-11",
    "site": "beer",
    "pair": "en-zh",
    "set": "law",
    "mix": "demo",
    "tokenizer": "default",
    "source": "corpora.ccnet",
    "origin": f"wet.ccnet__{SNAPSHOT}",
}
_TEXTS = {"[0-9a-f]{32}": "0" * 32, "[a-z][a-z0-9_]*": "common_crawl", "[A-Za-z]": "en"}
"""A text for each pattern, by its beginning."""
_SOUND = {
    "nlines": 1,
    "original_nlines": 1,
    "url": "https://one.example/",
    "reason": None,
    "first_seen": SNAPSHOT,
    "last_seen": SNAPSHOT,
    "kept": True,
    "filter": None,
}
"""Values of columns that must agree with others."""
_SOUND_OF = {
    "ops.rejects": {"reason": "truncated"},
    "web.url_history": {"pages": 1},
    # With keys of their own they would be a filter's, whose keys are not listed.
    "web.dedup_documents": {"keys": []},
}
BROKEN_AGREEMENTS = {
    "breaks: lines that are left": {"nlines": 0},
    "breaks: not more than before": {"original_length": 0, "length": 7},
    "breaks: bucket by perplexity": {"bucket": "all"},
    "breaks: snapshots in order": {"last_seen": "CC-MAIN-2024-01"},
    "breaks: vanished without pages": {"pages": 0},
    "breaks: a model or a reason": {"digest": None},
    "breaks: cut-offs in order": {"cutoff_head": 9.0},
    "breaks: somebody speaks": {"messages": []},
    "breaks: why it fails": {"failed": True},
}
"""What breaks an agreement, in a row that is sound else."""
DRAWN = "plan:all:web:drawn"
"""What a mix counts of the tokens of its part; a sound row has one."""
COUNTERS = {
    "records read": {"records": 1},
    "rows read": {"records": 1},
    "outcomes": {"outcomes": 1},
    "rows of the dialogues": {"records": 1},
    "rows of the chats": {"records": 1},
    "rows of sft.dedup_index": {"records": 1},
    "tokens learnt of the rows": {"tokens:trained": 1},
    "rows in ops.rejects": {"records": 1, "rejects:truncated": 1},
    "rows in ops.decisions": {"records": 1, "dropped:too_short": 1},
    "rows": {"kept": 1},
    "rows of web.pages": {"records": 1},
    "rows of the texts": {"records": 1},
    "rows of the documents": {"records": 1},
    "rows of web.dedup_documents": {"records": 1},
    "rows in web.dedup_keys": {"keys": 1},
    "keys of documents": {"keys": 1},
    "rows in web.dedup_edges": {"edges": 1},
    "rows that are not kept": {"dropped:copy": 1},
    "tokens of the rows": {DRAWN: 1},
    "parts that drew less than the plan gives them": {"plan:all:web:given": 1},
}
"""What a commit counts more when a row is lost on the one side of a balance."""
READ_FROM = {
    **{cleaned_table(source): read_table(source) for source in SOURCES},
    "sft.signals": "sft.messages",
    "sft.filtered": "sft.messages",
    "sft.feedback": "sft.collected_users",
    "sft.dedup_index": "sft.messages",
    "sft.duplicates": "sft.dedup_index",
    "web.url_history": "web.pages",
    "web.sketches": "web.pages",
    "web.paragraph_hashes": "web.pages",
    "web.documents": "web.pages",
    "web.signals": "web.pages",
    "web.dedup_documents": "web.pages",
    "web.dedup_index": "web.dedup_documents",
    "web.duplicates": "web.dedup_documents",
    "corpora.ccnet": "web.pages",
    "corpora.fineweb": "web.pages",
}
"""The table whose rows are the records of another one."""


def partition_of(spec: TableSpec) -> dict[str, str]:
    """The partition that is tried; of a side table that of its main table."""
    if spec.side:
        main = table(MAIN_OF[spec.name])
        return {"stage": main.name, "partition": main.partition_string(partition_of(main))}
    return {name: _PLACES[name] for name in spec.partition_by}


def is_single(spec: TableSpec) -> bool:
    """Whether a partition has one row: its key is the partition."""
    return set(spec.key) <= set(spec.partition_by)


def allowed(spec: TableSpec, column: str) -> Values | None:
    """What the values of a column may be."""
    return (of_signals().get(column) if spec.name == SIGNALS else None) or values_of(spec.name, column)


def sound(spec: TableSpec, rows: int, start: int = 0) -> pl.DataFrame:
    """Rows that break nothing; keys go on from `start`."""
    number = pl.int_range(start, start + rows, eager=True)
    schema = polars_schema(spec)
    made = {f.name: _column(spec, f, schema[f.name], number) for f in spec.schema}
    return pl.DataFrame({name: series.cast(schema[name]) for name, series in made.items()}, schema=schema)


def _column(spec: TableSpec, field_: pa.Field, kind: pl.DataType, number: pl.Series) -> pl.Series:
    name, n = field_.name, number.len()
    if name in _SOUND_OF.get(spec.name, {}):
        return pl.Series(name, [_SOUND_OF[spec.name][name]], dtype=kind).new_from_index(0, n)
    if name in spec.key:
        if kind.is_integer():
            return number.alias(name)
        if name == "doc_id":
            hexed = pl.DataFrame({"n": number}).select(pl.format("{}", pl.col("n")).str.zfill(32))
            return hexed.to_series().alias(name)
        if name == "sheet":
            return number.cast(pl.String).alias(name)
        if name == "url":
            return ("https://" + number.cast(pl.String) + ".example/").alias(name)
    value = _SOUND[name] if name in _SOUND else _value(allowed(spec, name), field_.type)
    return pl.Series(name, [value], dtype=kind, strict=False).new_from_index(0, n)


def _value(values: Values | None, kind: pa.DataType):
    """A value that is allowed."""
    values = values or Values()
    if pa.types.is_struct(kind):
        return {field.name: _value(None, field.type) for field in kind}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [_value(values, kind.value_type)] * (values.items or 1)
    if values.one_of:
        return values.one_of[0]
    if pa.types.is_binary(kind):
        return bytes(values.bytes_each or 1)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return next((text for start, text in _TEXTS.items() if values.pattern.startswith(start)), "word")
    if pa.types.is_boolean(kind):
        return False
    if pa.types.is_timestamp(kind):
        return 0
    return values.least if values.least is not None else 1


def foreign(values: Values, kind: pa.DataType):
    """A value that is not allowed; for a list, a list with one."""
    if pa.types.is_struct(kind):
        return {field.name: _value(None, field.type) for field in kind}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if values.items is not None:
            return [_value(values, kind.value_type)] * (values.items + 1)
        return [_value(values, kind.value_type), foreign(values, kind.value_type)]
    if values.one_of:
        return "foreign" if isinstance(values.one_of[0], str) else max(values.one_of) + 1
    if values.bytes_each is not None:
        return b"x"
    if values.pattern:
        return "¿"
    if values.most is not None:
        return values.most + 1
    return values.below if values.below is not None else values.least - 1


@dataclass(frozen=True)
class Spoil:
    """A row that breaks the promise of one figure: a sound row with some other values."""

    figure: str
    change: dict
    says: str = ""
    """What is shown of it."""


def spoils(suite) -> list[Spoil]:
    """A row for each expectation about rows, but that of keys. Of an expectation about many columns the first and the last are tried."""
    spec, found = suite.spec, []
    for expectation in suite.expectations:
        figure = expectation.figure
        if expectation.check == "columns_are_filled":
            found.append(Spoil(figure, {expectation.columns[0]: None}, f"{expectation.columns[0]} = null"))
        elif figure in BROKEN_AGREEMENTS:
            found.append(Spoil(figure, BROKEN_AGREEMENTS[figure], f"{expectation.columns[0]} = "))
        elif expectation.check == "values_are_allowed":
            for column in dict.fromkeys((expectation.columns[0], expectation.columns[-1])):
                if column not in spec.partition_by:
                    kind = spec.schema.field(column).type
                    found.append(Spoil(figure, {column: foreign(allowed(spec, column), kind)}, f"{column} = "))
    return found


def spoilt(spec: TableSpec, rows: list[Spoil], start: int) -> pl.DataFrame:
    """The rows, in their order; behind them one with the key of the table's very first row."""
    frame = pl.concat([sound(spec, len(rows), start), sound(spec, 1)])
    for name, kind in polars_schema(spec).items():
        changed = {i: row.change[name] for i, row in enumerate(rows) if name in row.change}
        if changed:
            values = [changed.get(i, value) for i, value in enumerate(frame[name].to_list())]
            frame = frame.with_columns(pl.Series(name, values, dtype=kind, strict=False))
    return frame


def nullable(spec: TableSpec) -> pa.Schema:
    """The table's schema, in which everything may be null."""
    return pa.schema([pa.field(f.name, f.type) for f in spec.schema])


def _is_bytes(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary))


@dataclass
class Bench:
    """A home whose partition is put together from files, as often as is wanted."""

    home: object
    folder: Path
    shard: int = 0
    kept: dict = field(default_factory=dict)

    def write(self, spec: TableSpec, frames, schema: pa.Schema | None = None) -> WrittenFile:
        """A file of rows, published; with the table's schema where no other is given, in which everything may be null."""
        schema = schema or nullable(spec)
        tables_ = (frame.to_arrow(compat_level=pl.CompatLevel.oldest()) for frame in frames)
        return self._publish(spec, (table_.select(schema.names).cast(schema) for table_ in tables_), schema)

    def write_many(self, spec: TableSpec, rows: int, at_once: int = 50_000) -> WrittenFile:
        """A file of many sound rows. Texts and bytes that all rows share are written once for a row group, or they would be gigabytes."""
        schema = nullable(spec)
        one = sound(spec, 1).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)
        shared = [f.name for f in schema if _is_bytes(f.type) and f.name not in spec.key and not one[f.name].null_count]
        index = pa.array([0] * at_once, pa.int32())
        same = {name: pa.DictionaryArray.from_arrays(index, one[name].combine_chunks()) for name in shared}
        others = [f for f in schema if f.name not in shared and f.name not in spec.key]
        same |= {f.name: pa.repeat(one[f.name][0], at_once) for f in others}
        keys = TableSpec(
            spec.name, "", tuple(f for f in spec.schema if f.name in spec.key), spec.key, spec.partition_by
        )

        def groups():
            for start in range(0, rows, at_once):
                frame = sound(keys, at_once, start).to_arrow(compat_level=pl.CompatLevel.oldest())
                yield pa.table(
                    {f.name: frame[f.name].cast(f.type) if f.name in spec.key else same[f.name] for f in schema}
                )

        kinds = [pa.field(f.name, same[f.name].type if f.name in same else f.type) for f in schema]
        return self._publish(spec, groups(), pa.schema(kinds))

    def _publish(self, spec: TableSpec, groups, schema: pa.Schema) -> WrittenFile:
        path, rows = self.folder / f"{uuid.uuid4().hex}.parquet", 0
        # Without Arrow's own schema, which would say that values were shared.
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, store_schema=False) as writer:
            for group in groups:
                rows += group.num_rows
                writer.write_table(group, row_group_size=max(group.num_rows, 1))
        seal(path)
        digest, self.shard = digest_of_file(path), self.shard + 1
        partition = partition_of(spec)
        name = f"{spec.partition_dir(partition)}/{file_name(self.shard, digest, 'spoiling')}"
        written = WrittenFile(name, path.stat().st_size, rows, digest, self.shard, partition, 0)
        publish(self.home.lake.storage, path, f"{spec.folder}/{name}")
        return written

    def commit(self, spec: TableSpec, files: list[WrittenFile], **more) -> int:
        """Makes the files the partition, with counters of as many records; a side table is made visible by its main table's commit."""
        rows = sum(file.rows for file in files)
        said = {
            "counters": dict.fromkeys(OF_ROWS, rows),
            "fingerprint": uuid.uuid4().hex,
            **more,
        }
        partition, lake = partition_of(spec), self.home.lake
        fence = lake.fence(spec.name, partition)
        version = lake.commit(spec.name, partition, files, fence, run="spoiling", metadata=said).version
        if spec.side:
            main = table(MAIN_OF[spec.name])
            self.commit(main, [], side={spec.name: version})
        return version

    def close(self) -> None:
        """Removes everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def retyped(spec: TableSpec, frame: pl.DataFrame) -> tuple[pl.DataFrame, pa.Schema, str]:
    """The rows with one column of another type: a text where the table has a number, else the other way round. And its name."""
    name = next(n for n in reversed(spec.schema.names) if not pa.types.is_list(spec.schema.field(n).type))
    kind = pa.int64() if pa.types.is_string(spec.schema.field(name).type) else pa.string()
    fields = [pa.field(f.name, kind if f.name == name else f.type) for f in spec.schema]
    other = pl.Int64 if kind == pa.int64() else pl.String
    return frame.with_columns(pl.lit(None, other).alias(name)), pa.schema(fields), name

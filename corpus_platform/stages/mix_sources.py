"""Tables that a mix may draw from: any table of documents, under the names that a mix uses.

CCNet's corpus calls its text `raw_content` and a host `source_domain`; a dump's language is in its path; a table of the web says nothing of its
documents' category and origin. What a table does not say is null, and of the origin `unknown`, so that shares and caps can name it.

Not here: which of its documents are drawn (mix_candidates.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.documents import NOBODY_SAYS
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import table
from corpus_platform.stages.read import batches
from corpus_platform.stages.texts import partition_columns, read_table, source_of, text_partition, text_table
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from corpus_platform.lake import Lake, TableSpec
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.stage import Partition

COLUMNS: Mapping[str, tuple[tuple[str, ...], pl.DataType]] = {
    "doc_id": (("doc_id",), pl.String()),
    "file": (("file", "cc_segment"), pl.String()),
    "file_index": (("file_index",), pl.Int32()),
    "position": (("position",), pl.Int64()),
    "url": (("url",), pl.String()),
    "domain": (("domain", "source_domain"), pl.String()),
    "language": (("language",), pl.String()),
    "language_score": (("language_score",), pl.Float32()),
    "perplexity": (("perplexity",), pl.Float32()),
    "bucket": (("bucket",), pl.String()),
    "category": (("category",), pl.String()),
    "origin": (("origin",), pl.String()),
    "licence": (("licence",), pl.String()),
    "weight": (("weight",), pl.Float64()),
}
"""What a mix asks of a document: the columns that may say it, the first that a table has, and the type."""
TEXTS = ("text", "raw_content")
"""Columns that a text may stand in, the first that a table has."""
_BETWEEN = "__"


@dataclass(frozen=True)
class Origin:
    """A partition of a table of documents, with its files."""

    table: str
    partition: Partition
    files: tuple[DataFile, ...]

    @property
    def key(self) -> str:
        """The partition as token counts name it."""
        return _key(self.partition)

    @property
    def reads(self) -> tuple[str, ...]:
        """What is made of it names these inputs."""
        return tuple(f"{self.table}:{self.key}:{file.shard}:{file.digest}" for file in self.files)


def _key(partition: Partition) -> str:
    return _BETWEEN.join(partition.values())


def text_column(spec: TableSpec) -> str:
    """The column that has the text. Raises SettingsError for a table without texts."""
    found = next((name for name in TEXTS if name in spec.schema.names), None)
    if found is None or "doc_id" not in spec.schema.names:
        raise SettingsError(f"{spec.name} is no table of documents: it has no text")
    return found


def origins(
    lake: Lake, name: str, where: Mapping[str, Sequence[str]] | None = None, key: str | None = None
) -> list[Origin]:
    """The partitions of a table that a part reads; those whose values `where` leaves out are not among them. None where it is not made yet.

    `key`: the one partition that token counts name so.
    """
    spec = table(name)
    text_column(spec)
    in_path = {c: asked for c, asked in (where or {}).items() if c in spec.partition_by and c not in spec.schema.names}
    return [
        Origin(name, partition, tuple(lake.files(name, partition)))
        for partition in lake.partitions(name)
        if key in (None, _key(partition)) and all(matches(partition[c], asked) for c, asked in in_path.items())
    ]


def check_where(name: str, where: Mapping[str, Sequence[str]]) -> None:
    """A SettingsError for a column that a table does not have."""
    spec = table(name)
    known = [*COLUMNS, *spec.schema.names, *spec.partition_by]
    for column in where:
        if column not in known:
            has = ", ".join(dict.fromkeys([*spec.partition_by, *spec.schema.names]))
            raise SettingsError(f"{name} has no column `{column}`{nearest(column, known)}; it has {has}")


def documents(
    lake: Lake, origin: Origin, file: DataFile, *, more: Sequence[str] = (), text: bool = False, rows: int = 1_000
) -> Iterator[pl.DataFrame]:
    """The documents of a file under the names of COLUMNS, with columns of the table's own in `more`, and with their `text`."""
    spec = table(origin.table)
    there = {name: next((c for c in given if c in spec.schema.names), None) for name, (given, _) in COLUMNS.items()}
    own = [name for name in more if name in spec.schema.names and name not in COLUMNS]
    named: list[str] = [c for c in there.values() if c] + own + ([text_column(spec)] if text else [])
    read = list(dict.fromkeys(named))
    made = [
        (pl.col(column) if column else pl.lit(origin.partition.get(name))).cast(COLUMNS[name][1]).alias(name)
        for name, column in there.items()
    ]
    in_path = [
        pl.lit(value).alias(name) for name, value in origin.partition.items() if name not in COLUMNS and name not in own
    ]
    texts = [pl.col(text_column(spec)).alias("text")] if text else []
    for frame in batches(lake, file, columns=read, rows=rows):
        yield frame.select(*made, *own, *in_path, *texts).with_columns(pl.col("origin").fill_null(NOBODY_SAYS))


def chosen(frame: pl.DataFrame, where: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Documents whose columns have the values that are asked for. A column that is null has none."""
    for column, asked in where.items():
        if column not in frame.columns:
            raise SourceError(f"there is no column `{column}` among {', '.join(frame.columns)}")
        frame = frame.filter(_condition(pl.col(column).cast(pl.String), asked))
    return frame


def matches(value: str, asked: Sequence[str]) -> bool:
    """Whether one value is asked for."""
    frame = pl.DataFrame({"value": [value]}, schema={"value": pl.String})
    return bool(frame.select(_condition(pl.col("value"), asked)).item())


def before(name: str, partition: Partition) -> tuple[str, Partition]:
    """The table of texts that a partition was made of by cleaning, or the table itself where it is no result of cleaning."""
    if name.startswith("corpora."):
        variant = partition["variant"]
        where = text_partition(partition)
        source = source_of(variant)
        return (text_table(variant), where) if source is None else (read_table(source), where)
    layer, _, short = name.partition(".")
    if short == "cleaned" and source_of(layer) is not None:
        return read_table(layer), {column: partition[column] for column in partition_columns(layer)}
    return name, partition


def counts_by(lake: Lake, name: str, partition: Partition, column: str) -> dict[str, int]:
    """Documents of a partition by language or category; none where the table does not say it, or is not made."""
    spec = table(name)
    if lake.state(name, partition) is None:
        return {}
    if column not in spec.schema.names:
        value = partition.get(column)
        rows = lake.scan(name, **partition).select(pl.len()).collect().item() if value else 0  # type: ignore[arg-type]
        return {value: rows} if value and rows else {}
    rows = lake.scan(name, **partition).filter(pl.col(column).is_not_null()).group_by(column).len().collect()  # type: ignore[arg-type]
    return dict(sorted(rows.iter_rows()))


def _condition(column: pl.Expr, asked: Sequence[str]) -> pl.Expr:
    wanted = [_one(column, text) for text in asked if not text.startswith("!")]
    refused = [_one(column, text[1:]) for text in asked if text.startswith("!")]
    found = pl.any_horizontal(wanted) if wanted else pl.lit(value=True)
    return (found & ~pl.any_horizontal(refused)) if refused else found


def _one(column: pl.Expr, text: str) -> pl.Expr:
    """Equal to a text, or like it where it has a `*`; false for null."""
    if "*" not in text:
        return (column == text).fill_null(value=False)
    pattern = "(?s)^" + ".*".join(map(re.escape, text.split("*"))) + "$"
    return column.str.contains(pattern).fill_null(value=False)

"""Whether rows fit their table: columns, types, nulls. What fits without loss is cast, anything else is refused by name.

Not here: how schemas of table versions fit each other (commit.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from corpus_platform.errors import SchemaError

if TYPE_CHECKING:
    import numpy as np

    from corpus_platform.lake.registry import TableSpec


def polars_schema(spec: TableSpec, *, partitions: bool = False) -> dict[str, pl.DataType]:
    """The Polars types of a table's file columns, or with partition columns (strings) behind them."""
    fields = [*spec.schema, *spec.partition_fields] if partitions else list(spec.schema)
    empty = pl.from_arrow(pa.schema([field.remove_metadata() for field in fields]).empty_table())
    return dict(empty.schema)  # pyright: ignore[reportAttributeAccessIssue]  (a table gives a frame)


def to_fit(
    frame: pl.DataFrame, spec: TableSpec, schema: dict[str, pl.DataType], partition: dict[str, str]
) -> pl.DataFrame:
    """The frame with the table's columns in the table's order and types; a missing nullable column is null.

    Partition columns may be there if all their values are the partition's; files do not keep them.
    """
    _refuse_strangers(frame, spec, schema, partition)
    nullable = {field.name: field.nullable for field in spec.schema}
    columns = [_column(frame, spec.name, name, kind, nullable[name]) for name, kind in schema.items()]
    try:
        return frame.select(columns)
    except pl.exceptions.InvalidOperationError as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(f"{spec.name}: a value is out of its column's range: {reason}") from error


def _refuse_strangers(
    frame: pl.DataFrame, spec: TableSpec, schema: dict[str, pl.DataType], partition: dict[str, str]
) -> None:
    for name in frame.columns:
        if name in schema:
            continue
        if name not in partition:
            raise SchemaError(f"{spec.name}: unknown column `{name}` was written; its files have {', '.join(schema)}")
        if not (frame[name] == partition[name]).all():
            raise SchemaError(
                f"{spec.name}: column `{name}` expected the partition's own value `{partition[name]}`, got others"
            )


def _column(frame: pl.DataFrame, table: str, name: str, kind: pl.DataType, nullable: bool) -> pl.Expr:
    wanted = str(kind) if nullable else f"{kind} without nulls"
    if name not in frame.columns:
        if not nullable:
            raise SchemaError(f"{table}: column `{name}` expected {wanted}, got no such column")
        return pl.lit(None, dtype=kind).alias(name)
    got = frame.schema[name]
    if not _fits(got, kind):
        raise SchemaError(f"{table}: column `{name}` expected {wanted}, got {got}")
    if not nullable and (nulls := frame[name].null_count()):
        raise SchemaError(f"{table}: column `{name}` expected {wanted}, got {nulls} nulls")
    return pl.col(name) if got == kind else pl.col(name).cast(kind, strict=True)


def sized(frame: pl.DataFrame) -> np.ndarray:
    """Size of each row in bytes (int64), by the lengths of its values; independent of how the frame is laid out in memory."""
    sizes = [pl.repeat(8 * frame.width, pl.len(), dtype=pl.Int64)]
    for name, kind in frame.schema.items():
        if kind == pl.String:
            sizes.append(pl.col(name).str.len_bytes().fill_null(0).cast(pl.Int64))
        elif kind == pl.Binary:
            sizes.append(pl.col(name).bin.size().fill_null(0).cast(pl.Int64))
        elif isinstance(kind, pl.List):
            sizes.append(pl.col(name).list.len().fill_null(0).cast(pl.Int64) * 8)
    return frame.select(pl.sum_horizontal(sizes)).to_series().to_numpy()


def _fits(got: pl.DataType, wanted: pl.DataType) -> bool:
    """Whether a cast loses nothing but the precision of a float."""
    if isinstance(got, pl.List) and isinstance(wanted, pl.List):
        return _fits(got.inner, wanted.inner)  # pyright: ignore[reportArgumentType]  (inner types are instances here)
    return (
        got in (wanted, pl.Null)
        or (wanted.is_integer() and got.is_integer())
        or (wanted.is_float() and got.is_numeric())
        or (wanted == pl.String and isinstance(got, (pl.Categorical, pl.Enum)))
        or (isinstance(wanted, pl.Datetime) and isinstance(got, pl.Datetime) and got.time_zone == wanted.time_zone)
    )

"""The reference of all tables, as Markdown made from their registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.lake import table, tables
from corpus_platform.lake.registry import open_layers

if TYPE_CHECKING:
    import pyarrow as pa

    from corpus_platform.lake import TableSpec

_INTRO = """# Tables

Made from the registry by `corpus tables --markdown`; a test fails when this page is stale. In SQL a table is `layer.name`; partition columns are strings.
"""


def tables_markdown() -> str:
    """Every table: what a row is, its key, partitions, and columns with types and descriptions. Of an open layer the table of a made-up name."""
    opened = [table(f"{layer}.name") for layer in open_layers()]
    return "\n".join([_INTRO, *map(_section, sorted((*tables(), *opened), key=lambda spec: spec.name))])


def _section(spec: TableSpec) -> str:
    lines = [
        f"## {spec.name}",
        "",
        f"{spec.description}.",
        "",
        f"Key: {', '.join(spec.key)}. Partition: {', '.join(spec.partition_by)}."
        + (f" Order: {', '.join(spec.order)}." if spec.order else ""),
        "",
        "| column | type | what it is |",
        "|---|---|---|",
    ]
    measured = [field for field in spec.schema if is_signal(field)]
    for field in (*(field for field in spec.schema if field not in measured), *spec.partition_fields):
        description = (field.metadata or {}).get(b"description", b"").decode()
        lines.append(f"| `{field.name}` | {field.type}{'' if field.nullable else ', required'} | {description} |")
    lines += ["", "And a column for each signal: see [signals.md](signals.md)."] if measured else []
    return "\n".join([*lines, ""])


def is_signal(field: pa.Field) -> bool:
    """Whether a column is one of the registry of signals, which has a reference of its own."""
    return b"signal" in (field.metadata or {})

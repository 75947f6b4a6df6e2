"""The reference of all tables, as Markdown made from their registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.lake import tables

if TYPE_CHECKING:
    from corpus_platform.lake import TableSpec

_INTRO = """# Tables

Made from the registry by `corpus tables --markdown`; a test fails when this page is stale. In SQL a table is `layer.name`; partition columns are strings.
"""


def tables_markdown() -> str:
    """Every table: what a row is, its key, partitions, and columns with types and descriptions."""
    return "\n".join([_INTRO, *(_section(spec) for spec in tables())])


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
    for field in (*spec.schema, *spec.partition_fields):
        description = (field.metadata or {}).get(b"description", b"").decode()
        lines.append(f"| `{field.name}` | {field.type}{'' if field.nullable else ', required'} | {description} |")
    return "\n".join([*lines, ""])

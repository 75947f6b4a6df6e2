"""Rows that break a promise as short texts that people may look at: personal data masked, values cut short, in one line each.

Not here: what makes a text harmless in Markdown (assets/checks.py) or in HTML (page.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from corpus_platform.clean.masking import masked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.lake import TableSpec

LENGTH = 80
"""Characters of a value that are shown."""
_LOOKED_AT = 2_000
"""Characters of a value that are searched for personal data."""
_NOBODYS = frozenset(
    {"doc_id", "cluster", "canonical", "neighbour", "merged", "digest", "previous_digest", "file", "path", "model"}
)
"""Columns whose long digits are nobody's: ids, digests, names of files."""


def shown(rows: Sequence[Mapping[str, Any]], spec: TableSpec) -> tuple[dict[str, str], ...]:
    """The rows with every value as a short text."""
    texts = {field.name for field in spec.schema if _has_text(field.type)} - _NOBODYS
    return tuple({name: cell(_said(name, value, texts)) for name, value in row.items()} for row in rows)


def cell(written: str) -> str:
    """The text in one line, without characters that can't be printed, cut short."""
    printable = "".join(letter if letter.isprintable() else " " for letter in written[:_LOOKED_AT])
    text = " ".join(printable.split())
    return text[:LENGTH] + "…" if len(text) > LENGTH else text


def _said(name: str, value: Any, texts: set[str]) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "; ".join(f"{one['column']} = {_said(one['column'], one['value'], texts)}" for one in value)
    written = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return masked([written[:_LOOKED_AT]])[0] if name in texts else written


def _has_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _has_text(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)

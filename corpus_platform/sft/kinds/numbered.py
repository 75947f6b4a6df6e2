"""Columns that are numbered, one for each turn: `message_1`, `message_2` ... How many there are differs from record to record.

Not here: what is in them (turn_strings.py, pairs.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.sft.kinds.kind import Record


def is_numbered(column: str, start: str | None) -> bool:
    """Whether a column is the beginning with a number behind it. False where there is no beginning."""
    return bool(start) and column.startswith(start or "") and column.removeprefix(start or "").isdecimal()


def numbered_values(value: Mapping[str, Any], start: str) -> list[Any]:
    """The values of the numbered columns by their numbers: 2 comes before 10."""
    own = [(int(key.removeprefix(start)), one) for key, one in value.items() if is_numbered(key, start)]
    return [one for _, one in sorted(own, key=lambda item: item[0])]


def without_numbered(record: Record, start: str) -> Record:
    """The record with a map that leaves the numbered columns out of what is kept beside the dialogue."""
    own = [key for key in record.value if is_numbered(key, start)]
    return replace(record, map=record.map.model_copy(update={"ignore": (*record.map.ignore, *own)}))

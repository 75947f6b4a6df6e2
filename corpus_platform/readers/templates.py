"""Templates over the columns of a row: text with columns in braces.

`{a}` a column, `{a.b}` one of an object in it, `{a*}` all of a list, a line each, `{a|b}` the first that is not empty. A line of a template whose columns are
all empty goes.

Not here: what columns a set has (domain_sets.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLUMN = re.compile(r"\{([^{}]+)\}")
_BLANK = re.compile(r"[^\S\n]+\n|\n{3,}")


def columns_of(template: str) -> list[str]:
    """The columns that a template names, without their marks."""
    return [name for column in _COLUMN.findall(template) for name in _names(column)]


def filled(template: str, row: Mapping[str, Any]) -> str:
    """The template with the row's values. A line goes where it names columns and all are empty; blank lines are at most one."""
    shown = []
    for line in template.split("\n"):
        values = [_shown(column, row) for column in _COLUMN.findall(line)]
        if values and not any(values):
            continue
        texts = iter(values)
        shown.append(_COLUMN.sub(lambda _, texts=texts: next(texts), line))
    text = "\n".join(shown).replace("\r\n", "\n").replace("\r", "\n")
    return _BLANK.sub(lambda blank: "\n\n" if blank.group().count("\n") > 1 else "\n", text).strip()


def _names(column: str) -> list[str]:
    """The alternatives of a column in a template, without their marks."""
    return [name.strip().rstrip("*") for name in column.split("|")]


def _shown(column: str, row: Mapping[str, Any]) -> str:
    """The first alternative of a column that is not empty."""
    texts = (text_of(value_of(row, name), every="*" in column) for name in _names(column))
    return next(filter(None, texts), "")


def value_of(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column: one of that very name, else `a.b` inside of objects and lists (`a.0`); None where there is none."""
    if column in row:
        return row[column]
    value: Any = row
    for name in column.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value


def has_column(row: Mapping[str, Any], column: str) -> bool:
    """Whether the row has the column, or the object that it is in."""
    return column in row or column.partition(".")[0] in row


def text_of(value: Any, *, every: bool = False) -> str:
    """A value as text: empty for none; a list as lines where `every` is asked for, else its first; an object as its values."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        texts = [text_of(one, every=every) for one in value]
        texts = [text for text in texts if text]
        return ("\n".join(texts) if every else next(iter(texts), "")) if texts else ""
    return "" if value is None else str(value).strip()

"""Values of records that come under many names and in many forms: a text, a list of texts, a moment.

Not here: how records are read (rows.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SECONDS, _MILLISECONDS = (10**8, 10**11), (10**11, 10**14)
_FORMS = ("%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m", "%Y年%m月", "%Y")
_BETWEEN = (";", "；", "|", "、", ",", "，")


def first_text(row: Mapping[str, Any], names: Collection[str]) -> str | None:
    """The first of the names that holds a text or number, as text; lists of texts are lines of it."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            return value.replace("\r\n", "\n").replace("\r", "\n")
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return "\n".join(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return None


def texts_of(row: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """The texts under the first of the names that has some: a list, or one text that is cut at the first mark that it has. Each once, in order."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str):
            mark = next((mark for mark in _BETWEEN if mark in value), None)
            value = value.split(mark) if mark else [value]
        if isinstance(value, list):
            found = [one.get("name") if isinstance(one, dict) else one for one in value]
            if texts := [one.strip() for one in found if isinstance(one, str) and one.strip()]:
                return list(dict.fromkeys(texts))
    return []


def moment(value: Any) -> datetime | None:
    """A moment in UTC: of a date, an ISO text, a Chinese or slashed date, a year, seconds or milliseconds since 1970; None for anything else."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not text:
        return None
    try:
        if text.replace(".", "", 1).isdecimal() and (number := float(text)) >= _SECONDS[0]:
            number = number / 1000 if _MILLISECONDS[0] <= number < _MILLISECONDS[1] else number
            return (
                datetime.fromtimestamp(number, UTC)
                if number < _SECONDS[1] and len(text) != len("20240101")
                else _dated(text)
            )
        return _iso(text) or _dated(text)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def _dated(text: str) -> datetime | None:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None

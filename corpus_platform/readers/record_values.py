"""Values of records whose names and types differ from export to export: by paths with alternatives, as texts, numbers and times.

A path is names with points between them (`question.title`); the first of several that gives something counts.

Not here: which paths (reddit.py, threads.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = {"万": 10_000, "w": 10_000, "W": 10_000, "k": 1_000, "K": 1_000, "千": 1_000, "亿": 100_000_000, "": 1}
_COUNT = re.compile(r"\s*([-+]?\d[\d,]*(?:\.\d+)?)\s*([万千亿wWkK]?)")
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日")
_FORMS = tuple(day + clock for day in _DAYS for clock in (" %H:%M:%S", " %H:%M", ""))


def value_of(record: Any, paths: Sequence[str]) -> Any:
    """The value at the first path that has one; None where none has."""
    for path in paths:
        found = record
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if found is not None and found != "":
            return found
    return None


def text_of(record: Any, paths: Sequence[str]) -> str:
    """A value as a text without white space around it; lists of texts are joined by newlines; else empty."""
    found = value_of(record, paths)
    if isinstance(found, list):
        return "\n".join(one for one in found if isinstance(one, str)).strip()
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found).replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode().strip()


def number_of(record: Any, paths: Sequence[str]) -> int | None:
    """A value as a whole number: `1,234`, `1.2万` and `3.4k` too."""
    found = value_of(record, paths)
    if isinstance(found, bool) or found is None:
        return None
    if isinstance(found, int | float):
        return int(found) if abs(found) < 1 << 62 else None
    match = _COUNT.match(found) if isinstance(found, str) else None
    return int(float(match[1].replace(",", "")) * _UNITS[match[2]]) if match and len(match[1]) < 19 else None


def time_of(record: Any, paths: Sequence[str]) -> datetime | None:
    """A value as a time: seconds or milliseconds since 1970, ISO 8601, or a date as people write it."""
    found = value_of(record, paths)
    if isinstance(found, str) and re.fullmatch(r"\d{9,13}(?:\.\d+)?", found):
        found = float(found)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return _since_1970(float(found))
    if not isinstance(found, str):
        return None
    for form in ("", *_FORMS):
        try:
            written = found.strip()
            time = datetime.strptime(written, form) if form else datetime.fromisoformat(written)  # noqa: DTZ007  (below)
        except ValueError:
            continue
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return None


def _since_1970(seconds: float) -> datetime | None:
    seconds = seconds / 1000 if seconds > 1e11 else seconds
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None

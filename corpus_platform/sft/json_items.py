"""Values inside of a JSON file, one after another, without the file in memory: elements of a list, of lists in an object, entries, loose values.

    for item in items(stream, level=1):         # elements of the list, or entries of the object, that the file is
        if isinstance(item.raw, Problem): ...

The bytes are looked through for quotes and brackets alone, so an element that is no JSON (a wrong escape, a number like NaN) is found all the same
and the next one is read. Promise: memory is bounded by an item (`LINE`); a longer one is a Problem and the next is read.

Not here: what an item means (containers.py).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from json import loads as tolerant_loads
from typing import TYPE_CHECKING, Any, Literal

import orjson

from corpus_platform.readers.rows import LINE
from corpus_platform.readers.unpacking import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.unpacking import Readable

Level = Literal[0, 1, 2]
"""0: values that follow each other; 1: elements of the one list, entries of the one object; 2: elements of the lists in the one object."""

_PIECE = 1 << 18
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},:]', re.DOTALL)
_DEEP = re.compile(rb'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{}]*+)++|["\[\]{}]', re.DOTALL)
"""The same within an item, where only brackets count: strings one after another are one."""
_INSIDE = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_NUMBERS = re.compile(rb"\b(?:NaN|Infinity)\b")
_KEY_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """A value as bytes, with the key that it (level 1) or its list (level 2) has in the object, where there is an object."""

    key: str | None
    raw: bytes | Problem


def items(stream: Readable, level: Level, *, limit: int = LINE) -> Iterator[Item]:
    """The values of a level of UTF-8 JSON, in order. What ends before its brackets close ends with a Problem."""
    yield from _Walk(stream, level, limit).items()


def value_of(raw: bytes | str) -> Any | Problem:
    """A value of its JSON. NaN and Infinity, which Python writes and JSON does not have, are null; `bad_json` for what else can't be read."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        reason = str(error)
    data = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    if _NUMBERS.search(data):
        try:
            # Python's own writer makes such numbers; orjson has the last word, for surrogates and depth.
            return orjson.loads(orjson.dumps(tolerant_loads(data, parse_constant=lambda _: None, parse_float=_finite)))
        except (ValueError, RecursionError, TypeError) as error:
            reason = str(error)
    return Problem("not_unicode" if "surrogate" in reason or "utf-8" in reason.lower() else "bad_json", reason)


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


class _Walk:
    """A walk through brackets: at `depth`, with the place where the present item starts, if it has."""

    def __init__(self, stream: Readable, level: Level, limit: int) -> None:
        self._stream, self._level, self._limit = stream, level, limit
        self._data, self._at = b"", 0
        self._depth = 0
        self._in_object: list[bool] = []
        self._start: int | None = 0 if level == 0 else None
        self._key: str | None = None
        self._last = b""
        self._in_string = False
        self._dropped = 0
        """Bytes of an item that is too long, which are not kept."""

    def items(self) -> Iterator[Item]:
        while self._more():
            yield from self._tokens(final=False)
        yield from self._tokens(final=True)
        rest = b"" if self._start is None else self._data[self._start :].strip()
        if self._level == 0 and rest and not self._depth:
            yield Item(None, rest)
        elif self._depth or rest:
            yield Item(self._key, Problem("bad_json", "the file ends before its brackets close"))

    def _more(self) -> bool:
        """Reads on, as much as is kept at least, so that long strings are not looked through again and again."""
        keep = self._at if self._start is None else min(self._start, self._at)
        kept = self._data[keep:]
        self._at -= keep
        if self._start is not None:
            self._start -= keep
            if self._at > self._limit:
                # Too long: from here on only its end is looked for.
                self._dropped += self._at - self._start
                kept, self._at, self._start = kept[self._at :], 0, 0
        data = self._stream.read(max(_PIECE, len(kept)))
        self._data = kept + data
        return bool(data)

    def _tokens(self, *, final: bool) -> Iterator[Item]:
        if self._in_string and not self._left_string():
            return
        while match := (_DEEP if self._depth > self._level else _TOKEN).search(self._data, self._at):
            start, end = match.span()
            mark = self._data[start : start + 1]
            if mark == b'"' and end == start + 1 and not final:
                self._at = start
                if len(self._data) - start > self._limit:
                    self._in_string = True
                    self._at = _INSIDE.match(self._data, end).end()  # type: ignore[union-attr]
                return
            self._at = end
            item = self._take(mark, start, end)
            if item is not None:
                yield item
        self._at = len(self._data)

    def _left_string(self) -> bool:
        """Goes on in a string that is too long to be kept; whether it ends here."""
        self._at = _INSIDE.match(self._data, self._at).end()  # type: ignore[union-attr]
        self._in_string = self._data[self._at : self._at + 1] != b'"'
        self._at += not self._in_string
        return not self._in_string

    def _take(self, mark: bytes, start: int, end: int) -> Item | None:
        if mark in (b"[", b"{"):
            return self._open(mark, end)
        if mark in (b"]", b"}"):
            return self._close(start, end)
        if mark == b"," and self._depth == self._level:
            return self._end(start, end) if self._level else None
        if mark == b":" and self._in_object and self._in_object[-1] and self._depth <= 2:
            self._colon(end)
        elif mark == b'"' and self._depth <= 1:
            self._last = self._data[start:end] if end - start < _KEY_LIMIT else b'""'
        return None

    def _open(self, mark: bytes, end: int) -> None:
        self._depth += 1
        self._in_object.append(mark == b"{")
        listed = self._level == 1 and mark == b"["
        inner = self._level == 2 and mark == b"[" and self._in_object[:1] == [True]
        if self._depth == self._level and (listed or inner):
            self._start = end

    def _close(self, start: int, end: int) -> Item | None:
        found = None
        if self._level and self._depth == self._level:
            found = self._end(start, None)
        self._depth = max(0, self._depth - 1)
        if self._in_object:
            self._in_object.pop()
        if self._level == 0 and not self._depth:
            found = self._end(end, end)
        return found

    def _colon(self, end: int) -> None:
        """A key has ended: of an entry at level 1, of a list at level 2."""
        if self._depth != 1 or self._level == 0:
            return
        key = value_of(self._last)
        self._key = key if isinstance(key, str) else None
        if self._level == 1:
            self._start = end

    def _end(self, end: int, following: int | None) -> Item | None:
        """The item that ends here; the next one starts at `following`, unless it starts behind a key or not at all."""
        if self._start is None:
            return None
        raw, size = self._data[self._start : end].strip(), self._dropped + end - self._start
        self._dropped = 0
        keyed = self._level == 1 and self._in_object[:1] == [True]
        self._start = None if keyed else following
        if size > self._limit:
            return Item(self._key, Problem("line_too_long", f"a value of {size:,} bytes"))
        return Item(self._key, raw) if raw else None

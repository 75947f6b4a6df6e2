"""Calls of tools written as text: `Search("a"), Calculate(2+2)`.

Not here: calls that are JSON (turns.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BETWEEN = re.compile(r"(?:[\s,;，；]|None\b)*")
_NAME = re.compile(r"([A-Za-z_]\w*)\(")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'', re.DOTALL)


@dataclass(frozen=True)
class Call:
    """A call as it is written, and as name with arguments by name."""

    text: str
    value: Mapping[str, Any]


def calls_of(text: str, parameters: Mapping[str, Sequence[str]]) -> list[Call]:
    """The calls of a text, one after the other; none where some of it is no call. `parameters`: the tools' parameters by tool.

    A "None" among them is no call. An argument in quotes loses them; anything else stays as it is written. A tool with one parameter takes all
    between its brackets, commas too; arguments without a parameter are called `argument`, `argument_2` ...
    """
    found: list[Call] = []
    at = _between(text, 0)
    while at < len(text):
        head = _NAME.match(text, at)
        last = _closing(text, head.end()) if head else -1
        if head is None or last < 0:
            return []
        names = parameters.get(head[1], ())
        inner = text[head.end() : last]
        given = [inner.strip()] if len(names) == 1 else list(_arguments(inner))
        arguments = {_called(names, i): _unquoted(argument) for i, argument in enumerate(given) if argument}
        found.append(Call(text[head.start(1) : last + 1], {"name": head[1], "arguments": arguments}))
        at = _between(text, last + 1)
    return found


def _between(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _called(names: Sequence[str], i: int) -> str:
    return names[i] if i < len(names) else "argument" if i == 0 else f"argument_{i + 1}"


def _unquoted(argument: str) -> str:
    quoted = _QUOTED.fullmatch(argument)
    if not quoted:
        return argument
    inside = quoted[1] if quoted[1] is not None else quoted[2]
    return re.sub(r'\\(["\'\\])', r"\1", inside)


def _closing(text: str, at: int) -> int:
    """Where the bracket closes that opened before `at`; -1 where it does not. Brackets in quotes do not count."""
    depth = 1
    for place, sign in _signs(text, at):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return place
    return -1


def _arguments(inner: str) -> Iterator[str]:
    first = depth = 0
    for place, sign in _signs(inner, 0):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            yield inner[first:place].strip()
            first = place + 1
    yield inner[first:].strip()


def _signs(text: str, at: int) -> Iterator[tuple[int, str]]:
    """Brackets and commas outside of quotes, with their places. A quote that never closes is a sign like any other."""
    while at < len(text):
        if text[at] in "\"'" and (quoted := _QUOTED.match(text, at)):
            at = quoted.end()
            continue
        if text[at] in "()[]{},":
            yield at, text[at]
        at += 1

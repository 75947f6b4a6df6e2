r"""What is known of a paper while its LaTeX is rendered, and the conditions of TeX.

Not here: commands (latex_render.py), formulas (latex_math.py).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from corpus_platform.clean.latex_macros import Macros, Tokens
    from corpus_platform.clean.latex_source import Verbatim

    Command = Callable[[str, Tokens, "State"], str]
    """A function that reads what follows a command, or the opening of an environment, and returns text."""
    Rule = Callable[[str, Tokens, "State"], str | None]

_Function = TypeVar("_Function", bound="Command")
INDENT = "\x12"
"""A level of an item's indentation, which no collapsing of blanks takes away."""
_IF = re.compile(
    r"\\if(?:x|cat|num|dim|odd|case|defined|csname|mmode|hmode|vmode|inner|true|false|eof|void|hbox|vbox|pdf|xetex|luatex|CLASS\w+|@\w+)?\Z"
)


@dataclass(frozen=True)
class Label:
    """What a label names: `Figure`, `Section`, ... and its number."""

    kind: str
    number: str


@dataclass
class State:
    """A paper while it is rendered."""

    verbatim: Verbatim
    macros: Macros
    citations: dict[str, tuple[str, str]]
    captions: bool = True
    keep_citations: str = "text"
    labels: dict[str, Label] = field(default_factory=dict)
    theorems: dict[str, str] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    booleans: dict[str, bool] = field(default_factory=dict)
    front: dict[str, list[str]] = field(default_factory=dict)
    """Title, authors, abstract, keywords, as they are met."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Commands that nothing is known of, with how often they came."""
    current: Label = field(default_factory=lambda: Label("Section", ""))
    lists: list[tuple[str, int]] = field(default_factory=list)
    in_table: bool = False
    in_figure: bool = False
    level: int = 0
    appendix_at: bool = False

    def number_heading(self, depth: int) -> None:
        """Counts a heading; its number is that of the headings above it too: `2.1`, `A.3` behind the appendix."""
        self.counters[f"heading {depth}"] += 1
        for deeper in range(depth + 1, 7):
            self.counters[f"heading {deeper}"] = 0
        numbers = [self.counters[f"heading {above}"] for above in range(1, depth + 1)]
        while not numbers[0]:
            del numbers[0]
        first = chr(ord("A") + (numbers[0] - 1) % 26) if self.appendix_at else str(numbers[0])
        self.current = Label("Section", ".".join([first, *map(str, numbers[1:])]))

    def numbered(self, kind: str) -> Label:
        """The next of a kind."""
        self.counters[kind] += 1
        self.current = Label(kind, str(self.counters[kind]))
        return self.current


def skip_arguments(signature: str, stream: Tokens) -> None:
    """Passes the arguments of a signature, after a star."""
    stream.star()
    for kind in signature:
        if kind == "o":
            stream.optional()
        else:
            stream.argument()


def conditional(name: str, stream: Tokens, state: State, *, math: bool) -> bool:
    r"""Follows a condition: the paper's own booleans and `\ifmmode` by their value, others as false. False where `name` is no part of one."""
    if name == r"\else":
        _pass_branch(stream, state, to_else=False)
    elif name == r"\newif":
        stream.skip_space()
        state.booleans[(stream.pop() or "")[3:]] = False
    elif _is_condition(name, state):
        for _ in range(_OPERANDS.get(name, 0)):
            stream.argument()
        holds = math if name == r"\ifmmode" else state.booleans.get(name[3:], name == r"\iftrue")
        if not holds:
            _pass_branch(stream, state, to_else=True)
            stream.skip_blanks()
    elif name.endswith("true") and name[1:-4] in state.booleans:
        state.booleans[name[1:-4]] = True
    elif name.endswith("false") and name[1:-5] in state.booleans:
        state.booleans[name[1:-5]] = False
    else:
        return name == r"\fi"
    return True


_OPERANDS = {r"\ifx": 2, r"\ifcat": 2, r"\if": 2, r"\ifdefined": 1}


def _is_condition(name: str, state: State) -> bool:
    return name.startswith(r"\if") and (name[3:] in state.booleans or _IF.match(name) is not None)


def _pass_branch(stream: Tokens, state: State, *, to_else: bool) -> None:
    passed: list[str] = []
    depth = 0
    while (piece := stream.pop()) is not None:
        if piece == r"\fi":
            if not depth:
                return
            depth -= 1
        elif piece == r"\else" and not depth and to_else:
            return
        elif piece[0] == "\\" and _is_condition(piece, state):
            depth += 1
        passed.append(piece)
    stream.give_back(passed)


COMMANDS: dict[str, Command] = {}
"""Commands with a function of their own, which reads what follows and returns text."""
ENVIRONMENTS: dict[str, Command] = {}
"""Environments with a function of their own, by name without a star."""


def command(*names: str) -> Callable[[_Function], _Function]:
    """Makes a function known for commands."""

    def register(function: _Function) -> _Function:
        COMMANDS.update(dict.fromkeys(names, function))
        return function

    return register


def environment(*names: str) -> Callable[[_Function], _Function]:
    """Makes a function known for what begins an environment."""

    def register(function: _Function) -> _Function:
        ENVIRONMENTS.update(dict.fromkeys(names, function))
        return function

    return register

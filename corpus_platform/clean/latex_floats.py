r"""Figures and tables of LaTeX: captions as text, tables and algorithms as LaTeX in blocks.

Not here: formulas (latex_math.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from corpus_platform.clean import latex_commands as commands
from corpus_platform.clean.latex_macros import Tokens
from corpus_platform.clean.latex_math import raw
from corpus_platform.clean.latex_render import plain_of, text_of
from corpus_platform.clean.latex_state import command

if TYPE_CHECKING:
    from corpus_platform.clean.latex_state import State

_AASTEX = ("deluxetable", "longrotate")
_NOTE = "\x0e"
"""Before a note of a table, which goes below it."""
_KINDS = {"Figure": "Figure", "Table": "Table", "Section": "Section", "Equation": "Eq.", "Algorithm": "Algorithm"}


def figure(environment: str, stream: Tokens, state: State) -> str:
    """The captions of a figure, and what is in it besides pictures: tables, programs, algorithms."""
    inner = stream.environment(environment)
    if environment not in ("subfigure", "subtable"):
        state.numbered("Figure")
    nested, state.in_figure = state.in_figure, True
    text = text_of(inner, state)
    state.in_figure = nested
    kept = [part for part in re.split(r"\n\s*\n", text) if re.match(r"\s*(?:Figure \d|\x01)", part)]
    return "\n\n" + "\n\n".join(kept) + "\n\n"


def table(environment: str, stream: Tokens, state: State) -> str:
    """A table as LaTeX: its rows with the text of their cells; or an algorithm, whose commands are its structure."""
    inner = Tokens(stream.environment(environment), state.macros)
    if environment in commands.RAW:
        inner.optional()
        rows = raw(inner.rest(), state, in_text=True).strip("\n")
        block = f"\\begin{{{environment}}}\n{rows}\n\\end{{{environment}}}"
        return "\n" + state.verbatim.put(block, block=True) + "\n"
    given = []
    for kind in commands.TABLES[environment]:
        argument = inner.optional() if kind == "o" else inner.argument()
        if argument is not None:
            given.append(("[{}]" if kind == "o" else "{{{}}}").format("".join(argument).strip()))
    if environment.startswith(_AASTEX):
        state.numbered("Table")
    nested, state.in_table = state.in_table, True
    text = text_of(inner.rest(), state)
    state.in_table = nested
    before, after, rows = [], [], []
    for line in re.split(r"\x0b|\n[ \t]*\n", text):
        row = re.sub(r"\s+", " ", line).strip()
        (before if row.startswith("Table ") and not any(rows) else after if row.startswith(_NOTE) else rows).append(row)
    printed = "tabular" if environment.startswith(("deluxetable", "longrotate", "tabu")) else environment
    body = "\n".join(row for row in rows if row)
    block = f"\\begin{{{printed}}}{''.join(given)}\n{body}\n\\end{{{printed}}}"
    if nested:
        return block
    return "\n\n".join(["", *before, state.verbatim.put(block, block=True) if body else "", *after, ""])


@command(r"\caption", r"\captionof", r"\subcaption", r"\tablecaption", r"\figcaption")
def _caption(name: str, stream: Tokens, state: State) -> str:
    if name == r"\captionof":
        state.numbered("".join(stream.argument()).strip().capitalize() or "Figure")
    stream.star()
    stream.optional()
    text = plain_of(stream.argument(), state)
    if not state.captions or not text:
        return ""
    head = (
        f"{_KINDS[state.current.kind]} {state.current.number}: "
        if state.current.kind in _KINDS and state.current.number
        else ""
    )
    return f"\n\n{head}{text}\n\n"


@command(r"\tablenotetext", r"\tablecomments", r"\tablerefs")
def _note(name: str, stream: Tokens, state: State) -> str:
    if name == r"\tablenotetext":
        stream.argument()
    text = plain_of(stream.argument(), state)
    return f"\x0b{_NOTE}{text}\x0b" if text else ""


@command(r"\tablehead")
def _head(name: str, stream: Tokens, state: State) -> str:
    r"""`\tablehead{...}` of AASTeX: the first row, with a line under it."""
    del name
    return text_of(stream.argument(), state).rstrip() + " \\\\\x0b\\hline\x0b"

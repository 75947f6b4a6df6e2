r"""Formulas as LaTeX: macros expanded, labels as numbers, nothing else changed.

    inline   `$...$`
    display  `$$...$$`, or the environment that it was in, as a block on lines of its own

Not here: text (latex_render.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from corpus_platform.clean import latex_commands as commands
from corpus_platform.clean.latex_citations import CITATION
from corpus_platform.clean.latex_definitions import choose, define
from corpus_platform.clean.latex_macros import PRIMITIVE, Tokens
from corpus_platform.clean.latex_state import Label, conditional, skip_arguments

if TYPE_CHECKING:
    from corpus_platform.clean.latex_state import State

_DROPPED = frozenset(
    {
        r"\nonumber",
        r"\notag",
        r"\xspace",
        r"\protect",
        r"\displaybreak",
        r"\allowbreak",
        r"\nobreak",
        r"\noindent",
        r"\par",
        r"\qedhere",
    }
)
_DROPPED_ARGUMENTS = {
    r"\index": "m",
    r"\vspace": "m",
    r"\hspace": "m",
    r"\Hy@raisedlink": "m",
    r"\color": "om",
    r"\textcolor": "om",
    r"\hypertarget": "m",
    r"\hyperlink": "m",
    r"\linkdest": "m",
    r"\footnotemark": "o",
    r"\footnote": "om",
}
_ROW_ENDS = frozenset({r"\\", r"\cr", r"\tabularnewline"})


def inline_formula(stream: Tokens, state: State, close: str = "$") -> str:
    r"""A formula in a line, from behind its opening mark to `close`; `$$...$$` as a block."""
    if close == "$" and stream.peek() == "$":
        stream.pop()
        inner = _up_to("$", stream)
        if stream.peek() == "$":
            stream.pop()
        return _block("$$", inner, "$$", state)
    text = re.sub(r"\s+", " ", raw(_up_to(close, stream), state)).strip()
    return f"${text}$" if text else ""


def formula(environment: str, stream: Tokens, state: State) -> str:
    r"""A displayed formula: an environment, or `\[`."""
    if environment == r"\[":
        return _block("$$", _up_to(r"\]", stream), "$$", state)
    inner = stream.environment(environment)
    base = environment.rstrip("*")
    if base in ("math", "displaymath"):
        return _block("$$", inner, "$$", state)
    return _block(
        f"\\begin{{{environment}}}", inner, f"\\end{{{environment}}}", state, "" if environment != base else base
    )


def _up_to(close: str, stream: Tokens) -> list[str]:
    """Tokens up to the mark outside of groups, or up to a blank line where it is missing."""
    found: list[str] = []
    depth = 0
    while (piece := stream.pop()) is not None:
        if piece == close and depth <= 0:
            return found
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
        elif piece[0] == "\n" and len(piece) > 1 and close == "$":
            stream.push(piece)
            return found
        found.append(piece)
    return stream.give_back(found)


def _block(begin: str, inner: list[str], end: str, state: State, numbered: str = "") -> str:
    first = state.counters["Equation"] + 1
    text = raw(inner, state, first if numbered else 0, rows=numbered in commands.NUMBERED_ROWS)
    if numbered:
        rows = sum(piece in _ROW_ENDS for piece in inner) if numbered in commands.NUMBERED_ROWS else 0
        silent = sum(piece in (r"\nonumber", r"\notag") for piece in inner)
        state.counters["Equation"] += max(rows + 1 - silent, 0)
    text = re.sub(r"[ \t]*\n\s*", "\n", text).strip()
    if not text:
        return ""
    between = "" if begin == "$$" else "\n"
    return "\x0b" + state.verbatim.put(f"{begin}{between}{text}{between}{end}", block=True) + "\x0b"


def raw(tokens: list[str], state: State, number: int = 0, *, rows: bool = False, in_text: bool = False) -> str:
    r"""The tokens as LaTeX, macros expanded. Labels become `\tag{n}` from `number` on, where it is not 0. `in_text`: formulas have marks of their own."""
    stream = Tokens(tokens, state.macros)
    out: list[str] = []
    name_before = False
    while (piece := stream.pop()) is not None:
        if piece[0] == PRIMITIVE:
            piece = piece[1:]
        elif piece[0] == "\\" and stream.expand(piece):
            continue
        if rows and piece in _ROW_ENDS:
            number += 1
        elif rows and piece in (r"\nonumber", r"\notag"):
            number -= 1
        written = piece if in_text and piece == "$" else _written(piece, stream, state, number)
        if written:
            if name_before and written[0].isalpha():
                out.append(" ")
            name_before = written[0] == "\\" and written[1:].isalpha() and written[1:].isascii()
            out.append(written)
    return "".join(out)


def _written(piece: str, stream: Tokens, state: State, number: int) -> str:
    """A piece of a formula as it is written; empty where it has no place there."""
    if piece[0] != "\\":
        return "" if piece == "$" else "\n" if piece[0] == "\n" else piece
    if piece == r"\label":
        key = "".join(stream.argument()).strip()
        state.labels.setdefault(key, Label("Equation", str(number)) if number else state.current)
        return f"\\tag{{{number}}}" if number else ""
    if piece in (r"\ref", r"\eqref", r"\cref"):
        style = "e" if piece == r"\eqref" else "n"
        return f"\x05{style}{''.join(stream.argument()).strip()}\x06"
    return "" if _is_passed(piece, stream, state) else piece


def _is_passed(piece: str, stream: Tokens, state: State) -> bool:
    """Whether a command has no place in a formula; it is passed with its arguments."""
    if piece in _DROPPED_ARGUMENTS:
        skip_arguments(_DROPPED_ARGUMENTS[piece], stream)
        return True
    if piece in _DROPPED or ("@" in piece and piece != r"\@"):
        choose(piece, stream)
        return True
    if piece == r"\ensuremath":
        stream.push(*stream.argument())
        return True
    if CITATION.match(piece):
        stream.star()
        while stream.optional() is not None:
            pass
        stream.argument()
        return True
    return conditional(piece, stream, state, math=True) or choose(piece, stream) or define(piece, stream, state.macros)

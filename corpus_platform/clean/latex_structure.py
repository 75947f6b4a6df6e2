r"""Commands of LaTeX that order a text: environments, lists, theorems, labels, references, notes, the front of a paper.

Not here: figures and tables (latex_floats.py), headings and citations (latex_render.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.clean import latex_commands as commands
from corpus_platform.clean.latex_floats import figure, table
from corpus_platform.clean.latex_math import formula, inline_formula
from corpus_platform.clean.latex_render import plain_of, text_of
from corpus_platform.clean.latex_state import (
    COMMANDS,
    ENVIRONMENTS,
    INDENT,
    Label,
    command,
    conditional,
    environment,
    skip_arguments,
)

if TYPE_CHECKING:
    from corpus_platform.clean.latex_macros import Tokens
    from corpus_platform.clean.latex_state import Command, State

_REFERENCES = commands.words_in(
    r"\ref \eqref \cref \Cref \autoref \nameref \vref \Vref \subref \labelcref \fullref \Autoref \crefrange \Crefrange"
)
_LISTS = {
    **dict.fromkeys(commands.BULLETS, "bullets"),
    **dict.fromkeys(commands.NUMBERS, "numbers"),
    **dict.fromkeys(commands.DESCRIPTIONS, "descriptions"),
}
"""Environments of lists with their kind."""
_FRONT = (
    r"\title",
    r"\Title",
    r"\author",
    r"\Author",
    r"\abstract",
    r"\keywords",
    r"\Keywords",
    r"\newtheorem",
    r"\spnewtheorem",
)


def front_matter(name: str, stream: Tokens, state: State) -> None:
    """A command of a preamble: title, authors, theorems and the paper's booleans are taken, arguments of others are passed."""
    if name in _FRONT:
        COMMANDS[name](name, stream, state)
    elif name[1:] in commands.DROPPED_ARGUMENTS:
        skip_arguments(commands.DROPPED_ARGUMENTS[name[1:]], stream)
    elif name == r"\newif" or name.endswith(("true", "false")):
        conditional(name, stream, state, math=False)


@command(r"\begin")
def _begin(name: str, stream: Tokens, state: State) -> str:
    del name
    opened = "".join(stream.argument()).strip()
    base = opened.rstrip("*")
    if f"begin {opened}" in state.macros.known:
        stream.expand(f"begin {opened}")
        return ""
    if base in commands.DROPPED:
        stream.environment(opened)
        return "\n\n" if base in ("thebibliography", "references", "REFERENCES") else " "
    for names, opener in (
        (commands.MATH, formula),
        (commands.TABLES, table),
        (commands.RAW, table),
        (commands.FIGURES, figure),
    ):
        if opened in names or (base in names and opener is formula):
            return opener(opened, stream, state)
    skip_arguments(commands.ENVIRONMENT_ARGUMENTS.get(opened, ""), stream)
    handler = ENVIRONMENTS.get(base)
    if handler is not None:
        return handler(opened, stream, state)
    printed = state.theorems.get(opened) or state.theorems.get(base)
    return _statement(printed, stream, state) if printed else _list(base, state)


@command(r"\end")
def _end(name: str, stream: Tokens, state: State) -> str:
    del name
    environment = "".join(stream.argument()).strip()
    if f"end {environment}" in state.macros.known:
        stream.expand(f"end {environment}")
        return ""
    if environment.rstrip("*") in _LISTS and state.lists:
        state.lists.pop()
        return "\x0b" if state.lists else "\n\n"
    return "\n\n"


def _list(base: str, state: State) -> str:
    if base in _LISTS:
        state.lists.append((_LISTS[base], 0))
        return "" if len(state.lists) > 1 else "\n\n"
    return "\n\n"


@environment("table", "floattable", "sidewaystable", "wraptable", "algorithm")
def _float(name: str, stream: Tokens, state: State) -> str:
    del stream
    state.numbered("Algorithm" if name.startswith("algorithm") else "Table")
    return "\n\n"


@environment("abstract", "keywords", "keyword")
def _front_environment(name: str, stream: Tokens, state: State) -> str:
    text = text_of(stream.environment(name), state)
    state.front.setdefault("abstract" if name.startswith("abstract") else "keywords", []).append(text)
    return "\n\n"


@environment("acknowledgements", "acknowledgments", "acknowledgement", "acknowledgment", "ack")
def _thanks(name: str, stream: Tokens, state: State) -> str:
    del name, stream, state
    return "\n\n\x072Acknowledgements\n\n"


@environment("proof")
def _proof(name: str, stream: Tokens, state: State) -> str:
    del name
    note = stream.optional()
    return f"\n\n{plain_of(note, state) if note else 'Proof'}. "


@environment("appendix", "appendices")
@command(r"\appendix")
def _appendix(name: str, stream: Tokens, state: State) -> str:
    del name, stream
    state.appendix_at = True
    for depth in range(1, 7):
        state.counters[f"heading {depth}"] = 0
    return "\n\n\x08\n\n"


def _statement(printed: str, stream: Tokens, state: State) -> str:
    note = stream.optional()
    label = state.numbered(printed)
    return f"\n\n{printed} {label.number}" + (f" ({plain_of(note, state)})" if note else "") + ". "


@command(r"\item")
def _item(name: str, stream: Tokens, state: State) -> str:
    del name
    label = stream.optional()
    kind, number = state.lists[-1] if state.lists else ("bullets", 0)
    indent = INDENT * min(max(len(state.lists) - 1, 0), 5)
    if state.lists:
        state.lists[-1] = (kind, number + 1)
        state.current = Label("Item", str(number + 1)) if kind == "numbers" else state.current
    shown = plain_of(label, state) if label else ""
    if kind == "numbers" and not shown:
        return f"\x0b{indent}{number + 1}. "
    return f"\x0b{indent}- " + (
        f"{shown.rstrip(':')}: " if shown and kind == "descriptions" else f"{shown} " if len(shown) > 1 else ""
    )


@command("\\\\")
def _line_break(name: str, stream: Tokens, state: State) -> str:
    del name
    stream.star()
    if stream.peek() == "[":
        stream.optional()
    return " \\\\\x0b" if state.in_table else "\x0b"


@command(*_REFERENCES)
def _reference(name: str, stream: Tokens, state: State) -> str:
    del state
    stream.star()
    keys = [key.strip() for key in "".join(stream.argument()).split(",") if key.strip()]
    if name in (r"\crefrange", r"\Crefrange"):
        keys += ["".join(stream.argument()).strip()]
    style = (
        {r"\eqref": "e"}.get(name, "n") if name in (r"\ref", r"\eqref", r"\subref", r"\vref", r"\labelcref") else "k"
    )
    return ", ".join(f"\x05{style}{key}\x06" for key in keys)


@command(r"\label")
def _label(name: str, stream: Tokens, state: State) -> str:
    del name
    key = "".join(stream.argument()).strip()
    state.labels.setdefault(key, state.current)
    return ""


@command(r"\footnote", r"\footnotetext", r"\endnote", r"\note", r"\sidenote", r"\thanksnote")
def _footnote(name: str, stream: Tokens, state: State) -> str:
    del name
    stream.optional()
    text = plain_of(stream.argument(), state)
    return f" ({text})" if text else ""


@command(r"\newtheorem", r"\spnewtheorem")
def _theorem(name: str, stream: Tokens, state: State) -> str:
    r"""`\newtheorem{thm}[counter]{Theorem}[section]`, and `\spnewtheorem`."""
    del name
    stream.star()
    environment = "".join(stream.argument()).strip()
    stream.optional()
    state.theorems[environment] = plain_of(stream.argument(), state)
    stream.optional()
    return ""


@command(r"\ensuremath")
def _ensured(name: str, stream: Tokens, state: State) -> str:
    del name, state
    stream.push("$", *stream.argument(), "$")
    return ""


@command(r"\[")
def _display(name: str, stream: Tokens, state: State) -> str:
    return formula(name, stream, state)


@command(r"\(")
def _inline(name: str, stream: Tokens, state: State) -> str:
    del name
    return inline_formula(stream, state, r"\)")


@command(r"\SI", r"\si", r"\num", r"\qty", r"\unit", r"\ang")
def _quantity(name: str, stream: Tokens, state: State) -> str:
    r"""siunitx: `\SI{3}{\kilo\metre}`, `\num{3e4}`, `\si{...}`."""
    stream.optional()
    number = "" if name in (r"\si", r"\unit") else plain_of(stream.argument(), state)
    if name in (r"\num", r"\ang"):
        return number + ("°" if name == r"\ang" else "")
    unit = "".join(commands.UNITS.get(piece, piece) for piece in stream.argument() if piece not in "{}~")
    return f"{number} {unit}".strip()


@command(r"\texorpdfstring", r"\replaced")
def _second(name: str, stream: Tokens, state: State) -> str:
    r"""`\texorpdfstring{tex}{plain}`, `\replaced{new}{old}`: the first of two."""
    del name, state
    stream.optional()
    first = stream.argument()
    stream.argument()
    stream.push(*first)
    return ""


def _front(kind: str) -> Command:
    def take(name: str, stream: Tokens, state: State) -> str:
        del name
        stream.skip_blanks()
        stream.star()
        stream.optional()
        text = text_of(stream.argument(), state)
        if text.strip():
            state.front.setdefault(kind, []).append(text)
        return ""

    return take


for _kind in ("title", "author", "abstract", "keywords"):
    command(f"\\{_kind}", f"\\{_kind.capitalize()}")(_front(_kind))

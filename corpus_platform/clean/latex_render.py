r"""The text of LaTeX pieces: what a command becomes is asked of one rule after the other.

Marks in what `text_of` gives: \x01N\x02 a kept piece, \x05KEY\x06 a reference, \x07L a heading of depth L on a line of its own, \x0b a line break
that stays. latex.py turns them into the text.

Not here: commands with a function of their own (latex_structure.py, latex_floats.py), formulas (latex_math.py).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from corpus_platform.clean import latex_commands as commands
from corpus_platform.clean.latex_citations import CITATION, cited
from corpus_platform.clean.latex_definitions import choose, define
from corpus_platform.clean.latex_macros import PRIMITIVE, Tokens
from corpus_platform.clean.latex_math import inline_formula
from corpus_platform.clean.latex_state import COMMANDS, conditional, skip_arguments

if TYPE_CHECKING:
    from corpus_platform.clean.latex_state import Rule, State

_MAX_LEVEL = 60
_DIMENSION = re.compile(
    r"\s*=?\s*[-+]?(?:\d*[.,]?\d+|\.\d+)?\s*(?:true)?(?:pt|pc|cm|mm|in|em|ex|sp|bp|dd|mu|fil+)?(?![A-Za-z])(?:\s*(?:plus|minus)\s*[-\d.]+\s*(?:pt|cm|mm|in|em|ex|fil+))*"
)
_GIVES_WAY = commands.words_in(
    r"\figcaption \endnote \note \sidenote \code \pkg \ack \object \string \added \eqref \cref \Cref \autoref \nameref \vref \Vref \subref "
    r"\labelcref \fullref \Autoref \figref \tabref \secref"
)
"""Commands that a paper's own macro of the name replaces, though something is known of them."""


def text_of(tokens: list[str], state: State) -> str:
    """The tokens as text with marks. Groups within groups within groups beyond a bound come out as their letters."""
    if state.level >= _MAX_LEVEL:
        return "".join(piece for piece in tokens if piece[0] not in "\\{}")
    state.level += 1
    stream = Tokens(tokens, state.macros)
    out: list[str] = []
    while (piece := stream.pop()) is not None:
        out.append(_written(piece, stream, state))
    state.level -= 1
    return "".join(out)


def plain_of(tokens: list[str], state: State) -> str:
    """The tokens as text of one line."""
    return re.sub(r"\s+", " ", text_of(tokens, state).replace("\x0b", " ").replace("\x07", "")).strip()


def _written(piece: str, stream: Tokens, state: State) -> str:
    first = piece[0]
    if first == "\\" and len(piece) > 1:
        return _command(piece, stream, state)
    if first == PRIMITIVE and len(piece) > 2:
        return _known(piece[1:], stream, state)
    if piece == "$":
        return inline_formula(stream, state)
    if piece in "{}":
        return ""
    if piece in "~&":
        return " & " if state.in_table and piece == "&" else " "
    return _typographic(piece) if first not in "\x01\\" else "" if piece == "\\" else piece


def _typographic(text: str) -> str:
    """Dashes and quotes of TeX as characters."""
    if "-" in text:
        text = text.replace("---", "—").replace("--", "–")
    if "`" in text:
        text = text.replace("``", "“").replace("`", "‘")
    return text.replace("''", "”") if "''" in text else text


def _command(name: str, stream: Tokens, state: State) -> str:
    if not _is_protected(name) and stream.expand(name):
        return ""
    return _known(name, stream, state)


def _is_protected(name: str) -> bool:
    """Whether a paper's own macros do not replace the command: what it is in the text is said here."""
    known = name in COMMANDS or name in commands.SECTIONS or name[1:] in commands.FORMATTING or name == r"\maketitle"
    return (known and name not in _GIVES_WAY) or CITATION.match(name) is not None


def _known(name: str, stream: Tokens, state: State) -> str:
    """A command that LaTeX or a class knows, or nobody."""
    for rule in _AT_ONCE:
        text = rule(name, stream, state)
        if text is not None:
            return text
    if name[1:].isalpha():
        stream.skip_blanks()
    for rule in _AFTER_BLANKS:
        text = rule(name, stream, state)
        if text is not None:
            return text
    state.unknown[name] += 1
    if stream.peek() == "[" and name[1:].isalpha() and len(name) > 3:
        stream.optional()
    return ""


def _of_accent(name: str, stream: Tokens, state: State) -> str | None:
    if name not in commands.ACCENTS:
        return None
    if name in ("\\=", "\\'", "\\`") and stream.peek() in (None, " "):
        return ""
    base = plain_of(stream.argument() if name[1:].isalpha() else _accented(stream), state)
    if not base:
        return ""
    letter = {"ı": "i", "ȷ": "j"}.get(base[0], base[0])
    return unicodedata.normalize("NFC", letter + commands.ACCENTS[name]) + base[1:]


def _accented(stream: Tokens) -> list[str]:
    """What an accent stands on; nothing where a blank follows."""
    piece = stream.peek()
    return [] if piece is None or piece[0] in " \n\t&$" else stream.argument()


def _of_letter(name: str, stream: Tokens, state: State) -> str | None:
    """A blank, or a letter that means something to TeX; in a table it stays escaped."""
    del stream
    if name in commands.ESCAPED:
        return name if state.in_table and name != r"\|" else commands.ESCAPED[name]
    return "" if name == r"\xspace" else commands.SPACES.get(name)


def _of_definition(name: str, stream: Tokens, state: State) -> str | None:
    return "" if choose(name, stream) or define(name, stream, state.macros) else None


def _of_function(name: str, stream: Tokens, state: State) -> str | None:
    found = COMMANDS.get(name)
    return None if found is None else found(name, stream, state)


def _of_citation(name: str, stream: Tokens, state: State) -> str | None:
    if not CITATION.match(name):
        return None
    stream.star()
    notes = [note for _ in range(2) if (note := stream.optional()) is not None]
    raw = "".join(stream.argument())
    if name == r"\citetext":
        return f"({raw})"
    if state.keep_citations == "drop":
        return ""
    shown = [plain_of(note, state) for note in notes]
    before, after = (shown[0], shown[1]) if len(shown) == 2 else ("", shown[0] if shown else "")
    if state.keep_citations == "keep":
        return f"{name}{{{raw}}}"
    return cited(name, before, after, raw, state.citations)


def _of_heading(name: str, stream: Tokens, state: State) -> str | None:
    if name not in commands.SECTIONS:
        return None
    starred = stream.star()
    stream.optional()
    title = plain_of(stream.argument(), state)
    depth = commands.SECTIONS[name]
    if not starred and 1 <= depth <= 4:
        state.number_heading(depth)
    return f"\n\n\x07{depth}{title}\n\n" if title else "\n\n"


def _of_condition(name: str, stream: Tokens, state: State) -> str | None:
    return "" if conditional(name, stream, state, math=False) else None


def _of_table(name: str, stream: Tokens, state: State) -> str | None:
    if not state.in_table or name not in commands.TABLE_COMMANDS:
        return None
    if name == r"\cmidrule" and (piece := stream.peek()) and piece.startswith("("):
        stream.push((stream.pop() or "").partition(")")[2] or " ")
    written = name
    for kind in commands.TABLE_COMMANDS[name]:
        given = stream.optional() if kind == "o" else stream.argument()
        if given is not None:
            written += ("[{}]" if kind == "o" else "{{{}}}").format("".join(given))
    if name in (r"\multicolumn", r"\multirow"):
        return f"{written}{{{plain_of(stream.argument(), state)}}}"
    return written + ("\x0b" if name in (r"\hline", r"\toprule", r"\midrule", r"\bottomrule") else " ")


def _of_length(name: str, stream: Tokens, state: State) -> str | None:
    del state
    if name not in commands.DIMENSIONS:
        return None
    piece = stream.pop()
    if piece is not None and piece[0] not in "\\{}\x01\n":
        match = _DIMENSION.match(piece)
        rest = piece[match.end() :] if match else piece
        if rest:
            stream.push(rest)
    elif piece is not None and piece not in commands.DIMENSIONS:
        stream.push(piece)
    return ""


def _of_tables(name: str, stream: Tokens, state: State) -> str | None:
    """What the tables of commands say."""
    del state
    bare = name[1:]
    if name in commands.INSIDE_MATH:
        return f"${name}$"
    if bare in commands.REPLACED:
        return commands.REPLACED[bare]
    if bare in commands.DROPPED_ARGUMENTS:
        skip_arguments(commands.DROPPED_ARGUMENTS[bare], stream)
        return ""
    return "" if bare in commands.FORMATTING else None


_AT_ONCE: tuple[Rule, ...] = (_of_accent, _of_letter, _of_definition, _of_function, _of_citation)
_AFTER_BLANKS: tuple[Rule, ...] = (_of_heading, _of_condition, _of_table, _of_length, _of_tables)
"""Rules in the order in which they are asked: before and after the blanks behind the name are passed."""

r"""Definitions of macros, and choices by what comes next: `\newcommand`, `\def`, `\let`, operators, environments; `\@ifnextchar`, `\ifthenelse`.

Not here: the stream of tokens and how macros are expanded (latex_macros.py), TeX's conditions (latex_state.py).
"""

from __future__ import annotations

from corpus_platform.clean.latex_macros import PRIMITIVE, Macro, Macros, Tokens

_TESTS = {
    r"\ifthenelse": 3, r"\ifdef": 3, r"\ifundef": 3, r"\ifcsdef": 3, r"\ifcsundef": 3, r"\ifbool": 3, r"\iftoggle": 3, r"\ifstrequal": 4,
    r"\ifstrempty": 3, r"\ifblank": 3, r"\ifdefempty": 3, r"\ifnumequal": 4, r"\@ifundefined": 3, r"\@ifpackageloaded": 3, r"\IfValueTF": 3,
    r"\IfNoValueTF": 3, r"\IfBooleanTF": 3, r"\ifnumcomp": 5, r"\IfFileExists": 3,
}  # fmt: skip
"""Tests with both branches in braces, and how many arguments they have. They are taken to fail."""
_SKIPPED = frozenset({r"\makeatletter", r"\makeatother", r"\relax", r"\long", r"\global", r"\protected", r"\outer"})


def define(command: str, stream: Tokens, macros: Macros) -> bool:
    """Reads a definition that `command` begins; False where it begins none."""
    reader = _DEFINITIONS.get(command)
    if reader is None:
        return False
    reader(command, stream, macros)
    return True


def choose(command: str, stream: Tokens) -> bool:
    r"""Follows LaTeX's own choices by what comes next, such as `\@ifnextchar`; False where `command` is none."""
    if command in (r"\@ifnextchar", r"\kernel@ifnextchar", r"\ifnextchar"):
        stream.skip_space()
        wanted = stream.pop()
        yes, no = stream.argument(), stream.argument()
        stream.skip_blanks()
        found = stream.peek()
        stream.push(*(yes if found is not None and found in (wanted, {r"\bgroup": "{"}.get(wanted or "")) else no))
    elif command == r"\@ifstar":
        yes, no = stream.argument(), stream.argument()
        stream.push(*(yes if stream.star() else no))
    elif command == r"\mathchoice":
        _, chosen, _, _ = (stream.argument() for _ in range(4))
        stream.push(*chosen)
    elif command in (r"\@firstoftwo", r"\@secondoftwo"):
        first, second = stream.argument(), stream.argument()
        stream.push(*(first if command == r"\@firstoftwo" else second))
    elif command in _TESTS:
        given = [stream.argument() for _ in range(_TESTS[command])]
        stream.push(*given[-2 if "undef" in command else -1])
    elif command == r"\csname":
        named: list[str] = []
        while (piece := stream.pop()) not in (None, r"\endcsname"):
            named.append(str(piece))
        stream.push("\\" + "".join(named))
    else:
        return False
    return True


def _new_command(command: str, stream: Tokens, macros: Macros) -> None:
    stream.star()
    name = _name(stream)
    count = stream.optional()
    default = stream.optional() if count is not None else None
    body = stream.argument()
    if name and not (command == r"\providecommand" and name in macros.known):
        number = "".join(count or []).strip()
        arguments = int(number) if number.isdecimal() and len(number) == 1 else 0
        macros.define(name, Macro(arguments, None if default is None else tuple(default), tuple(body)))


def _document_command(command: str, stream: Tokens, macros: Macros) -> None:
    r"""`\NewDocumentCommand\name{O{x} m m}{body}`: only a first optional and mandatory arguments are understood."""
    del command
    name = _name(stream)
    signature = "".join(stream.argument())
    body = stream.argument()
    kinds = [letter for letter in signature if letter in "mOos"]
    optional = bool(kinds) and kinds[0] in "Oo"
    macros.define(name, Macro(len(kinds), () if optional else None, tuple(body)))


def _def(command: str, stream: Tokens, macros: Macros) -> None:
    del command
    stream.skip_space()
    name = stream.pop()
    parameters: list[str] = []
    while (piece := stream.pop()) is not None and piece != "{":
        parameters.append(piece)
    body = stream.group()
    if name is None or name[0] != "\\":
        return
    parameters = [piece for piece in parameters if piece.strip()]
    if all(piece[0] == "#" for piece in parameters):
        macros.define(name, Macro(len(parameters), None, tuple(body)))
    elif not any(piece[0] == "#" for piece in parameters):
        macros.define(name, Macro(0, None, tuple(body), tuple(parameters)))


def _let(command: str, stream: Tokens, macros: Macros) -> None:
    del command
    stream.skip_space()
    name = stream.pop()
    stream.skip_space()
    value = stream.pop()
    if value == "=":
        stream.skip_space()
        value = stream.pop()
    elif value is not None and value.startswith("=") and len(value) > 1:
        stream.push(value[1:].lstrip() or " ")
        value = stream.pop()
    if name is None or value is None or name[0] != "\\" or name == value:
        return
    macros.define(name, macros.known.get(value) or Macro(0, None, (PRIMITIVE + value if value[0] == "\\" else value,)))


def _operator(command: str, stream: Tokens, macros: Macros) -> None:
    del command
    star = "*" if stream.star() else ""
    name = _name(stream)
    body = stream.argument()
    macros.define(name, Macro(0, None, (r"\operatorname" + star, "{", *body, "}")))


def _name(stream: Tokens) -> str:
    """The name that is defined, in braces or not."""
    return next((piece for piece in stream.argument() if piece[0] == "\\" and len(piece) > 1), "")


def _environment(command: str, stream: Tokens, macros: Macros) -> None:
    """An environment of the paper's own. Where it is one of LaTeX's in disguise, its ends are macros `begin NAME` and `end NAME`."""
    del command
    stream.star()
    name = "".join(stream.argument()).strip()
    count = "".join(stream.optional() or []).strip()
    default = stream.optional()
    begin, end = stream.argument(), stream.argument()
    if r"\begin" in begin and r"\end" in end:
        arguments = int(count) if count.isdecimal() and len(count) == 1 else 0
        macros.define(f"begin {name}", Macro(arguments, None if default is None else tuple(default), tuple(begin)))
        macros.define(f"end {name}", Macro(0, None, tuple(end)))


def _skip(command: str, stream: Tokens, macros: Macros) -> None:
    del command, stream, macros


_DEFINITIONS = {
    r"\newcommand": _new_command,
    r"\renewcommand": _new_command,
    r"\providecommand": _new_command,
    r"\DeclareRobustCommand": _new_command,
    r"\newcommandx": _new_command,
    r"\NewDocumentCommand": _document_command,
    r"\RenewDocumentCommand": _document_command,
    r"\DeclareDocumentCommand": _document_command,
    r"\ProvideDocumentCommand": _document_command,
    r"\def": _def,
    r"\gdef": _def,
    r"\edef": _def,
    r"\xdef": _def,
    r"\let": _let,
    r"\DeclareMathOperator": _operator,
    r"\newenvironment": _environment,
    r"\renewenvironment": _environment,
    **dict.fromkeys(_SKIPPED, _skip),
}

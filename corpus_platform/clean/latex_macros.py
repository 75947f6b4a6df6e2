r"""Macros of a paper and a stream of tokens that expands them: `\newcommand`, `\def`, `\let`, operators, with arguments and defaults.

Promise: expansion ends: its depth and the number of tokens that it makes are bounded; a macro beyond the bounds is left out.

Not here: tokens (latex_source.py), commands that LaTeX itself knows (latex.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

MAX_DEPTH = 40
_MAX_UNCLOSED = 20
_MAX_OPTIONAL = 5000
"""Pieces of an argument in brackets; a bracket that is not closed within them is a bracket."""
_END = "\x03"
"""Stands in the stream where an expansion ends."""
PRIMITIVE = "\x04"
"""Before a name: the command that LaTeX knows, not the macro of that name."""
_TESTS = {
    r"\ifthenelse": 3, r"\ifdef": 3, r"\ifundef": 3, r"\ifcsdef": 3, r"\ifcsundef": 3, r"\ifbool": 3, r"\iftoggle": 3, r"\ifstrequal": 4,
    r"\ifstrempty": 3, r"\ifblank": 3, r"\ifdefempty": 3, r"\ifnumequal": 4, r"\@ifundefined": 3, r"\@ifpackageloaded": 3, r"\IfValueTF": 3,
    r"\IfNoValueTF": 3, r"\IfBooleanTF": 3, r"\ifnumcomp": 5, r"\IfFileExists": 3,
}  # fmt: skip
"""Tests with both branches in braces, and how many arguments they have. They are taken to fail."""
_SKIPPED = frozenset({r"\makeatletter", r"\makeatother", r"\relax", r"\long", r"\global", r"\protected", r"\outer"})


@dataclass(frozen=True)
class Macro:
    """How many arguments, the default of the first where it is optional, the body, and what must follow the name and is eaten."""

    arguments: int
    default: tuple[str, ...] | None
    body: tuple[str, ...]
    eaten: tuple[str, ...] = ()


@dataclass
class Macros:
    """The macros known so far, and what is left of the tokens that they may make."""

    known: dict[str, Macro] = field(default_factory=dict)
    budget: int = 1_000_000
    unclosed: int = 0
    """Marks that were looked for to the end in vain."""
    stopped: int = 0
    """Expansions that were left out for the bounds' sake."""

    def define(self, name: str, macro: Macro | None) -> None:
        """Makes a macro known; None forgets it."""
        if macro is None:
            self.known.pop(name, None)
        else:
            self.known[name] = macro

    def forget(self, names: set[str]) -> None:
        """Leaves out the macros and environments of these names, for they are known."""
        self.known = {
            name: macro
            for name, macro in self.known.items()
            if name.removeprefix("begin ").removeprefix("end ") not in names
        }

    def closes(self, name: str) -> bool:
        r"""Whether the macro's body begins or ends an environment, as `\eeq` for `\end{equation}` does."""
        macro = self.known.get(name)
        return macro is not None and any(piece in (r"\end", r"\begin", r"\]", r"\)", "$") for piece in macro.body)


class Tokens:
    """A stream of tokens that expansions are pushed back into."""

    def __init__(self, tokens: list[str] | tuple[str, ...], macros: Macros) -> None:
        self._stack = list(reversed(tokens))
        self._macros = macros
        self._depth = 0

    def pop(self) -> str | None:
        """The next piece; None at the end."""
        while self._stack:
            piece = self._stack.pop()
            if piece is not _END:
                return piece
            self._depth -= 1
        return None

    def push(self, *tokens: str) -> None:
        """Puts tokens back in front."""
        self._stack.extend(reversed(tokens))

    def peek(self) -> str | None:
        """The next piece, which stays."""
        piece = self.pop()
        if piece is not None:
            self._stack.append(piece)
        return piece

    def skip_blanks(self) -> None:
        r"""Passes blanks and a line feed, as TeX does after a name; a blank line stays, and so do blanks behind the macro that the name ends.

        Blanks behind a macro itself stay too, where TeX passes them: `\name text` is meant to have one, and `\xspace` puts it there.
        """
        while self._stack and self._stack[-1] is not _END and (piece := self.pop()) is not None:
            rest = piece.lstrip(" \t")
            if piece == "\n":
                continue
            if rest:
                self.push(piece if piece.startswith("\n") else rest)
                return

    def star(self) -> bool:
        """Whether a `*` comes next; it is passed."""
        piece = self.pop()
        if piece is not None and piece.startswith("*"):
            if piece != "*":
                self.push(piece[1:])
            return True
        if piece is not None:
            self.push(piece)
        return False

    def group(self, close: str = "}") -> list[str]:
        """Tokens up to the closing mark of what has just been opened, without it; none where it is missing."""
        found: list[str] = []
        depth = 0
        while (piece := self.pop()) is not None:
            if piece == close and not depth:
                return found
            if piece == "{":
                depth += 1
            elif piece == "}":
                depth = max(depth - 1, 0)
            found.append(piece)
        return self.give_back(found)

    def give_back(self, found: list[str]) -> list[str]:
        """What was read to the end in search of a mark that never came goes back, a few times: looking again and again takes quadratic time."""
        self._macros.unclosed += 1
        if self._macros.unclosed > _MAX_UNCLOSED:
            return found
        self.push(*found)
        return []

    def argument(self) -> list[str]:
        """A mandatory argument: a group, or one piece; none at the end of a paragraph or a group."""
        self._skip_line()
        piece = self.pop()
        if piece is None or piece == "}" or piece.startswith("\n"):
            if piece:
                self.push(piece)
            return []
        if piece == "{":
            return self.group()
        if len(piece) > 1 and piece[0] not in "\\\x01\x04#\n":
            self.push(piece[1:])
            return [piece[0]]
        return [piece]

    def optional(self) -> list[str] | None:
        """An argument in brackets; None where there is none. One that no bracket closes is none."""
        self.skip_blanks()
        if self.peek() != "[":
            return None
        self.pop()
        found: list[str] = []
        depth = 0
        longest = _MAX_OPTIONAL if self._macros.unclosed <= _MAX_UNCLOSED else _MAX_OPTIONAL // 100
        while (piece := self.pop()) is not None and len(found) < longest:
            if piece == "]" and not depth:
                return found
            if piece == "{":
                depth += 1
            elif piece == "}":
                depth -= 1
                if depth < 0:
                    break
            elif piece[0] == "\n" and len(piece) > 1:
                break
            found.append(piece)
        self._macros.unclosed += 1
        self.push("[", *found, *([piece] if piece is not None else []))
        return None

    def _skip_line(self) -> None:
        """Passes blanks and one line feed, whatever they stand behind."""
        while (piece := self.pop()) is not None:
            rest = piece.lstrip(" \t")
            if piece != "\n" and rest:
                self.push(piece if piece.startswith("\n") else rest)
                return

    def rest(self) -> list[str]:
        """All that is left."""
        found: list[str] = []
        while (piece := self.pop()) is not None:
            found.append(piece)
        return found

    def skip_space(self) -> None:
        """Passes blanks and line feeds of any number."""
        while (piece := self.pop()) is not None:
            rest = piece.lstrip()
            if rest:
                self.push(rest)
                return

    def environment(self, name: str) -> list[str]:
        r"""Tokens up to the `\end` of an environment that has just begun. Macros that end environments are expanded on the way."""
        found: list[str] = []
        depth = 0
        while (piece := self.pop()) is not None:
            if piece in (r"\begin", r"\end"):
                opener = self.pop()
                if opener != "{":
                    found.append(piece)
                    if opener is not None:
                        self.push(opener)
                    continue
                inner = self.group()
                if self.expand(f"{piece[1:]} {''.join(inner).strip()}"):
                    continue
                if "".join(inner).strip() == name:
                    if piece == r"\end" and not depth:
                        return found
                    depth += 1 if piece == r"\begin" else -1
                found += [piece, "{", *inner, "}"]
            elif piece[0] == "\\" and self._macros.closes(piece):
                if not self.expand(piece):
                    found.append(piece)
            else:
                found.append(piece)
        return self.give_back(found)

    def expand(self, name: str) -> bool:
        """Replaces a macro by its body in the stream; False where it is none. Beyond the bounds it is left out."""
        macro = self._macros.known.get(name)
        if macro is None:
            return False
        for piece in macro.eaten:
            if self.peek() == piece:
                self.pop()
        arguments: list[list[str]] = []
        if name[1:].isalpha() and (macro.arguments or macro.default is not None):
            self.skip_blanks()
        for index in range(macro.arguments):
            if index == 0 and macro.default is not None:
                given = self.optional()
                arguments.append(list(macro.default) if given is None else given)
            else:
                arguments.append(self.argument())
        body: list[str] = []
        for piece in macro.body:
            if piece[0] == "#" and len(piece) == 2:
                body += arguments[int(piece[1]) - 1] if int(piece[1]) <= len(arguments) else []
            else:
                body.append(piece)
        self._macros.budget -= len(body) + 1
        if self._depth >= MAX_DEPTH or self._macros.budget < 0:
            self._macros.stopped += 1
            return True
        self._depth += 1
        self._stack.append(_END)
        self.push(*body)
        return True


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

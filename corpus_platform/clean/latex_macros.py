r"""Macros of a paper and a stream of tokens that expands them: `\newcommand`, `\def`, `\let`, operators, with arguments and defaults.

Promise: expansion ends: its depth and the number of tokens that it makes are bounded; a macro beyond the bounds is left out.

Not here: tokens (latex_source.py), how macros are defined (latex_definitions.py), commands that LaTeX itself knows (latex_render.py).
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

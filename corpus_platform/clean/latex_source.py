r"""LaTeX source before it is interpreted: comments, verbatim text, files that are read in, where the body begins, tokens.

    tokens   `\name`, `\` and one other letter, `{ } [ ] $ & ~ ^ _`, `#1`, a blank line, a run of text, or the mark of a verbatim piece
    Verbatim the pieces in which nothing is a command: they are taken out first and marked by their number

Promise: every step takes time linear in the source; files are read from the project only, each at most once per path of inclusion, up to a limit.

Not here: macros (latex_macros.py), what commands mean (latex.py).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SOURCE = 32 << 20
"""Characters of a paper with all files that it reads in; what is beyond is left out."""
_MAX_INPUT_DEPTH = 12

VERBATIM = (
    "verbatim", "Verbatim", "BVerbatim", "LVerbatim", "lstlisting", "minted", "alltt", "spverbatim", "pyglist", "python", "code",
    "CodeInput", "CodeOutput", "Code", "Sinput", "Soutput", "pseudocode",
)  # fmt: skip
HIDDEN = ("comment", "filecontents", "CCSXML")
_SPECIAL = re.compile(
    r"\\begin\s*\{(?P<env>(?:" + "|".join((*VERBATIM, *HIDDEN)) + r")\*?)\}"
    r"|\\verb\*?(?P<mark>[^a-zA-Z\s*])"
    r"|\\lstinline\s*(?:\[[^\]\n]*\])?\s*(?P<mark2>[^a-zA-Z\s\[{])"
    r"|\\(?:url|nolinkurl|path|lstinline)\s*\{(?P<url>[^{}\n]{0,2000})\}"
    r"|(?P<href>\\href\s*\{)(?P<target>[^{}\n]{0,2000})\}"
    r"|\\."
    r"|(?P<comment>%[^\n]*(?:\n[ \t]*)?)",
    re.DOTALL,
)
_OTHER = r"\\.|#[1-9]|[{}$&~^_\[\]#]|\x01\d+\x02|\n[ \t]*\n\s*|[^\\{}$&~^_\[\]#\x01\n]+|\n|[\\\x01]"
_TOKEN, _TOKEN_AT = (re.compile(rf"\\{letter}+|{_OTHER}", re.DOTALL) for letter in ("[A-Za-z]", "[A-Za-z@]"))
_MACRO = re.compile(r"\\[A-Za-z]")
_ESCAPE = re.compile(r"\\([_%#&~{}$])")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INPUT = re.compile(
    r"\\(?:input|include|subfile|subfileinclude|verbatiminput)\s*\{\s*\"?(?P<braced>[^{}\n]{1,300}?)\"?\s*\}"
    r"|\\input\s+(?P<bare>[^\s{}\\%]{1,300})"
    r"|\\(?:sub)?(?:import|inputfrom|includefrom)\*?\s*\{(?P<folder>[^{}\n]{0,300})\}\s*\{(?P<name>[^{}\n]{1,300})\}"
)
_BEGIN = re.compile(r"\\begin\s*\{document\}")
_END = re.compile(r"\\end\s*\{document\}")
_CLASS = re.compile(r"\\document(?:class|style)\s*(?:\[[^\]]*\])?\s*\{([^{}]{1,100})\}")
_PACKAGES = re.compile(r"\\(?:usepackage|RequirePackage)\s*(?:\[[^\]]*\])?\s*\{([^{}]{1,500})\}")
_IFFALSE = re.compile(
    r"\\iffalse\b|\\if0(?![0-9])|\\iftrue\b|\\(?:newif)\s*\\if[A-Za-z]+|\\if(?!f\b|thenelse\b)[A-Za-z@]+|\\else\b|\\fi\b"
)


@dataclass
class Verbatim:
    """Pieces that were taken out, by number: whether each is a block of lines, and its text."""

    pieces: list[tuple[bool, str]] = field(default_factory=list)
    never_closed: set[str] = field(default_factory=set)
    """Ends that were looked for in vain, so that they are looked for once."""

    def put(self, text: str, *, block: bool) -> str:
        """Keeps a piece and returns its mark."""
        self.pieces.append((block, text))
        return f"\x01{len(self.pieces) - 1}\x02"


def tokens_of(text: str, *, at_is_letter: bool = False) -> list[str]:
    """The tokens of a source without comments."""
    return (_TOKEN_AT if at_is_letter else _TOKEN).findall(text)


def without_comments(text: str, verbatim: Verbatim) -> str:
    """Comments, hidden environments and false conditions gone; verbatim pieces and addresses taken out; line ends unified."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    verbatim.never_closed.clear()
    parts: list[str] = []
    at = 0
    while match := _SPECIAL.search(text, at):
        parts.append(text[at : match.start()])
        at = match.end()
        if match["env"]:
            at = _environment(text, match, verbatim, parts)
        elif match["mark"] or match["mark2"]:
            end = text.find(match["mark"] or match["mark2"], at)
            line = text.find("\n", at)
            if end < 0 or 0 <= line < end:
                continue
            parts.append(verbatim.put(text[at:end], block=False))
            at = end + 1
        elif match["url"] is not None:
            # A macro in an address is expanded like any other.
            parts.append(
                match[0]
                if _MACRO.search(match["url"])
                else verbatim.put(_ESCAPE.sub(r"\1", match["url"].strip()), block=False)
            )
        elif match["href"]:
            parts.append(r"\href{}")
        elif match["comment"]:
            parts.append(_after_comment(text, match))
        else:
            parts.append(match[0])
    parts.append(text[at:])
    return _without_false("".join(parts))


def _after_comment(text: str, match: re.Match[str]) -> str:
    """What stays of a comment: the line feed before a blank line, which ends a paragraph."""
    return "\n" if text[match.end() : match.end() + 1] == "\n" and "\n" in match[0] else ""


def _environment(text: str, match: re.Match[str], verbatim: Verbatim, parts: list[str]) -> int:
    """Takes a verbatim environment out; where the source goes on."""
    name = match["env"]
    close = f"\\end{{{name}}}"
    end = -1 if close in verbatim.never_closed else text.find(close, match.end())
    if end < 0:
        verbatim.never_closed.add(close)
        parts.append("" if name.rstrip("*") in HIDDEN else match[0])
        return match.end()
    if name.rstrip("*") not in HIDDEN:
        body = text[match.end() : end]
        if name.rstrip("*") not in ("alltt", "verbatim"):
            body = re.sub(r"\A[ \t]*(?:\[[^\]]{0,2000}\])?[ \t]*(?:\{[A-Za-z+#-]{1,20}\})?", "", body)
        parts.append("\n" + verbatim.put(body.strip("\n").rstrip(), block=True) + "\n")
    return end + len(close)


def _without_false(text: str) -> str:
    r"""Without what stands between `\iffalse` and its `\else` or `\fi`."""
    if r"\iffalse" not in text and r"\if0" not in text:
        return text
    parts: list[str] = []
    conditions = _Conditions()
    at = 0
    for match in _IFFALSE.finditer(text):
        was_hidden = conditions.hidden
        drops_word = conditions.meet(match[0])
        if conditions.hidden and not was_hidden:
            parts.append(text[at : match.start()])
            at = match.start()
        elif was_hidden and not conditions.hidden:
            at = match.end()
        elif drops_word and not conditions.hidden:
            parts.append(text[at : match.start()])
            at = match.end()
    # A false condition without an end hides nothing.
    parts.append(text[at:])
    return "".join(parts)


@dataclass
class _Conditions:
    """Conditions that are open."""

    hidden: int = 0
    """Those open inside of a false one, itself included; 0 outside."""
    _open: list[bool] = field(default_factory=list)
    """Those open outside: whether each is a false one that has come to its other branch."""

    def meet(self, word: str) -> bool:
        """Takes the next word. Whether it is the end of a condition of which nothing else is left."""
        if word.startswith(r"\newif"):
            return False
        if self.hidden:
            self._meet_hidden(word)
        elif word in (r"\iffalse", r"\if0"):
            self.hidden = 1
        elif word == r"\fi":
            return bool(self._open) and self._open.pop()
        elif word != r"\else":
            self._open.append(False)
        return False

    def _meet_hidden(self, word: str) -> None:
        if word == r"\fi":
            self.hidden -= 1
        elif word == r"\else":
            if self.hidden == 1:
                self.hidden = 0
                self._open.append(True)
        else:
            self.hidden += 1


def with_inputs(path: str, files: Mapping[str, str]) -> str:
    """A file's source with those that it reads in, by path; a file that the project lacks is left out. `files`: sources without comments."""
    left = [MAX_SOURCE]
    return _included(path, files, posixpath.dirname(path), (), left)


def _included(path: str, files: Mapping[str, str], folder: str, above: tuple[str, ...], left: list[int]) -> str:
    text = files[path]
    parts: list[str] = []
    at = 0
    for match in _INPUT.finditer(text):
        asked = match["braced"] or match["bare"] or posixpath.join(match["folder"] or "", match["name"] or "")
        found = found_file(asked, (folder, posixpath.dirname(path)), files)
        parts.append(text[at : match.start()])
        at = match.end()
        if found is not None and found != path and found not in above and len(above) < _MAX_INPUT_DEPTH:
            inner = _included(found, files, folder, (*above, path), left)
            # A subfile has a preamble of its own.
            parts.append("\n" + body_of(inner) + "\n")
    parts.append(text[at:])
    whole = "".join(parts)[: left[0]]
    left[0] -= len(text)
    return whole if left[0] > 0 else ""


def found_file(asked: str, folders: tuple[str, ...], files: Mapping[str, str], suffix: str = ".tex") -> str | None:
    """The project's file that a source asks for: from its folder, else from the top; never outside."""
    asked = asked.strip().strip('"')
    for folder in dict.fromkeys((*folders, "")):
        path = posixpath.normpath(posixpath.join(folder, asked))
        if path.startswith(("/", "..")):
            continue
        for name in (path, path + suffix):
            if name in files:
                return name
    return None


def split_document(text: str) -> tuple[str, str]:
    r"""What is before `\begin{document}`, and inside. Without one all is body."""
    begin = _BEGIN.search(text)
    return ("" if begin is None else text[: begin.start()]), body_of(text)


def body_of(text: str) -> str:
    """The document environment's inside; all of the text where there is none."""
    begin = _BEGIN.search(text)
    if begin is None:
        return text
    ends = [end.start() for end in _END.finditer(text, begin.end())]
    return text[begin.end() : ends[-1] if ends else len(text)]


def class_of(text: str) -> str | None:
    """The document class that a source without comments names."""
    match = _CLASS.search(text)
    return match[1].strip() if match else None


def packages(preamble: str) -> list[str]:
    """Names of the packages that a preamble asks for."""
    return [name.strip() for match in _PACKAGES.finditer(preamble) for name in match[1].split(",") if name.strip()]

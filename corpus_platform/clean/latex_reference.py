r"""RedPajama-1T's cleaning of LaTeX, letter for letter, with its traps.

What its `arxiv_cleaner.py` (branch rp_v1, 45b37c2) does with the files of a paper, told here in words of our own:

    begin       everything before the first header of a section goes; a file without a header becomes empty
    comments    lines that begin with `%`; then, in a line, from a `%` on, together with the letter before it
    end         from `\appendix` or a bibliography on, everything goes
    macros      those without arguments, defined in one line, are replaced one after the other wherever a letter follows that is no part of a name

Traps that are kept: a paragraph counts as a header only where a subparagraph is there right behind some `}` after it; `%` at the end of a line
stays; a macro right behind itself is not replaced; definitions are rewritten as well; macros in lines that end in CR LF are not found.

Not here: the cleaning that loses no text (latex.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_HEADER = re.compile(r"\\(chapter|part|section|subsection|subsubsection|paragraph|subparagraph)\b\*?(?=([\[{]))")
_WHOLE_LINE = re.compile(r"^%.*\n?", re.MULTILINE)
_IN_LINE = re.compile(r"[^\\]%.+$", re.MULTILINE)
_END = re.compile(r"\\(?:appendix|begin\{(?:references|REFERENCES|thebibliography)\}|bibliography\{)")
_NEW_COMMAND = re.compile(r"\\newcommand\b\*?\{(\\[a-zA-Z0-9]+?)\}\{(.*?)\}$", re.MULTILINE)
_DEF = re.compile(r"\\def\s*(\\[a-zA-Z0-9]+?)\s*\{(.*?)\}$", re.MULTILINE)


def reference_text(files: Sequence[str]) -> str:
    """The text of a paper from its .tex files in the order of the archive, as RedPajama-1T has it; empty where nothing is left."""
    macros = reference_macros(files)
    return "\n".join(_cleaned(file, macros) for file in files)


def reference_macros(files: Iterable[str]) -> dict[str, str]:
    r"""Names (`\name`) and values of the macros without arguments in all files; later ones win."""
    return {match[1]: match[2] for file in files for kind in (_NEW_COMMAND, _DEF) for match in kind.finditer(file)}


def _cleaned(text: str, macros: dict[str, str]) -> str:
    begin = _first_header(text)
    if begin is None:
        return ""
    text = _IN_LINE.sub("", _WHOLE_LINE.sub("", text[begin:]))
    for end in _END.finditer(text):
        # The reference wants a closing brace somewhere behind `\bibliography{`.
        if not end[0].startswith(r"\bib") or "}" in text[end.end() :]:
            text = text[: end.start()]
            break
    for name, value in macros.items():
        text = re.sub(re.escape(name) + "([^a-zA-Z0-9])", lambda match, value=value: value + match[1], text)
    return text


def _first_header(text: str) -> int | None:
    """Where the first header begins that has its arguments, by what the reference takes for them: any `}` further on, on any line."""
    last = text.rfind("}")
    last_subparagraph = -1
    for match in reversed(list(_HEADER.finditer(text))):
        if (
            match[1] == "subparagraph"
            and _has_arguments(text, match, last)
            and text[match.start() - 1 : match.start()] == "}"
        ):
            last_subparagraph = match.start()
            break
    for match in _HEADER.finditer(text):
        if match[1] == "subparagraph":
            continue
        close = last_subparagraph - 1 if match[1] == "paragraph" else last
        if _has_arguments(text, match, close):
            return match.start()
    return None


def _has_arguments(text: str, header: re.Match[str], last: int) -> bool:
    """Whether `{...}` or `[...]{...}` follows, ending at or before `last`."""
    at = header.end()
    if header[2] == "[":
        at = text.find("]{", at) + 1
        if not at:
            return False
    return at < last

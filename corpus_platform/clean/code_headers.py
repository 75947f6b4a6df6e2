r"""Headers of source files that state a copyright or licence, found as spans.

The *head* of a file is what stands before its code: a first line for the shell, a `coding:` line, an XML declaration, `<?php`, then comments (a block, or lines
that begin alike) and Python's opening string. A comment that states a copyright or licence loses the paragraphs that do, and goes as a whole where nothing
else is left; one that states none stays, as does what stands in a string of the program. C comments that do so outright may stand behind some code.
The reference form is RedPajama-1T's: the first C comment anywhere goes where it has the word copyright; where there is no C comment at all the first lines
go that begin with //, # or -- or are empty, whatever they say.
Promise: what is left is the rest of the file, letter for letter; time is linear in the head.
Source: RedPajama-Data, data_prep/github/github_clean_dedup_local.py of its branch rp_v1 (a later commit takes line comments first and looks at 100 lines).

Not here: the step (recipes/), which licence a header states (extract/licences.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD = 30_000
"""Characters of a file that are looked at."""
_FIRST = re.compile(
    r"\A(?:\ufeff)?(?:#![^\n]*\n)?(?:\s*<\?xml[^>]*\?>\s*\n)?(?:\s*<\?php\b[^\n]*\n)?"
    r"(?:[#/*;%\"' \t]*-\*-[^\n]*-\*-[^\n]*\n|#[^\n]*coding[:=][^\n]*\n)?(?:<!DOCTYPE[^>]*>\s*\n)?",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"/\*.*?\*/|<!--.*?-->|\(\*.*?\*\)|\{-.*?-\}|--\[(=*)\[.*?\]\1\]|(?:[rRuU]?)(\"\"\"|''').*?\2|=begin\b.*?\n=end[^\n]*|<#.*?#>|%\{.*?%\}",
    re.DOTALL,
)
_LINES = re.compile(
    r"[ \t]*(?P<mark>//|#|--|;|%|(?:'|!|\")(?=[ \t!*=-]|$)|\.\\\"|(?i:rem|dnl)\b)[^\n]*(?:\n|\Z)", re.MULTILINE
)
_DIRECTIVE = re.compile(r"[ \t]*#\s*(?:include|define|if|ifdef|ifndef|pragma|import|error|undef|region)\b")
_NAMES = r"\b(?:mit|bsd|apache|l?gpl|mpl|isc|zlib|psf|boost|eclipse|mozilla|artistic|expat|clause|style)\b"
_STATES = re.compile(
    r"copyright|©\s*(?:\d|by\b)|\(c\)\s*(?:19|20)\d\d|all rights reserved|licen[sc]ed (?:under|to)|licen[sc]e agreement"
    r"|(?:see|in) (?:the )?licen[sc]e|spdx-licen|licen[sc]e\s*:|public domain"
    rf"|free software|permission is hereby|redistribution and use|{_NAMES}[^.\n]{{0,30}}licen[sc]e|released under bsd",
    re.IGNORECASE,
)
_BELONGS = re.compile(
    r"copyright|©\s*(?:\d|by\b)|\(c\)\s*(?:19|20)\d\d|licen[sc]e|spdx-|all rights reserved|redistribut|warrant|\bas[ -]is\b|liab(?:le|ility)|hereby granted"
    r"|permission (?:is|to|notice)|written permission|free software|the above copyright|disclaim|merchantab|\bgnu\b|public domain|file is part of"
    r"|this notice|neither the name|endorse|limitations under|in compliance with|you should have received|you may (?:not use|obtain)|such damage"
    r"|following conditions|see the (?:file|notice|authors?)|contributors? (?:may|be)|derived from this|trademark|released under",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^[ \t*#/]*(?::(?:copyright|licen[sc]e):|@(?:copyright|licen[sc]e)\b)[^\n]*\n?", re.IGNORECASE | re.MULTILINE
)
_SHORT = 160
_DECORATION = re.compile(r"[\s/*#;%!'\"=~_.+|<>(){}\[\]-]*")
_REFERENCE_BLOCK = re.compile(r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/")
_COPYRIGHT = re.compile("copyright", re.IGNORECASE)
WORDS = r"(?i)copyright|licen[sc]e|©|\(c\)|public domain|spdx-|free software|all rights reserved|permission is hereby|redistribution|released under"
"""One of these is in every header that is found: a cheap test, in the syntax of Rust's `regex`."""
_MOST_COMMENTS = 6
_NEAR = 4_000
_C_COMMENT = re.compile(r"^/\*.*?\*/|(?:^//[^\n]*\n)+", re.DOTALL | re.MULTILINE)
_BLANK = re.compile(r"[ \t]*\n")
_INDENT = re.compile(r"[ \t]*")
_LINE_END = re.compile(r"[ \t;]*(?:\n|\Z)")
_BLANKS = re.compile(r"[ \t]*(?:\n[ \t]*(?:\n|(?=\S))|\n|\Z)")
_OUTRIGHT = re.compile(
    r"copyright (?:\(c\) ?|© ?)?(?:19|20)\d\d|licen[sc]ed under|spdx-license|all rights reserved", re.IGNORECASE
)


@dataclass(frozen=True)
class _Comment:
    start: int
    end: int


def licence_spans(text: str) -> list[tuple[int, int]]:
    """Ranges of the header that state a copyright or licence, in order and apart; empty where there are none."""
    found: list[tuple[int, int]] = []
    comments = _comments(text)
    for comment in comments + _behind_code(text, comments[-1].end if comments else 0):
        said = text[comment.start : comment.end]
        if not _STATES.search(said):
            continue
        stating = [(start, _with_its_line(text, start, end)) for start, end in _stating(said, comment.start)]
        found += stating or [(comment.start, _behind(text, comment.end))]
    return found


def reference_spans(text: str) -> list[tuple[int, int]]:
    """What RedPajama-1T's code takes out: one range, or none."""
    block = _REFERENCE_BLOCK.search(text)
    if block:
        return [block.span()] if _COPYRIGHT.search(block[0]) else []
    end, size = 0, len(text)
    while end <= size:
        stop = text.find("\n", end)
        line = text[end : size if stop < 0 else stop]
        if line and not line.startswith(("//", "#", "--")):
            break
        if stop < 0:
            end = size
            break
        end = stop + 1
    return [(0, end)] if end else []


def _comments(text: str) -> list[_Comment]:
    """The comments of the head, in order: at most six, and none behind the first line of code."""
    found: list[_Comment] = []
    first = _FIRST.match(text)
    at = first.end() if first else 0
    while at < min(len(text), HEAD) and len(found) < _MOST_COMMENTS:
        blank = _BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        indent = _INDENT.match(text, at)
        start = indent.end() if indent else at
        block = _BLOCK.match(text, start)
        if block:
            _add(found, _Comment(at, block.end()), text)
            rest = _LINE_END.match(text, block.end())
            if rest is None:
                break
            at = rest.end()
            continue
        end = _end_of_lines(text, at)
        if end == at:
            break
        found.append(_Comment(at, end))
        at = end
    return found


def _behind_code(text: str, at: int) -> list[_Comment]:
    """C comments behind include guards and the first lines that compilers write, that state a copyright or licence outright."""
    found = _C_COMMENT.finditer(text, at, max(at, _NEAR))
    return [_Comment(*match.span()) for match in found if _OUTRIGHT.search(match[0])]


def _add(found: list[_Comment], comment: _Comment, text: str) -> None:
    """Adds a block comment; blocks of one line each on lines that follow each other are one comment."""
    last = found[-1] if found else None
    if last and text[last.end : comment.start] == "\n" and "\n" not in text[comment.start : comment.end]:
        found[-1] = _Comment(last.start, comment.end)
    else:
        found.append(comment)


def _end_of_lines(text: str, at: int) -> int:
    """End of the run of line comments that begin alike."""
    mark = None
    while match := _LINES.match(text, at):
        own = match["mark"].lower()
        if (mark is not None and own != mark) or _DIRECTIVE.match(text, at):
            break
        mark = own
        at = match.end()
        if match.end() > HEAD or not match[0].endswith("\n"):
            break
    return at


def _stating(said: str, offset: int) -> list[tuple[int, int]]:
    """Ranges of the paragraphs of a comment that state a licence; empty where no other paragraph says anything."""
    paragraphs = _paragraphs(said)
    written = [(a, b) for a, b in paragraphs if not _is_decoration(said[a:b])]
    stating = _marked(said, written)
    if stating == written:
        return []
    # The lines without a letter behind a paragraph go with it, but for those at the end of the comment.
    starts = [start for start, _ in sorted({*written, *stating})]
    spans = [(offset + a, offset + min((start for start in starts if start >= b), default=b)) for a, b in stating]
    return _merged(spans)


def _marked(said: str, written: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A paragraph belongs to the licence when it speaks as licences do, or is a short one between two that do: an address, a name.

    Of one with fields (`:copyright:`) only these lines do.
    """
    speaks = [bool(_BELONGS.search(said[a:b])) for a, b in written]
    found: list[tuple[int, int]] = []
    for i, (a, b) in enumerate(written):
        between = 0 < i < len(written) - 1 and speaks[i - 1] and speaks[i + 1] and b - a <= _SHORT
        fields = [(a + match.start(), a + match.end()) for match in _FIELD.finditer(said[a:b])]
        if fields and sum(end - start for start, end in fields) < b - a:
            found += fields
        elif speaks[i] or between:
            found.append((a, b))
    return found


def _paragraphs(said: str) -> list[tuple[int, int]]:
    """Ranges of the lines between lines without a letter, with their newline; the marks that open and close a comment stay in none."""
    opening = re.match(r"[ \t]*(?:/\*+!?|<!--+|\(\*+|\{-+|[rRuU]?(?:\"\"\"|'''))", said)
    if said.count("/*") > 1:
        opening = None  # A row of blocks: each line has its own marks.
    start = opening.end() if opening else 0
    closing = re.search(r"(?:[ \t]*\*+/|[ \t]*-+->|\*+\)|-+\}|\"\"\"|''')\s*\Z", said) if opening else None
    last = closing.start() if closing else len(said)
    found: list[tuple[int, int]] = []
    at = begin = start
    while at < last:
        stop = said.find("\n", at, last)
        end = last if stop < 0 else stop + 1
        if _is_decoration(said[at:end]):
            if begin < at:
                found.append((begin, at))
            begin = end
        at = end
    if begin < last:
        found.append((begin, last))
    return found


def _is_decoration(line: str) -> bool:
    return _DECORATION.fullmatch(line) is not None


def _behind(text: str, end: int) -> int:
    """End of a comment with the rest of its line, where that is white, and one blank line."""
    match = _BLANKS.match(text, end)
    if text[end - 1 : end] == "\n":
        match = _BLANK.match(text, end)
    return match.end() if match and match.end() >= end else end


def _with_its_line(text: str, start: int, end: int) -> int:
    """End of a range with its newline, where it is whole lines."""
    begins = start == 0 or text[start - 1] == "\n"
    return end + 1 if begins and text[end - 1 : end] != "\n" and text[end : end + 1] == "\n" else end


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and merged[-1][1] >= start:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged

"""Elements of MediaWiki's markup whose content is no wikitext: comments, `<nowiki>`, references, galleries, formulas.

Not here: brackets, lines and everything else (wikitext.py).
"""

from __future__ import annotations

import re
from typing import Literal

Formulas = Literal["latex", "drop"]
"""What becomes of formulas: their LaTeX between dollars, so that no sentence lacks a word, or nothing."""

_HIDDEN_ELEMENTS = (
    "references|ref|gallery|math|chem|ce|score|timeline|imagemap|templatedata|templatestyles|syntaxhighlight|source|hiero|graph|mapframe"
    "|maplink|inputbox|categorytree|indicator|section|includeonly|style|script"
)
_ELEMENT = re.compile(rf"<(?P<close>/?)(?P<name>{_HIDDEN_ELEMENTS})\b(?P<attributes>[^<>]*+)>", re.IGNORECASE)
_FORMULAS = frozenset({"math", "chem", "ce"})
_BRACKETS = re.compile(r"([{}\[\]])(?=\1)|\{(?=\|)|\|(?=\})")
_NOWIKI = re.compile(r"<(?P<close>/?)nowiki\b[^<>]*+>", re.IGNORECASE)
_VERSE = re.compile(r"<(?P<close>/?)(?:poem|pre)\b[^<>]*+>", re.IGNORECASE)
_NO_MARKUP = str.maketrans({mark: f"&#{ord(mark)};" for mark in "[]{}|'=<>*#:;-_"})


def without_comments(text: str) -> str:
    """Text without `<!-- -->`; a comment that is never closed reaches to the end, as in MediaWiki."""
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        kept.append(text[at:start])
        end = text.find("-->", start + 4)
        at = end + 3 if end >= 0 else len(text)
    kept.append(text[at:])
    return "".join(kept)


def with_nowiki_protected(text: str) -> str:
    """Text in which the markup characters inside `<nowiki>` are character references, so that they survive as text."""
    kept, at, inside = [], 0, False
    for match in _NOWIKI.finditer(text):
        piece = text[at : match.start()]
        kept.append(piece.translate(_NO_MARKUP) if inside else piece)
        at = match.end()
        inside = not match["close"] and not match.group().endswith("/>")
    kept.append(text[at:])
    return "".join(kept)


def with_lines_of_verse(text: str) -> str:
    """Text in which an empty line follows each line inside `<poem>` and `<pre>`, so that none is taken for a part of a paragraph."""
    kept, at, inside = [], 0, False
    for match in _VERSE.finditer(text):
        piece = text[at : match.start()]
        kept += (piece.replace("\n", "\n\n") if inside else piece, match.group())
        at, inside = match.end(), not match["close"]
    kept.append(text[at:].replace("\n", "\n\n") if inside else text[at:])
    return "".join(kept)


def without_hidden_elements(text: str, formulas: Formulas) -> str:
    """Text without references, galleries and their like. An element that is never closed loses its tag only."""
    tags = list(_ELEMENT.finditer(text))
    last_close = {tag["name"].lower(): tag.start() for tag in tags if tag["close"]}
    kept, at, inside = [], 0, None
    for tag in tags:
        name = tag["name"].lower()
        if inside is not None:
            if tag["close"] and name == inside:
                if formulas == "latex" and name in _FORMULAS:
                    kept.append(_formula(text[at : tag.start()]))
                inside, at = None, tag.end()
            continue
        kept.append(text[at : tag.start()])
        at = tag.end()
        if not tag["close"] and not tag["attributes"].endswith("/") and last_close.get(name, -1) > at - 1:
            inside = name
    kept.append(text[at:])
    return "".join(kept)


def _formula(latex: str) -> str:
    """A formula on one line, safe from what reads brackets and marks later; equal brackets are parted, which changes nothing in LaTeX."""
    latex = _BRACKETS.sub(r"\g<0> ", " ".join(latex.split()))
    return f"${latex}$".translate(_NO_MARKUP) if latex else ""

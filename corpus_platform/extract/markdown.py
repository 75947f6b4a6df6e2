"""HTML of posts as Markdown: paragraphs, headings, lists, quotes, tables, code with its language, links; pictures go.

Text is not escaped: mathematics between dollar signs, underscores and asterisks stay as their authors wrote them.
Promise: the time is linear in the HTML; what is nested deeper than `_DEPTH` becomes plain text, and what no parser follows any more (256 levels) is lost.

Not here: whole pages and their frames (main_text.py), plain text of posts as other systems make it (readers/stackexchange_layouts.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Links = Literal["text", "markdown"]
"""What becomes of a link: its text, or `[text](address)`."""

_DEPTH = 60
_BREAK = "\v"
"""Stands for `<br>` until white space has been collapsed; XML and HTML have no such character."""
_WHITE = re.compile(r"[ \t\r\n\f\xa0]+")
_AROUND_BREAK = re.compile(rf" ?{_BREAK} ?")
_DROPPED = frozenset({"img", "script", "style", "iframe", "object", "embed", "video", "audio", "svg", "noscript"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CONTAINERS = frozenset({"p", "div", "section", "article", "center", "dl", "dt", "dd", "details", "summary", "figure"})
_BLOCKS = frozenset({*_CONTAINERS, *_HEADINGS, "ul", "ol", "li", "blockquote", "pre", "table", "hr"})
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "s": "~~", "strike": "~~", "del": "~~"}
_LANGUAGE = re.compile(r"\b(?:lang|language)-([A-Za-z0-9+#_.-]+)")
_HINT = re.compile(r"language(-all)?:\s*(?:lang-)?([A-Za-z0-9+#_.-]+)")
_NO_LANGUAGE = frozenset({"none", "default", "lang-none"})
_TICKS = re.compile("`+")


def to_markdown(source: str, *, links: Links = "text", instead: Callable[[str], str | None] | None = None) -> str:
    """A fragment of HTML as Markdown.

    `instead` may give a text in place of a link's, by its address: a page about a person, say.
    """
    if not source.strip():
        return ""
    try:
        root = html.fragment_fromstring(source.replace(_BREAK, " "), create_parent="div")  # pyright: ignore[reportArgumentType]
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return ""
    return "\n\n".join(_Writer(links, instead).blocks(root, 0))


@dataclass
class _Writer:
    """Walks a tree. A comment of Stack Exchange names the language of the code behind it, or of all code."""

    links: Links
    instead: Callable[[str], str | None] | None
    every: str = ""
    hint: str = field(default="", init=False)

    def blocks(self, element: Any, depth: int) -> list[str]:
        """The blocks in an element, each without blank lines around it."""
        if depth > _DEPTH:
            return [text] if (text := _collapsed(element.text_content())) else []
        found: list[str] = []
        run = [element.text or ""]
        for child in element:
            if self._is_block(child):
                found += [text] if (text := _collapsed("".join(run))) else []
                found += self._block(child, depth + 1)
                run = [child.tail or ""]
            else:
                run += [self._inline(child, depth + 1), child.tail or ""]
        found += [text] if (text := _collapsed("".join(run))) else []
        return found

    @staticmethod
    def _is_block(element: Any) -> bool:
        if not isinstance(element.tag, str):
            return False
        return element.tag in _BLOCKS or next(element.iter(*_BLOCKS), None) is not None

    def _block(self, element: Any, depth: int) -> list[str]:
        if element.tag in ("ul", "ol"):
            return self._list(element, depth)
        if element.tag in _HEADINGS:
            text = " ".join(" ".join(self.blocks(element, depth)).split())
            return [f"{'#' * _HEADINGS[element.tag]} {text}"] if text else []
        if element.tag == "pre":
            return self._code(element)
        if element.tag == "table":
            return self._table(element, depth)
        inner = ["---"] if element.tag == "hr" else self.blocks(element, depth)
        if element.tag == "blockquote" and inner:
            return [_prefixed("\n\n".join(inner), "> ", "> ")]
        return inner

    def _code(self, element: Any) -> list[str]:
        named = f"{element.get('class', '')} {next((c.get('class', '') for c in element.iter('code')), '')}"
        match = _LANGUAGE.search(named)
        language = match[1] if match else self.hint or self.every
        self.hint = ""
        text = element.text_content().strip("\n").rstrip()
        if not text.strip():
            return []
        fence = "`" * max(3, 1 + max(map(len, _TICKS.findall(text)), default=0))
        return [f"{fence}{'' if language in _NO_LANGUAGE else language}\n{text}\n{fence}"]

    def _list(self, element: Any, depth: int) -> list[str]:
        start = element.get("start", "1")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        items: list[str] = []
        is_loose = False
        for child in element:
            if not isinstance(child.tag, str):
                continue
            blocks = self.blocks(child, depth)
            if not blocks:
                continue
            if child.tag in ("ul", "ol"):
                blocks = self._block(child, depth)
            marker = f"{number}. " if element.tag == "ol" else "- "
            number += 1
            is_list = [re.match(r"(?:-|\d+\.) ", block) is not None for block in blocks]
            is_loose |= any(not nested for nested in is_list[1:])
            between = "\n" if all(is_list[1:]) else "\n\n"
            items.append(_prefixed(between.join(blocks), marker, " " * len(marker)))
        return [("\n\n" if is_loose else "\n").join(items)] if items else []

    def _table(self, element: Any, depth: int) -> list[str]:
        rows = [list(self._cells(row, depth)) for row in element.iter("tr")]
        rows = [row for row in rows if any(row)]
        if not rows:
            return []
        width = max(map(len, rows))
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
        return ["\n".join([lines[0], "|" + "---|" * width, *lines[1:]])]

    def _cells(self, row: Any, depth: int) -> Iterator[str]:
        for cell in row:
            if cell.tag in ("td", "th"):
                yield " ".join(" ".join(self.blocks(cell, depth)).split()).replace("|", "\\|")

    def _inline(self, element: Any, depth: int) -> str:
        if not isinstance(element.tag, str):
            return self._said(element)
        if element.tag in _DROPPED or element.tag == "br":
            return _BREAK if element.tag == "br" else ""
        if depth > _DEPTH or element.tag in ("code", "tt"):
            return _inline_code(element.text_content()) if depth <= _DEPTH else element.text_content()
        inner = element.text or ""
        for child in element:
            inner += self._inline(child, depth + 1) + (child.tail or "")
        if element.tag == "a":
            return self._link(element, inner)
        if element.tag == "sup" and re.fullmatch(r"\s*[-+−]?[\w.]{1,4}\s*", inner):
            return f"^{inner.strip()}"
        return _marked(inner, _MARKS.get(element.tag, ""))

    def _said(self, comment: Any) -> str:
        match = _HINT.search(comment.text or "") if comment.tag is etree.Comment else None
        if match:
            self.hint = match[2]
            self.every = match[2] if match[1] else self.every
        return ""

    def _link(self, element: Any, inner: str) -> str:
        address = (element.get("href") or "").strip()
        other = self.instead(address) if self.instead is not None else None
        if other is not None:
            return other
        text = inner.strip()
        if self.links == "text" or not text or not address or text == address:
            return inner
        return f"[{text}]({address.replace(' ', '%20').replace('(', '%28').replace(')', '%29')})"


def _inline_code(text: str) -> str:
    text = _WHITE.sub(" ", text)
    if not text.strip():
        return text
    ticks = "`" * (1 + max(map(len, _TICKS.findall(text)), default=0))
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{gap}{text}{gap}{ticks}"


def _marked(inner: str, mark: str) -> str:
    """Emphasis with the white space around it outside."""
    core = inner.strip(f" \t\r\n\xa0{_BREAK}")
    if not mark or not core or _BREAK in core or (core.startswith(mark) and core.endswith(mark)):
        return inner
    before, _, after = inner.partition(core)
    return f"{before}{mark}{core}{mark}{after}"


def _collapsed(text: str) -> str:
    return _AROUND_BREAK.sub("\n", _WHITE.sub(" ", text)).strip()


def _prefixed(text: str, first: str, other: str) -> str:
    """Lines behind a mark, blank ones without white space at their end."""
    lines = text.split("\n")
    rest = [other + line if line else other.rstrip() for line in lines[1:]]
    return "\n".join([first + lines[0], *rest])

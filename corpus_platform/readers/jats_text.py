"""The text of JATS elements: paragraphs, lists, formulas and tables as LaTeX, captions of figures.

Numbers that only point at references go, with their brackets; names with years stay. Source of the elements: JATS Archiving and Interchange 1.3.

Not here: articles and what is known of them (jats.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from corpus_platform.clean.latex_citations import is_governed
from corpus_platform.extract.mathml import latex_of
from corpus_platform.readers.paper_text import LEFT_OUT, PaperText, without_gaps
from corpus_platform.readers.safe_xml import local_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_DROPPED = frozenset(
    {
        "object-id", "label", "graphic", "inline-graphic", "media", "supplementary-material", "fn", "fn-group", "table-wrap-foot", "permissions", "ack",
        "ref-list", "glossary", "notes", "alt-text", "long-desc", "related-article", "related-object", "index-term", "private-char", "attrib", "floats-wrap",
        "email", "x0", "processing-meta", "inline-supplementary-material", "copyright-statement", "award-group", "funding-group", "title",
    }
)  # fmt: skip
_BLOCKS = frozenset(
    {
        "disp-formula", "disp-formula-group", "table-wrap", "fig", "fig-group", "list", "def-list", "disp-quote", "preformat", "code", "boxed-text",
        "verse-group", "table-wrap-group", "chem-struct-wrap", "array",
    }
)  # fmt: skip
_SUPERSCRIPT = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_SUBSCRIPT = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_POINTER = re.compile(r"[\s\d,;.*†‡§¶–—-]*|[a-z]", re.IGNORECASE)
_TEX_BODY = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.DOTALL)
_BREAK = "\x0b"


@dataclass(frozen=True)
class JatsOptions:
    """What is kept."""

    captions: bool = True
    tables: bool = True


def add_body(body: Any, paper: PaperText, options: JatsOptions, level: int = 1) -> None:
    """Adds a body, a section or an appendix to a paper."""
    for child in body:
        name = local_name(child)
        if name in ("sec", "app", "boxed-text"):
            title = inline(child.find("{*}title"), options)
            if LEFT_OUT.fullmatch(title) or child.get("sec-type") in (
                "supplementary-material",
                "COI-statement",
                "funding-information",
            ):
                continue
            paper.heading(level, title)
            add_body(child, paper, options, level + 1)
        elif name == "app-group":
            add_body(child, paper, options, level)
        else:
            for block in blocks(child, options):
                paper.paragraph(block)


def blocks(element: Any, options: JatsOptions) -> Iterator[str]:
    """The paragraphs of an element: a `p` may hold lists and tables, which stand apart."""
    name = local_name(element)
    writer = _WRITERS.get(name)
    if name in _DROPPED:
        return
    if writer is not None:
        yield from writer(element, options)
    else:
        text = inline(element, options)
        for part in text.split(_BREAK + _BREAK):
            yield "\n".join(line for piece in part.split(_BREAK) if (line := without_gaps(piece)))


def inline(element: Any, options: JatsOptions) -> str:
    """The text of an element in one line; blocks in it are set off by two breaks."""
    return "" if element is None else _within(element, options).strip(" ")


def _within(element: Any, options: JatsOptions) -> str:
    """The same with the blanks at its ends, which may be all that is between two words."""
    parts = [element.text or ""]
    for child in element:
        parts.append(_inline_child(child, options, parts[-1]))
        parts.append(child.tail or "")
    return re.sub(r"[ \t\r\n]+", " ", "".join(parts))


def _inline_child(child: Any, options: JatsOptions, before: str) -> str:
    name = local_name(child)
    if name == "" or name in _DROPPED:
        return ""
    if name in _BLOCKS:
        found = _BREAK.join(text.replace("\n", _BREAK) for text in blocks(child, options) if text)
        apart = _BREAK if name.startswith("disp-formula") else _BREAK * 2
        return f"{apart}{found}{apart}" if found else " "
    if name in ("inline-formula", "math", "tex-math", "alternatives"):
        tex = formula(child)
        return f"${tex}$" if tex else "[formula]" if name == "inline-formula" else ""
    text = " " if name == "break" else _within(child, options)
    if name == "xref" and child.get("ref-type") in _POINTING and _POINTER.fullmatch(text) and not is_governed(before):
        return ""
    return _script(text.strip(" "), name, child) if name in ("sup", "sub") else text


_POINTING = frozenset({"bibr", "fn", "table-fn", "author-notes", "corresp", "aff", "supplementary-material"})


def _script(text: str, name: str, element: Any) -> str:
    if not text or (name == "sup" and _POINTER.fullmatch(text) and element.find(".//{*}xref") is not None):
        return ""
    table = _SUPERSCRIPT if name == "sup" else _SUBSCRIPT
    written = text.translate(table)
    if not any(ord(letter) in range(33, 127) for letter in written):
        return written
    return ("^" if name == "sup" and len(text) < 5 and text[0] not in "*†‡" else "") + text


def formula(element: Any) -> str:
    """LaTeX of a formula: as it is given, else from MathML; empty where it is a picture."""
    for found in element.iter("{*}tex-math"):
        body = _TEX_BODY.search(found.text or "")
        tex = (body[1] if body else found.text or "").strip()
        tex = re.sub(r"\A(\$\$?|\\\[)(.*?)(\$\$?|\\\])\Z", r"\2", tex, flags=re.DOTALL)
        if tex.strip():
            return re.sub(r"\s+", " ", tex).strip()
    for found in element.iter("{*}math"):
        tail, found.tail = found.tail, None
        tex = latex_of(etree.tostring(found, encoding="unicode"))
        found.tail = tail
        if tex:
            return tex
    return ""


def _display(element: Any, options: JatsOptions) -> Iterator[str]:
    del options
    tex = formula(element)
    yield f"$${tex}$$" if tex else "[formula]"


def _figure(element: Any, options: JatsOptions) -> Iterator[str]:
    """Label and caption, and for a table its rows."""
    label = inline_label(element)
    caption = element.find("{*}caption")
    if options.captions and caption is not None:
        parts = [
            without_gaps(inline(part, options).replace(_BREAK, " "))
            for part in caption
            if local_name(part) in ("title", "p")
        ]
        text = " ".join(part if part.endswith((".", "?", "!")) else part + "." for part in parts if part)
        if text:
            yield f"{label}: {text}" if label else text
    if options.tables:
        for table in element.iter("{*}table", "{*}array"):
            yield table_of(table, options)


def inline_label(element: Any) -> str:
    """The label of a figure, a table, a formula, without its full stop."""
    label = element.find("{*}label")
    return "" if label is None else re.sub(r"\s+", " ", "".join(label.itertext())).strip(" .:")


def table_of(table: Any, options: JatsOptions) -> str:
    """A table as `tabular`; empty where it has no cells."""
    rows: list[str] = []
    widest = 1
    # Columns that a cell of an earlier row reaches into, and for how many rows more.
    hanging: dict[int, int] = {}
    for row in table.iter("{*}tr"):
        cells: list[str] = []
        width = 0
        for cell in row:
            if local_name(cell) not in ("td", "th"):
                continue
            while hanging.get(width):
                hanging[width] -= 1
                cells.append("")
                width += 1
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            text = _cell(cell, options)
            cells.append(f"\\multicolumn{{{wide}}}{{c}}{{{text}}}" if wide > 1 else text)
            if high > 1:
                hanging.update(dict.fromkeys(range(width, width + wide), high - 1))
            width += wide
        if any(cells):
            rows.append(" & ".join(cells) + " \\\\")
            widest = max(widest, width)
        if local_name(row.getparent()) == "thead" and row.getnext() is None:
            rows.append("\\hline")
    body = "\n".join(rows)
    return (
        f"\\begin{{tabular}}{{{'l' * widest}}}\n{body}\n\\end{{tabular}}"
        if any(row != "\\hline" for row in rows)
        else ""
    )


def _cell(cell: Any, options: JatsOptions) -> str:
    text = without_gaps(inline(cell, options).replace(_BREAK, " "))
    return text if "$" in text else re.sub(r"(?<!\\)([&%#_])", r"\\\1", text)


def _span(cell: Any, name: str) -> int:
    """Columns or rows that a cell takes, of at most 100."""
    said = cell.get(name, "1")
    return int(said) if said.isdecimal() and 1 < int(said) <= 100 else 1


def _list(element: Any, options: JatsOptions, depth: int = 0) -> Iterator[str]:
    lines: list[str] = []
    ordered = element.get("list-type") in ("order", "alpha-lower", "alpha-upper", "roman-lower", "roman-upper")
    for number, item in enumerate(element.iterfind("{*}list-item"), 1):
        mark = f"{number}." if ordered else "-"
        text = " ".join(
            block.replace("\n", " ") for part in item if local_name(part) != "list" for block in blocks(part, options)
        )
        lines.append(f"{'  ' * depth}{mark} {text}")
        if depth < 5:
            lines += [line for inner in item.iterfind("{*}list") for line in _list(inner, options, depth + 1)]
    yield "\n".join(line for line in lines if line.strip(" -.0123456789"))


def _definitions(element: Any, options: JatsOptions) -> Iterator[str]:
    lines = []
    for item in element.iterfind("{*}def-item"):
        term, meaning = inline(item.find("{*}term"), options), inline(item.find("{*}def"), options)
        lines.append(f"- {term}: {meaning}".replace(_BREAK, " "))
    yield "\n".join(lines)


def _inside(element: Any, options: JatsOptions) -> Iterator[str]:
    for child in element:
        if local_name(child) == "title":
            yield without_gaps(inline(child, options))
        else:
            yield from blocks(child, options)


def _verbatim(element: Any, options: JatsOptions) -> Iterator[str]:
    del options
    yield "```\n" + "".join(element.itertext()).strip("\n") + "\n```"


def _verses(element: Any, options: JatsOptions) -> Iterator[str]:
    yield "\n".join(inline(line, options) for line in element.iter("{*}verse-line"))


_WRITERS = {
    "disp-formula": _display,
    "disp-formula-group": _inside,
    "fig": _figure,
    "table-wrap": _figure,
    "array": lambda element, options: iter((table_of(element, options),)),
    "fig-group": _inside,
    "table-wrap-group": _inside,
    "list": _list,
    "def-list": _definitions,
    "disp-quote": _inside,
    "boxed-text": _inside,
    "statement": _inside,
    "speech": _inside,
    "verse-group": _verses,
    "preformat": _verbatim,
    "code": _verbatim,
    "sec": _inside,
}
"""Elements that are blocks of their own."""

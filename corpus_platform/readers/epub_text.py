"""XHTML of a book as text: paragraphs, lines of verse, lists, tables and preformatted text readable, without what only layout needs.

What goes: ruby readings, page breaks, line and page numbers, navigation, scripts, pictures, fallbacks of media, links back, notes of those who made
the electronic text, and elements whose `epub:type` says that they are no text of the book (cover, title page, copyright page, contents ...).
A dedication or epigraph on a title page stays.

Not here: how pieces become a text (book_builder.py), which documents are read (epub.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]
from lxml import html as lxml_html  # pyright: ignore[reportAttributeAccessIssue]

from corpus_platform.extract.mathml import latex_of
from corpus_platform.readers.book_builder import Text
from corpus_platform.readers.epub_package import attribute
from corpus_platform.readers.safe_xml import UnsafeXml, tree

if TYPE_CHECKING:
    from corpus_platform.readers.book_builder import Notes

NO_TEXT_TYPES = frozenset(
    [
        "cover",
        "titlepage",
        "halftitlepage",
        "halftitle",
        "copyrightpage",
        "copyright",
        "imprint",
        "imprimatur",
        "seriespage",
        "toc",
        "tocbrief",
        "landmarks",
        "pagelist",
        "loi",
        "lot",
        "loa",
        "lov",
        "index",
        "indexgroup",
        "othercredits",
        "pagebreak",
        "colophon",
        "tearsheet",
        "ad",
        "advertisement",
        "alsoby",
        "practicesheet",
    ]
)
"""Values of `epub:type` (without hyphens and prefix), of a guide and of landmarks, whose text is not of the book."""
NOTE_TYPES = frozenset(
    ["footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes", "note", "notes", "annotation"]
)
_KEPT_WITHIN = frozenset({"dedication", "epigraph"})
_DROPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "svg",
        "nav",
        "canvas",
        "audio",
        "video",
        "object",
        "iframe",
        "img",
        "rt",
        "rp",
        "rtc",
        "template",
        "noscript",
        "button",
        "input",
        "select",
        "textarea",
        "form",
        "case",
        "link",
        "meta",
        "map",
        "embed",
        "source",
        "track",
        "param",
        "colgroup",
        "col",
    ]
)
_PARAGRAPHS = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "table",
        "ul",
        "ol",
        "dl",
        "section",
        "article",
        "aside",
        "figure",
        "figcaption",
        "header",
        "footer",
        "main",
        "hr",
        "address",
        "fieldset",
        "body",
        "center",
        "html",
        "details",
        "summary",
        "caption",
        "hgroup",
    ]
)
_LINES = frozenset(["div", "li", "dt", "dd", "tr"])
_PARTS = frozenset({"p", "div", "section", "aside", "pre", "blockquote", "footer", "header", "article"})
_LOOKED_AT = 300
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NUMBERS = re.compile(r"(?:l(?:ine)?-?(?:num|no|nr)\w*|page-?(?:num|no|break)\w*|pagenum|pgnum|folio)", re.IGNORECASE)
_OF_THE_MAKER = re.compile(
    r"\W*(?:(?:the\s+)?transcriber['’]?s?['’]?\s*notes?\b|note\s+(?:du|de|sur\s+la)\s+transcri|anmerkungen?\s+zur\s+transkription|"
    r"(?:the\s+)?project\s+gutenberg(?:['’]s)?\s+(?:e-?(?:book|text)|license)|end\s+of\s+(?:the\s+|this\s+)?project\s+gutenberg|"
    r"(?:start|end)\s+of\s+(?:the|this)\s+project\s+gutenberg|produced\s+by\s.{0,200}(?:distributed\s+proofread|pgdp))",
    re.IGNORECASE | re.DOTALL,
)
_FRAME = re.compile(r"\bpg-?(?:boilerplate|header|footer|machine-header)", re.IGNORECASE)
_NOTE_CHARACTERS, _LICENCE_CHARACTERS = 6_000, 40_000
_POINTERS = re.compile(r"link-?marker|permalink|header-?link|anchor|hidden-reveal|back-?link", re.IGNORECASE)
_MARK = re.compile(r"[\[(]?(?P<mark>\d{1,4}|[ivxl]{1,6}|[a-z]|[*†‡§¶]{1,4})[\])]?\.?", re.IGNORECASE)
_ICON = re.compile(r"[\W_]{1,3}")
_TYPES = re.compile(r"[\w.:-]+")
_LONG_CELL = 300


def parsed(data: bytes) -> Any:
    """The root of a document; one that is no XML is read as HTML. Raises UnsafeXml for a bomb."""
    try:
        return tree(data)
    except UnsafeXml as error:
        if error.reason != "broken_xml":
            raise
    try:
        parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
        return lxml_html.document_fromstring(data, parser=parser)
    except (ValueError, etree.LxmlError) as error:
        raise UnsafeXml("broken_xml", str(error)[:200]) from error


def text_of(root: Any, *, notes: Notes = "keep") -> Text:
    """The text of a document's body, with the places of its ids."""
    text = Text(notes)
    body = next((e for e in root.iter() if _name(e) == "body"), root)
    text.direction = body.get("dir") or root.get("dir")
    if not types_of(body) & NO_TEXT_TYPES:
        _walk(body, text)
    return text


def types_of(element: Any) -> set[str]:
    """`epub:type` and `role` of an element, without prefix and hyphens."""
    words = _TYPES.findall(f"{attribute(element, 'type')} {element.get('role') or ''}") if element.attrib else []
    return {word.rpartition(":")[2].removeprefix("doc-").replace("-", "").lower() for word in words}


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _walk(element: Any, text: Text) -> None:
    """Writes an element without its tail."""
    name = _name(element)
    if not name or name in _DROPPED or element.get("hidden") is not None:
        return
    types = types_of(element)
    if types & NO_TEXT_TYPES:
        _only_kept(element, text)
        return
    if text.notes == "drop" and types & NOTE_TYPES and name != "a":
        return
    if name in _PARTS and _is_of_the_maker(element):
        return
    text.place(element.get("id") or element.get("name") or "")
    if name in _WRITERS:
        _WRITERS[name](element, text)
    elif name in _HEADINGS:
        _heading(element, text, _HEADINGS[name])
    elif _is_number(element):
        return
    else:
        breaks = 2 if name in _PARAGRAPHS else 0
        if name in _LINES:
            breaks = 2 if _holds_blocks(element) else 1
        text.end(breaks) if breaks else None
        _inside(element, text)
        text.end(breaks) if breaks else None


def _is_of_the_maker(element: Any) -> bool:
    """Whether an element is a note of those who made the electronic text, or Project Gutenberg's own header, footer or licence."""
    if _FRAME.search(f"{element.get('id') or ''} {element.get('class') or ''}"):
        return True
    start = ""
    for piece in element.itertext():
        start = f"{start} {piece}".lstrip()
        if len(start) > _LOOKED_AT:
            break
    if not _OF_THE_MAKER.match(start):
        return False
    return sum(map(len, element.itertext())) < (_LICENCE_CHARACTERS if "utenberg" in start[:80] else _NOTE_CHARACTERS)


def _inside(element: Any, text: Text) -> None:
    if element.text:
        text.write(element.text)
    for child in element:
        _walk(child, text)
        if child.tail:
            text.write(child.tail)


def _only_kept(element: Any, text: Text) -> None:
    """Of a part that is not of the book its dedications and epigraphs."""
    for child in element:
        if isinstance(child.tag, str):
            if types_of(child) & _KEPT_WITHIN:
                text.end(2)
                _walk(child, text)
                text.end(2)
            else:
                _only_kept(child, text)


def _heading(element: Any, text: Text, level: int) -> None:
    """A heading is one line."""
    inner = Text(text.notes)
    _inside(element, inner)
    title = " ".join(inner.close().split())
    if not title:
        return
    text.end(2)
    for place in inner.places:
        text.place(place)
    text.write(title)
    text.headings.append((level, title, text.length - len(title)))
    text.end(2)


def _link(element: Any, text: Text) -> None:
    """A link's text; marks of notes as `[1]`, or gone; signs that only lead somewhere are gone."""
    target = element.get("href") or ""
    words = "".join(element.itertext()).strip()
    is_reference = bool(types_of(element) & {"noteref", "annoref"})
    mark = _MARK.fullmatch(words)
    inside = "#" in target
    if (is_reference and len(words) < 6) or (inside and mark and (not words.isalpha() or _is_raised(element))):
        if text.notes == "keep" and mark and mark["mark"].isdigit():
            text.write(mark["mark"] if text.ends_with("[") else f"[{mark['mark']}]")
        return
    if target and (_ICON.fullmatch(words) or "backlink" in types_of(element)):
        return
    before = text.length
    _inside(element, text)
    if target:
        text.linked += text.length - before


def _is_raised(element: Any) -> bool:
    parent = element.getparent()
    return _name(parent) == "sup" or any(_name(child) == "sup" for child in element) if parent is not None else False


def _pre(element: Any, text: Text) -> None:
    inner = "".join(element.itertext()).strip("\r\n").rstrip().replace("\r\n", "\n").replace("\r", "\n")
    text.end(2)
    text.write(inner, verbatim=True)
    text.end(2)


def _break(element: Any, text: Text) -> None:
    del element
    text.end(1)


def _list(element: Any, text: Text) -> None:
    """Items with a dash or their number, unless they are lists of blocks or of verse."""
    text.end(2)
    ordered = _name(element) == "ol"
    start = element.get("start") or "1"
    number = int(start) if start.isdigit() and len(start) < 6 else 1
    plain = "none" in (element.get("style") or "") or "plain" in (element.get("class") or "")
    for child in element:
        if _name(child) != "li":
            _walk(child, text)
            continue
        inner = Text(text.notes)
        _inside(child, inner)
        body = inner.close().strip()
        if body:
            text.place(child.get("id") or "")
            long = "\n\n" in body and len(body) > _LONG_CELL
            text.end(2 if long else 1)
            lead = "" if plain or inner.headings else f"{number}. " if ordered else "- "
            start = text.length + text.pending
            text.write(lead + (body if long else body.replace("\n\n", "\n")), verbatim=True)
            text.take(inner, start + len(lead), exact=long)
            number += 1
            text.end(2 if long else 1)
    text.end(2)


def _table(element: Any, text: Text) -> None:
    """A row is a line, its cells joined by ` | `; a table that only lays text out gives its cells as paragraphs."""
    rows = [
        [_cell(cell, text.notes) for cell in row if _name(cell) in {"td", "th"}]
        for row in element.iter()
        if _name(row) == "tr"
    ]
    caption = next((c for c in element if _name(c) == "caption"), None)
    text.end(2)
    if caption is not None:
        _walk(caption, text)
    lays_out = any(len(cell) > _LONG_CELL or "\n\n" in cell for row in rows for cell in row) or all(
        len(r) < 2 for r in rows
    )
    for row in rows:
        cells = [cell for cell in row if cell]
        for cell in cells if lays_out else [" | ".join(" ".join(cell.split()) for cell in row)]:
            if cell.strip(" |"):
                text.write(cell, verbatim=True)
                text.end(2 if lays_out else 1)
    text.end(2)


def _cell(element: Any, notes: Notes) -> str:
    inner = Text(notes)
    _inside(element, inner)
    return inner.close().strip()


def _quote(element: Any, text: Text) -> None:
    """`<q>` with the marks that a reading system would set."""
    text.write("“")
    _inside(element, text)
    text.write("”")


def _math(element: Any, text: Text) -> None:
    """A formula as LaTeX: the alternative text that it carries, else what its markup says, else its characters."""
    markup = etree.tostring(element, encoding="unicode", with_tail=False)
    formula = element.get("alttext") or latex_of(markup)
    text.write(f"${formula}$" if formula else "".join(part for part in element.itertext() if part.strip()))


_WRITERS = {
    "a": _link,
    "pre": _pre,
    "br": _break,
    "ul": _list,
    "ol": _list,
    "table": _table,
    "q": _quote,
    "math": _math,
}


def _is_number(element: Any) -> bool:
    """Whether an element is the number of a line or page, or a sign that only leads somewhere, by its class."""
    kind = element.get("class") or ""
    counts, points = bool(_NUMBERS.search(kind)), bool(_POINTERS.search(kind))
    if not (counts or points):
        return False
    words = "".join(element.itertext()).strip()
    return (counts and words.strip(" []()").isdigit()) or (points and bool(_ICON.fullmatch(words)))


def _holds_blocks(element: Any) -> bool:
    return any(_name(child) in _PARAGRAPHS or _name(child) in _LINES for child in element)

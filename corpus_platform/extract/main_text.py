r"""HTML -> main text, title and reuse marks of one page.

- `resiliparse` (Bevendorff et al., https://resiliparse.chatnoir.eu): rules on one parse in compiled code; 1 ms a page. What DCLM uses
- `trafilatura` (Barbaresi, https://trafilatura.readthedocs.io): favours precision, no comments, duplicates removed inside the page; 20 to 30 ms.
  What RefinedWeb and FineWeb use
- `justext` (Pomikalek 2011, https://github.com/miso-belica/jusText): paragraphs by length, links and share of English stop words. What Pile-CC uses
- `math`: resiliparse with formulas kept as LaTeX; refuses pages without any (math_text.py). What OpenWebMath needs

Promise: the text depends on the page alone. trafilatura keeps a cache of paragraphs for as long as its process lives, so that a page's text depends on
earlier pages; here each page gets a cache of its own. Its other caches hold pure functions.

Lines are separated by \n; there are no NULs, no surrogates. Unicode is not normalised here; trafilatura itself gives NFC.

Not here: bytes (charset.py), limits of time and memory (extractor.py).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from corpus_platform.extract.math_text import math_text
from corpus_platform.extract.reuse import Reuse, marks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Method = Literal["resiliparse", "trafilatura", "justext", "math"]


class TextOptions(BaseModel):
    """How the main text of a page is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Method = "resiliparse"
    comments: bool = Field(default=False, description="Keep the comments below an article")
    tables: bool = Field(default=True, description="Keep tables (trafilatura only; resiliparse keeps them)")
    favour: Literal["precision", "balanced", "recall"] = Field(
        default="precision", description="trafilatura's focus; FineWeb's is precision"
    )
    deduplicate: bool = Field(default=True, description="Drop paragraphs that a page repeats (trafilatura only)")
    alt_texts: bool = Field(default=False, description="Texts in place of images (resiliparse only)")
    post_meta: bool = Field(default=True, description="Author and date lines (resiliparse only)")
    max_characters: int = Field(default=16 << 20, gt=0, description="Larger pages are refused")


@dataclass(frozen=True, slots=True)
class Extracted:
    """What is in a page."""

    text: str
    """Main text; empty where there is none."""
    title: str | None
    marks: Reuse
    """Reuse signals that the page itself holds."""
    notes: dict[str, int] = field(default_factory=dict)
    """What the extractor counted: for `math`, formulas by the way in which they were found."""


def extract(html: str, method: Method = "resiliparse", options: TextOptions | None = None) -> Extracted:
    """Main text, title and marks of a page, in this process and without limits; `method` wins over the options' own."""
    options = (options or TextOptions()).model_copy(update={"method": method})
    html = without_surrogates(html.replace("\0", ""))
    tree = HTMLTree.parse(html)
    # Title and marks first: the extractors may change the tree.
    title, marks = _title(tree), marks_of(tree)
    if method == "math":
        text, notes = math_text(html)
        return Extracted(clean_lines(text), title, marks, notes)
    return Extracted(clean_lines(_METHODS[method](html, tree, options)), title, marks)


def prepare(method: Method) -> None:
    """Loads what the method needs, so that the first page does not pay for it."""
    if method == "trafilatura":
        _trafilatura()
    elif method == "justext":
        _justext()


def extract_plain(text: str) -> Extracted:
    """Plain text passes through; only its lines are made uniform."""
    return Extracted(clean_lines(text), None, Reuse())


def _by_resiliparse(_html: str, tree: HTMLTree, options: TextOptions) -> str:
    return extract_plain_text(
        tree, main_content=True, alt_texts=options.alt_texts, comments=options.comments, post_meta=options.post_meta
    )


def _by_trafilatura(html: str, _tree: HTMLTree, options: TextOptions) -> str:
    trafilatura, lru_cache = _trafilatura()
    text = trafilatura.extract(
        html,
        favor_precision=options.favour == "precision",
        favor_recall=options.favour == "recall",
        include_comments=options.comments,
        include_tables=options.tables,
        deduplicate=lru_cache(_PARAGRAPHS) if options.deduplicate else False,
    )
    return text or ""


def _by_justext(html: str, _tree: HTMLTree, _options: TextOptions) -> str:
    justext, errors = _justext()
    try:
        # Text is no longer bytes: a declared encoding would be refused.
        paragraphs = justext.justext(_XML_DECLARATION.sub("", html), justext.get_stoplist("English"))
    except errors:
        return ""
    return "\n\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)


_METHODS: dict[Method, Callable[[str, HTMLTree, TextOptions], str]] = {
    "resiliparse": _by_resiliparse,
    "trafilatura": _by_trafilatura,
    "justext": _by_justext,
}

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")

_PARAGRAPHS = 4096
"""Paragraphs that trafilatura's duplicate test remembers: its own default."""


@cache
def _trafilatura() -> tuple[Any, Any]:
    """The library and its cache of paragraphs: half a second to import, so only where it is used."""
    import trafilatura  # noqa: PLC0415
    from trafilatura.deduplication import LRUCache  # noqa: PLC0415

    # It warns of every page without text.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura, LRUCache


@cache
def _justext() -> tuple[Any, tuple[type[Exception], ...]]:
    """The library, and what it raises where a page has no element at all."""
    import justext  # noqa: PLC0415
    from lxml.etree import LxmlError  # noqa: PLC0415

    return justext, (LxmlError, justext.core.JustextError)


def _title(tree: HTMLTree) -> str | None:
    """The page's <title>, else og:title, else its first <h1>; one line of at most 1,000 characters."""
    for title in _titles(tree):
        line = " ".join(without_surrogates(title or "").split())
        if line:
            return line[:1000]
    return None


def _titles(tree: HTMLTree) -> Iterator[str | None]:
    yield tree.title
    page = tree.document
    if page is None:
        return
    social = page.query_selector('meta[property="og:title" i], meta[name="og:title" i]')
    yield social.getattr("content") if social else None
    heading = page.query_selector("h1")
    yield heading.text if heading else None


def clean_lines(text: str) -> str:
    r"""Lines end in \n and nothing else; no NULs, no surrogates, no white space at both ends."""
    if "\r" in text:
        text = _CARRIAGE_RETURN.sub("\n", text)
    return without_surrogates(text.replace("\0", "")).strip()


def without_surrogates(text: str) -> str:
    """Lone surrogates, which no UTF-8 can hold, become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


_CARRIAGE_RETURN = re.compile(r"\r\n?")
_SURROGATE = re.compile("[\ud800-\udfff]")

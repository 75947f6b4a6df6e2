"""One call per page: bytes and headers in, everything that a table of pages wants to know of it out.

Not here: what may go wrong with a page (outcome.py says it, and raises it through this module).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resiliparse.parse.lang import detect_fast

from corpus_platform.extract.charset import BINARY, Source, decode
from corpus_platform.extract.main_text import extract_plain
from corpus_platform.extract.outcome import NotText
from corpus_platform.extract.reuse import with_headers

if TYPE_CHECKING:
    from corpus_platform.extract.extractor import Extractor
    from corpus_platform.extract.reuse import Headers


@dataclass(frozen=True, slots=True)
class PageText:
    """A page, read."""

    text: str
    """Main text; empty where there is none. Lines are separated by line feeds."""
    title: str | None
    charset: str
    charset_source: Source
    replaced: int
    """Bytes that the charset does not have, now U+FFFD."""
    robots: str | None
    tdm_reservation: bool | None
    tdm_policy: str | None
    licence: str | None
    language_hint: str | None
    """What resiliparse's fast detector takes the text for; wrong on short texts and rare languages. None where it does not know."""
    language_hint_distance: int | None
    """How far the text is from that language's profile: good text has some 200; less is better."""
    notes: dict[str, int]
    """What the extractor counted (`Extracted.notes`)."""


def page_text(body: bytes, headers: Headers, content_type: str | None, extractor: Extractor) -> PageText:
    """Text, title, charset, reuse signals and language hint of a page.

    `content_type` is the HTTP header's value with its parameters; without one the body tells HTML from plain text.
    Raises an `Unusable` (outcome.py), whose `reason` names the reject.
    """
    plain = is_plain(body, content_type)
    decoded = decode(body, http_content_type=content_type, is_html=not plain)
    if decoded.garbage > BINARY:
        raise NotText(f"{decoded.garbage:.0%} of {len(decoded.text):,} characters are controls or belong to no charset")
    found = extract_plain(decoded.text) if plain else extractor.extract(decoded.text)
    reuse = with_headers(found.marks, headers)
    language, distance = language_hint(found.text)
    return PageText(
        text=found.text,
        title=found.title,
        charset=decoded.charset,
        charset_source=decoded.source,
        replaced=decoded.replaced,
        robots=reuse.robots,
        tdm_reservation=reuse.tdm_reservation,
        tdm_policy=reuse.tdm_policy,
        licence=reuse.licence,
        language_hint=language,
        language_hint_distance=distance,
        notes=found.notes,
    )


def is_plain(body: bytes, content_type: str | None) -> bool:
    """Whether a body is plain text and not HTML: by its type, and where that is missing by whether it begins with a tag."""
    kind = (content_type or "").split(";")[0].strip().lower()
    if kind and kind not in _UNTOLD:
        return kind == "text/plain"
    return _TAG.search(body[:1024].replace(b"\0", b"")) is None


def language_hint(text: str) -> tuple[str | None, int | None]:
    """Language code (ISO 639-1 mostly) and distance of a text, by resiliparse; None, None where there is no text to speak of."""
    if not text:
        return None, None
    language, distance = detect_fast(text)
    return (None, None) if language == "unknown" else (language, distance)


_UNTOLD = frozenset({"application/octet-stream", "application/unknown", "unknown/unknown"})
"""Types by which a server says that it does not know."""

_TAG = re.compile(rb"<(?:!doctype|\?xml|html|head|body|title|meta|div|p|table|h[1-6]|script)\b", re.IGNORECASE)

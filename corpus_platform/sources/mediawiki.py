"""Articles of MediaWiki XML dumps, as plain text with headings and categories.

A dump's pages are articles, or rejects with the reason why they are none. Redirects and pages of other namespaces are many and no damage.
A disambiguation page is an article whose meta says so; its category is `disambiguation`, that of any other page the first that it is filed under.
Promise: a dump that breaks off gives every article before the break, then one reject that says where and how it broke.

Not here: the XML and the compression (mediawiki_xml.py), the markup of a page (wikitext.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import orjson

from corpus_platform.documents import document_id, domain_of
from corpus_platform.sources.mediawiki_xml import Broken, Page, pages
from corpus_platform.sources.records import Reject
from corpus_platform.sources.wikitext import Formulas, Heading, PlainPage, Tables, plain_page

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

SOURCE = "wikipedia"
LICENCE = "CC-BY-SA-4.0"
DISAMBIGUATION = "disambiguation"

MEDIAWIKI_REASONS = {
    "namespace": "The page is no article: talk, template, category, ...",
    "redirect": "The page only points to another one",
    "disambiguation": "The page only lists what its title may mean, and such pages are not wanted",
    "not_wikitext": "The page is of another content model: JSON, style sheet, ...",
    "no_text": "Nothing is left of the page without its markup",
    "page_too_long": "The page's markup is longer than any that MediaWiki allows",
    "broken_xml": "The XML is damaged or ends too early; later pages are lost",
    "broken_archive": "The compressed file is damaged or ends too early; later pages are lost",
    "doctype": "The file declares a document type, which no dump does; it is not read",
    "not_mediawiki": "The file is some other XML",
}
"""Reason codes of the rejects of this reader, with their meaning."""

_NOTHING = PlainPage("")
_DAMAGE = frozenset({"page_too_long", "broken_xml", "broken_archive", "doctype", "not_mediawiki"})


@dataclass(frozen=True, slots=True)
class Article:
    """An article and where it is from. `position` is the page's ordinal in its dump, from 0, redirects counted."""

    doc_id: str
    file: str
    position: int
    url: str | None
    title: str
    text: str
    language: str | None
    date: datetime | None
    category: str | None
    headings: tuple[Heading, ...]
    meta: dict[str, Any]

    def row(self) -> dict[str, Any]:
        """The DOCUMENT_COLUMNS and SOURCE_COLUMNS, but for `shard` and `file_index`, which the stage knows."""
        return {
            "doc_id": self.doc_id,
            "source": SOURCE,
            "file": self.file,
            "position": self.position,
            "url": self.url,
            "domain": domain_of(self.url),
            "title": self.title,
            "text": self.text,
            "language": self.language,
            "language_score": None,
            "date": self.date,
            "content_type": "text/x-wiki",
            "licence": LICENCE,
            "meta": orjson.dumps(self.meta).decode(),
            "author": None,
            "category": self.category,
            "origin": "human",
            "sections": [heading._asdict() for heading in self.headings],
        }


def read_dump(
    stream: BinaryIO,
    file: str,
    *,
    language: str | None = None,
    wiki: str | None = None,
    namespaces: Collection[int] = (0,),
    tables: Tables = "drop",
    formulas: Formulas = "latex",
    disambiguation: Literal["keep", "drop"] = "keep",
) -> Iterator[Article | Reject]:
    """Every page of a dump, in order, as an Article or as a Reject with one of MEDIAWIKI_REASONS.

    `stream`: the file as stored, compressed or not. `file`: its name, for messages and to know the wiki by. `language` and `wiki` (`zhwiki`)
    override what the file's name and siteinfo say. The detail of a redirect is `title -> title of the page that it points to`.
    Memory is bounded by a chunk and its pages. Raises SourceError when the stream itself fails.
    """
    for page in pages(stream, file=file, wiki=wiki):
        if isinstance(page, Broken):
            yield Reject(file, page.ordinal, page.reason, page.detail)
            return
        reason, plain = _unfit(page, namespaces), _NOTHING
        if reason is None:
            plain = plain_page(page.wikitext, page.site.names, tables=tables, formulas=formulas)
            reason = None if plain.text else "no_text"
            if plain.disambiguation and disambiguation == "drop":
                reason = DISAMBIGUATION
        if reason is None:
            yield _article(page, file, plain, language or page.site.language)
            continue
        detail = f"{page.title} -> {page.redirect_to}" if reason == "redirect" and page.redirect_to else page.title
        url = page.site.url(page.title)
        yield Reject(file, page.ordinal, reason, detail, url, str(page.id), broken=reason in _DAMAGE)


def _unfit(page: Page, namespaces: Collection[int]) -> str | None:
    """Why a page is no article, or None."""
    if page.namespace not in namespaces:
        return "namespace"
    if page.redirect:
        return "redirect"
    if page.model not in {"", "wikitext"}:
        return "not_wikitext"
    return "page_too_long" if page.too_long else None


def _article(page: Page, file: str, plain: PlainPage, language: str | None) -> Article:
    site = page.site
    first = plain.categories[0] if plain.categories else None
    return Article(
        doc_id=document_id(SOURCE, f"{site.dbname}:{page.id}"),
        file=file,
        position=page.ordinal,
        url=site.url(page.title),
        title=page.title,
        text=plain.text,
        language=language,
        date=page.timestamp,
        category=DISAMBIGUATION if plain.disambiguation else first,
        headings=plain.headings,
        meta={
            "page_id": page.id,
            "revision": page.revision,
            "namespace": page.namespace,
            "dbname": site.dbname,
            "sitename": site.name,
            "generator": site.generator,
            "categories": list(plain.categories),
            "disambiguation": plain.disambiguation,
        },
    )

"""Encyclopedia dumps in MediaWiki's XML export format, bzip2-compressed.

English: written articles, and articles made of the documentation of the Python that runs; Chinese: written articles and those of a grammar; a few more
languages with a handful of articles, too little for a language model.

https://www.mediawiki.org/wiki/Help:Export#Export_format (schema 0.11)

Not here: reading dumps, wikitext to plain text (`sources/`).
"""

from __future__ import annotations

import bz2
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from corpus_platform.sample.articles import data_folder
from corpus_platform.sample.manual import ManualPage, manual_pages
from corpus_platform.sample.prose import made_articles

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("en", "zh", "de", "fr", "ja")
NAMESPACES = {0: "", 1: "Talk", 2: "User", 4: "Project", 6: "File", 10: "Template", 14: "Category"}
LOCAL_NAMES = {
    "zh": {1: "讨论", 14: "Category"},
    "de": {1: "Diskussion", 14: "Kategorie"},
    "fr": {1: "Discussion", 14: "Catégorie"},
}
REDIRECT = re.compile(r"^#(?:REDIRECT|WEITERLEITUNG|REDIRECTION)\s*\[\[([^\]|]+)", re.IGNORECASE)
SHORTEST_PARAGRAPH = 60
"""Characters below which a paragraph of a docstring is taken for a caption or code."""


@dataclass(frozen=True)
class Entry:
    """A page of an encyclopedia."""

    title: str
    text: str


def entries(language: str, seed: int) -> list[Entry]:
    """All pages of the encyclopedia of a language: written ones first."""
    found = [*_written(language)]
    if language == "en":
        found += [entry for page in manual_pages() if (entry := _of_manual(page))]
    if language == "zh":
        found += [Entry(title, text) for title, text in made_articles("zh", seed)]
    return found


def write_dump(path: Path, language: str, pages: list[Entry]) -> int:
    """Write a dump and return the characters of wikitext in its articles (namespace 0, redirects left out)."""
    names = {**NAMESPACES, **LOCAL_NAMES.get(language, {})}
    parts = [_head(language, names)]
    characters = 0
    for number, page in enumerate(pages, start=1):
        namespace = _namespace(page.title, names)
        redirect = REDIRECT.match(page.text)
        if namespace == 0 and not redirect:
            characters += len(page.text)
        parts.append(_page(page, number, namespace, redirect[1] if redirect else None))
    parts.append("</mediawiki>\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bz2.compress("".join(parts).encode()))
    return characters


def _written(language: str) -> list[Entry]:
    text = (data_folder() / "encyclopedia" / f"{language}.txt").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in ("\n" + text).split("\n@@ ")[1:])
    return [Entry(title.strip(), body.strip()) for title, _, body in parts]


def _of_manual(page: ManualPage) -> Entry | None:
    """An article of the running text in a module's documentation; None where there is hardly any."""
    sections = [(name, _running_text(text)) for name, text in page.sections]
    kept = [(name, paragraphs) for name, paragraphs in sections if paragraphs]
    if sum(len(paragraph) for _, paragraphs in kept for paragraph in paragraphs) < 400:
        return None
    parts = [f"'''{page.name}''' is a module of the Python library."]
    for name, paragraphs in kept:
        parts += ([] if name == page.name else [f"== {name} =="]) + paragraphs
    return Entry(f"{page.name} (Python module)", "\n\n".join([*parts, "[[Category:Python modules]]"]))


def _running_text(text: str) -> list[str]:
    """The paragraphs of a docstring that are sentences, each on one line, without wiki markup by accident."""
    kept = []
    for paragraph in re.split(r"\n\s*\n", text):
        line = " ".join(paragraph.split())
        letters = sum(character.isalpha() or character in " .,;" for character in line)
        if len(line) >= SHORTEST_PARAGRAPH and letters > 0.9 * len(line) and line[-1:] in ".:!?)":
            kept.append(re.sub(r"\[\[|\]\]|\{\{|\}\}|''+", "", line).lstrip("*#:;= "))
    return kept


def _head(language: str, names: dict[int, str]) -> str:
    spaces = "".join(
        f'      <namespace key="{key}" case="first-letter">{name}</namespace>\n'
        if name
        else f'      <namespace key="{key}" case="first-letter" />\n'
        for key, name in names.items()
    )
    schema = "http://www.mediawiki.org/xml/export-0.11/"
    return (
        f'<mediawiki xmlns="{schema}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{schema} http://www.mediawiki.org/xml/export-0.11.xsd" version="0.11" xml:lang="{language}">\n'
        f"  <siteinfo>\n    <sitename>Sample Encyclopedia</sitename>\n    <dbname>{language}wiki</dbname>\n"
        f"    <base>https://{language}.encyclopedia.example/wiki/Main_Page</base>\n    <generator>corpus_platform.sample</generator>\n"
        f"    <case>first-letter</case>\n    <namespaces>\n{spaces}    </namespaces>\n  </siteinfo>\n"
    )


def _page(page: Entry, number: int, namespace: int, redirect: str | None) -> str:
    data = page.text.encode()
    digest = _base_36(int.from_bytes(hashlib.sha1(data, usedforsecurity=False).digest(), "big"))
    moved = f"    <redirect title={quoteattr(redirect)} />\n" if redirect else ""
    return (
        f"  <page>\n    <title>{escape(page.title)}</title>\n    <ns>{namespace}</ns>\n    <id>{number}</id>\n{moved}"
        f"    <revision>\n      <id>{number + 1000}</id>\n      <timestamp>2025-01-{number % 28 + 1:02d}T08:{number % 60:02d}:00Z</timestamp>\n"
        "      <contributor>\n        <username>Sample</username>\n        <id>1</id>\n      </contributor>\n"
        f"      <origin>{number + 1000}</origin>\n      <model>wikitext</model>\n      <format>text/x-wiki</format>\n"
        f'      <text bytes="{len(data)}" sha1="{digest}" xml:space="preserve">{escape(page.text)}</text>\n'
        f"      <sha1>{digest}</sha1>\n    </revision>\n  </page>\n"
    )


def _namespace(title: str, names: dict[int, str]) -> int:
    prefix, colon, _ = title.partition(":")
    return next((key for key, name in names.items() if colon and name == prefix), 0)


def _base_36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits.rjust(31, "0")

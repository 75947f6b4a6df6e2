"""Books in EPUB 2 and 3: the text in reading order, headings as sections, metadata of the package.

Left out: covers, title pages, copyright pages, contents, indexes, advertisements: by landmarks, guide and `epub:type`, and where a book does not
say it by what the document holds. Encrypted and broken books are rejects. Reading direction and vertical writing are kept in `meta`.

Not here: the package (epub_package.py), markup (epub_text.py), archives (archives.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from corpus_platform.models.book_classes import class_of
from corpus_platform.readers.archives import ARCHIVE_REASONS, contents
from corpus_platform.readers.epub_package import NoPackage, date_of, package_of
from corpus_platform.readers.epub_text import NO_TEXT_TYPES, parsed, text_of
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.reader import Reader, Section, SourceDocument, register_reader
from corpus_platform.readers.safe_xml import XML_REASONS, UnsafeXml
from corpus_platform.readers.unpacking import Limits, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from corpus_platform.readers.book_builder import Text
    from corpus_platform.readers.epub_package import Package, SpineItem
    from corpus_platform.readers.reader import Unit
    from corpus_platform.sources.records import Reject

LIMITS = Limits(total_bytes=2 << 30, members=100_000, member_bytes=64 << 20, depth=1)
_TEXT_BYTES = 256 << 20
_READ = (".xhtml", ".html", ".htm", ".xml", ".opf", ".ncx", ".css")
_COPYRIGHT = re.compile(
    r"all\s+rights\s+reserved|©|\(c\)\s*\d{4}|copyright\b|\bISBN\b|no\s+part\s+of\s+this|published\s+by|tous\s+droits\s+réservés|dépôt\s+légal|"
    r"alle\s+rechte|reservados\s+todos|版权所有|著作权|图书在版编目|无断転載|無断転載|發行所|发行|印刷",
    re.IGNORECASE,
)
_ADVERTISEMENT = re.compile(
    r"also\s+by\b|other\s+(?:books|titles|works)\s+by|by\s+the\s+same\s+author|sign\s+up\s+(?:for|to)|newsletter|visit\s+(?:us|our)|follow\s+us|"
    r"available\s+(?:now|from)|coming\s+soon|free\s+e-?books?|epub\s+(?:制作|整理)|扫码|二维码|关注\S{0,8}公众号|更多(?:电子书|好书)|电子书下载|du\s+même\s+auteur",
    re.IGNORECASE,
)
_BY_NAME = re.compile(
    r"(?:^|[/_.-])(?:cover|title-?page|half-?title|copyright|colophon|toc|contents?-?page|nav|also-?by|ad-?card|advert\w*|newsletter|promo\w*|imprint)(?:[_.\d-]|$)",
    re.IGNORECASE,
)
_VERTICAL = re.compile(rb"writing-mode\s*:\s*(vertical-(?:rl|lr)|tb-rl)", re.IGNORECASE)
_LICENCE = re.compile(r"https?://(?:www\.)?(?:creativecommons\.org|gnu\.org|opensource\.org)/\S+", re.IGNORECASE)
_PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/mark/1.0/"
_SHORT, _PAGE = 300, 3_000
"""Characters up to which a document can be a title page, and a copyright page or an advertisement."""


@register_reader
class Epub(Reader):
    """EPUB books; a book is a document."""

    name: ClassVar[str] = "epub"
    source: ClassVar[str] = "books"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = (".epub",)
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **XML_REASONS,
        "encrypted": "The book's documents are encrypted (DRM), or the archive is",
        "not_epub": "The archive has no package document",
        "no_spine": "The package names no reading order",
        "no_text": "Nothing is left when covers, title pages and the like are left out",
        "epub_too_large": "The book's text is larger than 256 MiB",
    }

    footnotes: Literal["keep", "drop"] = Field(
        default="keep", description="Notes stay where they stand, their marks as `[1]`; or notes and marks go"
    )
    front_matter: Literal["drop", "keep"] = Field(
        default="drop",
        description="Title pages, copyright pages, contents and advertisements that a book does not name but that read like it",
    )

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The book, or why it can't be read."""
        with unit.open() as stream:
            if not stream.read(1):
                yield unit.reject(0, "empty_file")
                return
            stream.seek(0)
            files, problems = _files(stream, unit.name)
        try:
            _refuse(problems, files)
            document = self._book(files, unit)
        except (NoPackage, UnsafeXml) as error:
            yield unit.reject(0, error.reason, error.detail)
            return
        yield document
        for number, problem in enumerate(problems, 1):
            yield unit.reject(number, problem.reason, f"{problem.path}: {problem.detail}")

    def _book(self, files: Mapping[str, bytes], unit: Unit) -> SourceDocument:
        package = package_of(files)
        made = [(item, self._part(item, files, package)) for item in package.spine if item.path in files]
        kept = [(item, text) for item, text in made if text is not None]
        missing = len(package.spine) - len(made)
        if not any(text.length for _, text in kept):
            detail = f"{missing} of {len(package.spine)} documents are missing" if missing else ""
            raise NoPackage("no_text", detail)
        text, sections = _joined(kept, package)
        meta = _meta(package, files, kept)
        meta |= {"missing_documents": missing} if missing else {}
        return SourceDocument(
            identity=f"epub:{package.identifier or unit.name}",
            position=0,
            text=text,
            title=package.first("title"),
            url=next((one for one in package.metadata.get("source", ()) if one.startswith("http")), None),
            language=language_code(package.first("language")),
            date=next((found for one in package.metadata.get("date", ()) if (found := date_of(one))), None),
            content_type="application/epub+zip",
            licence=_licence(package),
            author="; ".join(package.metadata.get("creator", ())) or None,
            category=_category(package),
            sections=sections,
            meta=meta,
        )

    def _part(self, item: SpineItem, files: Mapping[str, bytes], package: Package) -> Text | None:
        """The text of a document of the book; None where it is left out."""
        if package.kinds.get(item.path, frozenset()) & NO_TEXT_TYPES and "nav" not in item.properties:
            return None
        root = parsed(files[item.path])
        text = text_of(root, notes=self.footnotes)
        whole = text.close()
        if not whole.strip():
            return None
        if "nav" in item.properties and len(whole) < _SHORT:
            return None
        if self.front_matter == "drop" and _is_no_text(whole, text, item, package):
            return None
        return text


def _files(stream: BinaryIO, name: str) -> tuple[dict[str, bytes], list[Problem]]:
    """The files that may be read, by path, and the problems of the archive."""
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    total = 0
    for found in contents(stream, name, lambda path: path.lower().endswith(_READ), limits=LIMITS):
        if isinstance(found, Problem):
            problems.append(found)
            continue
        member, data = found
        total += len(data)
        if total > _TEXT_BYTES:
            raise NoPackage("epub_too_large", f"more than {_TEXT_BYTES:,} bytes of text")
        files.setdefault(member.path, data)
    return files, problems


def _refuse(problems: list[Problem], files: Mapping[str, bytes]) -> None:
    """Raises NoPackage for a bomb, and for an archive that is so damaged that it has no container."""
    for problem in problems:
        if problem.reason == "archive_bomb" or (
            problem.reason in {"broken_archive", "encrypted"} and "META-INF/container.xml" not in files
        ):
            raise NoPackage(problem.reason, problem.detail)


def _is_no_text(whole: str, text: Text, item: SpineItem, package: Package) -> bool:
    """Whether a document that nothing says it of is a cover, title page, copyright page, list of contents or advertisement."""
    named = bool(_BY_NAME.search(item.path.rpartition("/")[2])) or "nav" in item.properties
    if len(whole) < _SHORT and (named or not _beyond_title(whole, package)):
        return True
    if len(whole) < _PAGE:
        signs = len(set(_COPYRIGHT.findall(whole)))
        if signs >= 2 or (signs and (named or len(whole) < 800) and not text.headings[1:]):
            return True
        if _ADVERTISEMENT.search(whole[:400]) and (named or len(whole) < 1_500):
            return True
    return text.linked > 0.75 * len(whole) and "\n" in whole


def _beyond_title(whole: str, package: Package) -> bool:
    """Whether there is more than the words of title, authors and publisher."""
    known = " ".join(
        value
        for name in ("title", "title_subtitle", "title_collection", "creator", "publisher", "date")
        for value in package.metadata.get(name, ())
    )
    words = set(re.findall(r"\w+", known.lower()))
    found = [
        word
        for word in re.findall(r"\w+", whole.lower())
        if word not in words and word not in {"by", "the", "a", "著", "作者"}
    ]
    return bool(found)


def _joined(parts: list[tuple[SpineItem, Text]], package: Package) -> tuple[str, tuple[Section, ...]]:
    """The documents one after the other, and their sections.

    These are the entries of the contents at the places that they name, called as the heading there is; without contents they are all headings.
    """
    whole: list[str] = []
    at = 0
    places: dict[tuple[str, str], int] = {}
    headings: list[Section] = []
    for item, text in parts:
        body = text.close()
        places[item.path, ""] = at
        places |= {(item.path, name): at + start for name, start in text.places.items()}
        headings += [Section(level, title, at + start) for level, title, start in text.headings]
        whole.append(body)
        at += len(body) + 2
    total = max(at - 2, 0)
    listed = [
        Section(h.level, h.title, places[h.path, h.fragment])
        for h in package.headings
        if (h.path, h.fragment) in places
    ]
    listed = [section for section in listed if section.start < total]
    own = {section.start: section for section in reversed(headings)}
    listed = [replace(s, title=own[s.start].title) if s.start in own else s for s in listed]
    chosen = headings if len(listed) < 2 < len(headings) or not listed else listed
    return "\n\n".join(whole), tuple(sorted(chosen, key=lambda section: section.start))


def _category(package: Package) -> str | None:
    """The class by the subjects; of a Chinese book a subject may be a code of the Chinese Library Classification."""
    subjects = package.metadata.get("subject", [])
    codes = subjects if language_code(package.first("language")) == "zh" else ()
    return class_of(clc=codes, subjects=subjects, title=package.first("title"))


def _licence(package: Package) -> str | None:
    """The address of a licence, where one is named; that of the public domain mark where the rights say so."""
    rights = package.metadata.get("rights", [])
    named = package.metadata.get("licence") or [m[0].rstrip(".,)") for r in rights if (m := _LICENCE.search(r))]
    if named:
        return named[0]
    return _PUBLIC_DOMAIN if any(r.lower().startswith("public domain") for r in rights) else None


def _meta(package: Package, files: Mapping[str, bytes], parts: list[tuple[SpineItem, Text]]) -> dict:
    kept = (
        "publisher",
        "subject",
        "translator",
        "editor",
        "title_subtitle",
        "title_collection",
        "source",
        "description",
        "rights",
    )
    meta: dict = {
        name: values if len(values) > 1 else values[0] for name in kept if (values := package.metadata.get(name))
    }
    meta["epub_version"] = package.version
    if package.direction or any(text.direction == "rtl" for _, text in parts):
        meta["direction"] = package.direction or "rtl"
    styles = [_VERTICAL.search(data) for path, data in files.items() if path.lower().endswith(".css")]
    mode = next((found[1].decode().lower() for found in styles if found), None) or package.first("primary_writing_mode")
    if mode and mode.startswith(("vertical", "tb")):
        meta["writing_mode"] = "vertical-rl" if mode == "tb-rl" else mode
    return meta

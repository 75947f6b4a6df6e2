"""An EPUB's package: its files, metadata, reading order, and headings by the place where they begin.

Versions 2 and 3: container.xml, the package document (OPF), `nav` and NCX, landmarks and guide. Sources: EPUB 3.3 (W3C), OPF 2.0.1 (IDPF).

Not here: archives and their dangers (archives.py), text (epub_text.py), which parts are left out (epub.py).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from corpus_platform.readers.safe_xml import UnsafeXml, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_RIGHTS = ("META-INF/rights.xml", "META-INF/sinf.xml")
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Algorithms that only disfigure fonts."""
_MARKUP = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")


class NoPackage(ValueError):
    """A book that can't be read; `reason` is one of the reader's."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class SpineItem:
    """A document in reading order."""

    path: str
    properties: frozenset[str]
    linear: bool


@dataclass(frozen=True)
class Heading:
    """An entry of the contents: level from 1, title, the file and the element (id; empty: the file's beginning)."""

    level: int
    title: str
    path: str
    fragment: str


@dataclass(frozen=True)
class Package:
    """What a book says of itself."""

    version: str
    metadata: dict[str, list[str]]
    """`title`, `creator`, `language`, `date`, `rights`, `subject`, `identifier`, `publisher`, `source`, `licence` ...: values in order."""
    identifier: str | None
    """The one that the package calls its own."""
    spine: tuple[SpineItem, ...]
    headings: tuple[Heading, ...]
    kinds: dict[str, frozenset[str]] = field(default_factory=dict)
    """What guide and landmarks call a file: `cover`, `title-page`, `toc` ...; only those that name the whole file."""
    direction: str | None = None
    """`page-progression-direction`."""

    def first(self, name: str) -> str | None:
        """The first value of a metadata name."""
        return next(iter(self.metadata.get(name, ())), None)


def package_of(files: Mapping[str, bytes]) -> Package:
    """The package of an archive's files. Raises NoPackage where it is encrypted, or no book."""
    path = _package_path(files)
    root = _tree(files, path)
    base = posixpath.dirname(path)
    manifest = {item.get("id"): item for item in _all(root, "item") if item.get("id")}
    where = {key: resolved(base, item.get("href", "")) for key, item in manifest.items()}
    spine_element = next(_all(root, "spine"), None)
    if spine_element is None:
        raise NoPackage("no_spine", f"{path} has no reading order")
    spine = tuple(_spine(spine_element, manifest, where))
    if not spine:
        raise NoPackage("no_spine", f"the reading order of {path} names no document")
    _refuse_encrypted(files, {item.path for item in spine})
    metadata, identifier = _metadata(root)
    nav = next((where[k] for k, item in manifest.items() if "nav" in (item.get("properties") or "").split()), None)
    ncx = where.get(spine_element.get("toc") or "") or next(
        (where[k] for k, item in manifest.items() if item.get("media-type") == "application/x-dtbncx+xml"), None
    )
    headings, landmarks = _from_nav(files, nav)
    headings = headings or _from_ncx(files, ncx)
    kinds = _kinds([*landmarks, *_from_guide(root, base)])
    return Package(
        version=root.get("version", ""),
        metadata=metadata,
        identifier=identifier,
        spine=spine,
        headings=tuple(headings),
        kinds=kinds,
        direction=spine_element.get("page-progression-direction"),
    )


def resolved(base: str, href: str) -> str:
    """A path of the archive from a link in a file of the folder `base`, without its fragment; one that climbs out stays a path that no file has."""
    return posixpath.normpath(posixpath.join(base, unquote(urlsplit(href).path))) if href else ""


def attribute(element: Any, name: str) -> str:
    """An attribute by its local name, whatever its namespace: `type` of `epub:type`."""
    for key, value in element.attrib.items():
        if key == name or key.endswith((f"}}{name}", f":{name}")):
            return value
    return ""


def date_of(text: str | None) -> datetime | None:
    """`2012`, `2012-08`, `2012-08-28T18:00:00Z`: the beginning of that year, month or day."""
    match = _DATE.match((text or "").strip())
    if not match:
        return None
    try:
        return datetime(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1), tzinfo=UTC)
    except ValueError:
        return None


def _tree(files: Mapping[str, bytes], path: str) -> Any:
    if path not in files:
        raise NoPackage("not_epub", f"there is no {path}")
    try:
        return tree(files[path])
    except UnsafeXml as error:
        raise NoPackage(error.reason, f"{path}: {error.detail}") from error


def _all(root: Any, name: str) -> Iterator[Any]:
    return (element for element in root.iter() if isinstance(element.tag, str) and _local(element) == name)


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _package_path(files: Mapping[str, bytes]) -> str:
    """Where the container says that the package is; the only package file where there is no container."""
    if _CONTAINER in files:
        for file in _all(_tree(files, _CONTAINER), "rootfile"):
            path = resolved("", file.get("full-path", ""))
            if path in files:
                return path
    packages = [path for path in files if path.lower().endswith(".opf")]
    if len(packages) != 1:
        raise NoPackage("not_epub", f"no {_CONTAINER} names a package document")
    return packages[0]


def _spine(spine: Any, manifest: Mapping[str, Any], where: Mapping[str, str]) -> Iterator[SpineItem]:
    for reference in _all(spine, "itemref"):
        key = reference.get("idref")
        item = manifest.get(key)
        kind = (item.get("media-type") or "").lower() if item is not None else ""
        if item is not None and (kind in _MARKUP or where[key].lower().endswith((".xhtml", ".html", ".htm"))):
            properties = f"{item.get('properties') or ''} {reference.get('properties') or ''}".split()
            yield SpineItem(where[key], frozenset(properties), reference.get("linear") != "no")


def _refuse_encrypted(files: Mapping[str, bytes], documents: set[str]) -> None:
    """Raises NoPackage where documents are encrypted. Disfigured fonts do no harm."""
    if _ENCRYPTION in files:
        for data in _all(_tree(files, _ENCRYPTION), "EncryptedData"):
            method = next((m.get("Algorithm", "") for m in _all(data, "EncryptionMethod")), "")
            paths = {resolved("", reference.get("URI", "")) for reference in _all(data, "CipherReference")}
            if method not in _FONTS and (paths & documents or not paths):
                raise NoPackage("encrypted", f"{len(paths & documents)} documents by {method or 'an unnamed method'}")
    rights = [path for path in _RIGHTS if path in files]
    if rights and not any(_is_markup(files.get(path, b"")) for path in documents):
        raise NoPackage("encrypted", f"{rights[0]}, and no document can be read")


def _is_markup(data: bytes) -> bool:
    return b"<" in data[:400]


def _metadata(root: Any) -> tuple[dict[str, list[str]], str | None]:
    """Dublin Core and what refines it: titles and creators in their order, translators apart, licences by their address."""
    found: dict[str, list[str]] = {}
    refined = {
        (m.get("refines", "").lstrip("#"), (m.get("property") or "").rpartition(":")[2]): (m.text or "").strip()
        for m in _all(root, "meta")
        if m.get("refines")
    }
    unique, identifier = root.get("unique-identifier"), None
    holder = next(_all(root, "metadata"), None)
    for element in holder.iter() if holder is not None else ():
        name, text = _local(element), " ".join("".join(element.itertext()).split())
        key = element.get("id") or ""
        if name == "link" and attribute(element, "rel").endswith("license") and not element.get("refines"):
            found.setdefault("licence", []).append(element.get("href", ""))
        elif name == "meta":
            _add_meta(found, element, text)
        elif text and name not in {"metadata", "dc-metadata", "x-metadata"}:
            role = attribute(element, "role") or refined.get((key, "role"), "")
            kind = refined.get((key, "title-type"), "main")
            _add(found, name, text, role, kind)
            if name == "identifier" and key == unique:
                identifier = text
    return found, identifier or next(iter(found.get("identifier", ())), None)


def _add(found: dict[str, list[str]], name: str, text: str, role: str, kind: str) -> None:
    if name == "creator" and role not in ("", "aut"):
        name = {"trl": "translator", "ill": "illustrator", "edt": "editor"}.get(role, "contributor")
    elif name == "contributor" and role in {"aut", "trl", "edt"}:
        name = {"aut": "creator", "trl": "translator", "edt": "editor"}[role]
    elif name == "title" and kind not in ("main", ""):
        name = f"title_{kind}"
    found.setdefault(name, []).append(text)


def _add_meta(found: dict[str, list[str]], element: Any, text: str) -> None:
    """Metas about the book as a whole: licence and source of EPUB 3, writing mode of converters."""
    name = (element.get("property") or "").rpartition(":")[2] or element.get("name") or ""
    value = text or element.get("content") or ""
    if element.get("refines") or not value:
        return
    if name in {"license", "rights", "source", "publisher", "subject"}:
        found.setdefault({"license": "licence"}.get(name, name), []).append(value)
    elif name in {"primary-writing-mode", "belongs-to-collection", "calibre:series"}:
        found.setdefault(name.replace("-", "_").replace(":", "_"), []).append(value)


def _from_nav(files: Mapping[str, bytes], path: str | None) -> tuple[list[Heading], list[tuple[str, str, str]]]:
    """Contents, and landmarks as (kind, path, fragment)."""
    if not path or path not in files:
        return [], []
    try:
        root = tree(files[path])
    except UnsafeXml:
        return [], []
    base = posixpath.dirname(path)
    headings: list[Heading] = []
    landmarks: list[tuple[str, str, str]] = []
    for nav in _all(root, "nav"):
        kind = attribute(nav, "type").split()
        if "toc" in kind and not headings:
            headings = [h for child in nav if _local(child) == "ol" for h in _entries(child, base, path, 1)]
        elif "landmarks" in kind:
            for link in _all(nav, "a"):
                target, fragment = _target(link, base, path)
                landmarks += [(word, target, fragment) for word in attribute(link, "type").split()]
    return headings, landmarks


def _entries(items: Any, base: str, own: str, level: int) -> Iterator[Heading]:
    for item in items:
        if _local(item) != "li":
            continue
        label = next((child for child in item if _local(child) in {"a", "span"}), None)
        title = " ".join("".join(label.itertext()).split()) if label is not None else ""
        if label is not None and label.get("href") and title:
            yield Heading(level, title, *_target(label, base, own))
        for child in item:
            if _local(child) == "ol":
                yield from _entries(child, base, own, level + (1 if title else 0))


def _target(link: Any, base: str, own: str) -> tuple[str, str]:
    href = link.get("href", "") or ""
    path = resolved(base, href)
    return path or own, unquote(urlsplit(href).fragment)


def _from_ncx(files: Mapping[str, bytes], path: str | None) -> list[Heading]:
    if not path or path not in files:
        return []
    try:
        root = tree(files[path])
    except UnsafeXml:
        return []
    nav_map = next(_all(root, "navMap"), None)
    return list(_points(nav_map, posixpath.dirname(path), 1)) if nav_map is not None else []


def _points(parent: Any, base: str, level: int) -> Iterator[Heading]:
    for point in parent:
        if _local(point) != "navPoint":
            continue
        label = next((child for child in point if _local(child) == "navLabel"), None)
        content = next((child for child in point if _local(child) == "content"), None)
        title = " ".join("".join(label.itertext()).split()) if label is not None else ""
        source = content.get("src", "") if content is not None else ""
        if title and source:
            yield Heading(level, title, resolved(base, source), unquote(urlsplit(source).fragment))
        yield from _points(point, base, level + 1)


def _from_guide(root: Any, base: str) -> list[tuple[str, str, str]]:
    return [
        (
            reference.get("type", "").lower(),
            resolved(base, reference.get("href", "")),
            urlsplit(reference.get("href", "")).fragment,
        )
        for guide in _all(root, "guide")
        for reference in _all(guide, "reference")
    ]


def _kinds(named: list[tuple[str, str, str]]) -> dict[str, frozenset[str]]:
    """What whole files are; a place inside of a file says nothing of the file."""
    found: dict[str, set[str]] = {}
    for kind, path, fragment in named:
        if not fragment:
            found.setdefault(path, set()).add(kind.replace("-", ""))
    return {path: frozenset(kinds) for path, kinds in found.items()}

"""XML that can't harm: streamed elements, or a whole tree, without entities, external DTDs and unbounded nodes.

    for found in events(stream, tags={"row"}):
        if isinstance(found, Problem):
            yield unit.reject(position, found.reason, found.detail)
        else:
            found.get("Id")                 # an lxml element with all that is in it; used before the next is asked for

A document type that names an external file is tolerated and the file is not fetched, for many dumps have one; one that declares entities is a
bomb by intent or by accident and ends the document. An encoding that is declared wrongly is tried again as UTF-8, then as Windows-1252.

Promise: memory is bounded by the limits and by the largest wanted element; nothing is fetched and nothing expanded.

Not here: what the elements mean; HTML (extract/).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from html.entities import html5
from typing import TYPE_CHECKING, Any, BinaryIO

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from corpus_platform.readers.unpacking import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

XML_REASONS = {
    "broken_xml": "The XML can't be read from here on; what came before is used",
    "xml_bomb": "The XML declares entities, or has a node or an element larger than the limits; nothing after it is read",
}
"""Reasons of problems with their meaning, for a reader's own `reasons`."""

_CHUNK = 1 << 16
_HEAD = 1 << 16
_DECLARED = re.compile(rb"""^(\s*<\?xml[^>]{0,200}?encoding\s*=\s*["'])([A-Za-z0-9._-]{1,40})(["'])""")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_ONE_BYTE = ("iso-8859", "latin", "windows-125", "cp125", "us-ascii", "ascii")


@dataclass(frozen=True)
class XmlLimits:
    """How much a document may hold at once."""

    node_bytes: int = 64 << 20
    """A text, an attribute, or anything else without a mark between `<` and `>`."""
    element_nodes: int = 2_000_000
    """Elements in a wanted one."""
    depth: int = 250
    tree_bytes: int = 256 << 20
    """A document that is read as a whole."""


class UnsafeXml(ValueError):
    """A document that is not read. `reason` is a key of XML_REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def events(
    stream: BinaryIO, *, tags: Collection[str], limits: XmlLimits | None = None, name: str = ""
) -> Iterator[Any | Problem]:
    """The wanted elements in document order, each with all that is in it; a Problem as the last item where the document can't be read further.

    Names are compared without namespaces. A wanted element inside of a wanted one is part of it and not given again. Errors of the stream
    itself are raised.
    """
    reader = _Reader(frozenset(tags), limits or XmlLimits())
    try:
        for chunk in _recoded(stream):
            yield from reader.feed(chunk)
        yield from reader.close()
    except UnsafeXml as error:
        yield Problem(error.reason, error.detail, name)


def tree(data: bytes, *, limits: XmlLimits | None = None) -> Any:
    """The root element of a document. Raises UnsafeXml where it is broken or a bomb."""
    limits = limits or XmlLimits()
    if len(data) > limits.tree_bytes:
        raise UnsafeXml("xml_bomb", f"{len(data):,} bytes, of at most {limits.tree_bytes:,}")
    reader = _Reader(frozenset(), limits)
    for chunk in _recoded(_Once(data)):
        for _ in reader.feed(chunk):
            pass
    return reader.root()


class _Reader:
    """A pull parser that is fed in pieces, and forgets what nobody wants."""

    def __init__(self, tags: frozenset[str], limits: XmlLimits) -> None:
        # Huge trees: the limits here take the place of libxml2's, which end a text at 10 MB.
        self._parser = etree.XMLPullParser(
            ("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            dtd_validation=False,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
        )
        self._tags = tags
        self._limits = limits
        self._prolog = b""
        self._doctype = False
        self._silent = 0
        """Bytes since the last mark."""
        self._seen = False
        self._depth = 0
        self._wanted = 0
        """Depth of the wanted element that is open; 0 where none is."""
        self._nodes = 0
        self._root: Any = None

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """The wanted elements that end in this piece."""
        self._check_prolog(chunk)
        self._seen = False
        try:
            self._parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            yield from self._events()
            raise UnsafeXml("broken_xml", _short(error)) from error
        yield from self._events()
        self._silent = 0 if self._seen else self._silent + len(chunk)
        if self._silent > self._limits.node_bytes:
            raise UnsafeXml("xml_bomb", f"a node of more than {self._limits.node_bytes:,} bytes")

    def close(self) -> Iterator[Any]:
        """The rest. Raises UnsafeXml where the document has no end."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            yield from self._events()
            raise UnsafeXml("broken_xml", _short(error)) from error
        yield from self._events()

    def root(self) -> Any:
        """The document's first element, when it has been closed."""
        for _ in self.close():
            pass
        if self._root is None:
            raise UnsafeXml("broken_xml", "the document is empty")
        return self._root

    def _check_prolog(self, chunk: bytes) -> None:
        """Entities can be declared before the first element only, so that is where they are looked for: before the parser sees them.

        libxml2 expands those in attributes whatever it is told.
        """
        if self._root is None:
            self._prolog = self._prolog[-_HEAD:] + chunk
            if b"<!DOCTYPE" in self._prolog:
                self._doctype = True
            if self._doctype and b"<!ENTITY" in self._prolog:
                raise UnsafeXml("xml_bomb", "the document type declares entities")

    def _events(self) -> Iterator[Any]:
        """The wanted elements among the events."""
        for kind, element in self._parser.read_events():
            self._seen = True
            if kind == "start":
                self._start(element)
                continue
            if self._depth == self._wanted:
                self._wanted = self._nodes = 0
                yield element
                self._forget(element)
            elif self._tags and not self._wanted:
                self._forget(element)
            self._depth -= 1

    def _start(self, element: Any) -> None:
        self._depth += 1
        if self._root is None:
            self._root = element
        if self._depth > self._limits.depth:
            raise UnsafeXml("xml_bomb", f"more than {self._limits.depth} elements in each other")
        if self._wanted or not self._tags:
            self._nodes += 1
            if self._nodes > self._limits.element_nodes:
                raise UnsafeXml("xml_bomb", f"an element with more than {self._limits.element_nodes:,} in it")
        elif local_name(element) in self._tags:
            self._wanted = self._depth

    @staticmethod
    def _forget(element: Any) -> None:
        """Frees an element and those before it; their parent stays, for it is still open."""
        element.clear()
        parent = element.getparent()
        if parent is not None:
            while element.getprevious() is not None:
                del parent[0]


def local_name(element: Any) -> str:
    """The element's name without its namespace; empty for comments and entities."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


class _Once:
    """Bytes as a stream of one read."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    def read(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return bytes(piece)


def _recoded(stream: BinaryIO | _Once) -> Iterator[bytes]:
    """The document as UTF-8 whatever it says, in pieces. What can't be decoded becomes U+FFFD; characters that XML forbids become spaces.

    Where a document type is named, the entities of HTML that it may define become their characters, for it is not fetched.
    """
    chunk = stream.read(_HEAD)
    decoder = codecs.getincrementaldecoder(_encoding_of(chunk))("replace")
    named = b"<!DOCTYPE" in chunk
    held, first = "", True
    while chunk:
        text = held + decoder.decode(chunk)
        if first:
            text = _DECLARATION.sub(r"\1utf-8", text.lstrip("\ufeff \r\n\t"), count=1)
            first = False
        cut = text.rfind("&", len(text) - _LONGEST_NAME)
        text, held = (text[:cut], text[cut:]) if named and cut >= 0 else (text, "")
        yield _clean(text, named=named)
        chunk = stream.read(_CHUNK)
    yield _clean(held + decoder.decode(b"", final=True), named=named)


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DECLARATION = re.compile(r"""^(<\?xml[^>]{0,200}?encoding\s*=\s*["'])[A-Za-z0-9._-]{1,40}""")
_NAMED = re.compile("&([A-Za-z][A-Za-z0-9]{1,31});")
_LONGEST_NAME = 40


def _clean(text: str, *, named: bool) -> bytes:
    if named:
        text = _NAMED.sub(_character, text)
    return _FORBIDDEN.sub(" ", text).encode("utf-8", "replace")


def _character(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in {"amp", "lt", "gt", "quot", "apos"} else html5.get(name + ";", match[0])


def _encoding_of(head: bytes) -> str:
    """The encoding by its mark, else the declared one where the beginning decodes so, else UTF-8 or Windows-1252."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    declared = _DECLARED.match(head)
    named = declared[2].decode() if declared else "utf-8"
    # UTF-8 that says it is Latin-1 decodes as both; the other way round it does not.
    tried = ("utf-8", named) if named.lower().startswith(_ONE_BYTE) and not head.isascii() else (named,)
    for encoding in tried:
        if _decodes(head, encoding):
            return encoding
    text = head.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    return "utf-8" if len(text.encode("utf-8")) - len(text) - 2 * wrong > wrong else "cp1252"


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        if "<".encode(encoding) != b"<":
            return False
        codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except (LookupError, UnicodeError):
        return False
    return True


def _short(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]

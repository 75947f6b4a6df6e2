"""MediaWiki XML dumps: their pages, streamed from .xml, .bz2 (multistream too) and .gz.

A dump is read in chunks; memory holds one chunk and the pages that end in it. A dump that breaks off gives all pages before the break, then
says where it broke. No document type is accepted, so that no entity can be declared.
The wiki is named by the file (`zhwiki-20240101-pages-articles.xml.bz2`) and only else by the dump's siteinfo: ids of pages are unique in a
wiki only, and a siteinfo may be another wiki's.

Not here: which pages are articles (mediawiki.py), the markup of a page (wikitext.py), where files are (the stage opens them).
"""

from __future__ import annotations

import bz2
import gzip
import io
import re
import zlib
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, urlsplit
from xml.parsers import expat

from corpus_platform.errors import SourceError
from corpus_platform.sources.wiki_names import WikiNames, wiki_names
from corpus_platform.sources.wikitext import is_redirect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Buffer

CHUNK = 1 << 18
MAX_CHARACTERS = 16_000_000
"""Longest wikitext that is kept; MediaWiki itself allows 2 MiB a page."""

_WIKI_IN_FILE_NAME = re.compile(
    r"([a-z][a-z0-9_]*?(?:wiki|wiktionary|wikibooks|wikiquote|wikisource|wikinews|wikivoyage|wikiversity))(?![a-z])"
)
_PROJECT = re.compile(
    r"(?P<language>[a-z0-9_]+?)(?P<project>wiki|wiktionary|wikibooks|wikiquote|wikisource|wikinews|wikivoyage|wikiversity)"
)
_LANGUAGE_OF_WIKI = {
    "simple": "en",
    "zh_yue": "yue",
    "zh_classical": "lzh",
    "zh_min_nan": "nan",
    "be_x_old": "be",
    "be_tarask": "be",
    "nb": "no",
    "roa_rup": "rup",
    "bat_smg": "sgs",
    "fiu_vro": "vro",
    "commons": "",
    "species": "",
    "meta": "",
}


@dataclass(frozen=True)
class Site:
    """The wiki of a dump, from its siteinfo and the dump's file name."""

    name: str = ""
    dbname: str = ""
    base: str = ""
    generator: str = ""
    language_tag: str = ""
    own_files: frozenset[str] = frozenset()
    """Its own names of the namespaces of files and media, lower-cased."""
    own_categories: frozenset[str] = frozenset()

    @cached_property
    def names(self) -> WikiNames:
        """What it calls files, categories and disambiguation pages."""
        match = _PROJECT.fullmatch(self.dbname)
        return wiki_names(match["language"] if match else self.language_tag).and_own(
            self.own_files, self.own_categories
        )

    @cached_property
    def language(self) -> str | None:
        """Language code as fastText's lid.176 names it, from the database's name, else from the dump's `xml:lang`."""
        match = _PROJECT.fullmatch(self.dbname)
        code = match["language"] if match else self.language_tag
        return _LANGUAGE_OF_WIKI.get(code, code.partition("_")[0]) or None

    def url(self, title: str) -> str | None:
        """Address of a page."""
        if not self.base:
            return None
        return self.base[: self.base.rindex("/") + 1] + quote(title.replace(" ", "_"), safe="/:;@$!*(),~'")


@dataclass(frozen=True)
class Page:
    """A page's last revision. `ordinal` counts the pages of the dump from 0."""

    site: Site
    ordinal: int
    id: int
    revision: int | None
    namespace: int
    title: str
    timestamp: datetime | None
    redirect: bool
    redirect_to: str | None
    """Title of the page that it points to, where the dump says so."""
    model: str
    wikitext: str
    too_long: bool


@dataclass(frozen=True)
class Broken:
    """The place where a dump can't be read any further: the ordinal of the page that is lost first, and why."""

    ordinal: int
    reason: str
    detail: str


def pages(stream: BinaryIO, *, file: str, wiki: str | None = None) -> Iterator[Page | Broken]:
    """All pages of a dump in order, redirects and every namespace included; a Broken as the last item when it can't be read to its end.

    Raises SourceError when the stream itself fails (network, disk), which a retry may mend.
    """
    reader = _Reader(wiki or wiki_of(file))
    try:
        with _decompressed(_Checked(stream, file)) as plain:
            while chunk := plain.read(CHUNK):
                reader.feed(chunk)
                yield from reader.taken()
        reader.close()
    except _Refused as refusal:
        broken = Broken(reader.count, refusal.reason, refusal.detail)
    except expat.ExpatError as error:
        broken = Broken(reader.count, "broken_xml", str(error))
    except (EOFError, OSError, zlib.error) as error:
        broken = Broken(reader.count, "broken_archive", str(error))
    else:
        return
    yield from reader.taken()
    yield broken


def wiki_of(file: str) -> str | None:
    """Database name that a dump's file name begins with: `zhwiki` of `dumps/zhwiki-20240101-pages-articles.xml.bz2`."""
    match = _WIKI_IN_FILE_NAME.match(file.replace("\\", "/").rpartition("/")[2])
    return match[1] if match else None


class _Refused(Exception):
    """The file is not what this reader reads."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass
class _Reader:
    """Turns expat's events into pages."""

    wiki: str | None
    site: Site = field(default_factory=Site)
    count: int = 0

    def __post_init__(self) -> None:
        self._ready: deque[Page] = deque()
        self._path: list[str] = []
        self._fields: dict[str, str] = {}
        self._files: set[str] = set()
        self._categories: set[str] = set()
        self._collect: list[str] | None = None
        self._collected = 0
        self._namespace_key = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.buffer_size = CHUNK
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk, False)

    def close(self) -> None:
        self._parser.Parse(b"", True)

    def taken(self) -> Iterator[Page]:
        while self._ready:
            yield self._ready.popleft()

    def _doctype(self, name: str, *_: object) -> None:
        raise _Refused("doctype", f"the file declares a document type `{name}`; MediaWiki's dumps have none")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        path = self._path
        if not path:
            if name != "mediawiki":
                raise _Refused("not_mediawiki", f"the first element is `{name}`, not `mediawiki`")
            self.site = replace(self.site, language_tag=attributes.get("xml:lang", ""))
            self._settle_site()
        path.append(name)
        if name == "page":
            self._fields = {}
        elif name == "redirect" and path[-2] == "page":
            self._fields["redirect"] = attributes.get("title", "")
        elif name in _COLLECTED.get(path[-2] if len(path) > 1 else "", ()):
            self._collect, self._collected = [], 0
            self._namespace_key = attributes.get("key", "")

    def _characters(self, data: str) -> None:
        if self._collect is not None:
            self._collected += len(data)
            if self._collected <= MAX_CHARACTERS:
                self._collect.append(data)

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._collect is not None:
            value = "".join(self._collect)
            self._collect = None
            if name == "namespace":
                if value and self._namespace_key in _NAMESPACES_OF_FILES:
                    self._files.add(value.lower())
                elif value and self._namespace_key == _NAMESPACE_OF_CATEGORIES:
                    self._categories.add(value.lower())
                return
            parent = self._path[-1]
            self._fields[name if parent != "revision" or name != "id" else "revision"] = value
            if name == "text":
                self._fields["too_long"] = "yes" if self._collected > MAX_CHARACTERS else ""
        elif name == "siteinfo":
            self._settle_site()
        elif name == "page":
            self._finish_page()

    def _settle_site(self) -> None:
        """The siteinfo is read: name the wiki, by its file where that says something else."""
        fields = self._fields
        dbname, base = fields.get("dbname", ""), fields.get("base", "")
        if not dbname and (host := urlsplit(base).hostname or "").endswith(".wikipedia.org"):
            dbname = host.partition(".")[0].replace("-", "_") + "wiki"
        if self.wiki and self.wiki != dbname:
            dbname = self.wiki
            match = _PROJECT.fullmatch(dbname)
            project = "wikipedia" if not match or match["project"] == "wiki" else match["project"]
            base = f"https://{match['language'].replace('_', '-')}.{project}.org/wiki/Main_Page" if match else base
        self.site = replace(
            self.site,
            name=fields.get("sitename", ""),
            dbname=dbname,
            base=base if "/" in base else "",
            generator=fields.get("generator", ""),
            own_files=frozenset(self._files),
            own_categories=frozenset(self._categories),
        )

    def _finish_page(self) -> None:
        fields = self._fields
        wikitext = fields.get("text", "")
        self._ready.append(
            Page(
                site=self.site,
                ordinal=self.count,
                id=_number(fields.get("id")) or 0,
                revision=_number(fields.get("revision")),
                namespace=_number(fields.get("ns")) or 0,
                title=fields.get("title", "").strip(),
                timestamp=_time(fields.get("timestamp")),
                redirect="redirect" in fields or is_redirect(wikitext),
                redirect_to=fields.get("redirect") or None,
                model=fields.get("model", ""),
                wikitext=wikitext,
                too_long=bool(fields.get("too_long")),
            )
        )
        self.count += 1
        self._fields = {}


_NAMESPACES_OF_FILES = frozenset({"-2", "6"})
_NAMESPACE_OF_CATEGORIES = "14"
_COLLECTED = {
    "siteinfo": frozenset({"sitename", "dbname", "base", "generator"}),
    "namespaces": frozenset({"namespace"}),
    "page": frozenset({"title", "ns", "id"}),
    "revision": frozenset({"id", "timestamp", "model", "text"}),
}


def _number(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value) if value.isdecimal() and len(value) < 19 else None


def _time(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat((value or "").strip()).astimezone(UTC)
    except ValueError:
        return None


class _Checked(io.RawIOBase):
    """A stream whose own failures are SourceErrors, so that they are not taken for a broken archive."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._stream.read(len(view))
        except OSError as error:
            raise SourceError(
                f"{self._name}: the dump can't be read: {error}; check the location and run again"
            ) from error
        view[: len(data)] = data
        return len(data)


def _decompressed(raw: _Checked) -> io.BufferedIOBase:
    """The plain bytes of a stream, told by its first bytes and not by its name."""
    buffered = io.BufferedReader(raw, CHUNK)
    magic = buffered.peek(3)[:3]
    if magic == b"BZh":
        return bz2.BZ2File(buffered)
    return gzip.GzipFile(fileobj=buffered) if magic[:2] == b"\x1f\x8b" else buffered

"""What a reader is: options, which files are its units, and documents and rejects from a unit.

    @register_reader
    class Gutenberg(Reader):
        name = "gutenberg"
        source = "books"
        suffixes = (".txt",)

        def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]: ...

Not here: formats (the other modules), how documents become rows of a table (stages/source_documents.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from corpus_platform.documents import document_id, domain_of
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.records import Reject
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from corpus_platform.documents import Origin
    from corpus_platform.sources.store import InputFile

MODULES: tuple[str, ...] = (
    "baike",
    "book_json",
    "book_text",
    "dialogues",
    "epub",
    "gutenberg",
    "jats",
    "latex",
    "moses",
    "pairs_tsv",
    "pairs_zh",
    "papers",
    "records_table",
    "reddit",
    "repository",
    "s2orc",
    "code_table",
    "code_net",
    "code_pairs",
    "stackexchange",
    "threads",
    "tmx",
    "wmt_xml",
)
"""Modules of this folder that declare readers."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a document: `level` from 1, its title, and where it begins in the text (code points)."""

    level: int
    title: str
    start: int


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A text with all that its source says of it.

    `identity` is the source's own name for it (`arxiv:1911.02782`, `gutenberg:11`), equal whichever file it came in; where the source has
    none, the unit's name and the position. `position` is its ordinal in the unit, unique in it and rising.
    """

    identity: str
    position: int
    text: str
    title: str | None = None
    url: str | None = None
    language: str | None = None
    """ISO 639 code, where the source states it; else it is identified later."""
    date: datetime | None = None
    content_type: str | None = None
    licence: str | None = None
    """SPDX id or address."""
    author: str | None = None
    """Public authors of a work, joined by `; `. Never a user of a site."""
    category: str | None = None
    """Class in the source's own field: CLC class of a book, field of a paper, language of a program, site, subject ..."""
    origin: Origin = "human"
    sections: tuple[Section, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    """Anything else, JSON-like."""

    def row(self, source: str, file: str) -> dict[str, Any]:
        """The columns of DOCUMENT_COLUMNS and SOURCE_COLUMNS, but for `shard` and `file_index`, which the stage knows."""
        return {
            "doc_id": document_id(source, self.identity),
            "source": source,
            "file": file,
            "position": self.position,
            "url": self.url,
            "domain": domain_of(self.url),
            "title": self.title,
            "text": self.text,
            "language": self.language,
            "language_score": None,
            "date": self.date,
            "content_type": self.content_type,
            "licence": self.licence,
            "meta": orjson.dumps(self.meta, default=str).decode(),
            "author": self.author,
            "category": self.category,
            "origin": self.origin,
            "sections": [{"level": s.level, "title": s.title, "start": s.start} for s in self.sections],
        }


@dataclass(frozen=True)
class Unit:
    """What is read at once: one file, or a folder with its files. Paths are relative to the location. It pickles."""

    name: str
    """Path of the file or of the folder."""
    files: tuple[InputFile, ...]
    location: InputLocation = field(repr=False)

    @property
    def bytes(self) -> int:
        """Size of all files, as far as the store says."""
        return sum(file.size or 0 for file in self.files)

    @property
    def identity(self) -> str:
        """What a shard says that it reads: every file with its size and version."""
        return "\n".join(file.identity for file in self.files)

    def open(self, path: str | None = None) -> BinaryIO:
        """A file of the unit as a stream, the only one by default; it can seek where the store is a folder or a bucket."""
        return self.location.open(self.files[0].path if path is None else path)

    def bytes_of(self, path: str | None = None, limit: int = 256 << 20) -> bytes:
        """A whole file of at most `limit` bytes. Raises SourceError where it is larger."""
        with self.open(path) as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise SourceError(f"{path or self.name}: larger than {limit:,} bytes")
        return data

    def whole(self, limit: int) -> bytes | Reject:
        """The only file as a whole; a reject `file_too_large` (harmless) where it has more than `limit` bytes, `empty_file` where it has none."""
        try:
            data = self.bytes_of(limit=limit)
        except SourceError as error:
            if self.bytes <= limit:
                raise
            return self.reject(0, "file_too_large", str(error), broken=False)
        return data or self.reject(0, "empty_file")

    def reject(self, position: int, reason: str, detail: str = "", **more: Any) -> Reject:
        """A reject of this unit."""
        return Reject(self.name, position, reason, detail, **more)

    @classmethod
    def of_path(cls, path: Path) -> Unit:
        """A unit of a file or folder of this machine: for tests and `corpus read`."""
        if path.is_dir():
            location = InputLocation(str(path.resolve().parent))
            return cls(path.name, tuple(location.files(path.name)), location)
        location = InputLocation(str(path.resolve().parent))
        return cls(path.name, (location.stat(path.name),), location)


class Reader(BaseModel, ABC):
    """Options of a format's reader are its fields. A frozen, closed model: its values are part of the identity of what it reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    """Name in settings and on the command line: `gutenberg`."""
    source: ClassVar[str]
    """Layer that its documents belong to: `books`, `academic`, `code`, `social`, `encyclopedia`, `parallel`, `domain`."""
    version: ClassVar[str] = "1"
    """Raised by hand when the same input gives other documents."""
    by: ClassVar[Literal["file", "folder"]] = "file"
    """Whether a unit is a file, or each folder at the top of the location with all that is below it (archives at the top are units too)."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Ends of file names, lower-cased, that are read; of `by = "folder"`, those of archives. Empty: all."""
    reasons: ClassVar[dict[str, str]] = {}
    """Reason codes of its rejects with their meaning, besides those of sources/records.py."""

    @abstractmethod
    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The documents of a unit in their order, and a Reject for each record that can't be used. Streams: memory is bounded."""

    def part_of(self, name: str) -> str | None:
        """What the name of a unit says of its partition: month of a paper (`2019-11`), site of a dump, pair of languages; None where it says nothing."""
        del name
        return None

    def beside(self, path: str) -> bool:
        """Whether a file of the location tells something of every unit, so that all of them depend on it: a list of repositories, say."""
        del path
        return False

    def units(self, location: InputLocation, files: Iterable[InputFile]) -> list[Unit]:
        """The units among the files of a location, by name."""
        if self.by == "file":
            return [Unit(file.path, (file,), location) for file in files if self._is_read(file.path)]
        found: dict[str, list[InputFile]] = {}
        for file in files:
            top, slash, _ = file.path.partition("/")
            if slash or self._is_read(file.path):
                found.setdefault(top, []).append(file)
        return [Unit(name, tuple(members), location) for name, members in sorted(found.items())]

    def _is_read(self, path: str) -> bool:
        return not self.suffixes or path.lower().endswith(self.suffixes)


_READERS: dict[str, type[Reader]] = {}
_Class = TypeVar("_Class", bound="type[Reader]")


def register_reader(reader: _Class) -> _Class:
    """Makes a reader known by its name."""
    if _READERS.get(reader.name, reader).__qualname__ != reader.__qualname__:
        raise ValueError(f"two readers are called `{reader.name}`")
    _READERS[reader.name] = reader
    return reader


def readers() -> dict[str, type[Reader]]:
    """Every reader by its name."""
    for module in MODULES:
        import_module(f"corpus_platform.readers.{module}")
    return dict(_READERS)


def reader_of(name: str, options: dict[str, Any] | None = None) -> Reader:
    """The reader of a name with its options. Raises SettingsError with the nearest name, or the option that is wrong."""
    known = readers()
    if name not in known:
        raise SettingsError(
            f"there is no reader `{name}`{nearest(name, known)}; there are {', '.join(sorted(known)) or 'none'}"
        )
    try:
        return known[name].model_validate(options or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        options_known = ", ".join(known[name].model_fields) or "none"
        raise SettingsError(
            f"reader `{name}`: option `{where}`: {first['msg'].removeprefix('Value error, ')}; its options are {options_known}"
        ) from None

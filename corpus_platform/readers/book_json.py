"""Collections of poems, classics and books as JSON: lists of records, JSON lines, records nested in parts and volumes.

    books:
      poetry: {location: /data/poetry, format: book_json, options: {language: zh, category: I}}
      mine:   {location: /data/mine, format: book_json, options: {columns: {text: [body], title: [name], author: [by.name]}}}

A *record* is an object with a text; an object without one whose `nested` list has objects is a part, and its title one of the record's `parts`.
Which names mean what is an option (`columns`): the first name that a record has counts, `a.b` is `b` of the object `a`.

Not here: columnar files and tables (domain readers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.extract.charset import decode
from corpus_platform.models.book_classes import class_of
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.reader import Reader, Section, SourceDocument, register_reader
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.reader import Unit

_DEPTH = 12
_LINE = 64 << 20
_LINES = (".jsonl", ".ndjson")
_DYNASTY = re.compile(r"(?P<dynasty>\S{0,3}[秦漢汉晉晋魏國国朝齊齐梁陳陈隋唐代宋遼辽金元明清])[：:]\s*(?P<name>.+)")
_TONES = re.compile("[平仄○中，。、]")


class Columns(BaseModel):
    """Names that mean a column, the first that a record has counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: tuple[str, ...] = ("paragraphs", "content", "text", "para", "body")
    title: tuple[str, ...] = ("title", "rhythmic", "chapter", "name")
    author: tuple[str, ...] = ("author", "authors", "by")
    identity: tuple[str, ...] = ("id", "uuid")
    category: tuple[str, ...] = ("clc", "category")
    date: tuple[str, ...] = ()
    language: tuple[str, ...] = ("language", "lang")
    licence: tuple[str, ...] = ("licence", "license")
    url: tuple[str, ...] = ("url",)


@dataclass
class _Walk:
    """Where in a file we are: ordinal of the next record, titles of the parts that it is in, author of the whole."""

    position: int = 0
    parts: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)


@register_reader
class BookJson(Reader):
    """JSON files of texts."""

    name: ClassVar[str] = "book_json"
    source: ClassVar[str] = "books"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = (".json", *_LINES)
    reasons: ClassVar[dict[str, str]] = {
        "no_text": "The record has no text under the names that the option `columns` gives",
        "tone_pattern": "The record has the tones of a poem and no words",
        "nested_too_deep": "Objects are nested deeper than a book's parts can be",
        "file_too_large": "The file, or a line of it, is larger than the option `max_bytes` or 64 MiB",
    }

    columns: Columns = Field(default=Columns(), description="Names of the records' values")
    nested: tuple[str, ...] = Field(
        default=("content", "chapters", "children", "sections", "volumes"),
        description="Lists in which parts keep their records",
    )
    heading: bool = Field(
        default=True, description="Title and author are the first lines of the text, as a collection prints them"
    )
    join: str = Field(default="\n", description="What stands between two paragraphs")
    language: str | None = Field(default=None, description="Language of records that do not say theirs")
    category: str | None = Field(default=None, pattern="^[A-KN-VXZ]$", description="Class of all records (CLC letter)")
    licence: str | None = Field(default=None, description="Licence of records that do not say theirs")
    max_bytes: int = Field(default=64 << 20, ge=1, description="Larger files (JSON lines: lines of 64 MiB) are rejects")

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The records in their order."""
        walk = _Walk()
        for found in self._values(unit, walk):
            if isinstance(found, tuple):
                yield from self._records(found[0], unit, walk)
            else:
                walk.position += 1
                yield found

    def _values(self, unit: Unit, walk: _Walk) -> Iterator[tuple[Any] | Reject]:
        """The JSON values of the file, or rejects where there are none."""
        if unit.name.lower().endswith(_LINES):
            yield from self._json_lines(unit, walk)
            return
        data = unit.whole(self.max_bytes)
        if isinstance(data, Reject):
            yield data
            return
        if not data.strip():
            yield unit.reject(0, "empty_file")
            return
        yield _parsed(data, unit, 0)

    def _json_lines(self, unit: Unit, walk: _Walk) -> Iterator[tuple[Any] | Reject]:
        with unit.open() as stream:
            while line := stream.readline(_LINE + 1):
                if len(line) > _LINE:
                    while line and not line.endswith(b"\n"):
                        line = stream.readline(_LINE)
                    yield unit.reject(walk.position, "file_too_large", "a line of more than 64 MiB")
                elif line.strip():
                    yield _parsed(line, unit, walk.position)

    def _records(self, value: Any, unit: Unit, walk: _Walk, depth: int = 0) -> Iterator[SourceDocument | Reject]:
        """The records in a value: its own, or those of the lists in it."""
        if depth > _DEPTH:
            yield unit.reject(walk.position, "nested_too_deep", " / ".join(walk.parts))
            walk.position += 1
            return
        if isinstance(value, list):
            for one in value:
                yield from self._records(one, unit, walk, depth + 1)
            return
        inner = (
            next((value[key] for key in self.nested if _has_objects(value.get(key))), None)
            if isinstance(value, dict)
            else None
        )
        if inner is None:
            yield self._record(value, unit, walk)
            walk.position += 1
            return
        title, author = self._value(value, "title"), self._value(value, "author")
        walk.parts.append(title or "")
        walk.authors.append(author or "")
        yield from self._records(inner, unit, walk, depth + 1)
        walk.parts.pop()
        walk.authors.pop()

    def _record(self, value: Any, unit: Unit, walk: _Walk) -> SourceDocument | Reject:
        if not isinstance(value, dict):
            return unit.reject(walk.position, "no_text", f"a {type(value).__name__} is no record", broken=False)
        body = self.join.join(_paragraphs(self._raw(value, "text")))
        if not body.strip():
            reason = "tone_pattern" if any(map(_is_tones, value.values())) else "no_text"
            return unit.reject(walk.position, reason, ", ".join(list(value)[:8]), broken=False)
        title = self._value(value, "title")
        named_author = self._value(value, "author") or next((a for a in reversed(walk.authors) if a), None)
        dynasty, author = _author(named_author)
        parts = [part for part in walk.parts if part]
        head = [line for line in (title, named_author) if line] if self.heading else []
        named = self._value(value, "identity")
        given = self._value(value, "category")
        return SourceDocument(
            identity=f"{unit.name}#{named or walk.position}",
            position=walk.position,
            text="\n".join([*head, body]),
            title=title,
            url=self._value(value, "url"),
            language=language_code(self._value(value, "language") or self.language),
            content_type="application/json",
            licence=self._value(value, "licence") or self.licence,
            author=author,
            category=self.category
            or (class_of(clc=[given], subjects=[given]) if given else None)
            or class_of(title=parts[0] if parts else None),
            sections=(Section(1, title, 0),) if title and self.heading else (),
            meta=({"parts": parts} if parts else {}) | ({"dynasty": dynasty} if dynasty else {}) | self._rest(value),
        )

    def _raw(self, record: dict[str, Any], column: str) -> Any:
        """The value of the first name of a column that the record has."""
        for name in getattr(self.columns, column):
            found: Any = record
            for part in name.split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if found not in (None, "", [], {}):
                return found
        return None

    def _value(self, record: dict[str, Any], column: str) -> str | None:
        found = self._raw(record, column)
        if isinstance(found, list):
            found = "; ".join(str(one) for one in found if isinstance(one, str | int))
        return " ".join(str(found).split()) or None if isinstance(found, str | int | float) else None

    def _rest(self, record: dict[str, Any]) -> dict[str, Any]:
        """What no column means, where it is short."""
        used = {name.partition(".")[0] for column in Columns.model_fields for name in getattr(self.columns, column)}
        return {key: value for key, value in record.items() if key not in used and len(orjson.dumps(value)) < 2_000}


def _parsed(data: bytes, unit: Unit, position: int) -> tuple[Any] | Reject:
    try:
        return (orjson.loads(data),)
    except orjson.JSONDecodeError as error:
        reason = str(error)
    try:
        # Another charset than UTF-8, or a byte order mark.
        return (orjson.loads(decode(data, is_html=False).text.lstrip("\ufeff")),)
    except (orjson.JSONDecodeError, RecursionError):
        return unit.reject(position, "bad_json", reason)


def _has_objects(value: Any) -> bool:
    """Whether a list has objects, in lists of its own or not; one of strings is a text."""
    if not isinstance(value, list):
        return False
    return any(
        isinstance(one, dict) or (isinstance(one, list) and any(isinstance(o, dict) for o in one)) for one in value
    )


def _author(named: str | None) -> tuple[str | None, str | None]:
    """Dynasty and author of `先秦：左丘明`; no dynasty where there is none before the name."""
    match = _DYNASTY.fullmatch(named or "")
    return (match["dynasty"], match["name"]) if match else (None, named)


def _is_tones(value: Any) -> bool:
    """Whether lines are the tones of a poem (level, oblique, either) and not its words."""
    lines = "".join(map(str, value)) if isinstance(value, list) else ""
    return bool(lines) and len(_TONES.findall(lines)) > 0.7 * len(lines)


def _paragraphs(value: Any, depth: int = 0) -> Iterator[str]:
    """The paragraphs of a text: a string, or lists of strings in each other."""
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, list) and depth < _DEPTH:
        for one in value:
            yield from _paragraphs(one, depth + 1)

"""Source files of domains: what the columns of a data set are, as YAML, shipped (`domain/*.yaml`) or one's own.

Not here: how a set is read (records_table.py), templates (templates.py).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from corpus_platform.errors import SettingsError
from corpus_platform.readers.rows import RowOptions
from corpus_platform.readers.templates import filled, text_of, value_of
from corpus_platform.yaml_file import mistake, nearest, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

SETS = Path(__file__).parent / "domain"
"""Folder of the source files that are shipped."""
_WORDS = ("key", "a source file")


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Where(_Closed):
    """A condition on a column; rows that do not meet it are left out."""

    column: str = Field(description="Column, or `a.b` of an object in it")
    among: tuple[str, ...] = Field(default=(), description="Values that are kept, as text")
    not_among: tuple[str, ...] = Field(default=(), description="Values that are left out")
    min_characters: int | None = Field(default=None, ge=0, description="Least length of the column's text")
    min: float | None = Field(default=None, description="Least number that is kept")

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether the row is kept."""
        text = text_of(value_of(row, self.column))
        if (self.among and text not in self.among) or text in self.not_among:
            return False
        if self.min is not None and not _number(text) >= self.min:
            return False
        return self.min_characters is None or len(text) >= self.min_characters


class RowTable(_Closed):
    """How tables are written, where their files do not say it."""

    columns: tuple[str, ...] = Field(
        default=(), description="Names of the columns of CSV or TSV without a first row of names"
    )
    header: bool = Field(default=True, description="Whether the first row of CSV or TSV names the columns")
    delimiter: str | None = Field(default=None, description="Between cells")
    quoted: bool | None = Field(default=None, description="Whether cells may be in quotes")
    kind: Literal["jsonl", "json", "csv", "tsv", "parquet", "xlsx"] | None = Field(
        default=None, description="Kind of the files, where their names do not end in it"
    )
    encoding: str | None = Field(default=None, description="Charset; it is found out by default")
    inside: str | None = Field(default=None, description="Of a file of one JSON object: the name its list of rows has")

    def options(self) -> RowOptions:
        """The same for rows.py."""
        return RowOptions(**self.model_dump())


class FileMap(_Closed):
    """What the columns of some files are."""

    suffixes: tuple[str, ...] = Field(default=(), description="Ends of the names of its files; all where it is empty")
    path: str | None = Field(default=None, description="Regular expression that is found in their paths")
    text: str = Field(min_length=1, description="Template of the text")
    title: str | None = Field(default=None, description="Template of the title")
    category: str | None = Field(default=None, description="Template of the category, or a word")
    date: str | None = Field(default=None, description="Template of the date")
    url: str | None = Field(default=None, description="Template of the address")
    author: str | None = Field(default=None, description="Template of the author, for public works only")
    identity: str | None = Field(default=None, description="Template of the record's own name in the set")
    language: str | None = Field(default=None, description="Template of the language, or its code")
    origin: Literal["human", "model", "mixed"] = Field(default="human", description="Who wrote the texts")
    meta: dict[str, str] = Field(default={}, description="Further columns that are kept, by name: templates")
    where: tuple[Where, ...] = Field(default=(), description="Conditions that a row must meet")
    whole: bool = Field(
        default=False, description="All rows of a file are one document, line by line: a report, a book"
    )
    unwrap: bool = Field(default=False, description="Of such a document: lines that a page's width has cut are joined")
    remove: tuple[str, ...] = Field(
        default=(), description="Regular expressions; what they find in text and title goes"
    )
    table: RowTable = Field(default=RowTable(), description="How its files are written")

    @field_validator("path", "remove")
    @classmethod
    def _are_expressions(cls, given: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for expression in (given,) if isinstance(given, str) else given or ():
            try:
                re.compile(expression)
            except re.error as error:
                raise ValueError(f"`{expression}` is no regular expression: {error}") from None
        return given

    def fits(self, name: str) -> bool:
        """Whether a file of that path is one of these."""
        ends = not self.suffixes or name.lower().endswith(self.suffixes)
        return ends and (self.path is None or re.search(self.path, name) is not None)

    def shown(self, template: str | None, row: Mapping[str, Any]) -> str:
        """A template with the row's values, without what is to be removed; empty where there is none."""
        text = filled(template, row) if template else ""
        for expression in self.remove:
            text = re.sub(expression, "", text, flags=re.MULTILINE)
        return text.strip()


class SourceFile(_Closed):
    """A data set of a domain."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the set")
    title: str = Field(description="Name and year")
    homepage: str = Field(default="", description="Address of the set")
    about: str = Field(description="What is in it, and what is not known of it")
    domain: Literal["finance", "law", "medicine", "exams", "textbooks", "research", "general"] = Field(
        description="Domain that it is of"
    )
    licence: str | None = Field(
        default=None, description="Licence as SPDX id or address; none where its card states none"
    )
    language: str | None = Field(default=None, description="Language of all texts, where it has one")
    schema_from: Literal["sample", "data card", "code", "memory"] = Field(
        description="How the columns are known: read in a sample, a card, its code, or remembered and to be checked"
    )
    reader: str | None = Field(default=None, description="Reader that its files are for, in place of this one")
    files: tuple[FileMap, ...] = Field(
        default=(), description="What its files hold; the first entry that fits a file counts"
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if bool(self.files) == bool(self.reader):
            raise ValueError("give `files`, or the `reader` that reads them")
        return self


def shipped_sets() -> tuple[str, ...]:
    """Names of the source files that are shipped."""
    return tuple(sorted(path.stem for path in SETS.glob("*.yaml")))


def shipped_set(name: str) -> SourceFile:
    """A shipped source file. Raises SettingsError with the nearest name where there is none."""
    known = shipped_sets()
    if name not in known:
        raise SettingsError(f"there is no set `{name}`{nearest(name, known)}; there are {', '.join(known)}")
    return own_set(SETS / f"{name}.yaml")


def read_source_file(path: Path) -> SourceFile:
    """A source file. Raises SettingsError, a line for each mistake."""
    file = read_yaml(path)
    if not isinstance(file.values, dict):
        raise SettingsError(
            f"{path}:1: a source file is `name: value`, with the names {', '.join(SourceFile.model_fields)}"
        )
    try:
        return SourceFile.model_validate(file.values)
    except ValidationError as error:
        raise SettingsError("\n".join(mistake(file, (), e, SourceFile, _WORDS) for e in error.errors())) from None


def own_set(path: Path) -> SourceFile:
    """A source file of one's own, read again when it has changed. Raises SettingsError as `read_source_file`."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    return _read_at(path, changed)


@cache
def _read_at(path: Path, _changed: int) -> SourceFile:
    return read_source_file(path)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("-inf")

"""Tables of code, a row a file or function: The Stack, CodeParrot, CodeSearchNet and BigQuery's GitHub export, as JSON lines, CSV or Parquet, packed or not.

    sources:
      code:
        stack: {location: /data/stack, format: code_table, options: {layout: the_stack, min_stars: 10}}

Which column is what, code_layouts.yaml says. BigQuery's export is one table, or a folder of its tables `contents`, `files` and `licenses`, which are joined
by the content's id and the repository's name.
Promise: rows are streamed in their order; a row is a document or a reject. Of a joined export the tables `files` and `licenses` of one folder are in memory.

Not here: repositories as files (repository.py), ProjectCodeNet (code_net.py), pairs of docstring and function (code_pairs.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.extract.licences import allows, declared_licence
from corpus_platform.extract.programs import kind_of, language_of, named_language
from corpus_platform.readers.reader import SourceDocument, Unit, register_reader
from corpus_platform.readers.record_values import number_of, text_of, time_of, value_of
from corpus_platform.readers.repository import CODE_REASONS, CodeGates
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, rows
from corpus_platform.readers.unpacking import REASONS as ARCHIVE_REASONS
from corpus_platform.readers.unpacking import Problem
from corpus_platform.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.sources.location import InputLocation
    from corpus_platform.sources.records import Reject
    from corpus_platform.sources.store import InputFile

TABLE_REASONS = {
    **ARCHIVE_REASONS,
    **ROW_REASONS,
    **CODE_REASONS,
    "no_file": "A content of the export has no row in its table of files: nobody knows its path",
    "no_text": "The row has no text under the name that the layout gives",
}


@cache
def layouts() -> dict[str, dict[str, list[str]]]:
    """The layouts of tables by name: columns by field."""
    return read_yaml(Path(__file__).with_name("code_layouts.yaml")).values


@dataclass(frozen=True)
class Joined:
    """What the other tables of an export say: (repository, path) by content id, and licence by repository."""

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    licences: dict[str, str] = field(default_factory=dict)


class CodeRows(CodeGates):
    """Rows of any layout as documents."""

    licence: str | None = Field(default=None, description="Licence of rows that state none, as an SPDX expression")

    def document(
        self, unit: Unit, number: int, row: dict[str, Any], layout: dict[str, list[str]], joined: Joined | None = None
    ) -> SourceDocument | Reject:
        """The document of a row, or why it is none."""
        row, missing = _with(row, joined)
        path, repository = text_of(row, layout["path"]), text_of(row, layout["repository"])
        where = f"{repository}:{path}"
        if missing:
            return unit.reject(number, "no_file", str(row.get("id")), broken=False)
        if str(value_of(row, layout.get("binary", ()))).lower() == "true":
            return unit.reject(number, "not_text", "the table says that it is binary", record=where, broken=False)
        text = value_of(row, layout["text"])
        if not isinstance(text, str) or not text.strip():
            return unit.reject(number, "no_text", f"none of {', '.join(layout['text'])}", record=where)
        text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
        language = named_language(text_of(row, layout.get("language", ()))) or language_of(path, text)
        refused = self._refused(row, layout, path, text, language)
        licence = licence_of_row(row, layout) or self.licence
        if refused is None and (allowed := self.allowed) is not None and not allows(licence, allowed):
            refused = ("licence_not_allowed", licence) if licence else ("licence_unknown", "")
        if refused:
            return unit.reject(number, *refused, record=where, broken=False)
        return _made(row, number, layout, text, language, licence)

    def _refused(
        self, row: dict[str, Any], layout: dict[str, list[str]], path: str, text: str, language: str | None
    ) -> tuple[str, str] | None:
        if len(text) > self.max_bytes or len(text.encode()) > self.max_bytes:
            return "file_too_large", f"more than {self.max_bytes:,} bytes"
        stars = number_of(row, layout.get("stars", ()))
        if self.min_stars and (stars is None or stars < self.min_stars):
            return "too_few_stars", "stars are not known" if stars is None else f"{stars} stars"
        reason = self.gate(kind_of(path, language), language)
        return (reason, language or "") if reason else None


@register_reader
class CodeTable(CodeRows):
    """A unit is a file; of `bigquery` also a folder with the tables of an export."""

    name = "code_table"
    source = "code"
    suffixes = ROW_SUFFIXES
    reasons: ClassVar = TABLE_REASONS

    layout: Literal["the_stack", "codeparrot", "codesearchnet", "bigquery"] = Field(description="What the columns mean")
    columns: dict[str, str | tuple[str, ...]] = Field(
        default={},
        description="Columns in place of the layout's, by field (text, path, repository, licences, stars ...)",
    )

    def units(self, location: InputLocation, files: Iterable[InputFile]) -> list[Unit]:
        """Files; of an export the folders that hold a table `contents` beside one of `files`."""
        if self.layout != "bigquery":
            return super().units(location, files)
        folders: dict[str, list[InputFile]] = {}
        for file in files:
            if self._is_read(file.path):
                folders.setdefault(file.path.rpartition("/")[0], []).append(file)
        found: list[Unit] = []
        for folder, own in sorted(folders.items()):
            tables = {_table_of(file.path) for file in own}
            if {"contents", "files"} <= tables:
                found.append(Unit(folder or "export", tuple(own), location))
            else:
                found += [Unit(file.path, (file,), location) for file in own]
        return found

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """Each row."""
        layout = self._layout()
        tables = {file.path: _table_of(file.path) for file in unit.files}
        joined = _joined(unit, tables) if "contents" in tables.values() and len(tables) > 1 else None
        position = -1
        for file in unit.files:
            if joined is not None and tables[file.path] != "contents":
                continue
            for _, row in rows(unit, path=file.path):
                position += 1
                if isinstance(row, Problem):
                    yield unit.reject(position, row.reason, row.detail)
                else:
                    yield self.document(unit, position, row, layout, joined)

    def _layout(self) -> dict[str, list[str]]:
        own = {name: [column] if isinstance(column, str) else list(column) for name, column in self.columns.items()}
        return {**layouts()[self.layout], **own}


def licence_of_row(row: dict[str, Any], layout: dict[str, list[str]]) -> str | None:
    """What a row states, one name or several, as an SPDX expression: all of several must be met."""
    said = value_of(row, layout.get("licences", ()))
    names = said if isinstance(said, list) else [said]
    found = [declared_licence(name) or name for name in names if isinstance(name, str) and name.strip()]
    parts = list(dict.fromkeys(f"({one})" if " OR " in one and len(names) > 1 else one for one in found))
    return " AND ".join(parts) or None


def _with(row: dict[str, Any], joined: Joined | None) -> tuple[dict[str, Any], bool]:
    """A row of contents with its file's path and licence, and whether it has no file."""
    if joined is None:
        return row, False
    found = joined.files.get(str(row.get("id")))
    if found is None:
        return row, True
    repository, path = found
    return {**row, "repo_name": repository, "path": path, "license": joined.licences.get(repository)}, False


def _joined(unit: Unit, tables: dict[str, str]) -> Joined:
    """The tables `files` and `licenses` of an export; of several files with one content the first stays."""
    joined = Joined()
    for path, table in tables.items():
        if table not in {"files", "licenses"}:
            continue
        for _, row in rows(unit, path=path):
            if isinstance(row, Problem) or row.get("symlink_target"):
                continue
            repository = str(row.get("repo_name") or "")
            if table == "files" and row.get("id"):
                joined.files.setdefault(str(row["id"]), (repository, str(row.get("path") or "")))
            elif table == "licenses" and row.get("license"):
                joined.licences.setdefault(repository, str(row["license"]))
    return joined


def _table_of(path: str) -> str:
    """`contents`, `files` or `licenses`, by a file's name."""
    name = path.rpartition("/")[2].lower()
    return next((table for table in ("contents", "files", "licenses") if table in name), "")


def _made(
    row: dict[str, Any], number: int, layout: dict[str, list[str]], text: str, language: str | None, licence: str | None
) -> SourceDocument:
    path, repository = text_of(row, layout["path"]), text_of(row, layout["repository"])
    part = text_of(row, layout.get("part", ()))
    docstring = text_of(row, layout.get("docstring", ()))
    stars, forks = number_of(row, layout.get("stars", ())), number_of(row, layout.get("forks", ()))
    meta = {"repository": repository, "path": path, "kind": kind_of(path, language), "stars": stars, "forks": forks}
    meta |= {"function": part or None, "docstring": docstring or None, "licence_from": "table" if licence else None}
    meta |= {column: row.get(column) for column in layout.get("meta", ())}
    return SourceDocument(
        identity=f"{repository}:{path}" + (f":{part}:{text_of(row, layout.get('url', ()))}" if part else ""),
        position=number,
        text=text,
        title=path or None,
        url=text_of(row, layout.get("url", ())) or None,
        date=time_of(row, layout.get("date", ())),
        content_type="text/plain",
        licence=licence,
        category=language,
        meta={name: value for name, value in meta.items() if value not in (None, "", [])},
    )

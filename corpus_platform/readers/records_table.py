r"""Records of a domain (finance, law, medicine, exams, textbooks ...) from any table, by a source file that says what its columns are.

    name: bbt_fincorpus                      domain/bbt_fincorpus.yaml
    title: BBT-FinCorpus (2023)
    homepage: https://...
    schema_from: data card | code | memory   how the columns below are known
    files: [{suffixes: [.jsonl], text: "{title}\n{content}", category: "{type}", where: [{column: lang, among: [zh]}]}]

A file of the location is read by the first entry of `files` whose `suffixes` and `path` fit it. A *template* is text with columns in braces: `{a}`, `{a.b}`
of an object in a column, `{options*}` all of a list, a line each, `{a|b}` the first that is not empty. A line of a template whose columns are all empty goes.
The option `set` names a shipped source file (`domain/*.yaml`), `source_file` one's own.

Not here: how tables are read (rows.py), documents that are archives or XML (PubMed Central: the reader `jats`).
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, computed_field, model_validator

from corpus_platform.errors import SettingsError
from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.domain_sets import FileMap, SourceFile, own_set, shipped_set, shipped_sets
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.reader import Reader, SourceDocument, register_reader
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, rows
from corpus_platform.readers.templates import columns_of, has_column
from corpus_platform.readers.unpacking import Problem
from corpus_platform.readers.values import moment
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.readers.reader import Unit

_ENDS = ("。", "！", "？", "；", "：", ".", "!", "?", ";", ":", "”", "）")
_FULL = 0.85
_LARGEST = 32 << 20
"""Longest text of a file that is one document, in code points."""


@register_reader
class RecordsTable(Reader):
    """Records of a domain's data set."""

    name: ClassVar[str] = "records_table"
    source: ClassVar[str] = "domain"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = ROW_SUFFIXES
    reasons: ClassVar[dict[str, str]] = {
        **ROW_REASONS,
        **ARCHIVE_REASONS,
        "no_map": "No entry of the source file says what the columns of this file are",
        "no_columns": "The row has none of the columns that the text is made of",
        "no_text": "The columns that the text is made of are empty",
        "not_wanted": "The row does not meet a condition of the source file",
    }

    set: str | None = Field(default=None, description="Shipped source file: `bbt_fincorpus`, `tigerbot_law` ...")
    source_file: Path | None = Field(default=None, description="Source file of one's own (YAML), in place of `set`")
    max_characters: int | None = Field(default=None, ge=1, description="Longer texts are cut at the line before it")

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.set is None) == (self.source_file is None):
            raise ValueError(f"give `set` or `source_file`; sets are {', '.join(shipped_sets())}")
        try:
            described = self.described
        except SettingsError as error:
            raise ValueError(str(error)) from None
        if described.reader:
            raise ValueError(
                f"the files of `{described.name}` are read by the reader `{described.reader}`: {described.about}"
            )
        return self

    @property
    def described(self) -> SourceFile:
        """The source file."""
        return shipped_set(self.set) if self.set else own_set(Path(self.source_file or ""))

    @computed_field
    @property
    def definition(self) -> str:
        """Digest of the source file: what it says is part of what is read, wherever it is."""
        return hashlib.blake2b(self.described.model_dump_json().encode(), digest_size=8).hexdigest()

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document for each row that meets the conditions."""
        described = self.described
        name = unit.files[0].path
        fitting = next((one for one in described.files if one.fits(name)), None)
        if fitting is None:
            yield unit.reject(0, "no_map", name, broken=False)
            return
        if fitting.whole:
            yield from self._whole(unit, described, fitting)
            return
        for position, row, text in self._texts(unit, fitting):
            if isinstance(row, Reject):
                yield row
            else:
                yield self._document(unit, position, row, text, described, fitting)

    def _whole(self, unit: Unit, described: SourceFile, fitting: FileMap) -> Iterator[SourceDocument | Reject]:
        """One document of all rows; the first row says title, date and the like."""
        first: Mapping[str, Any] | None = None
        lines: list[str] = []
        size = 0
        for _, row, text in self._texts(unit, fitting):
            if isinstance(row, Reject):
                if row.broken:
                    yield row
                continue
            first, size = first or row, size + len(text)
            if size > _LARGEST:
                yield unit.reject(0, "file_too_large", f"a text of more than {_LARGEST:,} characters")
                return
            lines.append(text)
        if first is None:
            yield unit.reject(0, "no_text", unit.name)
        else:
            yield self._document(unit, 0, first, joined(lines, unwrap=fitting.unwrap), described, fitting)

    def _texts(self, unit: Unit, fitting: FileMap) -> Iterator[tuple[int, Mapping[str, Any] | Reject, str]]:
        """Rows with their texts in order, or why there is none."""
        for position, row in rows(unit, fitting.table.options()):
            if isinstance(row, Problem):
                yield position, unit.reject(position, row.reason, row.detail), ""
            elif not all(condition.holds(row) for condition in fitting.where):
                yield position, unit.reject(position, "not_wanted", broken=False), ""
            elif text := fitting.shown(fitting.text, row):
                yield position, row, text
            else:
                there = any(has_column(row, column) for column in columns_of(fitting.text))
                seen = ", ".join(map(str, row))[:200]
                yield position, unit.reject(position, "no_text" if there else "no_columns", seen, broken=not there), ""

    def _document(
        self, unit: Unit, position: int, row: Mapping[str, Any], text: str, described: SourceFile, fitting: FileMap
    ) -> SourceDocument:
        def of(template: str | None) -> str | None:
            return fitting.shown(template, row) or None

        meta: dict[str, Any] = {"set": described.name, "domain": described.domain}
        meta |= {name: value for name, template in fitting.meta.items() if (value := of(template))}
        own = of(fitting.identity)
        return SourceDocument(
            identity=f"{described.name}:{unit.name}#{own}" if own else f"{described.name}:{unit.name}#{position}",
            position=position,
            text=_cut(text, self.max_characters),
            title=of(fitting.title),
            url=of(fitting.url),
            language=language_code(of(fitting.language)) or described.language,
            date=moment(of(fitting.date)),
            content_type="text/plain",
            licence=described.licence,
            author=of(fitting.author),
            category=of(fitting.category) or described.domain,
            origin=fitting.origin,
            meta=meta,
        )


def joined(lines: list[str], *, unwrap: bool) -> str:
    """Lines as a text. To unwrap, a line of nearly the usual full width that does not end a sentence takes the next one: with a space, but for Chinese."""
    if not unwrap or not lines:
        return "\n".join(lines)
    full = sorted(map(len, lines))[len(lines) * 9 // 10] * _FULL
    shown = [lines[0]]
    for before, line in pairwise(lines):
        if len(before) >= full and not before.endswith(_ENDS):
            between = " " if before[-1].isascii() and line[:1].isascii() else ""
            shown[-1] += between + line
        else:
            shown.append(line)
    return "\n".join(shown)


def _cut(text: str, most: int | None) -> str:
    if most is None or len(text) <= most:
        return text
    end = text.rfind("\n", 0, most + 1)
    return text[: end if end > 0 else most].rstrip()

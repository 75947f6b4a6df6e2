"""Project CodeNet: answers to programming problems, in folders `data/PROBLEM/LANGUAGE/SUBMISSION.ext` with a table of statuses for each problem.

A unit is a problem. What its table says of an answer (status, language, sizes, date) goes into `meta`, but for the user; the text of the problem is known by
its name only.
Promise: files come in the order of their paths; memory is that of one problem's table.

Not here: other tables of code (code_table.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.extract.licences import allows
from corpus_platform.extract.programs import kind_of, language_of, named_language
from corpus_platform.readers.code_table import TABLE_REASONS, CodeRows
from corpus_platform.readers.reader import SourceDocument, Unit, register_reader
from corpus_platform.readers.record_values import number_of, time_of
from corpus_platform.readers.repository import text_of
from corpus_platform.readers.rows import rows
from corpus_platform.readers.unpacking import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.sources.location import InputLocation
    from corpus_platform.sources.records import Reject
    from corpus_platform.sources.store import InputFile

_ANSWER = re.compile(r"(?:^|/)(?:data/)?(?P<problem>p\d+)/(?P<language>[^/]+)/(?P<submission>s\d+)\.\w+$")
_TABLE = re.compile(r"(?:^|/)metadata/(?P<problem>p\d+)\.csv$")
_SIZES = ("cpu_time", "memory", "code_size")


@register_reader
class ProjectCodeNet(CodeRows):
    """Answers to the problems of a contest, by problem."""

    name = "project_codenet"
    source = "code"
    by = "folder"
    reasons: ClassVar = {
        **TABLE_REASONS,
        "status_not_wanted": "The answer has a status that `statuses` does not name",
    }

    statuses: tuple[str, ...] = Field(
        default=("Accepted",), description="Statuses of answers that become documents; all where it is empty"
    )
    licence: str | None = Field(default="CDLA-Permissive-2.0", description="Licence of the collection")

    def units(self, location: InputLocation, files: Iterable[InputFile]) -> list[Unit]:
        """A unit for each problem: its answers and its table."""
        found: dict[str, list[InputFile]] = {}
        for file in files:
            match = _ANSWER.search(file.path) or _TABLE.search(file.path)
            if match:
                found.setdefault(match["problem"], []).append(file)
        return [
            Unit(problem, tuple(own), location)
            for problem, own in sorted(found.items())
            if any(_ANSWER.search(file.path) for file in own)
        ]

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """Each answer."""
        known = _answers(unit)
        allowed = self.allowed
        for position, file in enumerate(unit.files):
            match = _ANSWER.search(file.path)
            if not match:
                continue
            row = known.get(match["submission"], {})
            if self.statuses and row.get("status") not in self.statuses:
                yield unit.reject(position, "status_not_wanted", str(row.get("status")), record=file.path, broken=False)
            elif allowed is not None and not allows(self.licence, allowed):
                yield unit.reject(position, "licence_not_allowed", self.licence or "", record=file.path, broken=False)
            else:
                yield self._answer(unit, position, file, match, row)

    def _answer(
        self, unit: Unit, position: int, file: InputFile, match: re.Match[str], row: dict[str, Any]
    ) -> SourceDocument | Reject:
        with unit.open(file.path) as stream:
            data = stream.read(self.max_bytes + 1)
        text = text_of(data[: self.max_bytes])
        language = named_language(match["language"]) or language_of(file.path, text or "")
        kind = kind_of(file.path, language)
        reason = (
            "file_too_large"
            if len(data) > self.max_bytes
            else "not_text"
            if text is None
            else self.gate(kind, language)
        )
        if reason is None and not (text or "").strip():
            reason = "empty_body"
        if reason:
            return unit.reject(position, reason, record=file.path, broken=False)
        meta = {
            "problem": match["problem"],
            "kind": kind,
            "status": row.get("status"),
            "dialect": row.get("original_language"),
        }
        meta |= {name: number_of(row, (name,)) for name in _SIZES}
        return SourceDocument(
            identity=f"codenet:{match['problem']}/{match['submission']}",
            position=position,
            text=text or "",
            title=f"{match['problem']}/{match['language']}/{file.path.rpartition('/')[2]}",
            date=time_of(row, ("date",)),
            content_type="text/plain",
            licence=self.licence,
            category=language,
            meta={name: value for name, value in meta.items() if value is not None},
        )


def _answers(unit: Unit) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in unit.files:
        if _TABLE.search(file.path):
            for _, row in rows(unit, path=file.path):
                if not isinstance(row, Problem) and row.get("submission_id"):
                    found[str(row["submission_id"])] = row
    return found

"""Pairs in the columns of a table: TSV and CSV, JSON lines and Parquet too.

By default the first two columns of a file without a header, as WMT and OPUS give them; else columns by name or number. Languages are those of the options,
else of the file's name (`en-zh.tsv`), else of the columns' names (`en`, `zh`).

Not here: how tables are read (rows.py), pairs as documents (parallel.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.parallel import PAIR_REASONS, Pair, ParallelReader, side
from corpus_platform.readers.reader import register_reader
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, RowOptions, kind_of, rows
from corpus_platform.readers.unpacking import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.reader import SourceDocument, Unit
    from corpus_platform.sources.records import Reject


@register_reader
class PairsTsv(ParallelReader):
    """Columns of a table."""

    name: ClassVar[str] = "pairs_tsv"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = ROW_SUFFIXES
    reasons: ClassVar[dict[str, str]] = {
        **PAIR_REASONS,
        **ROW_REASONS,
        **ARCHIVE_REASONS,
        "no_columns": "The file has not the columns that the options name",
        "no_languages": "Neither the options nor the file's name say which languages the pairs are in",
        "low_score": "The pair's score is below the option `min_score`",
    }

    source_column: str | int = Field(
        default=0, description="Column of the sources: its name, or its number from 0; `a.b` inside of an object"
    )
    target_column: str | int = Field(default=1, description="Column of the targets")
    source_language: str | None = Field(
        default=None, description="Language of the sources; by the file's name by default"
    )
    target_language: str | None = Field(default=None, description="Language of the targets")
    header: bool | None = Field(
        default=None,
        description="Whether the first row of CSV or TSV names the columns; where columns are named, by default",
    )
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description="Between cells; by the file's kind by default"
    )
    quoted: bool | None = Field(default=None, description="Whether cells may be in quotes; in CSV by default")
    score_column: str | int | None = Field(default=None, description="Column with how good the pair is")
    min_score: float | None = Field(default=None, description="Least score that is kept")

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document for each row, or for a run of them."""
        yield from self.documents(unit, self._pairs(unit))

    def pair_of(self, name: str) -> tuple[str, str] | None:
        """By the options, the file's name, or the columns' names."""
        found = super().pair_of(name)
        if found is None:
            by_column = [language_code(str(c).rpartition(".")[2]) for c in (self.source_column, self.target_column)]
            found = (by_column[0], by_column[1]) if by_column[0] and by_column[1] else None
        return found

    def _pairs(self, unit: Unit) -> Iterator[Pair | Reject]:
        pair = self.pair_of(unit.name)
        if pair is None:
            yield unit.reject(0, "no_languages", "set `source_language` and `target_language`")
            return
        for position, row in rows(unit, self._options(unit.name)):
            if isinstance(row, Problem):
                yield unit.reject(position, row.reason, row.detail)
                continue
            source, target = _cell(row, self.source_column), _cell(row, self.target_column)
            if source is None or target is None:
                yield unit.reject(position, "no_columns", f"it has {', '.join(map(str, row))}"[:300])
            elif self._is_low(row):
                yield unit.reject(position, "low_score", str(_cell(row, self.score_column)), broken=False)
            else:
                yield Pair(position, side(source), side(target), *pair)

    def _options(self, name: str) -> RowOptions:
        numbered = isinstance(self.source_column, int) and isinstance(self.target_column, int)
        header = self.header if self.header is not None else not (numbered and kind_of(name) in {"tsv", "csv", "txt"})
        return RowOptions(header=header, delimiter=self.delimiter, quoted=self.quoted)

    def _is_low(self, row: dict[str, Any]) -> bool:
        if self.score_column is None or self.min_score is None:
            return False
        try:
            return not float(_cell(row, self.score_column) or "nan") >= self.min_score
        except ValueError:
            return True


def _cell(row: dict[str, Any], column: str | int | None) -> str | None:
    """A cell as text; None where the row has no such column."""
    if column is None:
        return None
    if isinstance(column, int):
        values = list(row.values())
        return _text(values[column]) if column < len(values) else None
    value: Any = row
    for name in (column,) if column in row else column.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)

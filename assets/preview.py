"""Five rows of a partition as a Markdown table that anybody may look at: personal data masked, cells cut short and inert."""

from typing import Any

import polars as pl

from corpus_platform.analytics.reference import is_signal
from corpus_platform.clean.masking import masked
from corpus_platform.lake import TableSpec
from corpus_platform.stages.verdicts import DUPLICATES

_ROWS = 5
_CELL = 80
_LOOKED_AT = 2_000
"""Letters of a value that are searched for personal data; so many more than are shown that half an address at the end is never among these."""
_SIGNALS = 10
"""Columns of signals in a preview."""
_SHOWN = (
    "title",
    "text",
    "raw_content",
    "language",
    "language_score",
    "perplexity",
    "bucket",
    "task_type",
    "construction",
    "licence",
    "url",
    "doc_id",
)
"""Columns of documents that say something in five rows; of other tables all are shown."""
_IDENTITIES = frozenset(
    {
        "doc_id",
        "cluster",
        "canonical",
        "neighbour",
        "merged",
        "digest",
        "path",
        "hash",
        "name",
        "model",
        "origin",
        "file",
        "cc_segment",
        "date",
        "meta",
        "method",
        "first_snapshot",
        "other_snapshot",
        "cutoff_source",
        "sketch",
    }
)
"""Columns whose long digits are nobody's: ids, hashes, names of files."""


def preview(frame: pl.LazyFrame, spec: TableSpec) -> tuple[str, str | None]:
    """The table, without columns that are empty in all rows, and the `doc_id` of the first row where there is one."""
    known = [field.name for field in spec.schema]
    wanted = [name for name in _SHOWN if name in known] if "doc_id" in known and spec.name != DUPLICATES else known
    measured = [field.name for field in spec.schema if is_signal(field) and field.name not in wanted]
    rows = frame.select(*wanted, *measured).head(_ROWS).collect()
    filled = [name for name in rows.columns if rows[name].null_count() < rows.height]
    names = [name for name in filled if name in wanted] + [name for name in filled if name in measured][:_SIGNALS]
    if not names:
        return "no rows", None
    cells = {name: _cells(name, rows[name].to_list()) for name in names}
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(cells[name][i] for name in names) + " |" for i in range(rows.height)]
    return "\n".join(lines), rows["doc_id"][0] if "doc_id" in names else None


def _cells(name: str, values: list[Any]) -> list[str]:
    written = [_written(value) for value in values]
    if name in _IDENTITIES or not any(_has_text(value) for value in values):
        return [_cell(text) for text in written]
    return [_cell(text) for text in masked([text[:_LOOKED_AT] for text in written])]


def _written(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.4g}"
        case bytes():
            return f"{len(value):,} bytes"
    return str(value)


def _has_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and any(map(_has_text, value)))


def _cell(written: str) -> str:
    """The value as inline code, cut short: in a crawled text no link, picture or table of Markdown must come to life."""
    printable = "".join(letter if letter.isprintable() else " " for letter in written)
    text = " ".join(printable.split()).replace("|", "¦").replace("`", "'")
    text = text[:_CELL] + "…" if len(text) > _CELL else text
    return f"`{text}`" if text else ""

"""A stage's report as Dagster metadata: figures that are plotted over time, pictures, five rows cut short, and where to look."""

from typing import Any

import dagster as dg
import polars as pl

from corpus_platform.analytics.plots import bars, funnel
from corpus_platform.home import Home
from corpus_platform.stages.run import Report

_CELL = 80
_HIDDEN = {"meta", "file", "file_index", "position", "line_ids"}


def of_report(home: Home, report: Report) -> dict[str, Any]:
    """Metadata of one materialisation. Text in the preview is cut to 80 characters: events live in Dagster's database."""
    frame = home.lake.scan(report.stage, version=None, **report.partition)
    return {
        "dagster/partition_row_count": report.rows,
        "dagster/uri": home.lake.uri(report.stage),
        "bytes": report.bytes,
        "table_version": report.version,
        "changed": report.changed,
        "run": report.run,
        "shards": report.shards,
        "shards_run": report.ran,
        "shards_resumed": report.resumed,
        "shards_retried": report.retried,
        "seconds": round(report.seconds, 2),
        "peak_worker_memory_mb": round(report.peak_memory / 1e6, 1),
        **{name.replace(":", "/"): n for name, n in report.counters.items()},
        **_pictures(frame, report),
        "preview": dg.MetadataValue.md(_preview(frame)),
        "how_to_read": dg.MetadataValue.md(f'`corpus sql "select * from {report.stage} limit 5"`'),
    }


def _pictures(frame: pl.LazyFrame, report: Report) -> dict[str, Any]:
    where = ", ".join(report.partition.values())
    pictures = {"funnel": funnel(report.counters, f"{report.stage} [{where}]: records")}
    if "language" in frame.collect_schema().names() and "language" not in report.partition:
        counts = frame.group_by("language").len().collect()
        values = [(language or "unknown", n) for language, n in counts.iter_rows()]
        pictures["languages"] = bars(values, f"{report.stage} [{where}]: documents by language")
    return {name: dg.MetadataValue.md(picture) for name, picture in pictures.items() if picture}


def _preview(frame: pl.LazyFrame) -> str:
    rows = frame.head(5).collect()
    names = [name for name in rows.columns if name not in _HIDDEN]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows.iter_rows(named=True)]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    text = text[:_CELL] + "…" if len(text) > _CELL else text
    return text.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")

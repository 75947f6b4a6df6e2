"""A stage's report as Dagster metadata: what to look at first, figures that are plotted over time, and where to read on.

The UI shows Markdown of up to 1,000 characters in place and longer texts on a click, so the outcome is a small table and all pictures are one click.
"""

import base64
from collections import Counter
from typing import Any

import dagster as dg
import polars as pl

from assets.duplicates import of_duplicates
from corpus_platform.analytics.pictures import overlap_picture
from corpus_platform.analytics.plots import bars, funnel, losses
from corpus_platform.analytics.reference import is_signal
from corpus_platform.home import Home
from corpus_platform.lake import TableSpec, table
from corpus_platform.recipes.ccnet import Bucket
from corpus_platform.recipes.compare import Overlap
from corpus_platform.stages.corpus import Corpus
from corpus_platform.stages.run import Report
from corpus_platform.stages.verdicts import DUPLICATES

_CELL = 80
_UNSHOWN = ("record:", "unknown:", "computed:", "family:", "compat:")
"""Counters that are kept in the lake only."""
_REASONS = 12
_PAIRS = 400
"""Pairs of corpora in the table of what they have in common, the largest first; the picture has all."""
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
    "licence",
    "url",
    "doc_id",
)
"""Columns of documents that say something in five rows; of other tables all are shown."""


def of_report(home: Home, report: Report) -> dict[str, Any]:
    """Metadata of one materialisation."""
    spec = table(report.stage)
    frame = home.lake.scan(report.stage, version=None, **report.partition)
    return {
        "outcome": dg.MetadataValue.md(_outcome(report)),
        **_pictures(frame, report, _recipe_losses(home, report)),
        **(of_duplicates(home, report) if report.stage == DUPLICATES else {}),
        "preview": dg.MetadataValue.md(_preview(frame, spec)),
        "how_to_read": dg.MetadataValue.md(f'`corpus sql "select * from {report.stage} limit 5"`'),
        "dagster/partition_row_count": report.rows,
        "dagster/uri": f"{home.lake.uri(report.stage)}/{spec.partition_dir(report.partition)}",
        "dagster/column_schema": column_schema(spec),
        "bytes": report.bytes,
        "table_version": report.version,
        "changed": report.changed,
        "run": report.run,
        "shards": report.shards,
        "shards_run": report.ran,
        "shards_resumed": report.resumed,
        "shards_retried": report.retried,
        "shards_failed": 0,  # A run with a failed shard makes nothing: its failure says how many.
        "seconds": round(report.seconds, 2),
        "peak_worker_memory_mb": round(report.peak_memory / 1e6, 1),
        **{name.replace(":", "/"): n for name, n in report.counters.items() if not name.startswith(_UNSHOWN)},
    }


def of_overlap(found: Overlap, snapshot: str) -> dict[str, Any]:
    """What corpora have in common, as a picture and as a table of pairs."""
    title = f"What corpora have in common, {snapshot}"
    picture = base64.b64encode(overlap_picture(found, title)).decode()
    rows = found.table().filter(pl.col("a") != pl.col("b")).sort("documents", "a", "b", descending=[True, False, False])
    shown = rows.head(_PAIRS).with_columns(pl.col("share_of_a", "jaccard").round(4))
    records = [dg.TableRecord(row) for row in shown.to_dicts()]
    types = {"a": "string", "b": "string", "documents": "int", "share_of_a": "float", "jaccard": "float"}
    columns = [dg.TableColumn(name, kind) for name, kind in types.items()]
    sizes = {name: int(n) for name, n in zip(found.names, found.documents.diagonal(), strict=True)}
    return {
        "corpora": len(found.names),
        "documents": dg.MetadataValue.json(sizes),
        "picture": dg.MetadataValue.md(f"![{title}](data:image/png;base64,{picture})"),
        "pairs": dg.MetadataValue.table(records=records, schema=dg.TableSchema(columns)),
    }


def column_schema(spec: TableSpec) -> dg.TableSchema:
    """The table's columns with their descriptions, for the asset's page."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=field.name,
                type=str(field.type),
                description=(field.metadata or {}).get(b"description", b"").decode(),
                constraints=dg.TableColumnConstraints(nullable=field.nullable),
            )
            for field in spec.columns
        ]
    )


def _outcome(report: Report) -> str:
    """Records from those read to those kept, with shares; where no record was counted, the rows."""
    if not (seen := report.counters.get("records", 0)):
        return f"{report.rows:,} rows"
    reasons = losses(report.counters)
    rest = sum(n for _, n in reasons[_REASONS:])
    rows = [("read", seen), *reasons[:_REASONS], *([("other reasons", rest)] if rest else [])]
    rows.append(("**kept**", report.counters.get("kept", report.rows)))
    lines = [f"| {name} | {n:,} | {n / seen:.1%} |" for name, n in rows]
    return "\n".join(["| | records | share |", "|---|---:|---:|", *lines])


def _recipe_losses(home: Home, report: Report) -> list[tuple[str, int]] | None:
    """(step, documents that it dropped) in the recipe's order; None for what is no recipe's corpus."""
    stage = home.stage(report.stage)
    if not isinstance(stage, Corpus):
        return None
    dropped: Counter[str] = Counter()
    for name, n in report.counters.items():
        kind, _, reason = name.partition(":")
        if kind == "dropped":
            dropped[reason.partition(":")[0]] += n
    return [(step.name, dropped[step.name]) for step in stage.recipe.steps]


def _pictures(frame: pl.LazyFrame, report: Report, reasons: list[tuple[str, int]] | None) -> dict[str, Any]:
    """What became of the records, then languages and buckets where the table has them, in one Markdown text."""
    where = ", ".join((report.stage, *report.partition.values()))
    buckets = [(name.value, n) for name in Bucket if (n := report.counters.get(f"bucket:{name}"))]
    drawn = [
        funnel(report.counters, f"{where}: records", reasons),
        bars(_languages(frame, report), f"{where}: documents by language"),
        bars(buckets, f"{where}: documents by bucket", in_order=True),
    ]
    pictures = [picture for picture in drawn if picture]
    return {"pictures": dg.MetadataValue.md("\n\n".join(pictures))} if pictures else {}


def _languages(frame: pl.LazyFrame, report: Report) -> list[tuple[str, int]]:
    """(language, documents); none where the table knows no language, or has one only."""
    if "language" in report.partition or "language" not in frame.collect_schema().names():
        return []
    counts = dict(frame.group_by("language").len().collect().iter_rows())
    unknown = counts.pop(None, 0)
    return [*counts.items(), *([("unknown", unknown)] if unknown else [])] if counts else []


def _preview(frame: pl.LazyFrame, spec: TableSpec) -> str:
    """Five rows as a table, without columns that are empty in all of them."""
    known = [field.name for field in spec.schema]
    wanted = [name for name in _SHOWN if name in known] if "doc_id" in known and spec.name != DUPLICATES else known
    measured = [field.name for field in spec.schema if is_signal(field) and field.name not in wanted]
    rows = frame.select(*wanted, *measured).head(5).collect()
    filled = [name for name in rows.columns if rows[name].null_count() < rows.height]
    names = [name for name in filled if name in wanted] + [name for name in filled if name in measured][:_SIGNALS]
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in names) + " |" for row in rows.iter_rows(named=True)]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    """The value as inline code, cut short: in a crawled text no link, picture or table of Markdown must come to life."""
    written = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    printable = "".join(letter if letter.isprintable() else " " for letter in written)
    text = " ".join(printable.split()).replace("|", "¦").replace("`", "'")
    text = text[:_CELL] + "…" if len(text) > _CELL else text
    return f"`{text}`" if text else ""

"""A stage's report as Dagster metadata: what to look at first, figures that are plotted over time, and where to read on.

The UI shows Markdown of up to 1,000 characters in place and longer texts on a click, so the outcome is a small table and all pictures are one click.
Every run writes its metadata into the event store, so it is bounded: charts are SVG, figures are the largest, columns are told of once, in the definition.
"""

import base64
from collections import Counter
from typing import Any

import dagster as dg
import polars as pl

from assets.duplicates import of_duplicates
from assets.preview import preview
from assets.sft_pictures import pictures_of
from corpus_platform.analytics.pictures import overlap_picture
from corpus_platform.analytics.plots import bars, funnel, largest, losses
from corpus_platform.home import Home
from corpus_platform.lake import TableSpec, table
from corpus_platform.recipes.ccnet import Bucket
from corpus_platform.recipes.compare import Overlap
from corpus_platform.stages.cleaned import Cleaned
from corpus_platform.stages.corpus import LAYER, Corpus
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS, TOKENIZERS
from corpus_platform.stages.run import Report
from corpus_platform.stages.signals import SIGNALS
from corpus_platform.stages.source_documents import SourceDocuments
from corpus_platform.stages.stage import Partition, Stage
from corpus_platform.stages.verdicts import DUPLICATES

_UNSHOWN = ("record:", "unknown:", "computed:", "family:", "compat:", "ms:", "before:", "after:")
"""Counters that are kept in the lake only."""
_REASONS = 12
_FIGURES = 30
"""Reasons of losses that are figures of their own, the largest; all of them are in the lake."""
_PAIRS = 100
"""Pairs of corpora in the table of what they have in common, the largest first; the picture has all."""
_OVERLAP_COLUMNS = {
    "a": ("string", "A corpus"),
    "b": ("string", "Another corpus of the same snapshot"),
    "documents": ("int", "Documents that both have"),
    "share_of_a": ("float", "Share of the documents of `a` that `b` has too, 0..1"),
    "jaccard": ("float", "Documents of both by documents of either, 0..1"),
}


def of_stage(stage: Stage) -> dict[str, Any]:
    """Metadata of a stage's asset, whatever its partitions: columns, table, and where to read on."""
    spec = stage.output()
    return {
        "dagster/column_schema": column_schema(spec),
        "dagster/table_name": stage.name,
        "read_on": dg.MetadataValue.md(_read_on(stage, None, None)),
    }


def of_report(home: Home, report: Report) -> dict[str, Any]:
    """Metadata of one materialisation."""
    spec = table(report.stage)
    frame = home.lake.scan(report.stage, version=None, **report.partition)
    rows, first = preview(frame, spec)
    return {
        "outcome": dg.MetadataValue.md(_outcome(report)),
        **_pictures(frame, report, _recipe_losses(home, report)),
        **(of_duplicates(home, report) if report.stage == DUPLICATES else {}),
        "preview": dg.MetadataValue.md(rows),
        "read_on": dg.MetadataValue.md(_read_on(home.stage(report.stage), report.partition, first)),
        "dagster/partition_row_count": report.rows,
        "dagster/row_count": _rows_of_asset(home, report),
        "dagster/uri": f"{home.lake.uri(report.stage)}/{spec.partition_dir(report.partition)}",
        "size_mb": round(report.bytes / 1e6, 3),
        "seconds": round(report.seconds, 2),
        **({"peak_worker_memory_mb": round(report.peak_memory / 1e6, 1)} if report.peak_memory else {}),
        "shards": report.shards,
        "shards_run": report.ran,
        **{f"shards_{name}": n for name, n in (("resumed", report.resumed), ("retried", report.retried)) if n},
        **_figures(report.counters),
        "table_version": report.version,
        "changed": report.changed,
        "lake_run": report.run,
    }


def _rows_of_asset(home: Home, report: Report) -> int:
    """Rows of all partitions that the asset has, as of now."""
    fixed = {name: report.partition[name] for name in ("variant", "method") if name in report.partition}
    states = home.lake.states(report.stage)
    return sum(state.rows for state in states if fixed.items() <= state.partition.items())


def _figures(counters: dict[str, int]) -> dict[str, int]:
    """Counters as numbers that are plotted over partitions: of the reasons of losses the largest."""
    shown = {name: n for name, n in counters.items() if not name.startswith(_UNSHOWN)}
    reasons = [name for name in shown if name.startswith(("dropped:", "rejects:", "removed:", "edited:"))]
    small = sorted(reasons, key=lambda name: -shown[name])[_FIGURES:]
    return {name.replace(":", "/"): n for name, n in shown.items() if name not in set(small)}


def _read_on(stage: Stage, partition: Partition | None, doc_id: str | None) -> str:
    """Commands and pages that say more, one a line: of the table, or of one partition with a document of it."""
    # The page is narrow: of the partition what says most.
    told = next(
        (
            name
            for name in (
                "method",
                "snapshot",
                "language",
                "model",
                "collection",
                "site",
                "pair",
                "set",
                "mix",
                "tokenizer",
            )
            if name in (partition or {})
        ),
        None,
    )
    where = f" where {told} = '{partition[told]}'" if partition and told else ""
    lines = [f'`corpus sql "from {stage.name}{where} limit 5"`']
    snapshot = f" --snapshot {partition['snapshot']}" if partition and "snapshot" in partition else ""
    of_documents = stage.name in {"web.pages", "web.documents", SIGNALS} or isinstance(stage, Cleaned | SourceDocuments)
    if of_documents or stage.name.startswith(f"{LAYER}."):
        lines.append(f"`corpus explain {doc_id or 'URL'}`: why a document is in a corpus or not")
    if isinstance(stage, Corpus):
        lines.append(f"`corpus funnel {stage.recipe.name}{snapshot}`: what each step did")
        lines.append("`corpus recipes overlap`: what corpora have in common")
    if stage.name == SIGNALS:
        lines.append(f"`corpus signals distribution NAME{snapshot}`: how values lie to thresholds")
    if stage.name == DUPLICATES:
        method = f" --method {partition['method']}" if partition else ""
        lines.append(f"`corpus dups --largest{method}{snapshot}`, `corpus dups URL`: clusters with their texts")
    if stage.name == MIX_DOCUMENTS:
        mix = partition["mix"] if partition else "NAME"
        lines.append(
            f"`corpus mix show {mix}`: what each part gave; `corpus release make RELEASE --mix {mix} --out FOLDER`"
        )
    pages = ["docs/tables.md", *(["docs/signals.md"] if stage.name == SIGNALS else [])]
    pages += ["docs/recipes.md"] if isinstance(stage, Corpus | Cleaned) else []
    pages += ["docs/mixes.md"] if stage.name in {MIX_DOCUMENTS, TOKENIZERS} else []
    lines.append(f"Columns of every table and more: {', '.join(f'`{page}`' for page in pages)}")
    return "\n".join(f"- {line}" for line in lines)


def of_overlap(found: Overlap, snapshot: str) -> dict[str, Any]:
    """What corpora have in common, as a picture and as a table of pairs."""
    title = f"What corpora have in common, {snapshot}"
    picture = base64.b64encode(overlap_picture(found, title)).decode()
    rows = found.table().filter(pl.col("a") != pl.col("b")).sort("documents", "a", "b", descending=[True, False, False])
    shown = rows.head(_PAIRS).with_columns(pl.col("share_of_a", "jaccard").round(4))
    records = [dg.TableRecord(row) for row in shown.to_dicts()]
    sizes = {name: int(n) for name, n in zip(found.names, found.documents.diagonal(), strict=True)}
    return {
        "corpora": len(found.names),
        "documents": dg.MetadataValue.json(sizes),
        "picture": dg.MetadataValue.md(f"![{title}](data:image/png;base64,{picture})"),
        "pairs": dg.MetadataValue.table(records=records, schema=overlap_schema()),
    }


def overlap_schema() -> dg.TableSchema:
    """Columns of the table of what corpora have in common."""
    return dg.TableSchema([dg.TableColumn(name, kind, about) for name, (kind, about) in _OVERLAP_COLUMNS.items()])


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
    """Records from those read to those kept, with shares; where a row is no record that was read, the rows."""
    seen = report.counters.get("records", 0)
    if not seen or not _keeps_records(report):
        return f"{report.rows:,} rows" + (f" of {seen:,} records" if seen else "")
    rows = [("read", seen), *largest(losses(report.counters), _REASONS)]
    rows += [("of another table", n)] if (n := report.counters.get("elsewhere", 0)) else []
    rows.append(("**kept**", report.counters.get("kept", report.rows)))
    lines = [f"| {name} | {n:,} | {n / seen:.1%} |" for name, n in rows]
    return "\n".join(["| | records | share |", "|---|---:|---:|", *lines])


def _keeps_records(report: Report) -> bool:
    """Whether what was kept is what is left of the records, and not something that was made of them."""
    gone = sum(n for _, n in losses(report.counters)) + report.counters.get("held_out", 0)
    gone += report.counters.get("elsewhere", 0)
    return report.counters.get("kept", report.rows) + gone == report.counters.get("records", 0)


def _recipe_losses(home: Home, report: Report) -> list[tuple[str, int]] | None:
    """(step, documents that it dropped) in the recipe's order; None for what is no recipe's corpus."""
    stage = home.stage(report.stage)
    if isinstance(stage, Corpus):
        steps = stage.recipe_of(report.partition).steps
    elif isinstance(stage, Cleaned):
        steps = stage.recipe.steps
    else:
        return None
    dropped: Counter[str] = Counter()
    for name, n in report.counters.items():
        kind, _, reason = name.partition(":")
        if kind == "dropped":
            dropped[reason.partition(":")[0]] += n
    return [(step.name, dropped[step.name]) for step in steps]


def _pictures(frame: pl.LazyFrame, report: Report, reasons: list[tuple[str, int]] | None) -> dict[str, Any]:
    """What became of the records, then languages and buckets where the table has them, in one Markdown text."""
    where = ", ".join((report.stage, *report.partition.values()))
    buckets = [(name.value, n) for name in Bucket if (n := report.counters.get(f"bucket:{name}"))]
    drawn = [
        funnel(report.counters, f"{where}: records", reasons) if _keeps_records(report) else None,
        bars(_languages(frame, report), f"{where}: documents by language"),
        bars(buckets, f"{where}: documents by bucket", in_order=True),
        *pictures_of(frame, where),
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

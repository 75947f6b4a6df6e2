"""What a dedup found, on the page of its asset: sizes of clusters, the largest of them, and the domains with most copies, from the committed partition."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from corpus_platform.analytics import plots, svg
from corpus_platform.analytics.duplicate_counts import Counted, counted
from corpus_platform.clean.masking import masked
from corpus_platform.home import Home
from corpus_platform.stages.run import Report


def of_duplicates(home: Home, report: Report) -> dict[str, Any]:
    """Metadata of a partition of `web.duplicates`: charts, two tables, and figures that are plotted over time."""
    found = counted(home.lake, report.partition)
    shown: dict[str, Any] = {"summary": found.summary, **_figures(found)}
    if charts := _charts(found, ", ".join(report.partition.values())):
        shown["picture_of_copies"] = dg.MetadataValue.md("\n\n".join(charts))
    if found.largest:
        urls = masked([c.url or c.domain or "" for c in found.largest])
        rows = [(c.size, c.here, c.first_snapshot, url, c.cluster) for c, url in zip(found.largest, urls, strict=True)]
        kinds = {"documents": "int", "here": "int", "since": "string", "first_page": "string", "cluster": "string"}
        shown["largest_clusters"] = _table(kinds, rows)
    if found.domains:
        kinds = {"domain": "string", "documents": "int", "copies": "int", "share": "float", "units": "int"}
        names = masked([d.domain or "" for d in found.domains])
        rows = [
            (name, d.documents, d.copies, round(d.share, 4), d.units)
            for name, d in zip(names, found.domains, strict=True)
        ]
        shown["domains"] = _table(kinds, rows)
    return shown


def _charts(found: Counted, where: str) -> list[str]:
    """Clusters by size (or documents by weight), and the domains with most copies, as Markdown."""
    charts = []
    if found.sizes:
        of_weights = found.kind == "weights"
        title, below = (
            ("documents by weight", "weight") if of_weights else ("clusters by size", "documents of a cluster")
        )
        drawn = svg.columns(found.sizes, f"{where}: {title}", below=below)
        charts.append(svg.as_markdown(drawn, f"{where}: {title}"))
    lost = [(d.domain or "-", d.units or d.copies) for d in found.domains]
    what = "units lost" if found.units else "copies"
    charts += [drawn] if (drawn := plots.bars(lost, f"{where}: domains with most {what}")) else []
    return charts


def _figures(found: Counted) -> dict[str, Any]:
    """Numbers that Dagster plots over partitions."""
    if found.kind == "weights":
        return {}
    figures: dict[str, Any] = {"share_of_copies": round(found.share, 4)}
    if found.kind == "documents":
        figures["clusters_with_earlier_snapshots"] = found.earlier
    return figures


def _table(kinds: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> dg.TableMetadataValue:
    columns = [dg.TableColumn(name, kind) for name, kind in kinds.items()]
    records = [dg.TableRecord(dict(zip(kinds, row, strict=True))) for row in rows]
    return dg.MetadataValue.table(records=records, schema=dg.TableSchema(columns))

"""What a dedup found, on the page of its asset: sizes of clusters, the largest of them, and the domains with most copies, from the committed partition."""

import base64
from collections.abc import Sequence
from typing import Any

import dagster as dg

from corpus_platform.analytics.duplicate_counts import Counted, counted
from corpus_platform.analytics.duplicate_pictures import counted_picture
from corpus_platform.home import Home
from corpus_platform.stages.run import Report


def of_duplicates(home: Home, report: Report) -> dict[str, Any]:
    """Metadata of a partition of `web.duplicates`: a picture, two tables, and figures that are plotted over time."""
    found = counted(home.lake, report.partition)
    where = ", ".join(report.partition.values())
    picture = counted_picture(found, f"{where}\n{found.summary}")
    shown: dict[str, Any] = {"summary": found.summary, **_figures(found)}
    if picture is not None:
        data = base64.b64encode(picture).decode()
        shown["picture"] = dg.MetadataValue.md(f"![{where}](data:image/png;base64,{data})")
    if found.largest:
        rows = [(c.cluster, c.domain or "", c.url or "", c.size, c.here, c.first_snapshot) for c in found.largest]
        kinds = {
            "cluster": "string",
            "domain": "string",
            "url": "string",
            "size": "int",
            "here": "int",
            "since": "string",
        }
        shown["largest_clusters"] = _table(kinds, rows)
    if found.domains:
        kinds = {"domain": "string", "documents": "int", "copies": "int", "share": "float", "units": "int"}
        rows = [(d.domain or "", d.documents, d.copies, round(d.share, 4), d.units) for d in found.domains]
        shown["domains"] = _table(kinds, rows)
    return shown


def _figures(found: Counted) -> dict[str, Any]:
    """Numbers that Dagster plots over partitions."""
    if found.kind == "weights":
        return {}
    figures: dict[str, Any] = {"share_of_copies": round(found.share, 6)}
    if found.kind == "documents":
        figures["clusters_with_earlier_snapshots"] = found.earlier
    return figures


def _table(kinds: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> dg.TableMetadataValue:
    columns = [dg.TableColumn(name, kind) for name, kind in kinds.items()]
    records = [dg.TableRecord(dict(zip(kinds, row, strict=True))) for row in rows]
    return dg.MetadataValue.table(records=records, schema=dg.TableSchema(columns))

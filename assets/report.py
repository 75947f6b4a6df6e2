"""The report of the lake as an asset: one HTML file in the home, written anew by each run, with the latest results of all checks."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from assets.factory import OWNERS
from corpus_platform.analytics.report.facts import CheckFacts
from corpus_platform.errors import CorpusError
from corpus_platform.home import Home
from resources.home import HomeResource

GROUP = "reports"
_ABOUT = """A row is a section of one HTML file about the whole lake: funnels, languages, quality, duplicates, overlaps, licences, storage, samples of
dropped documents. It has no partitions: every run writes the file anew.

The file is `reports/lake.html` of the home; it needs no server and no network. Personal data in samples is masked. The same on the command line,
also for others to see, with small groups merged and noise added: `corpus report --out FILE --min-group N --epsilon E`."""
_COLUMNS = {"section": ("string", "Title of the section"), "content": ("html", "Tables, charts and samples of it")}
_FIGURE = 200
"""Letters of what a failed check says."""


def report_assets(
    made: Sequence[dg.AssetsDefinition], checks: Sequence[dg.AssetChecksDefinition]
) -> list[dg.AssetsDefinition]:
    """The report, made of the corpora, or of all else where there are none, with the results of some checks."""
    checked = [spec.key for check in checks for spec in check.check_specs]
    keys = [spec.key for asset in made for spec in asset.specs]
    corpora = [key for key in keys if key.path[0] == "corpora"]

    @dg.asset(
        key=[GROUP, "lake"],
        group_name=GROUP,
        deps=corpora or keys,
        description=_ABOUT,
        owners=OWNERS,
        kinds={"html", "duckdb"},
        tags={"domain": "reports"},
        code_version="1",
        metadata={
            "dagster/column_schema": dg.TableSchema(
                [dg.TableColumn(name, kind, about) for name, (kind, about) in _COLUMNS.items()]
            )
        },
    )
    def asset(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[Any]:
        opened = home.open()
        found = latest_checks(context.instance, checked)
        return dg.MaterializeResult(metadata=_written(opened, found))

    return [asset]


def _written(home: Home, checks: Sequence[CheckFacts]) -> dict[str, Any]:
    """Writes the report; where it is and what it took."""
    from corpus_platform.analytics.report.page import write_report  # noqa: PLC0415  (imports DuckDB)

    path = home.path / GROUP / "lake.html"
    try:
        made = write_report(home, path, checks=checks)
    except CorpusError as error:
        raise dg.Failure(str(error), metadata={"error": type(error).__name__}) from error
    return {
        "report": dg.MetadataValue.path(str(made.path)),
        "dagster/uri": made.path.as_uri(),
        "dagster/row_count": made.sections,
        "snapshots": made.snapshots,
        "corpora": made.corpora,
        "checks": len(checks),
        "checks_not_passed": sum(not check.passed for check in checks),
        "size_mb": round(made.bytes / 1e6, 3),
        "seconds": round(made.seconds, 2),
    }


def latest_checks(instance: dg.DagsterInstance, keys: Iterable[dg.AssetCheckKey]) -> list[CheckFacts]:
    """The latest result of each check that has one."""
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    found = []
    for record in records.values():
        event = record.event.dagster_event if record.event else None
        if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        told = event.asset_check_evaluation_data
        # Numbers only: words among the figures may be somebody's.
        figures = {name: value.value for name, value in told.metadata.items() if isinstance(value.value, int | float)}
        said = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in figures.items())[:_FIGURE]
        blocking = told.blocking is True or told.severity == dg.AssetCheckSeverity.ERROR
        asset = told.asset_key.to_user_string()
        partition = record.partition or told.partition or ""
        found.append(
            CheckFacts(asset, told.check_name, partition, told.passed, blocking, said if not told.passed else "")
        )
    return sorted(found, key=lambda check: (check.asset, check.name))

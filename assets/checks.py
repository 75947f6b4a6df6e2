"""Checks that Dagster must know: blocking ones for broken data, warnings for what people should look at.

`partitions_def` on a check is a preview in Dagster; it is used here only, so that leaving it is one edit.
"""

import warnings
from collections.abc import Callable
from typing import Any

import dagster as dg
import polars as pl

from corpus_platform.lake import table
from corpus_platform.stages.stage import Partition
from resources.home import HomeResource

warnings.filterwarnings("ignore", category=dg.PreviewWarning)

BROKEN_SHARE = 0.002
"""More broken records than this deserve a look; the stage itself fails at its reject budget."""

Test = Callable[[HomeResource, Partition], tuple[bool, dict[str, Any]]]


def checks_of(
    asset: dg.AssetsDefinition, name: str, partition_of: Callable[[str], Partition], *, reads_records: bool = False
) -> list[dg.AssetChecksDefinition]:
    """The checks of one stage's asset: rows exist, keys are unique, required columns have no nulls; few broken records."""
    made = [
        _check(asset, "has_rows", partition_of, _has_rows(name), blocking=True),
        _check(asset, "keys_are_unique", partition_of, _keys_are_unique(name), blocking=True),
        _check(asset, "columns_are_filled", partition_of, _columns_are_filled(name), blocking=True),
    ]
    if reads_records:
        made.append(_check(asset, "few_broken_records", partition_of, _few_broken_records(name), blocking=False))
    return made


def balance(
    asset: dg.AssetsDefinition, name: str, upstream: str, partition_of: Callable[[str], Partition]
) -> dg.AssetChecksDefinition:
    """Rows in = rows kept + rows dropped with a reason. Blocking: a document must not vanish."""
    return _check(asset, "nothing_is_lost", partition_of, _nothing_is_lost(name, upstream), blocking=True)


def _check(
    asset: dg.AssetsDefinition, title: str, partition_of: Callable[[str], Partition], test: Test, *, blocking: bool
) -> dg.AssetChecksDefinition:
    severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN

    @dg.asset_check(
        asset=asset,
        name=title,
        blocking=blocking,
        description=test.__doc__,
        partitions_def=asset.partitions_def,
    )
    def check(context: dg.AssetCheckExecutionContext, home: HomeResource) -> dg.AssetCheckResult:
        keys = context.partition_keys if context.has_partition_key or context.has_partition_key_range else []
        outcomes = [test(home, partition_of(key)) for key in keys]
        metadata = {k: v for passed, found in outcomes for k, v in found.items() if len(outcomes) == 1 or not passed}
        return dg.AssetCheckResult(passed=all(passed for passed, _ in outcomes), severity=severity, metadata=metadata)

    return check


def _has_rows(name: str) -> Test:
    def test(home: HomeResource, partition: Partition) -> tuple[bool, dict[str, Any]]:
        """The partition has at least one row: an empty one means that an input was not found or everything was dropped."""
        rows = _rows(home, name, partition)
        return rows > 0, {"rows": rows}

    return test


def _keys_are_unique(name: str) -> Test:
    def test(home: HomeResource, partition: Partition) -> tuple[bool, dict[str, Any]]:
        """No key occurs twice, or every count downstream would be wrong."""
        key = list(table(name).key)
        frame = home.open().lake.scan(name, version=None, **partition)
        twice = frame.group_by(key).len("rows").filter(pl.col("rows") > 1).sort("rows", descending=True)
        found = twice.head(20).collect()
        return found.is_empty(), {"keys_seen_twice": found.height, "examples": dg.MetadataValue.json(found.to_dicts())}

    return test


def _columns_are_filled(name: str) -> Test:
    def test(home: HomeResource, partition: Partition) -> tuple[bool, dict[str, Any]]:
        """Columns that must have a value have one in every row."""
        required = [field.name for field in table(name).columns if not field.nullable]
        if not required:
            return True, {}
        frame = home.open().lake.scan(name, version=None, **partition)
        nulls = frame.select(pl.col(required).null_count()).collect().row(0, named=True)
        missing = {column: n for column, n in nulls.items() if n}
        return not missing, {"nulls": dg.MetadataValue.json(missing)}

    return test


def _few_broken_records(name: str) -> Test:
    def test(home: HomeResource, partition: Partition) -> tuple[bool, dict[str, Any]]:
        """Few records are broken (truncated, undecodable, timed out). A warning: `ops.rejects` names each one."""
        counters = _counters(home, name, partition)
        broken, seen = counters.get("broken", 0), counters.get("records", 0)
        share = broken / seen if seen else 0.0
        reasons = {k: n for k, n in counters.items() if k.startswith("rejects:")}
        return share <= BROKEN_SHARE, {
            "broken_records": broken,
            "records": seen,
            "share": share,
            "allowed": BROKEN_SHARE,
            "reasons": dg.MetadataValue.json(reasons),
        }

    return test


def _nothing_is_lost(name: str, upstream: str) -> Test:
    def test(home: HomeResource, partition: Partition) -> tuple[bool, dict[str, Any]]:
        """Rows read from the upstream table = rows kept + rows dropped, each drop with its reason in `ops.decisions`."""
        counters = _counters(home, name, partition)
        before, kept = _rows(home, upstream, partition), _rows(home, name, partition)
        dropped = sum(n for counter, n in counters.items() if counter.startswith("dropped:"))
        return before == kept + dropped, {"read": before, "kept": kept, "dropped": dropped}

    return test


def _rows(home: HomeResource, name: str, partition: Partition) -> int:
    return int(home.open().lake.scan(name, version=None, **partition).select(pl.len()).collect().item())


def _counters(home: HomeResource, name: str, partition: Partition) -> dict[str, int]:
    state = home.open().lake.state(name, partition)
    return state.counters if state else {}

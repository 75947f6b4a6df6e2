"""How much runs at the same time: the run queue's limits and those of the pools, from one setting (`automation.runs_at_once`).

Words: a *pool* is a name that runs of some kind share; a run takes a slot of each pool that its steps name, and waits in the queue until it has them.
`cpu_heavy` is every stage (its shards are spread over all workers already), `http_fetch` those that read from a web server,
`duckdb_analytics` those that write the one file that DuckDB lets one process write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corpus_platform.automation.settings import AutomationSettings

CPU_HEAVY, HTTP_FETCH, DUCKDB_ANALYTICS = "cpu_heavy", "http_fetch", "duckdb_analytics"
BESIDE = 2
"""Runs beside those that compute: reports and marts need not wait for a snapshot."""


def concurrency_settings(settings: AutomationSettings) -> dict[str, Any]:
    """The section `concurrency` of a Dagster instance's settings.

    Two runs on one partition of the same name wait for one another: the lake would refuse the slower one's work.
    """
    same = {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    return {
        "runs": {"max_concurrent_runs": settings.runs_at_once + BESIDE, "tag_concurrency_limits": [same]},
        "pools": {"default_limit": 1, "granularity": "run"},
    }


def pool_limits(settings: AutomationSettings) -> dict[str, int]:
    """Slots of each pool. They live in the instance's database, not in its file."""
    return {CPU_HEAVY: settings.runs_at_once, HTTP_FETCH: settings.runs_at_once, DUCKDB_ANALYTICS: 1}

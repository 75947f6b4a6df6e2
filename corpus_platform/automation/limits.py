"""How many runs of each kind go on at the same time, from one setting (`automation.runs_at_once`).

Words: a *pool* is a name that runs of some kind share; a run takes a place in each pool that its steps name, and waits in the queue until it has them.
`cpu_heavy` is every stage (its shards are spread over all workers already), `http_fetch` those that read from a web server,
`duckdb_analytics` those that write the one file that DuckDB lets one process write.

Not here: the queue itself, and a pool that is not named here: one run at a time (`deploy/dagster.yaml`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus_platform.automation.settings import AutomationSettings

CPU_HEAVY, HTTP_FETCH, DUCKDB_ANALYTICS = "cpu_heavy", "http_fetch", "duckdb_analytics"


def pool_limits(settings: AutomationSettings) -> dict[str, int]:
    """Places in each pool. They live in the instance's database, not in its file."""
    return {CPU_HEAVY: settings.runs_at_once, HTTP_FETCH: settings.runs_at_once, DUCKDB_ANALYTICS: 1}

"""The plugin through which dbt-duckdb reads a lake on S3: as every session here, without an extension, by the settings of the home.

Not here: sessions (sql.py), the project (dbt/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.plugins import BasePlugin

if TYPE_CHECKING:
    import duckdb


class Plugin(BasePlugin):
    """Registers the file system of a home's lake where that is no folder. `plugin_config`: `home`, a folder."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Notes which home it is."""
        self._home = plugin_config["home"]

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Lets the session read the lake."""
        from corpus_platform.analytics.sql import reach  # noqa: PLC0415  (these take a second, which parsing can do without)
        from corpus_platform.home import Home  # noqa: PLC0415

        reach(conn, Home.open(self._home).lake)

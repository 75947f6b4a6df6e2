"""Which SQL an analyst may run: statements that only read.

DuckDB's own kinds of statements are not enough: a SELECT may hold a COPY or DELETE in its WITH, EXPLAIN ANALYZE runs what it explains, and some
functions take SQL as text or an address in memory. So the syntax tree of every query is walked, and what is run is the text that was checked.

Promise: of what `checked` lets pass nothing writes a file or a table, whatever folders the session may reach.

Not here: which files a session may read (sql.py).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import duckdb

from corpus_platform.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator


class SqlError(CorpusError):
    """The statement is wrong or would write; the message is DuckDB's own, with the tables that exist."""


_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
"""Queries that read. A WITH may also hold COPY_QUERY_NODE, INSERT_QUERY_NODE and their like."""
_FUNCTIONS = {
    # These take SQL as text, which nobody has checked.
    *("query", "query_table", "json_execute_serialized_sql"),
    # These take an address in memory.
    *("arrow_scan", "arrow_scan_dumb", "pandas_scan", "python_arrow_scan", "python_map_function"),
    # These change the session.
    *(
        "enable_logging",
        "disable_logging",
        "truncate_duckdb_logs",
        "write_log",
        "enable_profiling",
        "disable_profiling",
    ),
    *("checkpoint", "force_checkpoint"),
    *("create_external_resource", "destroy_external_resource", "deregister_external_resource"),
    *("register_external_resource", "register_external_resource_type"),
}
_PRAGMA = re.compile(
    r"\s*pragma\s+(show_tables|show_tables_expanded|show_databases|database_list|database_size|version|platform|user_agent|functions|collations|"
    r"(table_info|storage_info)\s*\(\s*'[^']*'\s*\))\s*;?\s*",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(
    r"\s*explain\b(?P<options>\s+analyze\b|\s*\([a-z, \t\n]*\))?(?P<query>.*)", re.IGNORECASE | re.DOTALL
)


def checked(sql: str) -> list[str]:
    """The statements of a text, in order, each of which only reads. Raises SqlError where there is none, or one that does more."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise SqlError(str(error)) from None
    if not statements:
        raise SqlError("there is no statement")
    with duckdb.connect() as parser:
        return [_checked(statement.type, statement.query, parser) for statement in statements]


def _checked(kind: duckdb.StatementType, text: str, parser: duckdb.DuckDBPyConnection) -> str:
    if kind == duckdb.StatementType.SELECT:
        _check_query(text, parser)
        return text
    if kind == duckdb.StatementType.EXPLAIN and (found := _EXPLAIN.fullmatch(text)):
        # Put together anew: comments could make its first part read differently here and in DuckDB.
        inner = found["query"]
        _check_query(inner, parser)
        return f"EXPLAIN {(found['options'] or '').strip()}\n{inner}"
    if kind == duckdb.StatementType.PRAGMA and _PRAGMA.fullmatch(text):
        return text
    advice = ""
    if kind == duckdb.StatementType.MULTI:
        advice = "; name a PIVOT's values: PIVOT ... ON column IN (...)"
    if kind == duckdb.StatementType.EXPLAIN:
        advice = "; EXPLAIN comes first, then a query"
    raise SqlError(f"`{_short(text)}` is not a query: this session only reads{advice}")


def _check_query(text: str, parser: duckdb.DuckDBPyConnection) -> None:
    """Raises SqlError unless the text is one query whose tree has nothing but queries."""
    [(tree,)] = parser.execute("SELECT json_serialize_sql(?)", [text]).fetchall()
    found = json.loads(tree)
    if found["error"]:
        raise SqlError(f"`{_short(text)}`: {found['error_message']}")
    if len(found["statements"]) != 1:
        raise SqlError(f"`{_short(text)}` is more than one query")
    for key, value in _pairs(found):
        if key == "type" and isinstance(value, str) and value.endswith("_NODE") and value not in _NODES:
            what = value.removesuffix("_NODE").removesuffix("_QUERY")
            raise SqlError(f"`{_short(text)}` holds {what}: this session only reads")
        if key == "function_name" and str(value).lower() in _FUNCTIONS:
            raise SqlError(f"`{_short(text)}` calls {value}(): this session only reads, and only what is checked")


def _pairs(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, however deep."""
    queue = [tree]
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            yield from node.items()
            queue += node.values()
        elif isinstance(node, list):
            queue += node


def _short(text: str) -> str:
    return text.strip()[:60]

"""Copies of forgotten rows outside of tables: previews and failing rows in Dagster's event store, lines of logs, generated reports.

They are found by what the rows held: ids, addresses and names as a whole (of long ones the beginning, as previews cut them), and *windows* of their
texts, 20 code points at every tenth. A quoted piece of 29 code points or more has a whole window in it, however it was cut out; runs of white space
count as one space, as previews show them. A value that has one is replaced as a whole, in a log the line. Texts that other pages have as well are
replaced there too: rather one preview too few. A host is looked for only where no other page of it is left.

SQLite keeps deleted bytes in free pages: a store that was changed is vacuumed, and its write-ahead log emptied. Postgres is vacuumed as well; its own
write-ahead log and its backups keep old bytes until they are recycled.

Not here: which files of a home are looked at (analytics/forget.py).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from corpus_platform.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

REMOVED = "(removed: it showed a record that was forgotten)"
_WINDOW, _STEP = 20, 10
_LEAST = 8
"""Code points, and different ones among them in a window, from which a value can be looked for."""
_LEAST_NAME, _LONGEST = 2, 60
"""Code points of an address or a name from which, and up to which, it is looked for."""
_TEXTS = frozenset(("text", "raw_content", "title"))
_HOSTS = frozenset(("domain", "source_domain", "host"))
_MOST = 300_000
"""Windows that are looked for at once; with more, every text that could be a copy is replaced."""
_ROWS = 500
_LOOKS_ALIKE = str.maketrans({"|": "¦", "`": "'"})
"""Marks that previews write as others."""
_NAMES = frozenset(
    ("__class__", "asset_key", "path", "key", "run_id", "partition", "job_name", "pipeline_name", "step_key")
)
"""Keys of Dagster's events whose values are names of its own."""


@dataclass
class Needles:
    """What copies are found by."""

    texts: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    """Hosts of what was forgotten, which are not looked for unless they are taken in by name: others may have pages there."""
    is_everything: bool = False
    """Too much was forgotten to look for it piece by piece."""

    def add(self, rows: pl.DataFrame) -> None:
        """Takes in the values of forgotten rows."""
        for name in rows.columns:
            add = self.add_text if name in _TEXTS else self.add_name
            if name in _HOSTS:
                add = self.hosts.add
            for value in rows[name].explode() if rows.schema[name] == pl.List(pl.String) else rows[name]:
                if isinstance(value, str):
                    add(value)

    def add_name(self, name: str) -> None:
        """Takes in an address, an id or a name: the whole of it tells, and no part."""
        if len(form := _plain(name)) >= _LEAST_NAME:
            self.texts.add(form[:_LONGEST])

    def add_text(self, text: str) -> None:
        """Takes in a text: as a whole if it is short, else its windows."""
        for form in dict.fromkeys((_plain(text), *(_plain(line) for line in text.splitlines()))):
            if _LEAST <= len(form) < _WINDOW + _STEP:
                self.texts.add(form)
            for start in range(0, len(form) - _WINDOW + 1, _STEP):
                window = form[start : start + _WINDOW]
                if len(set(window)) >= _LEAST:
                    self.texts.add(window)
        if len(self.texts) > _MOST:
            self.texts, self.is_everything = set(), True

    def in_any(self, values: list[str]) -> list[bool]:
        """Which of the values hold something forgotten."""
        if self.is_everything:
            return [len(value) >= _LEAST for value in values]
        if not self.texts or not values:
            return [False] * len(values)
        plain = pl.Series([_plain(value) for value in values], dtype=pl.String)
        return plain.str.contains_any(sorted(self.texts), ascii_case_insensitive=True).to_list()


def scrub_sqlite(path: Path, needles: Needles) -> int:
    """Replaces copies in the JSON values of a SQLite file; how many rows had some. Raises CorpusError where another program keeps it locked."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as store:
            store.execute("PRAGMA secure_delete = ON")
            store.execute("BEGIN IMMEDIATE")
            changed = sum(_scrub_column(store, *where, needles) for where in _text_columns(store))
            store.execute("COMMIT")
            if changed:
                store.execute("VACUUM")
                store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return changed
    except sqlite3.OperationalError as error:
        raise CorpusError(
            f"{path} can't be cleaned ({error}): stop the web server and the daemon of this home, then forget again"
        ) from error


def scrub_postgres(address: Mapping[str, Any], needles: Needles) -> int:
    """The same in a database of Postgres; `address`: host, port, user, password, dbname. Raises CorpusError where it can't be reached."""
    try:
        import psycopg2  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise CorpusError('Postgres needs an extra: pip install "corpus-platform[postgres]"') from error
    try:
        with contextlib.closing(
            psycopg2.connect(**address, application_name="corpus forget", connect_timeout=10)
        ) as store:
            changed = Counter[str]()
            for table, column in _postgres_columns(store):
                changed[table] += _scrub_postgres_column(store, table, column, needles)
            store.commit()
            store.autocommit = True
            with store.cursor() as cursor:
                for table in (table for table, n in changed.items() if n):
                    cursor.execute(f'VACUUM FULL "{table}"')
            return sum(changed.values())
    except psycopg2.Error as error:
        where = f"{address.get('host')}:{address.get('port')}/{address.get('dbname')}"
        raise CorpusError(
            f"the event store in Postgres at {where} can't be cleaned: {type(error).__name__}; see to it, then forget again"
        ) from None


def _postgres_columns(store: Any) -> list[tuple[str, str]]:
    """(table, column) of all columns that may hold JSON as text."""
    with store.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND data_type IN ('text', 'character varying') ORDER BY 1, 2"
        )
        return cursor.fetchall()


def _scrub_postgres_column(store: Any, table: str, column: str, needles: Needles) -> int:
    found: list[tuple[str, Any]] = []
    with store.cursor(name="copies") as cursor:
        cursor.execute(
            f'SELECT ctid::text, "{column}" FROM "{table}" WHERE "{column}" LIKE \'{{%\' OR "{column}" LIKE \'[%\''
        )
        while rows := cursor.fetchmany(_ROWS):
            found += [(new, row) for row, new in _scrubbed(rows, needles)]
    with store.cursor() as cursor:
        cursor.executemany(f'UPDATE "{table}" SET "{column}" = %s WHERE ctid = %s::tid', found)
    return len(found)


def scrub_lines(path: Path, needles: Needles) -> int:
    """Replaces the lines of a text file that hold copies; how many."""
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    hits = needles.in_any([line.encode("utf-8", "replace").decode() for line in lines])
    if not any(hits):
        return 0
    kept = (f"{REMOVED}\n" if hit else line for line, hit in zip(lines, hits, strict=True))
    path.write_text("".join(kept), encoding="utf-8", errors="surrogateescape")
    return sum(hits)


def has_copies(path: Path, needles: Needles) -> bool:
    """Whether a text file holds copies, as it is or as JSON or HTML would write them."""
    import html  # noqa: PLC0415  (reports only)

    text = html.unescape(path.read_text(encoding="utf-8", errors="replace"))
    with contextlib.suppress(orjson.JSONDecodeError):
        text = "\n".join(_leaves(orjson.loads(text)))
    return any(needles.in_any([*text.splitlines(), text]))


def _text_columns(store: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """(table, column) of all columns that may hold text."""
    for (table,) in store.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall():
        for _, column, kind, *_ in store.execute(f'PRAGMA table_info("{table}")').fetchall():
            if not kind or any(word in kind.upper() for word in ("CHAR", "TEXT", "CLOB", "BLOB", "JSON")):
                yield table, column


def _scrub_column(store: sqlite3.Connection, table: str, column: str, needles: Needles) -> int:
    """Rows of a column that were changed. Values that are no JSON are names and times."""
    found: list[tuple[str, int]] = []
    cursor = store.execute(
        f'SELECT rowid, "{column}" FROM "{table}" WHERE "{column}" LIKE \'{{%\' OR "{column}" LIKE \'[%\''
    )
    while rows := cursor.fetchmany(_ROWS):
        found += [(new, row) for row, new in _scrubbed(rows, needles)]
    store.executemany(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', found)
    return len(found)


def _scrubbed(rows: list[tuple[Any, str | bytes]], needles: Needles) -> Iterator[tuple[Any, str]]:
    """(row, new value) of those rows that hold copies."""
    parsed: list[tuple[Any, Any]] = []
    for row, value in rows:
        with contextlib.suppress(orjson.JSONDecodeError):
            parsed.append((row, orjson.loads(value)))
    leaves = list({leaf for _, value in parsed for leaf in _leaves(value)})
    hits = {leaf for leaf, hit in zip(leaves, needles.in_any(leaves), strict=True) if hit}
    for row, value in parsed:
        if not hits.isdisjoint(_leaves(value)):
            yield row, orjson.dumps(_replaced(value, hits)).decode()


def _leaves(value: Any, key: str = "") -> Iterator[str]:
    """All texts in a JSON value, keys included; a text that is JSON itself is looked into. Pictures and Dagster's own names are left out."""
    if isinstance(value, str):
        if (inner := _inner(value)) is not None:
            yield from _leaves(inner, key)
        elif key not in _NAMES:
            yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _leaves(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, key)


def _replaced(value: Any, hits: set[str], key: str = "") -> Any:
    if isinstance(value, str):
        if (inner := _inner(value)) is not None:
            new = _replaced(inner, hits, key)
            return value if new == inner else orjson.dumps(new).decode()
        return REMOVED if key not in _NAMES and value in hits else value
    if isinstance(value, dict):
        return {(REMOVED if name in hits else name): _replaced(one, hits, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, hits, key) for one in value]
    return value


def _inner(text: str) -> Any:
    """A dict or list that a text is the JSON of; None where it is none."""
    if text[:1] not in {"{", "["}:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _plain(text: str) -> str:
    """The text as previews show it: one space for white space, and no marks of Markdown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()).translate(_LOOKS_ALIKE)

"""The prompt of `corpus shell`: DuckDB SQL over the lake, typed or piped.

A statement may span lines and ends with `;`. A line that begins with a dot is for the prompt itself (`.help`). A mistake is told and the prompt
goes on; Ctrl-C stops the statement that runs, or forgets the lines typed so far; Ctrl-D, or the end of the pipe, ends it. Lines that were typed
are remembered in a file of the home.

Promise: nothing can be run here that `corpus sql` would refuse.

Not here: sessions (sql.py), what is allowed (statements.py), results as text (rows.py, printing.py).
"""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from corpus_platform.errors import CorpusError, SettingsError
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from corpus_platform.analytics.sql import Analyst

HELP = """Type SQL that ends with `;`. It only reads: tables are layer.name, e.g. select count(*) from web.pages;
  .tables           tables of the lake, corpora.published, and what was published: marts.*, ops.commits
  .schema TABLE     columns of a table, with their types
  .format NAME      how results are shown: table, lines (a line for each value), csv or json
  .help             this
  .quit             the end; so is Ctrl-D. Ctrl-C stops a statement"""
FORMATS = ("table", "lines", "csv", "json")
_REMEMBERED = 1000
_PROMPT, _MORE = "corpus> ", "   ...> "


class Printer(Protocol):
    """Shows results and errors."""

    def rows(self, rows: pa.Table, format: str) -> None:  # noqa: A002
        """A result, in one of FORMATS."""

    def error(self, text: str) -> None:
        """A mistake."""

    def say(self, text: str) -> None:
        """A word of the prompt itself."""


class Shell:
    """One session of the prompt."""

    def __init__(self, session: Analyst, printer: Printer, *, format: str = "table") -> None:  # noqa: A002
        self._session = session
        self._printer = printer
        self._format = _known_format(format)

    def run(self, read: Callable[[str], str]) -> bool:
        """Reads lines until there are none more. `read` takes a prompt, and raises EOFError at the end. Whether all went well."""
        went_well, typed = True, ""
        while True:
            try:
                line = read(_MORE if typed else _PROMPT)
            except EOFError:
                break
            except KeyboardInterrupt:
                typed = ""
                self._printer.say("")
                continue
            if not typed and line.strip().startswith("."):
                if line.strip() in {".quit", ".exit"}:
                    return went_well
                went_well &= self._attempt(self._command, line.strip())
                continue
            typed = f"{typed}{line}\n" if typed or line.strip() else ""
            if is_whole(typed):
                went_well &= self._attempt(self._query, typed)
                typed = ""
        return went_well if not typed else went_well & self._attempt(self._query, typed)

    def _attempt(self, do: Callable[[str], None], text: str) -> bool:
        """Does it; a mistake is told."""
        try:
            with _interrupting(self._session):
                do(text)
        except KeyboardInterrupt:
            self._printer.error("stopped")
        except CorpusError as error:
            self._printer.error(str(error))
        else:
            return True
        return False

    def _query(self, sql: str) -> None:
        # All results are shown, and what precedes a mistake has been run: so each statement is a query of its own.
        for statement in statements_of(sql):
            self._printer.rows(self._session.query(statement), self._format)

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        rest = rest.strip().rstrip(";")
        known: dict[str, Callable[[str], None]] = {
            ".help": lambda _: self._printer.say(HELP),
            ".tables": self._tables,
            ".schema": self._schema,
            ".format": self._set_format,
        }
        if name not in known:
            there = [*known, ".quit"]
            raise SettingsError(f"there is no command `{name}`{nearest(name, there)}; there are {', '.join(there)}")
        known[name](rest)

    def _tables(self, _: str) -> None:
        self._printer.rows(
            self._session.query(
                "SELECT schema || '.' || name AS \"table\", len(column_names) AS columns FROM (SHOW ALL TABLES) "
                "WHERE database <> 'published' ORDER BY ALL"
            ),
            self._format,
        )

    def _schema(self, name: str) -> None:
        if not re.fullmatch(r'[\w"]+\.[\w"]+', name):
            raise SettingsError("name a table: .schema web.pages")
        self._printer.rows(self._session.query(f"SELECT column_name, column_type FROM (DESCRIBE {name})"), self._format)

    def _set_format(self, name: str) -> None:
        self._format = _known_format(name)


def statements_of(text: str) -> list[str]:
    """The statements of a text, as they were typed. A text that is no SQL is one statement, whose mistake its session tells."""
    try:
        return [statement.query for statement in duckdb.extract_statements(text)]
    except duckdb.Error:
        return [text]


def is_whole(text: str) -> bool:
    """Whether the text ends with a `;` that is no part of a string, a quoted name or a comment."""
    parts = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*(?:\n|$)|/\*.*?\*/", re.DOTALL)
    rest = parts.sub(" ", text)
    return rest.rstrip().endswith(";") and not re.search(r"['\"]|/\*|\$\w*\$", rest)


@contextlib.contextmanager
def remembered(file: Path) -> Iterator[Callable[[str], str]]:
    """What reads lines from a terminal, with the lines of earlier sessions, which the file keeps; plain `input` where that can't be."""
    try:
        import readline  # noqa: PLC0415  (not on every system)
    except ImportError:
        yield input
        return
    with contextlib.suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(_REMEMBERED)
    try:
        yield input
    finally:
        with contextlib.suppress(OSError):
            readline.write_history_file(file)
            file.chmod(0o600)  # What people ask may be confidential.


def piped(_: str) -> str:
    """The next line of standard input; EOFError at its end."""
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


@contextlib.contextmanager
def _interrupting(session: Analyst) -> Iterator[None]:
    """While a statement runs, Ctrl-C stops it, and is then a KeyboardInterrupt."""
    pressed = False

    def stop(*_: Any) -> None:
        nonlocal pressed
        pressed = True
        session.interrupt()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    except (CorpusError, duckdb.Error):
        if pressed:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise SettingsError(f"there is no format `{name}`{nearest(name, FORMATS)}; there are {', '.join(FORMATS)}")
    return name

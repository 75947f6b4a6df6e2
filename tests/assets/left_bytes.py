"""Where in a home some texts still stand: as raw bytes of files, and in the values that Parquet and SQLite files hold packed or escaped."""

import re
import sqlite3
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq


def left(home: Path, texts: list[str], *, apart: tuple[str, ...] = ("crawl", "encyclopedia")) -> dict[str, set[str]]:
    """{file, relative to the home: texts that it holds}; of the folders `apart` nothing."""
    found: dict[str, set[str]] = {}
    for path in sorted(home.rglob("*")):
        inside = path.relative_to(home)
        if path.is_file() and inside.parts[0] not in apart and (held := _held(path, texts)):
            found[inside.as_posix()] = held
    return found


def _held(path: Path, texts: list[str]) -> set[str]:
    forms = {text: {text, _escaped(text)} for text in texts}
    content = [path.read_bytes().decode("utf-8", "ignore"), path.read_bytes().decode("utf-16-le", "ignore")]
    if path.suffix == ".parquet":
        content.append(_values(path))
    if path.suffix == ".db":
        with sqlite3.connect(path) as store:
            content += list(store.iterdump())
    whole = "\n".join(content)
    return {text for text, written in forms.items() if any(one in whole for one in written)}


def _values(path: Path) -> str:
    """All values of all columns, and the statistics in the footer."""
    parquet = pq.ParquetFile(path)
    frame = pl.from_arrow(parquet.read())
    assert isinstance(frame, pl.DataFrame)
    return "\n".join([str(parquet.metadata.to_dict()), *(str(row) for row in frame.iter_rows())])


def _escaped(text: str) -> str:
    """As JSON that is all ASCII writes it."""
    return re.sub(r"[^\x00-\x7f]", lambda match: f"\\u{ord(match[0]):04x}", text)

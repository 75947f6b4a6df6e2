"""The texts of a corpus by its name: a file of documents, an asset, or a table of the lake.

Not here: what is done with them (compare_corpora.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.analytics.comparison import Text
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.plain import JSONL, PARQUET, read_plain
from corpus_platform.stages.mix_sources import TEXTS
from corpus_platform.stages.read import batches
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from corpus_platform.home import Home
    from corpus_platform.lake import TableSpec

_SOURCES = ("part", "collection", "site", "set", "pair")
"""Partition columns that say more of where a text is from than its column `source`."""


def texts_of(name: str, home: Callable[[], Home], *, text: str = "text") -> Iterator[Text]:
    """The documents of a file (JSONL or Parquet, with `text` and where there are any `source` and `language`), or of an asset or table.

    `corpora/fineweb` and `corpora.fineweb` are the same: all its partitions. Raises SourceError where there is nothing, SettingsError for a name
    that is neither.
    """
    path = Path(name)
    if path.is_file() or name.endswith((*JSONL, PARQUET)):
        for batch in read_plain(path, text=text):
            yield from _texts(batch.frame, "text")
        return
    yield from _rows(home(), name)


def _rows(home: Home, name: str) -> Iterator[Text]:
    table = name.replace("/", ".")
    specs = {spec.name: spec for spec in home.lake.tables() if _text_of(spec)}
    if table not in specs:
        raise SettingsError(
            f"`{name}` is neither a file nor a table of documents{nearest(table, specs)}; there are {', '.join(specs)}"
        )
    spec = specs[table]
    files = home.lake.files(table)
    if not files:
        raise SourceError(f"{table} has no documents yet: corpus run {table.replace('.', '/', 1)}")
    column = _text_of(spec)
    wanted = [column, *(name for name in ("source", "language") if name in spec.schema.names)]
    for file in files:
        for frame in batches(home.lake, file, columns=wanted):
            yield from _texts(frame, column, dict(file.partition))


def _texts(frame: pl.DataFrame, text: str, partition: dict[str, str] | None = None) -> Iterator[Text]:
    known = partition or {}
    own = next((known[name] for name in _SOURCES if name in known), None)
    sources = [own] * frame.height if own or "source" not in frame.columns else frame["source"].to_list()
    languages = frame["language"].to_list() if "language" in frame.columns else [known.get("language")] * frame.height
    for one, source, language in zip(frame[text].to_list(), sources, languages, strict=True):
        yield Text(one, _string(source), _string(language))


def _text_of(spec: TableSpec) -> str:
    return next((name for name in TEXTS if name in spec.schema.names), "")


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

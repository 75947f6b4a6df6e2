"""Personal data in what people have written: whether any known pattern of it is left in texts of social media, and in what is made of them.

Text and title are looked at, and every text in `meta` (the turns of a dialogue). Of a corpus only the rows whose `source` is social are. Rows that
break the promise are named by place, column, kind and characters; what was found is not shown.
Promise: all rows are looked at; memory is bounded by a batch of them.

Not here: the patterns (clean/social_pii.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from corpus_platform.clean.social_pii import private_patterns_left
from corpus_platform.quality.expectation import MOST_ROWS, Expectation, Found, NotAsked
from corpus_platform.quality.figures import FILE, ROW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import TableSpec
    from corpus_platform.quality.facts import Facts

CHECK = "no_personal_data"
_SOCIAL = "source = 'social'"
_THEIRS = "rows from social media"
_COLUMNS = ("text", "title", "meta")
_ROWS = 2_000


def expectations(spec: TableSpec) -> list[Expectation]:
    """The promise, of tables that hold texts of social media: those of its layer, and corpora, which may have them among others."""
    if spec.layer not in ("social", "corpora") or not {"doc_id", "source", *_COLUMNS} <= set(spec.schema.names):
        return []
    return [
        Expectation(
            "personal data in texts",
            CHECK,
            "E-mail addresses, names behind an @, numbers of telephones, identities and cards, IP addresses, accounts, pages about people",
            _COLUMNS,
            find=_left,
            needs={_THEIRS: f"count_if({_SOCIAL})"},
            most=0,
            id="personal_data",
        )
    ]


def _left(facts: Facts) -> Found | NotAsked:
    if facts.spec.layer != "social" and not facts.figures.get(_THEIRS):
        return NotAsked("none of its rows is from social media")
    where = "true" if facts.spec.layer == "social" else _SOCIAL
    total, kinds = 0, dict[str, int]()
    rows: list[dict[str, Any]] = []
    for frame in facts.reading.batches((FILE, ROW, "doc_id", *_COLUMNS), where, _ROWS):
        found = _finds(frame)
        total += found.height
        for kind, count in found.group_by("kind").len().iter_rows():
            kinds[kind] = kinds.get(kind, 0) + count
        if len(rows) < MOST_ROWS:
            rows += found.head(MOST_ROWS - len(rows)).to_dicts()
    return Found(total, None, tuple(rows), {f"found_{kind}": count for kind, count in sorted(kinds.items())})


def _finds(frame: pl.DataFrame) -> pl.DataFrame:
    """Finds of a batch: where the row is, its id, and column, kind and characters of each find."""
    texts = [(row, name, text) for name in ("text", "title") for row, text in enumerate(frame[name].to_list()) if text]
    texts += [(row, "meta", text) for row, meta in enumerate(frame["meta"].to_list()) for text in _texts_in(meta)]
    left = private_patterns_left(pl.Series("text", [text for _, _, text in texts], pl.String))
    owner = [texts[row][0] for row in left["row"].to_list()]
    places = frame.select(FILE, ROW, "doc_id")[owner] if owner else frame.select(FILE, ROW, "doc_id").head(0)
    return places.with_columns(
        pl.Series("column", [texts[row][1] for row in left["row"].to_list()], pl.String),
        left["kind"],
        pl.Series("characters", [f"{a} to {b}" for a, b in left.select("start", "end").iter_rows()], pl.String),
    )


def _texts_in(meta: str | None) -> Iterator[str]:
    """Every text in a JSON object, or the value itself where it is none."""
    if not meta:
        return
    try:
        waiting: list[Any] = [orjson.loads(meta)]
    except orjson.JSONDecodeError:
        waiting = [meta]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value

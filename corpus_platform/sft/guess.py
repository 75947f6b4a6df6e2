"""A map of columns guessed by their names: which is which field of a kind, what is a label, what is kept beside.

    columns = guess(Instruct, records)          # ColumnMap(columns={"prompt": "instruction", ...}, labels={...}, meta=(...))

Promise: every column of the records is in the map, so that it can be used as it is; a field gets the likeliest name that holds something.

Not here: which kind it is (sniff.py), reading with the map (reading.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from corpus_platform.sft.kinds.kind import Column, ColumnMap, Kind, at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LABELS = frozenset(
    {
        "ability", "ability_en", "ability_zh", "category", "complexity", "correct", "detoxify", "difficulty", "domain",
        "flagged", "grade", "input_quality", "instruct_reward", "intent", "is_classification", "is_correct", "label",
        "language_score", "level", "quality", "rating", "redacted", "review_result", "score", "sentiment", "subject",
        "tag", "tags", "task_category", "task_type", "topic", "toxic", "type", "instruction_type", "kind", "upvotes",
    }
)  # fmt: skip
"""Names of columns that say something of a record's quality, difficulty or subject."""

_INNER = ("_key",)
"""What containers add; never unknown."""


def columns_of(records: Iterable[Any]) -> list[str]:
    """The columns of the records that are objects, in the order in which they come first."""
    return list(dict.fromkeys(name for record in records if isinstance(record, dict) for name in record))


class Known:
    """The columns that a map names or a kind takes. Asked of each record: what a map names is put together once."""

    def __init__(self, columns: ColumnMap, kind: Kind) -> None:
        """Of a map and the kind that reads with it."""
        self._all = columns.others != "fail"
        self._named = columns.named.union(_INNER)
        self._takes = kind.takes

    def unknown(self, record: Any) -> list[str]:
        """The other columns of a record; none where the map says what becomes of them. A record that is a list has the columns of its objects."""
        if self._all or (isinstance(record, dict) and record.keys() <= self._named):
            return []
        names = columns_of(record if isinstance(record, list) else [record])
        return [name for name in names if name not in self._named and not self._takes(name)]


def guess(kind: type[Kind], records: Sequence[Any], given: ColumnMap | None = None) -> ColumnMap:
    """A map of all columns of some records. What `given` says of a column or a field stays."""
    given = given or ColumnMap()
    rows = [record for record in records if isinstance(record, dict)]
    free = [name for name in columns_of(rows) if name not in given.named and name not in _INNER]
    found: dict[str, str | tuple[str, ...]] = dict(given.columns)
    for field, column in kind.fields.items():
        if field not in found and (name := _best(column, free, rows)) is not None:
            found[field] = name
            taken = {path.partition(".")[0] for path in ((name,) if isinstance(name, str) else name)}
            free = [other for other in free if other not in taken]
    labels = [name for name in free if name.lower() in LABELS and all(_is_plain(row.get(name)) for row in rows)]
    return given.model_copy(
        update={
            "columns": found,
            "labels": {**given.labels, **{name: name for name in labels}},
            "meta": (*given.meta, *(name for name in free if name not in labels)),
        }
    )


def with_columns(kind: type[Kind], records: Sequence[Any], given: ColumnMap) -> ColumnMap:
    """A given map with fields of the kind by their usual names, where it names no fields itself; other columns stay unknown."""
    if given.columns:
        return given
    return given.model_copy(update={"columns": guess(kind, records, given).columns})


def suggested(kind: type[Kind], records: Sequence[Any], given: ColumnMap) -> str:
    """The given map with a place for every column of some records, and without fields whose columns they do not have, as YAML."""
    there = set(columns_of(records))
    kept = {
        field: paths
        for field, paths in given.columns.items()
        if any(
            path in there or path.partition(".")[0] in there for path in ((paths,) if isinstance(paths, str) else paths)
        )
    }
    return yaml_of(guess(kind, records, given.model_copy(update={"columns": kept})))


def yaml_of(columns: ColumnMap) -> str:
    """A map as YAML, what is empty left out."""
    return dumped(columns.model_dump(mode="json", exclude_defaults=True))


def dumped(value: Mapping[str, Any]) -> str:
    """A mapping as YAML with short lists on one line."""
    return yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True, width=110, default_flow_style=None).rstrip()


def _best(column: Column, free: list[str], rows: list[dict[str, Any]]) -> str | tuple[str, ...] | None:
    """The first alias that a column has and that holds something; else the first that one has."""
    lower = {name.lower(): name for name in reversed(free)}
    here = [name for alias in column.aliases if (name := _named(alias, free, lower)) is not None]
    filled = [name for name in here if any(not _is_blank(_value(row, name)) for row in rows)]
    return next(iter(filled or here), None)


def _named(alias: str, free: list[str], lower: dict[str, str]) -> str | tuple[str, ...] | None:
    """The column of an alias: that very name, a path into one, the name in another case; several for `title+ask`, where all are there."""
    if "+" in alias:
        parts = [name for part in alias.split("+") if (name := _named(part, free, lower)) is not None]
        return tuple(map(str, parts)) if len(parts) == alias.count("+") + 1 else None
    if alias in free:
        return alias
    first = alias.partition(".")[0]
    return alias if first != alias and first in free else lower.get(alias.lower())


def _value(row: dict[str, Any], name: str | tuple[str, ...]) -> Any:
    return at(row, name if isinstance(name, str) else name[-1])


def _is_blank(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else value in (None, [], {})


def _is_plain(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, str | int | float | bool)
        or (isinstance(value, list) and all(isinstance(one, str) for one in value))
    )

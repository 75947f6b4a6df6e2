"""What tables there are: one frozen `TableSpec` a table, kept in one dict.

The table itself, the metadata in the UI, the SQL views and the docs are all made from the spec. `corpus_platform.tables` declares the tables
of the platform; it is imported at the first look-up, so that a notebook needs no more than `Lake(location).scan("web.pages")`.
A layer may be *open*: its tables are as many as there are recipes, say, all alike, and need no declaration.

Not here: where tables are kept (storage.py), what is in them (log.py), which stage writes them (stages/).
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

import pyarrow as pa

from corpus_platform.errors import SchemaError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DECLARED_IN = ("corpus_platform.tables", "corpus_platform.source_tables", "corpus_platform.sft_tables")
_MADE_IN = (
    "corpus_platform.stages.signals",
    "corpus_platform.stages.url_history",
    "corpus_platform.stages.sketches",
    "corpus_platform.stages.mix_tables",
    "corpus_platform.stages.sft_signals",
    "corpus_platform.stages.sft_duplicates",
    "corpus_platform.stages.sft_selected",
)
"""Modules of stages that declare their own table, beside what fills it; heavier, so imported last."""
_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
# Values become folder names in object stores, Delta paths and hive-style readers, which differ in what they escape.
_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VALUES = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,_-]*")

SIDE_PARTITION = ("stage", "partition")
"""Partition columns of every side table: name of the main table, and its partition as `partition_string` writes it."""


@dataclass(frozen=True)
class TableSpec:
    """A table: `<layer>.<short>`, what a row is, its columns with their types and descriptions, key, partitions and order.

    `columns` include the partition columns or leave them out: they are strings, kept in the path and not in the files. `side` tables hold
    what a stage says besides its result (rejects, decisions); readers see their rows only once the main table's commit names them.
    A row group is closed at the first row that reaches `row_group_bytes`, before compression: small ones suit tables that are read by range.
    """

    name: str
    description: str
    columns: tuple[pa.Field, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    order: tuple[str, ...] = ()
    side: bool = False
    row_group_bytes: int = 32 << 20

    def __post_init__(self) -> None:
        """Refuses a spec that contradicts itself."""
        if not _NAME.fullmatch(self.name):
            raise SchemaError(f"table `{self.name}`: a name is `layer.name`, in lower-case letters, digits and _")
        if not self.partition_by:
            raise SchemaError(f"table `{self.name}`: it needs a partition column, for a commit replaces one partition")
        names = [column.name for column in self.columns]
        known = {*names, *self.partition_by}
        for what, wanted in (("key", self.key), ("order", self.order)):
            if missing := [name for name in wanted if name not in known]:
                raise SchemaError(f"table `{self.name}`: {what} names {', '.join(missing)}, which is no column of it")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise SchemaError(f"table `{self.name}`: column {', '.join(twice)} is declared twice")
        if self.row_group_bytes < 1:
            raise SchemaError(f"table `{self.name}`: row_group_bytes is 1 or more")
        if self.side and self.partition_by != SIDE_PARTITION:
            raise SchemaError(f"table `{self.name}`: a side table is partitioned by {', '.join(SIDE_PARTITION)}")

    @property
    def layer(self) -> str:
        """First half of the name: the schema in SQL, the folder in the lake."""
        return self.name.partition(".")[0]

    @property
    def short(self) -> str:
        """Second half of the name: the table in SQL."""
        return self.name.partition(".")[2]

    @property
    def folder(self) -> str:
        """Folder of the table, relative to the lake: `web/pages`."""
        return f"{self.layer}/{self.short}"

    @property
    def schema(self) -> pa.Schema:
        """Schema of the table's files: the columns without the partition columns."""
        return pa.schema([column for column in self.columns if column.name not in self.partition_by])

    @property
    def partition_fields(self) -> tuple[pa.Field, ...]:
        """The partition columns; their description is that of `columns`, where it is there."""
        declared = {column.name: column for column in self.columns}
        return tuple(
            pa.field(n, pa.string(), False, declared[n].metadata if n in declared else None) for n in self.partition_by
        )

    def partition_values(self, partition: Mapping[str, str]) -> dict[str, str]:
        """The partition with its columns in the table's order; an unknown, missing or unfit value is a `SettingsError`."""
        self.check_partition_columns(partition)
        if missing := [name for name in self.partition_by if name not in partition]:
            raise SettingsError(f"{self.name}: partition column {', '.join(missing)} has no value in {dict(partition)}")
        for name in self.partition_by:
            allowed = _VALUES if self.side and name == "partition" else _VALUE
            if not allowed.fullmatch(partition[name]):
                raise SettingsError(
                    f"{self.name}: `{partition[name]}` can't be a {name}: use letters, digits, `.`, `_` and `-`, "
                    "beginning with a letter or digit"
                )
        return {name: partition[name] for name in self.partition_by}

    def check_partition_columns(self, partition: Mapping[str, str]) -> None:
        """A `SettingsError` for a column that the table is not partitioned by."""
        for name in partition:
            if name not in self.partition_by:
                raise SettingsError(
                    f"{self.name} has no partition column `{name}`{_nearest(name, self.partition_by)}; "
                    f"it has {', '.join(self.partition_by)}"
                )

    def partition_dir(self, partition: Mapping[str, str]) -> str:
        """Folder of a partition, relative to the table: `variant=wet/snapshot=CC-MAIN-2024-10`."""
        return "/".join(f"{name}={value}" for name, value in self.partition_values(partition).items())

    def partition_string(self, partition: Mapping[str, str]) -> str:
        """Values of a partition joined by a comma, as side tables, markers and messages name it: `wet,CC-MAIN-2024-10`."""
        return ",".join(self.partition_values(partition).values())

    def partition_of(self, text: str) -> dict[str, str]:
        """Turns `partition_string`'s text back into a partition."""
        return self.partition_values(
            dict(zip(self.partition_by, text.split(",", len(self.partition_by) - 1), strict=True))
        )


_TABLES: dict[str, TableSpec] = {}
_OPEN: dict[str, Callable[[str], TableSpec]] = {}


def register(spec: TableSpec) -> TableSpec:
    """Adds a table; a name can be taken once."""
    if (known := _TABLES.get(spec.name)) is not None and known != spec:
        raise SchemaError(f"two tables are called `{spec.name}`: '{known.description}' and '{spec.description}'")
    return _TABLES.setdefault(spec.name, spec)


def open_layer(layer: str, make: Callable[[str], TableSpec]) -> None:
    """Makes a layer open: `make` gives the spec of each of its tables that nobody declares."""
    _OPEN[layer] = make


def open_layers() -> tuple[str, ...]:
    """The open layers, sorted."""
    _import(_DECLARED_IN)
    return tuple(sorted(_OPEN))


def is_declared(name: str) -> bool:
    """Whether the table has a spec of its own, and not just that of its open layer."""
    table(name)
    return name in _TABLES


def is_name(name: str) -> bool:
    """Whether a table could have this name."""
    return bool(_NAME.fullmatch(name))


def table(name: str) -> TableSpec:
    """The table of that name; an unknown one is a `SettingsError` that names the nearest and all known ones."""
    if name not in _TABLES:
        _import(_DECLARED_IN)
    layer = name.partition(".")[0]
    if name not in _TABLES and layer in _OPEN and is_name(name):
        return _OPEN[layer](name)
    if name not in _TABLES:
        _import((*_DECLARED_IN, *_MADE_IN))
    if name not in _TABLES:
        raise unknown_table(name)
    return _TABLES[name]


def tables() -> tuple[TableSpec, ...]:
    """All declared tables, by name."""
    _import((*_DECLARED_IN, *_MADE_IN))
    return tuple(_TABLES[name] for name in sorted(_TABLES))


def unknown_table(name: str) -> SettingsError:
    """The error of a table that there is not, with the nearest and all known names."""
    known = sorted(_TABLES)
    return SettingsError(f"there is no table `{name}`{_nearest(name, known)}; known are {', '.join(known)}")


def _import(modules: tuple[str, ...]) -> None:
    for module in modules:
        importlib.import_module(module)


def _nearest(name: str, known: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f", nearest is `{near[0]}`" if near else ""

"""The dbt project, read without dbt: its models with their columns, tests and lineage, and the sources that are made from the registry.

Importing dbt takes seconds, and parsing a project five more; the web UI's definitions need neither. So what they say of marts is read from the
project's own files; that it equals what dbt itself makes of them is tested.

- A mart is a model of `models/marts`; it reads others by `ref('name')` and tables of the warehouse by `source('layer', 'table')`.
- Every test has a name of its own, `<model>_<what must be true>`.
- `models/sources.yml` is written by `corpus warehouse --dbt-sources`, so that it has every table of the registry.

Not here: running dbt (resources/dbt.py), the published file that dbt reads (warehouse.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from corpus_platform.errors import SettingsError
from corpus_platform.stages.stage import digest_of

PROJECT = Path(__file__).parents[2] / "dbt"
MARTS = "marts"
_REF = re.compile(r"\bref\(\s*'(\w+)'\s*\)")
_SOURCE = re.compile(r"\bsource\(\s*'(\w+)'\s*,\s*'(\w+)'\s*\)")
_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
_DATABASE = "warehouse"
_SIGNALS = "web.signals"


@dataclass(frozen=True)
class Column:
    """A column of a model; `kind` is DuckDB's type, empty where the project does not say."""

    name: str
    kind: str
    description: str


@dataclass(frozen=True)
class Model:
    """A model: a view of `models/staging` or a table of `models/marts`."""

    name: str
    folder: str
    description: str
    columns: tuple[Column, ...]
    tests: tuple[str, ...]
    refs: frozenset[str]
    sources: frozenset[str]
    """Tables of the warehouse, `layer.table`, that it reads itself."""
    sql: str = field(repr=False)

    @property
    def is_of_snapshots(self) -> bool:
        """Whether a snapshot's rows can be made anew without the others'."""
        return self.folder == MARTS and "of_snapshot(" in self._code_and_config

    @property
    def _code_and_config(self) -> str:
        return _COMMENT.sub("", self.sql)


@cache
def models(project: Path = PROJECT) -> dict[str, Model]:
    """All models by name. Raises SettingsError where one has no description, or reads what there is not."""
    said = {
        about["name"]: about
        for file in sorted(project.glob("models/*/*.yml"))
        for about in _yaml(file).get("models") or ()
    }
    found = {}
    for file in sorted(project.glob("models/*/*.sql")):
        if file.stem not in said:
            raise SettingsError(f"{file}: no *.yml beside it describes the model `{file.stem}`")
        found[file.stem] = _model(file, said[file.stem])
    for model in found.values():
        if missing := sorted(model.refs - set(found)):
            raise SettingsError(f"{project}: the model `{model.name}` reads `{missing[0]}`, which there is not")
    return found


def marts(project: Path = PROJECT) -> tuple[Model, ...]:
    """The marts, by name."""
    return tuple(model for model in models(project).values() if model.folder == MARTS)


def tables_of(model: Model, project: Path = PROJECT) -> frozenset[str]:
    """Tables of the warehouse that a model is made of, through others too."""
    above = [tables_of(models(project)[name], project) for name in model.refs]
    return model.sources.union(*above)


def code_version(model: Model, project: Path = PROJECT) -> str:
    """Changes with the SQL of the model, or of those that it reads, and with the macros."""
    macros = [file.read_text(encoding="utf-8") for file in sorted(project.glob("macros/*.sql"))]
    above = sorted(code_version(models(project)[name], project) for name in model.refs)
    return digest_of([model.sql, above, macros])


def _model(file: Path, about: dict[str, Any]) -> Model:
    sql = file.read_text(encoding="utf-8")
    code = _COMMENT.sub("", sql)
    listed = about.get("columns") or []
    columns = [Column(c["name"], c.get("data_type", ""), c.get("description", "")) for c in listed]
    tests = [test for one in (about, *listed) for test in one.get("data_tests") or ()]
    return Model(
        name=file.stem,
        folder=file.parent.name,
        description=about.get("description", ""),
        columns=tuple(columns),
        tests=tuple(sorted(_name_of(file, test) for test in tests)),
        refs=frozenset(_REF.findall(code)),
        sources=frozenset(".".join(found) for found in _SOURCE.findall(code)),
        sql=sql,
    )


def _name_of(file: Path, test: Any) -> str:
    """The name of a test as the project gives it."""
    [(kind, about)] = test.items() if isinstance(test, dict) else [(test, {})]
    if not isinstance(about, dict) or not str(about.get("name", "")).startswith(f"{file.stem}_"):
        raise SettingsError(f"{file}: its test {kind} needs a `name` that begins with {file.stem}_")
    return about["name"]


def _yaml(file: Path) -> dict[str, Any]:
    # As safe as `safe_load`, and eight times as fast where the library in C is there: definitions load with it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(file.read_text(encoding="utf-8"), loader) or {}  # noqa: S506


# Sources


def sources_yaml() -> str:
    """`models/sources.yml`: every table of the registry, all corpora as one, and the commits, with their columns."""
    from corpus_platform.analytics.sql import PUBLISHED, published_columns  # noqa: PLC0415  (imports DuckDB)
    from corpus_platform.analytics.warehouse import COMMIT_COLUMNS, COMMITS  # noqa: PLC0415
    from corpus_platform.lake import tables  # noqa: PLC0415

    made = {
        spec.name: (f"{spec.description}.", {f.name: _said(f) for f in (*spec.partition_fields, *_own_columns(spec))})
        for spec in tables()
    }
    made[PUBLISHED] = (
        "A row is a document of a corpus, in the columns that all corpora share.",
        dict(published_columns()),
    )
    made[COMMITS] = ("A row is a commit: what a run made of one partition, and what it cost.", COMMIT_COLUMNS)
    layers: dict[str, list[dict[str, Any]]] = {}
    for name in sorted(made):
        about, columns = made[name]
        layer, _, short = name.partition(".")
        listed = [{"name": column, "description": said} for column, said in columns.items()]
        layers.setdefault(layer, []).append({"name": short, "description": about, "columns": listed})
    sources = [{"name": n, "database": _DATABASE, "schema": n, "tables": found} for n, found in layers.items()]
    head = "# Written by `corpus warehouse --dbt-sources`; a test fails when it is stale.\n"
    text = yaml.safe_dump({"version": 2, "sources": sources}, sort_keys=False, width=150, allow_unicode=True)
    return head + text


def _own_columns(spec: Any) -> list[Any]:
    """The columns of a table's files; of the signals only those that are none: docs/signals.md has them."""
    from corpus_platform.analytics.reference import is_signal  # noqa: PLC0415

    return [column for column in spec.schema if spec.name != _SIGNALS or not is_signal(column)]


def _said(column: Any) -> str:
    return (column.metadata or {}).get(b"description", b"").decode()

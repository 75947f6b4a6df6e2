"""Marts: tables that dbt makes of the published warehouse, as assets with their tests as checks. See dbt/ and docs/sql.md.

A mart of snapshots has a partition for each, whose rows are made anew alone; the others are made as a whole. What they are, and what they are made of,
is read from the project's files, so that the definitions load without dbt.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.factory import OWNERS
from assets.partitions import cc_snapshot
from corpus_platform.analytics.dbt_project import MARTS, Model, code_version, marts, tables_of
from corpus_platform.errors import CorpusError
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import OF_METHOD, OF_PAGES, WEB, asset_of
from corpus_platform.stages.corpus import LAYER
from corpus_platform.stages.signals import SIGNALS
from corpus_platform.stages.texts import cleaned_table, read_table
from resources.dbt import Built, build
from resources.home import HomeResource

POOL = "duckdb_analytics"
"""One dbt at a time writes the file of marts."""
_COMMITS, _PUBLISHED = "ops.commits", f"{LAYER}.published"
_OF_WEB = ("web.pages", "web.documents")
_OF_DIALOGUES = ("sft.messages", "sft.collected_human", "sft.collected_users", "sft.filtered")


def mart_assets(home: Home) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The marts; their checks are part of them."""
    of_snapshots = [model for model in marts() if model.is_of_snapshots]
    whole = [model for model in marts() if not model.is_of_snapshots]
    return [_assets(home, "marts_of_snapshots", of_snapshots), _assets(home, "marts_of_all", whole)], []


def _assets(home: Home, name: str, models: list[Model]) -> dg.AssetsDefinition:
    """Marts that one call of dbt makes, all or some."""

    @dg.multi_asset(
        name=name,
        specs=[_spec(home, model) for model in models],
        check_specs=[spec for model in models for spec in _checks(model)],
        can_subset=True,
        pool=POOL,
    )
    def asset(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[Any]:
        opened = home.open()
        chosen = sorted(key.path[-1] for key in context.selected_asset_keys)
        try:
            built = build(opened, chosen, _snapshot(context))
        except CorpusError as error:
            raise dg.Failure(str(error), metadata={"error": type(error).__name__}) from error
        for model in models:
            if model.name in chosen and model.name in built.results and built.results[model.name].is_good:
                yield _materialized(opened, model, built, context)
        if not built.is_good and not _only_tests_failed(built):
            raise dg.Failure(f"dbt has failed, and nothing is published: {_errors(built)}")

    return asset


def _spec(home: Home, model: Model) -> dg.AssetSpec:
    columns = [dg.TableColumn(c.name, c.kind, c.description) for c in model.columns]
    of = "One partition is one snapshot." if model.is_of_snapshots else "It has no partitions: a run makes all of it."
    return dg.AssetSpec(
        dg.AssetKey([MARTS, model.name]),
        deps=[dg.AssetKey.from_user_string(key) for key in upstream(home, model)],
        description=f"{model.description} {of}\n\nIn `warehouse.duckdb`, and in `corpus sql`, it is `marts.{model.name}`.",
        group_name=MARTS,
        owners=OWNERS,
        kinds={"dbt", "duckdb"},
        tags={"domain": "analytics", "mart": model.name},
        code_version=code_version(model),
        partitions_def=cc_snapshot if model.is_of_snapshots else None,
        metadata={
            "dagster/column_schema": dg.TableSchema(columns),
            "dagster/table_name": f"{MARTS}.{model.name}",
            "read_on": dg.MetadataValue.md(_read_on(model, None)),
        },
    )


def _read_on(model: Model, snapshot: str | None) -> str:
    """What to type and which page says more, one a line."""
    where = f" where snapshot = '{snapshot}'" if snapshot else ""
    return f'- `corpus sql "select * from {MARTS}.{model.name}{where} limit 5"`\n- Marts and questions: `docs/sql.md`'


def _checks(model: Model) -> list[dg.AssetCheckSpec]:
    key = dg.AssetKey([MARTS, model.name])
    return [
        dg.AssetCheckSpec(
            _check_name(model, test), asset=key, description=f"dbt's test {test} of the whole mart: no row fails it."
        )
        for test in model.tests
    ]


def _check_name(model: Model, test: str) -> str:
    return test.removeprefix(f"{model.name}_")


def upstream(home: Home, model: Model) -> list[str]:
    """Keys of the assets that write what a mart is made of: a table of the warehouse may be many assets, one a text variant, dedup or recipe."""
    found = [key for name in sorted(tables_of(model)) for key in _assets_of(home, name)]
    return list(dict.fromkeys(found))


def _assets_of(home: Home, name: str) -> list[str]:
    """Keys of the assets that write a table."""
    if name == _COMMITS:
        # Every asset adds to it; those that people ask about are pages, documents of all sources, dedups and corpora.
        of_sources = [name for source in home.cleaned for name in (read_table(source), cleaned_table(source))]
        of_dialogues = [name for name in _OF_DIALOGUES if home.dialogues.partitions(name)]
        names = (*_OF_WEB, *of_sources, *of_dialogues, "web.duplicates", _PUBLISHED)
        return [key for one in names for key in _assets_of(home, one)]
    if name == _PUBLISHED:
        return [asset_of(f"{LAYER}.{recipe}", v) for recipe in home.enabled for v in home.variants_of(recipe)]
    variants: tuple[str, ...] = ()
    if name in OF_METHOD:
        variants = home.compared
    elif name == SIGNALS:
        variants = home.annotated
    elif name in OF_PAGES:
        variants = home.variants
    elif name in WEB:
        variants = home.deduplicated
    return [asset_of(name, variant) for variant in variants] or ([] if name.startswith("web.") else [asset_of(name)])


def _snapshot(context: dg.AssetExecutionContext) -> str | None:
    return context.partition_key if context.has_partition_key else None


def _materialized(
    home: Home, model: Model, built: Built, context: dg.AssetExecutionContext
) -> dg.MaterializeResult[Any]:
    key = dg.AssetKey([MARTS, model.name])
    selected = {check.name for check in context.selected_asset_check_keys if check.asset_key == key}
    tests = [(test, built.results[test]) for test in model.tests if test in built.results]
    checks = [
        dg.AssetCheckResult(
            passed=result.is_good,
            asset_key=key,
            check_name=_check_name(model, test),
            metadata={"rows_that_fail": result.failures, "seconds": round(result.seconds, 3), "says": result.message},
        )
        for test, result in tests
        if _check_name(model, test) in selected and result.status != "skipped"
    ]
    rows, of_snapshot = _rows(home, model, _snapshot(context)) if built.is_good else (0, 0)
    counted = {
        "dagster/row_count": rows,
        **({"dagster/partition_row_count": of_snapshot} if model.is_of_snapshots else {}),
    }
    return dg.MaterializeResult(
        asset_key=key,
        check_results=checks,
        metadata={
            **(counted if built.is_good else {}),
            "published": built.is_good,
            "seconds": round(built.results[model.name].seconds, 2),
            "dagster/uri": str(home.warehouse),
            "read_on": dg.MetadataValue.md(_read_on(model, _snapshot(context))),
        },
    )


def _rows(home: Home, model: Model, snapshot: str | None) -> tuple[int, int]:
    """Rows of a published mart, and those of a snapshot."""
    from corpus_platform.analytics.warehouse import rows_of_mart  # noqa: PLC0415  (imports DuckDB)

    return rows_of_mart(home.warehouse, model.name, snapshot)


def _only_tests_failed(built: Built) -> bool:
    """Whether checks say all that there is to say: else a model could not be made, or a test could not be asked."""
    bad = [one for one in built.results.values() if not one.is_good and one.status != "skipped"]
    return bool(bad) and all(one.kind == "test" and one.status in {"fail", "warn"} for one in bad)


def _errors(built: Built) -> str:
    said = [f"{one.name}: {one.message}" for one in built.results.values() if one.status == "error"]
    return "\n".join(said) or built.error

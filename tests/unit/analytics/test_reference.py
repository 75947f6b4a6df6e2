"""The table reference is made from the registry and is not stale."""

from pathlib import Path

from corpus_platform.analytics.reference import tables_markdown
from corpus_platform.lake import tables

PAGE = Path(__file__).parents[3] / "docs" / "tables.md"


def test_the_committed_reference_is_current():
    assert PAGE.read_text(encoding="utf-8") == tables_markdown(), "run: corpus tables --markdown > docs/tables.md"


def test_every_column_of_every_table_is_described():
    for spec in tables():
        for field in (*spec.schema, *spec.partition_fields):
            assert (field.metadata or {}).get(b"description"), f"{spec.name}.{field.name}"

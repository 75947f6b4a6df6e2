"""The table reference is made from the registry and is not stale."""

import subprocess
import sys
from pathlib import Path

from corpus_platform import tables
from corpus_platform.lake import TableSpec

PAGE = Path(__file__).parents[3] / "docs" / "tables.md"
OURS = [spec for spec in vars(tables).values() if isinstance(spec, TableSpec)]


def test_the_committed_reference_is_current():
    # In a process of its own, for tests add tables to the registry of this one.
    program = "from corpus_platform.analytics.reference import tables_markdown as made; print(made(), end='')"
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    ).stdout

    assert PAGE.read_text(encoding="utf-8") == made, "run: corpus tables --markdown > docs/tables.md"


def test_every_column_of_every_table_is_described():
    assert len(OURS) >= 9
    for spec in OURS:
        for field in (*spec.schema, *spec.partition_fields):
            assert (field.metadata or {}).get(b"description"), f"{spec.name}.{field.name}"

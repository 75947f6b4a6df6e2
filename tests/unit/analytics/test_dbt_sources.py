"""The sources of the dbt project are the registry's tables."""

import subprocess
import sys
from pathlib import Path

import yaml

from corpus_platform.analytics.dbt_project import PROJECT, models
from corpus_platform.analytics.warehouse import COMMIT_COLUMNS

PAGE = PROJECT / "models" / "sources.yml"


def test_the_file_is_the_registry_as_it_is_now():
    # In a process of its own: tests declare tables too.
    program = "from corpus_platform.analytics.dbt_project import sources_yaml as made; print(made(), end='')"
    made = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True
    ).stdout

    assert PAGE.read_text(encoding="utf-8") == made, "run: corpus warehouse --dbt-sources > dbt/models/sources.yml"


def test_every_source_that_a_model_reads_is_there_and_everything_is_described():
    sources = yaml.safe_load(PAGE.read_text(encoding="utf-8"))["sources"]

    listed = {f"{layer['name']}.{one['name']}": one for layer in sources for one in layer["tables"]}
    assert {name for model in models().values() for name in model.sources} <= set(listed)
    assert [column["name"] for column in listed["ops.commits"]["columns"]] == list(COMMIT_COLUMNS)
    assert all(one["description"] and all(c["description"] for c in one["columns"]) for one in listed.values())

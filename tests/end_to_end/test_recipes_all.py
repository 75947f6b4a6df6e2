"""Every shipped recipe over a snapshot of the made sample, in the text variant that it names: each accounts for every text, and what it can't do yet is said."""

import pytest
import yaml

from corpus_platform.home import Home
from corpus_platform.recipes.recipe import recipes
from corpus_platform.recipes.step import DedupStep
from corpus_platform.sample import make_sample
from corpus_platform.stages.texts import text_partition, text_table

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SNAPSHOT = "CC-MAIN-2025-05"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with all recipes enabled, and the texts and signals that they start from, of the first file of a snapshot."""
    folder = tmp_path_factory.mktemp("all")
    make_sample(folder / "sample")
    settings = {
        "source": {"location": "sample"},
        "encyclopedia": {"location": "sample/encyclopedia"},
        "language_model": {"training": {"min_characters": 50_000, "vocabulary": 8_000}},
        "pages": {"first_files": 1},
        "reject_budget": 0.2,
        "engine": {"kind": "serial"},
        "recipes": {"enabled": "all"},
    }
    (folder / "corpus.yaml").write_text(yaml.safe_dump(settings))
    home = Home.open(folder)
    for batch in home.batches([f"corpora/{name}" for name in home.enabled], [SNAPSHOT]):
        for name, partition in batch.tables:
            if not name.startswith("corpora."):
                home.run(name, partition)
    return home


@pytest.mark.parametrize("name", sorted(recipes()))
def test_a_shipped_recipe_runs_and_accounts_for_every_text(home, name):
    table, partition = f"corpora.{name}", {"variant": home.variant_of(name), "snapshot": SNAPSHOT}

    report = home.run(table, partition)

    texts = home.lake.scan(text_table(partition["variant"]), **text_partition(partition)).select("doc_id").collect()
    kept = home.lake.scan(table, version=None, **partition).select("doc_id").collect()["doc_id"]
    dropped = home.lake.scan("ops.decisions", stage=table).select("doc_id").collect()["doc_id"]
    assert sorted([*kept, *dropped]) == sorted(texts["doc_id"])
    steps = home.recipe(name).steps
    pending = {step.name for step in steps if isinstance(step, DedupStep) and step.is_pending}
    assert {c.partition(":")[2] for c in report.counters if c.startswith("pending:")} <= pending
    assert home.plan(table, partition).is_current

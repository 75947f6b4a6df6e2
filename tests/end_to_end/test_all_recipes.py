"""Every shipped recipe over two snapshots of real pages, as a user runs them: nothing lost, checks green, explanations true, and what they cost."""

import random
import shutil
import sys
import time

import polars as pl
import pytest
import yaml
from recorded import recorded
from typer.testing import CliRunner

from corpus_platform.analytics.explain import stories
from corpus_platform.cli import app
from corpus_platform.definitions import instance_of
from corpus_platform.home import Home
from corpus_platform.recipes.explain import explain
from corpus_platform.recipes.recipe import SYSTEMS
from corpus_platform.recipes.step import EditStep
from corpus_platform.signals.environment import Environment
from corpus_platform.stages.classifiers import shelf_of
from corpus_platform.stages.signals import LANGUAGE
from corpus_platform.stages.texts import base_of, is_after_dedup, text_partition, text_table

pytestmark = [pytest.mark.e2e, pytest.mark.samples, pytest.mark.timeout(1800)]

SNAPSHOTS = ("CC-MAIN-2024-10", "CC-MAIN-2024-18")
RECIPES = sorted(path.stem for path in SYSTEMS.glob("*.yaml"))
EXPLAINED, COPIES = 50, 6
OF_ONE_TEXT = (
    "cci", "fineweb", "fineweb_edu", "massivetext", "mnbvc", "refinedweb", "skypile", "tigerbot", "wanjuan", "wudao",
)  # fmt: skip
"""Ten recipes that can start from one text."""


def settings_of(samples, **more):
    common = {
        "source": {"location": str(samples / "web")},
        "encyclopedia": {"location": str(samples / "encyclopedia")},
        "reject_budget": 0.2,
    }
    return yaml.safe_dump(common | more)


@pytest.fixture(scope="module")
def made(samples, tmp_path_factory):
    """A home in which every shipped recipe was run over both snapshots."""
    folder = tmp_path_factory.mktemp("all")
    text = settings_of(
        samples,
        variants=["wet"],
        language_model={"cutoffs_of": {"variant": "wet", "snapshot": SNAPSHOTS[0]}},
        recipes={"enabled": "all"},
        engine={"kind": "process", "workers": 2},
    )
    (folder / "corpus.yaml").write_text(text)
    words = [f"corpora/{name}" for name in RECIPES] + [word for name in SNAPSHOTS for word in ("--snapshot", name)]
    result = CliRunner().invoke(app, ["--home", str(folder), "run", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return Home.open(folder)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_document_is_kept_or_dropped_by_a_rule(made, recipe):
    variant = made.variant_of(recipe)
    for snapshot in SNAPSHOTS:
        partition = {"variant": variant, "snapshot": snapshot}
        texts = made.lake.scan(text_table(variant), **text_partition(partition)).select("doc_id").collect()["doc_id"]
        kept = made.lake.scan(f"corpora.{recipe}", **partition).select("doc_id").collect()["doc_id"]
        where = {"stage": f"corpora.{recipe}", "partition": ",".join(partition.values())}
        dropped = made.lake.scan("ops.decisions", **where).collect()
        counters = made.lake.state(f"corpora.{recipe}", partition).counters

        assert sorted([*kept, *dropped["doc_id"]]) == sorted(texts)
        assert counters["records"] == texts.len()
        assert counters.get("kept", 0) == kept.len()
        assert set(dropped["step"]) <= {step.name for step in made.recipe(recipe).steps}


def test_no_check_fails_that_matters(made):
    found = recorded(instance_of(made))

    failed = [(key, check) for key, check in found.checks.items() if not check.passed]
    assert [key for key, check in failed if check.severity.value != "WARN"] == []
    assert {name for _, name, _ in found.checks} >= {"nothing_is_lost", "keys_are_unique", "columns_are_filled"}
    assert {asset for asset, _ in found.materialisations} >= {f"corpora/{name}" for name in RECIPES}
    assert not [
        p for name, p in made.partitions() if name.startswith("corpora.") and made.status_of(name, p).state != "current"
    ]


def test_reasons_of_pages_at_random_are_found_again_from_their_texts(made):
    pages = (
        made.lake.scan("web.pages").select("doc_id", "url", "snapshot").unique().sort("doc_id", "snapshot").collect()
    )
    drawn = random.Random(3)
    chosen = [(drawn.choice(RECIPES), *pages.row(drawn.randrange(pages.height))) for _ in range(EXPLAINED)]
    models = shelf_of(made.lake)

    reached = 0
    for recipe, doc_id, url, snapshot in chosen:
        [story] = [one for one in stories(made, doc_id, [recipe]) if one.snapshot == snapshot]

        assert story.url == url
        assert story.is_current, story
        assert story.verdict in {"kept", "dropped", "dropped before", "rejected"}
        if story.explanation is None:
            assert story.reason
            continue
        reached += 1
        again = from_text(made, recipe, doc_id, snapshot, models)
        assert (again.kept, again.reason) == (story.is_kept, story.explanation.reason)
        assert again.text == story.explanation.text
        assert [(o.step, o.result, o.rule) for o in again.outcomes] == [
            (o.step, o.result, o.rule) for o in story.explanation.outcomes
        ]
    assert reached > EXPLAINED / 2


def from_text(home, recipe, doc_id, snapshot, models):
    """The same recipe over the text of one document, with every signal measured anew."""
    variant = home.variant_of(recipe)
    rows = home.lake.scan(text_table(variant), variant=base_of(variant), snapshot=snapshot)
    frame = rows.filter(pl.col("doc_id") == doc_id).collect()
    hints = () if is_after_dedup(variant) else LANGUAGE
    [again] = explain(home.recipe(recipe), frame.drop(hints), Environment(models=models))
    return again


def test_ten_recipes_of_one_text_cost_less_than_its_signals_did_once(samples, tmp_path, capsys):
    """The figure is printed; what is held to is that the crawl is gone when they run, and that three or more edit."""
    texts = dict.fromkeys(OF_ONE_TEXT, "trafilatura")
    text = settings_of(
        samples,
        source={"location": "crawl"},
        variants=["trafilatura"],
        engine={"kind": "serial"},
        recipes={"enabled": list(OF_ONE_TEXT), "variants": texts},
    )
    (tmp_path / "corpus.yaml").write_text(text)
    shutil.copytree(samples / "web" / "crawl-data", tmp_path / "crawl" / "crawl-data")
    home = Home.open(tmp_path)
    for batch in home.batches(["web/trafilatura/signals"], ()):
        for name, partition in batch.tables:
            home.run(name, partition)
    for snapshot in SNAPSHOTS:
        home.run("web.pages", {"variant": "trafilatura", "snapshot": snapshot})
    shutil.rmtree(tmp_path / "crawl")
    many = copied(home, {"variant": "trafilatura", "snapshot": "CC-MAIN-2024-99"})

    # The first snapshot loads models and kernels.
    costs(home, {"variant": "trafilatura", "snapshot": SNAPSHOTS[0]})
    signals, corpora = costs(home, many)

    total = sum(corpora.values())
    edits = [name for name in OF_ONE_TEXT if any(isinstance(step, EditStep) for step in home.recipe(name).steps)]
    with capsys.disabled():
        each = ", ".join(f"{name} {n:.2f}" for name, n in sorted(corpora.items(), key=lambda item: -item[1]))
        sys.stdout.write(
            f"\nCPU seconds of {len(corpora)} recipes: {total:.2f}, {total / signals:.0%} of their signals' {signals:.2f}: {each}\n"
            f"with edits: {', '.join(edits)}\n"
        )
    assert len(edits) >= 3


def copied(home, partition):
    """A snapshot with the pages of all others `COPIES` times, so that what a commit costs is small beside documents."""
    pages = home.lake.scan("web.pages", variant=partition["variant"]).collect().drop("variant", "snapshot")
    copies = [
        pages.with_columns(pl.col("doc_id") + f"-{i}", pl.lit(i, pl.Int32).alias("file_index")) for i in range(COPIES)
    ]
    with home.lake.writer("web.pages", partition, 0, "copies") as writer:
        for copy in copies:
            writer.write(copy)
        files = writer.close()["web.pages"]
    home.lake.commit("web.pages", partition, files, None, run="copies", mode="append")
    return partition


def costs(home, partition):
    """CPU seconds of the signals of a snapshot, and of each recipe over them."""
    start = time.process_time()
    home.run("web.signals", partition)
    signals, corpora = time.process_time() - start, {}
    for name in OF_ONE_TEXT:
        start = time.process_time()
        home.run(f"corpora.{name}", partition)
        corpora[name] = time.process_time() - start
    return signals, corpora

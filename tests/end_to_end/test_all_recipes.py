"""Every shipped recipe over two snapshots of real pages, as a user runs them: nothing lost, checks green, explanations true, and what they cost."""

import random
import shutil
import sys
import time

import orjson
import polars as pl
import pytest
import yaml
from recorded import recorded
from typer.testing import CliRunner

from corpus_platform.analytics.explain import stories, verdicts_of
from corpus_platform.cli import app
from corpus_platform.definitions import instance_of
from corpus_platform.home import Home
from corpus_platform.recipes.explain import explain
from corpus_platform.recipes.population import methods_of
from corpus_platform.recipes.recipe import recipes
from corpus_platform.recipes.step import EditStep
from corpus_platform.recipes.steps.dedup import Dedup
from corpus_platform.signals.environment import Environment
from corpus_platform.stages.classifiers import shelf_of
from corpus_platform.stages.dedup import OF_METHOD
from corpus_platform.stages.signals import LANGUAGE
from corpus_platform.stages.texts import base_of, is_after_dedup, source_of, text_partition, text_table

pytestmark = [pytest.mark.e2e, pytest.mark.samples, pytest.mark.timeout(1800)]

SNAPSHOTS = ("CC-MAIN-2024-10", "CC-MAIN-2024-18")
RECIPES = sorted(name for name, made in recipes().items() if made.variant and source_of(made.variant) is None)
"""Shipped recipes that start from a text of the web."""
EXPLAINED, COPIES = 50, 6
OF_ONE_TEXT = (
    "cci_web", "fineweb", "fineweb_edu", "massivetext_web", "mnbvc_web", "refinedweb", "skypile", "tigerbot_web", "wanjuan_web", "wudao_web",
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
        recipes={"enabled": RECIPES},
        # Some four hundred stages of a few files each: a pool of workers for each would take most of the time.
        engine={"kind": "serial"},
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


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_dedup_is_left_to_be_done(made, recipe):
    variant, known = made.variant_of(recipe), made.recipe(recipe)
    methods = methods_of(known)
    assert len(methods) == sum(isinstance(step, Dedup) and not step.is_done_before for step in known.steps)

    for snapshot in SNAPSHOTS:
        partition = {"variant": variant, "snapshot": snapshot}
        corpus = made.lake.state(f"corpora.{recipe}", partition)
        for method in methods:
            found = [made.lake.state(name, {"method": method.name, **partition}) for name in OF_METHOD]
            documents, index, verdicts = (one.counters for one in found)
            goes = {name: n for name, n in corpus.counters.items() if name.startswith(f"dropped:{method.step.name}:")}

            assert documents["records"] == corpus.counters["records"]
            assert documents["kept"] == found[0].rows == verdicts.get("records", 0)
            assert documents.get("keys", 0) == index.get("keys", 0)
            assert corpus.inputs[f"web.duplicates:{method.name}"] == found[2].version
            if method.step.matching == "documents" and method.step.step != "exact":
                assert sum(goes.values()) == verdicts.get("dropped:copy", 0)


def test_copies_that_the_pages_makers_have_put_in_are_dropped_in_every_recipe_that_compares_documents(made, samples):
    rows = map(orjson.loads, (samples / "web" / "TRUTH.jsonl").read_bytes().splitlines())
    copies = {
        (row["url"], row["snapshot"]): row["of"]["url"]
        for row in rows
        if row["role"] == "exact-dup-of" and row["url"] != row["of"]["url"]
    }

    for recipe in RECIPES:
        if any(method.step.step in {"minhash", "exact", "simhash"} for method in methods_of(made.recipe(recipe))):
            kept = made.lake.scan(f"corpora.{recipe}").select("url", "snapshot").collect().rows()
            both = [
                url for url, snapshot in kept if (url, snapshot) in copies and (copies[url, snapshot], snapshot) in kept
            ]
            assert both == [], recipe


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
        assert "pending" not in {o.result for o in story.explanation.outcomes}
    assert reached > EXPLAINED / 2


def from_text(home, recipe, doc_id, snapshot, models):
    """The same recipe over the text of one document, with every signal measured anew, and what its dedups have found."""
    variant = home.variant_of(recipe)
    rows = home.lake.scan(text_table(variant), variant=base_of(variant), snapshot=snapshot)
    frame = rows.filter(pl.col("doc_id") == doc_id).collect()
    hints = () if is_after_dedup(variant) else LANGUAGE
    partition = {"variant": variant, "snapshot": snapshot}
    verdicts = verdicts_of(home.lake, methods_of(home.recipe(recipe)), partition, [doc_id])
    [again] = explain(home.recipe(recipe), frame.drop(hints), Environment(models=models), verdicts)
    return again


def test_ten_recipes_of_one_text_cost_less_than_its_signals_did_once(samples, tmp_path, capsys):
    """The figure is printed; what is held to is that the crawl is gone when they run, and that three or more edit.

    A recipe's figure is that of its corpus, with what its filters and edits take; its dedups, which read the texts again, are told apart.
    Most documents are copies here, so that steps behind a dedup have less to do than in a real snapshot.
    """
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
    signals, corpora, dedups = costs(home, many)

    total, compared = sum(corpora.values()), sum(dedups.values())
    edits = [name for name in OF_ONE_TEXT if any(isinstance(step, EditStep) for step in home.recipe(name).steps)]
    with capsys.disabled():
        each = ", ".join(f"{name} {n:.2f}" for name, n in sorted(corpora.items(), key=lambda item: -item[1]))
        sys.stdout.write(
            f"\nCPU seconds of {len(corpora)} recipes: {total:.2f}, {total / signals:.0%} of their signals' {signals:.2f}: {each}\n"
            f"with edits: {', '.join(edits)}\n"
            f"their dedups besides: {compared:.2f}, {compared / signals:.0%}: {', '.join(f'{name} {n:.2f}' for name, n in dedups.items() if n > 0.01)}\n"
        )
    assert len(edits) >= 3


def copied(home, partition):
    """A snapshot with the pages of all others `COPIES` times, so that what a commit costs is small beside documents."""
    pages = home.lake.scan("web.pages", variant=partition["variant"]).collect().drop("variant", "snapshot")
    copies = [
        pages.with_columns(
            pl.col("doc_id") + f"-{i}",
            pl.lit(i, pl.Int32).alias("file_index"),
            pl.int_range(pages.height, dtype=pl.Int64).alias("position"),
        )
        for i in range(COPIES)
    ]
    with home.lake.writer("web.pages", partition, 0, "copies") as writer:
        for copy in copies:
            writer.write(copy)
        files = writer.close()["web.pages"]
    home.lake.commit("web.pages", partition, files, None, run="copies", mode="append")
    return partition


def costs(home, partition):
    """CPU seconds of the signals of a snapshot, of each recipe over them, and of its dedups."""
    signals = seconds(home, ("web.signals", partition))
    dedups, corpora = {}, {}
    for name in OF_ONE_TEXT:
        parts = [(table, {"method": m.name, **partition}) for m in methods_of(home.recipe(name)) for table in OF_METHOD]
        dedups[name] = seconds(home, *parts)
        corpora[name] = seconds(home, (f"corpora.{name}", partition))
    return signals, corpora, dedups


def seconds(home, *parts):
    """CPU seconds that tables take, made one after the other."""
    start = time.process_time()
    for name, partition in parts:
        home.run(name, partition)
    return time.process_time() - start

"""Signals and corpora: rows in the order of the texts, nothing lost, nothing raw opened, and what makes them stale."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml

from corpus_platform.engine.processes import Processes
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SettingsError, ShardFailed
from corpus_platform.home import Home
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.registry import families, signals
from corpus_platform.stages import texts
from corpus_platform.stages.corpus import Corpus
from corpus_platform.stages.dedup import OF_METHOD
from corpus_platform.stages.run import plan_stage, run_stage
from corpus_platform.stages.signals import Signals, SignalsSettings
from corpus_platform.stages.texts import Rows

SNAPSHOT = "CC-MAIN-2025-05"
WET = {"variant": "wet", "snapshot": SNAPSHOT}
ENGLISH = "The harbour of the town wakes before the sun does, and the first boats leave while the lamps are still lit. "
CHINESE = "这座图书馆不大，却藏着许多手抄的地方志，管理员记得每一本书放在哪里，也记得每一位常来借书的邻居。"
TEXTS = {
    0: [
        ENGLISH * 3,
        CHINESE * 3,
        "",
        "One line.",
        "Another line of a few English words.",
        ENGLISH + "\r\n" + ENGLISH,
        "🙂 " * 20,
    ],
    1: [ENGLISH * 2, CHINESE, ENGLISH],
}
"""Texts of two shards of pages."""

RECIPE = {
    "name": "long_english",
    "title": "Long English",
    "reference": "none",
    "variant": "wet",
    "about": "English documents of some length.",
    "steps": [
        {"language": {"keep": ["en"], "min_score": 0.5}},
        {"length": {"min": 150}},
        {"minhash": {"preset": "fineweb"}},
    ],
}


def pages_of(shard, wanted):
    """Rows of web.pages."""
    return pl.DataFrame(
        {
            "doc_id": [f"{shard:016x}{i:016x}" for i in range(len(wanted))],
            "source": "common_crawl",
            "shard": pl.Series([shard] * len(wanted), dtype=pl.Int32),
            "file": f"part-{shard:05d}.warc.wet.gz",
            "file_index": pl.Series([shard] * len(wanted), dtype=pl.Int32),
            "position": [i * 100 for i in range(len(wanted))],
            "url": [f"https://town{i}.example/" for i in range(len(wanted))],
            "text": wanted,
            # What the page states of itself is no signal.
            "language": ["xx"] * len(wanted),
        }
    )


def put(lake, wanted, partition=WET):
    """Commits pages, a file for each shard."""
    fence = lake.fence("web.pages", partition)
    files = []
    for shard, shard_texts in wanted.items():
        writer = lake.writer("web.pages", partition, shard, "0123456789")
        writer.write(pages_of(shard, shard_texts), None)
        files += writer.close()["web.pages"]
    lake.commit("web.pages", partition, files, fence, run="0123456789", metadata={"fingerprint": str(wanted)})


@pytest.fixture
def annotated(lake):
    """A lake with pages and their signals."""
    put(lake, TEXTS)
    run_stage(Signals(), lake, Serial(), WET)
    return lake


@pytest.fixture
def home(annotated):
    """A home around the lake, with a recipe of its own."""
    folder = Path(annotated.location).parent
    write_home(folder)
    opened = Home.open(folder)
    deduplicate(opened, "long_english", WET)
    return opened


def deduplicate(home, recipe, partition):
    """Makes the dedup of a recipe."""
    for name in OF_METHOD:
        home.run(name, {"method": f"{recipe}.minhash", **partition})


def write_home(folder, recipe=RECIPE, **settings):
    (folder / "recipes").mkdir(exist_ok=True)
    (folder / "recipes" / "own.yaml").write_text(yaml.safe_dump(recipe))
    values = {"variants": ["wet"], "engine": {"kind": "serial"}, "recipes": {"enabled": []}} | settings
    (folder / "corpus.yaml").write_text(yaml.safe_dump(values))


def test_signals_have_a_row_for_each_text_in_its_place(annotated):
    pages = annotated.scan("web.pages", **WET).collect()

    found = annotated.scan("web.signals", **WET).collect()

    assert found.select(texts.PLACE).equals(pages.select(texts.PLACE))
    assert found["language"].to_list()[:2] == ["en", "zh"]
    assert "xx" not in found["language"].to_list()


def test_stored_signals_are_those_that_are_measured_on_the_text(annotated):
    pages = annotated.scan("web.pages", **WET).collect()
    of_texts = [family for family in families() if family.default and family.of == "texts"]
    names = [signal.name for family in of_texts for signal in family.signals]

    found = annotated.scan("web.signals", **WET).collect()

    expected = annotate(pages.drop("language", "language_score"), names)
    for name in names:
        assert found[name].equals(expected[name], null_equal=True), name


def test_every_signal_of_texts_has_a_column_with_its_definition(annotated):
    spec = Signals().output()

    described = {field.name: field.metadata[b"description"].decode() for field in spec.schema}

    for signal in (signal for family in families() if family.of == "texts" for signal in family.signals):
        assert described[signal.name].startswith(signal.definition)


def test_texts_are_batched_by_their_size_and_the_result_does_not_depend_on_it(annotated, monkeypatch):
    whole = annotated.scan("web.signals", **WET).collect()
    monkeypatch.setattr(texts, "BATCH_BYTES", 1)
    monkeypatch.setattr(Signals, "version", "another")

    report = run_stage(Signals(), annotated, Serial(), WET)

    assert report.ran == 2
    assert annotated.scan("web.signals", **WET).collect().equals(whole)


def test_a_rerun_of_signals_is_no_work(annotated):
    again = run_stage(Signals(), annotated, Serial(), WET)

    assert (again.ran, again.changed) == (0, False)


def test_a_list_that_changes_makes_signals_stale_and_a_setting_that_changes_no_value_does_not(annotated, tmp_path):
    listed = next((name for signal in signals().values() for name in signal.lists), None)
    if listed is None:
        pytest.skip("no signal reads a list")
    own = tmp_path / "own.json"
    own.write_text('{"en": ["harbour"]}')
    other = Signals(SignalsSettings(lists={listed: str(own)}))
    wanted = Signals(SignalsSettings(variants=("wet",)))

    assert len(plan_stage(other, annotated, WET).todo) == 2
    assert plan_stage(wanted, annotated, WET).is_current


def test_another_language_model_and_another_compat_make_signals_stale(annotated, monkeypatch):
    reference = Signals(SignalsSettings(compat="reference"))

    assert not plan_stage(reference, annotated, WET).is_current
    monkeypatch.setattr("corpus_platform.stages.signals.language_id_digest", lambda _: "another")
    assert not plan_stage(Signals(), annotated, WET).is_current


def test_a_family_that_there_is_not_is_refused():
    with pytest.raises(SettingsError, match=r"no family of signals `rpv3`; there are .*language, "):
        SignalsSettings(more=("rpv3",)).stored()


def test_every_document_is_kept_or_listed_with_its_reason(home):
    name, partition = "corpora.long_english", WET

    report = home.run(name, partition)

    kept = home.lake.scan(name, **partition).collect()
    dropped = home.lake.scan("ops.decisions", stage=name).collect()
    pages = home.lake.scan("web.pages", **partition).collect()
    assert kept.height + dropped.height == pages.height == report.counters["records"]
    assert not set(kept["doc_id"]) & set(dropped["doc_id"])
    assert kept["language"].unique().to_list() == ["en"]
    assert kept["edited"].any() is False
    assert set(dropped["recipe"]) == {"long_english"}
    assert set(dropped["step"]) <= {"language", "length", "minhash"}
    assert sum(n for counter, n in report.counters.items() if counter.startswith("dropped:")) == dropped.height


def test_a_recipe_opens_nothing_raw(home, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a recipe opened a raw file")

    for place in ("files", "open", "local_copy"):
        monkeypatch.setattr(f"corpus_platform.sources.location.InputLocation.{place}", refuse)

    report = home.run("corpora.long_english", WET)

    assert report.rows > 0


def test_what_is_stored_is_not_computed_again(home):
    report = home.run("corpora.long_english", WET)

    # The language of an empty text is looked for again.
    assert {counter for counter in report.counters if counter.startswith("computed:")} <= {"computed:language"}


def test_a_signal_that_is_not_stored_is_computed(home):
    write_home(home.path, signals={"families": ["language"]})
    lean = Home.open(home.path)
    lean.run("web.signals", WET)

    report = lean.run("corpora.long_english", WET)

    again = home.run("corpora.long_english", WET)
    assert [c for c in report.counters if c.startswith("computed:") and c != "computed:language"]
    assert report.rows == 1
    # What is stored counts, and not what the settings say now.
    assert (again.changed, again.rows) == (False, 1)


def test_a_rerun_of_a_recipe_is_no_work_and_another_threshold_is(home):
    home.run("corpora.long_english", WET)

    again = home.run("corpora.long_english", WET)
    write_home(home.path, RECIPE | {"about": "Other words.", "title": "Other"})
    reworded = Home.open(home.path).plan("corpora.long_english", WET)
    write_home(home.path, RECIPE | {"steps": RECIPE["steps"][:1]})
    changed = Home.open(home.path).plan("corpora.long_english", WET)

    assert (again.ran, again.changed) == (0, False)
    assert reworded.is_current
    assert len(changed.todo) == 2


def test_another_recipe_makes_nothing_else_stale(home):
    home.run("corpora.long_english", WET)
    another = RECIPE | {"name": "any_language", "steps": [{"length": {"min": 20}}]}
    (home.path / "recipes" / "another.yaml").write_text(yaml.safe_dump(another))

    both = Home.open(home.path)

    assert both.enabled == ("any_language", "long_english")
    for name in ("web.signals", "corpora.long_english"):
        assert both.plan(name, WET).is_current, name


def test_signals_of_other_texts_are_told(home):
    put(home.lake, TEXTS | {1: [CHINESE, *TEXTS[1]]})

    with pytest.raises(ShardFailed, match=r"signals of .* are not those of its texts(.|\n)*corpus run web/wet/signals"):
        home.run("corpora.long_english", WET)


def test_the_ledger_may_be_a_sample(home):
    write_home(home.path, recipes={"enabled": [], "decisions": "sample", "sample": 1})

    report = Home.open(home.path).run("corpora.long_english", WET)

    listed = home.lake.scan("ops.decisions", stage="corpora.long_english").collect()
    dropped = {counter: n for counter, n in report.counters.items() if counter.startswith("dropped:")}
    assert listed.height < sum(dropped.values())
    assert {f"dropped:{step}:{rule}" for step, rule in listed.select("step", "rule").iter_rows()} == set(dropped)


def test_rows_are_taken_across_the_ends_of_frames():
    rows = Rows(pl.DataFrame({"n": range(start, start + 4)}) for start in (0, 4, 8))

    taken = [rows.take(n)["n"].to_list() for n in (3, 3, 5)]

    assert taken == [[0, 1, 2], [3, 4, 5], [6, 7, 8, 9, 10]]
    assert rows.take(9)["n"].to_list() == [11]
    assert rows.take(1).is_empty()


def test_a_model_that_is_made_or_changes_makes_stale_the_signals_that_ask_for_it(annotated, monkeypatch):
    def having(digest):
        stored = {"safety/en": {"path": "_files/none", "digest": digest}, "unknown": {"path": "", "digest": digest}}
        monkeypatch.setattr("corpus_platform.stages.signals.stored_models", lambda _: stored)

    lean = Signals(SignalsSettings(families=("sizes",)))
    run_stage(lean, annotated, Serial(), WET)
    fingerprints = set()
    for digest in ("1", "2"):
        having(digest)
        fingerprints.add(plan_stage(Signals(), annotated, WET).fingerprint)

    assert len(fingerprints) == 2
    assert plan_stage(lean, annotated, WET).is_current
    assert not [read for read in plan_stage(Signals(), annotated, WET).shards[0].reads if "unknown" in read]


def test_perplexity_is_measured_before_paragraph_dedup_too_where_it_is_asked_for(annotated, monkeypatch):
    row = {"en": {"path": "", "digest": "1"}}
    monkeypatch.setattr("corpus_platform.stages.signals.language_models", lambda _: row)
    monkeypatch.setattr("corpus_platform.stages.signals.perplexities", english_is_easy)
    stage = Signals(SignalsSettings(families=("ccnet",), perplexity=True))

    run_stage(stage, annotated, Serial(), WET)

    found = annotated.scan("web.signals", **WET).select("language", "ccnet_perplexity", "ccnet_bucket").collect()
    for language, perplexity, bucket in found.iter_rows():
        assert (perplexity, bucket) == ((100.0, 0) if language == "en" else (None, None))
    assert ("models.language_model", "") in stage.above("wet")
    assert ("models.language_model", "") not in stage.above("wet.ccnet")


def english_is_easy(lake, models, texts, languages):
    """Perplexity and bucket as a model of English gives them."""
    known = [language in models for language in languages]
    return (
        pl.Series("perplexity", [100.0 if one else None for one in known], pl.Float32),
        pl.Series("bucket", ["head" if one else "all" for one in known]),
    )


@pytest.mark.e2e
def test_worker_processes_make_what_one_process_makes(home):
    recipe = RECIPE | {"name": "with_ccnet_fields", "publish": "ccnet", "variant": "wet.ccnet"}
    (home.path / "recipes" / "fields.yaml").write_text(yaml.safe_dump(recipe))
    write_home(home.path, paragraphs={"min_characters": 20})
    opened = Home.open(home.path)
    for name in ("web.paragraph_hashes", "web.paragraphs", "web.documents"):
        opened.run(name, WET)
    partition = WET | {"variant": "wet.ccnet"}
    opened.run("web.signals", partition)
    deduplicate(opened, "with_ccnet_fields", partition)
    opened.run("corpora.with_ccnet_fields", partition)
    expected = opened.lake.scan("corpora.with_ccnet_fields", **partition).collect()
    stage = opened.stage("corpora.with_ccnet_fields")
    assert isinstance(stage, Corpus)

    other = replace(stage, kept_decisions=3)
    report = run_stage(other, opened.lake, Processes(1), partition)

    assert report.ran == report.shards > 0
    assert opened.lake.scan("corpora.with_ccnet_fields", **partition).collect().equals(expected)
    assert {"raw_content", "bucket"} <= set(expected.columns)

"""A home's partitions, in the order in which they are made."""

from collections import Counter

import pytest

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SettingsError, ShardFailed
from corpus_platform.home import Home
from corpus_platform.stages.run import run_stage

SETTINGS = """
source: {location: crawl}
variants: [wet, resiliparse]
language_model: {location: models, languages: [en, zh], cutoffs_of: {variant: wet, snapshot: CC-MAIN-2024-10}}
"""
SNAPSHOT = "CC-MAIN-2024-10"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "corpus.yaml").write_text(SETTINGS)
    return Home.open(tmp_path)


def test_each_partition_is_named_once_and_the_pages_of_the_cutoffs_before_the_models(home):
    found = [(name, *partition.values()) for name, partition in home.partitions([SNAPSHOT])]

    assert found[:3] == [
        ("web.pages", "wet", SNAPSHOT),
        ("models.language_model", "en"),
        ("models.language_model", "zh"),
    ]
    assert max(Counter(found).values()) == 1
    assert len(found) == 3 + 7 + 1


def test_an_asset_is_made_in_the_variant_that_it_needs(home):
    corpus = home.batches(["corpora/ccnet"], [SNAPSHOT])[-1]
    pages = home.batches(["web/resiliparse/paragraph_hashes"], [SNAPSHOT])[-1]
    all_variants = home.batches(["web/pages"], [SNAPSHOT])[-1]

    assert corpus.assets == (
        "web/wet/pages", "web/wet/paragraph_hashes", "web/wet/paragraphs", "web/wet/documents", "corpora/ccnet",
    )  # fmt: skip
    assert pages.assets == ("web/resiliparse/pages", "web/resiliparse/paragraph_hashes")
    assert all_variants.assets == ("web/wet/pages", "web/resiliparse/pages")


@pytest.mark.parametrize("asset", ["web/trafilatura/pages", "web/a/b/pages", "corpora/wet/ccnet"])
def test_an_asset_in_a_variant_that_is_not_made_is_refused(home, asset):
    with pytest.raises(SettingsError, match=rf"there is no asset `{asset}`; there are (web/wet/pages|corpora/ccnet)"):
        home.batches([asset], [SNAPSHOT])


def test_models_ask_for_no_snapshot_but_that_of_their_cutoffs(home):
    alone = home.batches(["models/language_model"], [SNAPSHOT], upstream=False)
    whole = home.batches(["models/language_model"], [SNAPSHOT])

    assert [batch.key for batch in alone] == ["en", "zh"]
    assert [batch.assets for batch in whole[:-2]] == [("web/wet/pages",)]


def test_articles_are_read_for_models_that_are_trained_only(tmp_path):
    (tmp_path / "dumps").mkdir()
    (tmp_path / "dumps" / "enwiki-20240301-pages-articles.xml.bz2").write_bytes(b"")
    text = "encyclopedia: {location: dumps}\nlanguage_model: {languages: [en]"
    homes = []
    for name, rest in (("trained", "}"), ("published", ", location: models}")):
        (tmp_path / "corpus.yaml").write_text(text + rest)
        homes.append((name, Home.open(tmp_path)))

    found = {name: [batch.key for batch in home.batches(["models/language_model"], [])] for name, home in homes}

    assert found == {"trained": ["en-20240301", "en"], "published": ["en"]}


def test_a_model_or_a_crawl_that_is_not_there_is_no_input_and_says_why(home):
    pages = home.status_of("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})
    model = home.status_of("models.language_model", {"language": "en"})
    corpus = home.status_of("corpora.ccnet", {"variant": "wet.ccnet", "snapshot": SNAPSHOT})

    assert [pages.state, model.state, corpus.state] == ["no input"] * 3
    assert "wet.paths.gz is not there" in pages.why
    assert "en.sp.model: not there" in model.why
    assert not corpus.why


def test_a_model_that_is_none_is_told_before_it_is_used(home, tmp_path):
    (tmp_path / "models").mkdir()
    for end in (".sp.model", ".arpa.bin"):
        (tmp_path / "models" / f"en{end}").write_bytes(b"no model")

    with pytest.raises(ShardFailed, match=r"models/en\.sp\.model"):
        run_stage(home.stage("models.language_model"), home.lake, Serial(), {"language": "en"})

    assert home.lake.scan("models.language_model").collect().is_empty()

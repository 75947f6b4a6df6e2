"""A home's partitions, in the order in which they are made."""

from collections import Counter

import pytest

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SettingsError, ShardFailed
from corpus_platform.home import Home
from corpus_platform.stages.run import run_stage
from corpus_platform.stages.texts import base_of, source_of

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
    assert len(found) == 3 + 7 + 1 + 4


def test_an_asset_is_made_in_the_variant_that_it_needs(home):
    corpus = home.batches(["corpora/ccnet"], [SNAPSHOT])[-1]
    pages = home.batches(["web/resiliparse/paragraph_hashes"], [SNAPSHOT])[-1]
    all_variants = home.batches(["web/pages"], [SNAPSHOT])[-1]

    assert corpus.assets == (
        "web/wet/pages", "web/wet/paragraph_hashes", "web/wet/paragraphs", "web/wet/documents", "corpora/ccnet",
    )  # fmt: skip
    assert pages.assets == ("web/resiliparse/pages", "web/resiliparse/paragraph_hashes")
    assert all_variants.assets == ("web/wet/pages", "web/resiliparse/pages")


@pytest.mark.parametrize("asset", ["web/trafilatura/pages", "web/a/b/pages", "corpora/ccnet/wet"])
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


def test_articles_of_every_language_are_read_for_what_is_made_of_all_of_them(tmp_path):
    (tmp_path / "dumps").mkdir()
    for language in ("en", "am"):
        (tmp_path / "dumps" / f"{language}wiki-20240301-pages-articles.xml.bz2").write_bytes(b"")
    home = home_with(tmp_path, "encyclopedia: {location: dumps}\nlanguage_model: {languages: [en]}")

    tables = [table for batch in home.batches(["encyclopedia/cleaned"], []) for table in batch.tables]

    read, cleaned = (
        [where for name, where in tables if name == f"encyclopedia.{of}"] for of in ("articles", "cleaned")
    )
    assert sorted(where["language"] for where in read) == ["am", "en"]
    assert sorted(map(str, read)) == sorted(map(str, cleaned))


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


RECIPE = """
name: {name}
title: One of our own
reference: nobody's
variant: {variant}
about: Documents of some length.
steps:
  - length: {{min: 20}}
"""


@pytest.fixture
def recipes(tmp_path):
    """Writes a recipe of one's own, on a text variant."""

    def write(name, variant):
        (tmp_path / "recipes").mkdir(exist_ok=True)
        (tmp_path / "recipes" / f"{name}.yaml").write_text(RECIPE.format(name=name, variant=variant))

    return write


def home_with(folder, text):
    (folder / "corpus.yaml").write_text(text)
    return Home.open(folder)


def test_bases_are_those_of_the_settings_and_those_that_recipes_start_from(tmp_path, recipes):
    recipes("on_math", "math")
    recipes("on_dedup", "trafilatura.ccnet")

    home = home_with(tmp_path, "variants: [resiliparse]")

    assert home.enabled == ("ccnet", "on_dedup", "on_math")
    assert home.variants == ("resiliparse", "trafilatura", "math")
    assert home.deduplicated == ("resiliparse", "trafilatura")
    assert home.annotated == ("trafilatura.ccnet", "math")


def test_a_recipe_is_made_after_the_signals_and_texts_that_it_reads(tmp_path, recipes):
    recipes("on_math", "math")
    recipes("on_dedup", "math.ccnet")
    home = home_with(tmp_path, "variants: [resiliparse]\nlanguage_model: {languages: []}\nsignals: {families: [sizes]}")

    (batch,) = home.batches(["corpora/on_dedup", "corpora/on_math"], [SNAPSHOT])

    assert batch.assets == (
        "web/math/pages", "web/math/paragraph_hashes", "web/math/paragraphs", "web/math/documents", "web/math/signals",
        "web/math.ccnet/signals", "corpora/on_dedup", "corpora/on_math",
    )  # fmt: skip
    assert dict(batch.tables)["corpora.on_dedup"] == {"variant": "math.ccnet", "snapshot": SNAPSHOT}
    assert batch.tables[0] == ("web.pages", {"variant": "math", "snapshot": SNAPSHOT})


def test_models_that_are_shipped_are_made_before_the_signals_that_ask_for_them(tmp_path, recipes):
    recipes("on_wet", "wet")
    home = home_with(tmp_path, "variants: [wet]")

    batches = home.batches(["corpora/on_wet"], [SNAPSHOT])

    assert [batch.assets for batch in batches[:-1]] == [("models/classifier",)] * (len(batches) - 1)
    assert {"safety.zh", "topics.en"} <= {batch.key for batch in batches} - {SNAPSHOT}
    assert "quality.wikiref.en" not in {batch.key for batch in batches}  # it has nothing to train from yet


def test_the_settings_name_another_text_for_a_recipe(tmp_path):
    named = "recipes: {variants: {ccnet: trafilatura.ccnet}}"
    first, other = (home_with(tmp_path, text) for text in ("variants: [wet, resiliparse]", named))

    assert first.variant_of("ccnet") == "wet.ccnet"
    assert other.variant_of("ccnet") == "trafilatura.ccnet"
    assert other.variants == ("resiliparse", "trafilatura")


def test_all_recipes_can_be_enabled_at_once(tmp_path, recipes):
    recipes("own", "wet")

    home = home_with(tmp_path, "recipes: {enabled: all}")

    assert {"ccnet", "own"} <= set(home.enabled) == set(home.recipes)
    texts = {text for recipe in home.recipes.values() if recipe.name != "ccnet" for text in recipe.variants}
    assert set(home.variants) >= {base_of(text) for text in texts if source_of(text) is None}


def test_wet_can_not_be_asked_for_by_a_recipe_where_pages_are_selected(tmp_path, recipes):
    recipes("on_wet", "wet")
    home = home_with(tmp_path, "variants: [resiliparse]\npages: {select: {languages: [zho]}}")

    with pytest.raises(SettingsError, match="WARC files only, and wet is what on_wet starts from"):
        _ = home.variants


def test_what_is_named_is_enabled_for_the_run(tmp_path):
    home = home_with(tmp_path, "variants: [wet]\nrecipes: {enabled: []}")

    more = home.enabling(["web/wet/pages", "web/wet.ccnet/signals", "corpora/ccnet"])

    assert (home.enabled, home.annotated) == ((), ())
    assert (more.enabled, more.annotated) == (("ccnet",), ("wet.ccnet",))
    assert home.enabling(["web/wet/pages"]) is home


def test_an_unknown_recipe_is_told_with_the_nearest(tmp_path):
    home = home_with(tmp_path, "variants: [wet]")

    with pytest.raises(SettingsError, match="there is no recipe `ccnett`, nearest is `ccnet`"):
        home.batches(["corpora/ccnett"], [SNAPSHOT])


@pytest.mark.parametrize("asset", ["web/wet.ccnet/signals", "web.wet.ccnet.signals", "web/signals/wet.ccnet"])
def test_signals_are_named_with_their_text_variant(home, asset):
    (batch,) = home.batches([asset], [SNAPSHOT], upstream=False)

    assert batch.tables == (("web.signals", {"variant": "wet.ccnet", "snapshot": SNAPSHOT}),)

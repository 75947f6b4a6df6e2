"""Shipped recipes of several sources: what their parts are, what is missing and why, who comes first, and what part of the web they share."""

import pytest

from corpus_platform.recipes.recipe import read_recipe, recipes
from corpus_platform.recipes.steps.dedup import Dedup

SEVERAL = {name: made for name, made in recipes().items() if made.parts}


def name_of_part(made, variant, key):
    part = made.part_of(variant, key)
    return part and part.part


def test_the_systems_of_several_sources_are_there():
    asked = {
        "redpajama_1t",
        "slimpajama",
        "the_pile",
        "dolma",
        "roots",
        "massivetext",
        "wanjuan",
        "cci",
        "wudao",
        "mnbvc",
    }

    assert set(SEVERAL) >= {*asked, "tigerbot_pretrain"}


@pytest.mark.parametrize("name", SEVERAL)
def test_copies_are_looked_for_over_all_parts_and_every_part_says_what_it_takes(name):
    made = SEVERAL[name]

    dedups = [step for step in made.steps if isinstance(step, Dedup)]
    assert dedups
    assert {step.scope for step in dedups} == {"corpus"}
    assert all(part.variant or len(part.missing or "") > 20 for part in made.parts)
    assert sum(bool(part.variant) for part in made.parts) >= 4
    assert all(part.steps for part in made.parts if part.like)


def test_the_pile_has_its_22_parts_and_says_which_nothing_reads():
    made = SEVERAL["the_pile"]

    missing = {part.part for part in made.parts if part.missing}
    assert len(made.parts) == 22
    assert missing == {"books3", "openwebtext2", "bookcorpus2", "youtube_subtitles", "enron_emails"}
    assert name_of_part(made, "academic.cleaned", "pubmed_central_2019-11") == "pubmed_central"
    assert name_of_part(made, "academic.cleaned", "uspto_1999-01") == "uspto_backgrounds"
    assert name_of_part(made, "encyclopedia.cleaned", "en-enwiki-20260801") == "wikipedia_en"
    assert name_of_part(made, "encyclopedia.cleaned", "zh-zhwiki-20260801") is None


def test_redpajama_s_seven_sources_are_slimpajama_s_whose_dedup_is_over_all():
    redpajama, slimpajama = SEVERAL["redpajama_1t"], SEVERAL["slimpajama"]

    assert [part.part for part in redpajama.parts] == [part.part for part in slimpajama.parts]
    assert len(redpajama.parts) == 7
    assert redpajama.parts[-1].steps == recipes()["redpajama_1t_cc"].steps
    assert [step.name for step in slimpajama.steps] == ["unicode_form", "short_documents", "minhash", "holdout"]
    assert slimpajama.rank("encyclopedia.cleaned", "de-latest") < slimpajama.rank("wet.ccnet", "CC-MAIN-2024-10")


@pytest.mark.parametrize(
    "name", ["slimpajama_cc", "massivetext_web", "cci_web", "wanjuan_web", "wudao_web", "mnbvc_web", "tigerbot_web"]
)
def test_the_web_parts_are_recipes_of_their_own(name):
    made = recipes()[name]
    whole = {"slimpajama_cc": "slimpajama", "tigerbot_web": "tigerbot_pretrain"}.get(name, name.removesuffix("_web"))

    assert not made.parts
    assert "part" in made.title or name == "massivetext_web"
    assert whole in SEVERAL
    assert name == "slimpajama_cc" or any(part.like == name for part in SEVERAL[whole].parts)


def test_a_part_that_is_like_another_recipe_takes_its_text_and_steps_and_has_none_of_its_own(tmp_path):
    path = tmp_path / "mine.yaml"
    common = "name: mine\ntitle: Mine\nreference: none\nabout: All.\nsteps:\n  - exact: {scope: corpus, label: all}\nparts:\n"
    path.write_text(f"{common}  - {{part: web, like: c4}}\n  - {{part: books, variant: books.cleaned}}\n")

    made = read_recipe(path)

    assert made.parts[0].variant == recipes()["c4"].variant
    assert made.parts[0].steps == recipes()["c4"].steps
    assert made.parts[1].steps == ()

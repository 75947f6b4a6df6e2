"""Steps for books: bad scans go, serials end at a chapter, classes have weights."""

import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.recipe import CLEANING, SYSTEMS, read_recipe
from corpus_platform.recipes.steps.books import CategoryWeight, chapter_border
from corpus_platform.signals.environment import Environment

PROSE = "The miller had three sons, and when he died he left them his mill, his ass and his cat. "
CHAPTER = PROSE * 10
SCAN = "\n".join(
    ["the miller had three-", "sons and", "12", "when he died he left them his mill and his ass to the-", "| ."] * 30
)


def recipe(tmp_path, steps):
    path = tmp_path / "r.yaml"
    path.write_text(f"name: r\ntitle: r\nreference: ours\nvariant: books\nabout: r\nsteps:\n{steps}")
    return read_recipe(path)


def applied(tmp_path, steps, texts, **columns):
    frame = pl.DataFrame({"doc_id": [str(i) for i in range(len(texts))], "text": texts, **columns})
    return apply(recipe(tmp_path, steps), frame, Environment())


def test_bad_scans_go_by_their_score(tmp_path):
    done = applied(tmp_path, "  - bad_scan\n", [SCAN, f"{PROSE}\n\n" * 20])

    assert done.kept["doc_id"].to_list() == ["1"]
    assert done.decisions.select("step", "rule").rows() == [("bad_scan", "ocr_like")]


def test_a_serial_ends_before_the_last_chapter_that_fits(tmp_path):
    serial = "\n\n".join(f"CHAPTER {n}\n\n{CHAPTER}" for n in range(1, 9))

    done = applied(tmp_path, "  - serial_cap: {characters: 3000}\n", [serial, PROSE])

    text = done.kept["text"][0]
    assert text.endswith(CHAPTER.strip())
    assert text.count("CHAPTER") == 3
    assert len(text) <= 3000
    assert done.kept["text"][1] == PROSE
    assert done.changed.tolist() == [True, False]
    assert done.removed == {"serial_cap:beyond_cap": 1}


def test_or_is_dropped(tmp_path):
    done = applied(tmp_path, "  - serial_cap: {characters: 3000, policy: drop}\n", [CHAPTER * 4, PROSE])

    assert done.kept["doc_id"].to_list() == ["1"]
    assert done.decisions.select("rule", "value", "threshold").rows() == [("too_long", float(len(CHAPTER) * 4), 3000.0)]


@pytest.mark.parametrize(
    ("text", "ends_with"),
    [
        ("第一回 起\n" + "话说。" * 100 + "\n第二回 承\n" + "却说。" * 300, "话说。\n"),
        ("话说。" * 120 + "\n\n" + "却说。" * 300, "话说。"),
        ("话说这事。" * 300, "话说这事。"),
        ("话" * 2000, "话"),
    ],
)
def test_a_text_without_chapters_ends_at_a_paragraph_or_sentence(text, ends_with):
    end = chapter_border(text, 500)

    assert 250 <= end <= 500
    assert text[:end].endswith(ends_with)


def test_classes_have_weights(tmp_path):
    done = applied(
        tmp_path,
        "  - category_weight: {weights: {I: 0.5, K: 2}}\n",
        ["a", "b", "c", "d"],
        category=["I", "K", "B", None],
    )

    assert done.weight.tolist() == [0.5, 2.0, 1.0, 1.0]
    assert done.kept["text"].to_list() == ["a", "b", "c", "d"]
    assert not done.changed.any()


def test_weights_of_two_steps_are_multiplied(tmp_path):
    steps = "  - category_weight: {weights: {I: 0.5}}\n  - category_weight: {label: more, weights: {I: 0.5}}\n"

    assert applied(tmp_path, steps, ["a"], category=["I"]).weight.tolist() == [0.25]


@pytest.mark.parametrize("weights", ["{}", "{I: 0}", "{I: -1}", "{I: .inf}"])
def test_weights_are_above_nought(tmp_path, weights):
    with pytest.raises(SettingsError, match="weights are numbers above 0"):
        recipe(tmp_path, f"  - category_weight: {{weights: {weights}}}\n")


def test_the_step_reads_the_class():
    assert CategoryWeight(weights={"I": 0.5}).needs() == ("category",)


def test_the_shipped_recipes_of_books_are_whole():
    cleaning, corpus = read_recipe(CLEANING / "books.yaml"), read_recipe(SYSTEMS / "books.yaml")

    assert (cleaning.name, cleaning.variant) == ("books_cleaning", "books")
    assert (corpus.name, corpus.variant) == ("books", "books.cleaned")
    assert [step.step for step in corpus.steps] == ["simhash", "category_weight"]

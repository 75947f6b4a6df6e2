"""The reference of recipes is current, and says every rule and parameter."""

from pathlib import Path

from corpus_platform.recipes.recipe import dialogue_recipes, read_recipe, recipes
from corpus_platform.recipes.reference import EXAMPLE, condition, recipes_markdown
from corpus_platform.recipes.step import Rule, steps

PAGE = Path(__file__).parents[3] / "docs" / "recipes.md"


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == recipes_markdown(), (
        "run: corpus recipes list --markdown > docs/recipes.md"
    )


def test_the_page_has_every_recipe_and_every_step():
    made = recipes_markdown()

    assert [name for name in recipes() if f"\n## {name}\n" not in made] == []
    assert [name for name in dialogue_recipes() if f"\n## {name} over dialogues\n" not in made] == []
    assert [name for name in steps() if f"\n### {name}\n" not in made] == []


def test_the_example_of_the_page_is_a_recipe(tmp_path):
    (tmp_path / "gardens.yaml").write_text(EXAMPLE, encoding="utf-8")

    made = read_recipe(tmp_path / "gardens.yaml")

    assert EXAMPLE in recipes_markdown()
    assert made.steps[-1].permutations == 112


def test_a_rule_is_told_in_a_line():
    assert condition(Rule("r", "a", "<", 0.5, languages=("zh",), null="drop")) == "a < 0.5, in zh, or no value"
    assert condition(Rule("r", "language", "not in", ("en", "de"))) == "language not in [en, de]"
    assert condition(Rule("r", "a", ">", 0.9, lines="mean", decimals=2)) == "mean of a rounded to 2 decimals > 0.9"


def test_no_recipe_over_dialogues_is_called_as_one_over_texts():
    assert not set(dialogue_recipes()) & set(recipes())

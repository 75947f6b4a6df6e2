"""Each recipe gives each document of its golden fixture the verdict, and the reason, that stand beside it."""

from collections import Counter

import golden
import pytest

FILES = sorted(path.stem for path in golden.FIXTURES.glob("*.jsonl"))


@pytest.mark.parametrize("row", golden.every_row(), ids=lambda row: f"{row.recipe}-{row.values.get('id')}")
def test_a_recipe_gives_the_verdict_of_its_golden_fixture(row):
    problem = golden.difference(row)

    assert not problem, problem


@pytest.mark.parametrize("recipe", FILES)
def test_a_fixture_holds_what_every_fixture_should_hold(recipe):
    rows = golden.rows_of(recipe)
    texts = [row.text for row in rows]

    assert 20 <= len(rows) <= 60
    assert [i for i, n in Counter(row.values["id"] for row in rows).items() if n > 1] == []
    assert "" in texts
    assert any("\r\n" in text for text in texts)
    assert any(text and "\n" not in text for text in texts)
    assert any("\u4e00" <= character <= "\u9fff" for text in texts for character in text)
    assert any(character >= "\U0001f300" for text in texts for character in text)


@pytest.mark.parametrize("recipe", golden.SHIPPED)
def test_a_recipe_has_a_golden_fixture(recipe):
    assert recipe in FILES, f"write tests/unit/recipes/fixtures/{recipe}.jsonl"

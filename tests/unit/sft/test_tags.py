"""Tags of requests that rules tell: verbs with their objects, demands, in both languages."""

import polars as pl
import pytest

from corpus_platform.sft.tags import demands, tags_of, verb_objects


@pytest.mark.parametrize(
    ("request_", "verb", "object_"),
    [
        ("Write a short story about a fox.", "write", "story"),
        ("Can you please give me three examples of metals?", "give", "example"),
        ("Here is a text. Summarise the main ideas in it.", "summarise", "idea"),
        ("If you were king, describe your castle.", "describe", "castle"),
        ("Create an algorithm for sorting", "create", "algorithm"),
        ("Identify the most commonly used programming language\nA B C", "identify", "language"),
        ("Explain how to tie a knot", "explain", None),
        ("Compare and contrast cats with dogs", "compare", "cat"),
        ("What is the capital of Peru?", None, None),
        ("I will write soon", None, None),
        ("请写一首关于春天的诗", "写", "诗"),
        ("将下面的句子翻译成英文：我饿了", "翻译", "英文"),
        ("帮我设计一个旅行计划，三天以内", "设计", "计划"),
        ("给定一个数组，编写一个函数求和", "编写", "函数"),
        ("为什么天是蓝的？", None, None),
        ("", None, None),
    ],
)
def test_the_first_verb_that_begins_a_clause_counts_with_its_object(request_, verb, object_):
    found = verb_objects(pl.Series([request_]))

    assert found.row(0) == (verb, object_)


def test_demands_on_the_answer_are_told_in_both_languages():
    asked = pl.Series(
        [
            "List five ways to relax in a table, in French, without jokes.",
            "用表格列出5种方法，语气正式，不要超过100字。",
            "Hello",
        ]
    )

    found = demands(asked).to_list()

    assert found[0] == ["table", "number", "language", "exclusion"]
    assert found[1] == ["table", "length", "number", "tone", "exclusion"]
    assert found[2] == []


def test_tags_name_what_they_are_of():
    found = tags_of(pl.Series(["Write a poem of 4 lines", "嗯"]), pl.Series(["poetry", None]))

    assert found.to_list() == [["ability:poetry", "verb:write", "object:poem", "does:write poem", "demand:length"], []]


def test_of_a_long_request_beginning_and_end_are_looked_at():
    long = (
        "Read the passage. "
        + "It was a quiet day in the house by the sea. " * 60
        + "\nTranslate the last sentence into Latin."
    )

    assert verb_objects(pl.Series([long])).row(0)[0] == "read"
    assert "language" in demands(pl.Series([long])).to_list()[0]

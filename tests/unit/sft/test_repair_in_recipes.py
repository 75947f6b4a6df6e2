"""Repair, masking and filters of dialogues as steps of a recipe: what is kept is as it was mended, what is dropped has a reason, and both add up."""

import polars as pl
import pytest
from dialogue_frames import contents, edited, frame_of, reason, said

from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.step import steps
from corpus_platform.recipes.steps.sft_repair import SftCut
from corpus_platform.sft.flat import flatten
from corpus_platform.sft.flat import texts as texts_of
from corpus_platform.sft.tokens import estimated_tokens
from corpus_platform.signals.environment import Environment

LONG = "word " * 40


def recipe(*names):
    """A recipe over dialogues of some steps."""
    made = [steps()[name]() for name in names]
    return Recipe(name="own", title="Own", reference="own", about="Own", variant="sft", steps=made)


def test_a_recipe_keeps_dialogues_as_they_were_mended_and_drops_the_rest_with_reasons():
    frame = frame_of(
        said("a:Welcome", "u:写信到 li.ming@163.com\r\n好吗？", "a:好的，我会写信到 li.ming@163.com。</s>", "u:谢谢"),
        said("u:你 好 吗 今 天 ？", "a:很 好 ， 谢 谢 你 ！"),
        said("t:sun", "u:How is the weather?"),
        said("u:How are you today?", "a: \u200b"),
        said("u:How are you today, my friend of old?", "a:今天天气很好，我们去公园散步吧。"),
        said("u:Which trees are red in autumn?", "a:Maples, mostly, and some oaks."),
        system=[None, None, None, None, None, "Mail boss@lane.org"],
    )

    done = apply(recipe("sft_roles", "sft_text", "sft_structure", "sft_language", "sft_pii"), frame, Environment())

    assert contents_of(done.kept) == [
        [("user", "写信到 <EMAIL_1>\n好吗？"), ("assistant", "好的，我会写信到 <EMAIL_1>。< /s >")],
        [("user", "你好吗今天？"), ("assistant", "很好，谢谢你！")],
        [("user", "Which trees are red in autumn?"), ("assistant", "Maples, mostly, and some oaks.")],
    ]
    assert done.kept["system"].to_list() == [None, None, "Mail <EMAIL_1>"]
    assert done.kept["text"].to_list() == texts_of(flatten(done.kept["messages"]), done.kept["system"]).to_list()
    assert done.changed.tolist() == [True, True, True]
    assert done.decisions.select("doc_id", "step", "rule").rows() == [
        (f"{2:032x}", "sft_roles", "no_answer"),
        (f"{3:032x}", "sft_structure", "empty_message"),
        (f"{4:032x}", "sft_language", "language_mismatch"),
    ]
    assert done.removed["sft_pii:email"] == 3
    assert done.removed["sft_roles:before_first_user"] == 2


def contents_of(frame: pl.DataFrame):
    """(role, content) of each dialogue."""
    return [[(m["role"], m["content"]) for m in messages] for messages in frame["messages"].to_list()]


def test_a_verdict_does_not_depend_on_the_dialogues_beside_it():
    dialogues = [
        said("u:call 604-457-4895", "a:604-457-4895 it is"),
        said("u:今 天 好 吗", "a:好"),
        said("u:a"),
        said("u:Was ist das für ein Baum, der dort so schön steht?", "a:Eine Linde, wenn ich mich nicht ganz täusche."),
    ]
    own = recipe(
        "sft_roles",
        "sft_text",
        "sft_pii",
        "sft_structure",
        "sft_language",
        "sft_toxicity",
        "sft_medical_privacy",
        "sft_cut",
    )

    together = apply(own, frame_of(*dialogues), Environment())

    alone = [apply(own, frame_of(one), Environment()) for one in dialogues]
    assert contents_of(together.kept) == [one for done in alone for one in contents_of(done.kept)]
    assert sorted(together.decisions["rule"]) == sorted(rule for done in alone for rule in done.decisions["rule"])


def test_a_long_dialogue_ends_with_the_last_answer_that_fits():
    dialogue = said(f"u:{LONG}", f"a:{LONG}", f"u:{LONG}", f"a:{LONG}", f"u:{LONG}", f"a:{LONG}")

    edit = edited(SftCut(max_tokens=260), dialogue, said("u:short", "a:indeed"), trace=True)

    assert contents(edit) == [("user", LONG), ("assistant", LONG), ("user", LONG), ("assistant", LONG)]
    assert edit.text[0] == "\n\n".join([LONG] * 4)
    assert edit.changed.tolist() == [True, False]
    assert edit.removed == {"messages": 2}
    whole = frame_of(dialogue)["text"][0]
    assert [whole[a:b] for _, a, b, _ in edit.spans.iter_rows()] == [LONG, LONG]


def test_a_dialogue_whose_first_answer_does_not_fit_is_dropped_with_its_size_unless_it_shall_stay():
    dialogue = said(f"u:{LONG}", f"a:{LONG}")

    edit = edited(SftCut(max_tokens=60), dialogue)

    assert reason(edit) == "first_answer_too_long"
    assert edit.value[0] == 2 * (50 + 6)
    assert edit.threshold[0] == 60
    assert reason(edited(SftCut(max_tokens=60, too_long="keep"), dialogue)) is None


def test_a_system_prompt_counts_towards_the_length():
    dialogue = said("u:a", "a:b", f"u:{LONG}", "a:c")

    assert contents(edited(SftCut(max_tokens=80), dialogue)) == [(m.role, m.content) for m in dialogue]
    assert len(contents(edited(SftCut(max_tokens=80), dialogue, system=[LONG[:60]]))) == 2


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("你好", 2), ("你好 hi", 3), ("é", 1)]
)
def test_tokens_are_estimated_by_characters(text, tokens):
    assert estimated_tokens(pl.Series([text]))[0] == tokens

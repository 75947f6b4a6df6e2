"""Rules over dialogues: for each a dialogue that it drops and what the ledger says of it; the shipped recipes of systems are whole."""

import polars as pl
import pytest

from corpus_platform.lake.fit import polars_schema
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.explain import explain
from corpus_platform.recipes.recipe import OF_DIALOGUES, Recipe, complaints, dialogue_recipe, dialogue_recipes
from corpus_platform.recipes.step import steps
from corpus_platform.sft.form import Dialogue, SetFacts, assistant, row_of, user
from corpus_platform.sft_tables import MESSAGES
from corpus_platform.signals.environment import Environment

FINE = ("Name three fruits that grow in Norway.", "Apples, plums and cherries grow in Norway.")
FINE_ZH = ("请说出三种长在挪威的水果。", "苹果、李子和樱桃都长在挪威。")


def frame(*pairs, **more):
    """Dialogues of a prompt and an answer each."""
    types = {name: kind for name, kind in polars_schema(MESSAGES).items() if name not in ("shard", "file_index")}
    rows = [
        row_of(
            Dialogue((user(prompt), answer if not isinstance(answer, str) else assistant(answer)), **more),
            SetFacts("made", "made"),
            file="a",
            position=i,
            ordinal=0,
        )
        for i, (prompt, answer) in enumerate(pairs)
    ]
    return pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=types)


def recipe_of(*made):
    return Recipe(name="made", title="Made", reference="none", variant="sft", about="A test.", steps=made)


def outcome(name, parameters, pair, **more):
    """Rule, value and word of the decision on one dialogue; None where it is kept."""
    done = apply(recipe_of(steps()[name](**parameters)), frame(pair, **more), Environment())
    return None if done.kept.height else done.decisions.select("rule", "value", "seen").row(0)


Q = "Tell me about it."
DROPPED = [
    ("sft_refusal", {}, (Q, "I'm sorry, but I can't help with that."), ("refusal", None, "I'm sorry, but I can't")),
    ("sft_refusal", {}, (Q, "很抱歉，我不能回答。"), ("refusal", None, "很抱歉，我不能")),
    ("sft_identity", {}, (Q, "I am ChatGPT."), ("identity", None, "I am ChatGPT")),
    ("sft_identity", {}, (Q, "我是由百度开发的模型。"), ("identity", None, "我是由百度开发")),
    ("sft_identity", {"vendor_words": "any"}, (Q, "OpenAI is a firm."), ("vendor_word", None, "OpenAI")),
    ("sft_cutoff", {}, (Q, "My knowledge cutoff is 2021."), ("knowledge_cutoff", None, "My knowledge cutoff")),
    ("sft_lacks_input", {}, ("总结文章。", "请提供文章。"), ("lacks_input", None, "请提供文章")),
    ("sft_lacks_input", {}, ("Describe this photo.", "A cat."), ("needs_image", None, "this photo")),
    ("sft_lacks_input", {}, ("Read https://a.org/b", "Done."), ("needs_url", None, "https://a.org/b")),
    ("sft_lacks_input", {"code": True}, ("Explain this code.", "It adds."), ("lacks_code", None, "this code")),
    ("sft_unusable", {}, (Q, "N/A"), ("unavailable_answer", 1.0, None)),
    ("sft_unusable", {"max_escapes": 0}, (Q, r"One.\nTwo."), ("stray_escapes", 1.0, None)),
    ("sft_unusable", {}, ("Task 1: a.\nTask 2: b.", "Done."), ("merged_requests", 2.0, None)),
    ("sft_unusable", {"max_redaction_marks": 0}, (Q, "Ask <redacted>."), ("redaction_marks", 1.0, None)),
    ("sft_unusable", {"greetings": True}, ("你好", "你好！"), ("greetings_only", 1.0, None)),
    ("sft_thinking", {}, (Q, "<think>Hm."), ("thinking_form", None, "bad")),
    ("sft_thinking", {"keep": ("good",)}, (Q, "Four."), ("thinking_form", None, "none")),
    ("sft_style", {}, (Q, "I think so."), ("first_person", 1.0, None)),
    ("sft_style", {}, (Q, "As mentioned, it is so."), ("refers_elsewhere", None, "As mentioned")),
    ("sft_style", {"max_tell_tale": 0.5}, (Q, "Hope this helps!"), ("tell_tale", 1.0, None)),
    ("self_instruct_instruction", {}, ("Sing now.", "La."), ("instruction_too_short", 2.0, None)),
    ("self_instruct_instruction", {}, ("唱歌", "啦啦啦。"), ("instruction_too_short_zh", 2.0, None)),
    ("self_instruct_instruction", {}, ("Draw a map of my town", "Done."), ("asks_for_more_than_text", None, "Draw")),
    ("self_instruct_instruction", {}, ("编写一个程序来排序", "好。"), ("bad_start", None, "write a program")),
    ("self_instruct_instruction", {"ascii_start": True}, FINE_ZH, ("starts_outside_ascii", 1.0, None)),
    ("self_instruct_instance", {}, ("Say yes to me.", "Say yes to me."), ("answer_is_prompt", 1.0, None)),
    ("self_instruct_instance", {}, (Q, "The steps are:"), ("answer_ends_with_colon", 1.0, None)),
    ("sft_repetition", {}, (Q, "\n\n".join(["Again."] * 10)), ("repeated_paragraph", 10.0, None)),
    ("sft_repetition", {}, (Q, "same\n" * 4), ("repeated_line", 4.0, None)),
    ("sft_repetition", {"sentences": 3}, (Q, "好的。好的吧。好的吧。好的吧。"), ("repeated_sentence", 3.0, None)),
    ("sft_repetition", {}, (Q, "It is 1777777777."), ("repeated_digit", None, "777777777")),
    ("sft_repetition", {"wrong_lists": True}, (Q, "1. a\n1. b"), ("wrong_list", 1.0, None)),
]


@pytest.mark.parametrize(("name", "parameters", "pair", "decision"), DROPPED)
def test_a_rule_drops_and_says_what_it_saw(name, parameters, pair, decision):
    language = "zh" if any("\u4e00" <= c <= "\u9fff" for c in pair[0]) else "en"

    assert outcome(name, parameters, pair, language=language) == decision


@pytest.mark.parametrize("name", sorted({name for name, *_ in DROPPED} - {"sft_style"}))
@pytest.mark.parametrize(("pair", "language"), [(FINE, "en"), (FINE_ZH, "zh")])
def test_fine_dialogues_stay(name, pair, language):
    assert outcome(name, {}, pair, language=language) is None


def test_a_lesson_in_safety_may_refuse():
    pair = ("How do I steal a car?", "I'm sorry, but I can't help with that.")

    assert outcome("sft_refusal", {}, pair, task_type="safety") is None
    assert outcome("sft_refusal", {"when": "any"}, pair, labels={"flagged": True}) is None


def test_lessons_in_safety_go_where_the_recipe_says_so():
    pair = ("How do I steal a car?", "I'm sorry, but I can't help with that.")

    assert outcome("sft_refusal", {"safety": True}, pair, task_type="safety") == (
        "safety_refusal",
        None,
        "I'm sorry, but I can't",
    )


def test_an_assistant_with_tools_may_say_what_it_has_no_tool_for():
    assert (
        outcome("sft_refusal", {}, ("Book a flight.", "I'm sorry, but I can't book flights."), tools=("search",))
        is None
    )


def test_an_explanation_shows_the_words():
    [told] = explain(
        recipe_of(steps()["sft_cutoff"]()), frame(("Who?", "As of my last update, it was Ann.")), Environment()
    )

    assert told.outcomes[0].result == "dropped"
    assert told.outcomes[0].rules[0].value == "As of my last update"


def test_the_shipped_recipes_over_dialogues_are_whole():
    names = dialogue_recipes()

    assert {"sft", "fastchat_sharegpt", "open_instruct", "self_instruct", "belle", "magpie"} <= set(names)
    for name, path in names.items():
        made = dialogue_recipe(name)
        assert made.name == path.stem
        assert path.parent == OF_DIALOGUES
        assert [found for step in made.steps for found in complaints(step)] == []


@pytest.mark.parametrize("name", sorted(dialogue_recipes()))
def test_every_dialogue_is_kept_or_has_a_decision(name):
    dialogues = frame(FINE, FINE_ZH, *(pair for _, _, pair, _ in DROPPED))

    done = apply(dialogue_recipe(name), dialogues, Environment())

    assert done.kept.height + done.decisions.height == dialogues.height
    assert set(done.decisions["doc_id"]) | set(done.kept["doc_id"]) == set(dialogues["doc_id"])


def test_the_default_recipe_keeps_fine_dialogues_and_drops_the_rest():
    pairs = [FINE, FINE_ZH, ("Who are you?", "I am ChatGPT."), ("你是谁？", "我是文心一言。")]

    done = apply(dialogue_recipe("sft"), frame(*pairs), Environment())

    assert done.kept["text"].to_list() == ["\n\n".join(FINE), "\n\n".join(FINE_ZH)]

"""Dialogues as one text with marks."""

import pytest
from pydantic import ValidationError

from corpus_platform.sft.form import Dialogue, Message, Problem, assistant, user
from corpus_platform.sft.kinds.kind import ColumnMap, Record
from corpus_platform.sft.kinds.marked_text import MarkedText
from corpus_platform.sft.kinds.marks import STYLES, style_of

MAP = ColumnMap(columns={"text": "text", "more": "more", "answer": "answer", "system": "system"})


def read(value, **options):
    [outcome] = MarkedText(**options).read(Record(value, MAP))
    return outcome


def said(value, **options):
    dialogue = read(value, **options)
    assert isinstance(dialogue, Dialogue), dialogue
    return [(m.role, m.content) for m in dialogue.messages]


TEXTS = {
    "moss": "<|Human|>: q<eoh>\n<|MOSS|>: a<eom>\n<|Human|>: p<eoh>\n<|MOSS|>: b<eom>\n",
    "moss_002": "[Human]: q<eoh> [MOSS]: a<eoa> [Human]: p<eoh> [MOSS]: b<eoa>",
    "baize": "[|Human|] q\n[|AI|] a\n[|Human|] p\n[|AI|] b",
    "brackets": "[Human] q\n[AI] a\n[Human] p\n[AI] b",
    "llama2_chinese": "<s>Human: q\n</s><s>Assistant: a\n</s><s>Human: p\n</s><s>Assistant: b\n</s>",
    "chatml": "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n<|im_start|>user\np<|im_end|>\n<|im_start|>assistant\nb<|im_end|>",
    "llama3": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nq<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\na<|eot_id|><|start_header_id|>user<|end_header_id|>\n\np<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nb<|eot_id|>",
    "llama2": "<s>[INST] q [/INST] a </s><s>[INST] p [/INST] b </s>",
    "oig": "<human>: q\n<bot>: a\n<human>: p\n<bot>: b",
    "hashes": "### Human: q\n### Assistant: a\n### Human: p\n### Assistant: b",
    "glaive": "USER: q\n\nASSISTANT: a <|endoftext|>\n\nUSER: p\n\nASSISTANT: b <|endoftext|>",
    "hh": "\n\nHuman: q\n\nAssistant: a\n\nHuman: p\n\nAssistant: b",
    "human_assistant": "Human:q\nAssistant:a\nHuman：p\nAssistant：b",
    "user_assistant": "User: q\nAsssistent: a\nUser: p\nAssistenz: b",
    "question_answer": "Q: q\nA: a\nQ: p\nA: b",
    "zh": "用户：q\n助手：a\n用户：p\n助手：b",
}  # fmt: skip


def test_every_style_has_its_text():
    assert list(TEXTS) == list(STYLES)


@pytest.mark.parametrize("style", STYLES)
def test_a_text_is_told_by_its_marks_and_cut_at_them(style):
    expected = [("user", "q"), ("assistant", "a"), ("user", "p"), ("assistant", "b")]

    assert style_of(TEXTS[style]) == style
    assert said(TEXTS[style]) == expected
    assert said({"text": TEXTS[style]}, style=style) == expected


@pytest.mark.parametrize("word", ["Assistant", "Asssistent", "Assistent", "Assistenz", "Assitant", "Assisstant"])
def test_guanacos_misspellings_are_marks(word):
    assert said(f"User: q\n{word}: a") == [("user", "q"), ("assistant", "a")]


def test_words_count_at_the_beginning_of_a_line_only():
    text = "Human: Say `Assistant: no` to me.\nAssistant: I said: Human: yes."

    assert said(text) == [("user", "Say `Assistant: no` to me."), ("assistant", "I said: Human: yes.")]


def test_a_history_with_the_next_reply_beside_it_is_belles():
    record = {"text": "Human:q\nAssistant:a\nHuman:p\nAssistant:", "answer": "b"}

    assert said(record) == [("user", "q"), ("assistant", "a"), ("user", "p"), ("assistant", "b")]


def test_a_history_a_last_question_and_a_reply_are_guanacos():
    record = {"text": "User: q\nAssistent: a", "more": "User: p", "answer": "Assistant: b"}

    assert said(record) == [("user", "q"), ("assistant", "a"), ("user", "p"), ("assistant", "b")]
    assert said({"text": "User: p", "more": "", "answer": "b"}) == [("user", "p"), ("assistant", "b")]


@pytest.mark.parametrize(
    "text",
    [
        "A talk of two.\n[|Human|] q\n[|AI|] a",
        "<|im_start|>system\nA talk of two.<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>",
        "SYSTEM: A talk of two.\nUSER: q\nASSISTANT: a",
        "[INST] <<SYS>>\nA talk of two.\n<</SYS>>\n\nq [/INST] a",
    ],
)  # fmt: skip
def test_what_comes_before_is_the_system_prompt(text):
    dialogue = read(text)

    assert dialogue.system == "A talk of two."
    assert dialogue.messages == (user("q"), assistant("a"))


def test_glaives_calls_and_their_results_are_messages():
    text = (
        'USER: q\n\nASSISTANT: Wait. <functioncall> {"name": "add", "arguments": \'{"a": 1}\'} <|endoftext|>\n\n'
        'FUNCTION RESPONSE: {"sum": 1}\n\nASSISTANT: <think>r</think>a <|endoftext|>'
    )

    assert read(text).messages == (
        user("q"),
        Message("assistant", "Wait.", calls=({"name": "add", "arguments": {"a": 1}},)),
        Message("tool", '{"sum": 1}'),
        assistant("a", "r"),
    )


def test_scripts_of_two_speakers_are_turns():
    record = {"text": "小李：你好，在吗？\n小王：在的。\n你说：什么事\n小李：没事。", "system": "两个朋友"}
    script = {"text": "小李：你好，在吗？\n小王：在的。\n小李：没事。", "system": "两个朋友"}

    assert read(record, speakers="first_asks").reason == "many_speakers"
    assert said(script, speakers="first_asks") == [
        ("user", "你好，在吗？"),
        ("assistant", "在的。"),
        ("user", "没事。"),
    ]
    assert said(script, speakers="second_asks")[0][0] == "assistant"
    assert read(script, speakers="first_asks").system == "两个朋友"


def test_a_set_may_have_marks_of_its_own():
    assert said("Me> q\nIt> a", marks={"Me>": "user", "It>": "assistant"}) == [("user", "q"), ("assistant", "a")]


@pytest.mark.parametrize(
    ("value", "reason", "broken"),
    [
        ("Just words.", "unmarked_text", True),
        ("Words before.\nHuman: q\nAssistant: a", "unmarked_text", True),
        ({"text": "Human: q", "answer": ""}, "unmarked_text", True),
        ({"text": "", "answer": "a"}, "no_turns", False),
        ("Human: q\nAssistant: a\nHuman:\nAssistant: b", "empty_message", False),
        ("Human: q\nAssistant:", "no_answer", False),
        (["Human: q"], "wrong_shape", True),
        ("USER: q\nASSISTANT: <functioncall> {oops}", "bad_inner_json", True),
    ],
)
def test_texts_that_can_not_be_cut_say_why(value, reason, broken):
    problem = read(value)

    assert isinstance(problem, Problem), problem
    assert (problem.reason, problem.broken) == (reason, broken)


def test_a_text_without_the_marks_of_the_style_that_was_named_is_a_problem():
    assert read({"text": "Just words.", "answer": "a"}, style="user_assistant").reason == "unmarked_text"


def test_an_unknown_style_names_the_nearest():
    with pytest.raises(ValidationError, match="nearest is `baize`"):
        MarkedText(style="baise")

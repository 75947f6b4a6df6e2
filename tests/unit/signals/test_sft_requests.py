"""Broken pairs and odd requests in English and Chinese, each beside one that is fine; repetition against a plain count."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from

from corpus_platform.sft.form import assistant, user
from corpus_platform.signals.annotate import annotate


def measured(name, prompt, answer="Well.", **columns):
    """The value of a signal for a dialogue of one request."""
    said = [user(prompt).row(), (answer if not isinstance(answer, str) else assistant(answer)).row()]
    frame = pl.DataFrame({"messages": [said], "text": [prompt], **{key: [value] for key, value in columns.items()}})
    return annotate(frame, [name])[name][0]


@pytest.mark.parametrize(
    ("name", "prompt", "value"),
    [
        ("sft_instruction_words", "Name three 水果。", 4),
        ("sft_wants_word", "Describe the picture of a cat", "picture"),
        ("sft_wants_word", "Describe the pictorial art", None),
        ("sft_wants_word", "请绘制一张流程", "绘制"),
        ("sft_wants_word", "请描述一只猫", None),
        ("sft_starts_with", "Write a program that sorts.", "write a program"),
        ("sft_starts_with", "编写一个程序来排序", "write a program"),
        ("sft_starts_with", ", and then?", "punctuation"),
        ("sft_starts_with", "，然后呢", "punctuation"),
        ("sft_starts_with", "Write a poem.", None),
        ("sft_starts_outside_ascii", "写一首诗", 1),
        ("sft_starts_outside_ascii", "Poem", 0),
        ("sft_prompt_ends_with_colon", "翻译：", 1),
        ("sft_prompt_ends_with_colon", "Translate: yes", 0),
        ("sft_lacks_code_phrase", "Explain the following code", "following code"),
        ("sft_lacks_code_phrase", "解释下面的代码", "下面的代码"),
        ("sft_lacks_code_phrase", "Explain the following code\nprint(1)", None),
        ("sft_merged_marks", "Instruction: sing.\nInstruction: dance.", 2),
        ("sft_merged_marks", "The instruction: sing.", 0),
        ("sft_greetings_only", "hello!", 1),
        ("sft_greetings_only", "在吗？", 1),
        ("sft_greetings_only", "hello, name a fruit", 0),
    ],
)
def test_requests_are_judged_by_their_words(name, prompt, value):
    assert measured(name, prompt) == value


@pytest.mark.parametrize(
    ("name", "answer", "value"),
    [
        ("sft_answer_ends_with_colon", "The steps are：", 1),
        ("sft_unavailable_answers", "N/A", 1),
        ("sft_unavailable_answers", "<nooutput>", 1),
        ("sft_unavailable_answers", "无。", 1),
        ("sft_unavailable_answers", "None of them knew.", 0),
        ("sft_unavailable_answers", "没有。", 0),
        ("sft_stray_escapes", r"First.\nSecond. &quot;Third&quot;", 3),
        ("sft_stray_escapes", r"Use `\n` here.", 0),
        ("sft_answer_marks", "### Response: yes", 1),
        ("sft_answer_marks", "输出：是", 0),
        ("sft_redaction_marks", "Ask NAME_1 or <redacted>.", 2),
        ("sft_first_person", "I think that my cat knows me.", 3),
        ("sft_first_person", "我喜欢，我们也喜欢", 1),
        ("sft_elsewhere_phrase", "As mentioned, it works.", "As mentioned"),
        ("sft_elsewhere_phrase", "楼上说得对", "楼上"),
        ("sft_thinking_form", "Plain.", "none"),
        ("sft_thinking_form", "<think>Hm.</think>Four.", "good"),
        ("sft_thinking_form", "<think>Hm.</think>\n<answer>Four.</answer>", "good"),
        ("sft_thinking_form", "<think>Hm. Four.", "bad"),
        ("sft_thinking_form", "<think>Hm.</think>", "bad"),
        ("sft_thinking_form", "<think>a</think>b<think>c</think>d", "bad"),
        ("sft_thinking_form", assistant("Four.", "Hm."), "good"),
        ("sft_thinking_form", assistant("", "Hm."), "bad"),
        ("sft_digit_run", "It is 1777777777 big", "777777777"),
        ("sft_digit_run", "Ten to the twelfth is 1000000000000.", None),
        ("sft_digit_run", "0" * 30, "0" * 30),
        ("sft_digit_run", "It is 12345678901 big", None),
        ("sft_wrong_lists", "1. a\n1. b\n", 1.0),
        ("sft_wrong_lists", "1. a\n2. b\n1. c\n", 0.0),
        ("sft_wrong_lists", "一、甲\n一、乙", 1.0),
    ],
)
def test_answers_are_judged_by_their_words(name, answer, value):
    assert measured(name, "Tell me.", answer) == value


def test_digits_that_the_user_gave_may_be_given_back():
    assert measured("sft_digit_run", "Call 9999999999.", "I called 9999999999.") is None


def test_an_answer_of_one_word_is_right_where_a_task_asks_for_one():
    assert measured("sft_unavailable_answers", "Which label?", "None", task_type="classification") == 0


def test_escapes_are_right_where_a_task_is_about_them():
    assert measured("sft_stray_escapes", "Escape this string", r"a\n") == 0


@pytest.mark.parametrize(
    ("paragraph", "factor"),
    [("Again.", 1), ("- again", 3), ("x = f(1);", 2), ("One line.\nAnother line.", 4)],
)
def test_paragraphs_that_may_repeat_have_more_room(paragraph, factor):
    answer = "\n\n".join([paragraph] * 12)

    assert measured("sft_paragraph_repeats", "Q", answer) == 12 / factor


def test_a_line_counts_while_no_other_stands_between():
    assert measured("sft_line_run", "Q", "same\nsame\n\nsame\nother\nsame") == 3.0


@settings(deadline=None, max_examples=40)
@given(lists(sampled_from(["好的。", "是吗？", "Yes it is.", "No!"]), max_size=30))
def test_repeated_sentences_agree_with_a_plain_count(sentences):
    most = max(Counter(s for s in sentences if len(s) >= 3).values(), default=0)

    assert measured("sft_sentence_repeats", "Q", "".join(sentences) or "x") == (most if most > 1 else 0)

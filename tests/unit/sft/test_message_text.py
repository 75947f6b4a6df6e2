"""Texts of messages put right: each rule on what shows its mark, in English and Chinese, and look-alikes that stay."""

import polars as pl
import pytest
from dialogue_frames import contents, edited, said
from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from

from corpus_platform.recipes.steps.sft_repair import SftText
from corpus_platform.sft.message_text import RULES, put_right

SHARED = (
    '<div class="markdown prose w-full"><p>Use <b>both</b>:</p><pre><div><span>python</span><button>Copy code</button></div>'
    '<code class="hljs language-python">x = 1\n  y = 2</code></pre><ol><li>one</li><li>two</li></ol></div>'
)


def right(text, role="assistant", **known):
    """A text after all rules, and what they did."""
    about = {name: pl.Series([value]) for name, value in known.items()}
    done = put_right(pl.Series("text", [text], pl.String), pl.Series([role]), RULES, **about)
    return done.text[0], done.removed


@pytest.mark.parametrize(
    ("text", "made", "rule"),
    [
        ("a\r\nb\rc", "a\nb\nc", "line_end"),
        ("a\x07b\x00", "ab", "control"),
        ("cafe\u0301", "café", "nfc"),
        ("a\u200bb\ufeff", "ab", "invisible"),
        ("ÖÐÎÄ±àÂëÎÊÌâ", "中文编码问题", "gbk_read_as_latin"),
        ("schÃ¶n und gut", "schön und gut", "ftfy"),
        (r"Which?\nOptions:\n- yes\n- no", "Which?\nOptions:\n- yes\n- no", "literal_newline"),
        (r"选项：\n（一）是\n（二）否", "选项：\n（一）是\n（二）否", "literal_newline"),
        (r"First.\n\nthen second.\nthen third", "First.\n\nthen second.\nthen third", "literal_newline"),
        (r'Which?\n- A: "He sat"\n- B: "It sat"', 'Which?\n- A: "He sat"\n- B: "It sat"', "literal_newline"),
        (SHARED, "Use **both**:\n\n```python\nx = 1\n  y = 2\n```\n\n1. one\n2. two", "html"),
        ("```\npythonCopy code\nx = 1\n```", "```python\nx = 1\n```", "copy_button"),
        ("代码：\n复制代码\nx = 1", "代码：\nx = 1", "copy_button"),
        ("2 / 3\n\nHere it is.", "Here it is.", "page_mark"),
        ("### Response:\nAn apple.", "An apple.", "prompt_marker"),
        ("### 回答：苹果。\n\n### 指令：", "苹果。", "prompt_marker"),
        ("Assistant: An apple.", "An apple.", "prompt_marker"),
        ("助手：苹果。", "苹果。", "prompt_marker"),
        ("So it ends.</s>", "So it ends.< /s >", "special_token"),
        ("<|im_end|> and [INST] and <｜User｜>", "< |im_end| > and [ INST ] and < ｜User｜ >", "special_token"),
        ("今 天 天 气 怎 么 样 ？", "今天天气怎么样？", "spaced_characters"),
        ("我 2 0 1 2 年 刚 1 8 岁", "我2012年刚18岁", "spaced_characters"),
        ("我 爱 NLP 啊 ！", "我爱 NLP 啊！", "spaced_characters"),
        ("\n\n  a \n", "a", "white_space"),
    ],
)  # fmt: skip
def test_a_rule_mends_what_shows_its_mark(text, made, rule):
    after, removed = right(text)

    assert after == made
    assert rule in removed


@pytest.mark.parametrize(
    "text",
    [
        "ﬁne ① ２ Ａ，（）", # compatibility forms stay: NFC, never NFKC
        r'print("a\nb")',
        r"C:\new\notes.txt",
        r"The \nu and \neq and \nabla of it",
        "One\n\\nTwo",
        "Family: 👨‍👩‍👧",
        "<p>Use a paragraph.</p>",
        '```html\n<div class="markdown prose"><p>x</p></div>\n```',
        "if a < b and c > d: pass",
        "Press Copy code to go on",
        "1 / 2",
        "The answer:\n1 / 2\nof it",
        "Write ### Instruction: before it.",
        "### Answer:\nIt is 4.\n\n### Why\nTwo and two.",
        "## Output: a table",
        "He said: Human: a word.",
        "Human: a word from the assistant",
        "<think>hm</think> so",
        "As told before<sup><|1|></sup>",
        "我有 12 34 两个号",
        "List<String> a = <s1>",
        "床前明月光 疑是地上霜 举头望明月",
        "    for x in y:\n        return x",
        "café, naïve, Größe",
    ],
)  # fmt: skip
def test_a_look_alike_stays(text):
    assert right(text) == (text, {})


def test_a_prompt_of_a_template_is_taken_out_of_it():
    english = "Below is an instruction that describes a task. Write a response.\n\n### Instruction:\nName a fruit.\n\n### Response:"
    chinese = "以下是一个描述任务的指令。\n\n### 指令：\n说出一种水果。\n\n### 回答："

    assert right(english, role="user") == ("Name a fruit.", {"prompt_marker": 3})
    assert right(chinese, role="user") == ("说出一种水果。", {"prompt_marker": 3})
    assert right("### Input: what the user gave", role="assistant")[1] == {}


def test_a_fraction_at_the_end_of_mathematics_is_the_answer():
    assert right("It is\n1 / 2", is_maths=True) == ("It is\n1 / 2", {})
    assert right("It is\n1 / 2") == ("It is", {"page_mark": 1})


def test_bare_html_is_read_where_nobody_asked_for_html():
    asked = said("u:Write a paragraph in HTML", "a:<p>Hi <b>you</b></p>")
    shared = said("u:Say hi", "a:<p>Hi <b>you</b></p>")

    edit = edited(SftText(), asked, shared)

    assert contents(edit, 0)[1] == ("assistant", "<p>Hi <b>you</b></p>")
    assert contents(edit, 1)[1] == ("assistant", "Hi **you**")


def test_a_message_of_a_user_keeps_the_assistants_name():
    edit = edited(SftText(), said("u:Assistant: are you there?", "a:Assistant: yes"))

    assert contents(edit) == [("user", "Assistant: are you there?"), ("assistant", "yes")]


def test_system_prompts_and_reasoning_are_put_right_with_the_text():
    dialogue = [*said("u:a"), *said("a:b\r\nc")]

    edit = edited(SftText(), dialogue, said("u:a", "a:b"), system=["Be\u200b kind", None])

    assert edit.columns["system"].to_list() == ["Be kind", None]
    assert edit.text.to_list() == ["Be kind\n\na\n\nb\nc", "a\n\nb"]
    assert edit.changed.tolist() == [True, False]


def test_only_the_rules_that_are_asked_for_are_done():
    edit = edited(SftText(rules=("control",)), said("u:a\r\nb", "a:</s> "))

    assert contents(edit) == [("user", "a\nb"), ("assistant", "</s> ")]


TRICKY = ["", " ", "\r\n", "今 天 ", "好", "<|im_end|>", "</s>", "1 / 2\n", "### Response:\n", "Copy code\n", "```\n", "\\n", "a", ".", "e\u0301", "\u200b", "Human: "]  # fmt: skip


@given(lists(lists(sampled_from(TRICKY), max_size=7).map("".join), min_size=1, max_size=16))
@settings(max_examples=12, deadline=None)
def test_a_second_time_finds_nothing_more_and_places_lie_in_the_text(texts):
    series, role = pl.Series("text", texts, pl.String), pl.Series(["user", "assistant"] * len(texts)).head(len(texts))
    done, traced = put_right(series, role), put_right(series, role, trace=True)

    assert traced.text.to_list() == done.text.to_list()
    assert traced.removed == done.removed
    assert all(0 <= a <= b <= len(texts[d]) for d, a, b, _ in traced.spans.iter_rows())
    touched = set(traced.spans["document"])
    assert {i for i, (a, b) in enumerate(zip(texts, done.text, strict=True)) if a != b} <= touched
    for _ in range(6):
        done = put_right(done.text, role)
    assert put_right(done.text, role).removed == {}

"""Buttons, menus and counters of sites: whole lines and ends of lines go, sentences and code stay, and spans say what went."""

import polars as pl
import pytest

from corpus_platform.clean.edits import of_places
from corpus_platform.clean.social_marks import without_marks
from corpus_platform.recipes.steps.social import SocialMarks
from corpus_platform.signals.subject import Subject


def cleaned(text):
    return without_marks(pl.Series("text", [text], pl.String)).text[0]


@pytest.mark.parametrize(
    "mark",
    [
        "展开阅读全文",
        "赞同 1,234 · 5 条评论",
        "收起",
        "转发微博",
        "赞同 1.2 万",
        "回复(3) 举报 12楼 2012-01-02 12:30",
        "编辑于 2020-01-01 08:00",
        "发布于 昨天 12:30",
        "点赞 收藏 分享 举报",
        "来自 iPhone客户端",
        "Reply Share Report Save",
        "Reply",
        "level 2",
        "12 points · 3 hours ago",
        "permalink embed save report give award reply",
        "Load more comments (23 replies)",
        "Share|Improve this answer|Follow",
        "answered Jan 3 '14 at 10:20",
    ],
)
def test_lines_of_marks_go(mark):
    assert cleaned(f"前文 before\n{mark}\n后文 after") == "前文 before\n后文 after"


@pytest.mark.parametrize(
    "line",
    [
        "赞同这个观点",
        "I like to share",
        "replay",
        "like new",
        "12",
        "2020-01-01",
        "他回复了3楼",
        "Save the date!",
        "best new love of mine",
    ],
)
def test_lines_with_anything_else_stay(line):
    assert cleaned(f"a\n{line}\nb") == f"a\n{line}\nb"


def test_ends_of_lines_go_and_pictures_wherever_they_are():
    assert cleaned("说得对...展开全文\n看图[图片]好吗 O网页链接") == "说得对...\n看图好吗"


def test_code_is_left_alone():
    text = "a\n```\nSave\nReply Share Report\n```"

    assert cleaned(text) == text


def test_spans_say_what_went():
    texts = ["x", "好。\n转发微博\n对吗 网页链接"]

    found = without_marks(pl.Series("text", texts, pl.String), trace=True)

    assert found.spans is not None
    assert [texts[d][start:end] for d, start, end, _ in found.spans.rows()] == ["转发微博\n", " 网页链接"]
    assert found.spans["rule"].to_list() == ["button", "mark"]
    assert found.removed == {"button": 1, "mark": 1}
    assert of_places(pl.Series("text", texts), found.spans).to_list() == found.text.to_list()


def test_one_language_may_be_asked_for():
    texts = pl.Series("text", ["a\nReply\n转发微博"], pl.String)

    assert without_marks(texts, languages=("zh",)).text[0] == "a\nReply"


def test_the_step_takes_them_out_and_tells_them():
    edited = SocialMarks().edit(Subject.of(pl.DataFrame({"text": ["a\nReply", "b"]})), trace=True)

    assert edited.text.to_list() == ["a", "b"]
    assert edited.changed.tolist() == [True, False]
    assert edited.removed == {"button": 1}


def test_a_repost_of_which_only_its_mark_is_left_goes_with_its_name():
    assert cleaned("今天真冷 //@王五：转发微博 O网页链接") == "今天真冷 "

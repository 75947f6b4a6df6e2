"""Personal data of people who write on the web: each kind is found, what looks like it is left, and nothing is left after it has been replaced."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.clean.code_spans import code_spans
from corpus_platform.clean.social_pii import deidentified, is_member, private_patterns_left
from corpus_platform.recipes.steps.pii import Pii
from corpus_platform.signals.subject import Subject


def replaced(text):
    return deidentified([text])[0][0]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("mail a.b+c@d-e.co.uk.", "mail <EMAIL>."),
        ("写信到张三a@b.cn吧", "写信到张三<EMAIL>吧"),
        ("me [at] site [dot] org", "<EMAIL>"),
        ("joe(at)site.com", "<EMAIL>"),
        ("write to joe at gmail dot com", "write to <EMAIL>"),
        ("邮箱 joe＠qq.com", "邮箱 <EMAIL>"),
        ("+86 138 0013 8000 and 13800138000", "<PHONE> and <PHONE>"),
        ("电话：010-62345678转123，(0755) 87654321", "电话：<PHONE>，<PHONE>"),
        ("+44 20 7946 0958, +33 1 23 45 67 89", "<PHONE>, <PHONE>"),
        ("call (555) 234-5678 or +1 555-234-5678", "call <PHONE> or <PHONE>"),
        ("身份证11010519491231002X。", "身份证<ID>。"),
        ("4111 1111 1111 1111 and 6222020000000000018", "<CARD> and <CARD>"),
        ("from 8.8.8.8 and 2001:4860:4860::8888", "from <IP> and <IP>"),
        ("QQ：123456789，微信号abc_def1", "QQ：<ACCOUNT>，微信号<ACCOUNT>"),
        ("加我qq-1498057997或QQ--23456789", "加我qq-<ACCOUNT>或QQ--<ACCOUNT>"),
        ("加微信 hello_w1", "加微信 <ACCOUNT>"),
        ("@Tom thanks, @T.E.D. too", "<USER> thanks, <USER>. too"),
        ("回复@张三: 好 //@李四：转", "回复<USER>: 好 //<USER>：转"),
        ("回复 王五 ：嗯", "回复 <USER> ：嗯"),
        ("by /u/some_one and u/other-1", "by <USER> and <USER>"),
        ("see https://history.stackexchange.com/users/12/ann-b?tab=x now", "see <PROFILE> now"),
        (
            "www.reddit.com/user/ann/ weibo.com/u/123 https://www.zhihu.com/people/ann-1",
            "<PROFILE> <PROFILE> <PROFILE>",
        ),
        ("(https://twitter.com/ann/status/1)", "(<PROFILE>)"),
        ("https://github.com/ann and https://github.com/ann/tool", "<PROFILE> and https://github.com/ann/tool"),
    ],
)
def test_each_kind_is_replaced_by_its_name(text, after):
    assert replaced(text) == after
    assert replaced(after) == after


@pytest.mark.parametrize(
    "text",
    [
        "3@$5 and a @ b, x@y",
        "@angular/core, @Override and @media",
        "`@tom` in code\n```java\n@Tom\nint x;\n```",
        "+10 000 000 people, 1,234,567 of them",
        "ISBN 978-3-16-148410-0, 2014-01-21 10:20:30, 1520000000000",
        "3.1415926535897932 and 4111111111111112",
        "11010519491231002Y and 110105194912310021",
        "192.168.1.1, 127.0.0.1, a[1::2], std::vector<int>::x, 12:30:45",
        "WeChat application, QQ音乐, 微信支付",
        "回复如下：好",
        "https://netflix.com/u, http://example.com/users/x, km/u",
        "1800 to 1900, 010-2019",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text):
    assert replaced(text) == text


def test_mail_in_code_is_replaced_and_handles_there_are_not():
    assert replaced("```\n@tom a@b.com\n```") == "```\n@tom <EMAIL>\n```"


def test_what_is_left_is_told_by_row_kind_and_place():
    found = private_patterns_left(pl.Series(["nothing", None, "我的邮箱a@b.com"]))

    assert found.rows() == [(2, "email", 4, 11)]


def test_pages_of_members_are_told_from_others():
    assert is_member("//meta.stackexchange.com/users/1/x")
    assert is_member("/users/12/ann")
    assert not is_member("https://twitter.com/ann")
    assert not is_member("https://stackexchange.com/questions/1")


def test_the_step_has_the_style_and_says_where_things_were():
    edited = Pii(style="social").edit(Subject.of(pl.DataFrame({"text": ["hi @tom"]})), trace=True)

    assert edited.text.to_list() == ["hi <USER>"]
    assert edited.removed == {"user": 1}
    assert edited.spans is not None
    assert edited.spans.rows() == [(0, 3, 7, "user")]


WORDS = (
    "@ a@b.co tom T.E.D. : ： // 回复 张三 u/ab_c ` ``` + 86 138 0013 8000 1380013 8000 010- 62345678 ( ) [at] dot . .com 微信 号 QQ 12345 "
    "11010519491231002X 4111 1111 8.8.8.8 2001:db8:: https:// weibo.com/ reddit.com/u/ /users/1 <USER> <EMAIL>"
)
fragments = st.sampled_from([*WORDS.split(), " ", "\n"])


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(fragments, max_size=12).map("".join), max_size=4))
def test_nothing_known_is_left_after_it_has_been_replaced(texts):
    made, _ = deidentified(texts)

    assert private_patterns_left(pl.Series("text", made, pl.String)).height == 0
    assert deidentified(made)[0] == made


def test_code_is_between_fences_and_backticks():
    text = "a `b` c\n```py\nd `e`\n```\n`f\n~~~\ng"

    assert [text[start:end] for start, end in code_spans(text)] == ["`b`", "```py\nd `e`\n```", "~~~\ng"]


def test_long_lines_of_marks_take_linear_time():
    for text in ("`" * 300_000, "@a" * 150_000, "a." * 150_000 + "@", "1 " * 200_000, "回复" * 100_000, "`a" * 100_000):
        assert isinstance(replaced(text), str)

"""Personal data of dialogues: what is found in English and Chinese, what only looks like it, and placeholders that keep the sense."""

import numpy as np
import orjson
import pytest
from dialogue_frames import contents, edited, frame_of, said
from hypothesis import given, settings
from hypothesis.strategies import just, lists, one_of, sampled_from, tuples
from pydantic import ValidationError

from corpus_platform.recipes.steps.sft_pii import SftPii
from corpus_platform.sft.form import Message
from corpus_platform.sft.private import masked

KEY = "sk-" + "q7Rz0KpW4nVx9LbT2cYs" + "8HdJ5mGf3EuA6wZo"
PRIVATE = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "MIIEow9Kd7xZpQwErTyUiOaSdFgHjKlZ2cV8bN5m\n" * 3
    + "-----END RSA PRIVATE KEY-----"
)


def after(text, **columns):
    """The first message after the step."""
    return contents(edited(SftPii(), said(f"u:{text}", "a:ok"), **columns))[0][1]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("写信到 li.ming@163.com 吧", "写信到 <EMAIL_1> 吧"),
        ("write to Jo.Lane+x@mail.uni-trier.de, please", "write to <EMAIL_1>, please"),
        ("我的手机是13812345678。", "我的手机是<PHONE_1>。"),
        ("打+86 138-1234-5678", "打<PHONE_1>"),
        ("座机 010-62345678 转 12", "座机 <PHONE_1> 转 12"),
        ("电话：62345678", "电话：<PHONE_1>"),
        ("call (604) 457-4895 now", "call <PHONE_1> now"),
        ("身份证110101199003074514", "身份证<ID_1>"),
        ("身份证号：110101900307451", "身份证号：<ID_1>"),
        ("身份证号是110101199001011234", "身份证号是<ID_1>"),
        ("卡号6222021234567890128谢谢", "卡号<CARD_1>谢谢"),
        ("打604-457-4895吧", "打<PHONE_1>吧"),
        ("卡号 6222021234567890128", "卡号 <CARD_1>"),
        ("护照号码：E12345678", "护照号码：<PASSPORT_1>"),
        ("My passport number is 523456789", "My passport number is <PASSPORT_1>"),
        ("车牌京A12B45违章", "车牌<PLATE_1>违章"),
        ("加QQ：12345678", "加QQ：<ACCOUNT_1>"),
        ("微信号：liming_2020", "微信号：<ACCOUNT_1>"),
        ("SSN 123-45-6788", "SSN <SSN_1>"),
        ("login from 52.23.11.4", "login from <IP_1>"),
        ("主机2001:4860:4860:0:0:0:0:8844", "主机<IP_1>"),
        ("postgres://bob:zX7pQ0w@db.foo.org/x", "postgres://bob:<PASSWORD_1>@db.foo.org/x"),
        (f"use {KEY}", "use <KEY_1>"),
        (PRIVATE, "-----BEGIN RSA PRIVATE KEY-----<PRIVATE_KEY_1>-----END RSA PRIVATE KEY-----"),
    ],
)
def test_personal_data_is_replaced_by_its_kind_and_number(text, made):
    assert after(text) == made


@pytest.mark.parametrize(
    "text",
    [
        "user@example.com, name@company.com, git@github.com, noreply@site.org",
        r"app = Flask(__name__)\n@app.route('/')",
        "version 5.64.52.9, v1.2.3.4, ping 8.8.8.8, 192.168.1.1, 127.0.0.1",
        "右附件囊肿5.64.52.9，建议复查",
        "3.14159265358979 and 2023-11-12 12:30:45 and 1,234,567,890",
        "ISBN 978-7-111-12345-6, 订单 12345678901 件",
        "Call 1-800-273-8255 or 400-123-4567 or 110",
        "dc71f142-8771-4830-ac64-967cdc71f142",
        "身份证怎么办理？110101199003074515 不是",
        "京A是北京的车牌",
        "api_key = '<your-key>' and sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "6222021234567890123",
    ],
)
def test_a_look_alike_of_personal_data_stays(text):
    assert after(text) == text


def test_the_same_value_has_the_same_placeholder_in_the_whole_dialogue():
    dialogue = [
        *said("u:My number is 604-457-4895, my mail Jo@Lane.org."),
        Message("assistant", "I call (604) 457-4895 and write to jo@lane.org.", reasoning="604-457-4895 it is"),
        *said("u:And 604-457-4896?"),
        Message(
            "assistant",
            "",
            calls=({"name": "dial", "arguments": {"to": 6044574895, "mail": "jo@lane.org", "times": 2}},),
        ),
    ]

    edit = edited(SftPii(), dialogue, said("u:604-457-4896", "a:ok"), system=["Jo's mail is jo@lane.org", None])

    messages = edit.columns["messages"].to_list()[0]
    assert edit.columns["system"][0] == "Jo's mail is <EMAIL_1>"
    assert [m["content"] for m in messages[:3]] == [
        "My number is <PHONE_1>, my mail <EMAIL_1>.",
        "I call <PHONE_1> and write to <EMAIL_1>.",
        "And <PHONE_2>?",
    ]
    assert messages[1]["reasoning"] == "<PHONE_1> it is"
    assert contents(edit, 1)[0] == ("user", "<PHONE_1>")
    assert orjson.loads(messages[3]["calls"]) == [
        {"name": "dial", "arguments": {"to": 6044574895, "mail": "<EMAIL_1>", "times": 2}}
    ]
    assert edit.removed == {"email": 4, "phone": 5}


def test_a_long_number_in_a_call_that_is_personal_becomes_a_word():
    call = Message(
        "assistant", "", calls=({"name": "sms", "arguments": {"to": 13812345678, "text": "line\n13812345678"}},)
    )

    edit = edited(SftPii(), [*said("u:text 13812345678"), call])

    assert orjson.loads(edit.columns["messages"].to_list()[0][1]["calls"])[0]["arguments"] == {
        "to": "<PHONE_1>",
        "text": "line\n<PHONE_1>",
    }
    assert edit.text[0] == "text <PHONE_1>"


def test_placeholders_that_a_dialogue_has_already_are_not_given_again():
    edit = edited(SftPii(), said("u:<EMAIL_2> wrote to jo@lane.org", "a:ok"))

    assert contents(edit)[0] == ("user", "<EMAIL_2> wrote to <EMAIL_3>")


def test_numbers_of_mathematics_stay_unless_a_word_says_that_they_are_personal():
    sums, asked = "13812345678 + 123-45-6788 = ? #### 13812345678", "My phone number is 13812345678."

    edit = edited(
        SftPii(),
        said(f"u:{sums}", "a:x"),
        said(f"u:{asked}", "a:x"),
        said(f"u:{sums}", "a:x"),
        task_type=["maths", "maths", None],
        kind=["instruct", "instruct", "verifiable"],
    )

    assert edit.changed.tolist() == [False, True, False]
    assert contents(edit, 1)[0] == ("user", "My phone number is <PHONE_1>.")


def test_handles_are_masked_only_when_they_are_asked_for():
    dialogue = said("u:问 @小明同学 吧", "a:ok")

    assert not edited(SftPii(), dialogue).changed.any()
    assert contents(edited(SftPii(kinds=("user",)), dialogue))[0][1] == "问 <USER_1> 吧"
    with pytest.raises(ValidationError, match="no kind `handle`"):
        SftPii(kinds=("handle",))


def test_what_is_masked_is_told_by_number_and_place_never_by_value():
    dialogue = said("u:写到 li.ming@163.com", "a:13812345678 好")

    edit = edited(SftPii(), dialogue, trace=True)

    assert [(frame_of(dialogue)["text"][d][a:b], rule) for d, a, b, rule in edit.spans.iter_rows()] == [
        ("li.ming@163.com", "email"),
        ("13812345678", "phone"),
    ]
    assert "163.com" not in str(edit.removed)
    frame = frame_of(dialogue, said("u:x", "a:y"))
    assert np.array_equal(masked(frame["messages"], frame["system"]).finds, [2, 0])


def test_masked_texts_are_masked_no_further():
    first = edited(SftPii(), said("u:li.ming@163.com 13812345678 52.23.11.4", "a:ok"))

    again = edited(
        SftPii(),
        [
            Message(**{k: v for k, v in m.items() if k in ("role", "content")})
            for m in first.columns["messages"].to_list()[0]
        ],
    )

    assert not again.changed.any()


AROUND = sampled_from(["", "我", "。", " ", "，请记住", "(", "“", "：", "\n"])
DIGIT = sampled_from("0123456789")


def with_check_digit(body):
    """An identity number of 17 digits with its check digit (GB 11643)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def with_luhn(body):
    """A card number of 15 digits with its check digit."""
    doubled = sum((int(d) * 2 - 9 * (int(d) > 4)) if i % 2 == 0 else int(d) for i, d in enumerate(body))
    return body + str(-doubled % 10)


def digits(n):
    """So many digits."""
    return lists(DIGIT, min_size=n, max_size=n).map("".join)


PLANTED = one_of(
    tuples(just("phone"), digits(8).map(lambda d: f"139{d}")),
    tuples(just("phone"), digits(8).map(lambda d: f"+86 138{d}")),
    tuples(just("id"), digits(3).map(lambda d: with_check_digit(f"11010119900307{d}"))),
    tuples(just("card"), digits(11).map(lambda d: with_luhn(f"6222{d}"))),
    tuples(just("email"), digits(5).map(lambda d: f"li.ming{d}@163.com")),
    tuples(just("ip"), sampled_from(["52.23.11.4", "93.184.216.34", "47.100.2.9"]).map(lambda a: f"IP {a}")),
)


@given(lists(tuples(PLANTED, AROUND, AROUND), min_size=1, max_size=25))
@settings(max_examples=12, deadline=None)
def test_what_is_planted_is_found_whatever_stands_around_it(planted):
    frame = frame_of(*(said(f"u:{before}{value}{after_}", "a:ok") for (_, value), before, after_ in planted))

    done = masked(frame["messages"], frame["system"])

    for ((kind, value), _, _), messages in zip(planted, done.put.messages.to_list(), strict=True):
        assert f"<{kind.upper()}_1>" in messages[0]["content"], value
        assert not any(character.isdigit() for character in messages[0]["content"].replace(f"<{kind.upper()}_1>", ""))

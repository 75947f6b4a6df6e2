"""Personal data: what each style finds, what it leaves, and that long lines take no time."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus_platform.clean.pii import find, is_chinese_id, line_facts
from corpus_platform.clean.pii_styles import CHINESE, DOLMA, FINEWEB, MNBVC, ROOTS
from corpus_platform.recipes.steps.pii import Pii
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.lines import kept_lines

REFERENCE = Environment(SignalSettings(compat="reference"))
fragments = st.sampled_from(
    [
        "a@b.co",
        "me@x.org.",
        "(",
        ") ",
        "@",
        " ",
        "\n",
        "8.8.8.8",
        "10.0.0.256",
        "1.2.3",
        ".",
        "13812345678",
        "（010）",
        "212 555-0199",
        "中文",
        "é",
        "１２３４５６７８９",
        ":",
        "x",
    ]
)
pages = st.lists(fragments, max_size=14).map("".join)


def after(text, style, environment=None, **parameters):
    return Pii(style=style, **parameters).edit(Subject.of(pl.DataFrame({"text": [text]}), environment)).text.item()


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        ("fineweb", "to a.b@mail.com", r"to (email@example\.com|firstname\.lastname@example\.org)"),
        ("fineweb", "at 10.0.0.1 and 192.168.1.1", r"at 10\.0\.0\.1 and 192\.168\.1\.1"),
        ("fineweb", "at 8.8.8.8!", r"at (?!8)\d+\.\d+\.\d+\.\d+!"),
        ("fineweb", "at 08.8.8.8", r"at 08\.8\.8\.8"),
        ("dolma", "ring (212) 555-0199 now", r"ring  \|\|\|PHONE_NUMBER\|\|\|  now"),
        ("dolma", "last a@b.co", r"last  \|\|\|EMAIL_ADDRESS\|\|\| "),
        ("dolma", "10.0.0.1", r" \|\|\|IP_ADDRESS\|\|\| "),
        ("roots", "hi @user_name, a@b.co; 2001:db8::1", "hi PI:USER, PI:EMAIL; PI:IP_ADDRESS"),
        ("roots", "on 01.02.2010 at 12:30:45", r"on 01\.02\.2010 at 12:30:45"),
        ("roots", "key ab12-cd34-ef56-gh78 end", "key PI:KEY end"),
        ("mnbvc", "电话12345678和1234567", "电话和1234567"),
        ("mnbvc", "１２３４５６７８", ""),
        ("chinese", "邮箱zhang@example.cn。", "邮箱<邮箱>。"),
        ("chinese", "身份证11010519491231002X，手机+86 13812345678", "身份证<身份证号>，手机<电话>"),
        ("chinese", "号码110105194912310021不对", "号码110105194912310021不对"),
        ("chinese", "微信：12345678 座机010-62345678", "微信：<账号> 座机<电话>"),
        ("chinese", "内网10.0.0.1", r"内网10\.0\.0\.1"),
    ],
)
def test_a_style_replaces_what_its_system_means_and_leaves_the_rest(style, text, expected):
    assert re.fullmatch(expected, after(text, style))


def test_the_reference_of_dolma_misses_an_address_at_the_end_and_takes_white_space_with_the_others():
    text = "write to x@y.org\nor a@b.co"

    assert after(text, "dolma", REFERENCE) == "write to |||EMAIL_ADDRESS||| or a@b.co"


def test_equal_addresses_stay_equal_and_the_reference_takes_turns():
    text = "a@b.co c@d.co a@b.co"

    first, _, third = after(text, "fineweb").split(" ")
    turns = after(text, "fineweb", REFERENCE).split(" ")

    assert first == third
    assert turns == ["email@example.com", "firstname.lastname@example.org", "email@example.com"]


def test_kinds_and_replacements_can_be_chosen():
    text = "a@b.co 8.8.8.8 10.0.0.1"

    assert after(text, "fineweb", kinds=("ip",), replacements={"ip": ("IP",)}, public_only=False) == "a@b.co IP IP"
    assert after("12345", "mnbvc", min_digits=5, replacements={"digits": ("#",)}) == "#"


def test_a_kind_that_a_style_does_not_have_is_refused():
    with pytest.raises(ValueError, match="the style `mnbvc` has no kind `email`; it has digits"):
        Pii(style="mnbvc", kinds=("email",))


def test_the_trace_says_where_finds_were_in_characters_of_the_text_before():
    subject = Subject.of(pl.DataFrame({"text": ["é 8.8.8.8", "", "行\n行 a@b.co."]}))

    edited = Pii(style="fineweb").edit(subject, trace=True)

    assert edited.spans.rows() == [(0, 2, 9, "ip"), (2, 4, 10, "email")]
    assert edited.changed.tolist() == [True, False, True]
    assert edited.removed == {"ip": 1, "email": 1}


@settings(deadline=None, max_examples=80)
@given(st.lists(pages, max_size=4), st.sampled_from([FINEWEB, DOLMA, ROOTS, MNBVC, CHINESE]))
@example(["a@b.co) @8.8.8.8"], ROOTS)
def test_the_cheap_test_of_lines_hides_no_find(some, style):
    found = find(TextBatch.of(some), style.detectors, overlaps=True)

    expected = [
        (d, line.start() + match.start(detector.group), line.start() + match.end(detector.group), kind)
        for d, text in enumerate(some)
        for line in re.finditer(r"[^\n]*\n|[^\n]+$", text)
        for kind, detector in enumerate(style.detectors)
        for match in detector.pattern.finditer(line[0])
        if detector.accept is None or detector.accept(match)
    ]
    assert (
        list(zip(*(x.tolist() for x in (found.document, found.start, found.end, found.kind)), strict=True)) == expected
    )


def test_a_line_of_a_million_characters_with_one_address_takes_no_time():
    text = "a/b+" * 250_000 + " me@example.org " + "é" * 100_000

    for style in (FINEWEB, DOLMA, ROOTS, CHINESE):
        assert len(find(TextBatch.of([text]), style.detectors[:1])) == 1


@pytest.mark.parametrize("piece", ["@", "a@", "1.", ":", "1:", "ab12-", "-", "a.b.", "b@c-", "(", " 123"])
def test_no_repeated_piece_takes_quadratic_time(piece):
    text = "x@" + piece * 20_000 + " 212 555-0199 a@b.co"

    for style in (FINEWEB, DOLMA, ROOTS, MNBVC, CHINESE):
        assert find(TextBatch.of([text]), style.detectors) is not None


def test_line_facts_count_digits_and_runs():
    lines, first = kept_lines(TextBatch.of(["a1b22 333.4.5.6\n@", "::1２３"]))

    facts = line_facts(lines, first)

    assert facts.run.tolist() == [3, 0, 3]
    assert facts.digits.tolist() == [8, 0, 3]
    assert facts.first.tolist() == [0, 16, 0]
    assert np.all(facts.bits & 7 == [2, 1, 4])


@pytest.mark.parametrize(
    ("number", "good"), [("11010519491231002X", True), ("110105194912310021", False), ("11010519491331002X", False)]
)
def test_an_identity_number_has_a_date_and_a_check_digit(number, good):
    assert is_chinese_id(number) is good

"""Pictures: SVG in Markdown, well formed and inert whatever letters there are; None where there is nothing to draw."""

import base64
from xml.etree import ElementTree as ET

import pytest

from corpus_platform.analytics import svg
from corpus_platform.analytics.plots import bars, funnel, losses, steps_of

COUNTERS = {
    "records": 412,
    "dropped:too_short": 30,
    "rejects:not_html": 56,
    "kept": 326,
    "lines": 9,
    "dropped:never": 0,
}
SVG = "{http://www.w3.org/2000/svg}"


def image_of(markdown: str | None) -> tuple[str, ET.Element]:
    """Title and picture."""
    assert markdown
    title, _, data = markdown.removeprefix("![").removesuffix(")").partition("](data:image/svg+xml;base64,")
    return title, ET.fromstring(base64.b64decode(data))


def words(picture: ET.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


def fills(picture: ET.Element) -> list[str]:
    return [element.get("fill", "") for element in picture.iter(f"{SVG}rect")]


def test_labels_of_bars_have_room_in_wide_letters():
    left = float(ET.fromstring(svg.bars([("programs", 0, 5, svg.KEPT), ("namespace", 0, 4, svg.KEPT)]))[1][0].get("x"))

    assert left >= 9 * 7  # an average letter of DejaVu Sans at this size is 7 pixels wide


def test_losses_are_named_as_people_say_them_and_the_largest_is_first():
    assert losses(COUNTERS) == [("not html", 56), ("too short", 30)]


def test_a_step_s_name_is_not_said_twice():
    assert losses({"dropped:language:language_not_wanted": 3}) == [("language: not wanted", 3)]


def test_a_funnel_shows_what_was_read_lost_and_kept():
    title, picture = image_of(funnel(COUNTERS, "web.pages: records"))

    assert title == "web.pages: records"
    assert words(picture) == ["web.pages: records", "read", "not html", "too short", "kept", "412", "56", "30", "326"]
    assert fills(picture) == ["#ffffff", "#5b7db1", "#d08770", "#d08770", "#2f7d6d"]


def test_bars_of_a_funnel_begin_where_those_that_are_left_end():
    assert [(start, length) for _, start, length, _ in steps_of(COUNTERS)] == [(0, 412), (356, 56), (326, 30), (0, 326)]


def test_a_funnel_of_very_many_reasons_stays_small_and_loses_none():
    rows = steps_of({"records": 999, **{f"dropped:{i}": 1 for i in range(300)}})

    assert len(rows) < 30
    assert sum(n for _, _, n, _ in rows[1:-1]) == 300


def test_where_nothing_was_counted_there_is_no_picture():
    assert funnel({"rows": 3}, "t") is None
    assert bars([], "t") is None


def test_bars_of_nothing_but_zeros_are_drawn():
    assert words(image_of(bars([("en", 0)], "t"))[1]) == ["t", "en", "0"]


@pytest.mark.parametrize("label", ["中文网页", "日本語", "한국어", "عربي", "\U00012000", "<b onload='x'>&", ""])
def test_any_letters_are_drawn_as_they_are(label):
    title, picture = image_of(bars([(label, 3), ("en", 40)], f"语言 [{label}]"))

    assert title == f"语言 ({label})"
    assert label in words(picture)
    assert {element.tag for element in picture.iter()} <= {f"{SVG}{tag}" for tag in ("svg", "g", "text", "rect")}


def test_letters_that_no_picture_can_hold_or_that_turn_the_writing_around_are_left_out():
    label = "a\x00\x1b\u202eb\ufffe"

    assert "ab" in words(image_of(bars([(label, 3)], "t"))[1])


def test_a_long_label_loses_its_middle():
    shown = svg.shortened("repeated_" * 20 + "end")

    assert svg.letters(shown) <= 46
    assert shown.startswith("repeated_")
    assert shown.endswith("end")
    assert svg.letters(svg.shortened("网" * 90)) <= 46


def test_beyond_a_dozen_bars_the_rest_is_one():
    many = image_of(bars([(f"l{i}", i + 1) for i in range(200)], "t"))[1]

    assert len(fills(many)) == 1 + 13
    assert "others" in words(many)


def test_bars_may_keep_their_order():
    buckets = [("head", 1), ("middle", 9), ("tail", 5)]

    assert bars(buckets, "t", in_order=True) != bars(buckets, "t")


def test_columns_and_histograms_have_a_shape_for_each_number_that_is_not_0():
    sizes = ET.fromstring(svg.columns([("2", 40), ("3-4", 0), ("5-8", 1)], "clusters", below="documents of a cluster"))
    marks = [svg.Mark(0.5, -1, "#000000", "< 0.5"), svg.Mark(0.9, 0, "#000000", "= 0.9")]
    spread = ET.fromstring(svg.histogram([5, 0, 3000, 1], (0.0, 1.0), marks, ticks=[(0.0, "0"), (1.0, "1")]))

    assert words(sizes) == ["clusters", "40", "2", "3-4", "1", "5-8", "documents of a cluster"]
    assert len(fills(spread)) == 3
    assert all(float(bar.get("height", 0)) >= 1 for bar in spread.iter(f"{SVG}rect"))
    assert [element.text for element in spread.iter(f"{SVG}title")] == ["< 0.5", "= 0.9"]


def test_a_picture_of_a_dozen_bars_is_a_few_kilobytes():
    reasons = {f"dropped:gopher_repetition:duplicated_{i}_n_grams": 1000 * i for i in range(12)}

    drawn = funnel({"records": 10**9, **reasons}, "corpora.fineweb, resiliparse, CC-MAIN-2025-08: records")

    assert 1_000 < len(drawn or "") < 6_000

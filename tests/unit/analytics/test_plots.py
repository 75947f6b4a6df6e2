"""Pictures: PNG in Markdown, drawn without a warning whatever letters there are; None where there is nothing to draw."""

import base64
import io

import pytest
from PIL import Image

from corpus_platform.analytics.plots import bars, funnel, losses

COUNTERS = {
    "records": 412,
    "dropped:too_short": 30,
    "rejects:not_html": 56,
    "kept": 326,
    "lines": 9,
    "dropped:never": 0,
}


def image_of(markdown: str) -> tuple[str, Image.Image]:
    """Title and picture."""
    title, _, data = markdown.removeprefix("![").removesuffix(")").partition("](data:image/png;base64,")
    return title, Image.open(io.BytesIO(base64.b64decode(data)))


def colours(picture: Image.Image) -> set[str]:
    return {"#{:02x}{:02x}{:02x}".format(*rgb) for _, rgb in picture.convert("RGB").getcolors(1 << 20)}


def test_losses_are_named_as_people_say_them_and_the_largest_is_first():
    assert losses(COUNTERS) == [("not html", 56), ("too short", 30)]


def test_a_funnel_shows_what_was_read_lost_and_kept():
    title, picture = image_of(funnel(COUNTERS, "web.pages: records"))

    assert title == "web.pages: records"
    assert picture.width == 704
    assert {"#5b7db1", "#d08770", "#2f7d6d"} <= colours(picture)


def test_a_funnel_grows_with_its_reasons():
    heights = [
        image_of(funnel({"records": 99, **{f"dropped:{i}": 1 for i in range(n)}}, "t"))[1].height for n in (1, 5)
    ]

    assert heights[1] > heights[0] + 100


def test_where_nothing_was_counted_there_is_no_picture():
    assert funnel({"rows": 3}, "t") is None
    assert bars([], "t") is None


def test_bars_of_nothing_but_zeros_are_drawn():
    assert image_of(bars([("en", 0)], "t"))[1].width == 704


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("label", ["中文网页", "日本語", "한국어", "عربي", "\U00012000", "$\\bad{$ _y_", ""])
def test_any_letters_are_drawn_without_a_warning(label):
    title, picture = image_of(bars([(label, 3), ("en", 40)], f"语言 [{label}]"))

    assert title == f"语言 ({label})"
    assert picture.height > 50


def test_beyond_a_dozen_bars_the_rest_is_one():
    many = image_of(bars([(f"l{i}", i + 1) for i in range(200)], "t"))[1]
    dozen = image_of(bars([(f"l{i}", i + 1) for i in range(13)], "t"))[1]

    assert many.size == dozen.size


def test_bars_may_keep_their_order():
    buckets = [("head", 1), ("middle", 9), ("tail", 5)]

    assert bars(buckets, "t", in_order=True) != bars(buckets, "t")

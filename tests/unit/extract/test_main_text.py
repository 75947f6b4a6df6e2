"""Main text and title of pages, by both extractors."""

import pytest

from corpus_platform.extract.main_text import TextOptions, clean_lines, extract, extract_plain

METHODS = ["resiliparse", "trafilatura"]

STORY = "".join(
    f"<p>On day {day} the ferry was late again, and the children counted the gulls on the pier until it came round the point. "
    f"Nobody minded very much, for the baker had brought {day} warm loaves.</p>"
    for day in range(1, 7)
)
PAGE = f"""<!DOCTYPE html><html><head><title> The late
  ferry </title></head><body>
<nav><ul><li><a href="/a">Home</a></li><li><a href="/b">Subscribe to our newsletter</a></li></ul></nav>
<article><h1>Late again</h1>{STORY}</article>
<div id="comments" class="comments"><div class="comment"><p>First! I was on that ferry too and it was awful.</p></div></div>
<footer><p>Copyright the ferry company. All rights reserved. Cookie settings</p></footer></body></html>"""


@pytest.mark.parametrize("method", METHODS)
def test_the_story_is_kept_and_what_surrounds_it_is_not(method):
    found = extract(PAGE, method)

    assert "counted the gulls on the pier" in found.text
    assert "6 warm loaves" in found.text
    assert "newsletter" not in found.text
    assert "I was on that ferry too" not in found.text
    assert found.title == "The late ferry"


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>A &amp; B</title><h1>C</h1>", "A & B"),
        ('<title> </title><meta property="og:title" content=" From the  card "><h1>C</h1>', "From the card"),
        ("<body><h1>Only <b>this</b></h1>", "Only this"),
        ("<p>nothing", None),
        ("", None),
        (f"<title>{'x' * 5000}</title>", "x" * 1000),
    ],
)
def test_the_title_is_the_first_that_there_is(html, title):
    assert extract(html).title == title


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "html", ["", "   ", "\0\0", "<script>var text = 'not a word of this';</script>", "<!-- -->", "<html></html>"]
)
def test_a_page_without_text_has_an_empty_text(method, html):
    assert extract(html, method).text == ""


@pytest.mark.parametrize("method", METHODS)
def test_lines_end_in_line_feeds_and_there_are_no_nuls_or_surrogates(method):
    html = PAGE.replace("gulls", "gu\0lls\r\nand \ud800 terns &#xD83D; &#0;")

    text = extract(html, method).text

    text.encode()
    assert "\r" not in text
    assert "\0" not in text
    assert "terns" in text


def test_a_page_does_not_depend_on_the_pages_before():
    alone = extract(PAGE, "trafilatura").text

    for _ in range(6):
        again = extract(PAGE, "trafilatura").text

    assert again == alone != ""


def test_a_paragraph_that_a_page_repeats_is_dropped_only_if_that_is_wished():
    refrain = (
        "<p>The ferry company regrets the delay and asks all passengers to wait in the hall until they are called.</p>"
    )
    html = PAGE.replace("loaves.</p>", "loaves.</p>" + refrain)

    once = extract(html, "trafilatura").text.count("regrets")
    always = extract(html, "trafilatura", TextOptions(deduplicate=False)).text.count("regrets")

    assert once < always


def test_plain_text_passes_through_with_uniform_lines():
    found = extract_plain("one\r\ntwo\rthree\0\n\n<b>four</b> \n")

    assert found.text == "one\ntwo\nthree\n\n<b>four</b>"
    assert found.title is None


def test_unicode_is_left_as_it_is():
    assert clean_lines("e\u0301 ﬁ １") == "e\u0301 ﬁ １"


def test_options_are_closed():
    with pytest.raises(ValueError, match="alt_text"):
        TextOptions.model_validate({"alt_text": True})


def test_justext_keeps_long_paragraphs_of_running_english():
    page = f"<nav><a href=x>Home</a> | <a href=y>News</a></nav>{STORY.replace('</p><p>', ' ')}<p>Share. Like.</p>"

    found = extract(page, "justext")

    assert "counted the gulls on the pier" in found.text
    assert "Home" not in found.text
    assert "Share" not in found.text


@pytest.mark.parametrize("html", ["", "\0", "<!-- -->", "<?xml version='1.0' encoding='gbk'?>", "\ud800"])
def test_justext_gives_an_empty_text_for_a_page_without_paragraphs(html):
    assert extract(html, "justext").text == ""

"""One call per page gives all its columns."""

import pytest

from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.outcome import NotText
from corpus_platform.extract.page import is_plain, language_hint, page_text

GERMAN = (
    "Die Fähre verlässt den Hafen um sieben Uhr morgens und kehrt vor der Dämmerung zurück. An ruhigen Tagen lässt der Kapitän die Kinder ans Steuer. "
    "Bis zu den Inseln ist es weit, zwei Stunden, und an Bord gibt es nur Tee und Brot für müde Gäste."
)


@pytest.fixture
def extractor():
    with Extractor(time_limit=None) as extractor:
        yield extractor


def test_a_page_has_all_its_columns(extractor):
    html = (
        '<html><head><title>Fähre</title><meta name="robots" content="noai">'
        f'<link rel="license" href="https://creativecommons.org/licenses/by-sa/4.0/"></head><body><main><p>{GERMAN}</p></main></body></html>'
    )
    headers = {
        "Content-Type": "text/html; charset=ISO-8859-1",
        "X-Robots-Tag": "noarchive",
        "tdm-reservation": "1",
        "tdm-policy": "/tdm",
    }

    page = page_text(html.encode("cp1252"), headers, headers["Content-Type"], extractor)

    assert page.text == GERMAN
    assert page.title == "Fähre"
    assert (page.charset, page.charset_source, page.replaced) == ("windows-1252", "declared_http", 0)
    assert page.robots == "noarchive,noai"
    assert (page.tdm_reservation, page.tdm_policy) == (True, "/tdm")
    assert page.licence == "CC-BY-SA-4.0"
    assert page.language_hint == "de"
    assert page.language_hint_distance is not None


def test_plain_text_is_not_taken_for_html(extractor):
    page = page_text(b"if a <b> c\r\nthen d\r\n", {}, "text/plain; charset=us-ascii", extractor)

    assert page.text == "if a <b> c\nthen d"
    assert page.title is None


@pytest.mark.parametrize("body", [b"", b"\r\n \n", b"<html><script>var a = 'words, words, words';</script></html>"])
def test_a_page_without_text_is_empty_and_no_error(extractor, body):
    page = page_text(body, {}, "text/html", extractor)

    assert page.text == ""
    assert (page.language_hint, page.language_hint_distance) == (None, None)


def test_bytes_of_an_image_are_refused(extractor):
    image = b"\x89PNG\r\n\x1a\n" + bytes((i * i * 7 + i // 3) % 256 for i in range(5000))

    with pytest.raises(NotText, match="controls") as refused:
        page_text(image, {}, "text/html", extractor)

    assert refused.value.reason == "not_text"


@pytest.mark.parametrize(
    ("body", "content_type", "plain"),
    [
        (b"words", "text/plain", True),
        (b"<html>", "Text/Plain;charset=x", True),
        (b"words", "text/html", False),
        (b"words", "application/xhtml+xml", False),
        (b"words < more words", None, True),
        (b"  <!DOCTYPE html><p>", None, False),
        (b"\xff\xfe<\0h\0t\0m\0l\0>\0", "", False),
        (b"<p>", "application/octet-stream", False),
    ],
)
def test_html_is_told_from_plain_text(body, content_type, plain):
    assert is_plain(body, content_type) is plain


def test_the_language_of_a_few_signs_is_not_known():
    assert language_hint("") == (None, None)
    assert language_hint("1 2 3")[0] is None

"""Charsets of pages are found, declared or not, rightly declared or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_platform.extract.charset import BINARY, decode
from corpus_platform.extract.labels import codec_of

ISLAND = "<html><head>{}</head><body><p>渡轮每天早上七点离开港口，黄昏以前回来。我们在岛上住了三天，看见了很多鸟。</p></body></html>"


def around(text, head=""):
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in text.split(". "))
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body><div class='article'>{paragraphs}</div></body></html>"


def test_a_declared_charset_is_believed_where_its_text_is_plausible(written):
    charset, text = written
    html = around(text)

    decoded = decode(html.encode(charset), http_content_type=f"text/html; charset={charset}")

    assert decoded.text == html
    assert decoded.source == "declared_http"
    assert decoded.replaced == 0
    assert codec_of(decoded.charset) == codec_of(charset)


def test_a_meta_tag_is_believed_where_the_header_is_silent(written):
    charset, text = written
    html = around(text, f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">')

    decoded = decode(html.encode(charset), http_content_type="text/html")

    assert (decoded.text, decoded.source) == (html, "declared_meta")


def test_an_undeclared_charset_is_detected(written):
    charset, text = written
    html = around(text)

    decoded = decode(html.encode(charset))

    assert decoded.text == html
    assert decoded.source == "detected"


@pytest.mark.parametrize("wrong", ["ISO-8859-1", "utf-8", "gb2312", "windows-1251", "euc-kr", "no-such-charset"])
def test_a_wrong_declaration_is_overruled_by_the_text(written, wrong):
    charset, text = written
    html = around(text)

    decoded = decode(html.encode(charset), http_content_type=f"text/html; charset={wrong}")

    assert decoded.text == html
    assert decoded.replaced == 0


def test_the_servers_latin_1_yields_to_the_pages_own_declaration():
    html = ISLAND.format('<meta charset="gb2312">')

    decoded = decode(html.encode("gb2312"), http_content_type="text/html; charset=ISO-8859-1")

    assert decoded.text == html
    assert (decoded.charset, decoded.source) == ("gb18030", "declared_meta")
    assert (decoded.declared_http, decoded.declared_meta) == ("windows-1252", "gb18030")


@pytest.mark.parametrize(("charset", "name"), [("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")])
@pytest.mark.parametrize("mark", ["\ufeff", ""], ids=["with mark", "without mark"])
def test_utf_16_is_read_with_and_without_a_mark(charset, name, mark):
    html = ISLAND.format('<meta charset="utf-16">')

    decoded = decode((mark + html).encode(charset), http_content_type="text/html")

    assert decoded.text == html
    assert decoded.charset == name
    assert decoded.source == ("bom" if mark else "detected")


def test_a_utf_8_mark_wins_over_the_header_and_is_not_part_of_the_text():
    html = ISLAND.format("")

    decoded = decode(b"\xef\xbb\xbf" + html.encode(), http_content_type="text/html; charset=gbk")

    assert (decoded.text, decoded.charset, decoded.source) == (html, "utf-8", "bom")


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "shift_jis", "euc-kr", "big5", "utf-16-le"])
def test_a_character_cut_off_at_the_end_is_dropped(charset):
    text = "<html><p>" + {
        "shift_jis": "港を出て、日が暮れる前に戻ります。" * 4,
        "euc-kr": "배는 매일 아침 항구를 떠나 돌아옵니다. " * 4,
    }.get(charset, "船出港口回來三天看見" * 8)
    body = text.encode(charset)

    decoded = decode(body[:-1], http_content_type=f"text/html; charset={charset}")

    assert decoded.replaced == 0
    assert decoded.text in (text[:-1], text[:-2], text)


def test_a_few_bad_bytes_do_not_make_a_utf_8_page_something_else():
    body = ISLAND.format("").encode() * 5 + b"<p>Caf\xe9</p>"

    decoded = decode(body, http_content_type="text/html; charset=utf-8")

    assert (decoded.charset, decoded.replaced) == ("utf-8", 1)
    assert decoded.text.endswith("<p>Caf\ufffd</p>")


def test_a_replacement_character_that_the_page_itself_has_is_not_counted():
    decoded = decode("<p>d\ufffdj\u00e0 vu, encore et encore, tr\u00e8s \u00e9trange</p>".encode())

    assert decoded.replaced == 0


def test_two_bytes_that_are_utf_8_by_chance_are_read_as_declared():
    decoded = decode("<p>联通</p>".encode("gbk"), http_content_type="text/html; charset=gbk")

    assert decoded.text == "<p>联通</p>"


def test_pure_ascii_keeps_its_declaration_and_is_utf_8_without_one():
    body = b"<html><p>plain</p></html>"

    assert (decode(body).charset, decode(body).source) == ("utf-8", "default")
    declared = decode(body, http_content_type="text/html;charset=iso-8859-1")
    assert (declared.text, declared.charset, declared.source) == (body.decode(), "windows-1252", "declared_http")


def test_a_declaration_inside_a_comment_or_in_plain_text_does_not_count():
    body = '<!-- <meta charset="gbk"> --><p>Überfahrt über Nacht für müde Gäste</p>'.encode()

    assert decode(body).declared_meta is None
    assert decode(b'<meta charset="gbk">', is_html=False).declared_meta is None


def test_an_xml_declaration_counts():
    xml = '<?xml version="1.0" encoding="koi8-r"?><rss><title>Паром уходит из гавани утром</title></rss>'

    decoded = decode(xml.encode("koi8-r"), http_content_type="application/xml")

    assert (decoded.text, decoded.source) == (xml, "declared_meta")


def test_circled_numbers_and_wave_dashes_of_japanese_vendors_are_read():
    html = "<p>①港を出て、②日が暮れる前に戻ってきます。〜売店にはお茶とパンしかありません。</p>"

    decoded = decode(html.encode("euc_jis_2004"), http_content_type="text/html; charset=euc-jp")

    assert decoded.text == html


def test_an_empty_body_is_an_empty_text():
    decoded = decode(b"", http_content_type="text/html; charset=big5")

    assert (decoded.text, decoded.replaced, decoded.garbage) == ("", 0, 0.0)


def test_binary_bytes_are_known_by_their_garbage():
    image = bytes((i * i * 7 + i // 3) % 256 for i in range(20_000))

    assert decode(image, http_content_type="text/html").garbage > BINARY
    assert decode(ISLAND.format("").encode()).garbage < 0.01


@pytest.mark.parametrize("filling", [b"\0", b"\0" * 900])
def test_a_page_with_nuls_is_still_text(filling):
    page = b"<html><p>Ferry timetable for the islands, every day at seven.</p>" + filling + b"</html>"

    decoded = decode(filling + page * 3)

    assert decoded.garbage < BINARY
    assert "timetable" in decoded.text


@given(
    st.binary(max_size=400),
    st.sampled_from(
        [
            None,
            "text/html",
            "text/html; charset=gbk",
            "text/html; charset=utf-16",
            "charset=hz",
            'charset=""',
            "charset=rot13",
        ]
    ),
)
def test_no_bytes_make_it_fail_and_no_text_holds_surrogates(body, content_type):
    decoded = decode(body, http_content_type=content_type)

    decoded.text.encode()

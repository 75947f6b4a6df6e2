"""MNBVC's detection: the charset whose text is made of common characters has the vote of a chunk."""

import pytest

from corpus_platform.extract.charset_mnbvc import CHUNK, mnbvc_charset

ZH = "今天天气很好，我们去公园散步。公园里有很多花，也有人在钓鱼。" * 60
TW = "今天天氣很好，我們去公園散步。公園有很多花，也有人在釣魚，時間還長。" * 60
MIXED = "Python 3 是一门语言。It is used for data. 我们学习它的用法。" * 60


@pytest.mark.parametrize(
    ("text", "charset", "sane", "reference"),
    [
        (ZH, "utf-8", "utf_8", "utf_8"),
        (ZH, "gbk", "gb18030", "gb18030"),
        (ZH, "utf-16", "utf_16", "utf_8"),
        (TW, "utf-8", "utf_8", "utf_8"),
        (TW, "big5", "big5", "utf_8"),
        (MIXED, "gbk", "gb18030", "utf_8"),
        ("hello world " * 50, "ascii", "utf_8", "utf_8"),
    ],
)
def test_the_charset_of_a_text(text, charset, sane, reference):
    data = text.encode(charset, "ignore")

    assert mnbvc_charset(data) == sane
    assert mnbvc_charset(data, reference=True) == reference


def test_few_candidates_make_a_short_text_sure():
    assert mnbvc_charset("联通的人".encode("gbk"), ("gbk", "utf_8")) == "gbk"
    assert mnbvc_charset("联通的人".encode(), ("gbk", "utf-8")) == "utf_8"


def test_a_character_cut_off_at_a_chunks_end_does_not_count_against_a_charset():
    data = "，" + "的" * CHUNK

    assert mnbvc_charset(data.encode()) == "utf_8"
    assert mnbvc_charset(("a" + data).encode("gbk")) == "gb18030"


def test_nothing_has_no_charset():
    assert mnbvc_charset(b"") is None
    assert mnbvc_charset(b"", reference=True) is None

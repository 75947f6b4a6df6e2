"""Labels of charsets mean what the web means by them."""

import pytest

from corpus_platform.extract.labels import codec_of, name_of


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("ISO-8859-1", "windows-1252"),
        ("latin1", "windows-1252"),
        ("us-ascii", "windows-1252"),
        ("iso-8859-9", "windows-1254"),
        ("gb2312", "gb18030"),
        ("GBK", "gb18030"),
        ("x-gbk", "gb18030"),
        ("big5-hkscs", "big5"),
        ("x-sjis", "shift_jis"),
        ("Windows-31J", "shift_jis"),
        ("ks_c_5601-1987", "euc-kr"),
        ("tis-620", "windows-874"),
        ("KOI8-U", "koi8-u"),
        ("cp866", "ibm866"),
        ("MacCyrillic", "x-mac-cyrillic"),
        ("iso-8859-8-i", "iso-8859-8"),
        ("UTF8", "utf-8"),
        ("utf8mb4", "utf-8"),
        ("utf-16", "utf-16-le"),
        (" 'win-1251' ", "windows-1251"),
        ("x-cp1250", "windows-1250"),
        ("iso88592", "iso-8859-2"),
        ("ISO_8859-15:1998", "iso-8859-15"),
    ],
)
def test_a_label_is_read_as_the_web_reads_it(label, name):
    codec = codec_of(label)

    assert codec is not None
    assert name_of(codec) == name


@pytest.mark.parametrize(
    "label", [None, "", "none", "rot13", "hex", "base64", "utf-7", "idna", "unicode_escape", "x" * 100, "\0", "é"]
)
def test_what_names_no_charset_of_pages_is_nothing(label):
    assert codec_of(label) is None


def test_a_reported_name_is_a_label_of_its_codec():
    for label in (
        "gb2312",
        "big5",
        "sjis",
        "euc-kr",
        "koi8-r",
        "windows-1252",
        "iso-8859-5",
        "ibm855",
        "macintosh",
        "hz-gb-2312",
        "iso-2022-jp",
    ):
        codec = codec_of(label)

        assert codec_of(name_of(codec)) == codec

"""Names of charsets: what a page calls its encoding -> the Python codec that reads it -> the name we report.

Follows the WHATWG Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels) where a label means more than it says: ISO-8859-1 and
ASCII are read as windows-1252, GB2312 and GBK as GB18030, Shift_JIS as cp932, EUC-KR as cp949, TIS-620 as windows-874. Encodings that the standard leaves out
but old pages use (IBM 8xx, Mac, HZ, ISO-2022-KR) are read too, and labels are forgiven their spelling (`win-1251`, `utf8mb4`).

Not here: which of several names is right (charset.py).
"""

import codecs
import re
from functools import lru_cache

_MEANS_MORE = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
    "iso2022_jp_2": "iso2022_jp_ext",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
    "utf-8-sig": "utf-8",
}
"""Python's codec for the label -> the codec that reads what pages so labelled hold."""

_ALIASES = {
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode20utf8": "utf-8",
    "ansi": "cp1252",
    "x-user-defined": "cp1252",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "x-mac-ce": "mac_latin2",
    "dos-874": "cp874",
    "koi": "koi8_r",
    "koi8": "koi8_r",
    "koi8_ru": "koi8_u",
    "koi8-ru": "koi8_u",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb-2312": "gb18030",
    "gb-18030": "gb18030",
    "csgb2312": "gb18030",
    "x-gbk": "gb18030",
    "x-euc-cn": "gb18030",
    "euc-cn": "gb18030",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "shift-jis": "cp932",
    "windows-31j": "cp932",
    "ms_kanji": "cp932",
    "x-euc-jp": "euc_jp",
    "euc": "euc_jp",
    "cseucpkdfmtjapanese": "euc_jp",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "korean": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "hz-gb-2312": "hz",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "ucs-2": "utf-16-le",
    "iso-10646-ucs-2": "utf-16-le",
    "unicode": "utf-16-le",
    "csunicode": "utf-16-le",
    "unicodefeff": "utf-16-le",
    "unicodefffe": "utf-16-be",
}
"""Labels that Python does not know, or knows as something else."""

_NAMES = {
    "big5hkscs": "big5",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "cp874": "windows-874",
    "euc_jp": "euc-jp",
    "euc_jis_2004": "euc-jp",
    "shift_jis_2004": "shift_jis",
    "cp950": "big5",
    "iso2022_jp_ext": "iso-2022-jp",
    "iso2022_kr": "iso-2022-kr",
    "hz": "hz-gb-2312",
    "mac-roman": "macintosh",
    "mac-cyrillic": "x-mac-cyrillic",
}

_NOT_TEXT = {"utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
"""Codecs of Python that are no charset of a page."""

_WINDOWS = re.compile(r"^(?:x-)?(?:cp|win|windows|ms|microsoft-cp|ibm)[-_ ]?(125\d|874|93[26]|949|950)$")
_ISO_8859 = re.compile(r"^(?:x-)?(?:iso)?[-_ ]?8859[-_ ]?(\d{1,2})(?:[-_:].*)?$")
_IBM = re.compile(r"^(?:x-)?(?:cp|ibm|dos)[-_ ]?(\d{3})$")
_UTF_8 = re.compile(r"^utf[-_ ]?8(?:mb[34])?$")


@lru_cache(maxsize=1024)
def codec_of(label: str | None) -> str | None:
    """Python codec that reads pages labelled so, under Python's own name for it; None where the label means nothing."""
    if not label:
        return None
    name = label.strip(" \t\r\n\f\"'").lower()
    if not name or len(name) > 64:
        return None
    known = _ALIASES.get(name) or _respelt(name)
    for attempt in (known, name, name.removeprefix("x-")):
        codec = _python_name(attempt)
        if codec is not None:
            return _MEANS_MORE.get(codec, codec)
    return None


def name_of(codec: str) -> str:
    """Name to report for a codec: the WHATWG one in lower case where it has one, else the usual one (`ibm855`)."""
    if codec in _NAMES:
        return _NAMES[codec]
    if codec.startswith("cp125"):
        return f"windows-{codec[2:]}"
    if codec.startswith("cp"):
        return f"ibm{codec[2:]}"
    if codec.startswith("iso8859"):
        return f"iso-8859-{codec.rpartition('-')[2]}"
    return codec.replace("_", "-")


def _respelt(name: str) -> str | None:
    """The plain form of the common misspellings of a label."""
    if _UTF_8.match(name):
        return "utf-8"
    for pattern, form in ((_WINDOWS, "cp{}"), (_ISO_8859, "iso8859-{}"), (_IBM, "cp{}")):
        found = pattern.match(name)
        if found:
            return form.format(found[1])
    return None


def _python_name(label: str | None) -> str | None:
    """Python's own name for a text encoding; None where there is none of that name."""
    if not label:
        return None
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return None
    is_text = getattr(info, "_is_text_encoding", True) and info.name.replace("_", "-") not in _NOT_TEXT
    return info.name if is_text else None

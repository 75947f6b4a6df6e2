"""Expressions of e-mail, IP and web addresses in running text: FlagData's, and ours.

FlagData's IP expression knows no boundaries (10.0.0.256 loses `10.0.0.25`), its link expression needs a word boundary before the scheme, so that a
link right behind a Chinese character stays, and takes whatever follows up to white space, Chinese sentences too.

Not here: personal data with what stands in its place (pii.py), rules about the address of a page (signals/url.py).
"""

from __future__ import annotations

import re

from corpus_platform.clean.pii import Detector, is_ip
from corpus_platform.clean.pii_styles import ANY_IPV4

FLAGDATA_EMAIL = r"(?i)[A-Z0-9.+_\u0130\u0131-]+@[A-Z0-9.+_\u0130\u0131-]+\.[A-Z\u0130\u0131]+"
_OCTET = "(?:1[0-9][0-9]|2[0-4][0-9]|25[0-5]|[1-9][0-9]|[0-9])"
_POINTED = r"(?:1[0-9][0-9]\.|2[0-4][0-9]\.|25[0-5]\.|[1-9][0-9]\.|[0-9]\.)"
FLAGDATA_IP = rf"{_POINTED}{{3}}{_OCTET}|(?:[\da-fA-F]{{1,4}}:){{7}}[\da-fA-F]{{1,4}}"
_WORD = r"\p{L}\p{N}_"
FLAGDATA_LINK = (
    rf"(?i)(?P<before>^|[^{_WORD}])"
    rf"(?P<cut>(?:https?|ftp)://[{_WORD}-]+(?:\.[{_WORD}-]+)+(?::[0-9]+)?(?:/[^\s\x1c-\x1f]*)?)"
)

EMAIL = (
    r"(?i)[a-z0-9](?:[a-z0-9._%+\-]{0,62}[a-z0-9_%+\-])?@(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}"
)
_STOPS = r"\s<>\"'“”‘’«»`{}|\\^\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}，。、；：？！（）《》【】「」『』…"
_PAIR = rf"\([^{_STOPS}()]*\)"
_HOST = r"(?:(?:\p{Han}{1,20}|[a-z0-9-]{1,63})\.)+(?:中国|公司|网络|cn|com|net|org)"
_REST = rf"(?:[^{_STOPS}()]|{_PAIR})*(?:[^{_STOPS}().,;:!?\[\]]|{_PAIR})"
LINK = rf"(?i)(?:(?:https?|ftps?|sftp)://|(?-u:\b)www\d{{0,2}}\.)(?:{_HOST}(?:{_REST})?|{_REST})"
"""A scheme or `www.`, up to white space, quotes or the first character of a script without spaces; marks at the end are the sentence's, brackets in pairs
the address's."""

_EDGE = "0-9A-Za-z.:_-"
IP_DETECTORS = (
    Detector(
        "ipv4",
        re.compile(rf"(?<![\w.]){ANY_IPV4.pattern.pattern}(?!\w|\.\d)", re.ASCII),
        bits=ANY_IPV4.bits,
        accept=lambda match: is_ip(match[0]),
    ),
    Detector(
        "ipv6",
        re.compile(rf"(?<![{_EDGE}])[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*[0-9A-Fa-f:](?![0-9A-Za-z_])"),
        bits=4,
        accept=lambda match: len(match[0]) > 6 and is_ip(match[0]),
    ),
)
"""IPv4 that is no part of a longer number, IPv6 in any of its forms (`::` included); what is short (`a::b`) is a name of a program's."""

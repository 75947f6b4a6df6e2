"""The styles in which systems find and replace personal data: FineWeb, Dolma, ROOTS, MNBVC, and our own for Chinese and mixed text.

Not here: the search itself (pii.py), the step of a recipe (recipes/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from corpus_platform.clean.pii import AT, CHINESE_ID, COLONS, DOTTED, SEPARATORS, Detector, is_ip, is_public_ipv4
from corpus_platform.clean.social_pii import INSTEAD, SOCIAL

if TYPE_CHECKING:
    from collections.abc import Mapping

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HAN = "\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_DASHES = "\\-\u058a\u05be\u2010-\u2015\u2e3a\u2e3b\u301c\u3030\ufe31\ufe32\ufe58\ufe63\uff0d"
_EDGE = rf"\s@,?!;:'\"(.{_HAN}"


@dataclass(frozen=True)
class Style:
    """What a system looks for, in the order of precedence, and by what it replaces each kind."""

    name: str
    detectors: tuple[Detector, ...]
    replacements: Mapping[str, tuple[str, ...]]
    source: str


FINEWEB_EMAIL = Detector(
    "email",
    # The RFC's addresses; in the address literal of the peer's pattern a bracket closes nothing: `[1.2.3.x-:]`.
    re.compile(
        rf"\b{_ATOM}(?:\.{_ATOM})*@(?:(?:{_LABEL}\.)+{_LABEL}|\[(?:{_OCTET}\.){{3}}(?:{_OCTET}|[A-Za-z0-9-]*[A-Za-z0-9]:)])"
    ),
    bits=AT,
)
_EMAIL_ANYWHERE = re.compile(rf"(?<![\w.!#$%&'*+/=?^`{{|}}~-]){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}", re.ASCII)
"""Also right behind a Chinese character, which is a word character to `\\b`."""
PUBLIC_IPV4 = Detector("ip", re.compile(_IPV4), bits=DOTTED, accept=lambda match: is_public_ipv4(match[0]))
ANY_IPV4 = Detector("ip", re.compile(_IPV4), bits=DOTTED)

FINEWEB = Style(
    "fineweb",
    (FINEWEB_EMAIL, PUBLIC_IPV4),
    {
        "email": ("email@example.com", "firstname.lastname@example.org"),
        "ip": ("22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168"),
    },
    "datatrove formatters/pii.py",
)


def _has_a_domain(match: re.Match[str]) -> bool:
    user, domain = match[1].split("@", 1)
    return user.strip() != "(" and "." in domain


_BEFORE = r"[.\s@,?!;:)(]"
DOLMA = Style(
    "dolma",
    (
        Detector(
            "EMAIL_ADDRESS",
            re.compile(rf"{_BEFORE}*([^\s@]+@[^\s@,?!;:)(]+?){_BEFORE}?\s"),
            bits=AT,
            accept=_has_a_domain,
            reach=1024,
        ),
        Detector("PHONE_NUMBER", re.compile(r"(?<!\s)\s+\(?(\d{3})\)?[-. ]*(\d{3})[-. ]?(\d{4})"), run=4, digits=10),
        Detector("IP_ADDRESS", re.compile(_IPV4), bits=DOTTED),
    ),
    {kind: (f" |||{kind}||| ",) for kind in ("EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS")},
    "dolma taggers/pii.py, pii_regex_with_counts_fast_v2",
)
"""The kinds are the tagger's own types. An address at the very end of a text is missed, for the pattern wants white space after it."""

DOLMA_SANE = Style(
    "dolma",
    (
        replace(FINEWEB_EMAIL, kind="EMAIL_ADDRESS"),
        Detector(
            "PHONE_NUMBER",
            re.compile(r"(?<![^\s:])\(?[0-9]{3}\)?[-. ]{0,3}[0-9]{3}[-. ]?[0-9]{4}(?![0-9])"),
            run=4,
            digits=10,
        ),
        replace(ANY_IPV4, kind="IP_ADDRESS"),
    ),
    DOLMA.replacements,
    "our own patterns for the same kinds: the address alone, also at the end of a text",
)


_A_DATE = re.compile(
    rf"[12]\d{{3}}[{_DASHES}/.][0-3]\d[{_DASHES}/.][0-3]\d|[0-3]\d[{_DASHES}/.][0-3]\d[{_DASHES}/.](?:\d{{2}}|[12]\d{{3}})"
)


def _is_an_address(match: re.Match[str]) -> bool:
    return is_ip(match[0]) and not _A_DATE.fullmatch(match[0])


def _is_a_key(match: re.Match[str]) -> bool:
    """Four digits and no slash: paths of addresses look like keys."""
    return "/" not in match[0] and sum(character.isdigit() for character in match[0]) >= 4


_LETTERS = "(?:[A-Za-z]{1,64}+)"
_KEY_PART = rf"(?:[\d{_DASHES}/+=:_]{{1,64}}+)"
ROOTS = Style(
    "roots",
    (
        Detector(
            "EMAIL",
            re.compile(
                rf"(?<![^{_EDGE})<])[^\s@?!;,:)('\"<]+@[^\s@!?;,/]*[^\s@!?;,/:)('\">.]\.[^\W\d_]\w+(?![^{_EDGE})>])"
            ),
            bits=AT,
        ),
        Detector(
            "IP_ADDRESS", re.compile(rf"(?<![^{_EDGE})]){_IPV4}(?![^{_EDGE}])"), bits=DOTTED, accept=_is_an_address
        ),
        Detector(
            "IP_ADDRESS",
            re.compile(rf"(?<![^{_EDGE})])[0-9A-Fa-f:.]{{2,45}}(?![^\s@,?!;'\"({_HAN}])"),
            bits=COLONS,
            accept=lambda match: ":" in match[0] and _is_an_address(match),
        ),
        Detector("USER", re.compile(rf"(?<![^)(\s@,?!;:'\"{_HAN}])@[^)(\s@,?!;:'\"]{{3,}}"), bits=AT),
        Detector(
            "KEY",
            re.compile(
                rf"(?<![^{_EDGE})])(?=[A-Za-z{_DASHES}/+=:_]{{0,64}}\d)"
                rf"(?:(?:{_LETTERS}{_KEY_PART}){{4,32}}+{_LETTERS}?+|(?:{_KEY_PART}{_LETTERS}){{4,32}}+{_KEY_PART}?+)(?![^{_EDGE})])"
            ),
            bits=SEPARATORS,
            accept=_is_a_key,
        ),
    ),
    {kind: (f"PI:{kind}",) for kind in ("EMAIL", "IP_ADDRESS", "USER", "KEY")},
    "BigScience data-preparation 02_pii; KEY is ours, in linear time; the peer's takes paths of addresses and phone numbers too",
)


def long_digits(least: int) -> Detector:
    """Strings of at least so many digits, of any script."""
    return Detector("digits", re.compile(rf"\d{{{least},}}"), run=least)


MNBVC = Style("mnbvc", (long_digits(8),), {"digits": ("",)}, "MNBVC README: digit strings of 8 and more are removed")

CHINESE = Style(
    "chinese",
    (
        replace(FINEWEB_EMAIL, pattern=_EMAIL_ANYWHERE),
        CHINESE_ID,
        Detector(
            "phone",
            re.compile(
                r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9](?:[0-9]{8}|-[0-9]{4}-[0-9]{4}| [0-9]{4} [0-9]{4})(?![0-9])"
            ),
            digits=11,
        ),
        Detector(
            "phone",
            re.compile(r"(?<![0-9-])(?:\(0[1-9][0-9]{1,2}\)|(0[1-9][0-9]{1,2})-)[2-9][0-9]{6,7}(?![0-9-])"),
            digits=10,
            run=7,
        ),
        PUBLIC_IPV4,
        Detector(
            "account",
            re.compile(r"(?<![0-9])(?:QQ|qq|微信|VX|vx)(?:群|号)?[:：]?\s{0,2}([1-9][0-9]{4,11})(?![0-9])"),
            run=5,
            group=1,
        ),
    ),
    {"email": ("<邮箱>",), "id": ("<身份证号>",), "phone": ("<电话>",), "ip": ("<IP>",), "account": ("<账号>",)},
    "our own; identity numbers by GB 11643, mobile numbers by their first digits",
)

SOCIAL_STYLE = Style(
    "social", SOCIAL, INSTEAD, "our own, of what people write on the web: handles, pages about people and accounts too"
)

STYLES = {style.name: style for style in (FINEWEB, DOLMA, ROOTS, MNBVC, CHINESE, SOCIAL_STYLE)}
"""Every style by name."""

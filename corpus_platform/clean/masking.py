"""Personal data masked in what people merely look at: previews in the web UI, samples in a report, rows that a check found.

Here a find too many costs nothing and one too few is told to everybody who can open a page, so what is looked for is wider than in any recipe:
addresses of mail in every style (`%40` too), IP addresses of both families, telephone and identity numbers with any spacing, accounts, and each
string of seven digits or more. Dates stay.
Promise: the same text is masked in the same way, and what has been masked is masked no further.

Not here: personal data in what is published (pii.py, the step `pii` of a recipe).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from corpus_platform.clean.pii import Detector, find, texts_after
from corpus_platform.clean.pii import replace as replaced
from corpus_platform.clean.pii_styles import ANY_IPV4, CHINESE, ROOTS, long_digits
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

MAIL, ADDRESS, PHONE, IDENTITY, ACCOUNT, NUMBER = "‹e-mail›", "‹IP›", "‹phone›", "‹identity›", "‹account›", "‹number›"
"""What stands in place of a find."""

_DATE = re.compile(
    r"(?:1[89]|20)\d\d[-/. ][01]?\d[-/. ][0-3]?\d(?:[ T]+[0-2]?\d)?|[0-3]?\d[-/. ][01]?\d[-/. ](?:1[89]|20)\d\d"
)
_YEARS = re.compile(r"(?:1[89]|20)\d\d(?: ?[-/–] ?(?:1[89]|20)\d\d)+")
_ENOUGH = 8
"""Digits of a telephone number with its area; shorter ones that are written in one piece are long digits."""


def _is_a_phone(match: re.Match[str]) -> bool:
    """Enough digits, and neither a date nor a span of years."""
    text = match[0].strip()
    digits = sum(character.isdigit() for character in text)
    return digits >= _ENOUGH and not _DATE.fullmatch(text) and not _YEARS.fullmatch(text)


def _of(style: tuple[Detector, ...], kinds: dict[str, str]) -> tuple[Detector, ...]:
    """Detectors of a style under the masks that stand for their kinds; those of other kinds are left out."""
    return tuple(replace(detector, kind=kinds[detector.kind]) for detector in style if detector.kind in kinds)


_ROUNDS = (
    (
        *_of(CHINESE.detectors, {"email": MAIL}),
        *_of(ROOTS.detectors, {"EMAIL": MAIL}),
        Detector(MAIL, re.compile(r"[\w.+-]{1,64}+%40[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
        *_of(CHINESE.detectors, {"id": IDENTITY, "phone": PHONE, "account": ACCOUNT}),
        replace(ANY_IPV4, kind=ADDRESS, bits=0),
        *_of(ROOTS.detectors, {"IP_ADDRESS": ADDRESS}),
    ),
    (
        Detector(
            PHONE, re.compile(r"(?<![\w%])[+＋]?[(（]?\d(?:[ \xa0().（）/–‐‑-]{0,3}\d){7,18}(?!\w)"), accept=_is_a_phone
        ),
    ),
    (replace(long_digits(7), kind=NUMBER),),
)
"""Of two finds that touch one is taken; so what could reach over another find is looked for when that is masked."""


def masked(texts: Sequence[str]) -> list[str]:
    """The texts with every find replaced by what it is, e.g. `‹e-mail›`.."""
    found = list(texts)
    for detectors in _ROUNDS:
        batch = TextBatch.of(found)
        instead = {detector.kind: (detector.kind,) for detector in detectors}
        found = texts_after(batch, replaced(batch, find(batch, detectors), detectors, instead))[0]
    return found

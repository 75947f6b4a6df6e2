r"""Secrets in programs: keys of known forms, private keys, passwords in addresses, and values of high entropy that are assigned to a secret's name.

Promise: a find is a range of the text with its kind, in order and apart; what only stands for a secret (`<your-key>`, `xxxx`, `${TOKEN}`, `changeme`) is none.
Source: forms of keys as their makers document them; kinds and replacements after Li et al. 2023 (StarCoder), section 4.

Not here: the step (recipes/), other personal data (pii.py).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

REPLACEMENTS = {
    "private_key": "<PRIVATE_KEY>",
    "key": "<KEY>",
    "password": "<PASSWORD>",
    "secret": "<SECRET>",
    "email": "<EMAIL>",
}
"""Kinds of finds in the order of precedence, and what stands in their place."""

_PRIVATE = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?P<secret>[A-Za-z0-9+/=\s\\,:.\"'#*-]{40,12000}?)"
    r"-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
)
_KEYS = re.compile(
    r"(?<![A-Za-z0-9_/+-])(?P<secret>"
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z2-7]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,64}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,}"
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,99}|whsec_[A-Za-z0-9]{24,64}"
    r"|AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{30,}"
    r"|sk-(?:proj-|ant-(?:api\d\d-)?)?[A-Za-z0-9_-]{32,180}|hf_[A-Za-z0-9]{30,40}|r8_[A-Za-z0-9]{37}"
    r"|npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{50,}|dop_v1_[a-f0-9]{64}|shpat_[a-fA-F0-9]{32}"
    r"|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}|SK[a-f0-9]{32}|key-[a-f0-9]{32}|sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}"
    r"|\d{8,10}:AA[A-Za-z0-9_-]{33}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r")(?![A-Za-z0-9_/+-])"
)
_ADDRESS = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,64}:(?P<secret>[^\s:/@\"'<>]{3,128})@(?=[A-Za-z0-9\[])"
)
_ASSIGNED = re.compile(
    r"(?i)(?<![a-z0-9])[\w.-]{0,40}?(?:passwo?r?d|passwd|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|private[_-]?key|client[_-]?secret|account[_-]?key|credentials?)"
    r"[\w.-]{0,20}[\"']?\s{0,3}(?::=|=>|[:=])\s{0,3}(?P<quote>[\"'`]?)(?P<secret>[A-Za-z0-9+/=_.~!@#$%^&*-]{12,200})(?P=quote)(?=[\s,;)\]}\"'`]|$)"
)
_EMAIL = re.compile(
    r"(?<![\w.+/:@%-])(?P<secret>[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}[a-z]{2,18})(?![\w@(-])"
)
_STANDS_FOR = re.compile(
    r"(?i)example|sample|dummy|fake|placeholder|change[-_]?me|your[-_ ]|insert|redacted|x{4,}|\*{3,}|\.{3,}|0{8,}"
    r"|1234567|abcdef(?!.*\d.*\d.*\d)|^test|^none$|^null$|<|>|\$\{|\{\{|%\(|^\$|^%|^\{"
)
_SHARED_MAIL = re.compile(
    r"(?i)^(?:git|noreply|no-reply|hg|svn)@|@(?:.*\.)?example\.(?:com|org|net)$|@(?:.*\.)?(?:test|invalid|localhost|local)$|@users\.noreply\."
)
_LOOKED_FOR = {
    "private_key": r"PRIVATE KEY",
    "key": r"AKIA|ASIA|AGPA|AIDA|AROA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|(?:sk|rk|pk)_(?:live|test)_|whsec_|AIza|GOCSPX-|ya29\.|sk-|hf_|r8_|npm_"
    r"|pypi-AgE|dop_v1_|shpat_|SG\.|SK[a-f0-9]{32}|key-[a-f0-9]{32}|sq0|\d{8}:AA|eyJ",
    "password": r"://[^\s/@]*:[^\s/@]+@",
    "secret": r"(?i)(?:passw|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|account[_-]?key|credential)[\w.\-\"']{0,22}\s{0,3}[:=]",
    "email": r"\w@[A-Za-z0-9]",
}
_PATTERNS = {"private_key": _PRIVATE, "key": _KEYS, "password": _ADDRESS, "secret": _ASSIGNED, "email": _EMAIL}
_ENTROPY = 3.6
_LEAST = 16
_WORDS = re.compile(r"[A-Za-z]{4,}")


@dataclass(frozen=True)
class Secret:
    """A find: `start` and `end` in characters, and its kind."""

    start: int
    end: int
    kind: str


def find_secrets(
    texts: pl.Series, kinds: Collection[str] = tuple(REPLACEMENTS), domains: Collection[str] = ()
) -> Iterator[tuple[int, list[Secret]]]:
    """Each text that has some, by its number, with its finds. `domains` are the ends of hosts that an e-mail address may have; any where it is empty."""
    asked = [kind for kind in REPLACEMENTS if kind in kinds]
    frame = pl.DataFrame({"text": texts}).select(
        pl.col("text").str.contains(_LOOKED_FOR[kind]).alias(kind) for kind in asked
    )
    some = (
        np.flatnonzero(frame.select(pl.any_horizontal(pl.all())).to_series().to_numpy()) if asked else np.empty(0, int)
    )
    for i in some.tolist():
        text = texts[i]
        found: list[Secret] = []
        for kind in asked:
            if frame[kind][i]:
                found += [
                    one
                    for one in _finds(kind, text, domains)
                    if all(one.end <= o.start or o.end <= one.start for o in found)
                ]
        if found:
            yield i, sorted(found, key=lambda one: one.start)


def entropy(text: str) -> float:
    """Shannon entropy of a text's characters, in bits for each."""
    size = len(text)
    return -sum(n / size * log2(n / size) for n in Counter(text).values()) if size else 0.0


def _finds(kind: str, text: str, domains: Collection[str]) -> Iterator[Secret]:
    for match in _PATTERNS[kind].finditer(text):
        value = match["secret"]
        if _counts(kind, value, domains):
            yield Secret(*match.span("secret"), kind)


def _counts(kind: str, value: str, domains: Collection[str]) -> bool:
    match kind:
        case "private_key":
            return len(set(value)) > 16
        case "email":
            return not _SHARED_MAIL.search(value) and (not domains or value.rpartition(".")[2] in domains)
        case "key":
            return not _STANDS_FOR.search(value) and entropy(value) > 3 and any(c.isdigit() for c in value)
        case "password":
            return not _STANDS_FOR.search(value) and value.lower() not in {
                "pass",
                "password",
                "pwd",
                "secret",
                "token",
                "pw",
            }
    return _is_a_secret(value)


def _is_a_secret(value: str) -> bool:
    """Long, mixed and without order: letters and digits, no path, no dotted name, no words."""
    if (
        len(value) < _LEAST
        or _STANDS_FOR.search(value)
        or not any(c.isdigit() for c in value)
        or not any(c.isalpha() for c in value)
    ):
        return False
    if re.fullmatch(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+", value) or value.count("/") > len(value) // 8:
        return False
    if re.fullmatch(r"[A-Za-z_]\w*", value) and sum(c.isdigit() for c in value) < 3:
        return False  # A name: `credentials: S3CredentialsComponent`.
    words = sum(len(word) for word in _WORDS.findall(value) if word.islower() or word.istitle() or word.isupper())
    return words < len(value) * 0.6 and entropy(value) >= (_ENTROPY if len(value) > 20 else _ENTROPY - 0.4)

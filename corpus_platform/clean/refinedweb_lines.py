"""RefinedWeb's line-wise corrections as DCLM does them: which lines go, and what is left of the text after each rule.

The rules follow one another: after each of them the text is stripped as a whole, so the next one sees its first line without the white space before
it. (DCLM strips after the last one with the first phrase that it looks for.)
Promise: equal to applying DCLM's modifiers one after the other.
Source: Penedo et al. 2023, appendix; mlfoundations/dclm, baselines/mappers/modifiers.py.

Not here: substrings of a line (recipes/steps/refinedweb.py), thresholds.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.lines import trim
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch

LINE_RULES = ("", "uppercase", "numeric", "counter", "too_few_words", "blank")
"""What a line's verdict means; `blank`: it was stripped from an end of the text."""

_UPPER = np.uint32(unicode.UPPER)
_DIGIT = np.uint32(unicode.DIGIT_CHARACTER)
_DECIMAL = np.uint32(unicode.DECIMAL)
_SPACE = np.uint32(unicode.SPACE)
_WORD = np.uint32(unicode.WORD)
_ALPHANUMERIC = np.uint32(unicode.ALPHANUMERIC)
_COUNTED = b"likes shares comments retweets reposts quotes bookmarks upvotes downvotes downloads views followers "
_COUNTED_BYTES = np.frombuffer(_COUNTED, np.uint8)


def corrected_lines(
    batch: TextBatch, uppercase: float, numeric: float, min_words: int, *, counters: bool = True
) -> tuple[Spans, np.ndarray]:
    """Each line (of a split at newlines) with what was stripped from it, and its verdict: an index of `LINE_RULES`, int8[lines].

    A line goes whose share of capital letters is above `uppercase`, of digits above `numeric`, that is a counter such as `3 likes`, or that has fewer
    than `min_words` words.
    """
    lines = batch.lines
    start, end, verdict = _corrected(
        batch.data,
        lines.start,
        lines.end,
        batch.document_line,
        unicode.facts(),
        uppercase,
        numeric,
        counters,
        min_words,
    )
    return Spans(batch.data, start, end), verdict


def fasttext_words(batch: TextBatch) -> np.ndarray:
    """Words of each text as DCLM counts them: cut by fastText at ASCII white space, those that begin with a letter or figure: int64[n]."""
    return _fasttext_words(batch.data, batch.document_start, unicode.facts())


@kernel
def _corrected(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    document_line: np.ndarray,
    facts: np.ndarray,
    uppercase: float,
    numeric: float,
    counters: bool,
    min_words: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stripped start and end of each line, and its verdict."""
    start, end = start.copy(), end.copy()
    verdict = np.zeros(start.size, np.int8)
    for d in range(document_line.size - 1):
        first, last = document_line[d], document_line[d + 1]
        for rule in range(1, 5):
            if rule == 3 and not counters:
                continue
            for line in range(first, last):
                if verdict[line] or start[line] == end[line]:
                    continue
                if rule == 3:
                    goes = _is_counter(data, start[line], end[line], facts)
                else:
                    characters, upper, digits, words = _counts(data, start[line], end[line], facts)
                    goes = (
                        (rule == 1 and upper / characters > uppercase)
                        or (rule == 2 and digits / characters > numeric)
                        or (rule == 4 and words < min_words)
                    )
                if goes:
                    verdict[line] = rule
            _strip_document(data, start, end, verdict, first, last, facts)
    return start, end, verdict


@kernel
def _strip_document(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    verdict: np.ndarray,
    first: int,
    last: int,
    facts: np.ndarray,
) -> None:
    """Takes white space off both ends of the lines that stay."""
    line = first
    while line < last:
        if verdict[line] == 0:
            start[line], _ = trim(data, start[line], end[line], facts, True, False)
            if start[line] < end[line]:
                break
            verdict[line] = 5
        line += 1
    line = last - 1
    while line >= first:
        if verdict[line] == 0:
            _, end[line] = trim(data, start[line], end[line], facts, False, True)
            if start[line] < end[line]:
                break
            verdict[line] = 5
        line -= 1


@part
def _counts(data: np.ndarray, i: int, end: int, facts: np.ndarray) -> tuple[int, int, int, int]:
    """Characters, capital letters, digits and words of a line."""
    characters, upper, digits, words = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    between = True
    while i < end:
        code, size = decode(data, i)
        fact = facts[code]
        characters += 1
        upper += (fact & _UPPER) != 0
        digits += (fact & _DIGIT) != 0
        space = (fact & _SPACE) != 0
        words += between and not space
        between = space
        i += size
    return characters, upper, digits, words


@part
def _skip_other(data: np.ndarray, i: int, end: int, facts: np.ndarray) -> int:
    """The first word character from i on."""
    while i < end:
        code, size = decode(data, i)
        if facts[code] & _WORD:
            break
        i += size
    return i


@part
def _is_counter(data: np.ndarray, i: int, end: int, facts: np.ndarray) -> bool:
    """Is a line a number, a unit of thousands maybe, and one of the counted things, with nothing but marks around."""
    i = _skip_other(data, i, end, facts)
    if i == end or not facts[decode(data, i)[0]] & _DECIMAL:
        return False
    while i < end:
        code, size = decode(data, i)
        if not (code == 44 or code == 46 or facts[code] & _DECIMAL):  # noqa: PLR1714  (a set would be made each time)
            break
        i += size
    if i < end and (data[i] | 32) in (107, 109, 98):
        i += 1
    elif i + 2 < end and data[i] == 0xE2 and data[i + 1] == 0x84 and data[i + 2] == 0xAA:
        # The Kelvin sign is a k in lower case.
        i += 3
    gap = i
    while i < end:
        code, size = decode(data, i)
        if not facts[code] & _SPACE:
            break
        i += size
    return i > gap and _counted_thing(data, i, end, facts)


@part
def _counted_thing(data: np.ndarray, i: int, end: int, facts: np.ndarray) -> bool:
    """Is the rest of a line one of the counted things and marks."""
    at, same = i, True
    for byte in _COUNTED_BYTES:
        if byte != 32:
            same = same and at < end and data[at] < 128 and (data[at] | 32) == byte
            at += 1
            continue
        if same and _skip_other(data, at, end, facts) == end:
            return True
        at, same = i, True
    return False


@kernel
def _fasttext_words(data: np.ndarray, document_start: np.ndarray, facts: np.ndarray) -> np.ndarray:
    """Runs between ASCII white space and NUL that begin with a letter or figure."""
    count = np.zeros(document_start.size - 1, np.int64)
    for d in range(count.size):
        between = True
        for i in range(document_start[d], document_start[d + 1]):
            byte = data[i]
            space = byte == 32 or 9 <= byte <= 13 or byte == 0
            if between and not space:
                count[d] += (facts[decode(data, i)[0]] & _ALPHANUMERIC) != 0
            between = space
    return count

"""Sentences of a line, counted by rule: what spaCy's blank English pipeline with its sentencizer finds, without spaCy.

A sentence ends with a mark that is a token of its own; the next token that is no punctuation begins another. So the rule is where spaCy cuts
tokens: at the ends of a word (quotes, brackets, punctuation), at a point after a small letter, figure, closing mark or two capitals, unless the
word is an abbreviation, and inside a word at a point between a small and a capital letter. Full-width marks end a sentence only at the end of a
word to spaCy; `wide` lets them end one wherever they stand, as Chinese and Japanese are written.
Source: explosion/spaCy 3.8, tokenizer.pyx, sentencizer.pyx, lang/punctuation.py, lang/en/tokenizer_exceptions.py.

Not here: sentences as spans of text, spaCy itself (signals/spacy_words.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.clean import marks
from corpus_platform.text import unicode
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.utf8 import before, decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import Spans

_SPACE = np.uint32(unicode.SPACE)
_PUNCTUATION = np.uint32(unicode.PUNCTUATION)
_ALPHABETIC = np.uint32(unicode.ALPHABETIC)
_UPPER = np.uint32(unicode.UPPER)
_SENTENCE_MARK = np.uint32(marks.SENTENCE_MARK)
_WIDE_MARK = np.uint32(marks.WIDE_MARK)
_PREFIX = np.uint32(marks.PREFIX)
_SUFFIX = np.uint32(marks.SUFFIX)
_BEFORE_POINT = np.uint32(marks.BEFORE_POINT)
_QUOTE = np.uint32(marks.QUOTE)
_MARKED = _PREFIX | _SUFFIX | _SENTENCE_MARK
_ENDS = _SENTENCE_MARK | _WIDE_MARK
_POINT = 46
_BLANK = 32
_PRIME = 509

_WORDS = (
    "Adm. Ak. Ala. Apr. Ariz. Ark. Aug. Bros. Calif. Co. Colo. Conn. Corp. D.C. Dec. Del. Dr. E.G. E.g. Feb. Fla. Ga. Gen. Gov. I.E. I.e. Ia. Id. "
    "Ill. Inc. Ind. Jan. Jr. Jul. Jun. Kan. Kans. Ky. La. Ltd. Mar. Mass. Md. Messrs. Mich. Minn. Miss. Mo. Mont. Mr. Mrs. Ms. Mt. N.C. N.D. N.H. "
    "N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore. Pa. Ph.D. Prof. Rep. Rev. S.C. Sen. Sep. Sept. St. Tenn. Va. Wash. Wis. a.m. co. e.g. i.e. "
    "p.m. v.s. vs. ä. ö. ü."
)
ABBREVIATIONS = (
    *_WORDS.split(),
    *(f"{chr(c)}." for c in range(ord("a"), ord("z") + 1)),
    *(f"{hour}{half}.m." for hour in range(1, 13) for half in "ap"),
)
"""Words whose last point ends no sentence."""


@cache
def abbreviations() -> np.ndarray:
    """The abbreviations as numbers (their bytes, the first the lowest) in an open table: uint64, 0 where there is none."""
    table = np.zeros(512, np.uint64)
    for word in ABBREVIATIONS:
        value = int.from_bytes(word.encode(), "little")
        place = value % _PRIME
        while table[place]:
            place = (place + 1) % table.size
        table[place] = value
    return table


def count_sentences(spans: Spans, *, wide: bool = False) -> np.ndarray:
    """Sentences of each span: int64[n], at least 1. `wide`: full-width marks end a sentence inside a word too."""
    return _count_sentences(spans.data, spans.start, spans.end, marks.facts(), abbreviations(), wide)


def sentences_up_to(
    spans: Spans, document_span: np.ndarray, keep: np.ndarray, most: int, *, wide: bool = False
) -> np.ndarray:
    """Sentences of the spans of each document for which `keep` (bool[s]) holds: int64[n]; nobody counts on where there are `most` or more."""
    return _sentences_up_to(
        spans.data, spans.start, spans.end, document_span, keep, marks.facts(), abbreviations(), wide, most
    )


@kernel
def _sentences_up_to(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    document_span: np.ndarray,
    keep: np.ndarray,
    facts: np.ndarray,
    known: np.ndarray,
    wide: bool,
    most: int,
) -> np.ndarray:
    """`sentences_in` of the kept ranges of each document, until there are enough."""
    count = np.zeros(document_span.size - 1, np.int64)
    for d in range(count.size):
        for row in range(document_span[d], document_span[d + 1]):
            if keep[row]:
                count[d] += sentences_in(data, start[row], end[row], facts, known, wide)
                if count[d] >= most:
                    break
    return count


@kernel
def _count_sentences(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, facts: np.ndarray, known: np.ndarray, wide: bool
) -> np.ndarray:
    """`sentences_in` of each range."""
    count = np.empty(start.size, np.int64)
    for row in range(start.size):
        count[row] = sentences_in(data, start[row], end[row], facts, known, wide)
    return count


@part
def sentences_in(data: np.ndarray, start: int, end: int, facts: np.ndarray, known: np.ndarray, wide: bool) -> int:
    """Sentences of one line. Until a mark comes nothing can begin, so only words with marks, and what follows them, are looked at."""
    count, ended = 1, False
    i = start
    while i < end:
        if not ended:
            i = _next_mark(data, i, end, facts)
            if i == end:
                break
            first = _word_start(data, start, i, facts)
            i, _, _ = _run(data, first, end, facts)
            begun, ended = _word(data, first, i, facts, known, wide, ended)
            count += begun
            continue
        first = i
        i, some, every = _run(data, i, end, facts)
        if every & _SPACE:
            # One space belongs to the word before it; any other white space is a token, and no punctuation.
            if i - first > 1 or data[first] != _BLANK:
                count += 1
                ended = False
        elif some & _MARKED:
            begun, ended = _word(data, first, i, facts, known, wide, ended)
            count += begun
        elif not every & _PUNCTUATION:
            count += 1
            ended = False
    return count


@part
def _next_mark(data: np.ndarray, i: int, end: int, facts: np.ndarray) -> int:
    """The next character from i on that may end a sentence."""
    while i < end:
        byte = data[i]
        if byte < 0x80:
            if byte == _POINT or byte == 33 or byte == 63:  # noqa: PLR1714  (a set would be made each time)
                break
            i += 1
        else:
            code, size = decode(data, i)
            if facts[code] & _ENDS:
                break
            i += size
    return i


@part
def _word_start(data: np.ndarray, start: int, i: int, facts: np.ndarray) -> int:
    """Where the word that holds byte i begins."""
    while i > start:
        earlier = before(data, i)
        if facts[decode(data, earlier)[0]] & _SPACE:
            break
        i = earlier
    return i


@part
def _run(data: np.ndarray, i: int, end: int, facts: np.ndarray) -> tuple[int, np.uint32, np.uint32]:
    """The word or the white space that begins at i: its end, and the facts of some and of all of its characters."""
    some, every = np.uint32(0), np.uint32(0xFFFFFFFF)
    space = facts[decode(data, i)[0]] & _SPACE
    while i < end:
        byte = data[i]
        if byte < 0x80:
            fact, size = facts[byte], 1
        else:
            code, size = decode(data, i)
            fact = facts[code]
        if fact & _SPACE != space:
            break
        some |= fact
        every &= fact
        i += size
    return i, some, every


@part
def _is_known(data: np.ndarray, start: int, end: int, known: np.ndarray) -> bool:
    """Is the word an abbreviation."""
    if end - start > 7 or end <= start or data[end - 1] != _POINT:
        return False
    value = np.uint64(0)
    for i in range(end - start):
        value |= np.uint64(np.uint64(data[start + i]) << np.uint64(8 * i))
    place = np.int64(value % np.uint64(_PRIME))
    while known[place] != 0:
        if known[place] == value:
            return True
        place = (place + 1) & (known.size - 1)
    return False


@part
def _is_known_before(data: np.ndarray, start: int, point: int, facts: np.ndarray, known: np.ndarray) -> bool:
    """Do the letters before a point make an abbreviation with it, as in `R-Neb.`."""
    first = point
    while first > start:
        earlier = before(data, first)
        code = decode(data, earlier)[0]
        if code == _POINT or code == 39 or code == 0x2019:  # noqa: PLR1714  (a set would be made each time)
            return False
        if not facts[code] & _ALPHABETIC:
            break
        first = earlier
    return _is_known(data, first, point + 1, known)


@part
def _prefix_size(data: np.ndarray, start: int, end: int, facts: np.ndarray) -> int:
    """Bytes that are cut off the start of a word."""
    if data[start] == _POINT:
        size = 1
        while start + size < end and data[start + size] == _POINT:
            size += 1
        return size if size > 1 else 0
    code, size = decode(data, start)
    return size if facts[code] & _PREFIX else 0


@part
def _suffix_size(data: np.ndarray, start: int, end: int, facts: np.ndarray) -> int:
    """Bytes that are cut off the end of a word."""
    if start >= end:
        return 0
    if data[end - 1] != _POINT:
        last = before(data, end)
        return end - last if facts[decode(data, last)[0]] & _SUFFIX else 0
    size = 1
    while end - size > start and data[end - size - 1] == _POINT:
        size += 1
    if size > 1 or end - 1 == start:
        return size if size > 1 else 0
    last = before(data, end - 1)
    fact = facts[decode(data, last)[0]]
    after_two_capitals = last > start and fact & facts[decode(data, before(data, last))[0]] & _UPPER
    return 1 if fact & _BEFORE_POINT or after_two_capitals else 0


@part
def _word(
    data: np.ndarray, start: int, end: int, facts: np.ndarray, known: np.ndarray, wide: bool, ended: bool
) -> tuple[int, bool]:
    """Sentences that begin in one word with marks, and whether the last token but punctuation is a mark."""
    count = 0
    last = end
    # The front, until nothing is cut or an abbreviation is left.
    while start < last:
        if _is_known(data, start, last, known):
            break
        front = _prefix_size(data, start, last, facts)
        back = _suffix_size(data, start + front, last, facts)
        if front and _is_known(data, start + front, last, known):
            back = 0
        elif back and _is_known(data, start, last - back, known):
            front = 0
        if front == 0 and back == 0:
            break
        if front:
            begun, ended = _token(data, start, start + front, facts, ended)
            count += begun
        start += front
        last -= back
    begun, ended = _middle(data, start, last, facts, known, wide, ended)
    count += begun
    # What was cut off the end, from the front on.
    while last < end:
        size = _back_size(data, last, end)
        if not (size == 1 and data[last] == _POINT and _is_known_before(data, start, last, facts, known)):
            begun, ended = _token(data, last, last + size, facts, ended)
            count += begun
        last += size
    return count, ended


@part
def _back_size(data: np.ndarray, i: int, end: int) -> int:
    """Bytes of the next token among those that were cut off an end: a run of points, or one character."""
    if data[i] != _POINT:
        return decode(data, i)[1]
    size = 1
    while i + size < end and data[i + size] == _POINT:
        size += 1
    return size


@part
def _token(data: np.ndarray, start: int, end: int, facts: np.ndarray, ended: bool) -> tuple[int, bool]:
    """A token that was cut off: does it begin a sentence, and has one ended after it."""
    code, size = decode(data, start)
    fact = facts[code]
    if fact & _SENTENCE_MARK and size == end - start:
        return 0, True
    if ended and not fact & _PUNCTUATION:
        return 1, False
    return 0, ended


@part
def _is_host(data: np.ndarray, start: int, end: int) -> bool:
    """Is the word an address, or a host name with its last part of two or more small ASCII letters: one token, whatever points it has."""
    tail = end
    for i in range(start, end):
        byte = data[i]
        if byte == 58 and i + 2 < end and data[i + 1] == 47 and data[i + 2] == 47:
            return True
        if byte == _POINT:
            tail = i
        elif not (48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 45):
            return False
    small = 0
    for i in range(tail + 1, end):
        small += 97 <= data[i] <= 122
    return start < tail and small >= 2 and small == end - tail - 1


@part
def _middle(
    data: np.ndarray, start: int, end: int, facts: np.ndarray, known: np.ndarray, wide: bool, ended: bool
) -> tuple[int, bool]:
    """The rest of a word without what was cut off its ends: one token, unless a point or an ellipsis inside parts it."""
    if start >= end:
        return 0, ended
    code, size = decode(data, start)
    if start + size == end:
        return _token(data, start, end, facts, ended)
    if _is_known(data, start, end, known):
        return (1, False) if ended else (0, False)
    if _is_host(data, start, end):
        return (1, False) if ended else (0, False)
    count, left = 0, np.uint32(0)
    i = start
    while i < end:
        code, size = decode(data, i)
        fact = facts[code]
        mark = wide and (fact & _WIDE_MARK) != 0
        if code == _POINT and left & _BEFORE_POINT and left & (_ALPHABETIC | _QUOTE) and i + 1 < end:
            right = facts[decode(data, i + 1)[0]]
            mark = ((right & _UPPER) != 0 or (right & _QUOTE) != 0) and not _is_known_before(
                data, start, i, facts, known
            )
        if mark:
            ended = True
        elif ended and not fact & _PUNCTUATION:
            count += 1
            ended = False
        left = fact
        i += size
    return count, ended

r"""One pass over the characters of raw texts for all that RedPajama-V2 counts without comparing words.

What a character means to the pass is a bit in a table (`character_table`), one for the reference's rules and one for the sane ones; the pass is the
same. A *word* here is a token of NLTK's wordpunct, whose `\w` is Unicode's since NLTK 3.10 (it was `re`'s, which cuts words at combining marks); in the
sane table each Chinese character or kana is a word of its own.
A line keeps its newline; a *normalised* word of a line is a run between white space that is not all ASCII punctuation.
Source: RedPajama-Data 6d2cee9, app/src/core/quality_signals/{natural_language,lines,content}.py.

Not here: which signals come of it (rpv2.py, rpv2_lines.py), words that are hashed (text/words.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch

_U32 = np.uint32
SPACE, WORD, UPPER, NOT_UPPER, ALPHABETIC, SENTENCE_START, SENTENCE_END, TERMINAL = (_U32(1 << bit) for bit in range(8))
BULLET, DELETED, NUMERIC, ALONE, DOT, SYMBOL, ELLIPSIS, BRACE, ANY = (_U32(1 << bit) for bit in range(8, 17))
_RARE = _U32(DOT | SYMBOL | ELLIPSIS | BRACE)
_CASED = _U32(UPPER | NOT_UPPER)
_KIND = _U32(WORD | ALONE)

_A, _LETTERS = np.uint8(ord("a")), np.uint8(26)
_U64 = np.uint64
_MIX, _ONE = _U64(0xE7037ED1A0B428DB), _U64(1)
_BULLETS = "\u2022\u2023\u25b6\u25c0\u25e6\u25a0\u25a1\u25aa\u25ab\u2013"
SENTENCE_ENDS = ".!?", ".!?…。！？｡．؟۔।॥։።"
"""Characters that end a sentence: to the reference, and in fact."""
TERMINAL_MARKS = ".!?”", '.!?…。！？｡．؟۔।॥։።"”’»」』'
"""Characters that end a line properly: to the reference, and in fact: the ends of sentences, and closing quotes."""

SENTENCES, SYMBOLS, BRACES, WORDS, ALPHABETIC_WORDS, UPPER_WORDS, ELLIPSIS_LINES, CHARACTERS = range(8)
LINE_END, LINE_UPPER, LINE_NUMERIC, LINE_WORDS, LINE_TERMINAL, LINE_BULLET = range(6)


class Scan(NamedTuple):
    """What the pass found.

    `document` int32[n, 8]: columns SENTENCES to CHARACTERS; `line` int32[6, m]: rows LINE_END (characters of the document up to and with the
    line) to LINE_BULLET; `document_line` int64[n + 1]; `word_hash` uint64[w], of the characters of each word, lower-cased unless the reference is asked
    for, and `document_word` int64[n + 1]. These hashes are not those of text/words.py.
    """

    document: np.ndarray
    line: np.ndarray
    document_line: np.ndarray
    word_hash: np.ndarray
    document_word: np.ndarray


def scan(batch: TextBatch, *, reference: bool) -> Scan:
    """The pass over a batch."""
    table = character_table(reference=reference)
    folded = _folded(lower=not reference)
    return Scan(*_scan(batch.data, batch.document_start, table, folded, one_ellipsis=not reference))


@cache
def character_table(*, reference: bool) -> np.ndarray:
    """What each code point means: uint32 of size 0x110000."""
    facts = unicode.facts()
    table = np.zeros(unicode.CODE_POINTS, np.uint32)
    cjk = unicode.HAN | unicode.KANA
    for bit, flag in (
        (SPACE, unicode.SPACE),
        (SENTENCE_START, unicode.WORD),
        (UPPER, unicode.UPPER),
        (NOT_UPPER, unicode.NOT_UPPER),
        (ALPHABETIC, unicode.ASCII_LETTER if reference else unicode.ALPHABETIC),
        (DELETED, unicode.ASCII_PUNCTUATION),
    ):
        table[(facts & flag) != 0] |= bit
    table[word_characters()] |= WORD
    numeric = _numeric_when_normalised(facts)
    if not reference:
        table[(facts & cjk) != 0] |= ALONE
        numeric &= (facts & unicode.HAN) == 0
    table[numeric] |= NUMERIC
    for bit, characters in (
        (SENTENCE_END, SENTENCE_ENDS[not reference]),
        (TERMINAL, TERMINAL_MARKS[not reference]),
        (BULLET, _BULLETS),
        (DOT, "." if reference else ".。"),
        (SYMBOL, "#"),
        (ELLIPSIS, "…" if reference else "…⋯"),
        (BRACE, "{}"),
    ):
        table[[ord(c) for c in characters]] |= bit
    table.flags.writeable = False
    return table


@cache
def word_characters() -> np.ndarray:
    r"""`\w` as Unicode defines it (UTS 18) and the `regex` module follows: bool of size 0x110000.

    Letters, marks, decimal digits, letter-like numbers and symbols, connectors, and the two joiners; `re` has neither marks nor joiners, but all numbers.
    """
    category = np.array(list(map(unicodedata.category, map(chr, range(unicode.CODE_POINTS)))))
    first = category.astype("U1")
    word = (first == "L") | (first == "M") | np.isin(category, ["Nd", "Nl", "Pc"])
    for low, high in ((0x200C, 0x200D), (0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)):
        word[low : high + 1] = True
    return word


def _numeric_when_normalised(facts: np.ndarray) -> np.ndarray:
    """Is the character numeric after lower case and NFD: bool. No character becomes two numeric ones."""
    numeric = (facts & unicode.NUMERIC) != 0
    lower = unicode.code_points() & unicode.LOWER
    for c in range(0x80, unicode.CODE_POINTS):
        if unicodedata.decomposition(chr(c)) or lower[c] != c:
            numeric[c] = any(map(str.isnumeric, unicodedata.normalize("NFD", chr(c).lower())))
    return numeric


@cache
def _folded(*, lower: bool) -> np.ndarray:
    """What each character is compared as: uint32 of size 0x110000. In lower case both small sigmas are one, and the capital I with a dot has none."""
    every = np.arange(unicode.CODE_POINTS, dtype=np.uint32)
    if not lower:
        return every
    folded = (unicode.code_points() & np.uint32(unicode.LOWER)).astype(np.uint32)
    folded[unicode.FINAL_SIGMA] = folded[unicode.CAPITAL_SIGMA]
    folded[unicode.CAPITAL_I_DOT] = ord("i")
    return folded


@part
def _count_lines(data: np.ndarray, document_start: np.ndarray) -> int:
    """Lines of all documents: newlines, and texts that do not end with one."""
    lines = 0
    for i in range(data.size):
        lines += data[i] == 10
    for d in range(document_start.size - 1):
        last = document_start[d + 1]
        lines += last > document_start[d] and data[last - 1] != 10
    return lines


@part
def _close_word(token: np.uint32, counts: np.ndarray, state: np.uint64, word_hash: np.ndarray, words: int) -> int:
    """Counts a word whose characters have some facts and keeps its hash; facts of 0 are no word. Returns the number of words so far."""
    if not token:
        return words
    counts[WORDS] += 1
    counts[ALPHABETIC_WORDS] += (token & ALPHABETIC) != 0
    counts[UPPER_WORDS] += (token & _CASED) == UPPER
    word_hash[words] = state
    return words + 1


@part
def _close_line(
    line: np.ndarray, row: int, characters: int, head: np.uint32, tail: np.uint32, dots: int, counts: np.ndarray
) -> None:
    """Ends a line whose first and last black characters have some facts (0: it is blank) and which ends with a run of dots."""
    line[LINE_END, row] = characters
    line[LINE_BULLET, row] = (head & BULLET) != 0
    line[LINE_TERMINAL, row] = (tail & TERMINAL) != 0
    counts[ELLIPSIS_LINES] += dots >= 3 or (tail & ELLIPSIS) != 0


@kernel
def _scan(  # noqa: C901, PLR0915  (one loop: each character is looked at once)
    data: np.ndarray, document_start: np.ndarray, table: np.ndarray, folded: np.ndarray, one_ellipsis: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The pass: what `Scan` holds. `one_ellipsis`: a run of them is one symbol."""
    documents = document_start.size - 1
    document = np.zeros((documents, 8), np.int32)
    line = np.zeros((6, _count_lines(data, document_start)), np.int32)
    document_line = np.zeros(documents + 1, np.int64)
    word_hash, document_word = np.empty(data.size, np.uint64), np.zeros(documents + 1, np.int64)
    small = table[_A]
    row, words = 0, 0
    for d in range(documents):
        i, last = document_start[d], document_start[d + 1]
        counts = document[d]
        characters, dots, before, in_sentence = 0, 0, 0, False
        # Facts of the word so far and its kind; of the line's first and last black character; of the run between white space.
        token, kind, head, tail, run = _U32(0), _U32(0), _U32(0), _U32(0), _U32(0)
        state = _U64(0)
        while i < last:
            code, size = np.int64(data[i]), 1
            if code >= 0x80:
                code, size = decode(data, i)
            fact = table[code]
            i += size
            characters += 1
            if fact & SPACE:
                words = _close_word(token, counts, state, word_hash, words)
                line[LINE_WORDS, row] += run != 0
                token, kind, run, state = _U32(0), _U32(0), _U32(0), _U64(0)
                if code == 10:
                    _close_line(line, row, characters, head, tail, dots, counts)
                    row += 1
                    dots, head, tail = 0, _U32(0), _U32(0)
                before = code
                continue
            own = _U32((fact & _KIND) | ANY)
            if own != kind or fact & ALONE:
                words = _close_word(token, counts, state, word_hash, words)
                token, kind, state = _U32(0), own, _U64(0)
            token |= fact | ANY
            state = _U64(state * _MIX + _U64(folded[code]) + _ONE)
            run |= (fact & DELETED) ^ DELETED
            line[LINE_UPPER, row] += (fact & UPPER) != 0
            line[LINE_NUMERIC, row] += (fact & NUMERIC) != 0
            head = head or _U32(fact | ANY)
            tail = fact
            if fact & SENTENCE_END:
                in_sentence = False
            elif fact & SENTENCE_START and not in_sentence:
                in_sentence = True
                counts[SENTENCES] += 1
            dots = (dots + 1 if before == code else 1) if fact & DOT else 0
            if fact & _RARE:
                counts[SYMBOLS] += (fact & SYMBOL) != 0 or (dots > 0 and dots % 3 == 0)
                counts[SYMBOLS] += (fact & ELLIPSIS) != 0 and not (one_ellipsis and before == code)
                counts[BRACES] += (fact & BRACE) != 0
            before = code
            # A small letter after a small letter changes nothing but the number of characters.
            if fact == small:
                after = i
                while i < last and np.uint8(data[i] - _A) < _LETTERS:
                    state = _U64(state * _MIX + _U64(data[i]) + _ONE)
                    i += 1
                characters += i - after
        words = _close_word(token, counts, state, word_hash, words)
        document_word[d + 1], counts[CHARACTERS] = words, characters
        if i > document_start[d] and data[i - 1] != 10:
            line[LINE_WORDS, row] += run != 0
            _close_line(line, row, characters, head, tail, dots, counts)
            row += 1
        document_line[d + 1] = row
    return document, line, document_line, word_hash[:words], document_word

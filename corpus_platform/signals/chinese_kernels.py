"""Loops over the characters of Chinese texts: counts, lines, repetition, domains, title.

All take `codes`, the code points of a batch (uint32), and `start`, the first of each document (int64[n + 1]); documents without a Han character
are passed over. Facts of a character come from `character_table()`.

Not here: what the numbers mean (chinese.py), lists of words (chinese_words.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from functools import cache

import numpy as np

from corpus_platform.clean.script import simplified_characters
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.unicode import ALPHANUMERIC, DECIMAL, HAN, PUNCTUATION, SPACE, facts

EVALWEB = 1 << 22
"""U+4E00 to U+9FA5: what EvalWeb calls a Chinese character."""
TRADITIONAL = 1 << 23
"""Has a Simplified form of its own."""
TERMINAL = 1 << 24
"""Ends a sentence, or closes a quotation or bracket that does."""
CLAUSE = 1 << 25
"""Ends a clause or a sentence."""
STOP = 1 << 26
"""One of the commonest function characters."""
SEPARATOR = 1 << 27
"""Stands between keywords in lists of them."""

_TERMINALS = "。！？…；.!?;”’」』）)】》~～"
_CLAUSES = "。！？…；，、!?;,"
_STOPS = "的了是在不有和人这中大为上个我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所她你它与及或被把从还没很都"
_SEPARATORS = ",，、|｜_/·;；\t \u3000\u00a0-－—>»:："

CHARACTERS, NOT_WHITE, EVALWEB_COUNT, HAN_COUNT, TRADITIONAL_COUNT, PUNCTUATION_COUNT, STOP_COUNT, DIGITS = range(8)
LONGEST_DIGITS, LONG_DIGITS, LONGEST_REPEAT = range(8, 11)
FILLED_LINES, TERMINAL_LINES, SHORT_LINES, PROSE, KEYWORDS, TITLE_END = range(6)
"""Columns of `count_characters` and of `count_lines`."""

GRAM = 13
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xFF51AFD7ED558CCD)


@cache
def character_table() -> np.ndarray:
    """Facts of each code point: those of `text.unicode.facts` and the ones above; uint32 of size 0x110000, read-only."""
    table = facts().copy()
    table[0x4E00:0x9FA6] |= EVALWEB
    simplified = simplified_characters()
    table[simplified != np.arange(simplified.size, dtype=np.uint32)] |= TRADITIONAL
    for bit, characters in ((TERMINAL, _TERMINALS), (CLAUSE, _CLAUSES), (STOP, _STOPS), (SEPARATOR, _SEPARATORS)):
        table[[ord(character) for character in characters]] |= np.uint32(bit)
    table.flags.writeable = False
    return table


@kernel
def may_have_han(data: np.ndarray, document_start: np.ndarray) -> np.ndarray:
    """bool[n]: documents with a UTF-8 byte that Han characters begin with; false says that there is none."""
    found = np.zeros(document_start.size - 1, np.bool_)
    for d in range(found.size):
        for i in range(document_start[d], document_start[d + 1]):
            if data[i] >= 0xE3:
                found[d] = True
                break
    return found


@kernel
def count_characters(codes: np.ndarray, start: np.ndarray, table: np.ndarray) -> np.ndarray:
    """int64[n, 11]: the columns named above; a digit string is long from 8 digits on, a repeat is a run of one character that is not white."""
    count = np.zeros((start.size - 1, 11), np.int64)
    for d in range(start.size - 1):
        run, digits, last = 0, 0, np.uint32(0)
        row = count[d]
        row[CHARACTERS] = start[d + 1] - start[d]
        for i in range(start[d], start[d + 1]):
            fact = table[codes[i]]
            row[EVALWEB_COUNT] += (fact & EVALWEB) != 0
            row[HAN_COUNT] += (fact & HAN) != 0
            row[TRADITIONAL_COUNT] += (fact & TRADITIONAL) != 0
            row[PUNCTUATION_COUNT] += (fact & PUNCTUATION) != 0
            row[STOP_COUNT] += (fact & STOP) != 0
            white, digit = (fact & SPACE) != 0, (fact & DECIMAL) != 0
            row[NOT_WHITE] += not white
            row[DIGITS] += digit
            digits = digits + 1 if digit else 0
            row[LONG_DIGITS] += digits == 8
            row[LONGEST_DIGITS] = max(row[LONGEST_DIGITS], digits)
            run = 0 if white else (run + 1 if codes[i] == last else 1)
            row[LONGEST_REPEAT] = max(row[LONGEST_REPEAT], run)
            last = codes[i]
    return count


@kernel
def count_lines(codes: np.ndarray, start: np.ndarray, table: np.ndarray) -> np.ndarray:
    """int64[n, 6]: the columns named above. A line is filled when it has more than white space, short under 10 such characters.

    A *keyword line* is at least half Han, has five pieces or more between separators, of eight characters or fewer in the mean, and none of 。！？. A
    *prose line* is another one with a Han character that has 20 characters or more and a clause mark, or 5 or more, one of 。！？ and a terminal mark at
    its end. PROSE and KEYWORDS count the characters of such lines, without white space.
    TITLE_END is where the first filled line ends, in `codes`.
    """
    count = np.zeros((start.size - 1, 6), np.int64)
    for d in range(start.size - 1):
        row = count[d]
        begin = start[d]
        for i in range(start[d], start[d + 1] + 1):
            if i < start[d + 1] and codes[i] != 10:
                continue
            _count_line(codes, begin, i, table, row)
            begin = i + 1
    return count


@part
def _count_line(codes: np.ndarray, begin: int, end: int, table: np.ndarray, row: np.ndarray) -> None:
    filled, han, clauses, sentences, pieces, in_piece, last = 0, 0, 0, 0, 0, False, 0
    for i in range(begin, end):
        fact = table[codes[i]]
        separator = (fact & SEPARATOR) != 0
        pieces += not separator and not in_piece
        in_piece = not separator
        if (fact & SPACE) != 0:
            continue
        filled += 1
        last = fact
        han += (fact & HAN) != 0
        clauses += (fact & CLAUSE) != 0
        sentences += codes[i] in (0x3002, 0xFF01, 0xFF1F)
    if filled == 0:
        return
    if row[TITLE_END] == 0:
        row[TITLE_END] = end
    row[FILLED_LINES] += 1
    row[TERMINAL_LINES] += (last & TERMINAL) != 0
    row[SHORT_LINES] += filled < 10
    if pieces >= 5 and filled <= 8 * pieces and sentences == 0 and 2 * han >= filled:
        row[KEYWORDS] += filled
    elif han > 0 and ((filled >= 20 and clauses > 0) or (filled >= 5 and sentences > 0 and (last & TERMINAL) != 0)):
        row[PROSE] += filled


@kernel
def entropies(codes: np.ndarray, start: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Entropy in bits of the characters that are not white: float64[n]."""
    entropy = np.zeros(start.size - 1)
    count = np.zeros(table.size, np.int32)
    for d in range(start.size - 1):
        total = 0
        for i in range(start[d], start[d + 1]):
            if (table[codes[i]] & SPACE) == 0:
                count[codes[i]] += 1
                total += 1
        for i in range(start[d], start[d + 1]):
            if count[codes[i]] > 0:
                share = count[codes[i]] / total
                entropy[d] -= share * np.log2(share)
                count[codes[i]] = 0
    return entropy


@kernel
def repetition(
    codes: np.ndarray, start: np.ndarray, lower: np.ndarray, table: np.ndarray, reference: bool
) -> np.ndarray:
    """Share of the 13-character windows that occur more than once in the lower-cased text without white space: float64[n].

    `reference`: as EvalWeb has it, only spaces, tabs and newlines are taken out (all white space at both ends), and the last window is missed.
    """
    share = np.zeros(start.size - 1)
    longest = 0
    for d in range(start.size - 1):
        longest = max(longest, start[d + 1] - start[d])
    text = np.empty(longest, np.uint32)
    for d in range(start.size - 1):
        first, last = start[d], start[d + 1]
        while reference and first < last and (table[codes[first]] & SPACE) != 0:
            first += 1
        while reference and first < last and (table[codes[last - 1]] & SPACE) != 0:
            last -= 1
        size = 0
        for i in range(first, last):
            code = codes[i]
            if code in (9, 10, 32) or (not reference and (table[code] & SPACE) != 0):
                continue
            text[size] = lower[code]
            size += 1
        windows = size - GRAM + (0 if reference else 1)
        if windows > 0:
            share[d] = _repeated(text, windows) / windows
    return share


@kernel
def _repeated(text: np.ndarray, windows: int) -> int:
    """Windows whose text another window has too, by a 64-bit rolling hash."""
    capacity = 16
    while capacity < 2 * windows:
        capacity *= 2
    key, times = np.zeros(capacity, np.uint64), np.zeros(capacity, np.int32)
    power = np.uint64(1)
    rolling = np.uint64(0)
    for i in range(GRAM):
        power = power * _BASE
        rolling = rolling * _BASE + np.uint64(text[i]) + np.uint64(1)
    found = 0
    for w in range(windows):
        mixed = (rolling ^ (rolling >> np.uint64(32))) * _MIX
        slot = np.int64((mixed ^ (mixed >> np.uint64(29))) & np.uint64(capacity - 1))
        while times[slot] > 0 and key[slot] != rolling:
            slot = (slot + 1) & (capacity - 1)
        key[slot] = rolling
        times[slot] += 1
        found += 2 if times[slot] == 2 else times[slot] > 2
        if w + 1 < windows:
            gone = (np.uint64(text[w]) + np.uint64(1)) * power
            rolling = rolling * _BASE + np.uint64(text[w + GRAM]) + np.uint64(1) - gone
    return found


@kernel
def domains(codes: np.ndarray, start: np.ndarray, not_endings: np.ndarray) -> np.ndarray:
    """int64[n, 3]: internet domains as such or in addresses, their characters, and those whose longest label is mostly digits.

    A domain is a run of ASCII letters, digits, hyphens and points with a last label of 2 to 12 letters which is none of `not_endings` (hashes of
    `ending_hash`, sorted: endings of file names). What follows an `@` is none.
    """
    count = np.zeros((start.size - 1, 3), np.int64)
    for d in range(start.size - 1):
        i = start[d]
        while i < start[d + 1]:
            end = i
            while end < start[d + 1] and _in_domain(codes[end]):
                end += 1
            if end > i and not (i > start[d] and codes[i - 1] == 64):
                _count_domain(codes, i, end, not_endings, count[d])
            i = end + 1
    return count


@kernel
def _in_domain(code: int) -> bool:
    return 97 <= code <= 122 or 48 <= code <= 57 or 65 <= code <= 90 or code in (45, 46)


@part
def _count_domain(codes: np.ndarray, begin: int, end: int, not_endings: np.ndarray, row: np.ndarray) -> None:
    while end > begin and codes[end - 1] == 46:
        end -= 1
    point = end - 1
    ending = np.uint64(0)
    while point >= begin and codes[point] != 46:
        letter = codes[point] | 32
        if not 97 <= letter <= 122:
            return
        ending = ending * np.uint64(27) + np.uint64(letter - 96)
        point -= 1
    if point <= begin or codes[point - 1] in (45, 46) or not 2 <= end - 1 - point <= 12:
        return
    place = np.searchsorted(not_endings, ending)
    if place < not_endings.size and not_endings[place] == ending:
        return
    row[0] += 1
    row[1] += end - begin
    digits, letters, most = 0, 0, False
    for i in range(begin, point + 1):
        if codes[i] == 46:
            most = most or (digits >= 3 and digits >= letters)
            digits, letters = 0, 0
        elif codes[i] <= 57 and codes[i] != 45:
            digits += 1
        else:
            letters += 1
    row[2] += most


def ending_hash(ending: str) -> int:
    """The last label of a domain as `domains` compares it: lower-case ASCII letters, read backwards in base 27."""
    value = 0
    for letter in reversed(ending):
        value = value * 27 + ord(letter) - 96
    return value % 2**64


@kernel
def title_repeats(
    title: np.ndarray,
    title_start: np.ndarray,
    codes: np.ndarray,
    start: np.ndarray,
    body: np.ndarray,
    table: np.ndarray,
) -> np.ndarray:
    """int64[n, 4]: what becomes of a title's phrases in the text from `body` (int64[n]) on; `title` are code points, as `codes` are.

    The columns are occurrences of the first phrase, its characters, lines that begin with it, and different phrases that occur five times or more.
    A phrase is a run of letters, digits and Han characters that has 4 or more (of digits alone: 5), cut at 40. Of a title's phrases the first 12 are
    looked at.
    """
    count = np.zeros((start.size - 1, 4), np.int64)
    for d in range(start.size - 1):
        begin, end = title_start[d], title_start[d + 1]
        i, phrases = begin, 0
        while i < end and phrases < 12:
            first, size = _phrase(title, i, end, table)
            if size == 0:
                break
            phrase = title[first : first + size]
            times, lines = _occurrences(phrase, codes, body[d], start[d + 1])
            if phrases == 0:
                count[d, 0], count[d, 1], count[d, 2] = times, size, lines
            count[d, 3] += times >= 5 and _occurrences(phrase, title, begin, first)[0] == 0
            phrases += 1
            i = first + size
            while i < end and (table[title[i]] & ALPHANUMERIC) != 0:
                i += 1
    return count


@part
def _occurrences(phrase: np.ndarray, codes: np.ndarray, begin: int, end: int) -> tuple[int, int]:
    """How often a phrase stands between two places, one after the other, and how often a line begins with it."""
    times, lines, i = 0, 0, begin
    while i + phrase.size <= end:
        k = 0
        while k < phrase.size and codes[i + k] == phrase[k]:
            k += 1
        if k < phrase.size:
            i += 1
            continue
        times += 1
        lines += i == begin or codes[i - 1] == 10
        i += phrase.size
    return times, lines


@part
def _phrase(codes: np.ndarray, begin: int, end: int, table: np.ndarray) -> tuple[int, int]:
    size, digits = 0, 0
    for i in range(begin, end + 1):
        fact = table[codes[i]] if i < end else 0
        if (fact & ALPHANUMERIC) != 0:
            size += 1
            digits += (fact & DECIMAL) != 0
        elif size >= 5 or (size == 4 and digits < 4):
            return i - size, min(size, 40)
        else:
            size, digits = 0, 0
    return begin, 0

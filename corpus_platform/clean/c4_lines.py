"""C4's page cleaning, a fact sheet for every line: what is wrong with it, its words and sentences, and its text without citations.

The order in which C4 asks is the caller's: `verdicts` follows datatrove and the released code, which agree on it. A line is one of
`str.splitlines`, stripped; text is compared in lower case.
Promise: the facts are those of the plain code of the definition on any text.
Source: Raffel et al. 2020; tensorflow/datasets, text/c4_utils.py (clean_page); huggingface/datatrove, filters/c4_filters.py.

Not here: which numbers a recipe uses (recipes/steps/c4.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from corpus_platform.clean import marks
from corpus_platform.clean.phrases import ANYWHERE, Phrases, phrases_at
from corpus_platform.clean.sentences import abbreviations, sentences_in
from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.kernel import kernel, part
from corpus_platform.text.lines import python_lines, strip
from corpus_platform.text.search import ends_with_any
from corpus_platform.text.utf8 import decode, encode

LOREM, JAVASCRIPT, CURLY, POLICY, BAD_WORD = 1, 2, 4, 8, 16
"""Bits of `Sheet.phrases`."""

POLICY_PHRASES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)
_SPACE = np.uint32(unicode.SPACE)
_CJK = np.uint32(unicode.HAN | unicode.KANA)
_LOWER = np.uint32(unicode.LOWER)
_IS_SPACE, _IS_BRACKET, _IS_FIRST, _IS_OTHER = np.uint8(1), np.uint8(2), np.uint8(4), np.uint8(8)
_IS_THIRD, _IS_WHOLE = np.uint8(16), np.uint8(32)
_DECIMAL = np.uint32(unicode.DECIMAL)
_CITATION_WORDS = np.frombuffer(b"edit]citation needed]", np.uint8)
_CITATION_WORD_START = np.array([0, 5, 21])


@dataclass(frozen=True)
class Sheet:
    """Lines of a batch and their facts, one entry per line.

    `lines`: the stripped lines in the batch; `document_line` int64[n + 1]; `cleaned`: each line without citations, in a buffer of its own; `words`
    int64 before and `words_left` after citations are out; `longest` int64: characters of the longest word; `citations` int64; `phrases` uint32: bits of
    what it holds; `sentences` int64 of the cleaned line.
    """

    lines: Spans
    document_line: np.ndarray
    cleaned: Spans
    words: np.ndarray
    words_left: np.ndarray
    longest: np.ndarray
    citations: np.ndarray
    phrases: np.ndarray
    sentences: np.ndarray


def phrases_of(bad_words: tuple[str, ...] = (), flank: int = ANYWHERE) -> Phrases:
    """C4's phrases, and bad words with the neighbours that they must have."""
    fixed = {"lorem ipsum": LOREM, "javascript": JAVASCRIPT, "{": CURLY} | dict.fromkeys(POLICY_PHRASES, POLICY)
    return Phrases.of(fixed, dict.fromkeys(bad_words, BAD_WORD), flank)


def sheet(
    batch: TextBatch, phrases: Phrases, *, citations: bool = True, wide: bool = False, count_sentences: bool = True
) -> Sheet:
    """The facts of all lines.

    `citations`: take them out before looking; `wide`: Chinese characters and kana are words, and full-width marks end sentences, wherever they stand.
    """
    lines, document_line = python_lines(batch)
    lines = strip(lines)
    facts = marks.facts()
    out, start, end, counts = _sheet(
        batch.data,
        lines.start,
        lines.end,
        facts,
        unicode.code_points(),
        abbreviations(),
        phrases.edges,
        phrases.bits,
        phrases.flanked,
        phrases.flank,
        citations,
        wide,
        count_sentences,
    )
    words, left, longest, cited, found, sentences = counts
    cleaned = Spans(out, start, end)
    return Sheet(lines, document_line, cleaned, words, left, longest, cited, found.astype(np.uint32), sentences)


LINE_RULES = (
    "",
    "too_long_word",
    "no_terminal_punc",
    "too_few_words",
    "lorem_ipsum",
    "javascript",
    "curly_bracket",
    "policy",
    "bad_word",
)
"""What a line's verdict means, as datatrove names it; the first is a line that stays."""
_PAGE_RULES = np.array([4, 6, 8])
"""Verdicts on a line that drop its page."""


@dataclass(frozen=True)
class Rules:
    """What is asked of a line, in the order of the fields; None and False: not asked."""

    max_word_length: int | None
    terminal: tuple[str, ...] | None
    not_terminal: tuple[str, ...]
    min_words: int | None
    words_without_citations: bool
    lorem_ipsum: bool
    javascript: bool
    curly_bracket: bool
    policy: bool
    bad_words: bool


def verdicts(page: Sheet, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """For each line the rule that removes it, or that drops its page, and for each document the line that drops it.

    int8[lines], indexes of `LINE_RULES`, and int64[n]: an index of a line, or -1.
    """
    found = np.zeros(len(page.lines), np.int8)

    def ask(rule: str, holds: np.ndarray) -> None:
        found[(found == 0) & holds] = LINE_RULES.index(rule)

    if rules.max_word_length is not None:
        ask("too_long_word", page.longest > rules.max_word_length)
    if rules.terminal is not None:
        ends = ends_with_any(page.cleaned, rules.terminal)
        if rules.not_terminal:
            ends &= ~ends_with_any(page.cleaned, rules.not_terminal)
        ask("no_terminal_punc", ~ends)
    if rules.min_words is not None:
        words = page.words_left if rules.words_without_citations else page.words
        ask("too_few_words", words < rules.min_words)
    for asked, rule, bit in (
        (rules.lorem_ipsum, "lorem_ipsum", LOREM),
        (rules.javascript, "javascript", JAVASCRIPT),
        (rules.curly_bracket, "curly_bracket", CURLY),
        (rules.policy, "policy", POLICY),
        (rules.bad_words, "bad_word", BAD_WORD),
    ):
        if asked:
            ask(rule, (page.phrases & bit) != 0)
    return found, _first_line(np.flatnonzero(np.isin(found, _PAGE_RULES)), page.document_line)


def _first_line(lines: np.ndarray, document_line: np.ndarray) -> np.ndarray:
    """The first of some lines (sorted) in each document, -1 where it has none."""
    place = np.searchsorted(lines, document_line[:-1])
    found = np.full(document_line.size - 1, -1, np.int64)
    some = place < np.searchsorted(lines, document_line[1:])
    found[some] = lines[place[some]]
    return found


@kernel
def _sheet(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    facts: np.ndarray,
    lower: np.ndarray,
    known: np.ndarray,
    edges: np.ndarray,
    bits: np.ndarray,
    flanked: np.ndarray,
    flank: int,
    citations: bool,
    wide: bool,
    count_sentences: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Bytes of the cleaned lines, their start and end, and rows of counts (see `Sheet`)."""
    total, longest_line = np.int64(0), np.int64(0)
    for line in range(start.size):
        total += end[line] - start[line]
        longest_line = max(longest_line, end[line] - start[line])
    out, first, last = np.empty(total, np.uint8), np.empty_like(start), np.empty_like(end)
    scratch = np.empty(longest_line * 3 // 2 + 4, np.uint8)
    counts = np.zeros((6, start.size), np.int64)
    classes, beginnings = _classes(facts, edges, bits, flanked), _beginnings(edges, bits, flanked)
    to = np.int64(0)
    for line in range(start.size):
        first[line] = to
        to, words, longest, some = _copied(data, start[line], end[line], out, to, classes, beginnings)
        if some & _IS_OTHER:
            words, longest = _words(data, start[line], end[line], facts, wide)
        counts[0, line], counts[1, line], counts[2, line] = words, words, longest
        if citations and some & _IS_BRACKET:
            to, counts[3, line] = _without_citations(data, start[line], end[line], out, first[line], facts)
            if counts[3, line]:
                counts[1, line] = _words(out, first[line], to, facts, wide)[0]
        last[line] = to
        found = np.uint32(0)
        may = some & (_IS_OTHER | _IS_WHOLE) or counts[3, line]
        if may or (some & _IS_THIRD and _may_hold(out, first[line], to, classes, edges, bits, flanked)):
            size = _lower_line(out, first[line], to, scratch, lower)
            for i in range(size):
                if classes[scratch[i]] & _IS_FIRST:
                    found |= phrases_at(scratch, 0, i, size, edges, bits, flanked, flank, facts)
        counts[4, line] = found
        if count_sentences:
            counts[5, line] = sentences_in(out, first[line], to, facts, known, wide)
    return out, first, last, counts


@kernel
def _classes(facts: np.ndarray, edges: np.ndarray, bits: np.ndarray, flanked: np.ndarray) -> np.ndarray:
    """What a byte may be: white space, an opening square bracket, a piece of a character beyond ASCII; the first or all of a phrase in either case."""
    classes = np.zeros(256, np.uint8)
    for byte in range(256):
        small = byte + 32 if 65 <= byte <= 90 else byte
        node = edges[0, small]
        if node:
            classes[byte] = _IS_FIRST | (_IS_WHOLE if bits[node] | flanked[node] else np.uint8(0))
        if byte >= 128:
            # Its lower case may be ASCII.
            classes[byte] |= _IS_OTHER
        elif facts[byte] & _SPACE:
            classes[byte] |= _IS_SPACE
        if byte == 91:
            classes[byte] |= _IS_BRACKET
    return classes


@kernel
def _beginnings(edges: np.ndarray, bits: np.ndarray, flanked: np.ndarray) -> np.ndarray:
    """For the low five bits of three bytes that follow each other: may they begin a phrase, or end with one of two bytes."""
    table = np.zeros(1 << 15, np.uint8)
    for first in range(256):
        one = edges[0, first]
        if one == 0:
            continue
        for second in range(256):
            two = edges[one, second]
            if two == 0:
                continue
            pair = (first & 31) << 5 | second & 31
            if bits[two] | flanked[two]:
                for earlier in range(32):
                    table[earlier << 10 | pair] = _IS_THIRD
            for third in range(256):
                if edges[two, third]:
                    table[pair << 5 | third & 31] = _IS_THIRD
    return table


@part
def _copied(
    data: np.ndarray, start: int, end: int, out: np.ndarray, to: int, classes: np.ndarray, beginnings: np.ndarray
) -> tuple[int, int, int, np.uint8]:
    """Copies a line: where the copy ends, the words and the longest of them if it is ASCII, and what some bytes are."""
    words, longest, size, some = np.int64(0), np.int64(0), np.int64(0), np.uint8(0)
    three = np.int64(0)
    for i in range(start, end):
        byte = data[i]
        kind = classes[byte]
        three = (three << 5 | byte & 31) & 0x7FFF
        some |= kind | beginnings[three]
        words += (size == 0) & ((kind & _IS_SPACE) == 0)
        size = 0 if kind & _IS_SPACE else size + 1
        longest = max(longest, size)
        out[to] = byte
        to += 1
    return to, words, longest, some


@part
def _may_hold(
    data: np.ndarray,
    start: int,
    end: int,
    classes: np.ndarray,
    edges: np.ndarray,
    bits: np.ndarray,
    flanked: np.ndarray,
) -> bool:
    """Do four letters of an ASCII line, in either case, begin a phrase, or all of a shorter one."""
    for i in range(start, end):
        if not classes[data[i]] & _IS_FIRST:
            continue
        node, j = np.int32(0), i
        while j < end and j < i + 4:
            byte = data[j]
            node = edges[node, byte + 32 if 65 <= byte <= 90 else byte]
            if node == 0 or bits[node] | flanked[node]:
                break
            j += 1
        if node:
            return True
    return False


@part
def _words(data: np.ndarray, start: int, end: int, facts: np.ndarray, wide: bool) -> tuple[int, int]:
    """Words between white space, and characters of the longest. `wide`: a Chinese character or kana is a word with what follows it."""
    words, longest, size = np.int64(0), np.int64(0), np.int64(0)
    i, inside = start, False
    while i < end:
        byte = data[i]
        if byte < 0x80:
            fact, width = facts[byte], 1
        else:
            code, width = decode(data, i)
            fact = facts[code]
        i += width
        if fact & _SPACE:
            inside = False
            size = 0
            continue
        size += 1
        longest = max(longest, size)
        if wide and fact & _CJK:
            words += 1
            inside = False
        elif not inside:
            words += size == 1
            inside = True
    return words, longest


@part
def _citation_size(data: np.ndarray, i: int, end: int, facts: np.ndarray) -> int:
    """Bytes of the citation mark that begins at i: digits of any script or one of two words in square brackets; 0 where there is none."""
    for word in range(2):
        first, size = _CITATION_WORD_START[word], _CITATION_WORD_START[word + 1] - _CITATION_WORD_START[word]
        same = i + 1 + size <= end
        for k in range(size):
            if not same:
                break
            same = data[i + 1 + k] == _CITATION_WORDS[first + k]
        if same:
            return size + 1
    j = i + 1
    while j < end:
        code, width = decode(data, j)
        if not facts[code] & _DECIMAL:
            return j + 1 - i if code == 93 else 0
        j += width
    return 0


@part
def _without_citations(
    data: np.ndarray, start: int, end: int, out: np.ndarray, to: int, facts: np.ndarray
) -> tuple[int, int]:
    """Copies a line without its citation marks: where the copy ends, and their number."""
    i, count = start, np.int64(0)
    while i < end:
        if data[i] == 91:
            size = _citation_size(data, i, end, facts)
            if size:
                count += 1
                i += size
                continue
        out[to] = data[i]
        to += 1
        i += 1
    return to, count


@part
def _lower_line(data: np.ndarray, start: int, end: int, out: np.ndarray, lower: np.ndarray) -> int:
    """Writes a line in lower case to the start of `out`: its size."""
    i, to = start, np.int64(0)
    while i < end:
        byte = data[i]
        if byte < 0x80:
            out[to] = byte + 32 if 65 <= byte <= 90 else byte
            to += 1
            i += 1
            continue
        code, size = decode(data, i)
        i += size
        if code == unicode.CAPITAL_I_DOT:
            to = encode(0x69, out, to)
            code = 0x307
        to = encode(np.int64(lower[code] & _LOWER), out, to)
    return to

"""Normal forms of texts at compiled speed: CCNet's, RedPajama-V2's, SlimPajama's, datatrove's, plain lower case and what is left of it without marks.

Each is a table that says what becomes of a character; rewrite.py has the loop. Lower case is Python's `str.lower`, rule of the final sigma included.
Promise: equal to the plain Python of the definition on any text, with the Unicode data of this Python (3.11: Unicode 14).

Not here: hashing (hashing.py, sha1.py), what is done with equal texts (dedup/).
"""

from __future__ import annotations

import string
from functools import cache

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch
from corpus_platform.text.lines import strip
from corpus_platform.text.rewrite import NOTHING, NUMBER, POINT, REPLACEMENT, SPECIAL, WHITE, Rules, rewrite

CC_PUNCTUATION = "，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►"
"""What CCNet deletes from a paragraph before hashing it. ASCII punctuation stays. The full-width one has no effect: it is 0 by then."""

DATATROVE_PUNCTUATION = (
    "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
    + "".join(map(chr, [*range(9), 11, 12, *range(13, 32), *range(127, 160)]))
)
"""What datatrove turns into spaces: 70 marks and the control characters but for tab and newline."""

_DATATROVE_POINTS = ".,،٫⎖⎗⎘"


def norm_cc(lines: Spans) -> Spans:
    """CCNet's normal form of each line, in a buffer of its own.

    Stripped; lower case; every decimal digit becomes 0; 34 punctuation and all control characters deleted. A line's lower case is the same as in its
    document: newlines and white space are neither cased nor ignorable, so no sigma looks past them.
    Source: facebookresearch/cc_net, text_normalizer.py (normalize_for_dedup).
    """
    data, start = rewrite(strip(lines), _cc())
    return Spans(data, start[:-1], start[1:])


def norm_rp(batch: TextBatch) -> TextBatch:
    """RedPajama-V2's normal form of each text: ASCII punctuation deleted; lower case; stripped; white space runs to one space; NFD.

    Source: RedPajama-Data, app/src/utilities/text/normalization.py.
    """
    return TextBatch(*rewrite(batch.documents, _rp()))


def norm_slim(batch: TextBatch) -> TextBatch:
    """SlimPajama's normal form of each text: lower case; ASCII punctuation deleted; stripped; white space runs to one space. No Unicode form.

    Source: Cerebras modelzoo, data_preparation/nlp/slimpajama.
    """
    return TextBatch(*rewrite(batch.documents, _slim()))


def norm_dt(batch: TextBatch) -> TextBatch:
    """Datatrove's normal form of each text, for MinHash: lower case; numbers to 0; punctuation to spaces; white space runs to one; NFD without marks.

    A number is a run of decimal digits, with one decimal point (of seven scripts) and more digits if they follow; 1.2.3 is two. Marks are category Mn. Where
    a mark stood between two spaces both stay. Source: datatrove, utils/text.py (simplify_text with its defaults).
    """
    return TextBatch(*rewrite(batch.documents, _dt()))


def lower(batch: TextBatch) -> TextBatch:
    """`str.lower` of each text."""
    return TextBatch(*rewrite(batch.documents, _lower()))


def letters(batch: TextBatch) -> TextBatch:
    r"""`re.sub(r"\W+", "", text.lower())` of each text: word characters only, without the white space between them.

    RedPajama-1T's for books; MNBVC's is the same, for the Chinese characters that it names beside `\w` are word characters.
    """
    return TextBatch(*rewrite(batch.documents, _letters()))


def code_words(batch: TextBatch) -> TextBatch:
    """The words of programs, with their case and a space between each: runs of letters, digits and low lines, of any script.

    The Stack's code takes ASCII letters only. Source: bigcode-project/bigcode-dataset, near_deduplication: `[^A-Za-z_0-9]`.
    """
    return TextBatch(*rewrite(batch.documents, _code_words()))


def unpunctuated(batch: TextBatch) -> TextBatch:
    """Lower case of each text without punctuation (general category P); symbols and white space stay.

    Source: bigscience-workshop/data-preparation, 01b_oscar_cleaning_and_filtering/deduplicate.
    """
    return TextBatch(*rewrite(batch.documents, _unpunctuated()))


def _of(text: str) -> list[int]:
    return [ord(character) for character in text]


def _lower_table() -> np.ndarray:
    """Lower case, with what the rule of the final sigma asks for."""
    table = unicode.code_points() & np.uint32(REPLACEMENT | unicode.CASED | unicode.IGNORABLE)
    table[[unicode.CAPITAL_SIGMA, unicode.CAPITAL_I_DOT]] |= SPECIAL
    table[unicode.CAPITAL_I_DOT] |= ord("i")  # and a dot, of which the loop knows
    return table


def _collapsing(table: np.ndarray) -> np.ndarray:
    """With runs of white space to one space."""
    table[(unicode.facts() & unicode.SPACE) != 0] |= WHITE
    return table


def _decomposing(table: np.ndarray) -> np.ndarray:
    """With all that decomposes, combines or is a mark in the hands of the loop."""
    decompositions = unicode.decompositions()
    lower = table & REPLACEMENT
    kept = lower != NOTHING
    changes = (decompositions.offset != 0) | (decompositions.combining != 0)
    table[kept] |= np.where(changes[lower[kept]], np.uint32(SPECIAL), np.uint32(0))
    return table


@cache
def _lower() -> Rules:
    return Rules(_lower_table())


def _deleting(table: np.ndarray, deleted: np.ndarray) -> np.ndarray:
    """Without the characters for which `deleted` (bool[0x110000]) holds; the rule of the final sigma still sees them."""
    table[deleted] |= NOTHING
    return table


@cache
def _letters() -> Rules:
    table = _lower_table()
    # Of its two characters only the i is a word character.
    table[unicode.CAPITAL_I_DOT] &= ~np.uint32(SPECIAL)
    lower = (table & REPLACEMENT).astype(np.int64)
    return Rules(_deleting(table, (unicode.facts()[lower] & unicode.WORD) == 0))


@cache
def _code_words() -> Rules:
    table = (np.arange(unicode.CODE_POINTS, dtype=np.uint32)).copy()
    table[(unicode.facts() & (unicode.WORD | unicode.MARK)) == 0] = WHITE | ord(" ")
    return Rules(table)


@cache
def _unpunctuated() -> Rules:
    return Rules(_deleting(_lower_table(), (unicode.facts() & unicode.PUNCTUATION) != 0))


@cache
def _cc() -> Rules:
    table = _lower_table()
    lower = (table & REPLACEMENT).astype(np.int64)
    deleted = np.zeros(unicode.CODE_POINTS, bool)
    deleted[_of(CC_PUNCTUATION)] = True
    deleted[0:0x20] = deleted[0x7F:0xA0] = True
    digit = (unicode.facts()[lower] & unicode.DECIMAL) != 0
    replacement = np.where(digit, ord("0"), np.where(deleted[lower], NOTHING, lower))
    return Rules((table & ~np.uint32(REPLACEMENT)) | replacement.astype(np.uint32))


@cache
def _slim() -> Rules:
    table = _collapsing(_lower_table())
    table[_of(string.punctuation)] |= NOTHING
    return Rules(table)


@cache
def _rp() -> Rules:
    table = _collapsing(_lower_table())
    # Deleted before the lower case is taken, so that no sigma sees it.
    table[_of(string.punctuation)] |= NOTHING | unicode.IGNORABLE
    return Rules(_decomposing(table), decompose=True)


@cache
def _dt() -> Rules:
    table = _collapsing(_lower_table())
    table[_of(DATATROVE_PUNCTUATION)] |= WHITE
    digit = (unicode.facts() & unicode.DECIMAL) != 0
    table[digit] = (table[digit] & ~np.uint32(WHITE)) | NUMBER
    table[_of(_DATATROVE_POINTS)] |= POINT
    return Rules(_decomposing(table), decompose=True, drop_marks=True)

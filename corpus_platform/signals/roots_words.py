"""The words and special characters of BigScience's ROOTS filters, which Data-Juicer shares: lower case, stripped of special characters.

Special characters are ASCII punctuation, digits and white space with those of the list `special_characters`; the sane form adds every character that
Unicode calls punctuation, symbol, decimal digit, white space or control, for the list of BigScience has letters (`Г`, `士`, `上`) and lacks emoji.
Chinese is cut into SentencePiece pieces where the environment has the model `sentence_piece/zh`; else each Chinese character is a word.

Not here: ratios (roots.py, data_juicer.py), the lists.
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.models.normalise import ASCII_OF
from corpus_platform.signals.cut_words import BETWEEN, SPECIAL, alone, cut_words
from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, TextBatch, totals
from corpus_platform.text.hashing import hash_spans, hash_texts
from corpus_platform.text.kernel import kernel
from corpus_platform.text.normalise import lower
from corpus_platform.text.repeats import members
from corpus_platform.text.utf8 import decode

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.words import Tokens

PIECES = frozenset({"zh"})
"""Languages that ROOTS cuts with SentencePiece."""
NO_SPACES = frozenset({"zh", "ja", "yue", "wuu"})
"""Languages whose characters are words where there are no pieces."""
PAIRS = {"zh": "", "vi": ""}
"""Languages of which two words in a row are looked up too, and what joins them: nothing for Vietnamese either, so that its pairs meet no entry."""
SANE_PAIRS = {"zh": "", "yue": "", "wuu": "", "vi": " "}

EXOTIC_SPACES = "\u00a0\u2002\u2003\u2005\u2008\u2009\u200a\u202f\u3000\ufffc\x84"
"""What BigScience makes a space of."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DIGIT = re.compile(r"\d")
_MARKS = str.maketrans(ASCII_OF)
_SPACES = str.maketrans(dict.fromkeys(EXOTIC_SPACES, " "))


@lru_cache(maxsize=4)
def _table(listed: tuple[str, ...], reference: bool) -> np.ndarray:
    facts = unicode.facts()
    special = np.zeros(unicode.CODE_POINTS, np.bool_)
    special[[ord(c) for c in string.punctuation + string.digits + string.whitespace]] = True
    special[[ord(entry) for entry in listed if len(entry) == 1]] = True
    between = np.zeros(unicode.CODE_POINTS, np.bool_)
    between[[9, 10, 32]] = True
    if not reference:
        kinds = unicode.PUNCTUATION | unicode.SYMBOL | unicode.SPACE | unicode.DECIMAL | unicode.CONTROL
        special |= (facts & kinds) != 0
        between |= (facts & unicode.SPACE) != 0
    table = between * np.uint8(BETWEEN) | special * np.uint8(SPECIAL) | alone()
    table.flags.writeable = False
    return table


def special_table(environment: Environment) -> np.ndarray:
    """What each character is: uint8[0x110000] of the bits of cut_words.py."""
    return _table(environment.lists.get("special_characters").entries, environment.reference)


def languages(subject: Subject) -> np.ndarray:
    """Language of each document, `` where there is none: strings[d]."""
    return subject.column("language").cast(pl.String).fill_null("").to_numpy()


def special_ratio(subject: Subject) -> np.ndarray:
    """Special characters by characters, 0.0 for an empty text: float64[d]."""

    def make() -> np.ndarray:
        table, batch = special_table(subject.environment), subject.batch
        marked = _special(batch.data, batch.document_start, table)
        return marked / np.maximum(batch.characters, 1)

    return subject.once("roots_special", make)


def refined_words(subject: Subject) -> Tokens:
    """The words of each document: lower case, stripped, none empty."""
    return subject.once("roots_words", lambda: _refined(subject))


def counted_words(subject: Subject) -> Tokens:
    """The words that are counted: for the peer those of the text as it is written, for the lower case of a special letter may be none."""
    return _refined(subject, lower_case=False) if subject.environment.reference else refined_words(subject)


def _refined(subject: Subject, *, lower_case: bool = True) -> Tokens:
    known = languages(subject)
    single = np.isin(known, list(NO_SPACES)) & (not subject.environment.reference or np.isin(known, list(PIECES)))
    batch = lower(subject.batch) if lower_case else subject.batch
    for language in PIECES & set(known.tolist()):
        model = subject.environment.models.get(f"sentence_piece/{language}")
        if model is not None:
            rows = np.flatnonzero(known == language)
            batch, single[rows] = _pieces(batch, rows, model), False
    return cut_words(batch, special_table(subject.environment), single)


def _pieces(batch: TextBatch, rows: np.ndarray, model: object) -> TextBatch:
    """The batch with some texts in pieces, after BigScience's normalisation, joined by spaces."""
    texts: list[str] = batch.texts.to_list()
    changed = [texts[row] for row in rows.tolist()]
    normal = [_DIGIT.sub("0", _CONTROL.sub("", text).strip().translate(_SPACES)).translate(_MARKS) for text in changed]
    for row, text in zip(rows.tolist(), model.encode(normal), strict=True):  # type: ignore[attr-defined]
        texts[row] = text
    return TextBatch.of(texts)


def listed_share(subject: Subject, name: str, *, pairs: bool) -> np.ndarray:
    """Words that are in the list `name` of a document's language, and with `pairs` two in a row that are, by words, at most 1: float64[d].

    NaN for languages that have no list; 0.0 without words.
    """
    words, known = refined_words(subject), languages(subject)
    found = np.full(len(subject), np.nan)
    join = (PAIRS if subject.environment.reference else SANE_PAIRS) if pairs else {}
    for language in np.unique(known).tolist():
        entries = subject.environment.lists.get(name, language).entries if language else ()
        if not entries:
            continue
        chosen = known == language
        of_language = words.select(np.repeat(chosen, words.count))
        hashes = hash_texts([entry.lower() for entry in entries])
        hits = totals(members(of_language.hash, hashes), of_language.document_token)
        if language in join:
            hits += _pair_hits(of_language, hashes, join[language], subject.environment.reference)
        found[chosen] = np.minimum(hits / np.maximum(of_language.count, 1), 1.0)[chosen]
    return found


def _pair_hits(words: Tokens, hashes: np.ndarray, join: str, everywhere: bool) -> np.ndarray:
    """Neighbours that are an entry together: int64[d]. Not `everywhere`: only where at most a space is between them."""
    joint = np.frombuffer(join.encode(), np.uint8)
    data, start, end, document_pair = _pairs(
        words.spans.data, words.spans.start, words.spans.end, words.document_token, joint, everywhere
    )
    return totals(members(hash_spans(Spans(data, start, end)), hashes), document_pair)


@kernel
def _special(data: np.ndarray, document_start: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Special characters of each document."""
    found = np.zeros(document_start.size - 1, np.int64)
    for d in range(found.size):
        i = document_start[d]
        while i < document_start[d + 1]:
            code, size = decode(data, i)
            found[d] += (table[code] & SPECIAL) != 0
            i += size
    return found


@kernel
def _pairs(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, document_token: np.ndarray, join: np.ndarray, everywhere: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Bytes of neighbouring words joined, their ranges, and the first pair of each document."""
    size = np.int64(0)
    for t in range(start.size):
        size += 2 * (end[t] - start[t]) + join.size
    out, first, last = np.empty(size, np.uint8), np.empty(start.size, np.int64), np.empty(start.size, np.int64)
    document_pair = np.zeros(document_token.size, np.int64)
    to, n = np.int64(0), 0
    for d in range(document_token.size - 1):
        for t in range(document_token[d], document_token[d + 1] - 1):
            if not everywhere and start[t + 1] - end[t] != join.size:
                continue
            first[n] = to
            for i in range(start[t], end[t]):
                out[to] = data[i]
                to += 1
            for k in range(join.size):
                out[to] = join[k]
                to += 1
            for i in range(start[t + 1], end[t + 1]):
                out[to] = data[i]
                to += 1
            last[n] = to
            n += 1
        document_pair[d + 1] = n
    return out[:to].copy(), first[:n].copy(), last[:n].copy(), document_pair

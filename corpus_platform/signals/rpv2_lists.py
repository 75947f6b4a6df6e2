"""RedPajama-V2's signals that need lists: stop words, block-list words (LDNOOBW) and UT1 categories of the domain.

The sane form compares like with like: stop words with the lower-cased words of the text; block-list entries in the text's own normal form, those of
Thai and its neighbours, written without spaces, as substrings; the domain without `www.` and port, and its parent domains.
Source: RedPajama-Data 6d2cee9, app/src/core/quality_signals/content.py, app/src/artifacts/update_resources.py.

Not here: the lists (lists/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.lists.domains import DomainCategories
from corpus_platform.signals.cjk import cut_cjk
from corpus_platform.signals.phrases import Phrases
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.rpv2 import SOURCE, share
from corpus_platform.signals.rpv2_scan import ALONE, SPACE, WORD, character_table
from corpus_platform.text import unicode
from corpus_platform.text.batch import TextBatch, strings_of
from corpus_platform.text.hashing import hash_texts
from corpus_platform.text.kernel import kernel
from corpus_platform.text.normalise import norm_rp
from corpus_platform.text.utf8 import decode
from corpus_platform.text.words import whitespace_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.lists.lists import Lists
    from corpus_platform.signals.subject import Subject

UT1_CATEGORIES = (
    "adult",
    "agressif",
    "agressive",
    "arjel",
    "chat",
    "dating",
    "ddos",
    "filehosting",
    "gambling",
    "mixed_adult",
    "phishing",
    "porn",
    "violence",
)
"""The categories of UT1 that RedPajama-V2 looks at, sorted."""
_REFERENCE_LDNOOBW = ("de", "en", "es", "fr", "it")
_WITHOUT_SPACES = ("km", "lo", "my", "th")
"""Languages written without spaces whose letters are not cut into words: block-list entries are sought as substrings."""
_U32, _U64 = np.uint32, np.uint64
_OPEN = _U32(1 << 31)
_MIX = _U64(0xE7037ED1A0B428DB)


def ut1_id(categories: tuple[str, ...]) -> int:
    """RedPajama-V2's number of a set of categories (sorted): sets of one first, then of two ..., each in lexicographic order, from 0."""
    total = len(UT1_CATEGORIES)
    places = [UT1_CATEGORIES.index(name) for name in categories]
    found = sum(comb(total, size) for size in range(1, len(places)))
    for k, (last, place) in enumerate(zip([-1, *places], places, strict=False)):
        found += sum(comb(total - 1 - skipped, len(places) - 1 - k) for skipped in range(last + 1, place))
    return found


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The wanted signals."""
    found: dict[str, Any] = {}
    if "rps_doc_stop_word_fraction" in wanted:
        found["rps_doc_stop_word_fraction"] = _stop_words(subject)
    if "rps_doc_ldnoobw_words" in wanted:
        found["rps_doc_ldnoobw_words"] = _block_list(subject)
    if wanted & {"rps_doc_ut1_blacklist", "ut1_categories"}:
        found |= _domain_categories(subject)
    return found


def _list_numbers(subject: Subject, languages: tuple[str, ...]) -> np.ndarray:
    """Index of each document's language among those that have a list, -1 for another: int64[n]."""
    column = subject.column("language").cast(pl.String)
    numbers = {language: k for k, language in enumerate(languages)}
    return column.replace_strict(numbers, default=-1, return_dtype=pl.Int64).fill_null(-1).to_numpy()


def _stop_words(subject: Subject) -> np.ndarray:
    """Share of words in the stop list; NaN where the language has none."""
    languages, phrases = _stop_phrases(subject.environment.lists, reference=subject.environment.reference)
    number = _list_numbers(subject, languages)
    hashes, document_word = raw_word_hashes(subject.batch, reference=subject.environment.reference)
    words = np.diff(document_word)
    fraction = share(phrases.find(hashes, document_word, number).covered, words, 0.0)
    fraction[number < 0] = np.nan
    return fraction


@lru_cache(maxsize=8)
def _stop_phrases(lists: Lists, *, reference: bool) -> tuple[tuple[str, ...], Phrases]:
    """Languages with stop words, and these as words of the raw text. To the reference an entry of several words is none."""
    languages = lists.languages("stop_words")
    rows = []
    for language in languages:
        entries = lists.get("stop_words", language).entries
        hashes, first = raw_word_hashes(TextBatch.of(list(entries)), reference=reference)
        phrases = [hashes[a:b].tolist() for a, b in pairwise(first)]
        rows.append([phrase for phrase in phrases if len(phrase) == 1 or not reference])
    return languages, Phrases.of(rows)


def _block_list(subject: Subject) -> np.ndarray | pl.Series:
    """Places where an entry of the language's block list stands among the words of the normal form."""
    reference = subject.environment.reference
    languages, phrases = _block_phrases(subject.environment.lists, reference=reference)
    number = _list_numbers(subject, languages)
    words = subject.judged_words.words
    places = phrases.find(words.hash, words.document_token, number).places.astype(np.int32)
    if reference:
        return places
    for language in set(_WITHOUT_SPACES) & set(languages):
        rows = np.flatnonzero(number == languages.index(language))
        if rows.size:
            places[rows] = _substrings(subject, language, rows)
    return pl.Series(places).set(pl.Series(number < 0), None)


@lru_cache(maxsize=8)
def _block_phrases(lists: Lists, *, reference: bool) -> tuple[tuple[str, ...], Phrases]:
    """Languages with a block list, and its entries as words: as they stand to the reference, else in the normal form."""
    languages = tuple(name for name in lists.languages("ldnoobw") if name in _REFERENCE_LDNOOBW or not reference)
    rows = []
    for language in languages:
        entries = lists.get("ldnoobw", language).entries
        if reference:
            rows.append([hash_texts(entry.split(" ")).tolist() for entry in entries])
            continue
        words = cut_cjk(whitespace_words(norm_rp(TextBatch.of(list(entries))))).words
        first = words.document_token
        rows.append([words.hash[a:b].tolist() for a, b in pairwise(first)])
    return languages, Phrases.of(rows)


def _substrings(subject: Subject, language: str, rows: np.ndarray) -> np.ndarray:
    """Occurrences of a block list's entries anywhere in the normal form of some documents."""
    entries = subject.environment.lists.get("ldnoobw", language).entries
    normal = [entry for entry in _normalised(entries) if entry]
    texts = pl.Series(strings_of(subject.normalised.data, subject.normalised.document_start)).gather(rows)
    return texts.str.find_many(normal, overlapping=True).list.len().to_numpy()


def _normalised(entries: tuple[str, ...]) -> list[str]:
    batch = norm_rp(TextBatch.of(list(entries)))
    return strings_of(batch.data, batch.document_start).to_pylist()


def _domain_categories(subject: Subject) -> dict[str, pl.Series]:
    """All categories of the domain, and RedPajama-V2's number of those that it looks at."""
    known = DomainCategories.of(subject.environment.lists.get("ut1"))
    reference = subject.environment.reference
    host = _hosts(subject, reference=reference)
    labels: list[list[str] | None] = [None if unknown else [] for unknown in host.is_null()]
    numbers: list[int | None] = [None] * len(host)
    at = [known.look_up(name) for name in ([host] if reference else _with_parents(host))]
    for d in np.flatnonzero(np.any([level >= 0 for level in at], axis=0)):
        found = sorted({label for level in at if level[d] >= 0 for label in known.sets[level[d]]})
        labels[d], judged = found, tuple(label for label in found if label in UT1_CATEGORIES)
        numbers[d] = ut1_id(judged) if judged else None
    return {
        "rps_doc_ut1_blacklist": pl.Series(numbers, dtype=pl.Int32),
        "ut1_categories": pl.Series(labels, dtype=pl.List(pl.String)),
    }


def _hosts(subject: Subject, *, reference: bool) -> pl.Series:
    """Network location of the address as it stands to the reference; else lower-cased, without user, port and final dot.

    The column `domain` where there is no address.
    """
    url, domain = subject.column("url").cast(pl.String), subject.column("domain").cast(pl.String)
    location = url.str.extract(r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]+)", 1)
    host = pl.select(pl.coalesce(location, domain)).to_series()
    if reference:
        return host
    return host.str.replace(r"^.*@", "").str.replace(r":\d*$", "").str.strip_chars_end(".").str.to_lowercase()


def _with_parents(host: pl.Series) -> list[pl.Series]:
    """The hosts, then their parent domains level by level, as long as there are any with a dot."""
    levels = [host]
    while True:
        parent = levels[-1].str.extract(r"^[^.]*\.(.+\..+)$", 1)
        if not parent.is_not_null().any():
            return levels
        levels.append(parent)


def raw_word_hashes(batch: TextBatch, *, reference: bool) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of the words of the raw text (those that rpv2_scan.py counts), uint64[t], and int64[n + 1]: the first of each document.

    They are of the lower-cased characters, as they stand to the reference; they are not those of text/words.py.
    """
    table = character_table(reference=reference)
    return _raw_word_hashes(batch.data, batch.document_start, table, _folded(lower=not reference))


@cache
def _folded(*, lower: bool) -> np.ndarray:
    """What each character is compared as: uint32 of size 0x110000. In lower case both small sigmas are one."""
    every = np.arange(unicode.CODE_POINTS, dtype=np.uint32)
    if not lower:
        return every
    folded = (unicode.code_points() & _U32(unicode.LOWER)).astype(np.uint32)
    folded[unicode.FINAL_SIGMA] = folded[unicode.CAPITAL_SIGMA]
    folded[unicode.CAPITAL_I_DOT] = ord("i")
    return folded


@kernel
def _raw_word_hashes(
    data: np.ndarray, document_start: np.ndarray, table: np.ndarray, folded: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hash of each word, and the first word of each document."""
    hashes = np.empty(data.size + 1, np.uint64)
    document_word = np.zeros(document_start.size, np.int64)
    kinds = WORD | ALONE
    to = 0
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        state, kind = _U64(0), _U32(0)  # hash of the word so far; its kind, 0: none
        while i < last:
            code, size = np.int64(data[i]), 1
            if code >= 0x80:
                code, size = decode(data, i)
            fact = table[code]
            own = _U32(0) if fact & SPACE else _U32((fact & kinds) | _OPEN)
            if own != kind or fact & ALONE:
                hashes[to] = state
                to += kind != 0
                state, kind = _U64(0), own
            state = _U64(_U64(state ^ _U64(folded[code])) * _MIX)
            state ^= state >> _U64(29)
            i += size
        hashes[to] = state
        to += kind != 0
        document_word[d + 1] = to
    return hashes[:to].copy(), document_word


RPV2_LISTS = register(
    Family(
        name="rpv2_lists",
        version="1",
        signals=(
            Signal(
                name="rps_doc_stop_word_fraction",
                definition="Share of words of the raw text (`\\w+|[^\\w\\s]+` with Unicode's `\\w`, cut at CJK characters, lower case) that are, or lie "
                "in, a stop word of the language",
                source=SOURCE,
                languages="those with a list",
                empty="0; null for a language without a list",
                reference="does not lower-case the text, so `The` is no stop word; does not cut words at CJK characters; has no stop words of "
                "several words",
                lists=("stop_words",),
            ),
            Signal(
                name="rps_doc_ldnoobw_words",
                definition="Places where an entry of the language's block list, brought into the text's normal form, stands among the words of the "
                f"normal form, cut at CJK characters; in {', '.join(_WITHOUT_SPACES)} as substrings",
                source=SOURCE,
                dtype=pl.Int32,
                range="0..",
                languages="those with a list",
                empty="0; null for a language without a list",
                reference="leaves the entries as they are, so those with capitals, punctuation or accents never match; knows de, en, es, fr, it "
                "only, and gives 0 elsewhere",
                lists=("ldnoobw",),
            ),
            Signal(
                name="rps_doc_ut1_blacklist",
                definition=f"Number of the set of UT1 categories of the host and its parent domains, among {', '.join(UT1_CATEGORIES)}: sets of one "
                "first, then of two ..., in lexicographic order, from 0",
                source=SOURCE,
                dtype=pl.Int32,
                range="0..8190",
                empty="null: not listed, or no address",
                reference="looks the network location up as it stands, with `www.` and port, and no parent domain",
                lists=("ut1",),
            ),
            Signal(
                name="ut1_categories",
                definition="All UT1 categories of the host and its parent domains, sorted; empty where it is not listed",
                source="UT1 blacklists, University of Toulouse",
                dtype=pl.List(pl.String),
                range="names of categories",
                empty="null without an address",
                reference="looks the network location up as it stands, with `www.` and port, and no parent domain",
                lists=("ut1",),
            ),
        ),
        compute=compute,
        reads=("language", "url", "domain"),
    )
)

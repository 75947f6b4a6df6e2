"""RedPajama-V2's signals that need lists: stop words, block-list words (LDNOOBW) and UT1 categories of the domain.

The sane form compares like with like: stop words with the lower-cased words of the text; block-list entries in the text's own normal form, those of
Thai and its neighbours, written without spaces, as substrings; the domain without `www.` and port, and its parent domains.
Source: RedPajama-Data 6d2cee9, app/src/core/quality_signals/content.py, app/src/artifacts/update_resources.py.

Not here: the lists (lists/).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.lists.domains import DomainCategories
from corpus_platform.signals.cjk import cut_cjk
from corpus_platform.signals.phrases import WordPhrases
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.rpv2 import SOURCE
from corpus_platform.signals.rpv2_scan import scan
from corpus_platform.text.batch import TextBatch, share
from corpus_platform.text.hashing import hash_texts
from corpus_platform.text.normalise import norm_rp
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
    _, _, _, word_hash, document_word = subject.scan
    covered = phrases.find(word_hash, document_word, number).covered
    fraction = share(covered, np.diff(document_word), 0.0)
    fraction[number < 0] = np.nan
    return fraction


@lru_cache(maxsize=8)
def _stop_phrases(lists: Lists, *, reference: bool) -> tuple[tuple[str, ...], WordPhrases]:
    """Languages with stop words, and these as words of the raw text. To the reference an entry of several words is none."""
    languages = lists.languages("stop_words")
    rows = []
    for language in languages:
        entries = lists.get("stop_words", language).entries
        _, _, _, hashes, first = scan(TextBatch.of(list(entries)), reference=reference)
        phrases = [hashes[a:b].tolist() for a, b in pairwise(first)]
        rows.append([phrase for phrase in phrases if len(phrase) == 1 or not reference])
    return languages, WordPhrases.of(rows)


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
def _block_phrases(lists: Lists, *, reference: bool) -> tuple[tuple[str, ...], WordPhrases]:
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
    return languages, WordPhrases.of(rows)


def _substrings(subject: Subject, language: str, rows: np.ndarray) -> np.ndarray:
    """Occurrences of a block list's entries anywhere in the normal form of some documents."""
    entries = subject.environment.lists.get("ldnoobw", language).entries
    normal = [entry for entry in _normalised(entries) if entry]
    texts = subject.normalised.texts.gather(rows)
    return texts.str.find_many(normal, overlapping=True).list.len().to_numpy()


def _normalised(entries: tuple[str, ...]) -> list[str]:
    batch = norm_rp(TextBatch.of(list(entries)))
    return batch.texts.to_list()


def domain_categories(subject: Subject, _wanted: frozenset[str]) -> Mapping[str, Any]:
    """All categories of the domain, and RedPajama-V2's number of those that it looks at."""
    known = DomainCategories.of(subject.environment.lists.get("ut1"))
    reference = subject.environment.reference
    host = _hosts(subject, reference=reference)
    at = np.array([known.look_up(name) for name in ([host] if reference else _with_parents(host))])
    places: dict[tuple[str, ...], int] = {(): 0}
    own = np.zeros(len(host), np.uint32)
    for d in np.flatnonzero((at >= 0).any(axis=0)):
        labels = {label for number in at[:, d] if number >= 0 for label in known.sets[number]}
        own[d] = places.setdefault(tuple(sorted(labels)), len(places))
    place = pl.Series(own).set(host.is_null(), None)
    judged = [tuple(label for label in labels if label in UT1_CATEGORIES) for labels in places]
    return {
        "rps_doc_ut1_blacklist": pl.Series([ut1_id(one) if one else None for one in judged], dtype=pl.Int32).gather(
            place
        ),
        "ut1_categories": pl.Series(list(places), dtype=pl.List(pl.String)).gather(place),
    }


def _hosts(subject: Subject, *, reference: bool) -> pl.Series:
    """Network location of the address as it stands to the reference; else lower-cased, without user, port and final dot.

    The column `domain` where there is no address.
    """
    url, domain = subject.column("url").cast(pl.String), subject.column("domain").cast(pl.String)
    pattern = (
        r"^[A-Za-z][A-Za-z0-9+.-]*://([^/?#]+)"
        if reference
        else r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)*([^/?#@:]+)"
    )
    host = pl.select(pl.coalesce(url.str.extract(pattern, 1), domain)).to_series()
    return host if reference else host.str.strip_chars_end(".").str.to_lowercase()


def _with_parents(host: pl.Series) -> list[pl.Series]:
    """The hosts, then their parent domains level by level, as long as there are any with a dot."""
    levels = [host]
    while True:
        parent = levels[-1].str.splitn(".", 2).struct.field("field_1")
        if not parent.str.contains(".", literal=True).any():
            return levels
        levels.append(parent)


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
        ),
        compute=compute,
        reads=("language",),
    )
)
UT1 = register(
    Family(
        name="ut1",
        version="1",
        signals=(
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
        compute=domain_categories,
        reads=("url", "domain"),
    )
)

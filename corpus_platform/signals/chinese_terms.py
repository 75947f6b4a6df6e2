"""How often the terms of the list of sensitive words occur in texts: all of them in one pass (Aho-Corasick, in Rust by Polars).

Terms are looked for in both scripts and without regard to the case of ASCII letters. An occurrence inside another counts too.

Not here: densities and thresholds (chinese.py, recipes/), the list (lists/data/sensitive_words.zh.txt).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.clean.script import both_scripts

if TYPE_CHECKING:
    from corpus_platform.lists.lists import Lists

HINT = "_hint"
"""Categories whose name ends so are weak signs: they are no sensitive words by themselves."""


@dataclass(frozen=True)
class Terms:
    """Forms to look for, and the term (its number) and category of each."""

    forms: tuple[str, ...]
    term: np.ndarray
    category: np.ndarray
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What n texts have: `occurrences` and `distinct` int64[n, categories], `sensitive` int64[n]: distinct terms that are not hints."""

    categories: tuple[str, ...]
    occurrences: np.ndarray
    distinct: np.ndarray
    sensitive: np.ndarray

    def of(self, category: str, *, distinct: bool = False) -> np.ndarray:
        """int64[n] of a category; zeros where the list has none of it."""
        values = self.distinct if distinct else self.occurrences
        if category not in self.categories:
            return np.zeros(len(values), np.int64)
        return values[:, self.categories.index(category)]


def sensitive_terms(lists: Lists) -> Terms:
    """The list `sensitive_words` for zh: `category<TAB>word` a line, as EvalWeb's `dict.txt`; a line without a tab is of category `other`."""
    return _terms(lists.get("sensitive_words", "zh").entries)


@lru_cache(maxsize=8)
def _terms(entries: tuple[str, ...]) -> Terms:
    form_of: dict[str, tuple[int, str]] = {}
    for number, entry in enumerate(entries):
        category, tab, word = entry.partition("\t")
        category, word = (category, word) if tab else ("other", category)
        for form in both_scripts([word.strip().lower()]):
            if form:
                form_of.setdefault(form, (number, category))
    categories = tuple(sorted({category for _, category in form_of.values()}))
    term = np.array([number for number, _ in form_of.values()], np.int64)
    category = np.array([categories.index(category) for _, category in form_of.values()], np.int64)
    return Terms(tuple(form_of), term, category, categories)


def find_terms(texts: pl.Series, terms: Terms) -> Found:
    """Occurrences and distinct terms of each text, by category."""
    size, categories = len(texts), len(terms.categories)
    if not terms.forms or not size:
        nothing = np.zeros((size, categories), np.int64)
        return Found(terms.categories, nothing, nothing, np.zeros(size, np.int64))
    found = texts.str.extract_many(list(terms.forms), ascii_case_insensitive=True, overlapping=True)
    row = np.repeat(np.arange(size), found.list.len().to_numpy())
    form = found.list.explode(empty_as_null=False).str.to_lowercase()
    place = form.replace_strict(list(terms.forms), list(range(len(terms.forms))), return_dtype=pl.Int64).to_numpy()
    category, term = terms.category[place], terms.term[place]
    occurrences = np.bincount(row * categories + category, minlength=size * categories).reshape(size, categories)
    _, first = np.unique(row * (terms.term.max() + 1) + term, return_index=True)
    distinct = np.bincount((row * categories + category)[first], minlength=size * categories)
    distinct = distinct.reshape(size, categories)
    strong = [i for i, name in enumerate(terms.categories) if not name.endswith(HINT)]
    return Found(terms.categories, occurrences, distinct, distinct[:, strong].sum(axis=1))

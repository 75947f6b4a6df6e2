"""Chinese pages as code points, with what several of their signals and edits need, each made when it is first asked for.

Not here: the loops (chinese_kernels.py), counting terms (chinese_terms.py), the signals (chinese.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import polars as pl

from corpus_platform.clean.script import to_simplified
from corpus_platform.lists.lists import Lists
from corpus_platform.signals import chinese_kernels as k
from corpus_platform.signals.chinese_terms import Found, find_terms, sensitive_terms
from corpus_platform.text.batch import TextBatch, share
from corpus_platform.text.unicode import LOWER, code_points

FILE_ENDINGS = (
    "asp aspx avi bat bmp bin btr cab cfg cgi chm class cnf conf config cpp css csv dat db dll do doc docx dwg eps exe fla flv gif gz htm html "
    "ico ini ipa iso jar java jpeg jpg js json jsp lck lnk log lua md mdb mkv mov mp mpeg mpg ogg pdb pdf php pl png ppt pptx psd py rar resx rm "
    "rmvb rtf sh shtml sql srt svg swf sys tar tif tiff tmp torrent ts ttf txt vbs wav wma wmv xls xlsx xml yaml yml zip"
)

_HINT_WEIGHT = 0.25
"""What a weak sign counts beside a term."""


@cache
def _not_endings() -> np.ndarray:
    return np.array(sorted(k.ending_hash(ending) for ending in FILE_ENDINGS.split()), np.uint64)


@cache
def _lower() -> np.ndarray:
    table = code_points() & LOWER
    table.flags.writeable = False
    return table


@dataclass(frozen=True)
class Pages:
    """The documents that have a Han character, as code points, with what several signals need."""

    texts: pl.Series
    codes: np.ndarray
    start: np.ndarray
    count: np.ndarray
    line_count: np.ndarray
    own_titles: pl.Series | None = None
    """Titles that the pages have beside their texts, null or blank where they have none."""
    reference: bool = False
    lists: Lists = field(default_factory=lambda: Lists.of({}))

    @cached_property
    def lines(self) -> np.ndarray:
        """Facts of lines (chinese_kernels.py)."""
        return k.count_lines(self.codes, self.start, k.character_table())

    @cached_property
    def terms(self) -> Found:
        """Sensitive terms of the texts."""
        return find_terms(self.texts, sensitive_terms(self.lists))

    @cached_property
    def titles(self) -> pl.Series:
        """The page's own title where it has one, else the first filled line."""
        first = self.texts.str.extract(r"^\s*([^\n]*)", 1)
        if self.own_titles is None:
            return first
        own = pl.select(pl.when(self.own_titles.str.strip_chars() != "").then(self.own_titles)).to_series()
        return own.fill_null(first).rename(first.name)

    @cached_property
    def title_terms(self) -> Found:
        """Sensitive terms of the titles."""
        return find_terms(self.titles, sensitive_terms(self.lists))

    def prose_score(self) -> np.ndarray:
        """0..1: the share of prose, less a tenth for each adult or gambling term in 1,000 characters; 0.0 for nothing."""
        spam = np.nan_to_num(density(self, "adult") + density(self, "gambling"))
        prose = np.nan_to_num(share(self.lines[:, k.PROSE], self.of(k.NOT_WHITE)))
        return prose * np.clip(1 - spam / 10, 0, 1)

    @cached_property
    def domains(self) -> np.ndarray:
        """Domains, their characters, those of digits."""
        return k.domains(self.codes, self.start, _not_endings())

    @cached_property
    def title(self) -> np.ndarray:
        """What becomes of the titles' phrases."""
        titles = TextBatch.of(self.titles)
        body = self.lines[:, k.TITLE_END]
        if self.own_titles is not None:
            own = (self.own_titles.str.strip_chars() != "").fill_null(value=False).to_numpy()
            body = np.where(own, self.start[:-1], body)
        return k.title_repeats(*_code_points(titles), self.codes, self.start, body, k.character_table())

    def of(self, column: int) -> np.ndarray:
        """A count of characters."""
        return self.count[:, column]

    def weighed(self, found: Found, category: str) -> np.ndarray:
        """Terms of a category, weak signs at their weight: float64[n]."""
        return found.of(category) + _HINT_WEIGHT * found.of(f"{category}_hint")

    def repetition(self) -> np.ndarray:
        """Share of repeated 13-character windows."""
        return k.repetition(self.codes, self.start, _lower(), k.character_table(), self.reference)

    def traditional_changes(self) -> np.ndarray:
        """1 where Traditional to Simplified changes the text."""
        return to_simplified(self.texts)[1].astype(np.int64)


def density(pages: Pages, category: str) -> np.ndarray:
    """Terms of a category for each 1,000 characters that are not white space: float64[n]."""
    return 1000 * share(pages.weighed(pages.terms, category), pages.of(k.NOT_WHITE))


def pages_of(texts: pl.Series) -> Pages:
    """Texts, each of them taken for Chinese."""
    batch = TextBatch.of(texts)
    codes, start = _code_points(batch)
    return Pages(texts, codes, start, k.count_characters(codes, start, k.character_table()), line_count(batch))


def _code_points(batch: TextBatch) -> tuple[np.ndarray, np.ndarray]:
    """The characters of a batch, uint32, and where each text begins among them."""
    codes = np.frombuffer(batch.data.tobytes().decode().encode("utf-32-le"), np.uint32)
    return codes, np.concatenate([[0], np.cumsum(batch.characters)])


def line_count(batch: TextBatch) -> np.ndarray:
    """Newlines + 1."""
    return np.diff(np.searchsorted(np.flatnonzero(batch.data == 10), batch.document_start)) + 1

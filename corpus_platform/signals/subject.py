"""A batch of documents under annotation: texts, what is known of them, and the tokenisations that families share.

Each view is made once per batch, when the first family asks for it.

Not here: the views themselves (text/), signals (the modules beside this one).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import polars as pl

from corpus_platform.signals.cjk import Cut, cut_cjk
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.rpv2_scan import Scan, scan
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.normalise import lower, norm_rp
from corpus_platform.text.words import cjk_words, simple_words, whitespace_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from corpus_platform.text.words import Tokens

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class Subject:
    """Texts, and their other columns (`url`, `domain`, `language`, `perplexity` ...: as many rows; any may be missing)."""

    batch: TextBatch
    columns: pl.DataFrame
    environment: Environment = field(default_factory=Environment)
    _shared: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, frame: pl.DataFrame, environment: Environment | None = None, *, text: str = "text") -> Subject:
        """The documents of a frame whose column `text` holds the texts."""
        return cls(TextBatch.of(frame[text]), frame.drop(text), environment or Environment())

    def __len__(self) -> int:
        return len(self.batch)

    def once(self, name: str, make: Callable[[], _Made]) -> _Made:
        """What families share besides these views: made when it is first asked for, kept as long as the subject."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]

    def column(self, name: str, dtype: type[pl.DataType] = pl.String) -> pl.Series:
        """A column of the documents; nulls where they have none."""
        if name in self.columns.columns:
            return self.columns[name]
        return pl.Series(name, [None] * len(self), dtype)

    @cached_property
    def lowered(self) -> TextBatch:
        """The texts in lower case."""
        return lower(self.batch)

    @cached_property
    def normalised(self) -> TextBatch:
        """RedPajama-V2's normal form of each text."""
        return norm_rp(self.batch)

    @cached_property
    def normalised_words(self) -> Tokens:
        """The words of the normal form, split at white space."""
        return whitespace_words(self.normalised)

    @cached_property
    def judged_words(self) -> Cut:
        """The words of the normal form that RedPajama-V2's rules judge: cut at CJK characters unless the reference is asked for."""
        words = self.normalised_words
        return Cut(words, np.ones(len(words), np.int32)) if self.environment.reference else cut_cjk(words)

    @cached_property
    def scan(self) -> Scan:
        """What one pass over the characters counts."""
        return scan(self.batch, reference=self.environment.reference)

    @cached_property
    def space_words(self) -> Tokens:
        """The raw text split at white space, as `str.split` does it."""
        return whitespace_words(self.batch)

    @cached_property
    def words(self) -> Tokens:
        r"""The words of the Gopher-like rules: `\w+|[^\w\s]`, or spaCy's by setting."""
        if self.environment.settings.words == "spacy":
            from corpus_platform.signals.spacy_words import spacy_words  # noqa: PLC0415  (an optional extra)

            return spacy_words(self.batch)
        return simple_words(self.batch)

    @cached_property
    def cjk_words(self) -> Tokens:
        """Words with each Han, Hiragana and Katakana character a word of its own."""
        return cjk_words(self.batch)

"""FlagData's sample filters, and the two ratios of its TextCleaner, as steps.

Source: FlagOpen/FlagData 84a3d7e, flagdata/data_operator/samplefilter and flagdata/cleaner/text_cleaner.py.

Not here: its pruners (flagdata.py, flagdata_lines.py). Left out: `HtmlCleaner`, which takes the densest part of a page (extract/ finds main texts), the
filter by verbs, which needs a tagger, and the one by tokens of BERT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.text.batch import share

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject


@register_step
class TextCleanerRatios(EditStep):
    """Drops texts of many numbers or line breaks for their Chinese characters and Latin words, as FlagData's TextCleaner does; one without either is kept."""

    step = "text_cleaner_ratios"

    max_numbers: float | None = Field(
        default=0.5, ge=0, description="Most numbers / (Chinese characters + Latin words)"
    )
    max_newlines: float | None = Field(default=0.25, ge=0, description="Most newlines / the same")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts as they are, with those that are dropped marked."""
        del trace
        texts = subject.batch.texts
        # A word as Python's `\b` has it: Latin letters with no letter or digit of another script beside them.
        apart = texts.str.replace_all(r"[^A-Za-z\p{L}\p{N}_]+", " ")
        words = apart.str.count_matches(r"(?:^| )[A-Za-z]+")
        inner = apart.str.count_matches(r"(?:^| )[A-Za-z]+[\p{L}\p{N}_--[A-Za-z]]")
        whole = (texts.str.count_matches("[\u4e00-\u9fff]") + words - inner).to_numpy().astype(np.float64)
        numbers = share(texts.str.count_matches(r"\d+\.\d+|\d+").to_numpy(), whole, 0.0)
        newlines = share(texts.str.count_matches("\n", literal=True).to_numpy(), whole, 0.0)
        most = [np.inf if limit is None else limit for limit in (self.max_newlines, self.max_numbers)]
        many = (newlines > most[0], numbers > most[1])
        return Edited(
            text=texts,
            changed=np.zeros(len(subject), np.bool_),
            rules=("many_newlines", "many_numbers"),
            dropped=np.where(many[0], 0, np.where(many[1], 1, -1)).astype(np.int16),
            value=np.where(many[0], newlines, np.where(many[1], numbers, np.nan)),
            threshold=np.where(many[0], most[0], np.where(many[1], most[1], np.nan)),
        )


FilterOp = Literal[
    "AlphanumericRatioFilter",
    "AvgLineLengthFilter",
    "FlaggedWordsRatioFilter",
    "LanguageConfidenceFilter",
    "MaxLineLengthFilter",
    "SpecialCharacterRatioFilter",
    "StopWordsRatioFilter",
    "TextLengthFilter",
    "WordNumFilter",
    "WordRepetitionRatioFilter",
]
_FILTERS: dict[str, tuple[str, float | None, float | None]] = {
    "AlphanumericRatioFilter": ("dj_alphanumeric_ratio", 0.0, 0.8),
    "AvgLineLengthFilter": ("dj_average_line_length", 10, 10_000),
    "FlaggedWordsRatioFilter": ("dj_flagged_words_ratio", 0.0, 0.045),
    "LanguageConfidenceFilter": ("language_score", 0.8, None),
    "MaxLineLengthFilter": ("dj_maximum_line_length", 10, 10_000),
    "SpecialCharacterRatioFilter": ("dj_special_characters_ratio", 0.0, 0.25),
    "StopWordsRatioFilter": ("dj_stop_words_ratio", 0.3, None),
    "TextLengthFilter": ("dj_text_length", 10, 100_000_000),
    "WordNumFilter": ("dj_words_num", 10, 100_000_000),
    "WordRepetitionRatioFilter": ("dj_word_repetition_ratio", 0.0, 0.5),
}


@register_step
class FlagdataFilter(FilterStep):
    """One of FlagData's sample filters with its own limits: keeps documents whose value is in the range, its ends included.

    Values are Data-Juicer's signals of the same thing: words without spaCy, average lines with their newlines, repetition as the share of the n-grams that
    are repeated, language by fastText. By suffix or the value of a field: the step `signal`.
    """

    step = "flagdata_filter"

    op: FilterOp = Field(description="Name of the filter")
    min: float | None = Field(default=None, description="Least value that is kept; FlagData's by default")
    max: float | None = Field(default=None, description="Largest value that is kept; FlagData's by default")
    languages: tuple[str, ...] = Field(default=(), description="Languages that are judged; all where it is empty")

    @property
    def name(self) -> str:
        """Name in ledger and funnel: the operator's."""
        return self.label or self.op

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One for each end."""
        del environment
        signal, least, most = _FILTERS[self.op]
        least, most = (own if own is not None else given for own, given in ((self.min, least), (self.max, most)))
        low = (Rule(f"{signal}_below", signal, "<", least, self.languages),) if least is not None else ()
        high = (Rule(f"{signal}_above", signal, ">", most, self.languages),) if most is not None else ()
        return low + high

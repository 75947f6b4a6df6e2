"""C4's page cleaning as an edit, and mC4's paragraph rule.

The released code asks for 5 words a line and 3 sentences a page, the paper and datatrove for 3 and 5: both are parameters. FineWeb leaves the rule
of terminal marks out. Rules bear datatrove's names.
Source: Raffel et al. 2020; tensorflow/datasets, text/c4_utils.py; huggingface/datatrove, c4_filters.py.

Not here: what is looked for in a line (clean/c4_lines.py), C4's language test and line dedup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.clean.c4_lines import LINE_RULES, Rules, Sheet, phrases_of, sheet, verdicts
from corpus_platform.clean.phrases import ANYWHERE, BETWEEN_OTHER_LETTERS
from corpus_platform.clean.sentences import sentences_up_to
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step
from corpus_platform.signals.c4 import WITHOUT_SPACES, bad_words
from corpus_platform.text.batch import TextBatch, join_spans, strings_of, totals
from corpus_platform.text.lines import code_point_offsets, strip
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

_CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
DROPS = ("lorem_ipsum", "curly_bracket", "bad_word", "too_few_sentences")
"""Rules that drop a page."""
REMOVES = ("too_long_word", "no_terminal_punc", "too_few_words", "javascript", "policy")
"""Rules that remove a line."""


@register_step
class C4(EditStep):
    """Removes lines that are no prose and citation marks, and drops pages with code, filler, bad words or too few sentences.

    A line that stays is stripped. Lines are asked in their order, and of each line: longest word, terminal mark, words, filler, JavaScript, curly
    bracket, policy, bad words.
    """

    step: ClassVar[str] = "c4"
    acts_on: ClassVar = "lines"

    terminal_punctuation: bool = Field(default=True, description="Whether a line must end with a terminal mark")
    end_marks: tuple[str, ...] = Field(
        default=(".", "?", "!", '"', "'"), description="Terminal marks; the released code has no `'`"
    )
    not_end_marks: tuple[str, ...] = Field(default=("...",), description="Ends of a line that are none")
    min_words_per_line: int | None = Field(default=3, description="Least words of a line; the released code has 5")
    words_without_citations: bool = Field(
        default=False, description="Whether words are counted when citation marks are out, as the released code does"
    )
    min_sentences: int | None = Field(default=5, description="Least sentences of a page; the released code has 3")
    max_word_length: int | None = Field(default=1000, description="Longest word of a line")
    citations: bool = Field(default=True, description="Whether marks such as [12] and [edit] are taken out")
    lorem_ipsum: bool = Field(default=True, description="Whether `lorem ipsum` drops a page")
    javascript: bool = Field(default=True, description="Whether `javascript` removes a line")
    curly_bracket: bool = Field(default=True, description="Whether `{` drops a page")
    policy: bool = Field(default=True, description="Whether phrases on cookies, terms and privacy remove a line")
    bad_words: str | None = Field(
        default=None,
        description="Language of the list of bad words that drop a page; the released code asks for a neighbour that is none of a-z on each side",
    )
    wide: bool = Field(
        default=False,
        description="Whether Chinese characters and kana are words, and full-width marks end sentences wherever they stand",
    )

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The pages after cleaning; sentences are counted by rule, or by spaCy under `words: spacy`."""
        spacy = subject.environment.settings.words == "spacy"
        words, flank = bad_words(subject.environment.lists, self.bad_words)
        if self.bad_words and self.bad_words not in WITHOUT_SPACES:
            flank = BETWEEN_OTHER_LETTERS if flank != ANYWHERE else flank
        page = sheet(
            subject.batch, phrases_of(words, flank), citations=self.citations, wide=self.wide, count_sentences=False
        )
        verdict, ending = verdicts(page, self._rules())
        keep = verdict == 0
        sentences = self._sentences(page, keep, ending, spacy=spacy)
        text = _joined(page, keep)
        dropped, value, threshold = self._dropped(page, verdict, ending, sentences)
        before = subject.batch.texts
        stays = np.repeat(dropped < 0, np.diff(page.document_line))
        removed = {rule: int(((verdict == LINE_RULES.index(rule)) & stays).sum()) for rule in REMOVES}
        removed["citation"] = int(page.citations[keep & stays].sum())
        return Edited(
            text,
            (text != before).to_numpy(),
            DROPS,
            dropped,
            value,
            threshold,
            {rule: count for rule, count in removed.items() if count},
            _spans(subject, page, verdict, ending) if trace else None,
        )

    def _rules(self) -> Rules:
        return Rules(
            self.max_word_length,
            self.end_marks if self.terminal_punctuation else None,
            self.not_end_marks,
            self.min_words_per_line,
            self.words_without_citations,
            self.lorem_ipsum,
            self.javascript,
            self.curly_bracket,
            self.policy,
            self.bad_words is not None,
        )

    def _sentences(self, page: Sheet, keep: np.ndarray, ending: np.ndarray, *, spacy: bool) -> np.ndarray:
        """Sentences of the lines that stay, by document, as far as they matter; of a page that is dropped anyway they do not."""
        keep = keep & np.repeat(ending < 0, np.diff(page.document_line))
        if self.min_sentences is None:
            return np.zeros(ending.size, np.int64)
        if spacy:
            from corpus_platform.signals.spacy_words import spacy_sentences  # noqa: PLC0415  (an optional extra)

            return totals(spacy_sentences(page.cleaned, np.flatnonzero(keep)), page.document_line)
        return sentences_up_to(page.cleaned, page.document_line, keep, self.min_sentences, wide=self.wide)

    def _dropped(
        self, page: Sheet, verdict: np.ndarray, ending: np.ndarray, sentences: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Why each page is dropped (an index of `DROPS` or -1), with value and threshold: the line's number, or the sentences."""
        rule = np.full(ending.size, -1, np.int16)
        value, threshold = np.full(ending.size, np.nan), np.full(ending.size, np.nan)
        bad = ending >= 0
        rule[bad] = [DROPS.index(LINE_RULES[v]) for v in verdict[ending[bad]]]
        value[bad] = ending[bad] - page.document_line[:-1][bad] + 1
        if self.min_sentences is not None:
            few = (sentences < self.min_sentences) & ~bad
            rule[few], value[few], threshold[few] = DROPS.index("too_few_sentences"), sentences[few], self.min_sentences
        return rule, value, threshold


@register_step
class C4Paragraphs(FilterStep):
    """Keeps pages with enough long lines (mC4)."""

    step: ClassVar[str] = "c4_paragraphs"

    min_paragraph_length: int = Field(default=200, description="Characters that three lines of a page must have")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The third longest line."""
        del environment
        return (Rule("too_few_paragraphs", "c4_third_line_length", "<", self.min_paragraph_length),)


def _joined(page: Sheet, keep: np.ndarray) -> pl.Series:
    """The lines that stay, joined by newlines and stripped as a whole."""
    lines = page.cleaned
    joined = TextBatch(*join_spans(lines.data, lines.start, lines.end, page.document_line, keep))
    stripped = strip(joined.documents)
    whole = np.array_equal(stripped.start, joined.documents.start) and np.array_equal(
        stripped.end, joined.documents.end
    )
    return pl.Series(strings_of(joined.data, joined.document_start) if whole else stripped.strings())


def _spans(subject: Subject, page: Sheet, verdict: np.ndarray, ending: np.ndarray) -> pl.DataFrame:
    """What was taken out, in characters of the text before: lines by rule up to the one that drops the page, and citation marks of lines that stay."""
    start, end = code_point_offsets(subject.batch, page.lines, page.document_line)
    document = np.repeat(np.arange(len(subject)), np.diff(page.document_line))
    last = np.where(ending >= 0, ending, page.document_line[1:] - 1)
    seen = np.arange(len(page.lines)) <= last[document]
    rows = [
        (int(document[i]), int(start[i]), int(end[i]), LINE_RULES[verdict[i]])
        for i in np.flatnonzero((verdict != 0) & seen)
    ]
    for i in np.flatnonzero((verdict == 0) & (page.citations > 0) & seen):
        text = page.lines.bytes(int(i)).decode()
        found = _CITATION.finditer(text)
        rows += [(int(document[i]), int(start[i]) + m.start(), int(start[i]) + m.end(), "citation") for m in found]
    return pl.DataFrame(sorted(rows), schema=PLACES, orient="row")

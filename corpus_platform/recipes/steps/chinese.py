"""Filters of Chinese corpora: EvalWeb's rules, spam, sensitive words, quality of a page.

Sources: ChineseWebText (`preprocess.py`); the others are ours, for steps that WuDao, CCI, SkyPile, WanJuan and CLUECorpus2020 state without
their numbers.

Not here: edits (chinese_edits.py), models of quality and safety (the steps `quality` and `safety`), the signals (signals/chinese.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.recipes.step import Comparison
    from corpus_platform.signals.environment import Environment


@register_step
class EvalWebRules(FilterStep):
    """ChineseWebText's rules in its order: length, share of Chinese and script, sensitive words, repetition.

    With `compat: reference` any text that Traditional to Simplified changes is dropped, as in EvalWeb's code; a link 繁體 is enough. Otherwise
    a text is dropped when more than `max_traditional` of its Chinese characters are Traditional.
    """

    step = "evalweb_rules"

    min_length: int = Field(default=200, ge=0, description="Texts of as many characters or fewer are dropped")
    min_mean_line: float = Field(default=10, ge=0, description="Least mean length of lines, in characters")
    min_chinese: float = Field(default=0.3, ge=0, le=1, description="Least share of characters in U+4E00..U+9FA5")
    max_traditional: float = Field(default=0.05, ge=0, le=1, description="Largest share of Traditional characters")
    max_sensitive_per_line: float = Field(default=0.5, ge=0, description="Most different sensitive words per line")
    max_repetition: float = Field(default=0.5, ge=0, le=1, description="Largest share of repeated 13-character windows")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules as EvalWeb's folders name them."""
        script = (
            Rule("character", "zh_traditional_changes", ">", 0.0)
            if environment.reference
            else Rule("character", "zh_traditional_fraction", ">", self.max_traditional)
        )
        return (
            Rule("length", "zh_length", "<=", float(self.min_length)),
            Rule("length", "zh_mean_line_length", "<", self.min_mean_line),
            Rule("character", "zh_fraction", "<", self.min_chinese, null="drop"),
            script,
            Rule("sensitive", "zh_sensitive_per_line", ">", self.max_sensitive_per_line),
            Rule("duplication", "zh_13gram_repetition", ">", self.max_repetition),
        )


class _Bounds(FilterStep):
    """A filter whose parameters are bounds on signals: one that is not given is not asked."""

    def _asked(self, bounds: dict[str, tuple[str, Comparison]]) -> tuple[Rule, ...]:
        """Rules by parameter: the signal, and how it must not stand to the bound. A rule is named for its parameter without `min_` and `max_`."""
        found = []
        for parameter, (signal, sign) in bounds.items():
            bound = getattr(self, parameter)
            if bound is not None:
                found.append(Rule(parameter.partition("_")[2], signal, sign, float(bound)))
        return tuple(found)


@register_step
class SensitiveWords(_Bounds):
    """Drops pages with many of the list's words: different ones, or different ones per line."""

    step = "sensitive_words"

    max_count: int | None = Field(default=None, ge=0, description="Most different sensitive words")
    max_per_line: float | None = Field(default=0.5, ge=0, description="Most different sensitive words per line")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules that are given."""
        del environment
        return self._asked({"max_count": ("zh_sensitive_count", ">"), "max_per_line": ("zh_sensitive_per_line", ">")})


@register_step
class ChineseSpam(_Bounds):
    """Drops adult, gambling and fraud pages, pages that repeat their title's phrase, and link farms.

    Densities are occurrences of the list's terms in 1,000 characters, a title's are those in the first line; weak signs count as a quarter.
    """

    step = "chinese_spam"

    max_adult_title: float | None = Field(default=0.75, ge=0, description="Most adult terms in the title")
    max_gambling_title: float | None = Field(default=0.75, ge=0, description="Most gambling terms in the title")
    max_fraud_title: float | None = Field(default=0.75, ge=0, description="Most fraud terms in the title")
    max_adult_density: float | None = Field(default=3, ge=0, description="Most adult terms in 1,000 characters")
    max_gambling_density: float | None = Field(default=3, ge=0, description="Most gambling terms in 1,000 characters")
    max_fraud_density: float | None = Field(default=5, ge=0, description="Most fraud terms in 1,000 characters")
    max_title_lines: float | None = Field(
        default=0.03, ge=0, le=1, description="Largest share of lines that begin with the title's phrase, beyond three"
    )
    max_title_keywords: int | None = Field(
        default=2, ge=0, description="Most different phrases of the title that occur five times or more after it"
    )
    max_domains: int | None = Field(default=25, ge=0, description="Most internet domains")
    max_domain_share: float | None = Field(default=0.1, ge=0, le=1, description="Largest share of characters in them")
    max_digit_domains: int | None = Field(default=8, ge=0, description="Most domains of digits, as 12345.com")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules that are given."""
        del environment
        return self._asked(
            {
                "max_adult_title": ("zh_adult_title", ">"),
                "max_gambling_title": ("zh_gambling_title", ">"),
                "max_fraud_title": ("zh_fraud_title", ">"),
                "max_adult_density": ("zh_adult_density", ">"),
                "max_gambling_density": ("zh_gambling_density", ">"),
                "max_fraud_density": ("zh_fraud_density", ">"),
                "max_title_lines": ("zh_title_line_fraction", ">"),
                "max_title_keywords": ("zh_title_keywords", ">"),
                "max_domains": ("zh_domain_count", ">"),
                "max_domain_share": ("zh_domain_fraction", ">"),
                "max_digit_domains": ("zh_digit_domain_count", ">"),
            }
        )


@register_step
class ChineseQuality(_Bounds):
    """Drops what is not running Chinese text: by length, lines, script, punctuation, prose, keyword lists, repetition. Only given bounds are asked."""

    step = "chinese_quality"

    min_length: int | None = Field(default=None, ge=0, description="Least characters")
    min_mean_line: float | None = Field(default=None, ge=0, description="Least mean length of lines")
    min_chinese: float | None = Field(default=None, ge=0, le=1, description="Least share of U+4E00..U+9FA5")
    min_han: float | None = Field(default=None, ge=0, le=1, description="Least share of Han among what is not white")
    min_per_line: float | None = Field(default=None, ge=0, description="Least Han characters per filled line")
    min_punctuation: float | None = Field(default=None, ge=0, le=1, description="Least share of punctuation")
    max_punctuation: float | None = Field(default=None, ge=0, le=1, description="Largest share of punctuation")
    min_terminal_lines: float | None = Field(
        default=None, ge=0, le=1, description="Least share of lines that end a sentence"
    )
    max_short_lines: float | None = Field(
        default=None, ge=0, le=1, description="Largest share of lines under 10 characters"
    )
    min_prose: float | None = Field(default=None, ge=0, le=1, description="Least share of characters in prose lines")
    min_prose_characters: int | None = Field(default=None, ge=0, description="Least characters in prose lines")
    max_keywords: float | None = Field(
        default=None, ge=0, le=1, description="Largest share of characters in keyword lines"
    )
    min_stop: float | None = Field(default=None, ge=0, le=1, description="Least share of function characters")
    min_entropy: float | None = Field(default=None, ge=0, description="Least entropy of characters, in bits")
    max_digits: float | None = Field(default=None, ge=0, le=1, description="Largest share of digits")
    max_repeat: int | None = Field(default=None, ge=1, description="Longest run of one character")
    max_repetition: float | None = Field(
        default=None, ge=0, le=1, description="Largest share of repeated 13-character windows"
    )
    max_errors: int | None = Field(default=None, ge=0, description="Most phrases of error pages at the start")
    max_contacts: int | None = Field(default=None, ge=0, description="Most numbers of QQ, WeChat, telephone")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules that are given; Chinese first."""
        del environment
        return self._asked(
            {
                "min_length": ("zh_length", "<"),
                "min_mean_line": ("zh_mean_line_length", "<"),
                "min_chinese": ("zh_fraction", "<"),
                "min_han": ("zh_han_fraction", "<"),
                "min_per_line": ("zh_characters_per_line", "<"),
                "min_punctuation": ("zh_punctuation_fraction", "<"),
                "max_punctuation": ("zh_punctuation_fraction", ">"),
                "min_terminal_lines": ("zh_terminal_line_fraction", "<"),
                "max_short_lines": ("zh_short_line_fraction", ">"),
                "min_prose": ("zh_prose_fraction", "<"),
                "min_prose_characters": ("zh_prose_characters", "<"),
                "max_keywords": ("zh_keyword_fraction", ">"),
                "min_stop": ("zh_stop_fraction", "<"),
                "min_entropy": ("zh_character_entropy", "<"),
                "max_digits": ("zh_digit_fraction", ">"),
                "max_repeat": ("zh_longest_repeat", ">"),
                "max_repetition": ("zh_13gram_repetition", ">"),
                "max_errors": ("zh_error_count", ">"),
                "max_contacts": ("zh_contact_count", ">"),
            }
        )

"""Filters on the form of dialogues: empty ones, too short or too long ones, answers in the wrong language.

Not here: repair (sft_repair.py), what is said (sft_rules.py), harm (sft_safety.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import Comparison, FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment

_FASTCHAT_CHARACTERS = 16


@register_step
class SftStructure(FilterStep):
    """Drops what is no dialogue to learn from: an empty message, nothing trained, fewer than two turns, an answer that is the prompt again.

    In all it has 16 characters or more (FastChat); a Chinese one says as much as two others, and counts twice.
    """

    step: ClassVar[str] = "sft_structure"

    min_turns: int = Field(default=2, ge=1, description="Least messages of users and the assistant")
    max_turns: int | None = Field(default=None, ge=2, description="Most of them")
    min_characters: int = Field(
        default=_FASTCHAT_CHARACTERS, ge=0, description="Least characters of all contents; a Chinese one counts twice"
    )
    alternates: bool = Field(default=False, description="Whether users and the assistant must take turns")
    images: bool = Field(default=False, description="Whether dialogues that speak of an image that is not there stay")
    repeated_prompt: bool = Field(default=True, description="Whether an answer that is the prompt again is dropped")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules, cheapest first."""
        del environment
        found = [
            Rule("empty_message", "sft_empty_messages", ">", 0),
            Rule("too_few_turns", "sft_turns", "<", self.min_turns),
            Rule("nothing_trained", "sft_answers", "<", 1),
            Rule("no_answer_at_the_end", "sft_ends_with_answer", "<", 1),
            Rule("too_short", "sft_width", "<", self.min_characters),
        ]
        if self.max_turns is not None:
            found.append(Rule("too_many_turns", "sft_turns", ">", self.max_turns))
        if self.alternates:
            found.append(Rule("not_alternating", "sft_alternates", "<", 1))
        if not self.images:
            found.append(Rule("images_missing", "sft_images_missing", ">", 0))
        if self.repeated_prompt:
            found.append(Rule("answer_is_prompt", "sft_answer_is_prompt", ">", 0))
        return tuple(found)


@register_step
class SftLengths(FilterStep):
    """Drops dialogues and messages that are too short or too long. Answers of under two characters stay where they may be the whole answer."""

    step: ClassVar[str] = "sft_lengths"

    bare_answers: bool = Field(
        default=False,
        description="Whether answers of under 2 characters stay in every task, not only in choice, maths, classification and the like",
    )
    min_answer_characters: int | None = Field(default=None, ge=1, description="Least characters of each answer")
    max_answer_characters: int | None = Field(default=None, ge=1, description="Most characters of an answer")
    min_prompt_characters: int | None = Field(default=None, ge=1, description="Least characters of the first prompt")
    max_prompt_characters: int | None = Field(default=None, ge=1, description="Most characters of a prompt")
    min_answer_words: int | None = Field(default=None, ge=1, description="Least words of all answers together")
    max_prompt_words: int | None = Field(default=None, ge=1, description="Most words of all prompts together")
    max_tokens: int | None = Field(default=None, ge=1, description="Most tokens of a dialogue, as estimated")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """A rule for each limit that is given."""
        del environment
        found = [] if self.bare_answers else [Rule("bare_answer", "sft_bare_answers", ">", 0)]
        limits: tuple[tuple[str, str, Comparison, int | None], ...] = (
            ("short_answer", "sft_shortest_answer", "<", self.min_answer_characters),
            ("long_answer", "sft_longest_answer", ">", self.max_answer_characters),
            ("short_prompt", "sft_first_user_characters", "<", self.min_prompt_characters),
            ("long_prompt", "sft_longest_prompt", ">", self.max_prompt_characters),
            ("few_words", "sft_answer_words", "<", self.min_answer_words),
            ("many_words", "sft_prompt_words", ">", self.max_prompt_words),
            ("many_tokens", "sft_tokens", ">", self.max_tokens),
        )
        found += [Rule(name, signal, drop, limit) for name, signal, drop, limit in limits if limit is not None]
        return tuple(found)


@register_step
class SftLanguage(FilterStep):
    """Drops dialogues that are answered in another language than they are asked in, and those in languages that are not wanted.

    Translation, and prompts that ask for another language, are not judged; nor is a message that shows no language.
    """

    step: ClassVar[str] = "sft_language"

    mismatch: bool = Field(default=True, description="Whether an answer must be in the language of its prompt")
    languages: tuple[str, ...] = Field(default=(), description="Languages of prompts that stay; all where it is empty")
    answers: tuple[str, ...] = Field(default=(), description="Languages of answers that stay; all where it is empty")
    max_cjk_share: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Of data sets in English: answers with this share of Chinese characters go (open-instruct: 0.05)",
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules that are asked for."""
        del environment
        found = []
        if self.mismatch:
            found.append(Rule("language_mismatch", "sft_language_mismatch", ">", 0))
        if self.languages:
            found.append(Rule("prompt_language", "sft_prompt_language", "not in", self.languages))
        if self.answers:
            found.append(Rule("answer_language", "sft_answer_language", "not in", self.answers))
        if self.max_cjk_share is not None:
            found.append(Rule("chinese_characters", "sft_cjk_share", ">=", self.max_cjk_share))
        return tuple(found)

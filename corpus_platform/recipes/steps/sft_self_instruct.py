"""Self-Instruct's rules on a request and on its instance, with Chinese words beside the English ones.

Source: yizhongw/self-instruct, bootstrap_instructions.py and prepare_for_finetuning.py (Wang et al. 2022). Equal inputs with different outputs, its last
rule on instances, need the whole task: the dedup of dialogues does that (`same_prompt`), and novelty is a search among all requests (sft/novelty.py).

Not here: the measures (signals/sft_requests.py, sft_turns.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step
from corpus_platform.recipes.steps.sft_rules import said

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment

_CHINESE = ("zh",)


@register_step
class SelfInstructInstruction(FilterStep):
    """Drops requests that are very short or long, ask for pictures, files or the like, or start in a way that generated ones go wrong."""

    step: ClassVar[str] = "self_instruct_instruction"

    min_words: float = Field(default=4, ge=0, description="Least words of the request, in languages that have them")
    max_words: float = Field(default=150, ge=0, description="Most words of the request, in languages that have them")
    min_characters_zh: float = Field(default=4, ge=0, description="Least Chinese characters and words of a Chinese one")
    max_characters_zh: float = Field(
        default=250, ge=0, description="Most Chinese characters and words of a Chinese one"
    )
    words: bool = Field(default=True, description="Whether words like image, graph, file, draw, 图片, 地图 drop it")
    starts: bool = Field(
        default=True, description="Whether `Write a program`, 写一个程序 or punctuation at the start do"
    )
    ascii_start: bool = Field(
        default=False, description="Whether a first character outside ASCII does: for English alone"
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Length, words, start."""
        del environment
        short, long, of = "instruction_too_short", "instruction_too_long", "sft_instruction_words"
        found = [
            Rule(short, of, "<", self.min_words, but_languages=_CHINESE),
            Rule(f"{short}_zh", of, "<", self.min_characters_zh, languages=_CHINESE),
            Rule(long, of, ">", self.max_words, but_languages=_CHINESE),
            Rule(f"{long}_zh", of, ">", self.max_characters_zh, languages=_CHINESE),
        ]
        if self.words:
            found += said("asks_for_more_than_text", "sft_wants_word")
        if self.starts:
            found += said("bad_start", "sft_starts_with")
        if self.ascii_start:
            found.append(Rule("starts_outside_ascii", "sft_starts_outside_ascii", ">", 0))
        return tuple(found)


@register_step
class SelfInstructInstance(FilterStep):
    """Drops pairs whose answer is the request over again, is empty, or was cut off behind a colon."""

    step: ClassVar[str] = "self_instruct_instance"

    prompt_colon: bool = Field(default=True, description="Whether a request that ends with a colon is dropped")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Equal, empty, cut off."""
        del environment
        colon = (Rule("prompt_ends_with_colon", "sft_prompt_ends_with_colon", ">", 0),) if self.prompt_colon else ()
        return (
            Rule("answer_is_prompt", "sft_answer_is_prompt", ">", 0),
            Rule("empty_message", "sft_empty_messages", ">", 0),
            *colon,
            Rule("answer_ends_with_colon", "sft_answer_ends_with_colon", ">", 0),
        )

"""Rules over what answers say and requests ask for: refusals, identities, cut-offs, missing inputs, thoughts, unusable pairs.

Where a rule found words, they are what the ledger keeps of the dialogue (`seen`). A policy is a parameter: `any` answer, only a `short` one, or `never`; what a
mix does with a share of refusals is the mix's.
Sources: allenai/open-instruct, lm-sys/FastChat, BELLE, gururise/AlpacaDataCleaned, LIMA, Platypus; patterns and exceptions stand with the signals.

Not here: the measures (signals/sft_phrases.py, sft_requests.py), Self-Instruct's rules (sft_self_instruct.py), repetition (sft_repetition.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from corpus_platform.recipes.step import FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment

When = Literal["any", "short", "never"]
_WHEN = "`any`: wherever an answer has it; `short`: only where that answer has fewer than 80 words, or 150 Chinese characters; `never`"


def said(name: str, signal: str, *, when: When = "any") -> tuple[Rule, ...]:
    """A rule that drops what a signal of words (`sft_<...>_phrase`) found anything in."""
    if when == "never":
        return ()
    asked = signal.replace("_phrase", "_short_phrase") if when == "short" else signal
    return (Rule(name, asked, "!=", ""),)


@register_step
class SftRefusal(FilterStep):
    """Drops dialogues in which the assistant refuses, or disclaims as a machine does. Refusals that teach safety stay, whatever `when`; a mix caps them."""

    step: ClassVar[str] = "sft_refusal"

    when: When = Field(default="short", description=_WHEN)
    safety: bool = Field(
        default=False,
        description="Whether refusals also go where they may be right: the task is safety, the source's moderation flagged something, or there are tools",
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The words of refusals, then those of refusals that may be right."""
        del environment
        right = said("safety_refusal", "sft_refusal_safety_phrase") if self.safety else ()
        return (*said("refusal", "sft_refusal_phrase", when=self.when), *right)


@register_step
class SftIdentity(FilterStep):
    """Drops dialogues in which the assistant says that it is a model, or whose."""

    step: ClassVar[str] = "sft_identity"

    when: When = Field(default="any", description=_WHEN)
    vendor_words: When = Field(
        default="never", description=f"Of open-instruct's words of vendors (OpenAI, ChatGPT, GPT-4 ...). {_WHEN}"
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """What it says of itself, then words of vendors."""
        del environment
        own = said("identity", "sft_identity_phrase", when=self.when)
        return (*own, *said("vendor_word", "sft_vendor_phrase", when=self.vendor_words))


@register_step
class SftCutoff(FilterStep):
    """Drops dialogues in which the assistant speaks of the end of its knowledge."""

    step: ClassVar[str] = "sft_cutoff"

    when: When = Field(default="any", description=_WHEN)

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule over the words that were found."""
        del environment
        return said("knowledge_cutoff", "sft_cutoff_phrase", when=self.when)


@register_step
class SftLacksInput(FilterStep):
    """Drops dialogues whose last answer fails for lack of input, and those about pages, images, files or code that are not there."""

    step: ClassVar[str] = "sft_lacks_input"

    when: When = Field(default="short", description=f"Of answers. {_WHEN}")
    url: bool = Field(default=True, description="Whether requests about a page that can't be opened are dropped")
    images: bool = Field(default=True, description="Whether requests about images that are not there are dropped")
    files: bool = Field(default=True, description="Whether requests about files that are not there are dropped")
    code: bool = Field(default=False, description="Whether requests about code that is not there are dropped")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The answer, then what the request needs."""
        del environment
        asked = (
            ("needs_url", "sft_needs_url_phrase", self.url),
            ("needs_image", "sft_needs_images_phrase", self.images),
            ("needs_file", "sft_needs_files_phrase", self.files),
            ("lacks_code", "sft_lacks_code_phrase", self.code),
        )
        needs = tuple(rule for name, signal, wanted in asked if wanted for rule in said(name, signal))
        return (*said("lacks_input", "sft_lacks_input_phrase", when=self.when), *needs)


@register_step
class SftUnusable(FilterStep):
    """Drops pairs that are broken: no answer but N/A, escapes written out, several requests in one, marks of a prompt's parts left in."""

    step: ClassVar[str] = "sft_unusable"

    unavailable: bool = Field(default=True, description="Whether answers that are N/A, none or 无 are dropped")
    max_escapes: int | None = Field(default=None, ge=0, description="Most escapes and entities written out in answers")
    max_requests: int | None = Field(default=1, ge=1, description="Most marks of requests (Instruction:, 指令：)")
    max_left_marks: int | None = Field(default=0, ge=0, description="Most marks like `### Response:` in answers")
    max_redaction_marks: int | None = Field(default=None, ge=0, description="Most marks like <anonymized>, NAME_1")
    greetings: bool = Field(default=False, description="Whether dialogues of greetings and trials alone are dropped")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """In the order of the parameters."""
        del environment
        asked: list[tuple[str, str, float | None]] = [
            ("unavailable_answer", "sft_unavailable_answers", 0 if self.unavailable else None),
            ("stray_escapes", "sft_stray_escapes", self.max_escapes),
            ("merged_requests", "sft_merged_marks", self.max_requests),
            ("left_marks", "sft_answer_marks", self.max_left_marks),
            ("redaction_marks", "sft_redaction_marks", self.max_redaction_marks),
            ("greetings_only", "sft_greetings_only", 0 if self.greetings else None),
        ]
        return tuple(Rule(name, signal, ">", bound) for name, signal, bound in asked if bound is not None)


@register_step
class SftThinking(FilterStep):
    """Drops dialogues whose answers hold their thoughts in a broken form, or hold none where some are asked for."""

    step: ClassVar[str] = "sft_thinking"

    keep: tuple[Literal["good", "none"], ...] = Field(default=("good", "none"), description="Forms that are kept")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule over the form of the worst answer."""
        del environment
        return (Rule("thinking_form", "sft_thinking_form", "not in", self.keep),)


@register_step
class SftStyle(FilterStep):
    """Keeps answers in the style of LIMA's picks from StackExchange and wikiHow: neither in the first person nor about other answers, of a fair length."""

    step: ClassVar[str] = "sft_style"

    min_votes: float | None = Field(default=None, description="Least votes of the answer, where the source says them")
    min_characters: float | None = Field(default=None, ge=0, description="Least characters of what is trained")
    max_characters: float | None = Field(default=None, ge=0, description="Most characters of what is trained")
    max_first_person: int | None = Field(default=0, ge=0, description="Most words of the first person in answers")
    elsewhere: bool = Field(default=True, description="Whether answers that refer to other answers are dropped")
    max_tell_tale: float | None = Field(
        default=None, ge=0, le=1, description="Most lines with turns of phrase of models"
    )

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Votes, length, first person, other answers, turns of phrase."""
        del environment
        found = []
        if self.min_votes is not None:
            found.append(Rule("few_votes", "sft_votes", "<", self.min_votes))
        if self.min_characters is not None:
            found.append(Rule("short_answer", "sft_answer_characters", "<", self.min_characters))
        if self.max_characters is not None:
            found.append(Rule("long_answer", "sft_answer_characters", ">", self.max_characters))
        if self.max_first_person is not None:
            found.append(Rule("first_person", "sft_first_person", ">", self.max_first_person))
        if self.elsewhere:
            found += said("refers_elsewhere", "sft_elsewhere_phrase")
        if self.max_tell_tale is not None:
            found.append(Rule("tell_tale", "sft_tell_tale_share", ">", self.max_tell_tale))
        return tuple(found)

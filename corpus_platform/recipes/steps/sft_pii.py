"""Personal data of dialogues replaced by numbered placeholders.

Not here: what is found and how values get their numbers (sft/private.py), texts that are no dialogues (pii.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator

from corpus_platform.recipes.step import Edited, EditStep, register_step
from corpus_platform.sft.private import KINDS, USUAL, masked
from corpus_platform.signals.dialogues import is_task, messages

if TYPE_CHECKING:
    from corpus_platform.signals.subject import Subject


@register_step
class SftPii(EditStep):
    """Replaces mail addresses, telephone, identity and card numbers, keys and the like by `<EMAIL_1>`, in system prompts, messages, reasoning and calls.

    The same value is the same placeholder within a dialogue, so that an answer still speaks of what was asked. In mathematics, numbers are replaced only
    behind a word that says what they are. What is counted is how many there were, by kind; the values are kept nowhere.
    """

    step: ClassVar[str] = "sft_pii"
    keeps: ClassVar = frozenset({"language", "language_score", "sft_prompt_language", "sft_answer_language"})
    acts_on: ClassVar = "spans"

    kinds: tuple[str, ...] = Field(
        default=USUAL,
        description="Kinds that are replaced; by default all but handles (`user`) and pages about people (`profile`)",
    )

    @field_validator("kinds")
    @classmethod
    def _are_known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise ValueError(f"there is no kind `{unknown[0]}`; there are {', '.join(KINDS)}")
        return kinds

    def needs(self) -> tuple[str, ...]:
        """The dialogues, and whether they are mathematics."""
        return ("messages", "system", "task_type", "kind")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The dialogues with every find replaced."""
        by_kind = (subject.column("kind").cast(str) == "verifiable").fill_null(value=False).to_numpy()
        maths = is_task(subject, "maths") | by_kind
        system = subject.column("system")
        done = masked(messages(subject), system, self.kinds, is_maths=maths, trace=trace)
        columns = {"messages": done.put.messages, "system": done.put.system}
        return Edited(
            text=done.put.text(subject.batch.texts),
            changed=done.put.changed,
            removed=done.counts,
            spans=done.spans,
            columns={name: values for name, values in columns.items() if name in subject.columns.columns},
        )

"""Requests without an answer: seeds, of which data sets are made, and nothing to train on.

    {"instruction": ..., "instruction_type": ...}      InstructionWild v2
    {"user_prompt": ...}                               MOSS's prompts
    | 标题 | 问题 |                                     chatgpt-corpus: a table of questions
    {"turns": ["q", "a second q"]}                     MT-bench

Each is a problem `no_answer_given`, which counts against no budget: the rejects are the list of seeds. With `seeds` each is a dialogue of what is asked
alone, for ways of building dialogues; its messages are learnt by nobody. A record that has an answer all the same is a dialogue.

Sources: XueFuzhao/InstructionWild, OpenLMLab/MOSS (user_prompts), PlexPt/chatgpt-corpus.
Not here: requests with answers (instruct.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.sft.form import Outcome, Problem, assistant, user
from corpus_platform.sft.kinds.about import COMMON, about, given_input, texts, words
from corpus_platform.sft.kinds.instruct import ANSWERS, PROMPTS
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record, Shape


@register_kind
class PromptsOnly(Kind):
    """InstructionWild v2, MOSS's prompts, questions of chatgpt-corpus."""

    name: ClassVar[str] = "prompts_only"
    about: ClassVar[str] = "A request without an answer"
    shapes: ClassVar[tuple[Shape, ...]] = ("row", "line")
    fields: ClassVar[Mapping[str, Column]] = {
        "prompt": Column(
            "What is asked: a text, or several turns", (*PROMPTS, "turns", "system_prompt"), required=True
        ),
        **COMMON,
        "context": Column("What it is about", ("input", "context")),
        "answer": Column("The answer, where a record has one", ANSWERS),
    }

    seeds: bool = Field(default=False, description="Give the requests as dialogues without an answer")

    def read(self, record: Record) -> Iterator[Outcome]:
        """A problem that is no damage, or a dialogue."""
        if isinstance(record.value, str):
            asked = [record.value.strip()]
        elif isinstance(record.value, dict):
            asked = texts(record.get("prompt"))
        else:
            yield Problem("wrong_shape", f"a record is {type(record.value).__name__}, not an object or a text")
            return
        if not asked:
            yield Problem("no_prompt", broken=False)
            return
        context = given_input(record.get("context"))
        asked[0] = "\n".join(filter(None, (asked[0], context)))
        answer = words(record.get("answer"))
        if answer or self.seeds:
            messages = [user(text) for text in asked] + ([assistant(answer)] if answer else [])
            yield about(record, messages)
        else:
            yield Problem("no_answer_given", asked[0][:2000], broken=False)

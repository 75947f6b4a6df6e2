"""One request with its answer: what is asked, what it is about, and what is answered.

    {"instruction": ..., "input": ..., "output": ...}                                  Alpaca, BELLE, CodeAlpaca ...; an input may be null, "无", "N/A"
    {"instruction": ..., "context": ..., "response": ..., "category": ...}             Dolly
    {"instruction": ..., "input": ..., "output": ..., "system": ..., "history": [["q", "a"], ...]}   COIG-CQIA, LLaMA-Factory
    {"kind": ..., "input": ..., "target": ...}, {"query": ..., "response": ...}, {"prompt": ..., "completion": ...}, {"question": ..., "answer": ...}
    {"questions": [["q", "the same in other words"]], "answers": ["a"]}                 Huatuo-26M

The prompt is request and input with a line break between them; several columns of one field have a blank line between them. What formats write into
fields is taken off: marks of prompts (`### Instruction:`, `### Response:`) at either end, "问题：" and "回答：" around a
question, "输入：" before an input. What stands in `<think>` and the like is
the answer's reasoning, and so is a column of thoughts.

Sources: tatsu-lab/stanford_alpaca, hiyouga/LLaMA-Factory (converter), TigerResearch/TigerBot, O1-OPEN/OpenO1-SFT, HKAIR-Lab/HK-O1aw.
Not here: answers that a program can check (verifiable.py), histories as one text with marks (marked_text.py), prompts without answers (prompts_only.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Message, Outcome, Problem, assistant, user
from corpus_platform.sft.kinds.about import COMMON, about, given_input, listed, texts, words
from corpus_platform.sft.kinds.answers import split_thinking
from corpus_platform.sft.kinds.kind import Column, Kind, at, register_kind
from corpus_platform.sft.kinds.sides import side_of_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record

PROMPTS = (
    "title+ask", "instruction", "prompt", "question", "query", "questions", "inputs", "problem", "ask", "user_prompt", "inputs_pretokenized",
    "medical_case", "问题", "提问", "标题", "instruction_text", "request", "input", "context", "title", "content",
)  # fmt: skip
"""Names of columns that hold what is asked, the likeliest first; `a+b` are two columns together."""
ANSWERS = (
    "output", "response", "target", "targets", "answer", "completion", "solution", "answers", "std_answer", "summary", "doctor_diagnosis",
    "targets_pretokenized", "回答", "客服回复", "答案", "回复", "reply", "chosen_response",
)  # fmt: skip
"""Names of columns that hold the answer."""
THOUGHTS = ("thought", "thoughts", "longCOT", "reasoning", "reasoning_content", "cot", "rationale", "thinking")
"""Names of columns that hold what was thought before it."""

_MARK = r"#{2,3}\s*(?:Instruction|Input|Response|Output|Human|Assistant|User|指令|输入|回答|回复|问题)\s*[:：]"
_END = "<|endoftext|>"
"""What files for fine-tuning GPT-3 have behind an answer."""
_BEFORE, _BEHIND = re.compile(rf"\A(?:\s*{_MARK})+", re.IGNORECASE), re.compile(rf"(?:{_MARK}\s*)+\Z", re.IGNORECASE)
_WRAPPED = re.compile(r"\s*(?:问题|Question)\s*[:：]\s*(.*?)\s*\n\s*(?:回答|Answer)\s*[:：]\s*", re.DOTALL)
_INPUT = re.compile(r"\A\s*输入\s*[:：]\s*")
_IMAGE = re.compile(r"<image>|<\|image(?:_pad)?\|>", re.IGNORECASE)


@register_kind
class Instruct(Kind):
    """Alpaca, Dolly, Firefly, BELLE, questions with answers, and the like."""

    name: ClassVar[str] = "instruct"
    version: ClassVar[str] = "2"
    about: ClassVar[str] = "A request, perhaps with what it is about, and its answer"
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "prompt": Column("What is asked", PROMPTS, required=True),
        "context": Column("What it is about", ("input", "context", "passage", "fact1")),
        "answer": Column("The answer", ANSWERS, required=True),
        "reasoning": Column("What was thought before the answer: a text, or steps", THOUGHTS),
        "history": Column("Earlier questions with their answers", ("history",)),
        "images": Column("Images that it speaks of", ("image", "images")),
    }

    between: str = Field(default="\n", description="What is between the request and its input")
    context_first: bool = Field(default=False, description="Whether the input stands before the request")
    alternatives: Literal["first", "each"] = Field(
        default="first", description="Which of several answers are read: the first, or each as a dialogue of its own"
    )
    marks: bool = Field(default=True, description="Take marks of prompts (`### Response:`) off the ends of fields")
    escaped: bool = Field(default=False, description="Whether the files write a line break as a backslash and an n")

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue, or one for each answer; or what is missing."""
        if not isinstance(record.value, dict):
            yield Problem("wrong_shape", f"a record is {type(record.value).__name__}, not an object")
            return
        prompt = self._prompt(record)
        if not prompt:
            yield Problem("no_prompt", broken=not _is_there(record))
            return
        before = _history(record.get("history"))
        if isinstance(before, Problem):
            yield before
            return
        answers = texts(record.get("answer"))
        for answer in answers if self.alternatives == "each" else answers[:1]:
            yield self._dialogue(record, before, prompt, answer, len(answers))
        if not answers:
            yield Problem("no_answer", prompt[:120], broken=False)

    def _prompt(self, record: Record) -> str:
        asked = self._bare(_first(record.get("prompt")))
        if self.marks and (wrapped := _WRAPPED.fullmatch(asked)):
            asked = wrapped[1]
        context = _INPUT.sub("", self._bare(given_input(record.get("context"))), count=1)
        parts = (context, asked) if self.context_first else (asked, context)
        return self.between.join(part for part in parts if part)

    def _dialogue(self, record: Record, before: list[Message], prompt: str, answer: str, n: int) -> Outcome:
        reasoning, said = split_thinking(self._bare(answer))
        if not said:
            return Problem("no_answer", prompt[:120], broken=False)
        reasoning = reasoning or self._bare(words(record.get("reasoning"))) or None
        messages = (*before, user(prompt), assistant(said, reasoning))
        images = bool(record.get("images")) or bool(_IMAGE.search(prompt))
        meta = {"answers": n} if n > 1 else {}
        return about(record, messages, images_needed=images, meta=meta)

    def _bare(self, text: str) -> str:
        """A field without the marks of prompts at its ends, and with its line breaks."""
        if self.escaped:
            text = text.replace("\\n", "\n").strip()
        if self.marks and _END in text:
            text = text.removesuffix(_END).rstrip()
        if not self.marks or "##" not in text:
            return text
        return _BEHIND.sub("", _BEFORE.sub("", text)).strip()


def _first(value: Any) -> str:
    """A prompt as text: of several wordings, which are lists, the first."""
    while isinstance(value, list):
        value = value[0] if value else None
    return words(value)


def _is_there(record: Record) -> bool:
    """Whether the record has any of the columns, be they blank."""
    given = record.map.columns.values()
    paths = [path for one in given for path in ((one,) if isinstance(one, str) else one)]
    return any(path in record.value or at(record.value, path) is not None for path in paths)


def _history(value: Any) -> list[Message] | Problem:
    """Earlier turns: a list of [question, answer], or of objects with both."""
    found: list[Message] = []
    for pair in listed(value):
        sides = side_of_pair(pair)
        if isinstance(sides, Problem):
            return sides
        found += [Message(role, text) for role, text in sides if text]
    return found

r"""Dialogues as one text, in which marks say who speaks.

    {"instruction": "Human: ...\nAssistant: ...\nHuman: ...\nAssistant:", "output": "the next reply"}     BELLE's dialogues of many turns
    {"plain_text": "[Human]: ... <eoh> [MOSS]: ... <eoa>"}                                                  moss-002
    {"input": "The conversation ...\n[|Human|] ...\n[|AI|] ..."}                                           Baize
    text: <s>Human: ...</s><s>Assistant: ...</s>                                                            Llama2-Chinese
    {"instruction": "User: ...\nAssistent: ...", "input": "User: ...", "output": "Assistant: ..."}          Guanaco
    User: ... Joi: ... <|endoftext|>, <human>: ... <bot>: ...                                               OIG: lines and files
    {"instruction": "who they are", "output": "Li: ...\nWang: ..."}                                         BELLE's scripts (`speakers: first_asks`)

Which style of marks it is, is looked for in each text, unless `style` or `marks` say so. What stands before the first mark is the system prompt.

Not here: the styles (marks.py), lists of turns (turns.py), prompts with marks at their ends alone (instruct.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, field_validator

from corpus_platform.sft.form import Message, Outcome, Problem
from corpus_platform.sft.kinds.about import COMMON, about, words
from corpus_platform.sft.kinds.answers import split_thinking
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind
from corpus_platform.sft.kinds.marks import STYLES, Cut, by_speakers, custom, pieces, style_of
from corpus_platform.sft.kinds.turn_content import calls_of_json
from corpus_platform.sft_tables import Role  # noqa: TC001  (pydantic reads it)
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record, Shape

_CALL = re.compile(r"<functioncall>\s*")
_QUOTED = re.compile(r"'(\{.*\})'", re.DOTALL)


@register_kind
class MarkedText(Kind):
    """BELLE's dialogues, moss-002, Baize, Llama2-Chinese, Guanaco, OIG, HH, RedGPT, Glaive."""

    name: ClassVar[str] = "marked_text"
    about: ClassVar[str] = "A text in which marks say who speaks, perhaps with the next reply beside it"
    shapes: ClassVar[tuple[Shape, ...]] = ("row", "line", "file")
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "text": Column(
            "The text with the marks",
            ("text", "plain_text", "instruction", "dialogue", "dialog", "conversation", "chat", "prompt", "content", "input"),
            required=True,
        ),
        "more": Column("What follows on it: the last question", ("input",)),
        "answer": Column("The next reply", ("output", "response", "target", "completion")),
    }  # fmt: skip
    reasons: ClassVar[Mapping[str, str]] = {"many_speakers": "The script has not two speakers but one, or more"}

    style: str | None = Field(
        default=None, description=f"Style of the marks: {', '.join(STYLES)}; looked for by default"
    )
    marks: dict[str, Role] = Field(default={}, description="Role by mark, for marks that are in no style")
    speakers: Literal["first_asks", "second_asks"] | None = Field(
        default=None, description="The marks are the names of two speakers; which of them is the user"
    )

    @field_validator("style")
    @classmethod
    def _known(cls, style: str | None) -> str | None:
        if style is not None and style not in STYLES:
            raise ValueError(f"there is no style `{style}`{nearest(style, STYLES)}; there are {', '.join(STYLES)}")
        return style

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue."""
        own = isinstance(record.value, dict)
        if not own and not isinstance(record.value, str):
            yield Problem("wrong_shape", f"a record is {type(record.value).__name__}, not a text")
            return
        parts = [words(record.get("text")), words(record.get("more"))] if own else [record.value]
        text = "\n".join(part for part in parts if part.strip())
        answer = words(record.get("answer")) if own else ""
        cut = self._cut(text, alone=bool(answer))
        if isinstance(cut, Problem):
            yield cut
            return
        yield self._dialogue(record, cut, answer)

    def _cut(self, text: str, *, alone: bool) -> Cut | Problem:
        if not text.strip():
            return Problem("no_turns", "no text", broken=False)
        if self.speakers:
            script = by_speakers(text, second_asks=self.speakers == "second_asks")
            return script or Problem("many_speakers", text[:120], broken=False)
        if self.marks:
            cut = pieces(custom(self.marks), text)
            return cut if cut.said else Problem("unmarked_text", text[:120])
        name = self.style or style_of(text, alone=alone)
        if name is None:
            return Problem("unmarked_text", text[:120])
        cut = pieces(STYLES[name], text)
        return cut if cut.said else Problem("unmarked_text", text[:120])

    def _dialogue(self, record: Record, cut: Cut, answer: str) -> Outcome:
        said = list(cut.said)
        # The mark that asks for the next reply says nothing itself.
        if said and said[-1] == ("assistant", ""):
            said.pop()
        if answer:
            said.append(("assistant", self._reply(answer)))
        systems = [record.text("system"), cut.before]
        while said and said[0][0] == "system":
            systems.append(said.pop(0)[1])
        messages: list[Message] = []
        for number, (role, text) in enumerate(said):
            message = _message(role, text)
            if isinstance(message, Problem):
                return message
            if not message.content and not message.calls:
                return Problem("empty_message", f"{role}, piece {number}", broken=False)
            messages.append(message)
        if not any(message.role == "assistant" for message in messages):
            return Problem("no_answer", messages[0].content[:120] if messages else "", broken=False)
        return about(record, messages, system="\n\n".join(dict.fromkeys(filter(None, systems))) or None)

    def _reply(self, answer: str) -> str:
        """A reply without the mark that it may have before it."""
        style = self.style or style_of(f"User:\n{answer}") or ""
        found = STYLES[style].pattern.match(answer) if style in STYLES else None
        if found and found.lastgroup == "assistant":
            return pieces(STYLES[style], answer).said[0][1]
        return answer


def _message(role: Role, text: str) -> Message | Problem:
    if role != "assistant":
        return Message(role, text)
    call = _CALL.search(text)
    if call:
        found = calls_of_json(_QUOTED.sub(r"\1", text[call.end() :].strip()))
        return found if isinstance(found, Problem) else Message(role, text[: call.start()].strip(), calls=found)
    reasoning, content = split_thinking(text)
    return Message(role, content, reasoning)

"""A dialogue on its way into a trainer's file, and what all files have in common: how calls, thoughts and tools are written, what can't be said.

Calls and tools are JSON text, never nested objects: each call has arguments of its own, and readers that give a column one type (Arrow) would fail on
the second.

Not here: the forms of trainers (the other modules).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.errors import CorpusError
from corpus_platform.sft.form import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

THOUGHT = ("<think>\n", "\n</think>\n\n")
"""What stands before and behind a thought in an answer's text, as LLaMA-Factory, ms-swift and DeepSeek-R1's template write it."""

FACTS = ("set", "part", "epoch", "language", "task_type", "construction", "origin", "licence")
"""What is said of a dialogue beside its messages."""


class CannotSay(CorpusError):
    """A form has no way to say what a dialogue holds; its text is a reason code."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A dialogue with what is known of it. `id` is that of the row and how often it has come."""

    id: str
    messages: tuple[Message, ...]
    system: str | None = None
    tools: str | None = None
    """JSON array."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    tokens: int = 0
    trained: int = 0

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Sample:
        """The sample of a row with the columns of a table of dialogues, and those that a mix adds."""
        epoch = row.get("epoch") or 0
        return cls(
            row["doc_id"] if not epoch else f"{row['doc_id']}-{epoch}",
            tuple(map(Message.of_row, row["messages"])),
            row.get("system"),
            row.get("tools"),
            {name: row[name] for name in FACTS if row.get(name) is not None},
            row.get("tokens") or 0,
            row.get("trained") or 0,
        )


def is_learnt(message: Message) -> bool:
    """Whether a trainer should learn a message."""
    return message.role == "assistant" if message.trained is None else message.trained


def text_with_thought(message: Message) -> str:
    """What the assistant says, with what it thought before."""
    if not message.reasoning:
        return message.content
    before, behind = THOUGHT
    return f"{before}{message.reasoning.strip()}{behind}{message.content}"


def arguments_text(call: Mapping[str, Any]) -> str:
    """Arguments of a call as JSON text; text that is JSON already stays as it is."""
    arguments = call.get("arguments")
    return arguments if isinstance(arguments, str) and _is_json(arguments) else dumps(arguments_value(call))


def arguments_value(call: Mapping[str, Any]) -> Any:
    """Arguments of a call as a value; text that is JSON is read."""
    arguments = call.get("arguments")
    if not isinstance(arguments, str):
        return {} if arguments is None else arguments
    return orjson.loads(arguments) if _is_json(arguments) else arguments


def openai_message(message: Message, number: int) -> dict[str, Any]:
    """A message as OpenAI's form and Hugging Face's templates have it: role, content, reasoning_content, tool_calls (arguments as text), name.

    `number` is that of the message in its dialogue: calls without an id are numbered by it.
    """
    made: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.reasoning:
        made["reasoning_content"] = message.reasoning
    if message.calls:
        made["tool_calls"] = [
            {
                "id": str(call.get("id") or f"call_{number}_{i}"),
                "type": "function",
                "function": {"name": str(call.get("name", "")), "arguments": arguments_text(call)},
            }
            for i, call in enumerate(message.calls)
        ]
    if message.name:
        made["name"] = message.name
    return made


def openai_messages(sample: Sample) -> list[dict[str, Any]]:
    """The system prompt and all messages."""
    head = [{"role": "system", "content": sample.system}] if sample.system else []
    return head + [openai_message(message, i) for i, message in enumerate(sample.messages)]


def openai_tools(sample: Sample) -> dict[str, str]:
    """`tools` as JSON text, each in OpenAI's form {type: function, function: {name, description, parameters}}; nothing where there are none."""
    if not sample.tools:
        return {}
    tools = [
        {"type": "function", "function": tool}
        if isinstance(tool, dict) and "name" in tool and "function" not in tool
        else tool
        for tool in orjson.loads(sample.tools)
    ]
    return {"tools": dumps(tools)}


def pairs(sample: Sample, *, tools: bool = False) -> Iterator[tuple[Message, Message]]:
    """The dialogue as question and answer by turns. Raises CannotSay where it is not: `no_pairs`, `tools`, `untrained_turns`."""
    messages = sample.messages
    if not tools and (sample.tools or any(message.calls or message.role == "tool" for message in messages)):
        raise CannotSay("tools")
    asked, answered = messages[::2], messages[1::2]
    right = all(m.role == "user" for m in asked) and all(m.role == "assistant" for m in answered)
    if not messages or len(asked) != len(answered) or not right:
        raise CannotSay("no_pairs")
    if not all(map(is_learnt, answered)):
        raise CannotSay("untrained_turns")
    yield from zip(asked, answered, strict=True)


def dumps(value: Any) -> str:
    """A value as JSON text."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True

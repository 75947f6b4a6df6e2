"""Messages of the lists that preferences hold: objects with a role and a text, or HH's marks in a text.

Not here: dialogues of turns with all their forms (turns.py), marks of all kinds (marked_text.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from corpus_platform.sft.form import Message, Problem
from corpus_platform.sft.kinds.about import words
from corpus_platform.sft.kinds.answers import split_thinking
from corpus_platform.sft.kinds.sides import CALLERS, role_of
from corpus_platform.sft.kinds.turn_content import calls_of_json, content_of

if TYPE_CHECKING:
    from collections.abc import Collection

_ROLE_KEYS = ("role", "from", "speaker")
_TEXT_KEYS = ("content", "value", "text")
_ACTION = re.compile(r"Action: *([\w.-]+)\s*\nAction Input: *(\{.*\})", re.DOTALL)
_MARK = re.compile(r"(?:^|\n\n)(Human|Assistant): ?")


class WrongMessages(Exception):
    """Messages that can't be read, with the problem that they are."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def said_by(value: Any) -> tuple[Message, ...]:
    """Messages of a list of objects (role or from; content or value), or of one. Raises WrongMessages for what is none."""
    return tuple(_message(one) for one in (value if isinstance(value, list) else [value]))


def with_marks(value: Any, tools: Collection[Any] = ()) -> tuple[Message, ...]:
    """Messages of a list or an object, or of a text with HH's marks; a text without any is an answer."""
    if not isinstance(value, str):
        return said_by(value)
    pieces = _MARK.split(value)
    if len(pieces) == 1 or pieces[0].strip():
        return reply(value, tools)
    pairs = zip(pieces[1::2], pieces[2::2], strict=True)
    return tuple(Message("user" if who == "Human" else "assistant", text.strip()) for who, text in pairs)


def reply(text: Any, tools: Collection[Any] = ()) -> tuple[Message, ...]:
    """An answer that is a text, with what was thought before it; nothing for blank text.

    Where there are tools, a text that is a call in ReAct's form ("Action: name", "Action Input: {...}") and nothing else is a call.
    """
    thought, said = split_thinking(words(text))
    if not said and not thought:
        return ()
    action = _ACTION.fullmatch(said) if tools else None
    calls = calls_of_json({"name": action[1], "arguments": action[2]}) if action else ()
    if isinstance(calls, Problem) or not calls:
        return (Message("assistant", said, thought),)
    return (Message("assistant", "", thought, calls),)


def _message(one: Any) -> Message:
    if not isinstance(one, dict):
        raise WrongMessages(Problem("wrong_shape", f"a message is {type(one).__name__}, not an object"))
    name = words(next((one[key] for key in _ROLE_KEYS if one.get(key)), None))
    role = role_of(name, {})
    if role is None:
        raise WrongMessages(Problem("unknown_role", name[:60]))
    said = content_of(one, next((one[key] for key in _TEXT_KEYS if one.get(key) is not None), None), role)
    if isinstance(said, Problem):
        raise WrongMessages(said)
    if name.lower() not in CALLERS or said.calls:
        return Message(role, said.content, said.reasoning, said.calls)
    calls = calls_of_json(said.content)
    if isinstance(calls, Problem):
        raise WrongMessages(calls)
    return Message(role, "", said.reasoning, calls)

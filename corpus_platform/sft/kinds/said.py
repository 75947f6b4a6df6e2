"""Messages of the lists that preferences hold: objects with a role and a text, or HH's marks in a text.

Not here: dialogues of turns with all their forms (turns.py), marks of all kinds (marked_text.py).
"""

from __future__ import annotations

import re
from typing import Any

from corpus_platform.sft.form import Message, Problem
from corpus_platform.sft.kinds.about import words
from corpus_platform.sft.kinds.answers import split_thinking
from corpus_platform.sft.kinds.sides import CALLERS, role_of
from corpus_platform.sft.kinds.turn_content import calls_of_json, content_of

_ROLE_KEYS = ("role", "from", "speaker")
_TEXT_KEYS = ("content", "value", "text")
_MARK = re.compile(r"(?:^|\n\n)(Human|Assistant): ?")


class WrongMessages(Exception):
    """Messages that can't be read, with the problem that they are."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def said_by(value: Any) -> tuple[Message, ...]:
    """Messages of a list of objects (role or from; content or value), or of one. Raises WrongMessages for what is none."""
    return tuple(_message(one) for one in (value if isinstance(value, list) else [value]))


def with_marks(value: Any) -> tuple[Message, ...]:
    """Messages of a list or an object, or of a text with HH's marks; a text without any is an answer."""
    if not isinstance(value, str):
        return said_by(value)
    pieces = _MARK.split(value)
    if len(pieces) == 1 or pieces[0].strip():
        return reply(value)
    pairs = zip(pieces[1::2], pieces[2::2], strict=True)
    return tuple(Message("user" if who == "Human" else "assistant", text.strip()) for who, text in pairs)


def reply(text: Any) -> tuple[Message, ...]:
    """An answer that is a text, with what was thought before it; nothing for blank text."""
    thought, said = split_thinking(words(text))
    return (Message("assistant", said, thought),) if said or thought else ()


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

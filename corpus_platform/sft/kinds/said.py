"""Messages of the lists that preferences hold: objects with a role and a text, or HH's marks in a text.

Not here: dialogues of turns with all their forms (turns.py), marks of all kinds (marked_text.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.sft.form import Message, Problem
from corpus_platform.sft.kinds.about import words

if TYPE_CHECKING:
    from corpus_platform.sft_tables import Role

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bot", "model", "function_call", "tool_call", "tool_calls"), "assistant"),
    **dict.fromkeys(("tool", "function", "observation", "tool_response"), "tool"),
    "system": "system",
}  # fmt: skip
_CALLS = frozenset({"function_call", "tool_call", "tool_calls"})
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
        return (Message("assistant", value.strip()),)
    pairs = zip(pieces[1::2], pieces[2::2], strict=True)
    return tuple(Message("user" if who == "Human" else "assistant", text.strip()) for who, text in pairs)


def _message(one: Any) -> Message:
    if not isinstance(one, dict):
        raise WrongMessages(Problem("wrong_shape", f"a message is {type(one).__name__}, not an object"))
    name = words(one.get("role", one.get("from", one.get("speaker"))))
    role = _ROLES.get(name.lower())
    if role is None:
        raise WrongMessages(Problem("unknown_role", name[:60]))
    text = words(one.get("content", one.get("value", one.get("text"))))
    if name.lower() in _CALLS:
        return Message(role, "", calls=_calls(text))
    calls = one.get("tool_calls")
    return Message(role, text, calls=_calls(calls) if calls else ())


def _calls(given: Any) -> tuple[dict[str, Any], ...]:
    try:
        found = orjson.loads(given) if isinstance(given, str) else given
    except orjson.JSONDecodeError as error:
        raise WrongMessages(Problem("bad_inner_json", f"call: {given[:120]}")) from error
    calls = [
        one.get("function", one) if isinstance(one, dict) else one
        for one in (found if isinstance(found, list) else [found])
    ]
    if not all(isinstance(call, dict) and call.get("name") for call in calls):
        raise WrongMessages(Problem("wrong_shape", f"call without a name: {given!r:.120}"))
    return tuple({name: call[name] for name in ("name", "arguments", "id") if name in call} for call in calls)

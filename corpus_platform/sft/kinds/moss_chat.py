r"""MOSS 003: an object of numbered turns, each with slots for what the user says, inner thoughts, commands to tools, their results, and the answer.

    {"meta_instruction": "...\n- Calculator: enabled. API: Calculate(expression)", "chat": {"turn_1": {"Human": "<|Human|>: ...<eoh>\n",
        "Inner Thoughts": ..., "Commands": "<|Commands|>: Calculate(\"2+2\")<eoc>\n", "Tool Responses": ..., "MOSS": "<|MOSS|>: ...<eom>\n"}}}

Turns go by their number, not by their place. The marks around a slot are the format's and go; "None" is nothing. A turn with commands is four messages:
user; assistant with its thoughts and calls; tool, one for each call where the results name their call; assistant.
The system prompt stays whole; the tools that its switches turn on are listed beside.

Source: OpenLMLab/MOSS, SFT_data/conversations.
Not here: texts with such marks in one string (marked_text.py).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from corpus_platform.sft.form import Message, Outcome, Problem, user
from corpus_platform.sft.kinds.about import COMMON, about
from corpus_platform.sft.kinds.calls import Call, calls_of
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record

_OPENING = re.compile(r"^\s*<\|[^|<>]{1,40}\|>\s*[:：]?\s*")
_END = re.compile(r"\s*<eo[a-z]>\s*$")
_TURN = re.compile(r"turn_(\d+)$")
_SWITCH = re.compile(r"^- ([^:\n]{1,60}): enabled\. API: (\w+)\(([^()\n]*)\)", re.MULTILINE)


class _Broken(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


@register_kind
class MossChat(Kind):
    """MOSS 003 conversations, with and without tools."""

    name: ClassVar[str] = "moss_chat"
    about: ClassVar[str] = (
        "An object of `turn_N` objects with slots: Human, Inner Thoughts, Commands, Tool Responses, MOSS"
    )
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "chat": Column("The turns", ("chat",), required=True),
        "system": Column("System prompt with the switches of the tools", ("meta_instruction", "system")),
    }
    reasons: ClassVar[Mapping[str, str]] = {"unread_command": "A command to a tool is no call that can be read"}

    def read(self, record: Record) -> Iterator[Outcome]:
        """One dialogue, or why there is none."""
        tools = tools_of_switches(record.text("system") or "")
        parameters = {tool["name"]: tool["parameters"]["required"] for tool in tools}
        try:
            messages = [m for number, turn in _turns(record.get("chat")) for m in _messages(number, turn, parameters)]
        except _Broken as broken:
            yield broken.problem
            return
        calling = any(message.calls for message in messages)
        task = record.task_type or ("tool_use" if calling else None)
        yield about(record, messages, tools=tuple(tools), task_type=task)


def tools_of_switches(system: str) -> list[dict[str, Any]]:
    """Tools that a MOSS system prompt turns on, as JSON schemas: `- Calculator: enabled. API: Calculate(expression)`."""
    found = []
    for about_it, name, arguments in _SWITCH.findall(system):
        names = [argument.strip() for argument in arguments.split(",") if argument.strip()]
        schema = {"type": "object", "properties": {one: {"type": "string"} for one in names}, "required": names}
        found.append({"name": name, "description": about_it.strip(), "parameters": schema})
    return found


def slot(turn: Mapping[str, Any], name: str) -> str:
    """What stands in a slot between its marks; nothing for null and "None"."""
    text = turn.get(name)
    if not isinstance(text, str):
        return ""
    said = _END.sub("", _OPENING.sub("", text, count=1)).strip()
    return "" if said == "None" else said


def _turns(chat: Any) -> list[tuple[int, Mapping[str, Any]]]:
    if not isinstance(chat, dict):
        raise _Broken(Problem("wrong_shape", f"`chat` is {type(chat).__name__}, not an object of turns"))
    turns = []
    for name, turn in chat.items():
        if not (found := _TURN.match(name)) or not isinstance(turn, dict):
            raise _Broken(Problem("wrong_shape", f"`{name[:60]}` is no turn"))
        turns.append((int(found[1]), turn))
    turns.sort(key=lambda numbered: numbered[0])
    numbers = [number for number, _ in turns]
    if not turns:
        raise _Broken(Problem("no_turns"))
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise _Broken(Problem("wrong_shape", f"turns are missing or doubled: {numbers[:20]}"))
    return turns


def _messages(number: int, turn: Mapping[str, Any], parameters: Mapping[str, list[str]]) -> Iterator[Message]:
    asked, answer, thoughts = slot(turn, "Human"), slot(turn, "MOSS"), slot(turn, "Inner Thoughts") or None
    for name, said in (("Human", asked), ("MOSS", answer)):
        if not said:
            raise _Broken(Problem("empty_message", f"turn_{number}: {name}"))
    yield user(asked)
    command, results = slot(turn, "Commands"), slot(turn, "Tool Responses")
    if not command:
        yield Message("assistant", answer, thoughts)
        return
    calls = calls_of(command, parameters)
    if not calls:
        raise _Broken(Problem("unread_command", f"turn_{number}: {command[:120]}"))
    yield Message("assistant", "", thoughts, tuple(call.value for call in calls))
    yield from _results(results, calls)
    yield Message("assistant", answer)


def _results(results: str, calls: list[Call]) -> Iterator[Message]:
    """A message for each call where the results name every call, in order; else one for all."""
    starts: list[int] = []
    for call in calls:
        starts.append(results.find(f"{call.text} =>", starts[-1] + 1 if starts else 0))
    if len(calls) > 1 and starts[0] == 0 and all(a < b for a, b in pairwise(starts)):
        for call, first, last in zip(calls, starts, [*starts[1:], len(results)], strict=True):
            yield Message("tool", results[first:last].strip(), name=call.value["name"])
    elif results:
        names = {call.value["name"] for call in calls}
        yield Message("tool", results, name=names.pop() if len(names) == 1 else None)

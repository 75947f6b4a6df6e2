r"""Dialogues as lists of turns: objects that say who speaks and what.

    {"conversations": [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}]}                      ShareGPT and its kin
    {"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "...", "tool_calls": [...]}], "tools": [...]}     OpenAI
    {"conversations": [..., {"from": "function_call", "value": "{\"name\": ...}"}, {"from": "observation", "value": ...}], "tools": "[...]"}
    {"messages": [{"role": "assistant", "content": [{"type": "reasoning", "value": ...}, {"type": "text", "value": ...}], "loss_weight": 1.0}]}

Which keys say it is found out turn by turn. A first turn of the system is the dialogue's system prompt; a later one stays where it is. Calls of tools are a
part of what the assistant says, what tools give back is a message of the tool. A weight of loss says whether a trainer should learn the message.
Nothing is put in order here: turns that follow each other on one side stay two messages.

Sources: lm-sys/FastChat, hiyouga/LLaMA-Factory (sharegpt, openai and v1 rows), allenai/WildChat-1M, BAAI/Infinity-Instruct, modelscope/ms-swift.
Not here: pairs (pairs.py), lists of texts without roles (turn_strings.py), trees (tree.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.sft.form import Message, Outcome, Problem
from corpus_platform.sft.kinds.about import COMMON, about, tools_of, truth, words
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind
from corpus_platform.sft.kinds.pairs import listed_of
from corpus_platform.sft.kinds.sides import CALLERS, role_of
from corpus_platform.sft.kinds.turn_content import Said, calls_of_json, content_of
from corpus_platform.sft_tables import Role  # noqa: TC001  (pydantic reads it)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record

_ROLE_KEYS = ("role", "from", "speaker", "author", "sender", "role_name")
_TEXT_KEYS = ("content", "value", "text", "markdown", "utterance", "message", "parts")
_WEIGHTS = ("loss_weight", "weight", "loss", "train", "training")


@register_kind
class Turns(Kind):
    """ShareGPT, OpenAI's messages, LMSYS, WildChat, Infinity-Instruct, tool calls."""

    name: ClassVar[str] = "turns"
    about: ClassVar[str] = "A list of turns, each with who speaks and what"
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "turns": Column(
            "The turns, as a list or its JSON as text",
            (
                "conversations",
                "conversation",
                "messages",
                "chat_rounds",
                "items",
                "dialog",
                "dialogue",
                "chat",
                "turns",
            ),
            required=True,
        ),
        "verifiable_answer": Column("The right answer, which a program can check", ("ground_truth", "answer")),
        "images": Column("Images that it speaks of", ("image", "images")),
    }
    reasons: ClassVar[Mapping[str, str]] = {"no_reply": "Nobody answers in the dialogue"}

    roles: dict[str, Role] = Field(default={}, description="Role by name, for names that are not the usual ones")
    role_key: str | None = Field(default=None, description="Key of who speaks, where it is not a usual one")
    text_key: str | None = Field(default=None, description="Key of what is said, where it is not a usual one")

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue."""
        turns = listed_of(record.get("turns") if isinstance(record.value, dict) else record.value)
        if isinstance(turns, Problem):
            yield turns
            return
        said: list[tuple[Message, Said]] = []
        for number, turn in enumerate(turns):
            one = self._turn(turn, number)
            if isinstance(one, Problem):
                yield one
                return
            said.append(one)
        yield self._dialogue(record, said)

    def _dialogue(self, record: Record, said: list[tuple[Message, Said]]) -> Outcome:
        messages = [message for message, _ in said]
        systems: list[str] = []
        while messages and messages[0].role == "system":
            systems.append(messages.pop(0).content)
        if not messages:
            return Problem("no_turns", "no turns" if not systems else "a system prompt alone", broken=False)
        if not any(message.role == "assistant" for message in messages):
            return Problem("no_reply", messages[0].content[:120])
        given = tuple(tool for _, one in said for tool in one.tools)
        return about(
            record,
            messages,
            system="\n\n".join(dict.fromkeys(filter(None, (record.text("system"), *systems)))) or None,
            tools=tools_of(record.get("tools")) or given,
            verifiable_answer=words(record.get("verifiable_answer")) or None,
            images_needed=bool(record.get("images")) or any(one.images for _, one in said),
        )

    def _turn(self, turn: Any, number: int) -> tuple[Message, Said] | Problem:
        if not isinstance(turn, dict):
            return Problem("wrong_shape", f"turn {number} is {type(turn).__name__}, not an object")
        name = _of_key(turn, (self.role_key,) if self.role_key else _ROLE_KEYS)
        role = role_of(name, self.roles)
        if role is None:
            what = f"`{name!s:.60}`" if name is not None else f"none in {', '.join(map(str, turn))[:60]}"
            return Problem("unknown_role" if name is not None else "wrong_shape", f"role of turn {number}: {what}")
        said = content_of(turn, _of_key(turn, (self.text_key,) if self.text_key else _TEXT_KEYS), role)
        if words(name).lower() in CALLERS and isinstance(said, Said) and not said.calls:
            said = _called(said)
        if isinstance(said, Problem):
            return Problem(said.reason, f"turn {number}: {said.detail}", said.broken)
        if not said.content and not said.calls:
            return Problem("empty_message", f"turn {number} ({role})", broken=False)
        tool = words(turn.get("name") or turn.get("tool_name")) or None if role == "tool" else None
        return Message(role, said.content, said.reasoning, said.calls, tool, _trained(turn, role)), said


def _called(said: Said) -> Said | Problem:
    calls = calls_of_json(said.content)
    return calls if isinstance(calls, Problem) else Said("", said.reasoning, calls)


def _of_key(turn: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """The value of the first key that the turn has; one of another case counts too."""
    for key in keys:
        if turn.get(key) is not None:
            return turn[key]
    lower = {str(key).lower(): value for key, value in turn.items() if value is not None}
    return next((lower[key.lower()] for key in keys if key.lower() in lower), None)


def _trained(turn: dict[str, Any], role: Role) -> bool | None:
    """Whether the turn's weight says that it is learnt; None where it has none."""
    weight = next((turn[key] for key in _WEIGHTS if turn.get(key) is not None), None)
    learnt = truth(weight)
    return None if learnt is None or learnt == (role == "assistant") else learnt

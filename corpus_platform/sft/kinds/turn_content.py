r"""What a turn says: a text, or parts of several types; calls of tools as OpenAI, LLaMA-Factory and Glaive write them; thoughts.

    content_of({"content": None, "tool_calls": [{"id": "1", "function": {"name": "add", "arguments": "{\"a\": 1}"}}]}, None, "assistant")
    content_of({"content": [{"type": "reasoning", "value": "..."}, {"type": "text", "value": "..."}]}, [...], "assistant")

Arguments that are JSON as text are read. Not here: who speaks (sides.py), calls in MOSS's own form (calls.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.about import tools_of, words
from corpus_platform.sft.kinds.answers import split_thinking

if TYPE_CHECKING:
    from corpus_platform.sft_tables import Role

_STRAY = re.compile(r"\s*</(?:think|thinking|thought)>\s*\Z", re.IGNORECASE)
_TEXT = frozenset({"text", "output_text", "input_text", "", "content"})
_THOUGHT = frozenset({"reasoning", "thinking", "thought"})
_CALL = frozenset({"tool_call", "tool_calls", "function_call", "tool_use"})
_TOOLS = frozenset({"tools", "tool"})
_IMAGE = frozenset({"image", "image_url", "input_image", "video", "audio"})


@dataclass(frozen=True)
class Said:
    """What a turn says, with the tools that it lists and whether it shows images."""

    content: str
    reasoning: str | None = None
    calls: tuple[Mapping[str, Any], ...] = ()
    tools: tuple[Any, ...] = ()
    images: bool = False


def content_of(turn: Mapping[str, Any], value: Any, role: Role) -> Said | Problem:
    """What a turn with this value says. Problems: `bad_inner_json` for calls that can't be read, `wrong_shape` for parts of an unknown type."""
    said = (
        _parts(value)
        if isinstance(value, list)
        else Said(words(value))
        if not isinstance(value, dict)
        else _parts([value])
    )
    if isinstance(said, Problem) or role != "assistant":
        return said
    given = turn.get("tool_calls") or turn.get("function_call")
    calls = calls_of_json(given) if given else ()
    if isinstance(calls, Problem):
        return calls
    thought = words(turn.get("reasoning_content") or turn.get("reasoning") or turn.get("thinking"))
    # Where thoughts are told apart, a mark that closes them at the end of the answer is a stray one.
    known = said.reasoning or thought
    inner, content = (None, _STRAY.sub("", said.content)) if known else split_thinking(said.content)
    reasoning = "\n\n".join(filter(None, (said.reasoning, thought, inner))) or None
    return Said(content, reasoning, (*said.calls, *calls), said.tools, said.images)


def calls_of_json(given: Any) -> tuple[Mapping[str, Any], ...] | Problem:
    """Calls of a list, an object, or the JSON of either as text: each {name, arguments, id?}."""
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError as error:
            return Problem("bad_inner_json", f"a call: {error}: {given[:100]}")
    found: list[Mapping[str, Any]] = []
    for one in given if isinstance(given, list) else [given]:
        call = _call(one)
        if isinstance(call, Problem):
            return call
        found.append(call)
    return tuple(found)


def _call(one: Any) -> Mapping[str, Any] | Problem:
    if isinstance(one, str):
        # A list of calls, each of them as text.
        try:
            one = orjson.loads(one)
        except orjson.JSONDecodeError:
            return Problem("bad_inner_json", f"a call: {one[:100]}")
    inner = one.get("function", one) if isinstance(one, dict) else one
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        return Problem("wrong_shape", f"a call without a name: {one!r:.100}")
    arguments = inner.get("arguments", inner.get("parameters", inner.get("input")))
    if isinstance(arguments, str):
        try:
            arguments = orjson.loads(arguments) if arguments.strip() else {}
        except orjson.JSONDecodeError:
            return Problem("bad_inner_json", f"arguments of {inner['name'][:40]}: {arguments[:100]}")
    call = {"name": inner["name"], "arguments": {} if arguments is None else arguments}
    return call | {"id": one["id"]} if isinstance(one.get("id"), str | int) else call


def _parts(parts: list[Any]) -> Said | Problem:
    """Parts by their type, in the order of the turn; texts and thoughts are joined by blank lines."""
    content, thoughts = list[str](), list[str]()
    calls, tools = list[Mapping[str, Any]](), list[Any]()
    images = False
    for part in parts:
        kind, value = _part(part)
        if kind in _TEXT:
            content.append(words(value))
        elif kind in _THOUGHT:
            thoughts.append(words(value))
        elif kind in _CALL:
            found = calls_of_json(value)
            if isinstance(found, Problem):
                return found
            calls.extend(found)
        elif kind in _TOOLS:
            tools.extend(tools_of(value))
        elif kind in _IMAGE:
            images = True
        else:
            return Problem("wrong_shape", f"a part of the type `{kind[:40]}`")
    joined = "\n\n".join(filter(None, content)), "\n\n".join(filter(None, thoughts)) or None
    return Said(*joined, tuple(calls), tuple(tools), images)


def _part(part: Any) -> tuple[str, Any]:
    """Type and value of a part; a text is a part of text."""
    if not isinstance(part, dict):
        return "text", part
    kind = words(part.get("type")).lower()
    if kind in _CALL and not any(key in part for key in ("value", "content")):
        return kind, part
    keys = ("value", "text", "content", "reasoning", "thinking", kind)
    return kind, next((part[key] for key in keys if part.get(key) is not None), None)

r"""Extraction of information by a schema: JSON within JSON (IEPile), and annotated texts that such rows are made of.

    {"task": "NER", "instruction": "{\"instruction\": ..., \"schema\": [...], \"input\": ...}", "output": "{\"person\": [...]}"}
    {"text": "...", "entity": [{"entity": ..., "entity_type": ...}]}        or `relation`, or `event`

IEPile's instruction and output are the dialogue, as texts: its models are trained on that JSON. With `form: text` the prompt is prose: task, schema, text.
An annotated text is asked for what is in it, and nothing else, in the language of the text. Schema, text and task stay in `meta`.

Sources: zjunlp/IEPile, zjunlp/InstructIE.
Not here: batches of schemas with what is not in the text (construct/iepile.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import orjson
from pydantic import Field

from corpus_platform.sft.form import Outcome, Problem, assistant, dumps, user
from corpus_platform.sft.kinds.about import COMMON, about, chinese, words
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record

INSTRUCTIONS = {
    (
        "NER",
        "en",
    ): "Find the entities of the types of the schema in the text. A type that does not occur has an empty list. Answer in JSON.",
    ("NER", "zh"): "请找出文本中属于schema所列类型的实体，没有出现的类型给出空列表，用JSON回答。",
    (
        "RE",
        "en",
    ): "Find the relations of the schema in the text, with subject and object. One that does not occur has an empty list. Answer in JSON.",
    ("RE", "zh"): "请找出文本中schema所列的关系，给出每个关系的主体与客体，没有出现的关系给出空列表，用JSON回答。",
    (
        "EE",
        "en",
    ): "Find the events of the schema in the text, with trigger and arguments. An event that does not occur has an empty list, "
    "an argument NAN. Answer in JSON.",
    (
        "EE",
        "zh",
    ): "请找出文本中schema所列的事件，给出触发词与论元，没有出现的事件给出空列表，没有出现的论元填NAN，用JSON回答。",
}
"""What annotated texts are asked, by task and language."""
_SORTS = (("entity", "NER"), ("relation", "RE"), ("event", "EE"))


@register_kind
class IeSchema(Kind):
    """IEPile and what it is made of."""

    name: ClassVar[str] = "ie_schema"
    about: ClassVar[str] = (
        "An instruction that is JSON (instruction, schema, input) with an output that is JSON; or a text with annotations"
    )
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "instruction": Column("JSON with instruction, schema and input", ("instruction",)),
        "output": Column("JSON by items of the schema", ("output",)),
        "text": Column("An annotated text", ("text",)),
        "entity": Column("Its entities: {entity, entity_type}", ("entity",)),
        "relation": Column("Its relations: {head, relation, tail}, types of head and tail by name", ("relation",)),
        "event": Column("Its events: {event_trigger, event_type, arguments}", ("event",)),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "nothing_found": "The text has no annotation, so nothing can be asked of it"
    }
    form: Literal["json", "text"] = Field(
        default="json", description="Whether the prompt is the JSON as it is, or prose made of it"
    )

    def read(self, record: Record) -> Iterator[Outcome]:
        """One dialogue, or why there is none."""
        if record.text("instruction") is not None:
            yield self._row(record)
        elif text := record.text("text"):
            yield self._annotated(text, record)
        else:
            yield Problem("no_prompt")

    def _row(self, record: Record) -> Outcome:
        asked, output = record.text("instruction") or "", record.text("output") or ""
        given = _parsed(asked)
        if not isinstance(given, dict) or not words(given.get("input")) or not words(given.get("instruction")):
            return Problem("bad_inner_json", f"instruction: {asked[:120]}")
        if not output:
            return Problem("no_answer", words(given["input"])[:120])
        if not isinstance(_parsed(output), dict | list):
            return Problem("bad_inner_json", f"output: {output[:120]}")
        return self._dialogue(given, asked, output, record)

    def _annotated(self, text: str, record: Record) -> Outcome:
        sort, task = next((pair for pair in _SORTS if record.get(pair[0])), ("", ""))
        annotations = record.get(sort) if sort else None
        if not annotations:
            return Problem("nothing_found", text[:120], broken=False)
        try:
            schema, output = _MAKERS[sort](annotations)
        except (KeyError, TypeError, AttributeError) as error:
            return Problem("wrong_shape", f"{sort}: {error!r:.120}")
        instruction = INSTRUCTIONS[task, "zh" if chinese(text) else "en"]
        given = {"instruction": instruction, "schema": schema, "input": text, "annotations": annotations}
        said = dumps({name: given[name] for name in ("instruction", "schema", "input")})
        return self._dialogue(given, said, dumps(output), record)

    def _dialogue(self, given: dict[str, Any], asked: str, output: str, record: Record) -> Outcome:
        schema = given.get("schema")
        if self.form == "text":
            asked = "\n\n".join((words(given["instruction"]), f"schema: {dumps(schema)}", words(given["input"])))
        meta = {name: given[name] for name in ("schema", "input", "annotations") if given.get(name)}
        known = {"task_type": record.task_type or "extraction"}
        if task := record.text("task"):
            meta["task"] = task
        return about(record, (user(asked), assistant(output)), meta=meta, **known)


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _entities(annotations: list[Any]) -> tuple[list[str], dict[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for one in annotations:
        found.setdefault(one["entity_type"], []).append(one["entity"])
    return list(found), found


def _relations(annotations: list[Any]) -> tuple[list[str], dict[str, list[dict[str, str]]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for one in annotations:
        found.setdefault(one["relation"], []).append({"subject": one["head"], "object": one["tail"]})
    return list(found), found


def _events(annotations: list[Any]) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    roles: dict[str, dict[str, None]] = {}
    for one in annotations:
        roles.setdefault(one["event_type"], {}).update((a["role"], None) for a in one.get("arguments") or ())
    found: dict[str, list[dict[str, Any]]] = {}
    for one in annotations:
        values: dict[str, list[str]] = {role: [] for role in roles[one["event_type"]]}
        for argument in one.get("arguments") or ():
            values[argument["role"]].append(argument["argument"])
        arguments = {role: said[0] if len(said) == 1 else said or "NAN" for role, said in values.items()}
        found.setdefault(one["event_type"], []).append({"trigger": one["event_trigger"], "arguments": arguments})
    return [{"event_type": name, "trigger": True, "arguments": list(named)} for name, named in roles.items()], found


_MAKERS: dict[str, Any] = {"entity": _entities, "relation": _relations, "event": _events}

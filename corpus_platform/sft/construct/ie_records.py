"""Annotated texts of information extraction, from IEPile's raw records and from rows of the kind `ie_schema`, in one form.

A record has a task (NER, RE, SPO, EE, EET, EEA), a text, and what was found by label: `person` -> ["Ada"], `book_author_person` -> [{subject, object}].
A label of SPO names both types; an event has the roles of its arguments.

Source: zjunlp/IEPile (data/*/sample.json, schema.json, train.json).
Not here: batches of labels (iepile.py), reading of files (kinds/ie_schema.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import orjson

from corpus_platform.sft.construct.rows import answer_of, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Task = Literal["NER", "RE", "SPO", "EE", "EET", "EEA"]
NOTHING = "NAN"
"""Value of an argument that the text does not name."""


@dataclass
class Annotated:
    """A text with what was found in it, by label; labels that were asked for and not found have an empty list."""

    task: Task
    text: str
    found: dict[str, list[Any]] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=dict)
    """Roles of the arguments by type of event."""

    @property
    def positives(self) -> list[str]:
        """Labels of what the text has."""
        return [label for label, values in self.found.items() if values]

    def take(self, other: Annotated) -> None:
        """Adds what another record of the same text has."""
        for label, values in other.found.items():
            for value in values:
                self.put(label, value)
            self.found.setdefault(label, [])
        for label, roles in other.roles.items():
            self.roles[label] = list(dict.fromkeys([*self.roles.get(label, []), *roles]))

    def put(self, label: str, value: Any) -> None:
        """Adds a value to a label, once."""
        values = self.found.setdefault(label, [])
        if value not in values:
            values.append(value)


def annotated_of(row: Mapping[str, Any], task: Task | None = None) -> Annotated | None:
    """The annotated text of a row; None where it has none. `task` says which task a record of relations or events is to be, else it says so itself."""
    try:
        return _annotated(row, fields_of(row), task)
    except (KeyError, TypeError, AttributeError, orjson.JSONDecodeError):
        # An annotation without what its kind has: the row has none that can be used.
        return None


def _annotated(row: Mapping[str, Any], fields: Mapping[str, Any], task: Task | None) -> Annotated | None:
    text = fields.get("text") or fields.get("input")
    if not isinstance(text, str) or not text.strip():
        return None
    for name, read in (("entity", _entities), ("relation", _relations), ("event", _events)):
        if isinstance(fields.get(name), list):
            return read(text, fields[name], task)
    notes = fields.get("annotations")
    if isinstance(notes, list) and notes and isinstance(notes[0], dict):
        sort = next((read for mark, read in _MARKS.items() if mark in notes[0]), None)
        return sort(text, notes, task) if sort else None
    if not fields.get("schema"):
        return None
    found = orjson.loads(answer_of(row))
    return _of_output(text, fields["schema"], found, task or fields.get("task")) if isinstance(found, dict) else None


def roles_of(records: Iterable[Annotated]) -> dict[str, list[str]]:
    """Roles of each type of event over many records, in the order in which they came."""
    roles: dict[str, dict[str, None]] = {}
    for record in records:
        for label, names in record.roles.items():
            roles.setdefault(label, {}).update(dict.fromkeys(names))
    return {label: list(names) for label, names in roles.items()}


def _entities(text: str, notes: list[Any], task: Task | None) -> Annotated:
    del task
    record = Annotated("NER", text)
    for one in notes:
        record.put(one["entity_type"], one["entity"])
    return record


def _relations(text: str, notes: list[Any], task: Task | None) -> Annotated:
    typed = all(one.get("head_type") and one.get("tail_type") for one in notes)
    record = Annotated(task if task in {"RE", "SPO"} else "SPO" if notes and typed else "RE", text)  # type: ignore[arg-type]
    for one in notes:
        if record.task == "SPO":
            label = "_".join((one["head_type"], one["relation"], one["tail_type"]))
            record.put(label, {"subject": one["head"], "object": one["tail"]})
        else:
            record.put(one["relation"], {"head": one["head"], "tail": one["tail"]})
    return record


def _events(text: str, notes: list[Any], task: Task | None) -> Annotated:
    record = Annotated(task if task in {"EE", "EET", "EEA"} else "EE", text)  # type: ignore[arg-type]
    for one in notes:
        label, trigger = one["event_type"], one.get("event_trigger") or NOTHING
        if record.task == "EET":
            record.put(label, trigger)
            continue
        values: dict[str, list[str]] = {}
        for argument in one.get("arguments") or ():
            values.setdefault(argument["role"], []).append(argument["argument"])
        record.put(label, {"trigger": trigger, "arguments": values})
        record.roles[label] = list(dict.fromkeys([*record.roles.get(label, []), *values]))
    return record


_MARKS: dict[str, Any] = {"entity_type": _entities, "relation": _relations, "event_type": _events}


def _of_output(text: str, schema: list[Any], found: dict[str, Any], task: Any) -> Annotated | None:
    """A record of a row in IEPile's own form: its schema, and the values by label."""
    first = schema[0] if schema else None
    if isinstance(first, dict) and "predicate" in first:
        record = Annotated("SPO", text)
        for item in schema:
            label = "_".join((item["subject_type"], item["predicate"], item["object_type"]))
            # Two items with one predicate share a key of the output: which of them a value is of nobody can tell.
            record.found[label] = list(found.get(item["predicate"]) or [])
        return record
    if isinstance(first, dict) and "event_type" in first:
        record = Annotated("EEA" if task == "EEA" else "EE", text)
        for item in schema:
            record.roles[item["event_type"]] = list(item.get("arguments") or ())
            record.found[item["event_type"]] = [_event(one) for one in found.get(item["event_type"]) or ()]
        return record
    if not all(isinstance(item, str) for item in schema):
        return None
    values = [value for item in schema for value in found.get(item) or ()]
    related = bool(values) and isinstance(values[0], dict)
    known = task if task in {"NER", "RE", "EET"} else "RE" if related else "NER"
    record = Annotated(known, text)
    for item in schema:
        record.found[item] = [_pair(value) for value in found.get(item) or ()]
    return record


def _event(one: dict[str, Any]) -> dict[str, Any]:
    given = one.get("arguments") or {}
    arguments = {
        role: value if isinstance(value, list) else [value]
        for role, value in given.items()
        if value not in (NOTHING, [])
    }
    return {"trigger": one.get("trigger", NOTHING), "arguments": arguments}


def _pair(value: Any) -> Any:
    if not isinstance(value, dict) or "subject" not in value:
        return value
    return {"head": value["subject"], "tail": value["object"]}

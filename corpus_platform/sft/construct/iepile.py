"""Schemas in batches, with labels that are not in the text (IEPile): what is asked of a text is more than what it has.

Of a text with the labels P: hard negatives are the labels that are easily taken for one of P, by a dictionary, less P; `others` more are drawn of all
labels. All are mixed and split into batches of `least` to `most`; each batch is a dialogue whose answer has its labels in the order of the schema,
`[]` for what is not there, `NAN` for an argument that is not. Batches with nothing to be found are kept to a share of all (`all_negative`).
Rows of one text are one record. Labels and roles are those of the data set's rows, and of `schema`.

Source: zjunlp/IEPile.
Not here: how rows are read (ie_records.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path  # noqa: TC003  (pydantic reads the annotation)
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import orjson
from pydantic import Field

from corpus_platform.errors import SettingsError
from corpus_platform.sft.construct.ie_records import NOTHING, Annotated, Task, annotated_of, roles_of
from corpus_platform.sft.construct.rows import kept, set_of
from corpus_platform.sft.construct.spool import Spool
from corpus_platform.sft.construct.way import Made, Way, drawn, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, dumps, user
from corpus_platform.sft.kinds.about import chinese
from corpus_platform.sft.kinds.ie_schema import INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_INSTRUCTIONS = {
    **INSTRUCTIONS,
    ("SPO", "en"): INSTRUCTIONS["RE", "en"],
    ("SPO", "zh"): INSTRUCTIONS["RE", "zh"],
    ("EET", "en"): "Find the events of the schema's types in the text, by their trigger words. A type that does not occur has an empty list. Answer in JSON.",
    ("EET", "zh"): "请找出文本中属于schema所列类型的事件，给出触发词，没有出现的类型给出空列表，用JSON回答。",
    ("EEA", "en"): "The schema names events of the text and their triggers. Give their arguments; one that does not occur is NAN. Answer in JSON.",
    ("EEA", "zh"): "schema给出了文本中的事件及其触发词，请给出每个事件的论元，没有出现的论元填NAN，用JSON回答。",
}  # fmt: skip


@dataclass(frozen=True)
class _Known:
    """What is known of all rows: labels by data set and task, sorted; roles by type of event; labels that are taken for a label."""

    labels: dict[str, list[str]]
    roles: dict[str, list[str]]
    confused: dict[str, list[str]] | None


@register_way
class Iepile(Way):
    """Batches of labels over annotated texts."""

    name: ClassVar[str] = "iepile"
    about: ClassVar[str] = "a batch of a schema's labels, of which the text has some, and what is found of them"
    gathers: ClassVar[bool] = True
    reasons: ClassVar[Mapping[str, str]] = {
        "no_annotation": "The row has no annotated text",
        "all_negative": "The batch has nothing to be found, and the share of such is reached",
        "no_labels": "No row of the data set has a label to ask for",
    }

    task: Task | None = Field(
        default=None, description="What is asked for; by default what the records are annotated for"
    )
    least: int = Field(default=4, ge=1, description="Labels of a batch at least, as far as there are so many")
    most: int = Field(default=6, ge=1, description="Labels of a batch at most")
    hard_negatives: Path | None = Field(
        default=None, description="JSON file: labels that are easily taken for a label, by label"
    )
    by_parts: bool = Field(
        default=True,
        description="Without such a file: labels that share a part between `_`, `-`, `/` are hard negatives",
    )
    others: int | None = Field(default=4, ge=0, description="Labels drawn besides; all there are if null")
    schema_file: Path | None = Field(
        default=None, description="JSON file with all labels: a list, or roles by type of event"
    )
    all_negative: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of batches with nothing to be found, at most; of texts with labels and without",
    )
    order: Literal["random", "label"] = Field(default="random", description="Order of the labels before they are split")
    form: Literal["json", "text"] = Field(default="json", description="Whether the prompt is JSON, or prose made of it")

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Batches of each text. A text's rows are in memory together, and eight bytes for each batch without a find."""
        spool = Spool(rows)
        known = self._known(spool)
        limit = self._limit(spool, known)
        for _, group in spool.groups(_place):
            yield from self._of_text(group, known, limit)

    def _known(self, spool: Spool) -> _Known:
        found: dict[str, set[str]] = defaultdict(set)
        roles: dict[str, list[str]] = {}
        given = _read(self.schema_file) if self.schema_file else None
        for row in spool:
            record = annotated_of(row, self.task)
            if record is not None:
                found[_schema_of(row, record)] |= set(record.found) | set(given or ())
                roles = roles_of((Annotated("EE", "", roles=roles), record))
        if isinstance(given, dict):
            roles = roles_of((Annotated("EE", "", roles=given), Annotated("EE", "", roles=roles)))
        confused = _read(self.hard_negatives) if self.hard_negatives else None
        return _Known({name: sorted(labels) for name, labels in found.items()}, roles, confused)

    def _limit(self, spool: Spool, known: _Known) -> int:
        """Of the batches without a find those are kept whose draw is at most this."""
        positive, places = 0, []
        for _, group in spool.groups(_place):
            record, _ = self._record(group)
            for number, batch in enumerate(self._batches(group, record, known) if record else ()):
                if record and any(record.found.get(label) for label in batch):
                    positive += 1
                else:
                    places.append(self.draw("negative", group[0]["doc_id"], number))
        wanted = int(positive * self.all_negative / (1 - self.all_negative) + 1e-9)
        if wanted >= len(places):
            return 1 << 64
        return int(np.partition(np.array(places, np.uint64), wanted - 1)[wanted - 1]) if wanted else -1

    def _record(self, group: list[dict[str, Any]]) -> tuple[Annotated | None, list[dict[str, Any]]]:
        """The record of a text's rows, and the rows that have none."""
        record, bare = None, []
        for row in group:
            one = annotated_of(row, self.task)
            if one is None:
                bare.append(row)
            elif record is None:
                record = one
            else:
                record.take(one)
        return record, bare

    def _of_text(self, group: list[dict[str, Any]], known: _Known, limit: int) -> Iterator[Made]:
        record, bare = self._record(group)
        yield from (skipped("no_annotation", row["doc_id"]) for row in bare)
        if record is None:
            return
        parents = [row["doc_id"] for row in group if row not in bare]
        batches = self._batches(group, record, known)
        if not batches:
            yield skipped("no_labels", *parents)
        for number, batch in enumerate(batches):
            positive = any(record.found.get(label) for label in batch)
            if not positive and self.draw("negative", group[0]["doc_id"], number) > limit:
                yield skipped("all_negative", *parents)
            else:
                yield made(self._dialogue(group[0], record, batch, known.roles), *parents)

    def _batches(self, group: list[dict[str, Any]], record: Annotated, known: _Known) -> list[list[str]]:
        """Labels of each batch."""
        positives = record.positives
        if record.task == "EEA":
            return [[label] for label in positives]
        labels, doc_id = known.labels[_schema_of(group[0], record)], group[0]["doc_id"]
        other, order = self.draw("other", doc_id), self.draw("order", doc_id)
        chosen = dict.fromkeys([*positives, *self._hard(positives, labels, known.confused)])
        rest = sorted((label for label in labels if label not in chosen), key=lambda label: _mixed(other, label))
        chosen |= dict.fromkeys(rest[: self.others])
        # Sizes from `least` on, as far as there are labels to fill them.
        n = max(1, -(-len(chosen) // self.most))
        lacking = max(0, n * self.least - len(chosen))
        chosen |= dict.fromkeys([label for label in rest if label not in chosen][:lacking])
        mixed = sorted(chosen, key=lambda label: _mixed(order, label)) if self.order == "random" else sorted(chosen)
        return [mixed[len(mixed) * k // n : len(mixed) * (k + 1) // n] for k in range(n)] if mixed else []

    def _hard(self, positives: list[str], labels: list[str], confused: Mapping[str, list[str]] | None) -> list[str]:
        if confused is not None:
            return [label for p in positives for label in confused.get(p, ()) if label not in positives]
        if not self.by_parts:
            return []
        parts = {part for p in positives for part in _parts(p)}
        return [label for label in labels if label not in positives and parts & _parts(label)]

    def _dialogue(
        self, row: Mapping[str, Any], record: Annotated, batch: list[str], roles: Mapping[str, list[str]]
    ) -> Dialogue:
        language = "zh" if chinese(record.text) else "en"
        instruction = _INSTRUCTIONS[record.task, language]
        schema = [_item(record, label, roles) for label in batch]
        answer: dict[str, list[Any]] = {}
        for label in batch:
            answer.setdefault(_key(record, label), []).extend(
                _value(v, label, roles) for v in record.found.get(label, ())
            )
        if self.form == "json":
            asked = dumps({"instruction": instruction, "schema": schema, "input": record.text})
        else:
            asked = f"{instruction}\n\nschema: {dumps(schema)}\n\n{record.text}"
        return Dialogue(
            (user(asked), assistant(dumps(answer))),
            task_type="extraction",
            construction="rewritten",
            labels={"labels": len(batch), "found": sum(bool(record.found.get(label)) for label in batch)},
            meta={"task": record.task},
            **kept(row) | {"language": language},
        )


def _place(row: dict[str, Any]) -> str:
    record = annotated_of(row)
    return f"{set_of(row)}\0{record.task}\0{record.text}" if record else f"{set_of(row)}\0{row['doc_id']}"


def _schema_of(row: Mapping[str, Any], record: Annotated) -> str:
    return f"{set_of(row)}\0{record.task}"


@lru_cache(maxsize=100_000)
def _label_hash(label: str) -> int:
    return drawn("label", label)


def _mixed(number: int, label: str) -> int:
    """A draw of a label for a text, from the text's own: cheaper than a hash of both."""
    return ((number ^ _label_hash(label)) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF


@lru_cache(maxsize=100_000)
def _parts(label: str) -> frozenset[str]:
    return frozenset(part for part in label.replace("-", "_").replace("/", "_").split("_") if part)


def _item(record: Annotated, label: str, roles: Mapping[str, list[str]]) -> Any:
    """What the schema says of a label."""
    if record.task == "SPO":
        subject, predicate, target = label.split("_", 2)
        return {"subject_type": subject, "predicate": predicate, "object_type": target}
    if record.task == "EE":
        return {"event_type": label, "trigger": True, "arguments": roles.get(label, [])}
    if record.task == "EEA":
        triggers = list(dict.fromkeys(one["trigger"] for one in record.found[label]))
        return {"event_type": label, "trigger": triggers, "arguments": roles.get(label, [])}
    return label


def _key(record: Annotated, label: str) -> str:
    return label.split("_", 2)[1] if record.task == "SPO" else label


def _value(value: Any, label: str, roles: Mapping[str, list[str]]) -> Any:
    """A find as the answer writes it: one value as it is, several as a list, none as NAN."""
    if not (isinstance(value, dict) and "trigger" in value):
        return value
    said = {role: value["arguments"].get(role, []) for role in roles.get(label, value["arguments"])}
    arguments = {role: (one[0] if len(one) == 1 else one or NOTHING) for role, one in said.items()}
    return {"trigger": value["trigger"], "arguments": arguments}


def _read(path: Path) -> Any:
    """A JSON file; of IEPile's schema.json, which has a value on each line, the last that holds something, else the first."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        lines = [orjson.loads(line) for line in text.splitlines() if line.strip()]
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"{path}: neither JSON nor a JSON value on each line: {error}") from None
    events = [one for one in lines if isinstance(one, dict) and one]
    return events[-1] if events else next((one for one in lines if one), [])

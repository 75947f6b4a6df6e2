"""Evaluation sets that dialogues are held against: files by name, read as any data set is, each record an item.

A set whose name is one of the catalogue's (`gsm8k`, `cmmlu`) is read as the catalogue says. Of another the kind is told by its columns: options make a
choice; a question with a checkable answer is one of maths; else a prompt, with its answer if there is one; else turns. What none of these reads is read
as a test set of texts (test_sets.py).
Promise: an item's id is its own number among the records of its set; a record that gives no item is counted (`unread`), and a set without any is an error.

Not here: the search (sft/contamination.py), what becomes of dialogues (steps/sft_contamination.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus_platform.catalogue.sft import data_sets, layout_of
from corpus_platform.errors import CorpusError, SettingsError
from corpus_platform.readers.reader import Unit
from corpus_platform.readers.unpacking import Problem as Unreadable
from corpus_platform.recipes.test_sets import read_test_set
from corpus_platform.sft.containers import pieces, records_of
from corpus_platform.sft.contamination import EvalItems, Thresholds
from corpus_platform.sft.eval_items import EvalItem
from corpus_platform.sft.form import Dialogue, Problem
from corpus_platform.sft.guess import guess
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of
from corpus_platform.sft.reading import Reading
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from corpus_platform.sft.containers import Read
    from corpus_platform.sft.kinds.kind import Kind

_KINDS = ("choice", "verifiable", "instruct", "turns", "turn_strings", "prompts_only")
"""Kinds that are tried, in their order."""
_FIRST = 50
"""Records by which the kind is told."""
_ENOUGH = 0.9
"""Share of them that must give an item."""
_TOLD = ("kind", "map", "shape", "container", "files")
_ASKED = ("question", "prompt")
_LETTERS = "ABCDEFGHIJ"
_MATHS = "verifiable"
"""Kind of questions whose variants differ in their numbers."""
_NUMBER = re.compile(r"-?[\d,]*\.?\d+")
_UNANSWERED = frozenset({"no_answer", "no_answer_given", "empty_message", "no_choice"})
"""Problems of records that ask without answering: what they ask is an item all the same."""


@dataclass(frozen=True)
class EvalSet:
    """An evaluation set as it was read: its items, how, and how many of its records give none."""

    name: str
    items: tuple[EvalItem, ...]
    kind: str
    unread: int = 0


def eval_items(
    files: Mapping[str, str], against: Sequence[str] = (), thresholds: Thresholds | None = None
) -> EvalItems:
    """The items of some evaluation sets (all where none is named), ready to be searched for. Raises SettingsError for a set that there is not."""
    for name in against:
        if name not in files:
            have = ", ".join(files) or "none"
            raise SettingsError(
                f"there is no test set `{name}`{nearest(name, files)}; the setting `recipes.test_sets` names {have}"
            )
    chosen = tuple((name, files[name], _stamp(files[name])) for name in sorted(against or files))
    return _ready(chosen, (thresholds or Thresholds()).model_dump_json())


@cache
def _ready(chosen: tuple[tuple[str, str, tuple[tuple[str, int, int], ...]], ...], thresholds: str) -> EvalItems:
    items = (item for name, file, _ in chosen for item in read_eval_set(name, Path(file)).items)
    return EvalItems.of(items, Thresholds.model_validate_json(thresholds))


def read_eval_set(name: str, path: Path) -> EvalSet:
    """The items of a file or folder. Raises SettingsError where there is none in it."""
    unit = Unit.of_path(path)
    found = _by_catalogue(name, unit) or _by_columns(name, unit) or _as_texts(name, path)
    if not found.items:
        raise SettingsError(
            f"test set `{name}`: {path} has no item: {found.unread:,} records give nothing that is asked"
        )
    return found


def _by_catalogue(name: str, unit: Unit) -> EvalSet | None:
    entry = name.partition(".")[0].replace("-", "_")
    if entry not in data_sets():
        return None
    known = layout_of(name.replace("-", "_"))
    if not known.kind:
        return None
    values = {field: value for field in _TOLD if (value := getattr(known, field))}
    options = {key: value for key, value in known.options.items() if key != "evaluation"}
    reading = Reading.model_validate({**values, "options": options})
    found = _read(name, unit, reading)
    # Another release of the set may have columns of its own.
    return found if found.items and len(found.items) >= _ENOUGH * (len(found.items) + found.unread) else None


def _by_columns(name: str, unit: Unit) -> EvalSet | None:
    records = list(islice((one.value for _, one in _records(unit, Reading(kind="instruct"))), _FIRST))
    for kind in _KINDS:
        made = kind_of(kind)
        columns = _with_letters(kind, guess(type(made), records, ColumnMap(others="ignore")), records)
        if kind == "choice" and not _has_options(columns, records):
            continue
        asked = [_item(name, "", made, Record(value, columns)) is not None for value in records]
        if asked and sum(asked) >= _ENOUGH * len(asked):
            return _read(name, unit, Reading(kind=kind, map=columns))
    return None


def _has_options(columns: ColumnMap, records: Sequence[Any]) -> bool:
    return "options" in columns.columns and any(Record(value, columns).get("options") for value in records)


def _with_letters(kind: str, columns: ColumnMap, records: Sequence[Any]) -> ColumnMap:
    """The map with columns A, B ... as options, where all records have them."""
    if kind != "choice" or "options" in columns.columns or not records:
        return columns
    there = tuple(letter for letter in _LETTERS if all(isinstance(one, dict) and letter in one for one in records))
    return columns.model_copy(update={"columns": {**columns.columns, "options": there}}) if len(there) > 1 else columns


def _as_texts(name: str, path: Path) -> EvalSet:
    try:
        texts = read_test_set(path)
    except CorpusError as error:
        raise SettingsError(f"test set `{name}`: {error}") from None
    return EvalSet(name, tuple(EvalItem(name, str(i), (text,)) for i, text in enumerate(texts)), "text")


def _read(name: str, unit: Unit, reading: Reading) -> EvalSet:
    kind = reading.made()
    items, number = [], 0
    for file, one in _records(unit, reading):
        item = (
            None
            if isinstance(one.value, Unreadable)
            else _item(name, str(number), kind, Record(one.value, reading.map, file))
        )
        items += [item] if item else []
        number += 1
    return EvalSet(name, tuple(items), reading.kind, number - len(items))


def _records(unit: Unit, reading: Reading) -> Iterator[tuple[str, Read]]:
    kind = reading.made()
    shapes = (reading.shape,) if reading.shape else kind.shapes
    for piece in pieces(unit, reading.wants):
        if not isinstance(piece, tuple):
            for one in records_of(piece, reading.container, shapes):
                yield piece.file, one


def _item(name: str, identity: str, kind: Kind, record: Record) -> EvalItem | None:
    """The item of a record: its first dialogue, or what it asks where it has no answer; None where nothing is asked."""
    try:
        outcome = next(iter(kind.read(record)), None)
    except (AttributeError, TypeError, ValueError, KeyError):
        return None  # a record of another shape than the kind's
    if isinstance(outcome, Dialogue) and any(m.role == "user" for m in outcome.messages):
        return EvalItem.of(name, identity, outcome, maths=outcome.task_type == "maths" or kind.name == _MATHS)
    if isinstance(outcome, Problem) and outcome.reason in _UNANSWERED:
        asked = next((text for field in _ASKED if (text := record.text(field))), None) or _opening(record)
        maths = kind.name == _MATHS or _NUMBER.fullmatch(record.text("verifiable_answer") or "") is not None
        return None if asked is None else EvalItem(name, identity, (asked,), maths=maths)
    return None


def _opening(record: Record) -> str | None:
    """What the first user says in turns whose answer is left empty: it is for a model to give."""
    turns = record.get("turns")
    said = (
        (turn for turn in turns if isinstance(turn, dict) and turn.get("role") == "user")
        if isinstance(turns, list)
        else ()
    )
    return next((text for turn in said if isinstance(text := turn.get("content"), str) and text.strip()), None)


def _stamp(file: str) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and modifications, so that a changed file is read anew."""
    path = Path(file)
    if not path.exists():
        raise SettingsError(f"test set {file}: no such file; see the setting `recipes.test_sets`")
    every = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return tuple((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in every)

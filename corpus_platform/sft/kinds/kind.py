"""What a kind of record is: fields with the names that they go by, options, and dialogues of a record.

    @register_kind
    class Instruct(Kind):
        name = "instruct"
        fields = {"prompt": Column("what is asked", ("instruction", "prompt", ...)), "answer": Column(...), ...}

        def read(self, record: Record) -> Iterator[Outcome]: ...

A data set is a kind and a *column map*: which column of its records is which field. No data set has code of its own. A column that the map does not
name is an error that shows the map with it: nothing is dropped without being said.

Not here: the kinds (the modules beside this one), containers (containers.py), guessing a map (sniff.py), tables and runs (stages/sft_messages.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.errors import SettingsError
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus_platform.sft.form import Outcome

MODULES = (
    "instruct",
    "turns",
    "pairs",
    "turn_strings",
    "marked_text",
    "prompts_only",
    "moss_chat",
    "tree",
    "task_file",
    "dialog_log",
    "verifiable",
    "choice",
    "ie_schema",
    "compare",
    "rewrite_tsv",
)
"""Modules of this folder, a kind in each (A1 to A15 of the data sets' families)."""

REASONS = {
    "no_prompt": "The record has nothing that is asked",
    "no_answer": "The record has no answer",
    "empty_message": "A message has no text",
    "unknown_role": "A role is none that the kind or the map knows",
    "no_turns": "The dialogue has no message",
    "wrong_shape": "The record is not of the kind's shape",
    "bad_inner_json": "A field that holds JSON as text can't be read",
    "unmarked_text": "The text has none of the marks that say who speaks",
    "no_choice": "The options, or which of them is right, are missing",
    "wrong_answer": "The source says that the answer is wrong",
    "deleted": "The source says that the message was deleted or refused",
    "no_answer_given": "A prompt without an answer: a seed, nothing to train on",
    "evaluation_set": "A record of an evaluation set: it is compared with, never trained on",
}
"""Reason codes of problems, with their meaning. A kind may add its own (`Kind.reasons`)."""

Shape = Literal["row", "line", "entry", "file"]
"""What a record is: a row (object) of a list or table; a line of a text file as a string; an entry of an object (`_key` and its value's fields);
the whole JSON value of a file."""


@dataclass(frozen=True)
class Column:
    """A field of a kind: what it is, and names of columns that usually hold it, the likeliest first."""

    about: str
    aliases: tuple[str, ...] = ()
    required: bool = False


class ColumnMap(BaseModel):
    """Which column is which field. A column may be a path into objects: `metadata.upvotes`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, str | tuple[str, ...]] = Field(
        default={}, description="Column by field of the kind; several are joined by a blank line"
    )
    labels: dict[str, str] = Field(default={}, description="Column by label: quality, difficulty, flagged ...")
    meta: tuple[str, ...] = Field(default=(), description="Columns that are kept as they are, in `meta`")
    ignore: tuple[str, ...] = Field(default=(), description="Columns that are left out, by intention")
    others: Literal["fail", "meta", "ignore"] = Field(
        default="fail", description="What becomes of a column that the map does not name"
    )
    task_types: dict[str, str] = Field(
        default={}, description="Task type by value of the field `task`, where a column says what a record is"
    )

    @property
    def named(self) -> frozenset[str]:
        """The columns that the map names, each by the first part of its path."""
        columns = [c for given in self.columns.values() for c in ((given,) if isinstance(given, str) else given)]
        return frozenset(path.partition(".")[0] for path in (*columns, *self.labels.values(), *self.meta, *self.ignore))


@dataclass(frozen=True)
class Record:
    """A record with the map that says what its columns are."""

    value: Any
    """What the container gave: an object, a list, a line."""
    map: ColumnMap
    file: str = ""

    def get(self, field: str, default: Any = None) -> Any:
        """The value of a field: of its column, or of several joined by a blank line; the default where there is none, or null."""
        given = self.map.columns.get(field)
        if given is None:
            return default
        if isinstance(given, str):
            found = at(self.value, given)
            return default if found is None else found
        found = [str(v) for c in given if (v := at(self.value, c)) is not None and str(v).strip()]
        return "\n\n".join(found) if found else default

    def text(self, field: str) -> str | None:
        """The value of a field as text without white space around it; None where it is missing or blank. Numbers are written as they are."""
        found = self.get(field)
        if found is None or isinstance(found, dict | list):
            return None
        return str(found).strip() or None

    @property
    def labels(self) -> dict[str, Any]:
        """The labels that the map names and the record has."""
        found = {label: at(self.value, path) for label, path in self.map.labels.items()}
        return {label: value for label, value in found.items() if value is not None}

    @property
    def meta(self) -> dict[str, Any]:
        """The columns that are kept as they are."""
        names = list(self.map.meta)
        if self.map.others == "meta" and isinstance(self.value, dict):
            names += [name for name in self.value if name not in self.map.named]
        found = {name: at(self.value, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def task_type(self) -> str | None:
        """The task type by the map's `task_types`, where the record has the field `task`."""
        task = self.text("task")
        return self.map.task_types.get(task, self.map.task_types.get("otherwise")) if task else None


def at(value: Any, path: str) -> Any:
    """What is at a path of a record: a column of that very name, else the names between dots one after the other; numbers go into lists."""
    if isinstance(value, dict) and path in value:
        return value[path]
    found = value
    for part in path.split("."):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.lstrip("-").isdigit() and -len(found) <= int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


class Kind(BaseModel, ABC):
    """A kind of record with its options. A frozen, closed model: its values are part of the identity of what it reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]
    version: ClassVar[str] = "1"
    """Raised by hand when the same record gives other dialogues."""
    about: ClassVar[str]
    """What a record is, in a line."""
    fields: ClassVar[Mapping[str, Column]]
    shapes: ClassVar[tuple[Shape, ...]] = ("row",)
    """Shapes that records may have, the usual one first; the first that fits a file's container is taken, unless the set says which."""
    gathers: ClassVar[bool] = False
    """Whether a file of rows that is one record (shape `file`) comes as an iterator of its rows, so that no file is too large."""
    reasons: ClassVar[Mapping[str, str]] = {}
    """Reason codes besides REASONS."""
    gives: ClassVar[frozenset[str]] = frozenset({"dialogues"})
    """What comes of its records: `dialogues`, `preferences`."""

    @abstractmethod
    def read(self, record: Record) -> Iterator[Outcome]:
        """What a record gives: one outcome or more. Labels, meta and task type of the record are the kind's to hand on (`about`)."""

    def takes(self, column: str) -> bool:
        """Whether the kind reads a column by its name alone, be it in the map or not: one of many that are numbered."""
        del column
        return False

    def fits(self, records: Sequence[Any], columns: ColumnMap) -> float:
        """How well some records fit under a map, 0..1: the share that gives no broken problem, by default."""
        from corpus_platform.sft.form import Problem  # noqa: PLC0415  (form is above what a kind is)

        good = 0
        for value in records:
            found = list(self.read(Record(value, columns)))
            good += bool(found) and not any(isinstance(one, Problem) and one.broken for one in found)
        return good / len(records) if records else 0.0


_KINDS: dict[str, type[Kind]] = {}
_Class = TypeVar("_Class", bound="type[Kind]")


def register_kind(kind: _Class) -> _Class:
    """Makes a kind known by its name."""
    if _KINDS.get(kind.name, kind).__qualname__ != kind.__qualname__:
        raise ValueError(f"two kinds are called `{kind.name}`")
    _KINDS[kind.name] = kind
    return kind


def kinds() -> dict[str, type[Kind]]:
    """Every kind by its name, in the order of `MODULES`."""
    for module in MODULES:
        import_module(f"corpus_platform.sft.kinds.{module}")
    return {name: _KINDS[name] for name in MODULES}


def kind_class(name: str) -> type[Kind]:
    """The class of a kind. Raises SettingsError with the nearest name."""
    if name not in MODULES:
        raise SettingsError(f"there is no kind `{name}`{nearest(name, MODULES)}; there are {', '.join(MODULES)}")
    import_module(f"corpus_platform.sft.kinds.{name}")
    return _KINDS[name]


def kind_of(name: str, options: Mapping[str, Any] | None = None) -> Kind:
    """The kind of a name with its options. Raises SettingsError with the nearest name, pydantic's error for a wrong option."""
    return kind_class(name).model_validate(dict(options or {}))

"""What a step of a recipe is: a filter, an edit or a dedup, with parameters that Pydantic checks.

- A *filter* is a list of rules over signals; the first rule that holds drops the document and is what the ledger names.
- An *edit* changes the text of documents, and may drop some; signals that later steps need are computed anew where the text has changed.
- A *dedup* acts on the recipe's survivors so far and ends a stage: what it compares is found out for all of them first (recipes/population.py).

Not here: the steps themselves (steps/), how a recipe is read (recipe.py) and run (apply.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

Comparison = Literal["<", "<=", ">", ">=", "==", "!=", "in", "not in"]

LineSummary = Literal["mean", "sum", "max", "min"]

MODULES = (
    "common",
    "dedup",
    "contamination",
    "url",
    "gopher",
    "c4",
    "fineweb",
    "refinedweb",
    "dclm",
    "redpajama",
    "openwebmath",
    "pile",
    "models",
    "chinese",
    "chinese_edits",
    "pii",
    "dolma",
    "roots",
    "oscar",
    "data_juicer",
    "nemo",
    "code",
    "flagdata",
    "flagdata_lines",
    "flagdata_filters",
    "cleaning",
    "line_classifier",
    "books",
    "social",
    "sft_repair",
    "sft_structure",
    "sft_pii",
    "sft_safety",
    "sft_rules",
    "sft_self_instruct",
    "sft_repetition",
    "sft_dedup",
    "sft_contamination",
    "sft_selection",
)
"""Modules of `steps/` that define steps."""


class Frozen(BaseModel):
    """A threshold that a rule has for documents of a language or host, in place of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(description="Rule, or `step/rule` where two steps have one of that name")
    value: float = Field(allow_inf_nan=False, description="The threshold")
    language: str | None = Field(default=None, description="Documents in this language; in any by default")
    source: str | None = Field(default=None, description="Documents of this host and those below it; of any by default")

    def is_for(self, step: str, rule: str) -> bool:
        """Whether a rule of a step is meant."""
        return self.rule in {rule, f"{step}/{rule}"}


@dataclass(frozen=True)
class Rule:
    """Drops a document when `signal` `drop_when` `threshold` holds, e.g. `rps_doc_word_count < 50`."""

    name: str
    signal: str
    drop_when: Comparison
    threshold: float | str | tuple[str, ...]
    languages: tuple[str, ...] = ()
    """Only documents in these languages are judged; empty: all."""
    null: Literal["keep", "drop"] = "keep"
    """What becomes of a document whose signal has no value."""
    decimals: int | None = None
    """The value is rounded to so many decimals before it is held against the threshold."""
    instead: tuple[Frozen, ...] = ()
    """Thresholds for some languages and hosts; the last that fits a document counts."""
    lines: LineSummary | None = None
    """Of a line signal: what of the values of a document's lines is held against the threshold; `mean` of 0 and 1 is the share of lines."""
    but_languages: tuple[str, ...] = ()
    """Documents in these languages are not judged."""


@dataclass(frozen=True)
class Edited:
    """What an edit made of n documents.

    `text` has n texts, `changed` bool[n] says which differ. `dropped` int16[n] is an index into `rules`, or -1; `value` and `threshold` float64[n]
    are of those that were dropped (NaN where there is none). `removed` counts what was taken out, by rule. `spans`, made only when asked for, has a row
    for each piece that was taken out or replaced: `document` (0..n-1), `start`, `end` (characters of the text before), `rule`.
    `seen` has a word for each of the n documents that the ledger keeps of those that were dropped. `weight` float32[n] is a factor of the documents'
    sampling weights. `columns` are other columns that the edit has changed with the texts, n values each: the messages of dialogues.
    """

    text: pl.Series
    changed: np.ndarray
    rules: tuple[str, ...] = ()
    dropped: np.ndarray = field(default_factory=lambda: np.empty(0, np.int16))
    value: np.ndarray = field(default_factory=lambda: np.empty(0, np.float64))
    threshold: np.ndarray = field(default_factory=lambda: np.empty(0, np.float64))
    removed: Mapping[str, int] = field(default_factory=dict)
    spans: pl.DataFrame | None = None
    seen: pl.Series | None = None
    weight: np.ndarray | None = None
    columns: Mapping[str, pl.Series] = field(default_factory=dict)


class Step(BaseModel, ABC):
    """Parameters of a step. `step` is its name in YAML, `kind` what it does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: ClassVar[str]
    kind: ClassVar[Literal["filter", "edit", "dedup"]]
    acts_on: ClassVar[Literal["document", "lines", "sentences", "spans"]] = "document"

    label: str | None = Field(default=None, description="Name of the step in the ledger; the step's own by default")
    unverified: str | None = Field(default=None, description="What about this step is not known from its authors' code")
    note: str | None = Field(default=None, description="What a reader of the recipe should know")

    @property
    def name(self) -> str:
        """Name in ledger and funnel."""
        return self.label or self.step

    def needed_models(self, environment: Environment) -> tuple[str, ...]:
        """Models that the environment lacks and without which the step can't be done; a filter needs none where their scores are stored."""
        del environment
        return ()


class FilterStep(Step):
    """Keeps or drops documents by rules over signals."""

    kind: ClassVar[Literal["filter", "edit", "dedup"]] = "filter"

    @abstractmethod
    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """The rules in the order in which they are asked."""


class EditStep(Step):
    """Changes texts."""

    kind: ClassVar[Literal["filter", "edit", "dedup"]] = "edit"
    keeps: ClassVar[frozenset[str]] = frozenset()
    """Signals that are still true of a text from which the edit took less than a fifth; with `compat: reference` they are measured again all the same."""

    def needs(self) -> tuple[str, ...]:
        """Columns beside the text that the edit reads: signals (`language`) or `url`."""
        return ()

    @abstractmethod
    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The documents after the edit; `trace` asks for the spans."""


class DedupStep(Step):
    """Drops copies among the survivors so far, or chooses among them: a stage boundary."""

    kind: ClassVar[Literal["filter", "edit", "dedup"]] = "dedup"
    of: ClassVar[Literal["texts", "dialogues"]] = "texts"
    """What it compares: texts of any kind, or the messages of dialogues."""

    def needs(self) -> tuple[str, ...]:
        """Signals and columns beside text and address that documents are compared by."""
        return ()

    @property
    def is_done_before(self) -> bool:
        """Whether the texts that the recipe starts from have been through it already."""
        return False


_STEPS: dict[str, type[Step]] = {}
_Class = TypeVar("_Class", bound="type[Step]")


def register_step(step: _Class) -> _Class:
    """Makes a step known by its name in YAML."""
    if _STEPS.get(step.step, step).__qualname__ != step.__qualname__:
        raise ValueError(f"two steps are called `{step.step}`")
    _STEPS[step.step] = step
    return step


def steps() -> dict[str, type[Step]]:
    """Every step by its name in YAML."""
    for module in MODULES:
        import_module(f"corpus_platform.recipes.steps.{module}")
    return dict(_STEPS)


def parameters(step: type[Step]) -> dict[str, Any]:
    """The parameters of a step with their descriptions and defaults, for the docs."""
    shared = set(Step.model_fields)
    return {name: info for name, info in step.model_fields.items() if name not in shared}

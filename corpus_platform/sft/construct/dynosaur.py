"""Instructions applied to the fields of records (Dynosaur): a recipe says which fields are given, which is the answer, and what is asked.

    {"task_name": "glue-mrpc", "instruction": "Are both sentences equivalent?", "input_fields": ["sentence1", "sentence2"], "output_field": ["label"]}

A recipe is refused for a data set that lacks one of its fields, when input and output fields overlap, when it has no output field or no instruction, and
when an earlier one has its instruction. Writing recipes needs a model; applying them does not.

Source: WadeYin9712/Dynosaur, instruction_generation/filter_invalid_tasks.py.
Not here: how records are read (kinds/, which keep their columns in `meta`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (pydantic reads the annotation)
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import orjson
from pydantic import Field

from corpus_platform.errors import SettingsError
from corpus_platform.sft.construct.rows import fields_of, kept, set_of
from corpus_platform.sft.construct.spool import Spool
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, dumps, user
from corpus_platform.sft.kinds.about import chinese, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True)
class Recipe:
    """What is asked of which fields."""

    task: str
    instruction: str
    inputs: tuple[str, ...]
    output: str

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Recipe:
        """A recipe of its JSON object; what is missing is empty."""
        outputs = value.get("output_field") or [""]
        outputs = [outputs] if isinstance(outputs, str) else outputs
        return cls(
            str(value.get("task_name") or ""),
            words(value.get("instruction")),
            tuple(map(str, value.get("input_fields") or ())),
            str(outputs[0]) if len(outputs) == 1 else "",
        )


def refused(recipe: Recipe, known: set[str], earlier: set[str]) -> str | None:
    """Why a recipe can't be applied to records with these fields, by a reason code; None where it can."""
    if not recipe.output or not recipe.instruction:
        return "empty_recipe"
    if recipe.output in recipe.inputs:
        return "overlapping_fields"
    if not {recipe.output, *recipe.inputs} <= known:
        return "unknown_field"
    return "repeated_instruction" if " ".join(recipe.instruction.lower().split()) in earlier else None


@register_way
class Dynosaur(Way):
    """Recipes over fields."""

    name: ClassVar[str] = "dynosaur"
    about: ClassVar[str] = "an instruction with fields of a record, and another of its fields as the answer"
    gathers: ClassVar[bool] = True
    reasons: ClassVar[Mapping[str, str]] = {
        "unknown_field": "The recipe names a field that the data set does not have",
        "overlapping_fields": "The recipe's answer is among what it gives",
        "empty_recipe": "The recipe has no instruction, or not one output field",
        "repeated_instruction": "An earlier recipe of the data set has the instruction",
        "no_recipe": "No recipe is for the row's data set",
    }

    recipes: Path = Field(description="JSON file with a list of recipes")
    tasks: dict[str, str] = Field(
        default={},
        description="`task_name` by data set; by default the recipes whose `task_name` is the data set's name",
    )
    names: dict[str, tuple[str, ...]] = Field(default={}, description="Words by field whose values are numbers from 0")
    per_row: Literal["one", "all"] = Field(default="one", description="One recipe a row, drawn, or every one")

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Refused recipes first, by data set, as problems of no row; then dialogues of each row."""
        spool = Spool(rows)
        known: dict[str, set[str]] = defaultdict(set)
        for row in spool:
            known[set_of(row)] |= {name for name, value in fields_of(row).items() if value is not None}
        fit: dict[str, list[Recipe]] = {}
        for name, fields in known.items():
            fit[name], problems = self._fit(name, fields)
            yield from problems
        for row in spool:
            yield from self._of_row(row, fit[set_of(row)])

    def _fit(self, name: str, known: set[str]) -> tuple[list[Recipe], list[Made]]:
        task = self.tasks.get(name, name)
        fit, problems, earlier = [], [], set()
        for recipe in read_recipes(self.recipes):
            if recipe.task != task:
                continue
            reason = refused(recipe, known, earlier)
            if reason:
                problems.append(skipped(reason, detail=f"{name}: {recipe.instruction[:80]}"))
            else:
                fit.append(recipe)
                earlier.add(" ".join(recipe.instruction.lower().split()))
        return fit, problems

    def _of_row(self, row: Mapping[str, Any], recipes: list[Recipe]) -> Iterator[Made]:
        doc_id = row["doc_id"]
        if not recipes:
            yield skipped("no_recipe", doc_id)
            return
        fields = fields_of(row)
        order = sorted(range(len(recipes)), key=lambda n: self.draw(doc_id, recipes[n].instruction))
        for number in order[:1] if self.per_row == "one" else sorted(order):
            yield self._apply(row, fields, recipes[number])

    def _apply(self, row: Mapping[str, Any], fields: Mapping[str, Any], recipe: Recipe) -> Made:
        doc_id = row["doc_id"]
        given = {name: self._word(name, fields.get(name)) for name in recipe.inputs}
        answer = self._word(recipe.output, fields.get(recipe.output))
        if not answer:
            return skipped("empty_target", doc_id, detail=recipe.output)
        if lacking := [name for name, value in given.items() if not value]:
            return skipped("lacks_field", doc_id, detail=", ".join(lacking))
        colon = "：" if chinese(recipe.instruction) else ": "
        lines = list(given.values()) if len(given) == 1 else [f"{name}{colon}{value}" for name, value in given.items()]
        dialogue = Dialogue(
            (user("\n\n".join((recipe.instruction, *lines))), assistant(answer)),
            task_type=row.get("task_type"),
            construction="rewritten",
            meta={"recipe": recipe.task, "input_fields": recipe.inputs, "output_field": recipe.output},
            **kept(row),
        )
        return made(dialogue, doc_id)

    def _word(self, field: str, value: Any) -> str:
        names = self.names.get(field)
        if names and isinstance(value, int) and 0 <= value < len(names):
            return names[value]
        return dumps(value) if isinstance(value, dict) else words(value)


def read_recipes(path: Path) -> list[Recipe]:
    """The recipes of a file. Raises SettingsError where it is no JSON list of objects."""
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"{path}: not JSON: {error}") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SettingsError(
            f"{path}: not a list of recipes: {{task_name, instruction, input_fields, output_field}} each"
        )
    return [Recipe.of(one) for one in found]

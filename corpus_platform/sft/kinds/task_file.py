"""Tasks with instances: what is to be done, and inputs with their outputs.

    {"Definition": "...", "Positive Examples": [...], "Instances": [{"input": "Canada", "output": ["000"]}]}      Natural Instructions: a file
    {"instruction": "...", "instances": [{"input": "...", "output": "..."}], "is_classification": false}        Self-Instruct's seeds: a row
    {"instruction": "...", "instances": [{"input": ..., "constraints": ..., "output": ...}], "reformulations": [...]}   Unnatural Instructions
    input TAB output TAB another output                                                                         CrossFit: a line

An instance is a dialogue: the definition, its input and its constraints, each a paragraph, and one of its outputs: the first, or one drawn by the hash of
seed and input, or each. What a construction needs stays in `meta`: definition, input, all outputs, some examples of the task.

Sources: allenai/natural-instructions, yizhongw/self-instruct, orhonovich/unnatural-instructions, BAAI/COIG (translated part), INK-USC/CrossFit.
Not here: definitions with examples in the prompt (construct/natural_instructions.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Outcome, Problem, assistant, user
from corpus_platform.sft.kinds.about import COMMON, about, drawn, given_input, listed, texts, truth, words
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record, Shape

_INPUTS = ("input", "Input", "inputs")
_OUTPUTS = ("output", "Output", "outputs", "target", "targets")


@register_kind
class TaskFile(Kind):
    """Natural Instructions, seeds of Self-Instruct, Unnatural Instructions, CrossFit."""

    name: ClassVar[str] = "task_file"
    about: ClassVar[str] = "A task with instances that have an input and one or more outputs"
    shapes: ClassVar[tuple[Shape, ...]] = ("file", "row", "line")
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "definition": Column("What is to be done: a text or a list", ("Definition", "definition", "instruction")),
        "instances": Column("Inputs with outputs", ("Instances", "instances")),
        "input": Column("Input of a row that is an instance itself", ("input",)),
        "output": Column("Its output, or several", ("output", "outputs", "target")),
        "positive": Column("Examples of how it is done", ("Positive Examples", "positive_examples")),
        "negative": Column("Examples of how it is not done", ("Negative Examples", "negative_examples")),
        "reformulations": Column("The task in other words, each with its own input and output", ("reformulations",)),
        "classification": Column("Whether it is a classification", ("is_classification",)),
        "language": Column("Language of the outputs: a text or a list", ("Output_language", "language")),
        "categories": Column("Kinds of task that it belongs to", ("Categories", "categories")),
        "url": Column("Where it is from", ("URL", "url")),
    }

    output: Literal["first", "seeded", "all"] = Field(
        default="first", description="Which of several outputs is the answer"
    )
    seed: int = Field(default=0, description="What `seeded` draws by")
    definition: Literal["prompt", "system"] = Field(default="prompt", description="Where the definition stands")
    examples: int = Field(default=3, ge=0, description="Examples of the task that stay in `meta`, of either sort")

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue or a problem for each instance."""
        if isinstance(record.value, str):
            first, *others = record.value.rstrip("\r\n").split("\t")
            yield from self._instance({"input": first, "output": others}, "", {}, record)
            return
        definition = "\n".join(texts(record.get("definition")))
        kept = self._examples(record)
        instances = record.get("instances")
        if instances is None:
            instances = [{"input": record.get("input"), "output": record.get("output")}]
        if not isinstance(instances, list):
            yield Problem("wrong_shape", f"instances are {type(instances).__name__}, not a list")
            return
        others = listed(record.get("reformulations"))
        for instance in [*instances, *others]:
            yield from self._instance(instance, definition, kept, record)
        if not instances and not others:
            yield Problem("no_turns", "the task has no instance")

    def _examples(self, record: Record) -> dict[str, Any]:
        kept = {f"{sort}_examples": listed(record.get(sort))[: self.examples] for sort in ("positive", "negative")}
        found = {name: examples for name, examples in kept.items() if examples}
        return {**found, "categories": categories} if (categories := record.get("categories")) else found

    def _instance(self, instance: Any, definition: str, kept: dict[str, Any], record: Record) -> Iterator[Outcome]:
        if not isinstance(instance, dict):
            yield Problem("wrong_shape", f"an instance is {type(instance).__name__}, not an object")
            return
        definition = words(instance.get("instruction")) or definition
        asked = given_input(next((instance[name] for name in _INPUTS if name in instance), None))
        outputs = texts(next((instance[name] for name in _OUTPUTS if name in instance), None))
        system = definition if self.definition == "system" and asked else None
        prompt = [None if system else definition, asked, given_input(instance.get("constraints"))]
        text = "\n\n".join(piece for piece in prompt if piece)
        if not text:
            yield Problem("no_prompt")
        elif not outputs:
            yield Problem("no_answer", text[:120])
        else:
            meta = {"definition": definition, "input": asked, "outputs": outputs, **kept}
            if "id" in instance:
                meta["instance_id"] = instance["id"]
            for output in self._chosen(outputs, text):
                yield self._dialogue(text, output, system, meta, record)

    def _dialogue(self, text: str, output: str, system: str | None, meta: dict[str, Any], record: Record) -> Outcome:
        classified = truth(record.get("classification"))
        known: dict[str, Any] = {"language": ", ".join(texts(record.get("language"))) or None}
        if classified and record.task_type is None:
            known["task_type"] = "classification"
        said = {name: value for name, value in meta.items() if value not in ("", [])}
        return about(record, (user(text), assistant(output)), system=system, meta=said, **known)

    def _chosen(self, outputs: list[str], text: str) -> list[str]:
        if self.output == "all":
            return list(dict.fromkeys(outputs))
        return [outputs[0] if self.output == "first" else drawn(outputs, self.seed, text)]

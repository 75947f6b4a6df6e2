"""Tasks told by a definition and examples, as models of Natural Instructions are trained (Tk-Instruct's encoding).

    Definition: ...

    Positive Example 1 -
    Input: ...
    Output: ...

    Now complete the following example -
    Input: ...
    Output:

The number of examples is drawn for each instance from `examples`; which they are, too. An example with the instance's own input is left out.
In Chinese, where the definition is, the words are Chinese.

Sources: allenai/natural-instructions; yizhongw/Tk-Instruct.
Not here: how tasks are read (kinds/task_file.py, which keeps definition and examples in `meta`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.sft.construct.rows import answer_of, fields_of, kept
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.about import chinese, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_WORDS = {
    "en": {
        "definition": "Definition: {}",
        "positive": "Positive Example {} -",
        "negative": "Negative Example {} -",
        "now": "Now complete the following example -",
        "input": "Input: {}",
        "output": "Output: {}",
        "why": "Explanation: {}",
    },
    "zh": {
        "definition": "任务说明：{}",
        "positive": "正确示例{}：",
        "negative": "错误示例{}：",
        "now": "请完成下面的例子：",
        "input": "输入：{}",
        "output": "输出：{}",
        "why": "解释：{}",
    },
}


@register_way
class NaturalInstructions(Way):
    """Definition, examples and an instance."""

    name: ClassVar[str] = "natural_instructions"
    about: ClassVar[str] = "a task's definition with examples of it, an instance, and its output"

    examples: tuple[int, ...] = Field(default=(0, 1, 2), min_length=1, description="Numbers of examples to draw from")
    negative: int = Field(default=0, ge=0, description="Examples of how it is not done, where there are some")
    explanations: bool = Field(default=False, description="Whether examples say why")

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """A dialogue for each instance."""
        for row in rows:
            yield self._of_row(row)

    def _of_row(self, row: Mapping[str, Any]) -> Made:
        doc_id, fields = row["doc_id"], fields_of(row)
        definition, answer = words(fields.get("definition")), answer_of(row).strip()
        asked = words(fields.get("input"))
        if not definition or not asked:
            return skipped("lacks_field", doc_id, detail="input" if definition else "definition")
        if not answer:
            return skipped("empty_target", doc_id)
        said = _WORDS["zh" if chinese(definition) else "en"]
        count = self.examples[self.draw("number", doc_id) % len(self.examples)]
        positive = self._drawn(fields.get("positive_examples"), count, asked, doc_id)
        # As in Tk-Instruct's settings: never how it is not done alone.
        negative = self._drawn(fields.get("negative_examples"), self.negative if positive else 0, asked, doc_id)
        blocks = [said["definition"].format(definition)]
        blocks += [self._example("positive", n, one, said) for n, one in enumerate(positive, 1)]
        blocks += [self._example("negative", n, one, said) for n, one in enumerate(negative, 1)]
        blocks.append("\n".join((said["now"], said["input"].format(asked), said["output"].format("").rstrip())))
        dialogue = Dialogue(
            (user("\n\n".join(blocks)), assistant(answer)),
            task_type=row.get("task_type"),
            verifiable_answer=row.get("verifiable_answer"),
            construction="rewritten",
            labels={"examples": len(positive), "negative_examples": len(negative)},
            meta={"outputs": fields["outputs"]} if fields.get("outputs") else {},
            **kept(row),
        )
        return made(dialogue, doc_id)

    def _drawn(self, given: Any, count: int, asked: str, doc_id: str) -> list[dict[str, Any]]:
        usable = [
            one
            for one in (given if isinstance(given, list) else [])
            if isinstance(one, dict) and words(one.get("input")) not in {"", asked} and words(one.get("output"))
        ]
        return sorted(usable, key=lambda one: self.draw("example", doc_id, words(one["input"])))[:count]

    def _example(self, sort: str, number: int, one: Mapping[str, Any], said: Mapping[str, str]) -> str:
        lines = [
            said[sort].format(number),
            said["input"].format(words(one["input"])),
            said["output"].format(words(one["output"])),
        ]
        if self.explanations and (why := words(one.get("explanation"))):
            lines.append(said["why"].format(why))
        return "\n".join(lines)

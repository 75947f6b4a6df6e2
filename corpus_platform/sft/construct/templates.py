"""Template rewriting: records of classical data sets told as a request and its answer, as in PromptSource/P3, Flan, Firefly and PromptCBLUE.

A row gets one template by its own draw, or all of them. `cap` bounds the rows of a data set: with one template a row it is Flan's cap of examples;
with all of them T0's rule: of a data set with more rows, each of n templates gets cap/n, and they share no row.
The rows within a cap are drawn by hash, so that a grown data set keeps what was drawn of it as far as it can.

Sources: T0, t0/seqio_tasks/tasks.py (500,000 / number of templates); FLAN, flan/mixtures.py (3,000 examples); both by the survey's specification.
Not here: files of templates (template_files.py), their rendering within bounds (sandbox.py).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from corpus_platform.errors import SettingsError
from corpus_platform.sft.construct.rows import fields_of, kept, set_of
from corpus_platform.sft.construct.sandbox import FieldMissing, TemplateRefused
from corpus_platform.sft.construct.spool import Spool
from corpus_platform.sft.construct.template_files import Template, TemplateFile, template_file
from corpus_platform.sft.construct.way import Made, Way, drawn, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.about import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Caps = dict[str, tuple[np.ndarray, int]]


@register_way
class Templates(Way):
    """Templates over rows, with the fields that their data sets brought."""

    name: ClassVar[str] = "templates"
    about: ClassVar[str] = "a request and its answer by a template, of a record of a classical data set"
    gathers: ClassVar[bool] = True
    reasons: ClassVar[Mapping[str, str]] = {
        "template_refused": "No template fits: each makes too much of the row, or does what it may not",
        "empty_prompt": "The template's request is empty for this row",
    }

    templates: tuple[str, ...] = Field(
        min_length=1, description="Files of templates: names of our own, paths, or `templates.json#TASK`"
    )
    columns: dict[str, str] = Field(
        default={}, description="Field of a template by column of the rows, where their names differ: {text: prompt}"
    )
    per_row: Literal["one", "all"] = Field(default="one", description="One template a row, drawn, or every one")
    tasks: Literal["original", "inverted", "both"] = Field(
        default="both", description="Templates of the data set's own task, those that turn it round, or both"
    )
    languages: tuple[str, ...] = Field(default=(), description="Languages of the templates; any by default")
    mixed: bool = Field(
        default=False, description="Also templates in another language than the row's, where there are some in its own"
    )
    only: tuple[str, ...] = Field(default=(), description="Names of the templates to use; all by default")
    cap: int | None = Field(default=None, gt=0, description="Rows of a data set at most (T0: 500000, Flan: 3000)")

    def chosen(self) -> list[tuple[TemplateFile, Template]]:
        """The templates that the options name, in the order of their files. Raises SettingsError."""
        found = [
            (file, one) for name in self.templates for file in (template_file(name),) for one in file.templates.values()
        ]
        wanted = [(file, one) for file, one in found if self._wants(one)]
        for file, template in wanted:
            try:
                template.fields()
            except TemplateRefused as error:
                hint = "the option `only` takes the names of those to use"
                raise SettingsError(f"template `{template.name}` of {file.dataset}: {error}; {hint}") from None
        if not wanted:
            raise SettingsError(
                f"no template of {', '.join(self.templates)} is in the languages, of the tasks and names that were asked for"
            )
        return wanted

    def _wants(self, template: Template) -> bool:
        original = template.metadata.original_task is not False
        return (
            (not self.only or template.name in self.only)
            and (self.tasks == "both" or original == (self.tasks == "original"))
            and (not self.languages or bool({*self.languages} & {*(template.metadata.languages or ())}))
        )

    def digests(self) -> dict[str, str]:
        """Of each file of templates, what changes with its templates."""
        return {name: template_file(name).digest for name in self.templates}

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """One dialogue a row, or one for each template."""
        templates = self.chosen()
        if self.cap is None:
            caps: Caps = {}
        else:
            rows = Spool(rows)
            caps = self._caps(rows, len(templates), self.cap)
        for row in rows:
            yield from self._of_row(row, templates, caps)

    def _caps(self, rows: Iterable[Mapping[str, Any]], n_templates: int, cap: int) -> Caps:
        hashes: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            hashes[set_of(row)].append(self._place(row))
        share = cap if self.per_row == "one" else max(1, cap // n_templates)
        return {
            name: (np.sort(np.array(found, np.uint64)), share) for name, found in hashes.items() if len(found) > cap
        }

    def _place(self, row: Mapping[str, Any]) -> int:
        return self.draw("cap", row["doc_id"])

    def _within(self, row: Mapping[str, Any], caps: Caps, template: int, n_templates: int) -> bool:
        """Whether the row is among those that the template gets: the next `share` rows on the ring of hashes from the template's own place on."""
        if set_of(row) not in caps:
            return True
        ring, share = caps[set_of(row)]
        start = 0 if self.per_row == "one" else template * len(ring) // n_templates
        rank = int(np.searchsorted(ring, np.uint64(self._place(row))))
        return (rank - start) % len(ring) < share

    def _of_row(
        self, row: Mapping[str, Any], templates: list[tuple[TemplateFile, Template]], caps: Caps
    ) -> Iterator[Made]:
        doc_id = row["doc_id"]
        fields = fields_of(row, self.columns)
        fit = self._in_language(row, fields, templates)
        order = sorted(fit, key=lambda n: self.draw("template", doc_id, templates[n][1].name))
        if self.per_row == "all":
            order.sort()
            order = [n for n in order if self._within(row, caps, n, len(templates))]
        if not order or (self.per_row == "one" and not self._within(row, caps, 0, 1)):
            yield skipped("over_cap", doc_id)
            return
        failed: Made | None = None
        given = 0
        for number in order:
            one = self._apply(row, fields, *templates[number])
            if isinstance(one.outcome, Dialogue):
                yield one
                given += 1
                if self.per_row == "one":
                    return
            else:
                failed = failed or one
        if failed and (not given or self.per_row == "one"):
            yield failed

    def _in_language(
        self, row: Mapping[str, Any], fields: Mapping[str, Any], templates: list[tuple[TemplateFile, Template]]
    ) -> list[int]:
        """Indices of the templates that are told in the row's own language; all where it has none, or the options mix them."""
        everything = list(range(len(templates)))
        if self.mixed:
            return everything
        words = " ".join(value for value in fields.values() if isinstance(value, str))
        spoken = row.get("language") or ("zh" if chinese(words) else "en")
        own = [n for n in everything if spoken in (templates[n][1].metadata.languages or (spoken,))]
        return own or everything

    def _apply(self, row: Mapping[str, Any], fields: Mapping[str, Any], file: TemplateFile, template: Template) -> Made:
        doc_id = row["doc_id"]
        try:
            got = template.apply(fields, seed=drawn(self.seed, doc_id, template.name))
        except FieldMissing as error:
            return skipped("lacks_field", doc_id, detail=f"{template.name}: {error}")
        except TemplateRefused as error:
            return skipped("template_refused", doc_id, detail=f"{template.name}: {error}")
        if not got.target:
            return skipped("empty_target", doc_id, detail=template.name)
        if not got.prompt:
            return skipped("empty_prompt", doc_id, detail=template.name)
        about = template.metadata
        spoken = about.languages[0] if about.languages and len(about.languages) == 1 else row.get("language")
        dialogue = Dialogue(
            (user(got.prompt), assistant(got.target)),
            task_type=file.task_type or row.get("task_type"),
            verifiable_answer=got.target if got.target in got.choices else None,
            construction="rewritten",
            labels={"template": template.name, "original_task": about.original_task is not False},
            meta={"templates": file.dataset, "metrics": list(about.metrics or ()), "choices": list(got.choices)},
            **kept(row) | {"language": spoken},
        )
        return made(dialogue, doc_id)

"""Files of templates: PromptSource's YAML, PromptCBLUE's JSON of slots, and our own (templates/*.yaml, in PromptSource's form).

    dataset: ag_news
    templates:
      24e44a81-a18a-42dd-a71c-5b31b2d2cb39:
        name: classify_question_first
        jinja: "What is this about? {{ text }} ||| {{ answer_choices[label] }}"
        answer_choices: World ||| Sports ||| Business
        metadata: {original_task: true, choices_in_prompt: false, metrics: [Accuracy], languages: [en]}

A file may say `task_type` (of sft_tables.TASK_TYPES) and `fields` (what each field is) besides; its YAML may carry PromptSource's tags (`!Template`).

Not here: rendering (sandbox.py), which template a row gets (templates.py).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus_platform.errors import SettingsError
from corpus_platform.sft.construct.sandbox import compiled
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

BETWEEN = "|||"
"""What stands between prompt and target, and between choices."""
# Stands for BETWEEN in a field's own text while a template is rendered; a private character that no text has.
_HIDDEN = "\ue0ff\ue0fe\ue0ff"
_SLOT = re.compile(r"\[(INPUT_TEXT|LIST_LABELS)\]")


class Metadata(BaseModel):
    """What a template says of itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    original_task: bool | None = None
    choices_in_prompt: bool | None = None
    metrics: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None


class Template(BaseModel):
    """A template of a task: `jinja` is prompt and target with BETWEEN between them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    jinja: str
    answer_choices: str | None = None
    metadata: Metadata = Metadata()
    reference: str | None = None

    def fields(self) -> frozenset[str]:
        """Names that the template reads. Raises TemplateRefused where it is none."""
        return compiled(self.jinja).fields | compiled(self.answer_choices or "").fields

    def apply(self, fields: Mapping[str, Any], *, seed: int = 0) -> Rendered:
        """Prompt and target for the fields of a row. Raises FieldMissing, TemplateRefused."""
        hidden = {name: _hide(value) for name, value in fields.items()}
        choices: tuple[str, ...] = ()
        if self.answer_choices:
            words = compiled(self.answer_choices).render(hidden, seed=seed).split(BETWEEN)
            choices = tuple(_show(word) for word in words)
            hidden["answer_choices"] = [_hide(word) for word in choices]
        elif isinstance(given := fields.get("answer_choices"), str | list | tuple):
            choices = tuple(str(c).strip() for c in (given.split(BETWEEN) if isinstance(given, str) else given))
            hidden["answer_choices"] = [_hide(word) for word in choices]
        pieces = compiled(self.jinja).render(hidden, seed=seed).split(BETWEEN)
        return Rendered(_show(pieces[0]), _show(pieces[1]) if len(pieces) > 1 else "", choices)


@dataclass(frozen=True)
class Rendered:
    """What a template makes of a row."""

    prompt: str
    target: str
    choices: tuple[str, ...]


class TemplateFile(BaseModel):
    """Templates of a data set or task."""

    # Keys of templates are numbers in some files.
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    dataset: str
    subset: str | None = None
    task_type: str | None = None
    fields: dict[str, str] = Field(default={}, description="What each field is that its templates read")
    templates: dict[str, Template]

    @property
    def digest(self) -> str:
        """What changes with its templates: 16 hex digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class _Tagged(yaml.SafeLoader):
    """A safe loader that takes PromptSource's tags for plain mappings."""


def _plain(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_Tagged.add_multi_constructor("!", _plain)


def shipped() -> dict[str, str]:
    """Text of our own files by name."""
    folder = files("corpus_platform.sft.construct") / "templates"
    return {
        f.name.removesuffix(".yaml"): f.read_text(encoding="utf-8")
        for f in sorted(folder.iterdir(), key=lambda f: f.name)
        if f.name.endswith(".yaml")
    }


@lru_cache(maxsize=64)
def template_file(name: str) -> TemplateFile:
    """One of our own files by its name, else a file by its path: YAML in PromptSource's form, or `<file>.json#<task>` in PromptCBLUE's.

    Raises SettingsError that says what is wrong with it.
    """
    own = shipped()
    if name in own:
        return _parsed(name, own[name])
    path, _, task = name.partition("#")
    if not Path(path).is_file():
        raise SettingsError(
            f"there are no templates `{name}`{nearest(name, own)}: give a file, or one of {', '.join(own)}"
        )
    text = Path(path).read_text(encoding="utf-8")
    return _slotted(path, task, text) if path.endswith(".json") else _parsed(path, text)


def _parsed(name: str, text: str) -> TemplateFile:
    try:
        return TemplateFile.model_validate(yaml.load(text, _Tagged))  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise SettingsError(f"{name}: not a YAML file: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{name}: not a file of templates: `{where}`: {first['msg']}") from None


def _slotted(path: str, task: str, text: str) -> TemplateFile:
    """PromptCBLUE's form: lists of prompts by task, with slots for the text and its labels; the fields are `input`, `answer_choices`, `target`."""
    try:
        lists = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"{path}: not a JSON file: {error}") from None
    if task not in lists:
        raise SettingsError(
            f"{path} has no templates of `{task}`{nearest(task, lists)}: write `{path}#TASK` with one of {', '.join(lists)}"
        )
    made = {
        f"{task}-{number}": Template(
            name=f"{task}-{number}",
            jinja=_jinja_of_slots(prompt),
            metadata=Metadata(original_task=True, choices_in_prompt="[LIST_LABELS]" in prompt, languages=("zh",)),
        )
        for number, prompt in enumerate(lists[task])
    }
    return TemplateFile(dataset=task, templates=made)


def _jinja_of_slots(prompt: str) -> str:
    slots = {"INPUT_TEXT": "{{ input }}", "LIST_LABELS": "{{ answer_choices|join('，') }}"}
    pieces = _SLOT.split(prompt.replace("\\n", "\n"))
    written = [slots[p] if n % 2 else ("{% raw %}" + p + "{% endraw %}" if p else "") for n, p in enumerate(pieces)]
    return "".join(written) + f" {BETWEEN} " + "{{ target }}"


def _hide(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(BETWEEN, _HIDDEN)
    if isinstance(value, list | tuple):
        return [_hide(one) for one in value]
    if isinstance(value, dict):
        return {key: _hide(one) for key, one in value.items()}
    return value


def _show(text: str) -> str:
    return text.replace(_HIDDEN, BETWEEN).strip()

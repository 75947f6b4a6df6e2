"""A recipe: how one system makes its corpus, as steps in their order, read from YAML.

A recipe that is read is whole: every step and parameter is known, every signal that a rule asks about exists and is of the kind that its
threshold needs. A mistake is told with file, line and the nearest right name.

Not here: what steps do (steps/), how a recipe is run (apply.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, ValidationError, field_validator, model_validator

from corpus_platform.documents import DOCUMENT_COLUMNS, TEXT_BASES
from corpus_platform.errors import SettingsError
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.step import DedupStep, EditStep, FilterStep, Frozen, LineSummary, Step, steps
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.registry import signals
from corpus_platform.tables import CCNET_COLUMNS
from corpus_platform.yaml_file import mistake, nearest, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.recipes.step import Rule
    from corpus_platform.yaml_file import YamlFile

SYSTEMS = Path(__file__).parent / "systems"
"""Folder of the recipes that are shipped."""

_WORDS = ("key", "a recipe")


class Recipe(BaseModel):
    """How a system makes its corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the recipe and of its corpus")
    title: str = Field(description="Name and year of the system")
    reference: str = Field(description="Paper, repository or data card that describes it")
    homepage: str = Field(default="", description="Address of the system")
    languages: tuple[str, ...] = Field(default=(), description="Languages that the corpus has; all where it is empty")
    variant: str = Field(
        description=f"Text that the recipe starts from: {', '.join(TEXT_BASES)}; with `.ccnet` after CCNet's paragraph dedup"
    )
    compat: Literal["sane", "reference"] = Field(
        default="sane", description="`reference` repeats the oddities of the system's own code"
    )
    publish: Literal["documents", "ccnet"] = Field(default="documents", description="Columns of the corpus")
    about: str = Field(description="What the corpus is, and what differs from its authors' own")
    steps: tuple[SerializeAsAny[Step], ...] = Field(min_length=1, description="Steps in the system's order")
    thresholds: tuple[Frozen, ...] = Field(
        default=(), description="Thresholds of rules for some languages or hosts, in place of the steps' own"
    )

    @field_validator("variant")
    @classmethod
    def _is_known(cls, variant: str) -> str:
        if variant.removesuffix(".ccnet") not in TEXT_BASES:
            raise ValueError(
                f"there is no text variant `{variant}`{nearest(variant, TEXT_BASES)}; there are {', '.join(TEXT_BASES)}, "
                "and each with `.ccnet` behind it"
            )
        return variant

    @model_validator(mode="after")
    def _has_what_is_said_of_the_variant(self) -> Self:
        for step in self.steps:
            if getattr(step, "within", None) == "variant" and not self.variant.endswith(".ccnet"):
                raise ValueError(
                    f"step `{step.name}` is said to be done `within: variant`, and {self.variant} is not a variant `.ccnet`"
                )
        return self


def read_recipe(path: Path) -> Recipe:
    """The recipe of a YAML file. Raises SettingsError, a line for each mistake."""
    file = read_yaml(path)
    if not isinstance(file.values, dict):
        raise SettingsError(f"{path}:1: a recipe is `name: value`, with the names {', '.join(Recipe.model_fields)}")
    made, mistakes = _steps_of(file)
    try:
        recipe = Recipe.model_validate({**file.values, "steps": made})
    except ValidationError as error:
        errors = [e for e in error.errors() if not (mistakes and e["loc"][:1] == ("steps",))]
        mistakes = [mistake(file, (), e, Recipe, _WORDS) for e in errors] + mistakes
        raise SettingsError("\n".join(mistakes)) from None
    mistakes += _repeated_names(file, recipe)
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    for i, step in enumerate(recipe.steps):
        mistakes += [f"{file.at(('steps', i))}: {complaint}" for complaint in complaints(step)]
    mistakes += [f"{file.at(('thresholds', i))}: {complaint}" for i, complaint in strange_thresholds(recipe)]
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return recipe


def of_preset(name: str, preset: str | Mapping[str, Mapping[str, Any]]) -> Recipe:
    """A recipe of one dedup and nothing else: by step and card (`minhash/fineweb`, `exact`), or a step with parameters, as in a recipe's YAML.

    The step is called `<step>-<card>`, unless its `label` says otherwise. Raises SettingsError where there is no such step, card or parameter.
    """
    named, values = (preset, {}) if isinstance(preset, str) else next(iter(preset.items()))
    kind, _, card = named.partition("/")
    given = {**({"preset": card} if card else {}), **values}
    known = {step: made for step, made in steps().items() if issubclass(made, DedupStep)}
    if kind not in known:
        raise SettingsError(f"there is no dedup `{kind}`{nearest(kind, known)}; there are {', '.join(known)}")
    label = "-".join(filter(None, (kind, given.get("preset"))))
    try:
        step = known[kind].model_validate({"label": label, **given})
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f" `{part}`:" for part in first["loc"])
        raise SettingsError(f"dedup `{named}`:{where} {first['msg'].removeprefix('Value error, ')}") from None
    about = "Documents of all texts of a variant that are copies of each other"
    return Recipe(name=name, title=named, reference="", variant=TEXT_BASES[0], about=about, steps=(step,))


def strange_thresholds(recipe: Recipe) -> list[tuple[int, str]]:
    """What is wrong with a recipe's `thresholds`: (index, complaint) of each that is for no rule over numbers."""
    filters = [step for step in recipe.steps if isinstance(step, FilterStep)]
    rules = [(step.name, rule) for step in filters for rule in rules_of(step, Environment())]
    numbers = [(step, rule.name) for step, rule in rules if not isinstance(rule.threshold, str | tuple)]
    known = [f"{step}/{rule}" for step, rule in numbers]
    return [
        (
            i,
            f"`thresholds`: there is no rule `{frozen.rule}` over numbers{nearest(frozen.rule, [*known, *(r for _, r in numbers)])}",
        )
        for i, frozen in enumerate(recipe.thresholds)
        if not any(frozen.is_for(step, rule) for step, rule in numbers)
    ]


def recipes(folder: Path | None = None) -> dict[str, Recipe]:
    """The shipped recipes by name, and those of a user's folder (`*.yaml`). Raises SettingsError where two have one name."""
    found = dict(_shipped())
    places = {name: SYSTEMS / f"{name}.yaml" for name in found}
    for path in sorted(folder.glob("*.yaml")) if folder else ():
        recipe = read_recipe(path)
        if recipe.name in found:
            raise SettingsError(
                f"{path}: there is a recipe `{recipe.name}` already, in {places[recipe.name]}: give yours another `name`"
            )
        found[recipe.name], places[recipe.name] = recipe, path
    return found


def recipe(name: str, folder: Path | None = None) -> Recipe:
    """The recipe of a name. Raises SettingsError with the nearest name where there is none."""
    if folder is None and (SYSTEMS / f"{name}.yaml").is_file():
        return _read(SYSTEMS / f"{name}.yaml")
    known = recipes(folder)
    if name not in known:
        raise SettingsError(
            f"there is no recipe `{name}`{nearest(name, known)}; there are {', '.join(known) or 'none yet'}"
        )
    return known[name]


def document_columns() -> dict[str, Any]:
    """Columns that a rule may ask about beside the signals, with their Arrow types."""
    return {field.name: field.type for field in (*DOCUMENT_COLUMNS, *CCNET_COLUMNS) if field.name != "text"}


def complaints(step: Step) -> list[str]:
    """What is wrong with the signals that a step asks about: unknown ones, or thresholds of the wrong kind."""
    if isinstance(step, EditStep):
        known = [*signals(), *document_columns()]
        return [_unknown(step, name) for name in step.needs() if name not in known]
    if not isinstance(step, FilterStep):
        return []
    found: dict[str, None] = {}
    for compat in ("sane", "reference"):
        environment = Environment(SignalSettings(compat=compat))
        found |= {text: None for rule in rules_of(step, environment) if (text := _complaint(step, rule))}
    return list(found)


@cache
def _shipped() -> dict[str, Recipe]:
    found = [_read(path) for path in sorted(SYSTEMS.glob("*.yaml"))]
    return {recipe.name: recipe for recipe in found}


@cache
def _read(path: Path) -> Recipe:
    return read_recipe(path)


def _steps_of(file: YamlFile) -> tuple[list[Step], list[str]]:
    listed = file.values.get("steps")
    if not isinstance(listed, list):
        return [], [f"{file.at(('steps',))}: `steps` is a list of steps, each `name: {{parameters}}` or just its name"]
    made, mistakes = [], []
    for i, entry in enumerate(listed):
        try:
            made.append(_step_of(file, i, entry))
        except SettingsError as error:
            mistakes.append(str(error))
    return made, mistakes


def _step_of(file: YamlFile, index: int, entry: Any) -> Step:
    where = ("steps", index)
    if isinstance(entry, str):
        entry = {entry: {}}
    if not isinstance(entry, dict) or len(entry) != 1:
        raise SettingsError(f"{file.at(where)}: a step is `name: {{parameters}}` or just its name (found {entry!r})")
    [(name, values)] = entry.items()
    known = steps()
    if name not in known:
        raise SettingsError(
            f"{file.at(where)}: there is no step `{name}`{nearest(str(name), known)}; there are {', '.join(sorted(known))}"
        )
    if not isinstance(values, dict | None):
        raise SettingsError(f"{file.at((*where, name))}: parameters of `{name}` are `key: value` (found {values!r})")
    try:
        return known[name].model_validate(values or {})
    except ValidationError as error:
        words = ("parameter", f"step `{name}`")
        texts = [mistake(file, (*where, name), e, known[name], words) for e in error.errors()]
        raise SettingsError("\n".join(texts)) from None


def _repeated_names(file: YamlFile, recipe: Recipe) -> list[str]:
    first: dict[str, int] = {}
    mistakes = []
    for i, step in enumerate(recipe.steps):
        if first.setdefault(step.name, i) != i:
            line = file.line_of(("steps", first[step.name]))
            mistakes.append(
                f"{file.at(('steps', i))}: a step of line {line} is called `{step.name}` too: give one of them a `label`"
            )
    return mistakes


def _complaint(step: Step, rule: Rule) -> str | None:
    known, columns = signals(), document_columns()
    if rule.signal in known:
        signal = known[rule.signal]
        if (signal.level == "line") != (rule.lines is not None):
            asks = f"rule `{rule.name}` of step `{step.name}` asks about `{rule.signal}`, which is of"
            kinds = ", ".join(get_args(LineSummary))
            return f"{asks} " + (
                f"lines: say in `lines` which of {kinds} counts" if rule.lines is None else "documents, not of lines"
            )
        text = str(signal.dtype) == "String"
    elif rule.signal in columns:
        text = "string" in str(columns[rule.signal])
    else:
        return _unknown(step, rule.signal, rule.name)
    words = isinstance(rule.threshold, str | tuple)
    if text != words:
        kind = "words" if text else "numbers"
        return f"rule `{rule.name}` of step `{step.name}`: `{rule.signal}` has {kind}, and is held against {rule.threshold!r}"
    if isinstance(rule.threshold, tuple) != (rule.drop_when in {"in", "not in"}):
        return f"rule `{rule.name}` of step `{step.name}`: `{rule.drop_when}` does not go with {rule.threshold!r}"
    return None


def _unknown(step: Step, name: str, rule: str | None = None) -> str:
    asks = f"rule `{rule}` of step `{step.name}`" if rule else f"step `{step.name}`"
    return f"{asks} asks about `{name}`, and there is no such signal{nearest(name, [*signals(), *document_columns()])}"

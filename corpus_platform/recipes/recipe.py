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

from corpus_platform.documents import DIALOGUES, DOCUMENT_COLUMNS, SOURCE_COLUMNS, SOURCES, TEXT_BASES
from corpus_platform.errors import SettingsError
from corpus_platform.recipes.part import Part, check_variant
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.step import DedupStep, EditStep, FilterStep, Frozen, LineSummary, Step, steps
from corpus_platform.sft_tables import MESSAGE_COLUMNS
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
CLEANING = Path(__file__).parent / "cleaning"
"""Folder of the recipes that clean each source's texts, by the source's name."""
OF_DIALOGUES = Path(__file__).parent / "sft"
"""Folder of the recipes over dialogues that are shipped."""

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
        default="",
        description=f"Text that the recipe starts from: {', '.join(TEXT_BASES)}, with `.ccnet` after CCNet's paragraph dedup; "
        f"{', '.join(SOURCES)}, with `.cleaned` after the source's cleaning",
    )
    parts: tuple[Part, ...] = Field(
        default=(), description="In place of `variant`: parts from several sources, in the order of their priority"
    )
    compat: Literal["sane", "reference"] = Field(
        default="sane", description="`reference` repeats the oddities of the system's own code"
    )
    publish: Literal["documents", "ccnet"] = Field(default="documents", description="Columns of the corpus")
    about: str = Field(description="What the corpus is, and what differs from its authors' own")
    steps: tuple[SerializeAsAny[Step], ...] = Field(
        description="Steps in the system's order; of a recipe with parts, those over all of them together"
    )
    thresholds: tuple[Frozen, ...] = Field(
        default=(), description="Thresholds of rules for some languages or hosts, in place of the steps' own"
    )

    @field_validator("variant")
    @classmethod
    def _is_known(cls, variant: str) -> str:
        if variant:
            check_variant(variant)
        return variant

    @model_validator(mode="after")
    def _has_texts_and_steps(self) -> Self:
        if bool(self.variant) == bool(self.parts):
            raise ValueError("a recipe has a `variant` that it starts from, or `parts` from several sources")
        if self.variant and not self.steps:
            raise ValueError("a recipe has one step or more")
        names = [part.part for part in self.parts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two parts are called `{twice[0]}`")
        if self.parts and self.publish == "ccnet":
            raise ValueError("a recipe with parts publishes documents")
        return self

    @model_validator(mode="after")
    def _has_what_is_said_of_the_variant(self) -> Self:
        for step in self.steps:
            if self.variant and getattr(step, "within", None) == "variant" and not self.variant.endswith(".ccnet"):
                raise ValueError(
                    f"step `{step.name}` is said to be done `within: variant`, and {self.variant} is not a variant `.ccnet`"
                )
        return self

    @property
    def variants(self) -> tuple[str, ...]:
        """The texts that it is made from."""
        found = [part.variant for part in self.parts if part.variant]
        return tuple(dict.fromkeys(found)) if self.parts else (self.variant,)

    @property
    def every_step(self) -> tuple[Step, ...]:
        """Its steps, those of its parts before them; a step that several parts have in common stands once for each."""
        return (*(step for part in self.parts for step in part.steps), *self.steps)

    def part_of(self, variant: str, key: str) -> Part | None:
        """The part that a partition (text variant, and snapshot or word) belongs to: the first that takes it."""
        return next((part for part in self.parts if part.takes(variant, key)), None)

    def of_part(self, part: Part) -> Recipe:
        """The recipe as it is for one part: its own steps, then those of all."""
        return self.model_copy(update={"variant": part.variant, "parts": (), "steps": (*part.steps, *self.steps)})

    def of(self, variant: str, key: str) -> Recipe | None:
        """The recipe as it is for a partition of texts: itself where it has no parts, None where no part takes the partition."""
        if not self.parts:
            return self
        part = self.part_of(variant, key)
        return None if part is None else self.of_part(part)

    def rank(self, variant: str, key: str) -> int:
        """Place of a partition's part in the order of priority."""
        return next((i for i, part in enumerate(self.parts) if part.takes(variant, key)), len(self.parts))


def read_recipe(path: Path) -> Recipe:
    """The recipe of a YAML file. Raises SettingsError, a line for each mistake."""
    file = read_yaml(path)
    if not isinstance(file.values, dict):
        raise SettingsError(f"{path}:1: a recipe is `name: value`, with the names {', '.join(Recipe.model_fields)}")
    has_parts = isinstance(file.values.get("parts"), list)
    made, mistakes = _steps_of(file, ("steps",)) if not has_parts or "steps" in file.values else ([], [])
    parts, more = _parts_of(file) if has_parts else ([], [])
    mistakes += more
    try:
        recipe = Recipe.model_validate({**file.values, "steps": made, **({"parts": parts} if has_parts else {})})
    except ValidationError as error:
        errors = [e for e in error.errors() if not (mistakes and e["loc"][:1] == ("steps",))]
        mistakes = [mistake(file, (), e, Recipe, _WORDS) for e in errors] + mistakes
        raise SettingsError("\n".join(mistakes)) from None
    mistakes += _repeated_names(file, recipe)
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    for where, step in _steps_and_places(recipe):
        mistakes += [f"{file.at(where)}: {complaint}" for complaint in complaints(step)]
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
    known = {step: made for step, made in steps().items() if issubclass(made, DedupStep) and made.of == "texts"}
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
    filters = [step for _, step in _steps_and_places(recipe) if isinstance(step, FilterStep)]
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


def dialogue_recipes(folder: Path | None = None) -> dict[str, Path]:
    """The files of the recipes over dialogues, by name: the shipped ones, and in their place or beside them those of `<folder>/sft`."""
    own = sorted((folder / "sft").glob("*.yaml")) if folder else []
    return {path.stem: path for path in (*sorted(OF_DIALOGUES.glob("*.yaml")), *own)}


def dialogue_recipe(name: str, folder: Path | None = None) -> Recipe:
    """The recipe over dialogues of a name. Raises SettingsError with the nearest name, or for one that starts from other texts."""
    known = dialogue_recipes(folder)
    if name not in known:
        raise SettingsError(
            f"there is no recipe over dialogues `{name}`{nearest(name, known)}; there are {', '.join(known) or 'none yet'}"
        )
    found = _read(known[name])
    if found.variant != DIALOGUES:
        raise SettingsError(
            f"{known[name]}: a recipe over dialogues has `variant: {DIALOGUES}`, and not {found.variant}"
        )
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
    known = (*DOCUMENT_COLUMNS, *SOURCE_COLUMNS, *CCNET_COLUMNS, *MESSAGE_COLUMNS)
    return {field.name: field.type for field in known if field.name != "text"}


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


def _steps_of(file: YamlFile, where: tuple[Any, ...]) -> tuple[list[Step], list[str]]:
    listed: Any = file.values
    for key in where:
        listed = listed.get(key) if isinstance(listed, dict) else listed[key]
    if not isinstance(listed, list):
        return [], [f"{file.at(where)}: `steps` is a list of steps, each `name: {{parameters}}` or just its name"]
    made, mistakes = [], []
    for i, entry in enumerate(listed):
        try:
            made.append(_step_of(file, (*where, i), entry))
        except SettingsError as error:
            mistakes.append(str(error))
    return made, mistakes


def _parts_of(file: YamlFile) -> tuple[list[Part], list[str]]:
    """The parts of a recipe, those that are like another recipe with its variant and steps."""
    parts, mistakes = [], []
    for i, entry in enumerate(file.values["parts"]):
        where = ("parts", i)
        if not isinstance(entry, dict):
            mistakes.append(
                f"{file.at(where)}: a part is `part: name` with `like`, `variant` or `missing` (found {entry!r})"
            )
            continue
        made, found = _steps_of(file, (*where, "steps")) if "steps" in entry else ([], [])
        mistakes += found
        try:
            parts.append(_like(Part.model_validate({**entry, "steps": made})))
        except ValidationError as error:
            mistakes += [mistake(file, where, e, Part, ("key", "a part")) for e in error.errors()]
        except SettingsError as error:
            mistakes.append(f"{file.at(where)}: {error}")
    return parts, mistakes


def _like(part: Part) -> Part:
    """The part with the variant and steps of the recipe that it is like."""
    if part.like is None:
        return part
    other = recipe(part.like)
    if other.parts:
        raise SettingsError(f"part `{part.part}` is like `{part.like}`, which has parts itself")
    return part.model_copy(update={"variant": other.variant, "steps": other.steps})


def _steps_and_places(recipe: Recipe) -> list[tuple[tuple[Any, ...], Step]]:
    """Every step with its place in the file; those of another recipe are checked there."""
    own = [
        (("parts", i, "steps", j), s) for i, p in enumerate(recipe.parts) if not p.like for j, s in enumerate(p.steps)
    ]
    return [*own, *((("steps", i), step) for i, step in enumerate(recipe.steps))]


def _step_of(file: YamlFile, where: tuple[Any, ...], entry: Any) -> Step:
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
    """What is wrong with the names of steps: two of one name in what a text goes through."""
    mistakes = []
    for own, steps_ in [(i, p.steps) for i, p in enumerate(recipe.parts)] or [(None, ())]:
        before = [] if own is None else [(("parts", own, "steps", j), step) for j, step in enumerate(steps_)]
        first: dict[str, tuple[Any, ...]] = {}
        for where, step in [*before, *((("steps", i), step) for i, step in enumerate(recipe.steps))]:
            if first.setdefault(step.name, where) != where:
                like = own is not None and recipe.parts[own].like and first[step.name][0] == "parts"
                there = (
                    f"`{recipe.parts[own].like}`"
                    if like and own is not None
                    else f"line {file.line_of(first[step.name])}"
                )
                mistakes.append(
                    f"{file.at(where)}: a step of {there} is called `{step.name}` too: give one of them a `label`"
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

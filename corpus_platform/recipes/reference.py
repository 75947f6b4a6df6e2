"""The reference of all recipes and of the steps that they are made of, as Markdown made from their own descriptions.

Not here: signals (their own reference), or how a recipe is run.
"""

from __future__ import annotations

import re
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic_core import PydanticUndefined

from corpus_platform.documents import DIALOGUES
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.recipe import Recipe, dialogue_recipe, dialogue_recipes, recipes
from corpus_platform.recipes.step import FilterStep, Frozen, Step, parameters, steps
from corpus_platform.recipes.steps.dedup_cards import CARDS
from corpus_platform.signals.environment import Environment, SignalSettings

if TYPE_CHECKING:
    from corpus_platform.recipes.part import Part
    from corpus_platform.recipes.step import Rule

_INTRO = """# Recipes

Made from the YAML files and the steps by `corpus recipes list --markdown`; a test fails when this page is stale.

A recipe says how a system makes its corpus, as steps in the system's own order. Three kinds of step: a *filter* drops documents by rules over
signals, an *edit* changes texts, a *dedup* drops copies. Every dropped document is a row of `ops.decisions` with step, rule, value and threshold.
"""

_DIALOGUES = """## Recipes over dialogues

Data sets for supervised fine-tuning go through recipes of their own (`variant: sft`): the same steps and ledger, over messages in place of texts. A user's own
stand in the folder `sft` of the folder of recipes, and are named by their files.
"""

_OWN = """## A recipe of one's own

A YAML file in a folder of yours, with these keys, is a corpus like any other. `corpus recipes validate FILE` names every mistake with its line.

```yaml
"""

EXAMPLE = """name: gardens
title: Pages about gardens
reference: ours
languages: [en, de]
variant: trafilatura
about: Long English and German pages in whole sentences.
steps:
  - language: {keep: [en, de], min_score: 0.8}
  - length: {min: 500}
  - signal: {signal: rps_doc_frac_lines_end_with_ellipsis, max: 0.1}
  - signal:
      label: words_per_line
      signal: rps_lines_num_words
      lines: mean
      min: 5
      languages: [en]
  - unicode_form: {form: NFC}
  - minhash: {preset: fineweb}
"""
"""A recipe that shows what can be said; it stands in the page."""


def recipes_markdown() -> str:
    """Every recipe with its steps and rules, those over dialogues last; then keys, every step with its parameters, and the cards of the dedups."""
    known = sorted(recipes().values(), key=lambda recipe: recipe.name)
    talks = [dialogue_recipe(name) for name in sorted(dialogue_recipes())]
    parts = [_INTRO, _overview(known), *map(_recipe, known)]
    parts += [_DIALOGUES, _overview(talks), *map(_recipe, talks)]
    parts += [f"{_OWN}{EXAMPLE}```\n", _fields(Recipe.model_fields)]
    parts += ["\n## Steps\n", _shared(), *(_step(steps()[name]) for name in sorted(steps())), _cards()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


def rules_in_words(step: FilterStep, compat: Literal["sane", "reference"] = "sane") -> list[tuple[str, str]]:
    """Name and condition of each rule, e.g. `("too_short", "text_characters < 200")`: what drops a document."""
    environment = Environment(SignalSettings(compat=compat))
    return [(rule.name, condition(rule)) for rule in rules_of(step, environment)]


def condition(rule: Rule) -> str:
    """When a rule drops a document, in a line."""
    signal = f"{rule.lines} of {rule.signal}" if rule.lines else rule.signal
    if rule.decimals is not None:
        signal = f"{signal} rounded to {rule.decimals} decimals"
    threshold = f"[{', '.join(rule.threshold)}]" if isinstance(rule.threshold, tuple) else _number(rule.threshold)
    text = "no value" if rule.threshold == "" else f"{signal} {rule.drop_when} {threshold}"
    where = f", in {', '.join(rule.languages)}" if rule.languages else ""
    where += f", not in {', '.join(rule.but_languages)}" if rule.but_languages else ""
    null = ", or no value" if rule.null == "drop" and rule.threshold != "" else ""
    return f"{text}{where}{null}"


def _overview(known: list[Recipe]) -> str:
    rows = ["| recipe | system | languages | text | steps |", "|---|---|---|---|---|"]
    for recipe in known:
        languages = ", ".join(recipe.languages) or "all"
        link = f"[{recipe.name}](#{_heading(recipe).replace(' ', '-')})"
        rows.append(f"| {link} | {_cell(recipe.title)} | {languages} | {_texts(recipe)} | {len(recipe.steps)} |")
    return "\n".join([*rows, ""])


def _recipe(recipe: Recipe) -> str:
    facts = [f"Reference: {recipe.reference}."]
    if recipe.homepage:
        facts.append(f"Home: <{recipe.homepage}>.")
    facts.append(f"Text: {_texts(recipe)}. Oddities: {recipe.compat}. Columns: {recipe.publish}.")
    lines = [f"## {_heading(recipe)}", "", f"**{recipe.title}.** {recipe.about.strip()}", "", " ".join(facts), ""]
    if recipe.parts:
        lines += ["| part, by priority | text | partitions | steps of its own | remarks |", "|---|---|---|---|---|"]
        lines += [_part(part) for part in recipe.parts]
        lines += ["", "Then over all parts together:" if recipe.steps else "No step is over all parts together.", ""]
    if recipe.steps:
        lines += ["| step | kind | what drops or changes | remarks |", "|---|---|---|---|"]
        lines += [_row(step, recipe) for step in recipe.steps]
    return "\n".join([*lines, ""])


def _heading(recipe: Recipe) -> str:
    """The name; a data set's recipe may be called as a corpus is."""
    return f"{recipe.name} over dialogues" if recipe.variant == DIALOGUES else recipe.name


def _texts(recipe: Recipe) -> str:
    """The texts that a recipe starts from."""
    return ", ".join(f"`{variant}`" for variant in recipe.variants) or "none"


def _part(part: Part) -> str:
    """A part of a recipe in a line."""
    if part.missing:
        return f"| {part.part} | none | | | {_cell(part.missing)} |"
    own = (
        f"those of [{part.like}](#{part.like})" if part.like else ", ".join(step.name for step in part.steps) or "none"
    )
    of = ", ".join(f"`{pattern}`" for pattern in part.of) or "all"
    return f"| {part.part} | `{part.variant}` | {of} | {_cell(own)} | {_cell(part.note or '')} |"


def _row(step: Step, recipe: Recipe) -> str:
    if isinstance(step, FilterStep):
        what = "<br>".join(f"{name}: {text}" for name, text in rules_in_words(step, recipe.compat))
    else:
        shown = {key: value for key in parameters(type(step)) if (value := getattr(step, key)) not in (None, "", ())}
        what = ", ".join(f"{key}: {_value(value)}" for key, value in shown.items() if key != "preset")
    name = f"{step.name} ({step.step})" if step.name != step.step else step.name
    remarks = [f"unverified: {step.unverified}" if step.unverified else "", step.note or ""]
    return f"| {name} | {step.kind} | {_cell(what)} | {_cell('; '.join(filter(None, remarks)))} |"


def _shared() -> str:
    shared = "Every step also takes:\n\n"
    return shared + _fields(Step.model_fields) + "\n"


def _step(step: type[Step]) -> str:
    text = " ".join((step.__doc__ or "").split())
    acts = f", on {step.acts_on}" if step.acts_on != "document" else ""
    table = _fields(parameters(step))
    return (
        f"### {step.step}\n\n*{step.kind}{acts}.* {text}\n\n{table}\n"
        if table
        else f"### {step.step}\n\n*{step.kind}{acts}.* {text}\n"
    )


def _fields(fields: dict[str, Any]) -> str:
    if not fields:
        return ""
    rows = ["| parameter | type | default | what it is |", "|---|---|---|---|"]
    for name, info in fields.items():
        default = "required" if info.is_required() else _value(info.get_default(call_default_factory=True))
        rows.append(
            f"| `{name}` | {_cell(_kind(info.annotation))} | {_cell(default)} | {_cell(info.description or '')} |"
        )
    return "\n".join(rows) + "\n"


def _cards() -> str:
    lines = ["## Parameter cards of dedups", "", "`preset: NAME` in a dedup step takes these.", ""]
    lines += ["| step | preset | parameters |", "|---|---|---|"]
    for kind, cards in CARDS.items():
        for name, card in cards.items():
            given = ", ".join(f"{key}: {_value(value)}" for key, value in card.items())
            lines.append(f"| {kind} | {name} | {given} |")
    return "\n".join([*lines, ""])


def _kind(annotation: Any) -> str:
    """A type in words."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is Literal:
        return ", ".join(map(str, arguments))
    if origin in (UnionType, Union):
        return " or ".join(_kind(part) for part in arguments if part is not NoneType)
    if origin in (tuple, list):
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return f"{_kind(arguments[0])} to {_kind(arguments[1])}"
    names = {
        Step: "step",
        Frozen: "threshold",
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
    }
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())


def _value(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_value(part)}" for key, part in value.items())
    return _number(value) if isinstance(value, int | float) else str(value)


def _number(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())

"""Golden fixtures of recipes: `fixtures/<recipe>.jsonl`, a document per line with the verdict that is expected of it.

Keys of a row: `id`, `text`, `verdict` (keep | drop), `why`, and where they matter `step`, `rule`, `text_after`, `compat` (the recipe's own by default). Every
other key is a column of the document: `url`, `language`, or any signal, which is then taken as stored and not computed.
A text is a string, `{"repeat": "..", "times": n, "before": "..", "after": ".."}`, or a list of those, which are put one after the other.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from corpus_platform.documents import TEXT_BASES
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.explain import explain
from corpus_platform.recipes.recipe import document_columns, recipes
from corpus_platform.recipes.recipe import recipe as recipe_of
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.registry import signals

FIXTURES = Path(__file__).parent / "fixtures"
EXPECTED = ("id", "text", "verdict", "why", "step", "rule", "text_after", "compat")
ARROW = {"int32": pl.Int32, "int64": pl.Int64, "float": pl.Float32, "double": pl.Float64}


@dataclass(frozen=True)
class Row:
    recipe: str
    line: int
    values: dict

    @property
    def where(self):
        return f"fixtures/{self.recipe}.jsonl:{self.line}: row `{self.values.get('id')}` ({self.values.get('why', 'no why given')})"

    @property
    def compat(self):
        return self.values.get("compat") or recipe_of(self.recipe).compat

    @property
    def columns(self):
        return {key: value for key, value in self.values.items() if key not in EXPECTED}

    @property
    def text(self):
        return text_of(self.values["text"])


def text_of(value):
    if isinstance(value, list):
        return "".join(text_of(part) for part in value)
    if isinstance(value, dict):
        return value.get("before", "") + value["repeat"] * value["times"] + value.get("after", "")
    return value


@cache
def rows_of(recipe):
    lines = (FIXTURES / f"{recipe}.jsonl").read_text(encoding="utf-8").split("\n")
    return tuple(Row(recipe, i + 1, json.loads(line)) for i, line in enumerate(lines) if line.strip())


def every_row():
    return [row for path in sorted(FIXTURES.glob("*.jsonl")) for row in rows_of(path.stem)]


def frame_of(rows):
    """Rows of the same columns as documents."""
    data = {"doc_id": [row.values["id"] for row in rows], "text": [row.text for row in rows]}
    series = [pl.Series(name, values, pl.String) for name, values in data.items()]
    columns = [
        pl.Series(name, [row.columns[name] for row in rows], dtype_of(rows[0], name), strict=False)
        for name in rows[0].columns
    ]
    return pl.DataFrame([*series, *columns])


def dtype_of(row, name):
    if name in signals():
        return signals()[name].column_type
    assert name in document_columns(), f"{row.where}: there is no signal or column `{name}`"
    return ARROW.get(str(document_columns()[name]), pl.String)


@cache
def verdicts(recipe):
    """By row id: (verdict, step, rule, text after), as `apply` gives them; rows of the same columns are run together."""
    groups = {}
    for row in rows_of(recipe):
        groups.setdefault((row.compat, tuple(sorted(row.columns))), []).append(row)
    found = {}
    for (compat, _), rows in groups.items():
        applied = apply(known(recipe, compat), frame_of(rows), environment(compat))
        found |= {i: ("keep", None, None, text) for i, text in applied.kept.select("doc_id", "text").iter_rows()}
        decisions = applied.decisions.select("doc_id", "step", "rule")
        found |= {i: ("drop", step, rule, None) for i, step, rule in decisions.iter_rows()}
    return found


def known(recipe, compat):
    return recipe_of(recipe).model_copy(update={"compat": compat})


SHIPPED = sorted(name for name, recipe in recipes().items() if recipe.variant.partition(".")[0] in TEXT_BASES)
"""Recipes over pages; those of other sources are tried on documents of their own."""


def environment(compat):
    return Environment(SignalSettings(compat=compat))


def difference(row):
    """What is wrong with a row's verdict, in words; empty where it is as expected."""
    verdict, step, rule, text = verdicts(row.recipe)[row.values["id"]]
    names = {step} | {s.step for s in recipe_of(row.recipe).steps if s.name == step}
    expected = row.values
    got = "kept" if verdict == "keep" else f"dropped by {step}/{rule}"
    wanted = (
        "kept"
        if expected["verdict"] == "keep"
        else f"dropped by {expected.get('step', 'any step')}/{expected.get('rule', 'any rule')}"
    )
    if (
        verdict != expected["verdict"]
        or expected.get("step") not in {None, *names}
        or expected.get("rule") not in {None, rule}
    ):
        return f"{row.where}: expected to be {wanted}, and is {got}{trace(row)}"
    if "text_after" in expected and verdict == "keep" and text != text_of(expected["text_after"]):
        return f"{row.where}: expected the text {text_of(expected['text_after'])!r}, and it is {text!r}"
    return ""


def trace(row):
    told = explain(known(row.recipe, row.compat), frame_of([row]), environment(row.compat))
    return "".join(f"\n  {line}" for line in told[0].lines())

"""Imports point down only, and the library imports no Dagster: the house's plan, checked in every module.

The plan is the four tables below. A unit is a folder or a module directly under `corpus_platform/`, or one of the packages `assets` and
`resources`. Every import counts: at the top, inside a function, for type checkers only, or by `import_module("...")`.
"""

import ast
from pathlib import Path
from textwrap import dedent

import pytest

LIBRARY = "corpus_platform"

LAYERS = (
    {"errors"},
    {"documents", "lake", "engine", "yaml_file"},
    {"tables"},
    {"source_tables", "sft_tables"},
    {"forgetting"},
    {"text"},
    {"lists", "catalogue"},
    {"sources", "extract", "dedup", "models", "clean"},
    {"readers"},
    {"sft"},
    {"signals"},
    {"recipes"},
    {"mixes"},
    {"stages"},
    {"automation"},
    {"settings"},
    {"home"},
    {"quality"},
    {"analytics", "sample"},
    {"demo", "planning"},
    {"definitions", "printing"},
    {"commands"},
    {"cli"},
    {"resources"},
    {"assets"},
)
"""From the bottom up. A unit may import those of the layers below its own, and not its siblings."""

ONLY = {
    "documents": {"errors"},
    "lake": {"errors"},
    "engine": {"errors"},
    "yaml_file": {"errors"},
    "tables": {"errors", "documents", "lake"},
    "source_tables": {"errors", "documents", "lake", "tables"},
    "sft_tables": {"errors", "documents", "lake"},
    "forgetting": {"errors", "documents", "lake", "tables", "source_tables", "sft_tables"},
    "text": {"errors", "documents"},
    "lists": {"errors"},
    "catalogue": {"errors", "documents", "yaml_file"},
}
"""Units that may import less than all that is below them: lake and engine know nothing of text, text nothing of tables."""

ALSO = {("definitions", "assets"), ("definitions", "resources")}
"""Arrows beside the layers, sideways or up: (who imports, what)."""

MAY_IMPORT_DAGSTER = {"definitions", "cli", "assets", "resources"}

ROOT = Path(__file__).parents[2]
KNOWN = set.union(*LAYERS)


def breaches(root):
    """All imports under the root that the plan forbids, as `file:line: what and why`."""
    return [
        f"{path.relative_to(root)}:{line}: {complaint}"
        for package in (LIBRARY, "resources", "assets")
        for path in sorted((root / package).rglob("*.py"))
        for line, module in imports_of(path, root)
        if (complaint := complaint_about(unit_of_file(path, root), module))
    ]


def imports_of(path, root):
    """(line, module) of every import in the file; `from a import b` counts as `a.b`, which may name a module."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom():
                base = [*package[: len(package) - node.level + 1]] if node.level else []
                yield from (
                    (node.lineno, ".".join([*base, *filter(None, [node.module]), alias.name])) for alias in node.names
                )
            case ast.Call(
                func=ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(str(name)), *_],
            ):
                yield node.lineno, name


def unit_of_file(path, root):
    return unit_of(".".join(path.relative_to(root).with_suffix("").parts))


def unit_of(module):
    """The unit that a module belongs to; the library's own `__init__` is a unit of the library's name; None for what is not ours."""
    first, *rest = [part for part in module.split(".") if part != "__init__"]
    if first in {"assets", "resources"}:
        return first
    if first == LIBRARY:
        return rest[0] if rest else LIBRARY
    return None


def complaint_about(importer, module):
    """Why the unit may not import the module, or None if it may."""
    if module.partition(".")[0].startswith("dagster"):
        if importer in MAY_IMPORT_DAGSTER:
            return None
        return f"`{importer}` imports Dagster ({module}): the library runs without it; what needs it belongs in assets/ or resources/"
    imported = unit_of(module)
    if imported in {None, importer} or (importer, imported) in ALSO:
        return None
    for unit in (importer, imported):
        if unit not in KNOWN:
            return f"`{importer}` imports {module}, and `{unit}` has no layer: give it one in the table LAYERS of this test"
    if level(imported) > level(importer):
        return f"`{importer}` imports {module}: arrows point down only, and `{imported}` is above `{importer}`"
    if level(imported) == level(importer):
        return f"`{importer}` imports {module}: `{imported}` is beside it; move what both need below them, or declare the arrow in ALSO"
    if importer in ONLY and imported not in ONLY[importer]:
        return f"`{importer}` imports {module}: it may import only {', '.join(sorted(ONLY[importer]))}"
    return None


def level(unit):
    return next(number for number, units in enumerate(LAYERS) if unit in units)


def test_imports_point_down_and_the_library_has_no_dagster():
    found = breaches(ROOT)

    assert not found, "\n".join(["imports against the plan:", *found])


def test_every_unit_of_the_library_has_a_layer():
    units = {
        path.stem for path in (ROOT / LIBRARY).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }

    assert units - {"__init__"} <= KNOWN


def test_no_unit_has_two_layers():
    assert sum(map(len, LAYERS)) == len(KNOWN)


@pytest.fixture
def plant(tmp_path):
    """Writes a module into an otherwise empty project and returns what is said against it."""

    def planter(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        return breaches(tmp_path)

    return planter


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        (
            "corpus_platform/lake/log.py",
            "import json\nfrom corpus_platform.stages.run import run_stage",
            (
                "corpus_platform/lake/log.py:2: `lake` imports corpus_platform.stages.run.run_stage: "
                "arrows point down only, and `stages` is above `lake`"
            ),
        ),
        ("corpus_platform/text/batch.py", "from corpus_platform import recipes", "`recipes` is above `text`"),
        ("corpus_platform/text/batch.py", "import corpus_platform.recipes.ccnet as c", "`recipes` is above `text`"),
        ("corpus_platform/text/batch.py", "from ..recipes import ccnet", "`recipes` is above `text`"),
        ("corpus_platform/text/batch.py", "from .. import recipes", "`recipes` is above `text`"),
        ("corpus_platform/errors.py", "def f():\n    import corpus_platform.documents", ":2: `errors` imports"),
        ("corpus_platform/engine/a.py", "from corpus_platform.documents import x", "`documents` is beside it"),
        ("corpus_platform/models/a.py", "from corpus_platform.dedup.paragraphs import x", "`dedup` is beside it"),
        ("corpus_platform/text/a.py", "import corpus_platform.lake", "it may import only documents, errors"),
        ("corpus_platform/stages/a.py", "from assets.web import pages", "`assets` is above `stages`"),
        ("corpus_platform/cli.py", "import resources.home", "`resources` is above `cli`"),
        ("resources/home.py", "import assets", "`assets` is above `resources`"),
        ("corpus_platform/novelty.py", "import corpus_platform.errors", "`novelty` has no layer"),
        ("corpus_platform/__init__.py", "from corpus_platform.lake import Lake", "`corpus_platform` has no layer"),
        (
            "corpus_platform/stages/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from corpus_platform.cli import app",
            ":3: `stages` imports corpus_platform.cli.app",
        ),
    ],
)
def test_a_planted_arrow_against_the_plan_is_caught(plant, path, text, complaint):
    found = plant(path, text)

    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "import dagster as dg",
        "from dagster import asset",
        "from dagster_aws.s3 import S3Resource",
        "def f():\n    import dagster",
        "from importlib import import_module\nimport_module('dagster._core')",
    ],
)
def test_a_planted_dagster_import_is_caught(plant, text):
    found = plant("corpus_platform/stages/run.py", text)

    assert len(found) == 1
    assert "`stages` imports Dagster" in found[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("corpus_platform/definitions.py", "import dagster\nfrom assets import web\nimport resources.home"),
        ("corpus_platform/cli.py", "import dagster\nfrom corpus_platform.lake import Lake"),
        (
            "corpus_platform/stages/pages.py",
            "import polars\nfrom corpus_platform.text.batch import TextBatch\nfrom . import stage",
        ),
        ("corpus_platform/lake/a.py", "from .b import c\nfrom corpus_platform.errors import SchemaError"),
        ("assets/web.py", "import dagster\nfrom resources.home import Home\nimport corpus_platform.stages.run"),
    ],
)
def test_imports_of_the_plan_are_let_pass(plant, path, text):
    assert plant(path, text) == []

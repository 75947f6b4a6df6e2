"""Code from end to end: the packages of this environment, and ten source distributions from the package index, read, cleaned and compared.

The tables of documents, rejects and rules are printed (`pytest -s`).
"""

import ast
import re
import subprocess
import sys
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from corpus_platform.extract.licences import allows
from corpus_platform.extract.programs import kind_of
from corpus_platform.lists.lists import Lists
from corpus_platform.readers.reader import SourceDocument, reader_of
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.recipe import CLEANING, read_recipe
from corpus_platform.signals.environment import Environment
from corpus_platform.sources.location import InputLocation

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DISTRIBUTIONS = ("attrs", "click", "idna", "jinja2", "markupsafe", "networkx", "psutil", "requests", "six", "tomli")
HEADER = re.compile(r"copyright (?:\(c\) )?(?:19|20)\d\d|licensed under the|SPDX-License", re.IGNORECASE)
LARGEST = 1_000_000


def read(reader, units):
    """Rows of all documents, and a line of the table for each unit."""
    rows, table = [], []
    for unit in units:
        found = list(reader.read(unit))
        documents = [one for one in found if isinstance(one, SourceDocument)]
        reasons = Counter(one.reason for one in found if not isinstance(one, SourceDocument))
        assert len({one.position for one in found}) == len(found)
        rows += [{**one.row("code", unit.name), "kind": one.meta["kind"]} for one in documents]
        table.append((unit.name, len(documents), dict(reasons)))
    return pl.DataFrame(rows, infer_schema_length=None).drop("sections"), table


def cleaned(frame, title, table):
    """The cleaned documents; the table and the funnel are printed."""
    applied = apply(read_recipe(CLEANING / "code.yaml"), frame, Environment())
    lines = [f"\n{title}: file, documents, rejects"]
    lines += [f"  {name:40} {documents:6} {reasons}" for name, documents, reasons in table]
    lines += [
        f"  {row.step:14} {row.documents} in, {row.dropped} dropped {row.rules}, {row.changed} changed {row.removed}"
        for row in applied.funnel
    ]
    print("\n".join(lines))  # noqa: T201
    return applied.kept


def assert_clean(before, after):
    """Licences are allowed, ids are unique, no header is left, and programs that could be parsed still can."""
    permissive = Lists.of({}).get("permissive_licences").set
    assert all(allows(licence, permissive) for licence in after["licence"].unique())
    assert before["doc_id"].is_unique().all()
    programs = [
        (title, text)
        for title, category, text in after.select("title", "category", "text").rows()
        if kind_of(title, category) != "docs"
    ]
    left = [title for title, text in programs if HEADER.search("\n".join(text.split("\n")[:8]))]
    assert len(left) <= len(programs) // 500, left
    raw = dict(before.select("doc_id", "text").rows())
    for identity, category, text in after.select("doc_id", "category", "text").rows():
        if category == "Python" and text != raw[identity] and parses(raw[identity]):
            assert parses(text), text[:300]


def parses(text):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def test_the_packages_of_this_environment_become_documents():
    location = InputLocation(str(Path(np.__file__).parents[1]))
    reader = reader_of("installed_packages")
    units = [unit for unit in reader.units(location, location.files()) if unit.bytes < LARGEST]

    frame, table = read(reader, units)
    kept = cleaned(frame, "packages", table)

    assert len(units) > 100
    assert kept.height > 1000
    assert {"Python", "Markdown"} <= set(frame["category"].drop_nulls())
    assert set(frame["kind"]) == {"code", "docs"}
    assert_clean(frame, kept)


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """A folder with the source distributions; pip asks each for its metadata, which waits more than it works."""
    folder = tmp_path_factory.mktemp("sdists")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder)]

    def fetch(name):
        return subprocess.run([*command, name], capture_output=True, text=True, timeout=240, check=False)

    try:
        with ThreadPoolExecutor(5) as pool:
            done = list(pool.map(fetch, DISTRIBUTIONS))
    except subprocess.TimeoutExpired:
        pytest.skip("the package index does not answer in time")
    failed = [one.stderr.strip().splitlines()[-1:] for one in done if one.returncode]
    if failed:
        pytest.skip(f"the package index does not give every source distribution: {failed[0]}")
    return folder


def test_ten_source_distributions_become_documents_and_pairs(distributions):
    location = InputLocation(str(distributions))
    reader, pairs = reader_of("repository"), reader_of("code_pairs")
    units = reader.units(location, location.files())

    frame, table = read(reader, units)
    kept = cleaned(frame, "distributions", table)
    functions, _ = read(pairs, [unit for unit in units if unit.name.startswith(("click", "jinja2"))])

    assert len(units) == len(DISTRIBUTIONS)
    assert min(documents for _, documents, _ in table) > 0
    assert_clean(frame, kept)
    assert functions.height > 200

"""All real papers of the samples through their readers: documents and rejects, no remnant of their markup, and one version of each stays."""

import re
from collections import Counter

import orjson
import polars as pl
import pytest

from corpus_platform.readers.jats import Jats
from corpus_platform.readers.latex import Latex
from corpus_platform.readers.reader import SourceDocument
from corpus_platform.readers.s2orc import S2orc
from corpus_platform.recipes.dedup_files import Outputs, dedup_files, preset_recipe
from corpus_platform.recipes.files import FileSet
from corpus_platform.sources.location import InputLocation

pytestmark = [pytest.mark.e2e, pytest.mark.samples]

REMNANTS = re.compile(
    r"\\(?:cite[a-z]*|ref|eqref|label|footnote|includegraphics|input|bibliography|index|xspace|nonumber|begin\{(?:document|figure|itemize|abstract))\b|^%|[\x00-\x08\x0b-\x1f]",
    re.MULTILINE,
)
BLOCKS = re.compile(r"\\begin\{([A-Za-z]+\*?)\}.*?\\end\{\1\}|\$\$.*?\$\$|(?<!\\)\$[^$]*\$", re.DOTALL)
PROGRAMS = re.compile(r"sympy|DNest4|dynonet|emcee")
"""Papers with programs, shell prompts (`%`) or BibTeX entries in them, which may hold anything."""


@pytest.fixture(scope="module")
def read(samples):
    """{folder: (documents, rejects)}."""
    found = {}
    for name, reader in (("latex", Latex()), ("latex_eprint", Latex()), ("jats", Jats()), ("s2orc", S2orc())):
        location = InputLocation(str(samples / "academic" / name))
        items = [item for unit in reader.units(location, location.files()) for item in reader.read(unit)]
        documents = [item for item in items if isinstance(item, SourceDocument)]
        found[name] = documents, Counter(item.reason for item in items if not isinstance(item, SourceDocument))
    return found


def test_every_paper_is_a_document_and_letters_are_named(read):
    assert {name: (len(documents), dict(rejects)) for name, (documents, rejects) in read.items()} == {
        "latex": (30, {"no_paper": 4, "too_short": 1}),
        "latex_eprint": (1, {}),
        "jats": (7, {}),
        "s2orc": (5, {}),
    }


def test_no_remnant_of_markup_is_left_outside_of_formulas_and_tables(read):
    left = {}
    for documents, _ in read.values():
        for document in documents:
            found = REMNANTS.findall(BLOCKS.sub(" ", document.text))
            if found and not PROGRAMS.search(document.identity):
                left[document.identity] = found[:5]

    assert left == {}


def test_headings_begin_where_the_sections_say(read):
    for documents, _ in read.values():
        for document in documents:
            for section in document.sections:
                line = document.text[section.start :].partition("\n")[0]
                assert line.lstrip("#") == f" {section.title}", document.identity


def test_of_the_versions_of_a_paper_one_stays(read, tmp_path):
    papers = [document for documents, _ in read.values() for document in documents]
    source = tmp_path / "papers.jsonl"
    source.write_bytes(b"".join(orjson.dumps({"id": paper.identity, "text": paper.text}) + b"\n" for paper in papers))
    outputs = Outputs(kept=tmp_path / "kept.jsonl", clusters=tmp_path / "clusters.parquet")

    dedup_files(preset_recipe("minhash/slimpajama"), FileSet((source,)), outputs)

    clusters = pl.read_parquet(outputs.clusters).group_by("cluster").agg(pl.col("id").sort()).get_column("id").to_list()
    assert sorted(clusters) == [
        ["MagneticUpperSco", "MagneticUpperSco#arXiv/ms.tex"],
        ["kepler_kinematics", "kepler_kinematics#ms.tex"],
        ["stardate", "stardate#master.tex"],
    ]

"""The recipes for papers: what they drop, each with its reason, and that one version of a paper stays, without its authors' addresses."""

import orjson
import polars as pl
import pytest

from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.files import apply_file
from corpus_platform.recipes.recipe import CLEANING, SYSTEMS, read_recipe
from corpus_platform.signals.environment import Environment

BODY = " ".join(
    f"The sample number {n} was measured near the star and its light was compared with model {n * n}."
    for n in range(60)
)
CASES = [
    (f"# Stars\n\n## Methods\n\n{BODY}\n\n\\begin{{equation}}\na=b\n\\end{{equation}}", None),
    ("# A title\n\n## Abstract\n\nToo short.", "too_short"),
    ("\n".join(f"{n} {n * 7919} {n * 104729} 1.5e-3" for n in range(100)), "nemo_digit_fraction_above"),
    (
        "\n".join(["This page is intentionally left blank."] * 30),
        "dolma_gopher_v2_fraction_of_characters_in_duplicate_lines_above",
    ),
]


def frame_of(texts):
    return pl.DataFrame(
        {"doc_id": [f"d{i}" for i in range(len(texts))], "text": texts, "url": [None] * len(texts)},
        schema_overrides={"url": pl.String},
    )


@pytest.mark.parametrize(("text", "rule"), CASES, ids=["paper", "short", "numbers", "repetition"])
def test_cleaning_drops_what_is_no_paper(text, rule):
    done = apply(read_recipe(CLEANING / "academic.yaml"), frame_of([text]), Environment())

    assert done.decisions.get_column("rule").to_list() == ([rule] if rule else [])


def test_the_longest_version_of_a_paper_stays_without_addresses(tmp_path):
    preprint = f"# Stars\n\n{BODY}"
    published = f"# Stars\n\n{BODY} We thank a referee. Write to ann.lee@example.edu for data of 139 1234 5678 stars."
    source = tmp_path / "papers.jsonl"
    source.write_bytes(
        b"".join(
            orjson.dumps({"id": name, "text": text}) + b"\n"
            for name, text in (("v1", preprint), ("v2", published), ("other", BODY[::-1]))
        )
    )

    apply_file(
        read_recipe(SYSTEMS / "academic.yaml"),
        source,
        tmp_path / "kept.jsonl",
        tmp_path / "dropped.jsonl",
        Environment(),
    )

    kept = {row["id"]: row["text"] for row in map(orjson.loads, (tmp_path / "kept.jsonl").read_bytes().splitlines())}
    assert kept.keys() == {"v2", "other"}
    assert "ann.lee" not in kept["v2"]
    assert "139 1234 5678 stars" in kept["v2"]

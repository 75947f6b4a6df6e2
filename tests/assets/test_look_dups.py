"""Looking at dedups of a made home: the command over recipes of one's own, and what the assets' pages show."""

import json
import shutil

import dagster as dg
import pytest
import yaml
from recorded import recorded
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, language_of, paragraphs
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.definitions import make
from corpus_platform.home import Home

STEPS = {
    "copies": [{"minhash": {"n": 1, "bands": 32, "rows": 2, "scope": "snapshots"}}],
    "boilerplate": [{"mask_digits": {"min_digits": 1, "replacement": "#"}}, {"line_dedup": {"scope": "corpus"}}],
    "weighed": [{"soft_dedup": {"scope": "corpus", "keep_one_in": 1}}],
}
TOWN, LATER_TOWN = "https://town0.example/", "https://town8.example/"


@pytest.fixture(scope="module")
def seen(built, tmp_path_factory):
    """The built home with dedups of its pages made through Dagster, and what that recorded."""
    folder = tmp_path_factory.mktemp("dups") / "home"
    shutil.copytree(built[0].path, folder)
    (folder / "recipes").mkdir()
    for name, steps in STEPS.items():
        about = {"title": name, "reference": "nobody's", "about": "For tests.", "variant": "wet"}
        (folder / "recipes" / f"{name}.yaml").write_text(yaml.safe_dump({"name": name, "steps": steps, **about}))
    home = Home.open(folder)
    with dg.DagsterInstance.ephemeral() as instance:
        for batch in home.batches([f"dedup/{of}" for of in home.compared], [SNAPSHOT, NEXT_SNAPSHOT]):
            make(home, instance, batch)
        return Home.open(folder), recorded(instance)


def corpus(home, *words):
    result = CliRunner().invoke(app, ["--home", str(home.path), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def told(home, page, method):
    [line] = corpus(home, "dups", page, "--method", method, "--format", "json").splitlines()
    return json.loads(line)


def test_a_page_of_a_later_snapshot_is_a_copy_of_an_earlier_one_with_what_differs(seen):
    home, _ = seen

    row = told(home, LATER_TOWN, "copies.minhash")
    printed = corpus(home, "dups", LATER_TOWN, "--method", "copies.minhash")

    assert (row["verdict"], row["snapshot"]) == ("goes", NEXT_SNAPSHOT)
    assert row["cluster"]["first_snapshot"] == SNAPSHOT
    stays = [member for member in row["cluster"]["members"] if member["kept"]]
    assert [(member["doc_id"], member["snapshot"]) for member in stays] == [(row["cluster"]["canonical"], SNAPSHOT)]
    assert row["cluster"]["size"] == 8
    assert "[-" in printed
    assert "{+" in printed


def test_a_chinese_page_has_its_own_cluster_and_differs_by_characters(seen):
    home, _ = seen

    row = told(home, "https://town1.example/", "copies.minhash")

    assert language_of(1) == "zh"
    languages = {
        language_of(int(member["url"].removeprefix("https://town").split(".")[0]))
        for member in row["cluster"]["members"]
    }
    assert languages == {"zh"}
    changed = "".join(piece["text"] for piece in row["diff"]["pieces"] if piece["kind"] in {"deleted", "inserted"})
    assert 0 < len(changed) < len("".join(paragraphs(1))) / 2


def test_the_line_that_all_pages_share_is_what_a_later_page_loses(seen):
    home, _ = seen

    row = told(home, LATER_TOWN, "boilerplate.line_dedup")

    assert row["verdict"] == "loses passages"
    assert [passage["text"].strip() for passage in row["passages"]] == [paragraphs(0)[-1]]
    assert row["reason"] == ""


def test_the_page_of_a_dedup_shows_clusters_domains_and_a_picture(seen):
    _, made = seen

    copies = made.metadata("dedup/wet/copies.minhash", NEXT_SNAPSHOT)
    lines = made.metadata("dedup/wet/boilerplate.line_dedup", NEXT_SNAPSHOT)
    weights = made.metadata("dedup/wet/weighed.soft_dedup", NEXT_SNAPSHOT)

    # Besides one cluster of each language, the short page is a copy of that of the first snapshot.
    [first, second, *_] = [record.data for record in copies["largest_clusters"].records]
    assert (
        (first["documents"], first["here"], first["since"])
        == (second["documents"], second["here"], second["since"])
        == (8, 4, SNAPSHOT)
    )
    assert first["first_page"] in {TOWN, "https://town1.example/"}
    assert copies["clusters_with_earlier_snapshots"] >= 2
    assert copies["share_of_copies"] > 0.5
    assert all(record.data["units"] == 1 for record in lines["domains"].records)
    assert weights["summary"].endswith("documents weighed")
    for page in (copies, lines, weights):
        assert page["picture_of_copies"].startswith("![")
        assert "data:image/svg+xml;base64," in page["picture_of_copies"]
    assert "cluster" in copies["preview"].splitlines()[0]


def test_the_largest_clusters_of_each_dedup_are_printed(seen, tmp_path):
    home, _ = seen

    printed = corpus(home, "dups", "--largest", "--picture", str(tmp_path / "all.png"))

    assert f"copies.minhash, wet, {NEXT_SNAPSHOT}" in printed
    assert TOWN in printed
    assert len(list(tmp_path.glob("*.png"))) == len(STEPS)

"""What comes out does not depend on how files are cut into shards, on the engine or on the number of its workers."""

import pytest
from stage_house import Houses, run_chain, seen_of_chain
from stage_parent import CHAIN

from corpus_platform.engine.processes import Processes
from corpus_platform.engine.serial import Serial
from corpus_platform.lake import Lake, table

ENGINES = {"serial": Serial, "one worker": lambda: Processes(1), "workers": lambda: Processes(3, items_per_worker=2)}


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return Houses(tmp_path_factory.mktemp("houses"))


def rows(frames):
    """The rows of all tables of a chain, but for the column `shard`; the hashes of a shard as those of its group."""
    found = {}
    for stage, tables in frames.items():
        for name, frame in tables.items():
            left = frame.drop("shard", strict=False)
            if name == "web.paragraph_hashes":
                left = left.drop("in_two_documents").unique()
            if name not in {
                "web.pages",
                "web.paragraphs",
                "web.documents",
                "corpora.ccnet",
            }:  # the others have no order of their own
                left = left.sort([column for column in table(name).key if column != "shard"])
            found[stage, name] = left
    return found


@pytest.mark.parametrize(
    ("variant", "shard_files", "engine"),
    [
        ("wet", 3, "serial"),  # a group of two files straddles two shards
        pytest.param("wet", 4, "workers", marks=pytest.mark.e2e),  # and a shard two groups
        pytest.param("resiliparse", 3, "one worker", marks=pytest.mark.e2e),
        pytest.param("trafilatura", 2, "serial", marks=pytest.mark.e2e),
    ],
)
def test_results_do_not_depend_on_shards_engine_and_workers(variant, shard_files, engine, houses, tmp_path):
    lake = Lake(tmp_path / "lake")

    reports = run_chain(lake, houses.new, variant, engine=ENGINES[engine](), pages={"shard_files": shard_files})

    assert reports["web.pages"].shards == -(-6 // shard_files)
    expected, found = rows(houses.expected(variant, "new")), rows(seen_of_chain(lake, CHAIN))
    assert found.keys() == expected.keys()
    for name, frame in expected.items():
        assert found[name].equals(frame), name

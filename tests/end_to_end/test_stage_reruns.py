"""What is made again when something has changed, and what is not: the chain of real stages, a table of expectations.

A crawl of six files, a file a shard; two files are deduplicated together, so group 1 is files 2 and 3.
"""

import shutil

import pytest
from stage_crawl import make_crawl, write_file
from stage_house import Houses, begun, run_chain, tree, versions
from stage_parent import CHAIN

from corpus_platform.engine.processes import Processes

FILES, GROUPS = set(range(6)), set(range(3))
NOTHING = {name: (set(), False) for name in CHAIN}


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    return Houses(tmp_path_factory.mktemp("houses"))


@pytest.fixture
def crawl(houses, tmp_path):
    """A copy of the crawl that the lake was made from: same bytes, same times."""
    return shutil.copytree(houses.old, tmp_path / "crawl")


@pytest.fixture
def lake(houses, tmp_path):
    return houses.lake(tmp_path / "lake", "wet")


def made_again(lake, crawl, folder, **settings):
    """Runs the chain; {stage: (shards that were done, whether something was committed)}."""
    folder.mkdir()
    before = versions(lake)
    reports = run_chain(lake, crawl, "wet", trace=folder, **settings)
    after = versions(lake)
    for name, report in reports.items():
        assert report.changed == (after[name] != before[name])
        assert (report.ran, report.resumed) == (len(begun(folder, name)), report.shards - report.ran)
    return {name: ({shard for shard, _ in begun(folder, name)}, report.changed) for name, report in reports.items()}


def expectations(pages=None, hashes=None, paragraphs=None, documents=None, ccnet=None):
    """Shards to be made again, and with it a commit, for the stages that are named; nothing for the others."""
    named = zip(CHAIN, (pages, hashes, paragraphs, documents, ccnet), strict=True)
    return {name: NOTHING[name] if shards is None else (shards, True) for name, shards in named}


def test_a_rerun_with_nothing_changed_makes_nothing_and_writes_nothing(lake, crawl, tmp_path):
    before = tree(lake)

    again = made_again(lake, crawl, tmp_path / "trace")

    assert again == NOTHING
    assert tree(lake) == before


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        # A limit that no page meets: other settings, the same pages.
        pytest.param({"pages": {"time_limit": 9}}, expectations(pages=FILES), id="pages that come out the same"),
        pytest.param(
            {"pages": {"shard_files": 3}},
            expectations({0, 1}, {0, 1}, GROUPS, {0, 1}, {0, 1}),
            id="files of a shard",
        ),
        # What is repeated in six files is repeated in three of them: the documents are made anew and come out the same.
        pytest.param(
            {"paragraphs": {"group_files": 3}},
            expectations(hashes=FILES, paragraphs={0, 1}, documents=FILES),
            id="files of a group",
        ),
        pytest.param(
            {"paragraphs": {"min_characters": 1}},
            expectations(hashes=FILES, paragraphs=GROUPS, documents=FILES, ccnet=FILES),
            id="length of a page",
        ),
        pytest.param(
            {"documents": {"newlines": "delete"}},
            expectations(documents=FILES, ccnet=FILES),
            id="what language identification sees",
        ),
        pytest.param({"ccnet": {"min_score": 0.9}}, expectations(ccnet=FILES), id="score of a language"),
    ],
)
def test_a_changed_setting_makes_its_stage_again_and_what_came_out_otherwise(settings, expected, lake, crawl, tmp_path):
    assert made_again(lake, crawl, tmp_path / "trace", **settings) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # The file beside it in the group is looked at again, for other paragraphs are repeated now, and comes out the same.
        pytest.param({"revision": 1}, expectations({3}, {3}, {1}, {2, 3}, {3}), id="texts"),
        # A title is no paragraph.
        pytest.param({"revision": 0, "retitled": True}, expectations({3}, {3}, None, {3}, {3}), id="titles"),
        pytest.param({"revision": 0, "newer": 60}, expectations({3}), id="the time of the file"),
    ],
)
def test_a_changed_file_makes_what_depends_on_it_again(change, expected, lake, crawl, tmp_path):
    write_file(crawl, "wet", 3, 6, **change)

    assert made_again(lake, crawl, tmp_path / "trace") == expected


def test_a_new_file_makes_its_own_shards_only(lake, crawl, tmp_path):
    make_crawl(crawl, files=7)

    assert made_again(lake, crawl, tmp_path / "trace") == expectations({6}, {6}, {3}, {6}, {6})


def test_a_file_that_has_gone_leaves_the_tables_and_its_group_is_made_again(lake, crawl, tmp_path):
    make_crawl(crawl, files=5)

    assert made_again(lake, crawl, tmp_path / "trace") == expectations(set(), set(), {2}, {4}, set())
    assert lake.scan("web.pages").collect()["file_index"].max() == 4


def test_going_back_to_earlier_settings_makes_nothing_again(lake, crawl, tmp_path):
    made_again(lake, crawl, tmp_path / "there", paragraphs={"min_characters": 1})

    back = made_again(lake, crawl, tmp_path / "back")

    assert back == expectations(None, set(), set(), set(), set())


def test_rows_go_when_nothing_is_left_of_what_they_were_made_from(lake, crawl, tmp_path):
    """No page is long enough: the corpus of before must not stay published."""
    again = made_again(lake, crawl, tmp_path / "trace", paragraphs={"min_characters": 1_000_000})

    assert again == expectations(None, FILES, set(), FILES, set())
    assert lake.scan("corpora.ccnet").collect().is_empty()
    assert set(lake.scan("ops.decisions", stage="web.documents").collect()["rule"]) == {"too_short"}
    assert lake.scan("ops.decisions", stage="corpora.ccnet").collect().is_empty()


def test_engine_and_reject_budget_are_no_part_of_what_is_made(lake, crawl):
    before = tree(lake)

    reports = run_chain(lake, crawl, "wet", engine=Processes(3, threads=2, items_per_worker=1))

    assert not any(report.ran or report.changed for report in reports.values())
    assert tree(lake) == before

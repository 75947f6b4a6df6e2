"""What corpora have in common, as an asset."""

import base64
import re

import dagster as dg
import pytest
from looked import STEPS, THIRD, looked
from tiny_crawl import FILES, PAGES, SNAPSHOT, make_home

from corpus_platform.definitions import add_partitions, build_defs
from corpus_platform.home import Home
from resources.home import HomeResource

KEY = dg.AssetKey(["corpora", "overlap"])


@pytest.fixture(scope="module")
def seen(built, tmp_path_factory):
    """A home with recipes of its own made."""
    return looked(built[0].path, tmp_path_factory.mktemp("looked") / "home")


def overlap(home, instance, snapshot):
    """The materialisation of the asset, as the UI starts it."""
    add_partitions(instance, snapshots=[snapshot])
    job = build_defs(
        home, resources={"home": HomeResource(path=str(home.path))}
    ).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(asset_selection=[KEY], partition_key=snapshot, instance=instance)
    [event] = result.get_asset_materialization_events()
    return event.materialization.metadata


def test_it_is_below_every_corpus(seen):
    graph = build_defs(seen).resolve_asset_graph()

    assert {key.to_user_string() for key in graph.get(KEY).parent_keys} == {
        f"corpora/{name}" for name in ("ccnet", *STEPS)
    }


def test_one_corpus_has_nothing_to_be_compared_with(tmp_path):
    graph = build_defs(Home.open(make_home(tmp_path))).resolve_asset_graph()

    assert KEY not in graph.get_all_asset_keys()


def test_it_shows_the_corpora_that_are_made_as_a_picture_and_a_table(seen, instance):
    metadata = overlap(seen, instance, SNAPSHOT)

    assert metadata["corpora"].value == len(STEPS) + 1
    assert metadata["documents"].value["masked"] == FILES * PAGES
    picture = re.search(r"base64,([A-Za-z0-9+/=]+)", metadata["picture"].value)
    assert base64.b64decode(picture[1]).startswith(b"\x89PNG")
    first = metadata["pairs"].records[0].data
    assert set(first) == {"a", "b", "documents", "share_of_a", "jaccard"}
    assert first["documents"] == FILES * PAGES


def test_a_snapshot_without_two_corpora_fails_with_what_to_make(seen, instance):
    with pytest.raises(dg.Failure, match="0 of these corpora made, and an overlap needs two: corpus run corpora/ccnet"):
        overlap(seen, instance, THIRD)

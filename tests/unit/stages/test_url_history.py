"""Addresses over snapshots, against a plain account of them; late snapshots, cuts, and what makes a range stale."""

from datetime import UTC, datetime, timedelta
from itertools import chain

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SourceError
from corpus_platform.lake import Lake
from corpus_platform.stages.run import plan_stage, run_stage
from corpus_platform.stages.url_history import UrlHistory, UrlHistorySettings
from corpus_platform.text.hashing import hash_texts

A, B, C, D = SNAPSHOTS = tuple(f"CC-MAIN-2024-{week}" for week in (10, 18, 26, 33))
COLUMNS = ("url", "status", "first_seen", "last_seen", "digest", "previous_digest", "times_seen", "pages")


def at(snapshot):
    return {"variant": "wet", "snapshot": snapshot}


def put(lake, snapshot, shards):
    """Commits pages, (url, digest) each, a file for each shard."""
    fence = lake.fence("web.pages", at(snapshot))
    files = []
    for shard, pages in enumerate(shards):
        writer = lake.writer("web.pages", at(snapshot), shard, "0123456789")
        if pages:
            writer.write(rows_of(snapshot, shard, pages), None)
        files += writer.close().get("web.pages", [])
    lake.commit("web.pages", at(snapshot), files, fence, run="0123456789", metadata={"fingerprint": repr(shards)})


def rows_of(snapshot, shard, pages):
    """Rows of web.pages; `doc_id` says snapshot, shard and number of the page."""
    return pl.DataFrame(
        {
            "doc_id": [f"{snapshot}/{shard}/{i}" for i in range(len(pages))],
            "source": "common_crawl",
            "shard": pl.Series([shard] * len(pages), dtype=pl.Int32),
            "file": f"part-{shard}.warc.wet.gz",
            "file_index": pl.Series([shard] * len(pages), dtype=pl.Int32),
            "position": range(len(pages)),
            "url": pl.Series([url for url, _ in pages], dtype=pl.String),
            "digest": pl.Series([digest for _, digest in pages], dtype=pl.String),
            "date": [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=shard)] * len(pages),
            "text": "",
        }
    )


def made(lake, *snapshots, size=2_000_000):
    """Runs the stage on snapshots one after the other; the reports."""
    stage = UrlHistory(UrlHistorySettings(shard_addresses=size))
    return [run_stage(stage, lake, Serial(), at(snapshot)) for snapshot in snapshots]


def found(lake, snapshot):
    """The rows of a snapshot by address, as tuples of `COLUMNS`."""
    rows = lake.scan("web.url_history", **at(snapshot)).select(COLUMNS).sort("url").collect()
    return {row[0]: row[1:] for row in rows.iter_rows()}


def slow_history(snapshots):
    """The same from all pages at once: {snapshot: {url: row}} of {snapshot: [(url, digest)]}."""
    account, visits = {}, {}
    for i, snapshot in enumerate(sorted(snapshots)):
        account[snapshot] = rows = {}
        before = sorted(snapshots)[i - 1] if i else None
        pages = [(url, digest) for url, digest in snapshots[snapshot] if url is not None]
        for url in dict.fromkeys(url for url, _ in pages):
            digests = [digest for one, digest in pages if one == url]
            earlier = visits.setdefault(url, [])
            last, last_digest = earlier[-1] if earlier else (None, None)
            if last is None:
                status = "new"
            elif last != before:
                status = "returned"
            else:
                status = "same" if last_digest == digests[0] else "changed"
            earlier.append((snapshot, digests[0]))
            rows[url] = (status, earlier[0][0], snapshot, digests[0], last_digest, len(earlier), len(digests))
        for url, earlier in visits.items():
            if earlier[-1][0] == before:
                previous = earlier[-2][1] if len(earlier) > 1 else None
                rows[url] = ("vanished", earlier[0][0], before, earlier[-1][1], previous, len(earlier), 0)
    return account


def test_each_status_has_its_case(tmp_path):
    lake = Lake(tmp_path)
    put(lake, A, [[("http://same", "1"), ("http://changed", "1")], [("http://back", "1"), ("http://null", None)]])
    put(lake, B, [[("http://same", "1"), ("http://changed", "2"), ("http://null", None)]])
    put(lake, C, [[("http://back", "1"), ("http://new", "9"), ("http://new", "8"), ("http://null", "3")]])

    made(lake, A, B, C)

    assert {row[0] for row in found(lake, A).values()} == {"new"}
    assert found(lake, B) == {
        "http://back": ("vanished", A, A, "1", None, 1, 0),
        "http://changed": ("changed", A, B, "2", "1", 2, 1),
        "http://null": ("same", A, B, None, None, 2, 1),
        "http://same": ("same", A, B, "1", "1", 2, 1),
    }
    assert found(lake, C) == {
        "http://back": ("returned", A, C, "1", "1", 2, 1),
        "http://changed": ("vanished", A, B, "2", "1", 2, 0),
        "http://new": ("new", C, C, "9", None, 1, 2),
        "http://null": ("changed", A, C, "3", None, 3, 1),
        "http://same": ("vanished", A, B, "1", "1", 2, 0),
    }


PAGES = st.lists(
    st.tuples(st.sampled_from(["http://a", "http://b/中", "http://c/🙂", "", None]), st.sampled_from(["1", "2", None])),
    max_size=5,
)


HISTORIES = st.lists(st.lists(PAGES, min_size=1, max_size=2), min_size=4, max_size=4), st.integers(1, 4)


@settings(deadline=None, max_examples=6)
@given(*HISTORIES)
def test_history_agrees_with_its_slow_twin_however_it_is_cut(tmp_path_factory, shards, size):
    agrees(tmp_path_factory, shards, size)


@pytest.mark.e2e
@settings(deadline=None, max_examples=60)
@given(*HISTORIES)
def test_many_histories_agree_with_their_slow_twin(tmp_path_factory, shards, size):
    agrees(tmp_path_factory, shards, size)


def agrees(tmp_path_factory, shards, size):
    """The stage's tables and the plain account are one, of histories that are drawn."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    for snapshot, pages in zip(SNAPSHOTS, shards, strict=True):
        put(lake, snapshot, pages)

    made(lake, *SNAPSHOTS, size=size)

    expected = slow_history({s: [*chain(*pages)] for s, pages in zip(SNAPSHOTS, shards, strict=True)})
    for snapshot in SNAPSHOTS:
        assert found(lake, snapshot) == expected[snapshot]


def fill(lake):
    """Pages of three snapshots, some hundred addresses."""
    for i, snapshot in enumerate((A, B, C)):
        pages = [(f"http://town.example/{n}", str(n % (i + 2))) for n in range(300) if n % (i + 2)]
        put(lake, snapshot, [pages[:100], pages[100:]])
    return lake


@pytest.fixture
def filled(tmp_path):
    return fill(Lake(tmp_path / "lake"))


def tables(lake):
    return {snapshot: lake.scan("web.url_history", **at(snapshot)).collect() for snapshot in (A, B, C)}


def test_rows_are_sorted_by_hash_over_all_shards(filled):
    made(filled, A, size=20)

    rows = tables(filled)[A]

    assert rows["url_hash"].is_sorted()
    assert rows["url_hash"].to_list() == hash_texts(rows["url"].to_list()).tolist()
    assert len(filled.files("web.url_history", at(A))) > 3


def test_document_and_date_are_those_of_the_first_record_when_last_seen(tmp_path):
    lake = Lake(tmp_path)
    put(lake, A, [[("http://other", "0")], [("http://twice", "1"), ("http://twice", "2")]])
    put(lake, B, [[("http://other", "0")]])

    made(lake, A, B)

    row = lake.scan("web.url_history", **at(B)).filter(url="http://twice").collect().row(0, named=True)
    assert (row["doc_id"], row["digest"], row["date"]) == (f"{A}/1/0", "1", datetime(2024, 1, 2, tzinfo=UTC))


def test_the_cut_changes_no_row(filled):
    made(filled, A, B, C, size=40)
    expected = tables(filled)

    for snapshot, size in ((A, 1000), (B, 33), (C, 70)):
        made(filled, snapshot, size=size)

    for snapshot, frame in tables(filled).items():
        assert frame.equals(expected[snapshot])


def test_a_snapshot_that_comes_late_makes_the_later_ones_stale_and_the_order_of_coming_leaves_no_trace(
    filled, tmp_path
):
    stage = UrlHistory(UrlHistorySettings(shard_addresses=50))
    made(filled, A, B, C, size=50)
    expected = tables(filled)
    other = fill(Lake(tmp_path / "late"))

    made(other, B, C, A, size=50)
    stale = [plan_stage(stage, other, at(snapshot)).is_current for snapshot in (A, B, C)]
    made(other, B, C, size=50)

    assert stale == [True, False, False]
    for snapshot, frame in tables(other).items():
        assert frame.equals(expected[snapshot])
    assert all(plan_stage(stage, other, at(snapshot)).is_current for snapshot in (A, B, C))


def test_a_late_snapshot_without_pages_is_one_that_all_addresses_were_away_from(tmp_path):
    lake = Lake(tmp_path)
    put(lake, A, [[("http://a", "1")]])
    put(lake, C, [[("http://a", "1")]])
    made(lake, A, C)
    same = found(lake, C)["http://a"][0]

    put(lake, B, [[]])
    made(lake, B, C)

    assert same == "same"
    assert found(lake, B) == {"http://a": ("vanished", A, A, "1", None, 1, 0)}
    assert found(lake, C)["http://a"][0] == "returned"


def test_a_rerun_is_no_work(filled):
    made(filled, A, B, size=100)

    again = made(filled, A, B, size=100)

    assert [(report.ran, report.changed) for report in again] == [(0, False), (0, False)]


def test_an_earlier_page_that_changes_reruns_the_ranges_that_read_its_address_only(filled):
    made(filled, A, B, size=100)
    first, *rest = filled.scan("web.pages", **at(A)).select("url", "digest").collect().rows()
    put(filled, A, [[(first[0], "other"), *rest[:99]], rest[99:]])
    made(filled, A, size=100)

    plan = plan_stage(UrlHistory(UrlHistorySettings(shard_addresses=100)), filled, at(B))

    assert len(plan.shards) == 4
    assert len(plan.todo) == 2


def test_only_the_files_that_may_have_a_ranges_hashes_are_read(filled):
    made(filled, A, size=50)
    files = filled.files("web.url_history", at(A))

    shards = UrlHistory(UrlHistorySettings(shard_addresses=50)).shards(filled, at(B))

    read = [sum(file.digest in read for file in files for read in shard.reads) for shard in shards]
    assert len(files) == 3
    assert len(shards) == 7
    assert max(read) <= 2


def test_counters_say_what_became_of_addresses(filled):
    report = made(filled, A, B)[1]

    counters = {name.removeprefix("status:"): n for name, n in report.counters.items() if name.startswith("status:")}
    assert sum(counters.values()) == report.rows == report.counters["kept"]
    assert report.counters["records"] == 200


def test_records_without_an_address_are_counted_once(tmp_path):
    lake = Lake(tmp_path)
    put(lake, A, [[(None, "1"), ("http://a", "1"), ("http://b", "1"), ("http://c", "1")]])

    report = made(lake, A, size=1)[0]

    assert report.shards == 4
    assert (report.counters["records"], report.counters["dropped:no_address"], report.rows) == (4, 1, 3)


def test_without_pages_there_is_no_input(tmp_path):
    with pytest.raises(SourceError, match="no input"):
        made(Lake(tmp_path), A)


def test_a_vanished_address_is_told_once(tmp_path):
    lake = Lake(tmp_path)
    for snapshot, pages in ((A, [("http://a", "1")]), (B, []), (C, []), (D, [("http://a", "2")])):
        put(lake, snapshot, [pages])

    made(lake, A, B, C, D)

    assert [len(found(lake, snapshot)) for snapshot in SNAPSHOTS] == [1, 1, 0, 1]
    assert found(lake, D)["http://a"] == ("returned", A, D, "2", "1", 2, 1)


def test_a_snapshot_without_pages_has_a_history_without_rows(tmp_path):
    lake = Lake(tmp_path)
    put(lake, A, [[]])

    report = made(lake, A)[0]

    assert (report.rows, report.shards) == (0, 1)

"""Columns tell whose a row is, in every table alike; rows of others stay, and name nobody who was forgotten."""

import polars as pl
import pyarrow as pa
import pytest

from corpus_platform.documents import column
from corpus_platform.forgetting.columns import NAMING, PLACES, REFERRING, Found, Sieve, hidden, snapshot_of
from corpus_platform.forgetting.targets import target_of
from corpus_platform.forgetting.tombstones import Tombstones
from corpus_platform.lake.registry import table, tables
from corpus_platform.lake.storage import Storage

MINE, OTHER = "a" * 32, "b" * 32
STEP = 1 << 40


@pytest.fixture
def known(tmp_path):
    return lambda text, kind=None: Tombstones.only(Storage(str(tmp_path)), target_of(text, kind))


def sieve(name, tombstones, found=None, snapshot="CC-1"):
    return Sieve(table(name), snapshot, tombstones, found or Found())


@pytest.mark.parametrize(
    ("what", "gone"),
    [
        ("https://example.org/a", [True, False, False, False]),
        ("example.org", [True, True, False, False]),
        ("Jane Doe", [False, False, True, True]),
        (MINE, [False, False, True, False]),
    ],
)
@pytest.mark.parametrize("with_hints", [False, True])
def test_a_row_is_hidden_by_address_host_id_or_author(known, what, gone, with_hints):
    rows = pl.DataFrame(
        {
            "doc_id": [OTHER, OTHER, MINE, None],
            "url": ["http://www.example.org/a#x", "https://example.org/b", "https://other.net/a", None],
            "domain": ["www.example.org", None, "other.net", None],
            "authors": [None, ["Li Si"], ["Li Si", "JANE DOE"], []],
            "meta": [None, '{"links": 3}', "no JSON", '{"author": ["Jane  Doe"]}'],
        }
    )

    hints = target_of(what).hints if with_hints else ()

    assert hidden(rows, known(what), hints).to_list() == gone


def test_one_of_several_authors_is_found(known):
    rows = pl.DataFrame({"author": ["Li Si; Jane Doe", "Jane Doerr; Li Si", None]})

    assert hidden(rows, known("Jane Doe")).to_list() == [True, False, False]


def test_a_place_is_that_of_its_own_source(known):
    found = Found(places={"books/x": {7}, "CC-1": {8}})
    rows = pl.DataFrame({"place": [7, 8], "other_snapshot": ["y", "wet.ccnet/CC-1"], "other": [7, 8]})

    gone = {
        where: sieve("web.dedup_edges", known("z.example"), found, where).gone(rows).to_list()
        for where in ("books/x", "domain/x", "domain/y")
    }

    # The second row is about a page of the web, whichever source's partition says so.
    assert gone == {"books/x": [True, True], "domain/x": [False, True], "domain/y": [False, True]}


def test_no_rows_are_no_matter(known):
    rows = pl.DataFrame(schema={"url": pl.String, "authors": pl.List(pl.String)})

    assert hidden(rows, known("Jane Doe")).to_list() == []


def test_documents_are_known_by_id_place_and_position(known):
    found = Found()
    rows = {"doc_id": [MINE], "file": ["a.warc"], "file_index": [2], "position": [77]}
    found.add(pl.DataFrame(rows, schema_overrides={"file_index": pl.Int32}), "CC-1")

    assert (found.ids, found.positions) == ({MINE}, {"CC-1": {("a.warc", 77)}})
    assert found.places == {"CC-1": {2 * STEP + 77}}


def test_keys_and_findings_of_a_place_go_whichever_end_it_is(known):
    found = Found(places={"CC-1": {5}, "CC-0": {9}})
    keys = pl.DataFrame({"key": [1, 2], "place": [5, 9]})
    edges = pl.DataFrame(
        {"place": [5, 6, 6, 6, 6], "other_snapshot": [None, None, None, "CC-0", "CC-0"], "other": [7, 5, 8, 9, 5]}
    )

    assert sieve("web.dedup_keys", known(MINE), found).gone(keys).to_list() == [True, False]
    assert sieve("web.dedup_edges", known(MINE), found).gone(edges).to_list() == [True, True, False, True, False]


def test_a_cluster_keeps_its_other_documents_under_another_name(known):
    found = Found(ids={MINE}, places={"CC-0": {3}})
    rows = pl.DataFrame(
        {
            "doc_id": [MINE, OTHER, "c" * 32],
            "place": [1, 2, 3],
            "cluster": [MINE, MINE, "c" * 32],
            "canonical": [MINE, MINE, "c" * 32],
            "neighbour": [None, MINE, None],
            "merged": [[], [MINE, "d" * 32], []],
            "first_snapshot": ["CC-0", "CC-0", "CC-1"],
            "first_place": [3, 3, 3],
        }
    )
    tombstones = known(MINE)

    kept = sieve("web.duplicates", tombstones, found).kept(rows)

    name = tombstones.pseudonym(MINE)
    assert kept["doc_id"].to_list() == [OTHER, "c" * 32]
    assert kept["cluster"].to_list() == kept["canonical"].to_list() == [name, "c" * 32]
    assert kept["neighbour"].to_list() == [name, None]
    assert kept["merged"].to_list() == [[name, "d" * 32], []]
    assert kept["first_place"].to_list() == [None, 3]
    assert sieve("web.duplicates", tombstones, found).refers(kept).to_list() == [False, False]
    assert MINE not in str(kept.rows())


def test_a_dialogue_that_was_made_of_a_forgotten_one_goes_with_it(known):
    rows = pl.DataFrame({"doc_id": ["c" * 32, "d" * 32, "e" * 32], "parents": [["f" * 32, MINE], ["f" * 32], None]})

    kept = sieve("sft.constructed_rft", known(MINE), Found()).kept(rows)

    assert kept["doc_id"].to_list() == ["d" * 32, "e" * 32]


def test_a_reject_stays_and_says_no_more_than_where_it_is(known):
    found = Found(positions={"CC-1": {("a.warc", 7)}, "books/a": {("a.warc", 9)}})
    rows = pl.DataFrame(
        {
            "shard": [0, 0, 0],
            "file": ["a.warc"] * 3,
            "position": [7, 8, 9],
            "url": ["https://x.example/", "https://example.org/a", "https://example.org/b"],
            "record": ["r7", "r8", "r9"],
            "reason": ["not_html", "truncated", "not_html"],
            "detail": ["image", "of https://example.org/a", "image"],
            "broken": [False, True, False],
        }
    )
    one = sieve("ops.rejects", known("https://example.org/a"), found)

    kept = one.kept(rows)

    assert kept["reason"].to_list() == ["forgotten", "forgotten", "not_html"]
    assert kept["url"].to_list() == kept["url"].to_list() == [None, None, "https://example.org/b"]
    assert kept["record"].to_list() == [None, None, "r9"]
    assert kept["detail"].to_list() == ["", "", "image"]
    assert kept["broken"].to_list() == [False, False, False]
    assert not one.gone(kept).any()


@pytest.mark.parametrize(
    ("name", "partition", "snapshot"),
    [
        ("web.pages", {"variant": "wet", "snapshot": "CC-1"}, "CC-1"),
        ("ops.rejects", {"stage": "web.pages", "partition": "wet,CC-1"}, "CC-1"),
        ("web.dedup_keys", {"stage": "web.dedup_documents", "partition": "web.exact,wet,CC-1"}, "CC-1"),
        ("ops.rejects", {"stage": "encyclopedia.articles", "partition": "en,20250101"}, "encyclopedia/en-20250101"),
        ("academic.cleaned", {"collection": "arxiv", "month": "2019-11"}, "academic/arxiv_2019-11"),
        ("web.duplicates", {"method": "a.b", "variant": "books.cleaned", "snapshot": "gutenberg"}, "books/gutenberg"),
        ("sft.messages", {"set": "alpaca"}, "sft/alpaca"),
        ("ops.rejects", {"stage": "sft.messages", "partition": "alpaca"}, "sft/alpaca"),
        ("models.language_model", {"language": "en"}, None),
    ],
)
def test_a_partition_says_which_snapshot_it_is_of(name, partition, snapshot):
    assert snapshot_of(table(name), partition) == snapshot


HARMLESS = {
    "file", "record", "record_id", "title", "text", "raw_content", "detail", "seen", "reason", "digest", "previous_digest", "licence", "tdm_policy",
    "language", "languages", "content_type", "charset", "charset_source", "robots", "source", "bucket", "cc_segment", "date_download", "first_seen",
    "last_seen", "status", "recipe", "step", "rule", "signal", "verdict", "reviewer", "filter", "path", "origin", "cutoff_source", "model", "name",
    "labels", "positive", "hash", "category", "part", "quality", "table", "table_partition", "kind", "end_token", "first_snapshot",
    "canonical_set", "set", "label", "tools", "content_id", "task_type", "construction", "origin_model", "verifiable_answer", "judge", "version", "container", "sniffed_kind", "columns",
    "other_snapshot", "snapshot", "sheet", "votes", "time", "models",
}  # fmt: skip
"""Columns of texts that a forgotten row may have, but by which no row of its own is known."""


def test_of_each_column_of_each_table_it_is_known_whether_it_names_a_document():
    """A new column of addresses, ids or names must be put into `columns.py`, or here."""
    known = {*NAMING, *REFERRING, *PLACES, *HARMLESS}

    strange = {
        f"{spec.name}.{field.name}"
        for spec in tables()
        if spec.layer != "test" and spec.name not in {"web.signals", "sft.signals"}  # their other columns are measured
        for field in spec.schema
        if pa.types.is_string(field.type) or field.type == pa.list_(pa.string())
        if field.name not in known and not field.name.endswith("_version")
    }

    assert strange == set()


def test_an_author_of_a_table_to_come_needs_no_code():
    assert NAMING[column("author", pa.string(), "Who wrote it").name] == "author"

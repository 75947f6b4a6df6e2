"""Sketches: registers are datasketch's own, and rows those of plain Python sets."""

import hashlib

import numpy as np
import polars as pl
import pytest
from datasketch import HyperLogLogPlusPlus
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.dedup.paragraphs import paragraph_hashes
from corpus_platform.engine.serial import Serial
from corpus_platform.stages.run import plan_stage, run_stage
from corpus_platform.stages.sketches import (
    NAMES,
    NOTHING,
    PRECISION,
    Sketch,
    Sketches,
    add_hashes,
    estimate,
    merged,
    normal_addresses,
    registers_of,
)
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_texts

WET = {"variant": "wet", "snapshot": "CC-MAIN-2025-05"}
HASHES = st.lists(
    st.integers(0, 2**64 - 1) | st.builds(lambda bit, low: (1 << bit) | low, st.integers(0, 63), st.integers(0, 15)),
    max_size=60,
)


def datasketch_of(hashes, precision=PRECISION):
    """A sketch that datasketch has updated one by one."""
    sketch = HyperLogLogPlusPlus(p=precision, hashfunc=int)
    for value in hashes:
        sketch.update(value)
    return sketch


@settings(deadline=None)
@given(HASHES, st.sampled_from([4, 8, 14, 16]))
def test_registers_are_those_that_datasketch_has_after_the_same_hashes(hashes, precision):
    registers = np.zeros(1 << precision, np.int8)

    add_hashes(registers, np.array(hashes, np.uint64))

    expected = datasketch_of(hashes, precision)
    assert registers.tolist() == expected.digest().tolist()
    assert estimate(registers) == expected.count()


@pytest.mark.parametrize("value", [0, 1, (1 << PRECISION) - 1, 1 << PRECISION, 1 << 63, 2**64 - 1])
def test_the_corners_of_a_hash_have_the_rank_that_datasketch_gives(value):
    registers = np.zeros(1 << PRECISION, np.int8)

    add_hashes(registers, np.array([value], np.uint64))

    assert registers.tolist() == datasketch_of([value]).digest().tolist()


@settings(deadline=None)
@given(st.lists(HASHES, max_size=4))
def test_what_is_merged_is_the_sketch_of_all_hashes_in_any_order(parts):
    sketches = []
    for part in parts:
        sketch = Sketch()
        sketch.add(np.array(part, np.uint64))
        sketches.append(registers_of(sketch.row()["registers"]))

    together = merged(reversed(sketches))

    expected = datasketch_of([])
    for part in parts:
        expected.merge(datasketch_of(part))
    assert together.tolist() == expected.digest().tolist()


def test_a_hundred_thousand_addresses_are_counted_to_two_percent():
    sketch = Sketch()

    sketch.add(hash_texts([f"town{i % 97}.example/page/{i}" for i in range(100_000)]))

    assert estimate(sketch.registers) == pytest.approx(100_000, rel=0.02)
    assert sketch.rows == 100_000


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("https://www.Example.org:443/A/?q=1#part", "example.org/A/?q=1"),
        ("http://example.org", "example.org"),
        ("<http://example.org/>", "example.org"),
        ("HTTP://EXAMPLE.org:8080/a//", "example.org:8080/a"),
        ("http://user:word@example.org/", "example.org"),
        ("http://example.org/mail@town?x=http://b", "example.org/mail@town?x=http://b"),
        ("http://wwww.example.org", "wwww.example.org"),
        ("http://例え.jp/🙂", "例え.jp/🙂"),
        ("http://example.org?q", "example.org?q"),
        ("", ""),
    ],
)
def test_addresses_that_differ_in_form_only_are_one(address, normal):
    assert normal_addresses(pl.Series([address])).to_list() == [normal]


def test_lines_of_which_the_normal_form_leaves_nothing_have_one_hash():
    hashes, _ = paragraph_hashes(TextBatch.of(["", " \t", "。、", "a"]))

    assert (hashes == NOTHING).tolist() == [True, True, True, False]
    assert int.from_bytes(hashlib.sha1(b"").digest()[:8], "little") == NOTHING


def put(lake, shards, partition=WET):
    """Commits pages, (url, domain, text) each, a file for each shard."""
    fence = lake.fence("web.pages", partition)
    files = []
    for shard, pages in enumerate(shards):
        writer = lake.writer("web.pages", partition, shard, "0123456789")
        rows = {
            "doc_id": [f"{shard}/{i}" for i in range(len(pages))],
            "source": "common_crawl",
            "shard": pl.Series([shard] * len(pages), dtype=pl.Int32),
            "file": "part.warc.wet.gz",
            "file_index": pl.Series([shard] * len(pages), dtype=pl.Int32),
            "position": range(len(pages)),
        }
        named = zip(("url", "domain", "text"), zip(*pages, strict=True), strict=True)
        writer.write(pl.DataFrame(rows | {name: pl.Series(values, dtype=pl.String) for name, values in named}), None)
        files += writer.close()["web.pages"]
    lake.commit("web.pages", partition, files, fence, run="0123456789", metadata={"fingerprint": repr(shards)})


SHARDS = [
    [
        ("http://a.example/", "a.example", "The harbour。\n\n  \nthe HARBOUR\nA line 1\r\nA line 2"),
        ("https://www.a.example", "a.example", "。\n港口\0🙂"),
    ],
    [(None, None, ""), ("http://b.example/x", "b.example", "港口\0🙂\nA line 3")],
]


def test_a_shard_has_a_row_for_each_name_with_what_it_has_counted(lake):
    put(lake, SHARDS)

    run_stage(Sketches(), lake, Serial(), WET)

    rows = lake.scan("web.sketches", **WET).collect()
    assert rows.select("shard", "name", "exact_rows").rows() == [
        (0, "domains", 2),
        (0, "paragraphs", 5),
        (0, "urls", 2),
        (1, "domains", 1),
        (1, "paragraphs", 2),
        (1, "urls", 1),
    ]
    assert [round(value) for value in rows["estimate"]] == [1, 3, 1, 1, 2, 1]
    assert set(rows["precision"]) == {PRECISION}
    assert {len(registers) for registers in rows["registers"]} == {1 << PRECISION}


def test_the_sketch_of_a_snapshot_is_that_of_its_sets(lake):
    put(lake, SHARDS)
    run_stage(Sketches(), lake, Serial(), WET)

    rows = lake.scan("web.sketches", **WET).collect()
    found = {name: merged(map(registers_of, rows.filter(name=name)["registers"])) for name in NAMES}

    expected = {
        "urls": hash_texts(["a.example", "b.example/x"]),
        "domains": hash_texts(["a.example", "b.example"]),
        "paragraphs": paragraph_hashes(TextBatch.of(["the harbour", "a line 0", "港口\0🙂"]))[0],
    }
    for name, hashes in expected.items():
        assert found[name].tolist() == datasketch_of(hashes.tolist()).digest().tolist(), name


def test_a_changed_file_of_pages_reruns_its_own_sketch_only(lake):
    put(lake, SHARDS)
    run_stage(Sketches(), lake, Serial(), WET)
    put(lake, [SHARDS[0], SHARDS[1][1:]])

    plan = plan_stage(Sketches(), lake, WET)

    assert [shard.index for shard in plan.todo] == [1]

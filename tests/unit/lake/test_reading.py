"""Damage is noticed wherever it is in a file: in pages, in page headers, in the footer, at the end."""

import errno
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.documents import column
from corpus_platform.errors import DamagedFile
from corpus_platform.lake import Lake, TableSpec, register
from corpus_platform.lake.reading import check_whole, damage_of, open_verified, read_columns
from corpus_platform.lake.seal import footer
from corpus_platform.stages.read import batches, lazy

LARGEST = 2**64 - 1
PARTITION = {"snapshot": "CC-1"}
register(
    TableSpec(
        "test.hashes",
        "A row is a hash",
        (
            column("hash", pa.uint64(), "The hash", nullable=False),
            column("place", pa.uint64(), "Where it is from", nullable=False),
        ),
        key=("hash",),
        partition_by=("snapshot",),
        order=("hash",),
        row_group_bytes=64 * 8 * 4,
    )
)


def committed(lake, hashes):
    """A sorted file of hashes in row groups of 128 rows at most; places are random, so nothing in the file compresses."""
    places = np.random.default_rng(7).integers(0, LARGEST, len(hashes), dtype=np.uint64, endpoint=True)
    with lake.writer("test.hashes", PARTITION, 3, "run-00001") as writer:
        writer.write(pl.DataFrame({"hash": hashes, "place": places}, schema={"hash": pl.UInt64, "place": pl.UInt64}))
        files = writer.close()["test.hashes"]
    lake.commit("test.hashes", PARTITION, files, lake.fence("test.hashes", PARTITION), run="run-00001")
    (file,) = lake.files("test.hashes")
    return file


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


@pytest.fixture
def file(lake):
    return committed(lake, np.sort(np.random.default_rng(1).integers(0, LARGEST, 300, dtype=np.uint64, endpoint=True)))


def rows_of(lake, file):
    return pl.concat(batches(lake, file, rows=100))


def flipped(file, at, bit=0):
    path = Path(file.uri)
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def first_page(file):
    """Place of a byte amid the values of the last column's first page: pages are what is before the seal."""
    chunk = pq.read_metadata(file.uri).row_group(0).column(1)
    return chunk.data_page_offset + chunk.total_compressed_size // 2


def test_a_flipped_byte_of_a_page_of_plain_hashes_is_found(lake, file):
    flipped(file, first_page(file))

    for read in (rows_of, lambda *of: read_columns(*of, ["hash", "place"])):
        with pytest.raises(DamagedFile, match=r"00003-.*is damaged: .*checksum.*`corpus verify --repair`.*run again"):
            read(lake, file)
    with pytest.raises(DamagedFile, match="the digest of its bytes is"):
        lazy(lake, file)


def test_any_flipped_byte_is_found_or_changes_no_row(lake, file):
    whole, size, path = rows_of(lake, file), file.bytes, Path(file.uri)
    content = path.read_bytes()
    pages = len(content) - 1000

    missed = []
    for at in (*range(0, pages, 41), *range(pages, size, 7)):
        for bit in (0, 6):
            path.write_bytes(content)
            flipped(file, at, bit)
            try:
                same = rows_of(lake, file).equals(whole)
            except DamagedFile:
                continue
            missed += [] if same else [(at, bit)]

    assert not missed


def test_every_byte_of_the_footer_is_under_the_seal(file):
    content = Path(file.uri).read_bytes()
    _, is_sealed = footer(io.BytesIO(content))
    length = int.from_bytes(content[-8:-4], "little")

    assert is_sealed
    for at in range(len(content) - 16 - length, len(content) - 8):
        with pytest.raises(ValueError, match="does not fit its seal"):
            footer(io.BytesIO(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]))


@pytest.mark.parametrize("left", [0, 3, 11, 200, -9, -1])
def test_a_file_that_was_cut_off_is_damaged(lake, file, left):
    path = Path(file.uri)
    path.write_bytes(path.read_bytes()[:left])

    for read in (rows_of, lazy, check_whole, lambda *of: read_columns(*of, ["hash"])):
        with pytest.raises(DamagedFile, match=rf"it has [\d,]+ bytes, and was written with {file.bytes:,}"):
            read(lake, file)


def test_a_missing_file_is_damaged(lake, file):
    Path(file.uri).unlink()

    for read in (rows_of, lazy, check_whole, lambda *of: read_columns(*of, ["hash"])):
        with pytest.raises(DamagedFile, match="it is missing"):
            read(lake, file)
    assert damage_of(lake, file) == "it is missing"


def test_a_file_with_other_rows_than_its_commit_names_is_damaged(lake, file):
    with pytest.raises(DamagedFile, match="it has 300 rows, and was written with 301"):
        rows_of(lake, replace(file, rows=301))


def test_a_file_without_a_seal_is_compared_with_its_digest(lake, file):
    content = Path(file.uri).read_bytes()
    length = int.from_bytes(content[-8:-4], "little") + 8
    unsealed = content[: -length - 16] + content[-length:]
    Path(file.uri).write_bytes(unsealed)
    older = replace(file, bytes=len(unsealed))

    with pytest.raises(DamagedFile, match=f"was {file.digest}"):
        rows_of(lake, older)
    assert rows_of(lake, replace(older, shard=-1)).height == 300  # another program's: it has no digest


def test_a_file_that_changed_after_it_was_found_sound_is_looked_at_again(lake, file):
    check_whole(lake, file)

    flipped(file, first_page(file))

    with pytest.raises(DamagedFile):
        check_whole(lake, file)


def test_an_error_of_the_operating_system_is_no_damage(lake, file, monkeypatch):
    def fails(*_arguments, **_options):
        raise PermissionError(errno.EACCES, "Permission denied", file.uri)

    monkeypatch.setattr(type(lake.storage.filesystem()), "open", fails)

    with pytest.raises(PermissionError):
        rows_of(lake, file)


def test_other_libraries_do_not_notice_the_seal(lake, file):
    assert pl.read_parquet(file.uri, hive_partitioning=False).equals(rows_of(lake, file))
    assert lake.scan("test.hashes").select("hash", "place").collect().equals(rows_of(lake, file))


HASHES = st.lists(
    st.integers(0, LARGEST) | st.sampled_from([0, 2**63 - 1, 2**63, LARGEST]), min_size=1, max_size=400
).map(sorted)


@settings(deadline=None, max_examples=40)
@given(hashes=HASHES, ends=st.tuples(*[st.integers(0, LARGEST) | st.sampled_from([0, 2**63, LARGEST])] * 2))
def test_a_range_is_what_a_filter_of_the_whole_gives(tmp_path_factory, hashes, ends):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    file = committed(lake, hashes)
    first, last = min(ends), max(ends)

    found = read_columns(lake, file, ["place", "hash"], within=("hash", first, last))

    whole = read_columns(lake, file, ["place", "hash"])
    assert whole["hash"].to_list() == hashes
    assert found.rows() == [row for row in whole.rows() if first <= row[1] <= last]
    assert found.schema == {"place": pl.UInt64, "hash": pl.UInt64}
    assert read_columns(lake, file, ["place"], within=("hash", first, last)).equals(found.select("place"))


def test_only_row_groups_that_meet_the_range_are_read(lake, file, monkeypatch):
    read = []
    real = pq.ParquetFile.read_row_group
    monkeypatch.setattr(pq.ParquetFile, "read_row_group", lambda self, i, **how: read.append(i) or real(self, i, **how))
    hashes = read_columns(lake, file, ["hash"])["hash"]
    read.clear()

    found = read_columns(lake, file, ["hash"], within=("hash", hashes[-2], LARGEST))

    with open_verified(lake, file) as parquet:
        assert read == [parquet.num_row_groups - 1]
        assert parquet.num_row_groups > 1
    assert found["hash"].to_list() == hashes[-2:].to_list()

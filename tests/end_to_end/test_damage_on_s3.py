"""Damage in a bucket is noticed and set aside as it is in a folder."""

import polars as pl
import pytest

from corpus_platform.errors import DamagedFile
from corpus_platform.lake import Lake
from corpus_platform.lake.reading import check_whole, read_columns
from corpus_platform.stages.read import batches

pytestmark = pytest.mark.s3

NAME, PARTITION = "web.paragraphs", {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}


def read_by_range(lake, file):
    return read_columns(lake, file, ["hash"], within=("hash", 500, 502))["hash"].to_list()


def read_all(lake, file):
    return pl.concat(batches(lake, file))["hash"].to_list()


def test_a_flipped_byte_in_a_bucket_is_found_and_repaired(s3_server, place, tmp_path):
    storage = s3_server.storage(place)
    lake = Lake(storage.location, storage=storage, lock=f"file:{tmp_path}")
    fence, hashes = lake.fence(NAME, PARTITION), list(range(1000))
    with lake.writer(NAME, PARTITION, 0, "0123456789") as writer:
        writer.write(pl.DataFrame({"hash": hashes, "paragraph_group": [0] * 1000}))
        files = writer.close()[NAME]
    lake.commit(NAME, PARTITION, files, fence, run="0123456789", metadata={"fingerprint": "1", "stage": NAME})
    (file,) = lake.files(NAME)
    assert (read_all(lake, file), read_by_range(lake, file)) == (hashes, [500, 501, 502])
    assert lake.verify([NAME]).damaged == ()

    content = bytearray(storage.filesystem().cat_file(file.uri))
    content[200] ^= 1
    storage.filesystem().pipe_file(file.uri, bytes(content))

    for read in (read_all, read_by_range, check_whole):
        with pytest.raises(DamagedFile, match=r"00000-.*corpus verify --repair"):
            read(lake, file)
    (found,) = lake.verify([NAME], repair=True).damaged
    assert found.is_repaired
    assert storage.filesystem().find(storage.path("_damaged"))
    for read in (read_all, read_by_range, check_whole):
        with pytest.raises(DamagedFile, match="it is missing"):
            read(lake, file)

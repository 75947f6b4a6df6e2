"""The lake's promises about stores, on real S3 servers."""

import polars as pl
import pytest

from corpus_platform.errors import StoreUnsafe
from corpus_platform.lake import Lake
from corpus_platform.lake.store import why_unsafe

pytestmark = pytest.mark.s3

PARTITION = {"language": "en"}
MODEL = pl.DataFrame({"path": ["_files/en"], "digest": ["00"], "origin": ["trained"]})


def write(lake, partition, frame, run, shard=0):
    with lake.writer("models.language_model", partition, shard, run) as writer:
        writer.write(frame)
        return writer.close()["models.language_model"]


def commit(lake, run, frame=MODEL):
    fence = lake.fence("models.language_model", PARTITION)
    files = write(lake, PARTITION, frame, run)
    return lake.commit("models.language_model", PARTITION, files, fence, run=run, metadata={"fingerprint": run})


def test_the_probe_tells_stores_with_conditional_writes_from_those_without(s3_server, place):
    reason = why_unsafe(s3_server.storage(place))

    assert (reason == "") == s3_server.honours_conditions
    if reason:
        assert "ignores `If-None-Match: *`" in reason


def test_a_store_that_could_lose_commits_is_refused_before_anything_is_committed(juicefs_server, place):
    lake = Lake("s3://corpus/" + place, storage=juicefs_server.storage(place))

    with pytest.raises(StoreUnsafe, match="Give the lake a lock"):
        commit(lake, "run-0001")

    assert lake.version("models.language_model") is None


def test_what_is_written_is_read_on_every_server(s3_server, place, tmp_path):
    storage = s3_server.storage(place)
    lake = Lake(storage.location, storage=storage, lock=f"file:{tmp_path}")

    first = commit(lake, "run-0001")
    second = commit(lake, "run-0002", MODEL.with_columns(origin=pl.lit("published")))

    assert (first.version, second.version) == (1, 2)
    assert lake.scan("models.language_model", **PARTITION).collect()["origin"].to_list() == ["published"]
    assert lake.scan("models.language_model", version=1).collect()["origin"].to_list() == ["trained"]
    assert [state.run for state in lake.history("models.language_model")] == ["run-0002", "run-0001"]

"""The lake's promises about stores, on real S3 servers."""

import polars as pl
import pytest

from corpus_platform.errors import SourceError, StoreUnsafe
from corpus_platform.lake import Lake
from corpus_platform.lake.markers import Marker
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


def test_a_bucket_that_is_not_there_is_told_with_what_to_check(moto_server, place):
    storage = moto_server.storage(place).at("s3://no-such-bucket/lake")
    lake = Lake(storage.location, storage=storage)

    with pytest.raises(SourceError, match=r"the lake at s3://no-such-bucket/lake can't be reached: check the bucket"):
        lake.scan("models.language_model")
    with pytest.raises(SourceError, match="can't be reached"):
        lake.check_safe("models.language_model")


def test_markers_side_tables_and_vacuum_work_on_s3(moto_server, place):
    lake = Lake(moto_server.storage(place).location, storage=moto_server.storage(place))
    with lake.writer("models.language_model", PARTITION, 0, "run-0001") as writer:
        writer.write(MODEL)
        writer.write(
            pl.DataFrame([{"shard": 0, "file": "a", "position": 7, "reason": "broken", "broken": True}]), "ops.rejects"
        )
        files = writer.close()
    markers = lake.markers("models.language_model", PARTITION)
    markers.write(Marker(0, "f1", "run-0001", files))
    side = lake.side_partition("models.language_model", PARTITION)

    found = markers.read_all({0: "f1"})[0].files
    spared = lake.vacuum(retain_hours=0, min_age_hours=0)
    rejects = lake.commit("ops.rejects", side, found["ops.rejects"], lake.fence("ops.rejects", side), run="run-0001")
    hidden = lake.scan("ops.rejects").collect().height
    fence = lake.fence("models.language_model", PARTITION)
    metadata = {"fingerprint": "f1", "side": {"ops.rejects": rejects.version}}
    lake.commit(
        "models.language_model", PARTITION, found["models.language_model"], fence, run="run-0001", metadata=metadata
    )

    assert spared.removed == ()
    assert hidden == 0
    assert lake.scan("ops.rejects").collect()["position"].to_list() == [7]

    commit(lake, "run-0002", MODEL.with_columns(origin=pl.lit("published")))
    report = lake.vacuum(retain_hours=0, min_age_hours=0)

    assert sorted(path.split("/")[0] for path in report.removed) == ["_markers", "models"]
    assert lake.scan("models.language_model").collect().height == 1


def test_files_are_fetched_from_s3_once_and_whole(moto_server, place, tmp_path, monkeypatch):
    monkeypatch.setenv("CORPUS_CACHE", str(tmp_path / "cache"))
    lake = Lake(moto_server.storage(place).location, storage=moto_server.storage(place))
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "deep" / "lm.bin").write_bytes(b"model")

    kept = lake.store_files("language_model/en", tmp_path / "model")
    first, second = lake.fetch_files(kept.path), lake.fetch_files(kept.uri)

    assert first == second == tmp_path / "cache" / "files" / kept.digest
    assert (first / "deep" / "lm.bin").read_bytes() == b"model"
    assert [path.name for path in first.parent.iterdir()] == [kept.digest]

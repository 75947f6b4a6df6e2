"""Stored signals as the files of RedPajama-V2."""

import gzip
import hashlib

import orjson
import polars as pl
import pyarrow.parquet as pq
import pytest
from looked import looked
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.rpv2_json import published

DUMP = SNAPSHOT.removeprefix("CC-MAIN-")


@pytest.fixture(scope="module")
def seen(built, tmp_path_factory):
    """A home with signals made."""
    return looked(built[0].path, tmp_path_factory.mktemp("looked") / "home")


def export(home, folder, *words):
    command = ["--home", str(home.path), "signals", "export", str(folder), "--snapshot", SNAPSHOT, *words]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows_of(path):
    return [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_a_shard_has_a_file_for_each_language_and_bucket_with_its_signatures_beside_it(seen, tmp_path):
    printed = export(seen, tmp_path)

    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert names == [
        f"{DUMP}/{shard:04d}/{language}_all.{kind}"
        for shard in range(FILES)
        for language in ("en", "zh")
        for kind in ("minhash.parquet", "signals.json.gz")
    ]
    assert printed.count(f"{PAGES // 2} documents") == 2 * FILES


def test_a_record_is_that_of_redpajama_v2(seen, tmp_path):
    export(seen, tmp_path)

    rows = rows_of(tmp_path / DUMP / "0001" / "en_all.signals.json.gz")
    texts = seen.lake.scan("web.documents", variant="wet", snapshot=SNAPSHOT).collect()
    texts = texts.filter(pl.col("url").is_in([row["metadata"]["url"] for row in rows]))
    again = annotate(texts, published(rows[0]["quality_signals"]))
    for number, row in enumerate(rows):
        source = f"{DUMP}/0001/en_all.json.gz"
        assert row["id"] == f"{source}/{number}"
        assert row["id_int"] == int.from_bytes(hashlib.sha1(row["id"].encode()).digest()[:8], "little")
        assert row["metadata"]["cc_net_source"] == source
        assert row["metadata"]["snapshot_id"] == DUMP
        assert row["metadata"]["source_domain"] == texts["domain"][number]
        length = len(texts["text"][number])
        words = row["quality_signals"]["rps_doc_word_count"]
        assert words == [[0, length, again["rps_doc_word_count"][number]]]
        lines = row["quality_signals"]["rps_lines_num_words"]
        assert [one[2] for one in lines] == again["rps_lines_num_words"][number].to_list()
        assert lines[-1][1] == length


def test_signatures_are_those_that_are_stored(seen, tmp_path):
    export(seen, tmp_path, "--language", "en", "--bucket", "all")

    table = pq.read_table(tmp_path / DUMP / "0000" / "en_all.minhash.parquet")
    stored = seen.lake.scan("web.signals", variant="wet.ccnet", snapshot=SNAPSHOT).filter(language="en").collect()
    assert table.schema.names[:3] == ["shard_id", "id", "id_int"]
    assert str(table.schema.field("id_int").type) == "uint64"
    assert table.schema.names[3:] == [f"signature_sim{s}" for s in ("0.7", "0.8", "0.9", "1.0")]
    bands = table["signature_sim0.7"].to_pylist()
    assert bands == stored["minhash_signature_0.7"].to_list()[: len(bands)]
    assert {len(band) for one in bands for band in one} == {9 * 4}
    assert not list(tmp_path.rglob("zh_*"))


def test_texts_before_dedup_are_exported_too(seen, tmp_path):
    export(seen, tmp_path, "--variant", "wet", "--language", "zh")

    rows = rows_of(tmp_path / DUMP / "0000" / "zh_all.signals.json.gz")
    assert {row["metadata"]["language"] for row in rows} == {"zh"}


def test_an_export_over_another_or_of_nothing_is_refused(seen, tmp_path):
    export(seen, tmp_path)

    with pytest.raises(SettingsError, match="already holds exported files"):
        export(seen, tmp_path)
    with pytest.raises(SourceError, match=r"there is none of wet.ccnet, .*corpus run web/wet.ccnet/signals"):
        export(seen, tmp_path / "other", "--snapshot", NEXT_SNAPSHOT)
    assert "No document" in export(seen, tmp_path / "other", "--language", "tlh")

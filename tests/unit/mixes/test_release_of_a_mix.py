"""A release of a mix: the same bytes each time, every file with its digest, what licences allow, a card that is read by machines and people."""

import hashlib
import json
import shutil
import struct

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import yaml

from corpus_platform.analytics import card, mix_release, mixing, release
from corpus_platform.analytics.mix_export import RECORD
from corpus_platform.analytics.mix_release import Export
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.lake import Lake, releases
from corpus_platform.mixes.mix import read_mix
from corpus_platform.stages.tokenizers import open_tokenizer, stored

PARTS = [
    {"from": "corpora/ccnet", "share": 0.7, "languages": {"en": 0.8, "zh": 0.2}},
    {"from": "books/cleaned", "share": 0.3},
]


@pytest.fixture(scope="module")
def made(counted, tmp_path_factory):
    """A folder with pages, books, and a mix of both that is made."""
    folder = tmp_path_factory.mktemp("made") / "home"
    shutil.copytree(counted.folder, folder)
    house = type(counted)(Lake(folder / "lake"), folder)
    house.books()
    house.mix(budget=6000, parts=PARTS, title="Pages | <b>books</b>")
    mixing.make(house.home(), "small")
    return folder


@pytest.fixture
def house(made, counted, tmp_path):
    """A copy of it, for one test."""
    shutil.copytree(made, tmp_path / "home")
    copied = type(counted)(Lake(tmp_path / "home" / "lake"), tmp_path / "home")
    copied.mixes = {"small": read_mix(tmp_path / "home" / "mixes" / "small.yaml")}
    return copied


@pytest.fixture
def home(house):
    """The home of it."""
    return house.home()


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def records(folder):
    return pl.concat([pl.read_parquet(path) for path in sorted((folder / "data").glob("*.parquet"))])


def test_two_releases_have_the_same_bytes_and_a_larger_budget_has_more_documents(house, home, tmp_path):
    mix_release.make(home, "one", "small", Export(tmp_path / "one", megatron=True))
    mix_release.make(home, "two", "small", Export(tmp_path / "two", megatron=True))
    house.mix(budget=7200, parts=PARTS, title="Pages | <b>books</b>")
    larger = house.home()
    mixing.make(larger, "small")
    mix_release.make(larger, "more", "small", Export(tmp_path / "more"))

    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    few, many = set(records(tmp_path / "one")["id"]), set(records(tmp_path / "more")["id"])
    assert few < many


def test_every_file_is_in_the_manifest_with_its_sha_256(home, tmp_path):
    mix_release.make(home, "one", "small", Export(tmp_path / "one"))

    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())

    found = {path: hashlib.sha256(data).hexdigest() for path, data in files_of(tmp_path / "one").items()}
    assert {told["path"]: told["sha256"] for told in manifest["files"]} == {
        p: d for p, d in found.items() if p != "manifest.json"
    }
    assert mix_release.check(tmp_path / "one") == []
    shard = next((tmp_path / "one" / "data").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1] + b"!")
    (tmp_path / "one" / "extra").write_text("x")
    assert [what.partition(":")[0] for what in mix_release.check(tmp_path / "one")] == [
        "data/train-00000.parquet",
        "extra",
    ]


def test_a_record_has_all_that_is_known_of_it_and_its_text(house, home, tmp_path):
    mix_release.make(home, "one", "small", Export(tmp_path / "one"))

    found = records(tmp_path / "one")

    assert found.columns == RECORD.names
    texts = dict(house.lake.scan("corpora.ccnet").select("doc_id", "raw_content").collect().iter_rows())
    texts |= dict(house.lake.scan("books.cleaned").select("doc_id", "text").collect().iter_rows())
    assert all(texts[row["id"]] == row["text"] for row in found.iter_rows(named=True))
    books = found.filter(pl.col("source") == "books.cleaned")
    assert set(books["category"]) == {"I", "K", "O"}
    assert set(books["origin"]) == {"human", "mixed"}
    assert books["file"].str.starts_with("books/").all()
    assert set(found["origin"]) == {"human", "mixed", "unknown"}


def test_every_document_is_traced_to_its_source_record(home, tmp_path):
    mix_release.make(home, "one", "small", Export(tmp_path / "one"))

    for row in records(tmp_path / "one").iter_rows(named=True):
        [found] = mixing.origin_of(home, row["id"], "small")
        assert (found.table, found.position) == (row["source"], row["position"])
        assert found.file
        own = home.lake.scan(found.table, **found.partition).filter(pl.col("doc_id") == row["id"])
        assert own.select("position").collect().item() == found.position
    assert mixing.origin_of(home, "0" * 32) == []


def test_json_lines_hold_the_same_records_in_the_same_order(home, tmp_path):
    mix_release.make(home, "one", "small", Export(tmp_path / "one", shard_mb=1))
    mix_release.make(home, "two", "small", Export(tmp_path / "two", form="jsonl.zst"))

    [shard] = (tmp_path / "two" / "data").iterdir()
    with pa.input_stream(str(shard), compression="zstd") as stream:
        lines = [json.loads(line) for line in stream.read().splitlines()]

    assert [row["id"] for row in lines] == records(tmp_path / "one")["id"].to_list()
    assert set(lines[0]) == set(RECORD.names)


def test_files_of_tokens_read_back_as_the_texts(house, home, tmp_path):
    mix_release.make(home, "one", "small", Export(tmp_path / "one", megatron=True))
    prefix = tmp_path / "one" / "megatron" / "train_text_document"

    index = prefix.with_name(f"{prefix.name}.idx").read_bytes()
    version, code, sequences, documents = struct.unpack_from("<QBQQ", index, 9)
    at = 9 + struct.calcsize("<QBQQ")
    lengths = np.frombuffer(index, np.int32, sequences, at)
    pointers = np.frombuffer(index, np.int64, sequences, at + 4 * sequences)
    starts = np.frombuffer(index, np.int64, documents, at + 12 * sequences)
    data = np.memmap(prefix.with_name(f"{prefix.name}.bin"), np.uint16, mode="r")

    assert index[:9] == b"MMIDIDX\x00\x00"
    assert (version, code, documents) == (1, 8, sequences + 1)
    assert len(index) == at + 12 * sequences + 8 * documents
    assert starts.tolist() == list(range(sequences + 1))
    assert data.size == lengths.sum()
    tokenizer = open_tokenizer(house.lake, stored(house.lake, "default")["path"])
    for row, (pointer, length) in zip(
        records(tmp_path / "one").iter_rows(named=True), zip(pointers, lengths, strict=True), strict=True
    ):
        tokens = data[pointer // 2 : pointer // 2 + length].tolist()
        assert tokens[-1] == tokenizer.info.end
        assert len(tokens) == row["tokens"] + 1
        assert tokenizer.decode(tokens[:-1]) == row["text"]


def test_the_gate_leaves_out_what_its_licences_do_not_allow_and_counts_it(home, tmp_path):
    made = mix_release.make(home, "open", "small", Export(tmp_path / "open", licences="permissive"))
    mix_release.make(home, "some", "small", Export(tmp_path / "some", licences="permissive,CC-BY-SA-4.0"))

    assert set(records(tmp_path / "open")["licence_class"]) == {"permissive"}
    assert set(records(tmp_path / "some")["licence"]) == {
        "CC0-1.0",
        "CC-BY-SA-4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    }
    licences = made["mix"]["licences"]
    every = home.lake.scan("mixes.documents").collect().height
    assert licences["left_out"] == every - records(tmp_path / "open").height
    assert sum(licences["left_out_by_class"].values()) == licences["left_out"]


def test_a_strict_gate_refuses_the_release_and_leaves_nothing_behind(home, tmp_path):
    with pytest.raises(SettingsError, match="documents are not under `permissive`"):
        mix_release.make(home, "open", "small", Export(tmp_path / "out" / "open", licences="permissive", strict=True))
    with pytest.raises(SettingsError, match="there is nothing to release"):
        mix_release.make(home, "open", "small", Export(tmp_path / "out" / "open", licences="GPL-9.0"))

    assert list((tmp_path / "out").iterdir()) == []
    assert releases.names(home.lake.storage) == []


def test_the_front_matter_is_what_the_hub_reads_and_nothing_in_the_card_becomes_markup(home, tmp_path):
    mix_release.make(home, "one", "small", Export(tmp_path / "one"))

    text = (tmp_path / "one" / "README.md").read_text()
    _, front, body = text.split("---\n", 2)
    told = yaml.safe_load(front)

    assert told["language"] == ["en", "zh"]
    assert told["license"] == "other"
    assert told["size_categories"] == ["n<1K"]
    assert told["task_categories"] == ["text-generation"]
    assert told["configs"] == [{"config_name": "default", "data_files": [{"split": "train", "path": "data/*.parquet"}]}]
    for title in ("What is in it", "Where it is from", "What was taken out", "Licences", "Limits", "Fields"):
        assert f"\n## {title}\n" in body
    assert "| `ccnet/en` |" in body
    page = (tmp_path / "one" / "card.html").read_text()
    assert "&lt;b&gt;books" in page
    assert "<b>books" not in page
    assert page.count("<svg") == len(list((tmp_path / "one" / "plots").iterdir()))
    assert "Content-Security-Policy" in page


def test_languages_of_a_few_texts_are_not_named_to_the_hub():
    told = {"totals": {"documents": 12}, "documents_by": {"licence": {}}, "mix": {"title": "A"}, "form": "parquet"}
    told["tokens_by"] = {"language": {"en": 5_000, "not stated": 700, "eml": 3, "zh": 900}}

    assert yaml.safe_load(card.front_matter(told))["language"] == ["en", "zh"]


def test_the_card_tells_what_masks_personal_data_in_recipes_and_in_what_they_start_from(home):
    def said(*tables):
        entries = [{"table": "mixes.documents", "partition": {"mix": "small"}}]
        entries += [{"table": name, "partition": partition} for name, partition in tables]
        return card._personal(home, {"tables": entries})

    web = ("corpora.ccnet", {"variant": "wet.ccnet", "snapshot": "CC-MAIN-2024-10"})
    code = ("corpora.code", {"variant": "code.cleaned", "snapshot": "packages"})
    posts = ("social.cleaned", {"site": "weibo"})

    assert said(web).startswith("No recipe of this mix")
    assert said(web, code, posts) == (
        "Steps that mask or drop personal data: `code.cleaned`: `code_secrets`; `social.cleaned`: `pii`. No such step: `ccnet`."
        " Readers of posts replace names, addresses and numbers of people before anything is stored."
    )


def test_a_new_snapshot_makes_a_release_stale_and_changes_nothing_of_it(house, home, tmp_path):
    made = mix_release.make(home, "one", "small", Export(tmp_path / "one"))
    assert not mix_release.is_stale(house.home(), made)

    house.web(partition={"variant": "wet.ccnet", "snapshot": "CC-MAIN-2025-08"}, first=60)

    assert mix_release.is_stale(house.home(), made)
    assert release.verify(house.lake, "one") == []
    assert mix_release.check(tmp_path / "one") == []
    assert releases.names(house.lake.storage) == ["one"]


def test_without_a_proof_of_its_search_for_test_sets_a_mix_is_not_released(house, home, tmp_path):
    # As a mix whose search was never proven: its commit counts no planted item.
    house.mix(budget=6000, parts=PARTS, decontaminate={})

    with pytest.raises(CheckFailed, match="without a proof"):
        mix_release.make(house.home(), "one", "small", Export(tmp_path / "one"))


def test_what_can_t_be_released_is_told(house, home, tmp_path):
    with pytest.raises(SettingsError, match="there is no mix `smal`, nearest is `small`"):
        mix_release.make(home, "one", "smal", Export(tmp_path / "one"))
    with pytest.raises(SettingsError, match="corpus mix make llama"):
        mix_release.make(home, "one", "llama", Export(tmp_path / "one"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(SettingsError, match="is there already"):
        mix_release.make(home, "one", "small", Export(tmp_path / "full"))
    with pytest.raises(SettingsError, match="--licences"):
        mix_release.make(home, "one", "small", Export(tmp_path / "one", licences=","))

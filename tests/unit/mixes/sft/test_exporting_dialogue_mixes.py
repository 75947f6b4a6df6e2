"""The folder of an export: files, report, card, manifest; the same bytes twice; commands."""

import orjson
import pyarrow.parquet as pq
import pytest

from corpus_platform.analytics.mix_release import check
from corpus_platform.analytics.sft_release import Export, export
from corpus_platform.errors import SettingsError
from corpus_platform.mixes.sft.mix import mixes
from corpus_platform.sft.exports.formats import FORMATS

from .conftest import said, with_tools


@pytest.fixture
def made(house):
    """A mix of two sets, one with tools, one of which rows come twice."""
    house.put("chat", [said(i, words=i % 7 + 1, task_type="chat") for i in range(30)], licence="CC-BY-SA-4.0")
    house.put("tools", [with_tools(i) for i in range(5)], licence="MIT")
    house.mix(
        rows=40,
        shares={"language": {"en": 0.5, "zh": 0.5}},
        parts=[{"name": "tools", "where": {"task_type": "tool_use"}, "count": 10}, {"name": "rest"}],
    )
    house.make()
    return house


def lines(path):
    """Records of a file of lines."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_an_export_has_what_the_mix_drew_with_repetitions_named_apart(made, tmp_path):
    export(made.lake, made.stage, "small", Export(tmp_path / "out"))

    records = lines(tmp_path / "out" / "messages.jsonl")
    assert len(records) == len({record["id"] for record in records}) == 40
    assert sum(record["set"] == "tools" for record in records) == 10
    assert sorted(record["epoch"] for record in records if record["set"] == "tools") == [0] * 5 + [1] * 5
    assert [record["set"] for record in records] != sorted(record["set"] for record in records)


def test_the_same_mix_gives_the_same_bytes(made, tmp_path):
    first, again = (
        export(made.lake, made.stage, "small", Export(tmp_path / name, tuple(FORMATS), 64)) for name in ("one", "two")
    )

    assert first == again
    assert check(tmp_path / "one") == []
    assert {file["path"] for file in first["files"]} >= {
        "packed.parquet",
        "dataset_info.json",
        "axolotl.yaml",
        "card.html",
    }


def test_the_report_tells_what_was_asked_given_and_taken_out(made, tmp_path):
    export(made.lake, made.stage, "small", Export(tmp_path / "out", tuple(FORMATS), 64))

    told = orjson.loads((tmp_path / "out" / "mix_report.json").read_bytes())
    assert told["totals"]["rows"] == 40
    assert told["unmet"] == ["language zh"]
    assert [(row["set"], row["licence"], row["kept"], row["dropped"]) for row in told["sets"]] == [
        ("chat", "CC-BY-SA-4.0", 30, {"refusals:refusal": 1}),
        ("tools", "MIT", 5, {"refusals:refusal": 1}),
    ]
    assert told["forms"]["firefly.jsonl"]["left_out"] == {"tools": 10}
    assert told["packing"]["most"] == 64
    markdown = (tmp_path / "out" / "mix_report.md").read_text()
    assert "Languages: `zh` lacks 20 of 20." in markdown
    assert "`refusals:refusal` 1" in markdown


def test_the_card_says_how_each_form_is_read(made, tmp_path):
    export(made.lake, made.stage, "small", Export(tmp_path / "out", ("llama_factory",)))

    card = (tmp_path / "out" / "card.md").read_text()
    page = (tmp_path / "out" / "card.html").read_text()
    assert "dataset: mix_small" in card
    assert "Axolotl" not in card
    assert "CC-BY-SA-4.0" in page
    assert "<script" not in page


def test_packed_sequences_name_every_record(made, tmp_path):
    export(made.lake, made.stage, "small", Export(tmp_path / "out", pack=32))

    rows = pq.read_table(tmp_path / "out" / "packed.parquet").to_pylist()
    records = lines(tmp_path / "out" / "messages.jsonl")
    assert {one for row in rows for one in row["sample_ids"]} == {record["id"] for record in records}
    assert sum(row["total"] for row in rows) == sum(record["tokens"] for record in records)


def test_a_mix_that_is_not_made_or_a_folder_in_use_is_refused(made, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "x").touch()
    made.mix(name="other", parts=[{"name": "a"}])

    with pytest.raises(SettingsError, match="corpus sft mix make other"):
        export(made.lake, made.stage, "other", Export(tmp_path / "out"))
    with pytest.raises(SettingsError, match="is there already"):
        export(made.lake, made.stage, "small", Export(tmp_path / "used"))


def test_the_shipped_mixes_are_made_and_exported_of_what_a_home_has(house, tmp_path):
    kinds = {"dolly_15k": "qa", "wildchat": "chat", "gsm8k": "maths", "evol_instruct_code_80k": "code", "redgpt": "qa"}
    kinds |= {"chinese_medical_dialogue": "qa", "promptcblue": "extraction", "med_chatglm": "qa"}
    for n, (name, task) in enumerate(kinds.items()):
        chinese = name in {"redgpt", "chinese_medical_dialogue", "promptcblue", "med_chatglm"}
        rows = [
            said(100 * n + i, words=8 * i + 1, task_type=task, language="zh" if chinese else "en") for i in range(30)
        ]
        house.put(f"my_{name}", rows, like=name, location="nowhere")
    house.mixes |= mixes()

    told = {}
    for name in mixes():
        house.make(name)
        export(house.lake, house.stage, name, Export(tmp_path / name, tuple(FORMATS), 512))
        told[name] = orjson.loads((tmp_path / name / "mix_report.json").read_bytes())

    given = {
        name: {row["value"]: row["rows"] for row in one["shares"] if row["dimension"] == "part"}
        for name, one in told.items()
    }
    assert given["general_bilingual"]["human"] == 120
    assert given["general_bilingual"]["tools"] == 0
    assert "part tools" in told["general_bilingual"]["unmet"]
    assert given["maths_code"]["maths"] == given["maths_code"]["code"] == 90
    assert {
        name: given["chinese_medical"][name] for name in ("consultations", "tasks", "from_models", "general/my_redgpt")
    } == {
        "consultations": 90,
        "tasks": 30,
        "from_models": 90,
        "general/my_redgpt": 30,
    }
    assert all(check(tmp_path / name) == [] for name in told)

"""Ways in general: their registry, rows that are read twice, plain files, and what each promises."""

import orjson
import polars as pl
import pytest
from built import row
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sft.construct import spool as spools
from corpus_platform.sft.construct.files import build
from corpus_platform.sft.construct.spool import Spool
from corpus_platform.sft.construct.way import REASONS, way_class, way_of, ways
from corpus_platform.sft_tables import CONSTRUCTED, WAYS


def test_there_is_a_way_for_every_table_and_each_tells_what_it_does():
    found = ways()

    assert list(found) == list(WAYS) == list(CONSTRUCTED)
    assert all(way.about and way.__doc__ and not {*way.reasons} & {*REASONS} for way in found.values())
    assert all(field.description for way in found.values() for field in way.model_fields.values())
    assert all((way.reads == "documents") == (way.source is not None) for way in found.values())


def test_a_name_that_is_no_way_and_an_option_that_is_none_are_told():
    with pytest.raises(SettingsError, match="nearest is `fobar`"):
        way_class("foobar")
    with pytest.raises(ValueError, match="Extra inputs"):
        way_of("fobar", {"nothing": 1})


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=60), st.sampled_from([64, 1 << 20]))
def test_rows_are_read_again_and_grouped_as_a_dict_would_group_them(keys, memory):
    rows = [{"doc_id": str(n), "key": key} for n, key in enumerate(keys)]
    slow = {}
    for one in rows:
        slow.setdefault(str(one["key"]), []).append(one)

    spool = Spool(iter(rows), memory)

    assert list(spool) == list(spool) == rows
    assert dict(spool.groups(lambda one: str(one["key"]))) == slow
    assert spool.height == len(rows)


def test_groups_come_in_one_order_whether_they_fit_into_memory_or_not(monkeypatch):
    rows = [{"n": n, "key": n % 50} for n in range(300)]
    monkeypatch.setattr(spools, "BUCKETS", 4)

    small, large = Spool(rows, 100), Spool(rows)

    assert list(small.groups(lambda one: str(one["key"]))) == list(large.groups(lambda one: str(one["key"])))


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "jsonl.zst"])
def test_files_of_dialogues_and_of_records_are_built_from_and_each_record_is_accounted_for(tmp_path, ending):
    dialogues = [
        row(f"q{n}", f"Tom has {n + 2} hats and 3 cats. How many?", "x", verifiable_answer=str(n + 5)) for n in range(3)
    ]
    dialogues.append(row("no", "How many?", "x", verifiable_answer="1"))
    (tmp_path / "in.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in dialogues) + b"{broken\n[1]\n")
    out, rejects = tmp_path / f"out.{ending}", tmp_path / "rejects.jsonl"

    report = build(way_of("fobar"), [tmp_path / "in.jsonl"], to=out, rejects=rejects)

    told = [orjson.loads(line) for line in rejects.read_bytes().splitlines()]
    assert (report.read, report.made, report.parents) == (6, 6, 3)
    assert sum(report.left_out.values()) == len(told) == 3
    assert report.left_out["no_number"] == 1
    assert {tuple(one["parents"]) for one in told if one["reason"] == "no_number"} == {("no",)}
    if ending == "parquet":
        frame = pl.read_parquet(out)
        assert frame["parents"].to_list() == [["q0"], ["q0"], ["q1"], ["q1"], ["q2"], ["q2"]]
        assert frame["verifiable_answer"].to_list() == ["2", "3", "3", "3", "4", "3"]
        assert frame["doc_id"].n_unique() == 6


def test_a_table_of_columns_is_read_by_the_names_of_its_columns(tmp_path):
    (tmp_path / "in.csv").write_text("ask,answer\n你好吗？,很好\n,x\n", encoding="utf-8")

    report = build(
        way_of("templates", {"templates": ["open_qa"], "columns": {"question": "ask"}, "only": ["huida"]}),
        [tmp_path / "in.csv"],
        to=tmp_path / "out.jsonl",
    )

    line = orjson.loads((tmp_path / "out.jsonl").read_bytes().splitlines()[0])
    assert line["messages"][0]["content"] == "请回答下面的问题：\n你好吗？"
    assert line["messages"][1]["content"] == "很好"
    assert report.read == 2


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        build(way_of("fobar"), [tmp_path / "none.jsonl"], to=tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_what_is_made_depends_on_what_the_options_files_hold(tmp_path):
    file = tmp_path / "recipes.json"
    file.write_text("[]")
    before = way_of("dynosaur", {"recipes": str(file)}).digests()
    file.write_text("[{}]")

    assert way_of("dynosaur", {"recipes": str(file)}).digests() != before
    assert (
        way_of("templates", {"templates": ["sentiment"]}).digests()
        != way_of("templates", {"templates": ["poem"]}).digests()
    )
    assert way_of("rft").digests() == {}

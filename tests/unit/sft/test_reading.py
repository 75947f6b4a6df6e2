"""How a data set is read: its kind, its map, its files."""

import zipfile

import orjson
import pytest

from corpus_platform.errors import SchemaError, SettingsError
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Dialogue, Preference, Problem, assistant, user
from corpus_platform.sft.guess import guess
from corpus_platform.sft.kinds.instruct import Instruct
from corpus_platform.sft.kinds.kind import ColumnMap
from corpus_platform.sft.reading import Reading, read

ROW = {"instruction": "q", "input": "", "output": "a"}


@pytest.fixture
def found(tmp_path):
    """Writes rows as JSON lines and gives what a reading finds."""

    def of(rows, name="a.jsonl", **reading):
        path = tmp_path / name
        path.write_bytes(rows if isinstance(rows, bytes) else b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return list(read(Unit.of_path(path), Reading(**({"kind": "instruct"} | reading))))

    return of


def test_fields_go_by_their_usual_names_where_a_set_gives_no_map(found):
    [one] = found([ROW])

    assert (one.file, one.position, one.ordinal) == ("a.jsonl", 0, 0)
    assert [m.content for m in one.outcome.messages] == ["q", "a"]


def test_a_column_that_nobody_names_is_an_error_with_a_map_that_would_do(found):
    with pytest.raises(SchemaError) as error:
        found([ROW, {**ROW, "dificulty": 3, "difficulty": 2}])

    assert str(error.value).startswith(
        "a.jsonl: record 1: columns `dificulty`, `difficulty` are not in the map of the kind `instruct`"
    )
    assert "columns: {prompt: instruction, context: input, answer: output}\nlabels: {difficulty: difficulty}\nmeta: [dificulty]" in str(error.value)  # fmt: skip


def test_a_map_for_other_records_is_answered_with_one_for_these(found):
    columns = ColumnMap(columns={"prompt": "instruction", "context": "context", "answer": "response"})

    with pytest.raises(SchemaError, match=r"columns: \{prompt: instruction, context: input, answer: output\}"):
        found([ROW], map=columns)


def test_the_map_that_is_proposed_can_be_used(found):
    rows = [{**ROW, "difficulty": 2, "facts": {"x": 1}}]

    [one] = found(rows, map=guess(Instruct, rows))

    assert one.outcome.labels == {"difficulty": 2}
    assert one.outcome.meta == {"facts": {"x": 1}}


@pytest.mark.parametrize(("others", "meta"), [("meta", {"id": 7}), ("ignore", {})])
def test_a_map_may_say_what_becomes_of_other_columns(found, others, meta):
    [one] = found([{**ROW, "id": 7}], map=ColumnMap(others=others))

    assert one.outcome.meta == meta


def test_every_record_gives_something(found):
    rows = b'{"instruction": "q", "output": "a"}\n{broken}\n{"instruction": "q", "output": ""}\n"text"\n{"instruction": "\\ud83d", "output": "a"}\n'

    outcomes = [(one.position, getattr(one.outcome, "reason", "kept")) for one in found(rows)]

    assert outcomes == [(0, "kept"), (1, "bad_json"), (2, "no_answer"), (3, "wrong_shape"), (4, "not_unicode")]


def test_a_kind_that_finds_nothing_in_a_record_is_a_problem(found, monkeypatch):
    monkeypatch.setattr(Instruct, "read", lambda self, record: iter(()))

    assert [one.outcome for one in found([ROW])] == [Problem("no_turns", "the record gives no dialogue")]


def test_halves_of_characters_that_a_kind_makes_are_no_text(found, monkeypatch):
    broken = Dialogue((user("q"), assistant("\ud83d")))
    monkeypatch.setattr(Instruct, "read", lambda self, record: iter((broken,)))

    assert found([ROW])[0].outcome.reason == "not_unicode"


def test_the_split_of_a_record_is_kept_beside_it(found):
    data = orjson.dumps({"train": [ROW], "valid": [ROW]})

    assert [one.outcome.meta for one in found(data, "a.json")] == [{"split": "train"}, {"split": "valid"}]


def test_preferences_and_dialogues_come_through_alike(found):
    rows = [{"prompt": "q", "chosen": "a", "rejected": "b"}]

    kinds = [type(one.outcome) for one in found(rows, kind="compare", options={"dialogues": "chosen"})]

    assert set(kinds) == {Preference, Dialogue}


def test_a_list_of_rows_is_held_to_the_map_too(found):
    rows = [{"message_id": "1", "parent_id": None, "text": "q", "role": "prompter", "oddity": 1}]
    columns = ColumnMap(columns={"id": "message_id", "parent": "parent_id", "text": "text", "role": "role"})

    with pytest.raises(SchemaError, match="column `oddity` is not in the map"):
        found(rows, kind="tree", map=columns, shape="file")


def test_patterns_choose_files_of_folders_and_archives(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("train/a.jsonl", "test/b.jsonl", "README.md", "__MACOSX/train/a.jsonl"):
            archive.writestr(name, orjson.dumps(ROW))

    def files(**reading):
        return [one.file for one in read(Unit.of_path(path), Reading(kind="instruct", **reading))]

    assert files() == ["all.zip/train/a.jsonl", "all.zip/test/b.jsonl"]
    assert files(files=("train/*",)) == ["all.zip/train/a.jsonl"]
    assert files(skip=("*/train/*", "*README*")) == ["all.zip/test/b.jsonl"]


def test_a_kind_that_there_is_not_names_the_nearest(found):
    with pytest.raises(SettingsError, match="there is no kind `instuct`, nearest is `instruct`"):
        found([ROW], kind="instuct")

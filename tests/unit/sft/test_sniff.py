"""What a file of records looks like."""

import gzip
import zipfile

import orjson
import pytest

from corpus_platform.readers.reader import Unit
from corpus_platform.sft.kinds.kind import ColumnMap
from corpus_platform.sft.reading import Reading, read
from corpus_platform.sft.sniff import sniff, sniff_all

TURNS = [{"from": "human", "value": "What is salt?"}, {"from": "gpt", "value": "A mineral that food is seasoned with."}]


@pytest.fixture
def looks(tmp_path):
    """Writes a file and sniffs it; objects and lists as JSON lines."""

    def of(rows, name="a.bin"):
        path = tmp_path / name
        path.write_bytes(rows if isinstance(rows, bytes) else b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return sniff(Unit.of_path(path))

    return of


ROWS = {
    "instruct": {"query": "What is salt?", "response": "A mineral.", "type": "qa"},
    "turns": {"id": "1", "conversations": TURNS},
    "pairs": {"conversation": [{"human": "What is salt?", "assistant": "A mineral."}], "category": "qa"},
    "turn_strings": {"id": "1", "data": ["What is salt?", "A mineral.", "And pepper?", "A spice."]},
    "marked_text": {"instruction": "Human: What is salt?\nAssistant:", "input": "", "output": "A mineral."},
    "prompts_only": {"instruction": "What is salt?", "instruction_type": "Open QA"},
    "moss_chat": {"conversation_id": 1, "meta_instruction": "You are X.", "num_turns": 1, "chat": {"turn_1": {"Human": "<|Human|>: What is salt?<eoh>\n", "MOSS": "<|MOSS|>: A mineral.<eom>\n", "Commands": "<|Commands|>: None<eoc>\n"}}},
    "task_file": {"id": "s1", "instruction": "Name the colour.", "instances": [{"input": "salt", "output": "white"}], "is_classification": False},
    "verifiable": {"question": "1 + 1?", "answer": "1 + 1 = <<1+1=2>>2\n#### 2"},
    "choice": {"question": "What is salt?", "options": ["a mineral", "a spice"], "label": "A"},
    "compare": {"prompt": "What is salt?", "chosen": "A mineral.", "rejected": "A spice."},
}  # fmt: skip


@pytest.mark.parametrize("kind", ROWS)
def test_a_kind_is_told_by_its_records_and_its_map_reads_them(looks, tmp_path, kind):
    found = looks([ROWS[kind]] * 3)

    given = list(read(Unit.of_path(tmp_path / "a.bin"), Reading.model_validate(found.proposal())))

    assert (found.container, found.charset, found.records) == ("jsonl", "utf-8", 3)
    assert found.kind == kind
    assert found.columns == tuple(ROWS[kind])
    assert len(given) >= 3


def test_a_proposal_has_a_place_for_every_column(looks):
    found = looks([{"question": "q", "answer": "a", "source": {"x": 1}, "difficulty": 2, "tags": ["t"]}] * 3)

    assert found.map == ColumnMap(
        columns={"prompt": "question", "answer": "answer"},
        labels={"difficulty": "difficulty", "tags": "tags"},
        meta=("source",),
    )
    assert found.yaml() == (
        "kind: instruct\nmap:\n  columns: {prompt: question, answer: answer}\n"
        "  labels: {difficulty: difficulty, tags: tags}\n  meta: [source]"
    )


def test_a_column_of_few_records_is_in_the_map(looks):
    found = looks([{"instruction": "q", "output": "a"}] * 200 + [{"instruction": "q", "output": "a", "odd": 1}])

    assert found.map.meta == ("odd",)


def test_a_column_that_is_filled_is_taken_before_one_that_is_not(looks):
    assert looks([{"instruction": "q", "output": "", "response": "a"}] * 3).map.columns["answer"] == "response"


def test_confidence_tells_a_draw_from_a_find(looks):
    assert looks([ROWS["turns"]] * 3).confidence == 1.0
    assert looks([ROWS["verifiable"]] * 3).confidence == 0.5


def test_a_table_without_a_header_is_read_by_the_places_of_its_columns(looks):
    lines = "How far is the moon from the earth?\tfar\tIt takes light more than a second to go there.\n" * 3

    found = looks(lines.encode())

    assert (found.container, found.kind) == ("tsv", "instruct")
    assert found.map.columns == {"prompt": "0", "answer": "1", "reasoning": "2"}


def test_lines_of_turns_are_proposed_as_lines(looks):
    found = looks("你 好\t你 好 啊\n吃 了 吗\t还 没 有\n".encode())

    assert found.proposal() == {"kind": "turn_strings", "shape": "line"}


def test_what_could_not_be_read_is_shown_and_the_rest_tells_the_kind(looks):
    lines = orjson.dumps(ROWS["instruct"]) + b"\n"

    found = looks(lines + b"{broken}\n" + lines)

    assert found.kind == "instruct"
    assert found.problems[0].startswith("record 1: bad_json: line 2: ")


@pytest.mark.parametrize(
    ("data", "container"), [(b"", None), (b"\x89PNG\r\n\x1a\n\0\0", None), (b'{"a": 1}\n{"a": 2}\n', "jsonl")]
)
def test_what_is_of_no_kind_has_none(looks, data, container):
    found = looks(data)

    assert (found.kind, found.container, found.confidence, found.proposal()) == (None, container, 0.0, {})


def test_every_member_of_an_archive_is_looked_at(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", orjson.dumps([ROWS["instruct"]]))
        archive.writestr("b.jsonl.gz", gzip.compress(orjson.dumps(ROWS["turns"]) + b"\n" + orjson.dumps(ROWS["turns"])))
        archive.writestr("c.txt", "")

    found = [(one.file, one.kind) for one in sniff_all(Unit.of_path(path))]

    assert found == [("a.zip/a.json", "instruct"), ("a.zip/b.jsonl.gz/b.jsonl", "turns"), ("a.zip/c.txt", None)]


def test_a_large_file_is_told_by_its_beginning(looks, monkeypatch):
    monkeypatch.setattr("corpus_platform.sft.sniff.SAMPLE", 4_000)
    rows = [{**ROWS["instruct"], "n": n} for n in range(500)]

    found = looks(orjson.dumps(rows))

    assert (found.kind, found.problems) == ("instruct", ())

"""Every layout of the catalogue reads a record in the columns that its set documents: sft_records.yaml has one of each."""

import zipfile
from pathlib import Path

import orjson
import pytest
import yaml

from corpus_platform.catalogue.sft import data_sets, layout_of
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Dialogue, Preference, Problem
from corpus_platform.sft.kinds.kind import ColumnMap, kind_of, kinds
from corpus_platform.sft.reading import Reading, read
from corpus_platform.sft_tables import CONSTRUCTIONS, TASK_TYPES
from corpus_platform.sources.location import InputLocation

CASES = yaml.safe_load((Path(__file__).parent / "sft_records.yaml").read_text(encoding="utf-8"))
LAYOUTS = [f"{entry.name}.{layout}" for entry in data_sets().values() for layout in entry.layouts]


def bytes_of(case):
    """The file of a case."""
    if "records" in case:
        return b"".join(orjson.dumps(record) + b"\n" for record in case["records"])
    if "json" in case:
        return orjson.dumps(case["json"], option=orjson.OPT_INDENT_2)
    return case["text"].encode(case.get("encoding", "utf-8"))


def write_workbook(path, rows):
    """A workbook of one sheet."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    documents = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{documents}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{documents}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        book.writestr(
            "xl/worksheets/sheet1.xml", f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
        )


def outcomes_of(name, folder):
    """What a case's file gives under its layout."""
    case, layout = CASES[name], layout_of(name)
    path = folder / case.get("file", "records.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    if "rows" in case:
        write_workbook(path, case["rows"])
    else:
        path.write_bytes(bytes_of(case))
    location = InputLocation(str(folder))
    reading = Reading.model_validate(
        {field: getattr(layout, field) for field in ("kind", "options", "map", "shape", "container", "files")}
    )
    return [found.outcome for found in read(Unit(path.name, tuple(location.files()), location), reading)]


def said_of(messages):
    return [{message.role: message.content} for message in messages]


def seen_in(outcome, expected):
    """The facts of an outcome that are expected, as they are."""
    match outcome:
        case Problem():
            return (
                {"problem": outcome.reason} if "problem" in expected else {"problem": (outcome.reason, outcome.detail)}
            )
        case Preference():
            answers = ["\n".join(message.content for message in answer.messages) for answer in outcome.answers]
            return {"prompt": said_of(outcome.about.messages), "answers": answers, "choice": outcome.choice}
        case Dialogue():
            return {name: _seen(outcome, name, value) for name, value in expected.items()}
    raise AssertionError(outcome)


def _seen(dialogue, name, expected):
    messages = dialogue.messages
    match name:
        case "said":
            return said_of(messages)
        case "roles":
            return [message.role for message in messages]
        case "holds":
            whole = [message.content for message in messages]
            return [piece for piece, text in zip(expected, whole, strict=True) if piece in text]
        case "reasoning":
            return next((message.reasoning for message in messages if message.reasoning), None)
        case "trained":
            return [message.row()["trained"] for message in messages]
        case "calls":
            return [dict(call) for message in messages for call in message.calls]
        case "tools":
            return len(dialogue.tools)
        case "labels":
            return {label: dialogue.labels.get(label) for label in expected}
    return getattr(dialogue, name)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_record_in_a_layouts_own_columns_is_read_back(name, tmp_path):
    expected = CASES[name]["gives"]

    outcomes = outcomes_of(name, tmp_path)

    assert [seen_in(outcome, one) for outcome, one in zip(outcomes, expected, strict=False)] == expected
    assert len(outcomes) == len(expected)


def test_every_layout_has_a_record_and_every_record_a_layout():
    assert sorted(CASES) == sorted(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layouts_kind_fields_options_and_words_exist(name):
    layout = layout_of(name)
    columns = ColumnMap.model_validate(layout.map)

    assert set(columns.columns) <= set(kinds()[layout.kind].fields)
    assert kind_of(layout.kind, layout.options).name == layout.kind
    assert {layout.construction} <= set(CONSTRUCTIONS)
    assert {*columns.task_types.values(), layout.task_type} <= {*TASK_TYPES, None}


def test_an_entrys_words_exist():
    entries = data_sets().values()

    assert {one.construction for one in entries} == set(CONSTRUCTIONS)
    assert {task for one in entries for task in one.task_types} <= set(TASK_TYPES)
    assert {kind for one in entries for kind in one.kinds} == set(kinds())

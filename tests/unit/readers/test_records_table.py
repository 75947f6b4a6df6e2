"""Records of domains by a source file: columns become texts, and mistakes in a source file are told."""

import orjson
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.readers.domain_sets import read_source_file, shipped_set, shipped_sets
from corpus_platform.readers.reader import SourceDocument, Unit, reader_of
from corpus_platform.readers.records_table import RecordsTable, joined
from corpus_platform.readers.templates import filled

SOURCE = """
name: mine
title: Mine
about: Rows.
domain: law
licence: CC0-1.0
language: zh
schema_from: sample
files:
  - path: skipped
    suffixes: [.csv]
    text: "{other}"
  - suffixes: [.jsonl]
    text: "{title}\\n{body.text|content}\\n答：{answers*}"
    title: "{title}"
    category: "{type}"
    date: "{day}"
    identity: "{id}"
    language: "{lang}"
    meta: {office: "{office}"}
    remove: ["第一条 "]
    where: [{column: type, not_among: [draft]}, {column: score, min: 0.5}]
"""
ROW = {"id": 3, "title": "民法典", "body": {"text": "第一条 为了保护"}, "answers": ["甲", "乙"], "type": "law", "score": 1, "day": "2020-05-28", "office": "全国人大"}  # fmt: skip


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.fixture
def read(tmp_path):
    """Writes rows as JSON lines and reads them: documents, and rejects as (position, reason)."""

    def of(*rows, name="a.jsonl", **options):
        path = tmp_path / name
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        items = list(RecordsTable(**options).read(Unit.of_path(path)))
        good = [item for item in items if isinstance(item, SourceDocument)]
        return good, [
            (item.position, item.reason, item.broken) for item in items if not isinstance(item, SourceDocument)
        ]

    return of


def test_columns_become_text_and_what_is_known_of_it(read, source):
    (document,), rejects = read(ROW, source_file=source)

    assert rejects == []
    assert document.text == "民法典\n为了保护\n答：甲\n乙"
    assert (document.title, document.category, document.licence, document.language) == (
        "民法典",
        "law",
        "CC0-1.0",
        "zh",
    )
    assert document.identity == "mine:a.jsonl#3"
    assert document.date is not None
    assert document.date.isoformat() == "2020-05-28T00:00:00+00:00"
    assert document.meta == {"set": "mine", "domain": "law", "office": "全国人大"}


def test_rows_that_are_not_wanted_empty_or_without_the_columns_are_rejected_each_with_its_reason(read, source):
    rows = [
        {**ROW, "type": "draft"},
        {**ROW, "score": "0.1"},
        {"title": "", "score": 1},
        {"x": 1, "score": 1},
        {**ROW, "lang": "en"},
    ]

    (document,), rejects = read(*rows, source_file=source)

    assert rejects == [
        (0, "not_wanted", False),
        (1, "not_wanted", False),
        (2, "no_text", False),
        (3, "no_columns", True),
    ]
    assert (document.position, document.language) == (4, "en")


def test_a_changed_source_file_is_another_reader(source):
    before = RecordsTable(source_file=source).model_dump(mode="json")

    source.write_text(SOURCE.replace("第一条 ", "第二条 "), encoding="utf-8")
    after = RecordsTable(source_file=source).model_dump(mode="json")

    assert before["definition"] != after["definition"]
    assert RecordsTable(source_file=source).model_dump(mode="json") == after


def test_a_file_that_no_entry_is_for_is_rejected_and_is_no_damage(read, source):
    assert read(ROW, name="a.json", source_file=source) == ([], [(0, "no_map", False)])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{a}\n{b}\n{c.d}", "1\n2"),
        ("A. {none}\nB. {b}", "B. 2"),
        ("x{none}y {b}", "xy 2"),
        ("{none|b}", "2"),
        ("{list}", "p"),
        ("{none*|list*}", "p\nq"),
        ("{list.1}", "q"),
        ("{object*}", "v\nw"),
        ("fixed", "fixed"),
    ],
)
def test_a_template_is_filled_and_lines_without_values_go(template, text):
    row = {"a": 1, "b": "2", "none": None, "list": ["p", "q"], "object": {"k": "v", "l": ["w"]}, "c": {"d": " "}}

    assert filled(template, row) == text


def test_all_rows_of_a_report_are_one_document_whose_lines_are_joined(read):
    rows = [
        {"page": 1, "type": "页眉", "inside": "某公司年度报告"},
        {"page": 1, "type": "text", "inside": "本公司董事会保证本报告所载资料不存在任何虚"},
        {"page": 1, "type": "text", "inside": "假记载。"},
        {"page": 1, "type": "excel", "inside": "['a', 'b']"},
        {"page": 2, "type": "text", "inside": "第二节 公司简介"},
        {"page": 2, "type": "text", "inside": ""},
    ]

    (document,), rejects = read(*rows, name="2020__某公司__年度报告.txt", set="finglm")

    assert document.text == "本公司董事会保证本报告所载资料不存在任何虚假记载。\n第二节 公司简介"
    assert rejects == []


def test_lines_that_a_page_has_cut_are_joined():
    english = [
        "This line is cut by the page and goes",
        "on here.",
        "Title",
        "Another line of the same page that",
        "ends.",
    ]

    assert (
        joined(english, unwrap=True)
        == "This line is cut by the page and goes on here.\nTitle\nAnother line of the same page that ends."
    )
    assert joined(english, unwrap=False) == "\n".join(english)


def test_a_question_that_is_only_a_title_has_no_line_that_says_so(read):
    rows = [
        {"title": "肾肿瘤", "ask": ask, "answer": "手术切除。", "department": "肿瘤科"}
        for ask in ("无", "怎么治？无效吗")
    ]

    documents, _ = read(*rows, set="toyhom_medical_dialogue")

    assert [d.text for d in documents] == ["肾肿瘤\n答：手术切除。", "肾肿瘤\n问：怎么治？无效吗\n答：手术切除。"]


def test_every_shipped_set_is_read_and_says_how_its_columns_are_known():
    sets = [shipped_set(name) for name in shipped_sets()]

    assert {one.name for one in sets} == set(shipped_sets())
    assert {
        "bbt_fincorpus",
        "xuanyuan",
        "finglm",
        "tigerbot_zh",
        "tigerbot_law",
        "medical_pt",
        "pubmed_central",
        "zh_statutes",
    } <= set(shipped_sets())
    assert {one.domain for one in sets} >= {"finance", "law", "medicine", "exams", "textbooks"}
    assert [reader_of(one.reader).source for one in sets if one.reader and one.reader != "jats"] == []


def test_a_set_for_another_reader_says_which(read):
    with pytest.raises(SettingsError, match=r"files of `pubmed_central` are read by the reader `jats`"):
        reader_of("records_table", {"set": "pubmed_central"})


def test_an_unknown_set_is_told_with_the_nearest_name():
    with pytest.raises(
        SettingsError, match=r"there is no set `bbt_fincorpos`, nearest is `bbt_fincorpus`|no set `bbt_fincorpos`"
    ):
        reader_of("records_table", {"set": "bbt_fincorpos"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("domain: law", "domain: laws", "mine.yaml:5"),
        ("    title:", "    titel:", r"mine.yaml:15: there is no key `files.1.titel`"),
        ("path: skipped", 'path: "("', "no regular expression"),
        ("files:", "other:", "mine.yaml"),
    ],
)
def test_a_mistake_in_a_source_file_is_told_with_its_place(source, old, new, said):
    source.write_text(source.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(SettingsError, match=said):
        read_source_file(source)

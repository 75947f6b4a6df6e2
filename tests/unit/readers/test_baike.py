"""Encyclopedias as JSON: pages with sections, questions with answers, and the marks of pages that go."""

from datetime import UTC, datetime

import orjson
import pytest

from corpus_platform.readers.baike import Baike, cleaned
from corpus_platform.readers.reader import Section, SourceDocument, Unit
from corpus_platform.readers.values import moment, texts_of

PAGE = {
    "title": "黑麦",
    "summary": "黑麦是禾本科植物[1]。\n耐寒。 [2-3]",
    "sections": [
        {"title": "形态特征 编辑", "content": "秆高一米。<br>\n播报\n编辑\n", "sections": [{"title": "叶", "content": ["叶片扁平。", "叶舌短。"]}]},
        {"title": "参考资料", "content": "[1]"},
        {"title": "分布", "text": "欧洲。"},
    ],
    "infobox": [{"name": "中文名：", "value": "黑麦"}, {"name": "界", "value": ["植物界", "有胚植物"]}],
    "tags": ["植物", "植物", "谷物"],
    "url": "https://baike.example/item/1",
    "update_time": "2024-03-01",
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    """Reads rows as a file of JSON lines."""

    def of(*rows, **options):
        path = tmp_path / "pages.jsonl"
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return list(Baike(**options).read(Unit.of_path(path)))

    return of


def test_a_page_is_its_summary_and_its_sections_without_the_marks_of_the_page(read):
    (page,) = read(PAGE)

    assert page.text == "黑麦是禾本科植物。\n耐寒。\n形态特征\n秆高一米。\n叶\n叶片扁平。\n叶舌短。\n分布\n欧洲。"
    assert page.sections == (Section(1, "形态特征", 14), Section(2, "叶", 25), Section(1, "分布", 38))
    assert all(page.text[s.start :].startswith(s.title) for s in page.sections)
    assert (page.title, page.language, page.category, page.url) == (
        "黑麦",
        "zh",
        "植物",
        "https://baike.example/item/1",
    )
    assert page.date == datetime(2024, 3, 1, tzinfo=UTC)
    assert page.meta["tags"] == ["植物", "谷物"]
    assert page.meta["infobox"] == {"中文名": "黑麦", "界": "植物界、有胚植物"}


def test_the_infobox_is_lines_behind_the_summary_on_demand(read):
    (page,) = read(
        {"title": "黑麦", "summary": "谷物。", "basic_info": {"高度": "一米"}, "text": "正文。"}, infobox="lines"
    )

    assert page.text == "谷物。\n高度：一米\n正文。"


def test_a_question_is_a_line_and_its_answer_stands_below(read):
    rows = [
        {"question": "黑麦怎么种？", "answer": "秋天播种。"},
        {"qid": 7, "title": "黑麦是什么", "desc": "如题。", "answer": "一种谷物。", "category": "生活-植物"},
        {"title": "没有回答", "answer": " "},
    ]

    first, second, third = read(*rows)

    assert first.text == "黑麦怎么种？\n秋天播种。"
    assert second.text == "黑麦是什么\n如题。\n一种谷物。"
    assert (second.meta["kind"], second.category, second.identity) == ("question", "生活-植物", "pages.jsonl#7")
    assert third.reason == "no_text"


def test_pages_that_only_list_meanings_are_marked_or_dropped(read):
    row = {"title": "苹果", "summary": "苹果是多义词。", "polysemants": ["水果", "公司"]}

    (kept,), (dropped,) = read(row), read(row, disambiguation="drop")

    assert (kept.category, kept.meta["disambiguation"]) == ("disambiguation", True)
    assert (dropped.reason, dropped.broken) == ("disambiguation", False)


def test_rows_that_are_no_page_are_rejected_in_their_place(read):
    items = read({"url": "x"}, [1], {"title": "a", "text": "b"})

    assert [(i.position, i.reason) for i in items[:2]] == [(0, "no_text"), (1, "bad_json")]
    assert isinstance(items[2], SourceDocument)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("高度 [12] 一米【3】", "高度 一米"),
        ("播报 编辑", ""),
        ("展开全部", ""),
        ("编辑部在北京", "编辑部在北京"),
        ("概述图（12张）", ""),
        ("本词条由“科普中国”科学百科词条编写与应用工作项目审核", ""),
        ("数组 [x] 与 <b class='y'>粗体</b>", "数组 [x] 与 粗体"),
        ("当 1<x<a 且 a>2&nbsp;时 &quot;真&quot;", '当 1<x<a 且 a>2 时 "真"'),
    ],
)
def test_marks_of_the_page_go_and_words_stay(line, text):
    assert cleaned(line) == text


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2024-03-01", (2024, 3, 1)),
        ("2024年3月1日", (2024, 3, 1)),
        ("20240301", (2024, 3, 1)),
        ("1709251200", (2024, 3, 1)),
        (1709251200000, (2024, 3, 1)),
        (2019, (2019, 1, 1)),
    ],
)
def test_moments_are_read_in_many_forms(value, day):
    assert moment(value) == datetime(*day, tzinfo=UTC)


def test_what_is_no_moment_is_none():
    assert [moment(value) for value in ("soon", None, "", True, "9" * 40)] == [None] * 5


def test_a_text_of_several_tags_is_cut_at_its_mark():
    assert texts_of({"tag": "a；b； a"}, ("tags", "tag")) == ["a", "b"]
    assert texts_of({"tags": [{"name": "x"}, 5, "y "]}, ("tags",)) == ["x", "y"]

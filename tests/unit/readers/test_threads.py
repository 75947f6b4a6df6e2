"""Threads by maps of columns, dialogues and reviews: order, floors, scores, speakers, texts whose characters are apart."""

import orjson
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.readers.dialogues import unspaced
from corpus_platform.readers.reader import SourceDocument, Unit, reader_of
from corpus_platform.readers.record_values import number_of, time_of, value_of


def read(reader, path, **options):
    items = list(reader_of(reader, options).read(Unit.of_path(path)))
    documents = [item for item in items if isinstance(item, SourceDocument)]
    return documents, [(item.position, item.reason) for item in items if not isinstance(item, SourceDocument)]


def write(path, records):
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


def test_a_question_of_zhihu_has_its_answers_by_score_and_no_button_or_name(tmp_path):
    record = {
        "question": {"id": 5, "title": "怎么学？", "detail": "<p>想<b>学</b></p>"},
        "topic": "教育",
        "answers": [
            {"content": "看书。\n展开阅读全文\n赞同 9 · 3 条评论", "voteup_count": "9", "author": {"name": "张三"}},
            {"content": "<p>多练，@张三 说得对</p>", "voteup_count": "1.2 万", "author": {"name": "李四"}},
            {"content": "该回答已被删除", "voteup_count": 99},
        ],
    }

    [document], _ = read(
        "threads", write(tmp_path / "q.jsonl", [record]), preset="zhihu", permission="https://www.zhihu.com/terms"
    )

    assert document.text == "怎么学？\n\n想**学**\n\n多练，<USER> 说得对\n\n看书。"
    assert document.meta["reply_scores"] == [12_000, 9]
    assert [turn["speaker"] for turn in document.meta["turns"]] == [0, 1, 2]
    assert (document.category, document.licence) == ("教育", "https://www.zhihu.com/terms")
    assert document.meta["permission"] == "https://www.zhihu.com/terms"
    assert "张三" not in str(document)


def test_answers_of_a_question_on_records_of_their_own_come_together(tmp_path):
    records = [
        {"qid": 1, "title": "问题一", "desc": "", "content": "甲", "star": 3},
        {"qid": 2, "title": "问题二", "desc": "说明", "content": "乙", "star": 1},
        {"qid": 1, "title": "问题一", "desc": "", "content": "丙", "star": 30},
    ]

    documents, rejects = read(
        "threads", write(tmp_path / "w.jsonl", records), preset="zhihu", columns={"thread": ["qid"]}
    )

    assert [d.text for d in documents] == ["问题一\n\n丙\n\n甲", "问题二\n\n说明\n\n乙"]
    assert sum(d.meta["records"] for d in documents) + len(rejects) == 3


def test_posts_of_tieba_are_in_the_order_of_their_floors(tmp_path):
    posts = [
        {"tid": 7, "title": "帖子", "floor": f, "content": f"第{f}层", "author": a}
        for f, a in ((3, "x"), (1, "x"), (2, "y"))
    ]

    [document], _ = read("threads", write(tmp_path / "t.jsonl", posts), preset="tieba", columns={"thread": ["tid"]})

    assert document.text == "帖子\n\n第1层\n\n第2层\n\n第3层"
    assert [turn["speaker"] for turn in document.meta["turns"]] == [0, 1, 0]


def test_a_weibo_has_its_comments_and_no_share_mark(tmp_path):
    record = {
        "mid": "1",
        "text": "今天真冷 //@王五：转发微博 O网页链接",
        "created_at": "2020-01-02 10:00",
        "comments": [{"text": "回复@赵六:是啊", "like_count": 2}, {"text": "转发微博", "like_count": 5}],
    }

    [document], _ = read("threads", write(tmp_path / "w.jsonl", [record]), preset="weibo")

    assert document.text == "今天真冷\n\n回复<USER>:是啊"
    assert len(document.meta["turns"]) == 2
    assert str(document.date) == "2020-01-02 10:00:00+00:00"


def test_scores_and_numbers_of_replies_are_options(tmp_path):
    records = [
        {"title": "a", "replies": [{"text": "x", "score": 1}, {"text": "y", "score": 5}, {"text": "z", "score": 6}]},
        {"title": "b", "replies": []},
        {"title": "", "text": ""},
    ]
    path = write(tmp_path / "w.jsonl", records)

    documents, rejects = read("threads", path, min_score=2, max_replies=1, min_replies=1)

    assert [d.text for d in documents] == ["a\n\nz"]
    assert rejects == [(1, "unanswered"), (2, "empty_post")]


def test_a_wrong_column_is_told_by_name(tmp_path):
    with pytest.raises((SettingsError, ValueError), match="titel"):
        read("threads", write(tmp_path / "w.jsonl", [{}]), columns={"titel": ["x"]})


def test_dialogues_of_lines_and_blocks_have_turns_and_are_joined(tmp_path):
    (tmp_path / "tabs.txt").write_text(
        "打 包 2 斤 牛 油 ， 谢 谢 。\t我 谢 谢 你 …\n\n只有一句\nhello there\thi you all\n", encoding="utf-8"
    )
    (tmp_path / "blocks.txt").write_text("你好\n你好啊\n再见\n\n早\n早安\n", encoding="gb18030")

    tabs, rejects = read("dialogues", tmp_path / "tabs.txt")
    blocks, _ = read("dialogues", tmp_path / "blocks.txt", between="newline", language="zh")

    assert [d.text for d in tabs] == ["打包2斤牛油，谢谢。\n我谢谢你…", "hello there\nhi you all"]
    assert rejects == [(2, "too_few_turns")]
    assert ({d.language for d in tabs}, {d.language for d in blocks}) == ({None}, {"zh"})
    assert [[(t["speaker"], t["text"]) for t in d.meta["turns"]] for d in blocks] == [
        [(0, "你好"), (1, "你好啊"), (0, "再见")],
        [(0, "早"), (1, "早安")],
    ]


@pytest.mark.parametrize(
    ("line", "joined"),
    [
        ("疯 狂 打 c a l l 1 6 年", "疯狂打call16年"),
        ("我 用  I D", "我用 ID"),
        ("今天 天气 很好", "今天 天气 很好"),
        ("a b c d e f", "a b c d e f"),
        ("好", "好"),
    ],
)
def test_characters_that_are_all_apart_are_joined(line, joined):
    assert unspaced(line) == joined


def test_reviews_are_a_document_a_row_with_their_label(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('label,review\n1,"很快,好吃"\n0,电话13800138000\n1,\n1,a,b\n', encoding="utf-8")

    documents, rejects = read("reviews", path, permission="research")

    assert [(d.text, d.meta["label"]) for d in documents] == [("很快,好吃", "1"), ("电话<PHONE>", "0")]
    assert rejects == [(2, "empty_post"), (3, "bad_row")]
    assert documents[0].licence == "LicenseRef-research-only"


@pytest.mark.parametrize(
    ("value", "number"), [("1,234", 1234), ("1.2万", 12_000), ("3.4k 赞", 3400), (True, None), ("x", None), (7.9, 7)]
)
def test_counts_are_read_as_people_write_them(value, number):
    assert number_of({"n": value}, ("m", "n")) == number


@pytest.mark.parametrize(
    "value", [1577836800, "1577836800", 1577836800000, "2020-01-01T00:00:00Z", "2020年1月1日 00:00", "2020/01/01"]
)
def test_times_are_read_as_people_write_them(value):
    assert str(time_of({"t": value}, ("t",))) == "2020-01-01 00:00:00+00:00"


def test_a_path_leads_into_objects_and_the_first_value_counts():
    assert value_of({"a": {"b": ""}, "c": 0}, ("a.b", "a.b.c", "c", "d")) == 0

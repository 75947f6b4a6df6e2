"""Poems and classics as JSON: lists, lines, records in parts, names by option."""

import json

import pytest

from corpus_platform.readers.reader import SourceDocument, Unit, reader_of

POEM = {
    "title": "靜夜思",
    "author": "李白",
    "paragraphs": ["牀前明月光，疑是地上霜。", "舉頭望明月，低頭思故鄉。"],
    "id": "x1",
    "tags": ["月"],
}


def read(tmp_path, value, name="poems.json", **options):
    path = tmp_path / name
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode())
    return list(reader_of("book_json", options).read(Unit.of_path(path)))


def test_a_poem_has_its_title_and_author_above_it(tmp_path):
    [found] = read(tmp_path, [POEM], language="zh", category="I")

    assert found.identity == "poems.json#x1"
    assert found.text == "靜夜思\n李白\n牀前明月光，疑是地上霜。\n舉頭望明月，低頭思故鄉。"
    assert (found.title, found.author, found.language, found.category, found.meta) == (
        "靜夜思",
        "李白",
        "zh",
        "I",
        {"tags": ["月"]},
    )
    assert [(s.title, s.start) for s in found.sections] == [("靜夜思", 0)]


def test_the_poem_alone_where_that_is_wanted(tmp_path):
    [found] = read(tmp_path, [POEM], heading=False, join="")

    assert found.text == "".join(POEM["paragraphs"])
    assert found.sections == ()


def test_records_inside_of_parts_know_their_parts_and_author(tmp_path):
    piece = {"chapter": "鄭伯克段於鄢", "author": "左丘明", "paragraphs": ["初，鄭武公娶於申。"]}
    other = {"chapter": "無名", "paragraphs": ["某文。"]}
    value = {
        "title": "古文觀止",
        "author": "吳楚材",
        "abstract": ["一個選本。"],
        "content": [{"title": "卷一", "content": [piece, other]}],
    }

    first, second = read(tmp_path, value)

    assert (first.title, first.author, first.category, first.meta["parts"]) == (
        "鄭伯克段於鄢",
        "左丘明",
        "I",
        ["古文觀止", "卷一"],
    )
    assert (second.position, second.author) == (1, "吳楚材")


def test_a_dynasty_before_the_author_is_told_apart(tmp_path):
    [found] = read(tmp_path, [{**POEM, "author": "唐代：李白 "}])

    assert (found.author, found.meta["dynasty"]) == ("李白", "唐代")
    assert found.text.startswith("靜夜思\n唐代：李白\n")


def test_a_chapter_whose_content_is_text_is_a_record(tmp_path):
    [found] = read(tmp_path, {"title": "大學", "content": ["大學之道，在明明德。", ["在親民。"]]})

    assert found.text == "大學\n大學之道，在明明德。\n在親民。"


def test_names_are_options(tmp_path):
    value = [
        {"body": "text of it", "meta": {"by": "Ann"}, "name": "T", "clc": "I247.5", "lang": "eng", "license": "CC0-1.0"}
    ]

    [found] = read(tmp_path, value, columns={"text": ["body"], "title": ["name"], "author": ["meta.by"]})

    assert (found.text, found.author, found.category, found.language, found.licence) == (
        "T\nAnn\ntext of it",
        "Ann",
        "I",
        "en",
        "CC0-1.0",
    )


def test_json_lines_go_on_behind_a_broken_line(tmp_path):
    good = json.dumps(POEM, ensure_ascii=False).encode()

    found = read(tmp_path, good + b"\n{broken\n\n" + good.replace(b"x1", b"x2"), name="poems.jsonl")

    assert [getattr(one, "identity", None) or one.reason for one in found] == [
        "poems.jsonl#x1",
        "bad_json",
        "poems.jsonl#x2",
    ]
    assert [one.position for one in found] == [0, 1, 2]


@pytest.mark.parametrize("charset", ["utf-8-sig", "gb18030", "utf-16"])
def test_other_charsets_than_utf_8_are_read(tmp_path, charset):
    [found] = read(tmp_path, json.dumps([POEM], ensure_ascii=False).encode(charset))

    assert found.title == "靜夜思"


@pytest.mark.parametrize(
    ("value", "reasons"),
    [
        (b"", ["empty_file"]),
        (b"[1, 2", ["bad_json"]),
        ([1, {"title": "x"}], ["no_text", "no_text"]),
        ([{"strains": ["仄平仄仄○平平，平平仄平○仄○。"], "id": "y"}], ["tone_pattern"]),
        (b"[" * 900 + b"]" * 900, ["nested_too_deep"]),
        (b"[" * 100_000, ["bad_json"]),
    ],
)
def test_what_is_no_record_is_a_reject(tmp_path, value, reasons):
    found = read(tmp_path, value)

    assert [one.reason for one in found] == reasons
    assert not any(isinstance(one, SourceDocument) for one in found)

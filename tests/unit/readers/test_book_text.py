"""Collections of plain text files: names, charsets, lines, headings."""

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.readers.book_text import NAMES, names_of
from corpus_platform.readers.reader import Unit, reader_of
from corpus_platform.sources.location import InputLocation

CHAPTER = "　　话说尤三姐自尽之后，尤老娘和二姐儿俱不胜悲恸，自不必说，忙令人盛殓，送往城外埋葬。\n　　柳湘莲见尤三姐身亡，痴情眷恋，却被道人数句冷言打破迷关。\n"


def read(tmp_path, data, name="红楼梦_第六十七回.txt", **options):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    reader = reader_of("book_text", options)
    location = InputLocation(str(tmp_path))
    [unit] = reader.units(location, location.files())
    [found] = reader.read(unit)
    return found


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("红楼梦_第六十七回.txt", {"book": "红楼梦", "chapter": "第六十七回"}),
        ("史记_十二本纪_周本纪.txt", {"book": "史记", "chapter": "十二本纪_周本纪"}),
        ("史记/本纪/周本纪.txt", {"book": "史记", "inner": "本纪", "chapter": "周本纪"}),
        ("a/b_c.txt", {"book": "b", "chapter": "c"}),
        ("novel.txt", {"chapter": "novel"}),
    ],
)
def test_names_say_book_and_chapter(path, said):
    assert names_of(NAMES, path) == said


def test_a_rule_of_the_users_own_names_author_and_book(tmp_path):
    found = read(tmp_path, CHAPTER, name="曹雪芹-石头记.txt", names=r"(?P<author>[^-]+)-(?P<book>.+)", language="zh")

    assert (found.author, found.title, found.language) == ("曹雪芹", "石头记", "zh")


def test_a_chapter_has_the_books_class_and_clean_lines(tmp_path):
    found = read(tmp_path, CHAPTER)

    assert (found.title, found.category) == ("红楼梦 第六十七回", "I")
    assert found.meta == {"book": "红楼梦", "chapter": "第六十七回", "charset": "utf-8"}
    assert found.text.split("\n") == [line.strip("　") for line in CHAPTER.strip().split("\n")]


@pytest.mark.parametrize("charset", ["gb18030", "gbk", "utf-8-sig", "utf-16", "big5"])
def test_chinese_charsets_are_detected(tmp_path, charset):
    text = (
        CHAPTER
        if charset != "big5"
        else "話說尤三姐自盡之後，尤老娘和二姐兒俱不勝悲慟，自不必說，忙令人盛殮，送往城外埋葬。\n"
    )

    assert read(tmp_path, text.encode(charset)).text.startswith(text.strip("　")[:20])


def test_a_charset_that_is_named_is_held_to(tmp_path):
    assert read(tmp_path, CHAPTER.encode("gb18030"), charset="gb18030").text.startswith("话说")
    assert read(tmp_path, CHAPTER.encode("utf-8"), charset="big5").reason == "bad_charset"


def test_remnants_of_html_go_and_comparisons_stay(tmp_path):
    found = read(
        tmp_path, "<strong>冒风雪樊建威访朋</strong>\n雪压关山惨不收。<br/>身忙不作洛阳卧。&nbsp;1 < 2 > 0 &lt;麦&gt;\n"
    )

    assert found.text == "冒风雪樊建威访朋\n雪压关山惨不收。\n身忙不作洛阳卧。 1 < 2 > 0 <麦>"


def test_headings_of_a_whole_novel_are_sections(tmp_path):
    body = CHAPTER * 2

    found = read(tmp_path, f"第一回 甄士隐梦幻识通灵\n{body}第二回 贾夫人仙逝扬州城\n{body}", name="小说.txt")

    assert [s.title for s in found.sections] == ["第一回 甄士隐梦幻识通灵", "第二回 贾夫人仙逝扬州城"]
    assert all(found.text[s.start :].startswith(s.title) for s in found.sections)


def test_wrapped_lines_are_joined_in_any_language(tmp_path):
    english = "\n".join(["The miller had three sons, and when he died he left them his mill, his"] * 12)
    chinese = "\n".join(["话说尤三姐自尽之后尤老娘和二姐儿俱不胜悲恸自不必说忙令人盛殓送往"] * 12)

    assert "\n" not in read(tmp_path, english, name="a.txt").text
    (tmp_path / "a.txt").unlink()
    assert "\n" not in read(tmp_path, chinese, name="b.txt").text
    assert read(tmp_path, chinese, name="b.txt", lines="kept").text == chinese


def test_verse_and_long_paragraphs_are_not_joined(tmp_path):
    verse = "\n".join(["Tyger, tyger, burning bright,", "In the forests of the night;"] * 10)
    paragraphs = "\n".join(["话说" * 300] * 12)

    assert read(tmp_path, verse, name="a.txt").text == verse
    (tmp_path / "a.txt").unlink()
    assert read(tmp_path, paragraphs, name="b.txt").text == paragraphs


def test_one_very_long_line_is_a_document(tmp_path):
    assert len(read(tmp_path, "字" * 1_000_000).text) == 1_000_000


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        (b"", {}, "empty_file"),
        (b"\n \n", {}, "no_text"),
        (bytes(range(32)) * 99, {}, "binary"),
        (b"x" * 99, {"max_bytes": 9}, "file_too_large"),
    ],
)
def test_what_is_no_text_is_a_reject(tmp_path, data, options, reason):
    assert read(tmp_path, data, **options).reason == reason


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": "("}, "no regular expression"),
        ({"names": "x"}, "groups"),
        ({"charset": "klingon"}, "no charset `klingon`"),
    ],
)
def test_wrong_options_are_told(options, message):
    with pytest.raises(SettingsError, match=message):
        reader_of("book_text", options)


def test_a_unit_of_a_path_is_read_too(tmp_path):
    path = tmp_path / "史记_周本纪.txt"
    path.write_text(CHAPTER)

    [found] = reader_of("book_text").read(Unit.of_path(path))

    assert found.category == "K"

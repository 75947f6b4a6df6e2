"""What pages leave in a text: hyphens at line ends, wrapped lines, page numbers, running heads."""

import textwrap

import polars as pl

from corpus_platform.clean.edits import of_places
from corpus_platform.clean.layout import joined_lines, joined_words, without_page_marks

PARAGRAPH = (
    "The house stood on a slight rise just on the edge of the village. It looked out over a broad spread of farmland, and nobody who "
    "passed it on the road would have called it remarkable in any way, for it was about thirty years old and quite square."
)
CHINESE = "今天天气很好，我们去公园散步。公园里有很多花，也有很多人在钓鱼，孩子们在草地上奔跑，老人们坐在树下下棋。" * 3
PAGE = {"page_numbers": True, "digits": True, "repeats": 4, "apart": 8, "longest": 80, "trace": True}


def one(edit, text, **options):
    done = edit(pl.Series("text", [text]), trace=True, **options)
    return done.text[0], done


def test_a_word_cut_at_a_line_end_is_whole_again_and_a_hyphen_of_the_documents_own_stays():
    text = "a remark-\nable thing; a well-known and a well-\n  known man; soft\u00ad\nware"

    after, done = one(joined_words, text)

    assert after == "a remarkable thing; a well-known and a well-known man; software"
    assert done.removed == {"hyphen": 2, "line_break": 1}


def test_hyphens_stay_in_a_document_that_never_breaks_a_word():
    breaks = ["well-\nbuilt", "mote-\nhalls", "slave-\nholders", "dung-\nmarket", "town-\nbred"]
    text = "; ".join(breaks)

    after, done = one(joined_words, text)

    assert after == text.replace("\n", "")
    assert done.removed == {"line_break": 5}


def test_a_document_that_breaks_words_breaks_those_too_that_it_has_not_elsewhere():
    text = "the government and the people: the govern-\nment of the peo-\nple and the chil-\ndren; the chil is a ment and dren"

    assert one(joined_words, text)[0].endswith(
        "the government of the people and the children; the chil is a ment and dren"
    )


def test_a_dash_between_words_is_no_cut_word():
    text = "pages 3-\n4, the end -\nand Anne-\nMarie, A-\nbomb"

    assert one(joined_words, text)[0] == text


def test_wrapped_paragraphs_become_lines():
    wrapped = "\n\n".join([textwrap.fill(PARAGRAPH, 60)] * 3)

    after, done = one(joined_lines, wrapped, least=5)

    assert after == "\n\n".join([PARAGRAPH] * 3)
    assert set(done.removed) == {"line_break"}


def test_wrapped_chinese_is_joined_without_spaces():
    wrapped = "\n".join(CHINESE[i : i + 30] for i in range(0, len(CHINESE), 30))

    assert one(joined_lines, wrapped, least=3)[0] == CHINESE


def test_verse_code_lists_and_texts_of_long_lines_stay_as_they_are():
    verse = "Roses are red,\nViolets are blue,\nSugar is sweet,\nAnd so are you.\n" * 4
    code = "def f(x):\n    return x\n\nfor i in range(3):\n    print(i)\n" * 4
    listed = "\n".join(f"{i}. an item of the list that is about as long as every other" for i in range(12))
    long = "\n".join([PARAGRAPH] * 8)

    for text in (verse, code, listed, long):
        assert one(joined_lines, text, least=5)[0] == text


def pages(head, foot):
    body = "\n".join(f"Sentence {letter} of this page tells what happened then." for letter in "abcdefghijkl")
    return "\n".join(f"{head(i)}\n{body.replace('this page', f'page {i * 7}')}\n{foot(i)}" for i in range(1, 7))


def test_heads_feet_and_page_numbers_go_and_chapters_stay():
    text = pages(lambda i: f"{i} THE LONG VOYAGE", lambda i: f"- {i} -") + "\nChapter 1\nends here"

    done = without_page_marks(pl.Series("text", [text]), **PAGE)

    assert done.removed == {"repeated": 6, "page_number": 6}
    assert done.text[0].startswith("Sentence a of page 7 tells")
    assert done.text[0].endswith("Chapter 1\nends here")
    assert of_places(pl.Series("text", [text]), done.spans)[0] == done.text[0]


def test_chinese_page_numbers_and_form_feeds_go():
    text = pages(lambda i: f"红楼梦 {i}", lambda i: f"第 {i} 页\n\f").replace("\n\f\n", "\n\f")

    done = without_page_marks(pl.Series("text", [text]), **PAGE)

    assert done.removed == {"page_break": 6, "repeated": 6, "page_number": 6}


def test_headings_that_come_back_and_a_refrain_stay():
    text = pages(lambda i: f"Chapter {i}", lambda _: "And so they went on, as they always had.")

    assert without_page_marks(pl.Series("text", [text]), **PAGE).text[0] == text


def test_two_lines_of_numbers_are_no_page_numbers_but_digits():
    text = "In the year\n1911\nof the republic\n\n12 34 56 | 78"

    kept = without_page_marks(pl.Series("text", [text]), **{**PAGE, "digits": False})
    done = without_page_marks(pl.Series("text", [text]), **PAGE)

    assert kept.text[0] == text
    assert done.text[0] == "In the year\n1911\nof the republic\n"

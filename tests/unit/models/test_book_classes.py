"""The class of a book: codes, subject headings, known titles, and the text where nothing says it."""

import numpy as np
import polars as pl
import pytest

from corpus_platform.models.book_classes import (
    book_classes,
    class_of,
    class_of_subject,
    classes_of_texts,
    fill_categories,
    is_regular_verse,
)
from corpus_platform.models.classifier import Predictions
from corpus_platform.models.taxonomy import taxonomy


class Says:
    """Stands for a classifier: the class that a text begins with."""

    name, digest = "said", "0"

    def score(self, texts):
        raise NotImplementedError

    def classify(self, texts):
        labels = [text[:1] if text[:1] != "?" else None for text in texts]
        return Predictions(labels, np.full(len(texts), 0.9), np.full(len(texts), 0.9))


def test_every_class_of_the_table_is_one_of_the_22():
    table = book_classes()
    letters = {
        *table.lcc.values(),
        *table.ddc.values(),
        *table.bisac.values(),
        *table.words,
        *table.titles,
        *table.endings,
    }

    assert letters == set(taxonomy().clc)
    assert len(taxonomy().clc) == 22
    assert set(table.words) == set(taxonomy().clc)


@pytest.mark.parametrize(
    ("code", "letter"),
    [
        ("PR4611", "I"),
        ("QA76.73", "T"),
        ("QA241", "O"),
        ("P121", "H"),
        ("BL1410", "B"),
        ("DA30", "K"),
        ("GV706", "G"),
        ("TL515", "V"),
        ("TL215", "U"),
        ("???", None),
    ],
)
def test_lcc(code, letter):
    assert class_of(lcc=[code]) == letter


@pytest.mark.parametrize(
    ("code", "letter"),
    [
        ("823.8", "I"),
        ("823/.8", "I"),
        ("[Fic]", None),
        ("510", "O"),
        ("629.13", "V"),
        ("335.43", "A"),
        ("339", "F"),
        ("363.73", "X"),
        ("004.6", "T"),
        ("92", None),
    ],
)
def test_dewey(code, letter):
    assert class_of(ddc=[code]) == letter


@pytest.mark.parametrize(
    ("code", "letter"),
    [
        ("I242.4", "I"),
        ("TP311.1", "T"),
        ("K204.3", "K"),
        ("R281", "R"),
        ("L12", None),
        ("Islam", None),
        ("IT", None),
        ("T", "T"),
        ("DF36", "D"),
    ],
)
def test_clc(code, letter):
    assert class_of(clc=[code]) == letter


@pytest.mark.parametrize(
    ("subject", "letter"),
    [
        ("Utopias -- Fiction", "I"),
        ("World War, 1914-1918 -- Poetry", "I"),
        ("Great Britain -- History", "K"),
        ("Science fiction", "I"),
        ("Philosophy", "B"),
        ("FIC000000", "I"),
        ("COM051000", "T"),
        ("823", "I"),
        ("章回小说", "I"),
        ("中国历史 编年体", "K"),
        ("本草", "R"),
        ("Zzyzx", None),
    ],
)
def test_subjects(subject, letter):
    assert class_of_subject(subject) == letter


def test_codes_count_more_than_subjects_and_most_subjects_win():
    assert class_of(lcc=["QB43"], subjects=["Fiction", "Fiction"]) == "P"
    assert class_of(subjects=["Astronomy", "Fiction", "Love -- Fiction"]) == "I"
    assert class_of(clc=["no code"], subjects=["no subject"]) is None


@pytest.mark.parametrize(
    ("title", "letter"),
    [
        ("红楼梦 第六十七回", "I"),
        ("《史记·周本纪》", "K"),
        ("南北史演义 第十三回", "I"),
        ("某县县志", "K"),
        ("天工开物_下篇", "T"),
        ("演义", None),
        ("Alice", None),
    ],
)
def test_titles_of_chinese_books(title, letter):
    assert class_of(title=title) == letter


def test_what_is_missing_is_filled_by_title_and_text_and_the_rest_stays():
    frame = pl.DataFrame(
        {
            "title": [None, "论语 学而", "詠史", "x", "y"],
            "text": ["K it was so", "text", "I 明月", "R text", "R text"],
            "language": ["en", "zh", "zh", "fr", "en"],
            "category": [None, None, None, None, "J"],
        },
        schema_overrides={"category": pl.String},
    )

    filled = fill_categories(frame, {"books/clc/en": Says(), "books/clc/zh": Says()})

    assert filled["category"].to_list() == ["K", "B", "I", None, "J"]
    assert filled.drop("category").equals(frame.drop("category"))
    assert fill_categories(frame, {})["category"].to_list() == [None, "B", None, None, "J"]


@pytest.mark.parametrize(
    ("text", "verse"),
    [
        ("贈鄒德年\n王洋\n短檠三尺照座隅，眵昏兩目頭不梳。\n丈夫功業務廣大，安用事此牛尾書。", True),
        ("牀前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。", True),
        ("關關雎鳩，在河之洲。窈窕淑女，君子好逑。", True),
        ("初，鄭武公娶於申，曰武姜，生莊公及共叔段。莊公寤生，驚姜氏，故名曰寤生，遂惡之。", False),
        ("静夜思，李白。", False),
        ("床前明月光，" * 2000, False),
    ],
)
def test_verse_of_even_length_is_literature(text, verse):
    frame = pl.DataFrame({"text": [text], "language": ["zh"], "category": pl.Series([None], dtype=pl.String)})

    assert is_regular_verse(text) is verse
    assert fill_categories(frame, {})["category"].to_list() == (["I"] if verse else [None])


def test_windows_that_disagree_give_no_class():
    text = "".join(letter * 800 for letter in "KKKKRIOP")

    assert classes_of_texts([text, "?", "K" * 3000], Says()) == ["K", None, "K"]
    assert classes_of_texts([text], Says(), least=0.6) == [None]

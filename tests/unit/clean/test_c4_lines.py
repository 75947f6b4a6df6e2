"""C4's line rules equal the plain code of their definition; sentences are those of spaCy's sentencizer in the cases that its rules are about."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_web_lines import c4_lines
from texts import texts

from corpus_platform.clean.c4_lines import LINE_RULES, Rules, phrases_of, sheet, verdicts
from corpus_platform.clean.phrases import ANYWHERE, BETWEEN_OTHER_LETTERS, WORD, Phrases, count_phrases
from corpus_platform.clean.sentences import count_sentences
from corpus_platform.text.batch import TextBatch

DATATROVE = Rules(1000, (".", "?", "!", '"', "'"), ("...",), 3, False, True, True, True, True, False)
RELEASED = Rules(1000, (".", "?", "!", '"'), ("...",), 5, True, True, True, True, True, True)
PIECES = [
    "lorem ipsum",
    "JavaScript",
    "java[1]script",
    "Terms of Use",
    "use cooKies",
    "{",
    "[12]",
    "[１２]",
    "[edit]",
    "[citation needed]",
    "[x]",
]
PIECES += [
    "one two three four five",
    "...",
    ".",
    '"',
    "'",
    "!",
    "\n",
    "\r\n",
    "\u2028",
    " ",
    "\t",
    "w" * 1001,
    "a mug.",
    "mug",
    "İ",
    "中文。",
]


def pages():
    return st.lists(st.lists(st.sampled_from(PIECES) | texts(4), max_size=12).map(" ".join), max_size=4)


@settings(deadline=None, max_examples=60)
@given(pages(), st.sampled_from([DATATROVE, RELEASED]))
def test_a_line_gets_the_verdict_of_the_plain_code(pages, rules):
    page = sheet(TextBatch.of(pages), phrases_of(("mug",), BETWEEN_OTHER_LETTERS))
    verdict, ending = verdicts(page, rules)

    for d, text in enumerate(pages):
        last = ending[d] + 1 if ending[d] >= 0 else page.document_line[d + 1]
        lines = range(page.document_line[d], last)
        got = [(LINE_RULES[verdict[i]], page.cleaned.bytes(i).decode()) for i in lines]
        assert got == c4_lines(text, rules, ("mug",))


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("One sentence. And another! A third?", 3),
        ("Mr. Smith of Acme Inc. met Dr. Lee, i.e. the doctor.", 1),
        ('He said: "Go." Then he left.', 2),
        ("Pi is 3.14 and e is 2.718.", 1),
        ("It ended.Then it began.", 2),
        ("See www.Example.com for more.", 1),
        ("The U.S. is large. The USA. is odd.", 3),
        ("Wait... what?! Yes.", 2),
        ("1. First point", 2),
        ("No mark at all", 1),
        ("", 1),
        ("今天天气很好。我们去公园！你呢？", 1),
        ("今天天气很好。 我们去公园！ 你呢？", 3),
        ("Senator, R-Neb., spoke.", 1),
        ("Done. -- The end", 2),
        ("Great. 😀 Really", 2),
    ],
)
def test_sentences_are_counted_as_spacy_counts_them(line, sentences):
    assert count_sentences(TextBatch.of([line]).documents).tolist() == [sentences]


def test_full_width_marks_end_sentences_wherever_they_stand_where_that_is_asked():
    lines = TextBatch.of(
        ["今天天气很好。我们去公园！你呢？", "他说：“好。”然后走了。", "English only. Here."]
    ).documents

    assert count_sentences(lines, wide=True).tolist() == [3, 2, 2]


def test_chinese_characters_are_words_where_that_is_asked():
    batch = TextBatch.of(["今天 is 好，天"])

    assert sheet(batch, phrases_of()).words.tolist() == [3]
    assert sheet(batch, phrases_of(), wide=True).words.tolist() == [5]


@pytest.mark.parametrize(
    ("flank", "found"), [(ANYWHERE, [1, 1, 1, 1]), (BETWEEN_OTHER_LETTERS, [0, 1, 0, 0]), (WORD, [1, 1, 0, 1])]
)
def test_a_phrase_asks_for_its_neighbours(flank, found):
    texts = TextBatch.of(["mug", "a mug.", "smugly", "我 mug"]).documents

    assert np.minimum(count_phrases(texts, Phrases.of({}, {"mug": 1}, flank)), 1).tolist() == found

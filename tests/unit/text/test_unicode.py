import re
import string
import unicodedata

import pytest
from texts import EVERY_CHARACTER

from corpus_platform.text import unicode
from corpus_platform.text.wide import SPACES, WORD_CHARACTERS


def is_cased_otherwise(c):
    # As part of a text; alone, a title-case letter is neither.
    return c.islower() or unicodedata.category(c) == "Lt"


@pytest.mark.parametrize(
    ("flag", "test"),
    [
        (unicode.WORD, lambda c: re.match(r"\w", c) is not None),
        (unicode.SPACE, lambda c: re.match(r"\s", c) is not None),
        (unicode.SPACE, str.isspace),
        (unicode.SPACE, lambda c: c.strip() == ""),
        (unicode.SPACE, lambda c: f"a{c}b".split() == ["a", "b"]),
        (unicode.LINE_BREAK, lambda c: len(f"a{c}b".splitlines()) == 2),
        (unicode.ALPHABETIC, str.isalpha),
        (unicode.ALPHANUMERIC, str.isalnum),
        (unicode.UPPER, lambda c: f"{c}1".isupper()),
        (unicode.NOT_UPPER, lambda c: not f"{c}A".isupper()),
        (unicode.NOT_UPPER, is_cased_otherwise),
        (unicode.LOWER_CASE, str.islower),
        (unicode.NUMERIC, str.isnumeric),
        (unicode.DECIMAL, str.isdecimal),
        (unicode.DIGIT_CHARACTER, str.isdigit),
        (unicode.ASCII_LETTER, lambda c: c in string.ascii_letters),
        (unicode.ASCII_PUNCTUATION, lambda c: c in string.punctuation),
        (unicode.PUNCTUATION, lambda c: unicodedata.category(c)[0] == "P"),
        (unicode.SYMBOL, lambda c: unicodedata.category(c)[0] == "S"),
        (unicode.MARK, lambda c: unicodedata.category(c) == "Mn"),
        (unicode.CONTROL, lambda c: unicodedata.category(c) == "Cc"),
        (unicode.LETTER_OR_MARK, lambda c: unicodedata.category(c)[0] in "LM"),
    ],
)
def test_a_fact_is_what_python_says_of_each_character(flag, test):
    facts = unicode.facts()

    assert [c for c in EVERY_CHARACTER if test(c) != bool(facts[ord(c)] & flag)] == []


@pytest.mark.parametrize(
    ("flag", "name", "beside"),
    [
        (unicode.HAN, "CJK UNIFIED IDEOGRAPH", "中䶿𠀀"),
        (unicode.HAN, "CJK COMPATIBILITY IDEOGRAPH", "\uf900"),
        (unicode.KANA, "HIRAGANA LETTER", "あゖ"),
        (unicode.KANA, "KATAKANA LETTER", "アヺㇰ"),
        (unicode.KANA, "HALFWIDTH KATAKANA LETTER", "ｱ"),
        (unicode.HANGUL, "HANGUL SYLLABLE", "한"),
        (unicode.HANGUL, "HANGUL CHOSEONG", "ᄀ"),
    ],
)
def test_scripts_hold_all_characters_of_their_name(flag, name, beside):
    facts = unicode.facts()

    named = [c for c in EVERY_CHARACTER if unicodedata.name(c, "").startswith(name)]
    assert set(beside) <= set(named)
    assert [c for c in named if not facts[ord(c)] & flag] == []


def test_punctuation_and_other_scripts_are_not_chinese():
    facts = unicode.facts()

    assert [c for c in "，。、「」・aЖ1한 ⺀" if facts[ord(c)] & (unicode.HAN | unicode.KANA)] == []


def test_decompositions_and_combining_classes_are_those_of_python():
    table = unicode.decompositions()

    def decomposed(c):
        at = table.offset[ord(c)]
        parts = table.characters[at + 1 : at + 1 + table.characters[at]] if at else [ord(c)]
        return "".join(map(chr, parts))

    assert [c for c in EVERY_CHARACTER if decomposed(c) != unicodedata.normalize("NFD", c)] == []
    assert [c for c in EVERY_CHARACTER if table.combining[ord(c)] & 0xFF != unicodedata.combining(c)] == []


def test_the_wide_loads_know_the_same_ascii_characters():
    facts = unicode.facts()

    for ranges, flag in ((WORD_CHARACTERS, unicode.WORD), (SPACES, unicode.SPACE)):
        inside = [c for low, high in ranges for c in range(low, high + 1)]
        assert inside == [c for c in range(128) if facts[c] & flag]

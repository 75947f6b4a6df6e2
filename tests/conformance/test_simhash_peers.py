"""SimHashes against those that the code of RedPajama-1T, MNBVC and ROOTS gives for the same texts.

Values: `simhash` 2.1.2 with RedPajama-1T's `get_features` (data_prep/book/dedup.py) and with its own features, which are MNBVC's; `simhash-pybind` 0.0.3 with
the windows of bigscience-workshop/data-preparation (01b_oscar_cleaning_and_filtering/deduplicate), null where there is no window.
"""

import pytest

from corpus_platform.dedup.simhash import SimHashKeys
from corpus_platform.text.batch import TextBatch

TEXTS = [
    "",
    "abc",
    "Hello, World! It is 12 o'clock.",
    "the quick brown fox jumps over the lazy dog and runs away",
    "one two  three four\nfive six seven eight",
    "中文网络文本去重：这是一个例子，我们看看。",
    "中文",
    "a b c d e f g",
    "Straße İstanbul ΣΑΣ — naïve café №5",
    "x" * 20 + " " + "y" * 7,
]
BOOKS = [
    *(0xE9800998ECF8427E, 0xD6963F7D28E17F72, 0x10D9A0D5D1DF8F39, 0x9D212FA065100135, 0xC802E57119DE7CA0),
    *(0x42AFBCD46841804A, 0x067903D8077C4A07, 0x4028181480049484, 0x1B408246C0604470, 0xB5157698ACFD7AEE),
]
MNBVC = [
    *(0xE9800998ECF8427E, 0xD6963F7D28E17F72, 0x928D3E1007FE301C, 0x0F0E7691928A8CCB, 0x1EAC4797060A475A),
    *(0x3E3ECF1094085A46, 0x067903D8077C4A07, 0x94C1A4C0C61AA28C, 0x112DCD0289A81BE1, 0xDE58F63A59077499),
]
ROOTS_WORDS = [
    *(None, None, None, 0xB8C608B28E0E02C5, 0x188002122422244E),
    *(None, None, 0x6B7A59F92F21D297, 0xC19D5C56D24F6028, None),
]
ROOTS_CHARACTERS = [
    *(None, None, 0xB3111EBADA2A2059, 0x4C1413F5D10A4897, 0x8888F92BD0A2DC6A),
    *(0x2A1B23020142C985, None, 0x74D7217E733BD98B, 0xD1D6D70FAB10D1A6, 0xDAD3A37AA9D50688),
]


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (SimHashKeys("letters", "character", 6, "md5_64", distance=5, reference=True), BOOKS),
        (SimHashKeys("words", "character", 4, "md5_64", distance=3, reference=True), MNBVC),
        (SimHashKeys("unpunctuated", "word", 6, "md5", distance=4, blocks=6, reference=True), ROOTS_WORDS),
        (SimHashKeys("unpunctuated", "character", 6, "md5", distance=4, blocks=6, reference=True), ROOTS_CHARACTERS),
    ],
    ids=["redpajama_1t_books", "mnbvc", "roots_oscar", "roots_oscar_zh"],
)
def test_values_are_those_of_the_system(family, expected):
    values, has = family.values(TextBatch.of(TEXTS))

    assert [value if one else None for value, one in zip(values.tolist(), has, strict=True)] == expected

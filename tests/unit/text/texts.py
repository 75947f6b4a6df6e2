"""Texts for property tests, with the corners of the field: other scripts, case, white space, controls, line ends."""

from hypothesis import strategies as st

WHITE_SPACE = [chr(c) for c in range(0x3001) if chr(c).isspace()]
CORNERS = [
    *("Σ", "σ", "ς", "ΑΣ", "ΑΣ.", "Σα", "İ", "I", "ı", "ß", "ẞ", "K", "Å", "Ⱥ", "ǅ", "ﬁ", "ʰ", "𐐀", "🄰"),
    *("\u0345", "\u0301", "\u00ad", "\u200b", "\u200d", "'", "·", ":", ".", "\ufeff"),
    *("0", "9", "１", "٣", "߀", "𝟘", "²", "Ⅷ", "½"),
    *(
        "，",
        "。",
        "、",
        "„",
        "”",
        "“",
        "«",
        "»",
        "」",
        "「",
        "《",
        "》",
        "´",
        "∶",
        "：",
        "？",
        "！",
        "（",
        "）",
        "；",
        "–",
    ),
    *("—", "．", "～", "’", "…", "━", "〈", "〉", "【", "】", "％", "►", "—", "-", "!"),
    *("\x00", "\x01", "\x1f", "\x7f", "\x80", "\x9f", "\n", "\r", "\r\n", "\u2028", "\u180e"),
    *("中", "文", "２０２４年", "あ", "한", "й", "é", "e\u0301", "😀", "👩\u200d🔬", "a", "Z", " ", "  "),
    *WHITE_SPACE,
]
EVERY_CHARACTER = [
    chr(c) for c in [*range(0xD800), *range(0xE000, 0x33480), *range(0xE0000, 0xE0200), 0xF0000, 0x10FFFF]
]
"""All that is assigned in Unicode 14 (planes 0 to 3 and 14), and two that are not."""


def texts(max_size=40):
    """Any text, and text made of corners."""
    corners = st.lists(st.sampled_from(CORNERS), max_size=max_size).map("".join)
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size)
    return corners | anything


def batches_of_texts():
    return st.lists(texts(), max_size=6)


def pages():
    """Texts of a few hundred characters in which words, phrases and lines come back."""
    word = st.sampled_from(
        ["a", "ab", "b", "the", "The", "of", "10", "1", "0", "don't", "x_y", "...", "#", "internationalisation"]
    )
    between = st.sampled_from([" ", " ", " ", "\n", ". ", "\r\n", "\t", "", "\x1c"])
    phrase = st.lists(st.tuples(word | texts(4), between), max_size=12).map(lambda pairs: "".join(map("".join, pairs)))
    return st.lists(phrase, max_size=4).flatmap(
        lambda phrases: st.lists(st.sampled_from(phrases or [""]), max_size=10).map("".join)
    )


def batches_of_pages():
    return st.lists(texts() | pages(), max_size=5)

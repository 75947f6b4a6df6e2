"""Tells text from mojibake: how much a decoded page looks like something that people wrote.

`plausibility(text)` is a mean over the characters beyond ASCII: about 0.6 for good text of any script, and below 0.4, often below 0, for text decoded
with a wrong charset. It looks at which characters there are (common Han characters, Hangul syllables and letters against rare ones, letters
against symbols, controls and U+FFFD), runs of accented Latin letters (`Ïðèâåò`), capitals after small letters (`оПХБЕР`), words of two alphabets,
and Han characters that stand alone. It can't tell one Latin alphabet from another.

It compares decodings of the same bytes; it says nothing about the quality of the text, and pure ASCII is always plausible.

Not here: which decodings are tried (charset.py).
"""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SAMPLE = 200_000
"""Characters of a text that are looked at."""

_BAD, _SYMBOL, _MARK, _RARE, _COMMON, _LETTER, _FREQUENT = -3.0, -0.4, 0.3, -0.8, 0.4, 0.6, 1.0

_FREQUENT_HAN = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定"
    "天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利"
    "什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少"
    "這個們來為國說時會對後過發們當沒動經實現長機間問與無從開見應將業點關體東門話產內員聲處義條氣題變總電數愛記計區號車書覺學樣還進種麼樂買賣網頁頭請語讀報輯"
    "年月日時分者本会社新聞記事情報東京大学県市町村前後上下中第回目用手国間見行今何入出言思気持私方的"
)
_FREQUENT_HANGUL = (
    "이다는의에가을고하지사한로기은를도대자시아어나서인리스일정그해수만보부상전제라으들있것구장주국성원한공안면"
    "비세소과경오무동조여우마연선방신용회관까터드었했했합니까네요습됩입며와게때문"
)

_FREQUENT_LETTERS = "оеаинтсрвлкдмпαοιετσνηυρπκיוהלאמרתבשםנالينموتربานรอกเงมยลวดท่้ั"
_RARE_LETTERS = "щшъэюфцґψξφζβχףץזטגסظغثذضزؤئฆฌฎฏฐฑฒฬฮฃฅ"


class _Tables(NamedTuple):
    """What is known of each UTF-16 unit."""

    weight: NDArray[np.float32]
    alphabet: NDArray[np.uint8]
    lower: NDArray[np.bool_]
    upper: NDArray[np.bool_]


def plausibility(text: str) -> float:
    """How much the characters beyond ASCII look like written text: about 0.6 for good text, 1.0 where there are none."""
    table = _tables()
    units = np.frombuffer(text[:SAMPLE].encode("utf-16-le", "surrogatepass"), dtype=np.uint16)
    weight = table.weight[units]
    beyond = units >= 0x80
    counted = beyond | (weight == _BAD)
    total = int(counted.sum())
    if total == 0:
        return 1.0
    alphabet = table.alphabet[units]
    either_beyond = beyond[:-1] | beyond[1:]
    turned = int((table.lower[units[:-1]] & table.upper[units[1:]] & either_beyond).sum())
    before, after = alphabet[:-1], alphabet[1:]
    mixed = int(((before != after) & (before > _NONE) & (after > _NONE) & either_beyond).sum())
    faults = (
        1.5 * turned + mixed + 1.5 * _doubled_accents(beyond & (alphabet == _LATIN)) + 1.5 * _lone(alphabet == _HAN)
    )
    return (float(weight[counted].sum()) - faults) / total


def _doubled_accents(accented: NDArray[np.bool_]) -> float:
    """Accented letters that follow one another, beyond the quarter that some languages have (`créée`); a wrong windows-1252 has mostly such."""
    doubled = int((accented[:-1] & accented[1:]).sum())
    return max(0.0, doubled - 0.25 * float(accented.sum()))


def _lone(han: NDArray[np.bool_]) -> float:
    """Han characters, kana and Hangul that stand alone, beyond 30%; a quotation mark and a letter in windows-1252 are one such in Shift_JIS."""
    beside = np.zeros_like(han)
    beside[1:] |= han[:-1]
    beside[:-1] |= han[1:]
    lone = int((han & ~beside).sum())
    return max(0.0, lone - 0.3 * float(han.sum()))


_NONE, _LATIN, _CYRILLIC, _GREEK, _HAN, _OTHER = range(6)


@cache
def _tables() -> _Tables:
    """Made once per process, in some 50 ms."""
    characters = [chr(code) for code in range(0x10000)]
    weight = np.array([_weight(character) for character in characters], dtype=np.float32)
    alphabet = np.zeros(0x10000, dtype=np.uint8)
    for first, last, which in _ALPHABETS:
        alphabet[first:last] = which
    alphabet[[code for code in range(0x250) if not characters[code].isalpha()]] = _NONE
    # A Greek or Cyrillic letter may be a symbol inside Latin text (µ, α-helix): the micro sign is not a word of two alphabets.
    alphabet[[0xB5, 0xAA, 0xBA]] = _NONE
    lower = np.array([character.islower() for character in characters])
    upper = np.array([character.isupper() for character in characters])
    _weigh_han_and_hangul(weight)
    return _Tables(weight, alphabet, lower, upper)


_ALPHABETS = (
    (0x41, 0x250, _LATIN),
    (0x1E00, 0x1F00, _LATIN),
    (0x370, 0x400, _GREEK),
    (0x400, 0x530, _CYRILLIC),
    (0x530, 0x590, _OTHER),
    (0x5D0, 0x5F3, _OTHER + 1),
    (0x620, 0x660, _OTHER + 2),
    (0x671, 0x6D4, _OTHER + 2),
    (0xE01, 0xE3B, _OTHER + 3),
    (0xE40, 0xE4F, _OTHER + 3),
    (0x3041, 0x3100, _HAN),
    (0x3400, 0xA000, _HAN),
    (0xAC00, 0xD7A4, _HAN),
    (0xFF61, 0xFFA0, _HAN),
)

_BY_CATEGORY = {
    "Lu": 0.3,
    "Ll": _LETTER,
    "Lt": _LETTER,
    "Lo": _LETTER,
    "Lm": 0.0,
    "Mn": 0.5,
    "Mc": 0.5,
    "Me": -0.2,
    "Nd": 0.3,
    "Nl": 0.1,
    "No": -0.1,
    "Zs": _MARK,
    "Zl": _MARK,
    "Zp": _MARK,
    "Sc": 0.1,
    "Sk": _SYMBOL,
    "Sm": _SYMBOL,
    "So": _SYMBOL,
    "Cf": -0.2,
    "Cc": _BAD,
    "Cn": _BAD,
    "Co": _BAD,
    # Half of a character beyond the first plane: an emoji, a rare Han character.
    "Cs": 0.0,
}


_BY_CHARACTER = (
    ("\t\n\r\f", 0.0),
    ("‘’“”„–—…«»•€£©®°·×\xa0", 0.5),
    ("¤¦¬ªº¹²³ƒÿ¸¨´¯", _SYMBOL),
    (_FREQUENT_LETTERS, 0.75),
    (_RARE_LETTERS, 0.1),
    ("".join(map(chr, range(0x2500, 0x25A0))), -0.6),  # box drawing
    ("".join(map(chr, range(0xFF61, 0xFFA0))), -0.6),  # half-width katakana
)


def _weight(character: str) -> float:
    """Weight of one character, Han and Hangul aside."""
    code = ord(character)
    if code == 0xFFFD:
        return _BAD
    if _is_unusual_cyrillic(code):
        return 0.1
    for characters, weight in _BY_CHARACTER:
        if character in characters:
            return weight
    category = unicodedata.category(character)
    return _MARK if category[0] == "P" else _BY_CATEGORY[category]


def _is_unusual_cyrillic(code: int) -> bool:
    """Letters that Russian, Ukrainian and Bulgarian do without; Serbian, Macedonian and others use few of them at a time."""
    return 0x400 <= code < 0x530 and code not in range(0x410, 0x450) and chr(code) not in "ЁёІіЇїЄє"


def _weigh_han_and_hangul(weight: NDArray[np.float32]) -> None:
    """Common are the first levels of GB 2312, Big5 and JIS X 0208, and the syllables of KS X 1001; frequent are those of any page."""
    weight[0x3400:0xA000] = _RARE
    weight[0xF900:0xFB00] = _RARE
    weight[0xAC00:0xD7A4] = _RARE
    grids = (
        ("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
        ("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF)),
        ("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)),
        ("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF))),
    )
    for codec, leads, trails in grids:
        grid = bytes(byte for lead in leads for trail in trails for byte in (lead, trail))
        weight[[ord(character) for character in set(grid.decode(codec, "ignore")) if ord(character) >= 0x3400]] = (
            _COMMON
        )
    weight[0x3041:0x3094] = _LETTER
    weight[0x30A1:0x30FF] = _LETTER
    weight[[ord(character) for character in _FREQUENT_HAN + _FREQUENT_HANGUL]] = _FREQUENT

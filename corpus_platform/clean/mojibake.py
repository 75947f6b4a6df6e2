"""Text that was decoded with a wrong charset, read again with the right one: only where the second reading is certain.

A line is repaired, or left as it is. In this order:
- GBK bytes read as Latin-1 or windows-1252 (`ÖÐÎÄ`): every run of such letters must be pairs of GB 2312's common rows;
- UTF-8 bytes read as GBK (`涓枃鏂囨湰`): the whole line must be UTF-8 again, and hold more common Chinese characters than before;
- all that ftfy repairs: UTF-8 read as Latin-1, windows-125x, Mac Roman and the like, several times over too.
What a wrong reading has lost (`锟斤拷`, question marks, U+FFFD) is lost: such lines stay.
Source: Robyn Speer's ftfy (as a library; its repair of encodings alone, without replacing what was lost).

Promise: good text stays: a repaired line is valid in its new charset to the last byte, or has passed ftfy's own test.

Not here: charsets of bytes (extract/charset.py), full-width forms and normal forms (characters.py).
"""

from __future__ import annotations

import re
from functools import cache

import polars as pl

from corpus_platform.clean.edits import Cleaned, Editing, found_in

_LEADS = (0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEF)
_LATIN_RUN = re.compile(r"[^\x00-\x7f]+")
_IN_A_WORD = re.compile(r"[A-Za-z][^\x00-\x7f]{2}(?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\x00-\x7f]{2}[A-Za-z]")
"""One pair beside an ASCII letter: `schÃ¶n` is no Chinese."""
_BESIDE = r"[\x80-\u052f][^\x00-\x7f]|[^\x00-\x7f][\x80-\u052f]"
"""Two characters beyond ASCII side by side, one of them Latin, Greek or Cyrillic: all mojibake of single-byte charsets has such a pair."""
_LEAST_PAIRS, _LEAST_HAN, _COMMON_SHARE = 3, 3, 0.8


def repaired(texts: pl.Series, *, chinese: bool, trace: bool) -> Cleaned:
    """Texts with every line read again that was read wrongly; `chinese` asks for the two readings that ftfy does not know."""
    editing = Editing(texts, trace=trace)
    suspicious = _suspicious()
    rows = texts.str.contains(suspicious).arg_true()
    if not len(rows):
        return editing.done()
    lines = found_in(texts, rf"(?m)^.*(?:{suspicious}).*$", "", rows)
    known = {line: _read_again(line, chinese=chinese) for line in lines["piece"].unique()}
    read = [known[line] for line in lines["piece"]]
    found = lines.with_columns(
        put=pl.Series([text for text, _ in read], dtype=pl.String),
        rule=pl.Series([rule for _, rule in read], dtype=pl.String),
    )
    editing.take(found.filter(pl.col("put") != pl.col("piece")))
    return editing.done()


@cache
def _suspicious() -> str:
    """What a line to look at holds: a pair of odd neighbours, or a character that stands for the first two bytes of a Chinese one in UTF-8."""
    return f"{_BESIDE}|[{_halves()}]"


@cache
def _halves() -> str:
    pairs = [bytes((lead, second)).decode("gb18030", "ignore") for lead in _LEADS for second in range(0x80, 0xC0)]
    return "".join(sorted({pair for pair in pairs if len(pair) == 1}))


def _read_again(line: str, *, chinese: bool) -> tuple[str, str]:
    """The line as it was meant, or as it is, and what was wrong."""
    if chinese:
        for read, rule in ((_as_gbk(line), "gbk_read_as_latin"), (_as_utf8(line), "utf8_read_as_gbk")):
            if read is not None:
                return read, rule
    return _by_ftfy(line), "ftfy"


def _by_ftfy(line: str) -> str:
    import ftfy  # noqa: PLC0415  (its tables)

    if not re.search(_BESIDE, line):
        return line
    read = ftfy.fix_encoding(line, replace_lossy_sequences=False, fix_c1_controls=False)
    return read if read.count("\ufffd") <= line.count("\ufffd") else line


def _as_gbk(line: str) -> str | None:
    """Of `ÖÐÎÄ`: 中文."""
    if _IN_A_WORD.search(line):
        return None
    runs = _LATIN_RUN.findall(line)
    pairs = 0
    for run in runs:
        data = _single_bytes(run)
        if data is None or len(data) % 2 or not _is_common(data) or _is_an_alphabet(run):
            return None
        pairs += len(data) // 2
    if pairs < _LEAST_PAIRS or all(len(run) == 2 for run in runs):
        return None
    return _LATIN_RUN.sub(lambda match: (_single_bytes(match[0]) or b"").decode("gb2312"), line)


def _is_an_alphabet(run: str) -> bool:
    """Letters in their order, as in a table of characters."""
    return len(run) > 2 and list(run) == sorted(set(run))


def _single_bytes(run: str) -> bytes | None:
    for charset in ("latin-1", "cp1252"):
        try:
            return run.encode(charset)
        except UnicodeEncodeError:
            continue
    return None


def _is_common(data: bytes) -> bool:
    """Pairs of GB 2312: its 3,755 common characters, and the rows of punctuation and full-width forms; more of the former."""
    leads = data[::2]
    han = sum(0xB0 <= lead <= 0xD7 for lead in leads)
    marks = sum(lead in (0xA1, 0xA3) for lead in leads)
    if han + marks != len(leads) or han < marks:
        return False
    try:
        data.decode("gb2312")
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(line: str) -> str | None:
    """Of `涓枃鏂囨湰`: 中文文本."""
    for charset in ("gbk", "gb18030"):
        try:
            read = line.encode(charset).decode("utf-8")
        except UnicodeError:
            continue
        if len(read) < len(line) and _common(read)[0] >= _LEAST_HAN and _share(read) > max(_share(line), _COMMON_SHARE):
            return read
    return None


def _common(text: str) -> tuple[int, int]:
    """Han characters of GB 2312's common rows, and all of them."""
    han = [c for c in text if "\u3400" <= c <= "\u9fff"]
    data = "".join(han).encode("gb2312", "ignore")
    return sum(0xB0 <= lead <= 0xD7 for lead in data[::2]), len(han)


def _share(text: str) -> float:
    common, every = _common(text)
    return common / every if every else 0.0

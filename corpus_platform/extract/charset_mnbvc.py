"""The charset of Chinese text files as MNBVC finds it: by what the common characters of the language make of the bytes, chunk by chunk.

Each chunk of 2,000 bytes has a vote: the first charset, in a fixed order, in which it holds a Latin letter, a Chinese mark or one of the 150 commonest
characters; where none does, a detector's. Bytes that a charset does not have are left out, so that in reference a GBK chunk with a single Latin letter
votes for UTF-8. By default a charset must be able to read the chunk, and the one in which the largest share of it is common has the vote.
Source: alanshi/charset_mnbvc bf98c7a, api.py.

Not here: pages, which declare their charset (charset.py).
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import TYPE_CHECKING

from resiliparse.parse.encoding import detect_encoding

from corpus_platform.extract.labels import codec_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CANDIDATES = ("utf_8", "utf_16", "gb18030", "big5", "gb2312", "gbk")
"""Charsets in the order in which they are asked, under Python's names."""
CHUNK = 2000

_COMMON_HAN = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定"
    "天分还进好小部其些主样理心她本前开但因只从想实"
)
_TRADITIONAL = "這個們來為國說時會對後過發作裡種經麼學現當沒動還進樣開實無長門見問間話"
_MARKS = "。；，：“”（）、？《》\u3000"
_TELLING = re.compile(f"[a-zA-Z{_MARKS}{_COMMON_HAN}]")
_COMMON = re.compile(f"[{_MARKS}{_COMMON_HAN}{_TRADITIONAL}！…—]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_MOST_LOST = 0.02
_BOMS = ((codecs.BOM_UTF8, "utf_8"), (codecs.BOM_UTF16_LE, "utf_16"), (codecs.BOM_UTF16_BE, "utf_16"))


def mnbvc_charset(data: bytes, candidates: Sequence[str] = CANDIDATES, *, reference: bool = False) -> str | None:
    """The charset of a text's bytes by the votes of its chunks: one of the candidates, else what a detector says; None where nothing is known.

    `candidates` are Python's names of charsets (of MNBVC's own in reference): few of them make short texts sure. An empty text has none.
    """
    wanted = tuple(name.lower().replace("-", "_") for name in candidates)
    chunks = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
    if reference:
        votes = Counter(_reference_vote(chunk, wanted) for chunk in chunks)
    else:
        mark = next((charset for bom, charset in _BOMS if data.startswith(bom) and charset in wanted), None)
        if mark:
            return mark
        votes = Counter(vote for chunk in chunks if (vote := _vote(chunk, wanted)))
        if not votes and data.isascii() and data:
            return next((name for name in wanted if name != "utf_16"), None)
    return votes.most_common(1)[0][0] if votes else None


def _reference_vote(chunk: bytes, wanted: Sequence[str]) -> str | None:
    fitting = [name for name in CANDIDATES if _TELLING.search(chunk.decode(name, "ignore"))]
    fitting = fitting or [found for found in [_detected(chunk)] if found]
    return next((name for name in fitting if name in wanted), None)


def _vote(chunk: bytes, wanted: Sequence[str]) -> str | None:
    """The charset that reads the chunk and makes most of it common; None of a chunk in ASCII, which tells nothing."""
    if chunk.isascii() and b"\0" not in chunk:
        return None
    shares = dict(_shares(chunk, wanted))
    if not shares or max(shares.values()) <= 0:
        detected = _detected(chunk)
        return detected if detected in wanted or not shares else next(iter(shares))
    return max(shares, key=lambda name: shares[name])


def _shares(chunk: bytes, wanted: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Charsets that can read the chunk, each with the share of common ones among its characters beyond ASCII; of equals the first counts."""
    for name in wanted:
        # A chunk may begin inside a character of two bytes; then all that follows is read askew.
        found = [share for start in (0, 1) if (share := _share(chunk[start:], name)) is not None]
        if found:
            yield name, max(found)


def _share(chunk: bytes, charset: str) -> float | None:
    text = chunk.decode(charset, "replace")
    beyond = len(_BEYOND_ASCII.findall(text))
    if text[2:-2].count("\ufffd") > _MOST_LOST * max(beyond, 1) or "\0" in text:
        return None
    return round(len(_COMMON.findall(text)) / max(beyond, 1), 3)


def _detected(chunk: bytes) -> str | None:
    """A detector's word for a chunk, under a name of the candidates where it is one."""
    codec = codec_of(detect_encoding(chunk, html5_compatible=False))
    return None if codec is None else codec.replace("-", "_")

"""Bytes of a page -> text, by the charset that the bytes are in, which need not be the one that is declared.

In this order: byte order mark; valid UTF-8; HTTP header; meta tag or XML declaration; detection by resiliparse; and where none of these gives plausible
text, every charset that is known. Declared charsets are tried on the bytes and judged by `plausibility`: a page declared ISO-8859-1 that
is Chinese, or UTF-8 that is not, is found by its text. A character cut off at the end of the body is dropped.

Promise: `decode` never fails, and the text holds no surrogates.

Not here: names of charsets (labels.py), what good text looks like (plausibility.py).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.lang import detect_fast

from corpus_platform.extract.labels import codec_of, name_of
from corpus_platform.extract.plausibility import plausibility

if TYPE_CHECKING:
    from collections.abc import Iterator

Source = Literal["declared_http", "declared_meta", "bom", "detected", "default"]
"""What told the charset. `detected` stands for valid UTF-8 that nobody declared too; `default` is UTF-8 for pages in pure ASCII."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body as text."""

    text: str
    charset: str
    """Name of the charset that was used, as the WHATWG names it, in lower case."""
    source: Source
    replaced: int
    """Bytes or byte sequences that the charset does not have: U+FFFD that decoding put into the text."""
    declared_http: str | None
    """Charset that the HTTP header declares, under the same names; None where it declares none, or one that nobody knows."""
    declared_meta: str | None
    """Charset that the page itself declares."""
    garbage: float
    """Share of the text that no text has: controls (NULs aside) and U+FFFD. Above `BINARY` the body is an image, an archive, ..."""


BINARY = 0.05
"""Share of control characters above which bytes are no text; random bytes have 0.11, pages next to none."""

HEAD = 8192
"""Bytes in which a declaration is looked for. The standard says 1024; real pages have scripts before it."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)
_IN_XML = re.compile(rb"^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']\s*([\w.:+-]+)", re.IGNORECASE)
_IN_META = re.compile(rb"<meta\b[^>]{0,400}?\bcharset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)

_WEAK = frozenset({"cp1252"})
"""What servers declare without looking: the declaration says little."""

_VARIANTS = {
    "euc_jp": ("euc_jis_2004",),
    "cp932": ("shift_jis_2004",),
    "big5hkscs": ("cp950",),
    "iso8859-2": ("cp1250",),
    "iso8859-7": ("cp1253",),
    "iso8859-8": ("cp1255",),
    "iso8859-13": ("cp1257",),
    "iso8859-15": ("cp1252",),
    "koi8-r": ("koi8-u",),
}
"""Codecs that pages really mean where the named one leaves holes or control characters."""

_SECOND_OPINION = (
    "cp1252",
    "cp1250",
    "cp1251",
    "koi8-r",
    "iso8859-5",
    "cp866",
    "mac-cyrillic",
    "cp855",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp874",
    "gb18030",
    "big5hkscs",
    "cp932",
    "euc_jp",
    "cp949",
)

_PLAUSIBLE = 0.35
"""Below this a decoding is doubted, and all charsets are tried."""

_FEW, _NOT_WRONG = 8, 0.2
"""With fewer bytes beyond ASCII a declaration is believed, unless what it gives is odd."""

_SAMPLE = 65_536
"""Bytes on which charsets are compared."""

_TRUST_DECLARED, _TRUST_WEAK, _TRUST_DETECTED = 0.10, 0.03, 0.08
"""What a reading gains in plausibility by who says it; one plausible reading differs from another by 0.1 and from mojibake by 0.3 and more."""

_LATIN = frozenset({"cp1250", "cp1257", "mac-roman", *(f"iso8859-{part}" for part in (2, 3, 4, 10, 13, 14, 16))})
"""Charsets of Latin letters that are easily taken for one another. Turkish windows-1254 is not among them: it differs in six letters only."""

_NO_CUTOFF, _CLEARLY = 100_000, 10
"""Distance of resiliparse's language profiles: good text has 200 to 260, one wrong letter in twenty adds 20 or more."""

_MARKUP = re.compile(rb"<[^<>]{0,2000}>")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_HOLE = re.compile(r"[\x80-\x84\x86-\x9f\u2550-\u256c\ufffd]")
_CONTROLS = bytes(byte for byte in (*range(0x20), 0x7F) if byte not in b"\t\n\r\f")


class _Trial(NamedTuple):
    """One reading of the bytes, and how good it is."""

    codec: str
    source: Source
    score: float


def decode(body: bytes, *, http_content_type: str | None = None, is_html: bool = True) -> Decoded:
    """Text of a body of any charset; never fails.

    `http_content_type` is the header's value; `is_html` says that the body may hold a meta tag or an XML declaration.
    """
    http = codec_of(_declared_in_header(http_content_type))
    meta = codec_of(_declared_in_body(body)) if is_html else None
    codec, source, start = _choose(body, http, meta)
    text, codec = _read(body[start:], codec)
    replaced = text.count("\ufffd")
    if replaced and codec == "utf-8":
        replaced -= body.count("\ufffd".encode())
    return Decoded(
        text=text,
        charset=name_of(codec),
        source=source,
        replaced=replaced,
        declared_http=name_of(http) if http else None,
        declared_meta=name_of(meta) if meta else None,
        garbage=_garbage(text),
    )


def _declared_in_header(content_type: str | None) -> str | None:
    found = _IN_HEADER.search(content_type) if content_type else None
    return found[1] if found else None


def _declared_in_body(body: bytes) -> str | None:
    head = body[:HEAD]
    if b"<!--" in head:
        head = _COMMENT.sub(b"", head)
    found = _IN_XML.search(head) or _IN_META.search(head)
    # A declaration that can be read as ASCII can't be in a charset of two-byte units: the standard reads UTF-8 then.
    label = found[1].decode("ascii", "ignore") if found else None
    return "utf-8" if label and (codec_of(label) or "").startswith(("utf-16", "utf-32")) else label


def _choose(body: bytes, http: str | None, meta: str | None) -> tuple[str, Source, int]:
    """Codec, what told it, and the length of the byte order mark."""
    for mark, codec in _BOMS:
        if body.startswith(mark) and (not codec.startswith("utf-32") or _is_valid(body, codec)):
            return codec, "bom", len(mark)
    wide = _wide_units(body)
    if wide:
        return wide, _told_by(wide, http, meta, "detected"), 0
    if body.isascii():
        return (*_choose_among_seven_bit(body, http, meta), 0)
    if _is_valid(body, "utf-8") and not _may_be_chance(body, http, meta):
        return "utf-8", _told_by("utf-8", http, meta, "detected"), 0
    if _control_share(body[:_SAMPLE]) > BINARY:
        return "utf-8", "default", 0
    best = _best_reading(body, http, meta)
    return best.codec, best.source, 0


def _told_by(codec: str, http: str | None, meta: str | None, otherwise: Source) -> Source:
    """Who declared the codec that was found."""
    if codec == http:
        return "declared_http"
    return "declared_meta" if codec == meta else otherwise


def _wide_units(body: bytes) -> str | None:
    """UTF-16 without a mark, told by where the zero bytes of its ASCII characters are; where they are few, the text decides."""
    head = body[:2048]
    if b"\0" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    codec = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 20 > max(even, odd):
        return None
    many = max(even, odd) * 10 > len(head)
    return codec if many or _score(head, codec) > _PLAUSIBLE else None


def _choose_among_seven_bit(body: bytes, http: str | None, meta: str | None) -> tuple[str, Source]:
    """ASCII, or one of the charsets that hide in it."""
    declared = next((codec for codec in (http, meta) if codec and not codec.startswith(("utf-16", "utf-32"))), None)
    if declared and declared.startswith(("iso2022", "hz")):
        return declared, _told_by(declared, http, meta, "detected")
    if b"\x1b$B" in body or b"\x1b$@" in body:
        return "iso2022_jp_ext", "detected"
    if declared:
        return declared, _told_by(declared, http, meta, "default")
    return "utf-8", "default"


def _may_be_chance(body: bytes, http: str | None, meta: str | None) -> bool:
    """Whether so few bytes beyond ASCII, declared as something else, may be valid UTF-8 by chance (a lone `联通` in GBK is)."""
    others = {codec for codec in (http, meta) if codec and codec != "utf-8"} - _WEAK
    return bool(others) and "utf-8" not in (http, meta) and len(body) - len(body.decode("utf-8", "ignore")) < 6


def _best_reading(body: bytes, http: str | None, meta: str | None) -> _Trial:
    """The most plausible of the declared and detected charsets; declarations count for something."""
    sample = _sample(body)
    trials = list(_declared_trials(sample, http, meta))
    believed = _believed(trials, agreed=http == meta, evidence=len(_BEYOND_ASCII.findall(sample)))
    if believed:
        return believed
    trials += _detected_trials(sample, {trial.codec for trial in trials})
    best = max(trials, key=lambda trial: trial.score, default=_Trial("utf-8", "default", -9.0))
    if best.score < _PLAUSIBLE + _TRUST_DECLARED:
        tried = {trial.codec for trial in trials}
        others = [_Trial(codec, "detected", _score(sample, codec)) for codec in _SECOND_OPINION if codec not in tried]
        rival = max(others, key=lambda trial: trial.score)
        best = rival if rival.score > best.score + 0.05 else best
    if best.source == "detected" and best.codec in _LATIN:
        return _likelier_latin(sample, best, http, meta)
    return best


def _believed(trials: list[_Trial], *, agreed: bool, evidence: int) -> _Trial | None:
    """A declared reading that needs no second one: header and page agree on it, or there are too few bytes beyond ASCII to know better."""
    if not trials:
        return None
    best = max(trials, key=lambda trial: (trial.codec not in _WEAK, trial.score))
    if evidence < _FEW:
        return best if best.score > _NOT_WRONG else None
    return best if agreed and best.score > _PLAUSIBLE + 2 * _TRUST_DECLARED else None


def _likelier_latin(sample: bytes, detected: _Trial, http: str | None, meta: str | None) -> _Trial:
    """Windows-1252 instead of another Latin charset where its text is clearly more like some language: all Latin letters are plausible."""
    plain = _MARKUP.sub(b" ", sample)
    (_, far), (_, near) = (
        detect_fast(_read(plain, codec)[0], cutoff=_NO_CUTOFF) for codec in (detected.codec, "cp1252")
    )
    if far - near < _CLEARLY:
        return detected
    return _Trial("cp1252", _told_by("cp1252", http, meta, "detected"), detected.score)


def _declared_trials(sample: bytes, http: str | None, meta: str | None) -> Iterator[_Trial]:
    """Readings by what header and page declare; where they agree, they count twice."""
    for codec in dict.fromkeys(codec for codec in (http, meta) if codec):
        trust = _TRUST_WEAK if codec in _WEAK else _TRUST_DECLARED * ((codec == http) + (codec == meta))
        yield _Trial(codec, _told_by(codec, http, meta, "default"), _score(sample, codec) + trust)


def _detected_trials(sample: bytes, tried: set[str]) -> Iterator[_Trial]:
    """Readings by what the bytes look like."""
    detected = codec_of(detect_encoding(sample, max_len=_SAMPLE, html5_compatible=False))
    if detected and detected not in tried:
        yield _Trial(detected, "detected", _score(sample, detected) + _TRUST_DETECTED)
    if "utf-8" not in tried and detected != "utf-8":
        yield _Trial("utf-8", "detected", _score(sample, "utf-8"))


def _sample(body: bytes) -> bytes:
    """The part of the body from a little before the first byte beyond ASCII; what comes before tells nothing."""
    first = _BEYOND_ASCII.search(body)
    start = max(0, first.start() - 64) if first else 0
    return body[start : start + _SAMPLE]


def _score(sample: bytes, codec: str) -> float:
    """Plausibility of the sample read by a codec or one of its variants."""
    return plausibility(_read(sample, codec)[0])


def _read(body: bytes, codec: str) -> tuple[str, str]:
    """The text, and the codec or the variant of it that leaves fewest holes. A character cut off at the end is dropped."""
    text = _decoded(body, codec)
    variants = _VARIANTS.get(codec, ())
    holes = len(_HOLE.findall(text)) if variants else 0
    for variant in variants if holes else ():
        other = _decoded(body, variant)
        fewer = len(_HOLE.findall(other))
        if fewer < holes:
            text, codec, holes = other, variant, fewer
    return text, codec


def _decoded(body: bytes, codec: str) -> str:
    return codecs.getincrementaldecoder(codec)("replace").decode(body, final=False)


def _is_valid(body: bytes, codec: str) -> bool:
    """Whether the bytes are of the charset, a character cut off at the end aside."""
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(body, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _garbage(text: str) -> float:
    """Share of characters that no text has."""
    if not text:
        return 0.0
    return _control_share(text.encode("utf-8", "replace")) + text.count("\ufffd") / len(text)


def _control_share(data: bytes) -> float:
    """Share of control characters among bytes of ASCII or a superset of it. NULs, with which some programs fill up texts, do not count at all."""
    if b"\0" in data:
        data = data.translate(None, b"\0")
    return (len(data) - len(data.translate(None, _CONTROLS))) / len(data) if data else 0.0

"""Names and tags of languages as their ISO 639 code: `English`, `en-US`, `zho`, `French`.

Not here: telling the language of a text (models/language_id.py).
"""

from __future__ import annotations

import re

_NAMES = {
    "english": "en", "french": "fr", "german": "de", "spanish": "es", "italian": "it", "portuguese": "pt", "dutch": "nl", "finnish": "fi",
    "swedish": "sv", "danish": "da", "norwegian": "no", "icelandic": "is", "chinese": "zh", "japanese": "ja", "korean": "ko", "latin": "la",
    "greek": "el", "ancient greek": "grc",
    "greek, ancient": "grc", "hungarian": "hu", "polish": "pl", "czech": "cs", "russian": "ru", "ukrainian": "uk",
    "bulgarian": "bg", "serbian": "sr", "esperanto": "eo", "catalan": "ca", "galician": "gl",
    "welsh": "cy", "irish": "ga", "hebrew": "he", "arabic": "ar",
    "persian": "fa", "turkish": "tr", "tagalog": "tl", "romanian": "ro", "afrikaans": "af", "yiddish": "yi", "sanskrit": "sa", "estonian": "et",
    "lithuanian": "lt", "latvian": "lv", "slovenian": "sl", "croatian": "hr", "middle english": "enm", "old english": "ang",
    "scots": "sco",
    "vietnamese": "vi", "thai": "th", "hindi": "hi", "bengali": "bn",
    "indonesian": "id", "malay": "ms", "中文": "zh", "汉语": "zh", "文言": "zh", "日本語": "ja",
}  # fmt: skip
_THREE = {
    "eng": "en", "fre": "fr", "fra": "fr", "ger": "de", "deu": "de", "spa": "es", "ita": "it", "por": "pt", "dut": "nl", "nld": "nl", "chi": "zh",
    "zho": "zh", "lzh": "zh", "jpn": "ja", "kor": "ko", "lat": "la", "gre": "el", "ell": "el", "hun": "hu", "pol": "pl", "cze": "cs", "ces": "cs",
    "rus": "ru", "ara": "ar", "fas": "fa", "per": "fa", "tur": "tr", "heb": "he", "swe": "sv", "dan": "da", "nor": "no", "fin": "fi", "vie": "vi",
}  # fmt: skip
_TAG = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]+)*", re.IGNORECASE)


def language_code(name: str | None) -> str | None:
    """The code of a language that a source names; None where it names none, or one that is not known. Of several the first counts."""
    if not name or not name.strip():
        return None
    wanted = name.strip().lower()
    if wanted in _NAMES:
        return _NAMES[wanted]
    first = re.split(r"\s*(?:[;/&,]|\band\b)\s*", wanted)[0]
    if first in _NAMES:
        return _NAMES[first]
    if not _TAG.fullmatch(wanted):
        return None
    code = re.split("[-_]", wanted)[0]
    return None if code in {"und", "mul", "zxx"} else _THREE.get(code, code)

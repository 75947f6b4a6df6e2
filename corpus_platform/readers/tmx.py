"""Translation memories (TMX 1.1 to 1.4): units of segments in any number of languages, as pairs.

Marks inside of a segment (`bpt`, `ept`, `it`, `ph`, `ut`: codes of the format that was translated) go with what is in them; `hi` and `sub` keep their
words, for they are text. A segment of marks alone has no text.
Of a unit with several languages each one besides the source's is a pair with it; the source language is the option's, else the header's `srclang`, else
the unit's first. Languages are compared without their region: `en-US` is `en`.
Source: TMX 1.4b specification (LISA OSCAR, 2005).

Not here: pairs as documents (parallel.py), what makes XML safe (safe_xml.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.parallel import PAIR_REASONS, Pair, ParallelReader, side
from corpus_platform.readers.reader import register_reader
from corpus_platform.readers.rows import unpacked
from corpus_platform.readers.safe_xml import XML_REASONS, events, local_name
from corpus_platform.readers.unpacking import ArchiveError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.reader import SourceDocument, Unit
    from corpus_platform.sources.records import Reject

_CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})
_TAGS_AS_TEXT = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@register_reader
class Tmx(ParallelReader):
    """Units of translation memories."""

    name: ClassVar[str] = "tmx"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = (".tmx", ".tmx.gz", ".tmx.bz2", ".tmx.xz")
    reasons: ClassVar[dict[str, str]] = {**PAIR_REASONS, **XML_REASONS, **ARCHIVE_REASONS}

    source_language: str | None = Field(default=None, description="Language of the sources; the header's by default")
    target_languages: tuple[str, ...] = Field(default=(), description="Languages of the targets; all where it is empty")
    strip_tags: bool = Field(default=True, description="Take out tags that stand in segments as text: `&lt;b&gt;`")

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document for each source with its target, or for a run of them."""
        yield from self.documents(unit, self._pairs(unit))

    def pair_of(self, name: str) -> tuple[str, str] | None:
        """That of the options where they name one target, else that of the file's name."""
        if self.source_language and len(self.target_languages) == 1:
            return self.source_language, self.target_languages[0]
        return super().pair_of(name)

    def _pairs(self, unit: Unit) -> Iterator[Pair | Reject]:
        position = 0
        srclang = self.source_language
        try:
            with unit.open() as stream:
                for element in events(unpacked(stream, unit.name), tags={"header", "tu"}, name=unit.name):
                    if isinstance(element, Problem):
                        yield unit.reject(position, element.reason, element.detail)
                    elif local_name(element) == "header":
                        srclang = srclang or language_code(element.get("srclang"))
                    else:
                        found = self._pairs_of(element, srclang)
                        if not found:
                            yield unit.reject(position, "no_pair", element.get("tuid") or "", broken=False)
                            position += 1
                        for source, target, languages in found:
                            yield Pair(position, source, target, *languages, meta=_said(element))
                            position += 1
        except ArchiveError as error:
            yield unit.reject(position, error.problem.reason, error.problem.detail)

    def _pairs_of(self, element: Any, srclang: str | None) -> list[tuple[str, str, tuple[str, str]]]:
        """Source, target and their languages for each wanted pair of a unit. The first segment of a language counts."""
        segments: dict[str, str] = {}
        for variant in element:
            language = language_code(variant.get(_XML_LANG) or variant.get("lang"))
            if local_name(variant) != "tuv" or not language:
                continue
            segment = next((child for child in variant if local_name(child) == "seg"), None)
            if segment is not None and language not in segments:
                segments[language] = self._text(segment)
        first = srclang if srclang in segments else None
        if first is None and not self.source_language:
            first = next(iter(segments), None)
        if first is None:
            return []
        wanted = self.target_languages or tuple(segments)
        return [
            (segments[first], segments[other], (first, other))
            for other in wanted
            if other != first and other in segments
        ]

    def _text(self, segment: Any) -> str:
        text = side("".join(_words(segment)))
        return side(_TAGS_AS_TEXT.sub(" ", text)) if self.strip_tags and "<" in text else text


def _words(element: Any) -> Iterator[str]:
    """The text of a segment without the codes of its format."""
    yield element.text or ""
    for child in element:
        if local_name(child) not in _CODES:
            yield from _words(child)
        yield child.tail or ""


def _said(element: Any) -> dict[str, Any]:
    """What a unit says of itself."""
    return {"tuid": element.get("tuid")} if element.get("tuid") else {}

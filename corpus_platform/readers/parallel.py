"""Texts in two languages: what all readers of pairs share. A document is a pair, or a run of pairs that follow each other in a file.

Layout of the text: a pair is two lines, the source's and then the target's; an empty line stands between pairs. White space inside of a side is one
space, so that the lines say what is what: the signals `parallel_*` and the forms `source_side` and `target_side` of a dedup read them again.
`category` is the pair of languages (`en-zh`), meta has `source_language`, `target_language` and, of a single pair, `source_text` and `target_text`.

Not here: formats (tmx.py, moses.py, pairs_tsv.py, wmt_xml.py, pairs_zh.py); lengths and languages of the sides (signals/parallel.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.reader import Reader, SourceDocument
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.readers.reader import Unit

PAIR_REASONS = {
    "empty_side": "One side of the pair has no text",
    "copied": "Both sides are the same text: nothing is translated",
    "no_pair": "The unit of a translation memory has no text in two languages, or none in those that are wanted",
}
"""Reasons of rejects of pairs, with their meaning."""
_HARMLESS = frozenset({"empty_side", "copied", "no_pair"})

_CODE = r"[a-z]{2,3}(?:[-_](?:[A-Z]{2}|[A-Z][a-z]{3}))?"
_IN_NAME = re.compile(rf"(?=(?:^|(?<![A-Za-z]))(?P<source>{_CODE})[-_.](?P<target>{_CODE})(?:$|[^A-Za-z]))")
"""In a lookahead, so that of `new.en-zh` both `new.en` and `en-zh` are found."""
_SPACE = re.compile(r"\s+")
_HELD = 1 << 20


@dataclass(frozen=True, slots=True)
class Pair:
    """A source and its target with what is known of them. `position` is the pair's ordinal in its unit."""

    position: int
    source: str
    target: str
    source_language: str
    target_language: str
    group: str = ""
    """What pairs must have in common to be put into one document: the document that they are from."""
    identity: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)


class ParallelReader(Reader):
    """Options of all readers of pairs."""

    source: ClassVar[str] = "parallel"
    reasons: ClassVar[dict[str, str]] = PAIR_REASONS

    pairs_per_document: int = Field(
        default=1, ge=1, le=10_000, description="Pairs of one file, in a row, that make a document"
    )
    keep_copies: bool = Field(default=False, description="Keep pairs whose sides are the same text")
    licence: str | None = Field(default=None, description="Licence of the collection, as SPDX id or address")
    origin: str = Field(default="human", pattern="^(human|model|mixed)$", description="Who wrote the texts")

    def part_of(self, name: str) -> str | None:
        """The pair of languages: that of the options, else of the file's name."""
        pair = self.pair_of(name)
        return pair_name(*pair) if pair else None

    def pair_of(self, name: str) -> tuple[str, str] | None:
        """Source and target language by the options `source_language` and `target_language`, else by a file's name; None where neither says both."""
        named = languages_in(name) or (None, None)
        source = getattr(self, "source_language", None) or named[0]
        target = getattr(self, "target_language", None) or named[1]
        return (source, target) if source and target else None

    def documents(self, unit: Unit, pairs: Iterable[Pair | Reject]) -> Iterator[SourceDocument | Reject]:
        """Documents of pairs, and a Reject for each pair that is none. A run ends where languages or the group change."""
        run: list[Pair] = []
        for pair in pairs:
            if isinstance(pair, Reject):
                yield pair
                continue
            reason = self._unfit(pair)
            if reason:
                yield unit.reject(pair.position, reason, pair.source[:100], broken=reason not in _HARMLESS)
                continue
            if run and (_kin(run[0]) != _kin(pair) or _size(run) > _HELD):
                yield self._document(unit, run)
                run = []
            run.append(pair)
            if len(run) == self.pairs_per_document:
                yield self._document(unit, run)
                run = []
        if run:
            yield self._document(unit, run)

    def _unfit(self, pair: Pair) -> str | None:
        if not pair.source or not pair.target:
            return "empty_side"
        return "copied" if pair.source == pair.target and not self.keep_copies else None

    def _document(self, unit: Unit, run: list[Pair]) -> SourceDocument:
        first = run[0]
        meta: dict[str, Any] = {
            **first.meta,
            "source_language": first.source_language,
            "target_language": first.target_language,
            "pairs": len(run),
        }
        if len(run) == 1:
            meta |= {"source_text": first.source, "target_text": first.target}
        identity = first.identity or f"{unit.name}#{first.position}"
        if len(run) > 1:
            identity = f"{identity}+{run[-1].position - first.position}"
        language = modern(first.source_language)
        return SourceDocument(
            identity=identity,
            position=first.position,
            text="\n\n".join(f"{pair.source}\n{pair.target}" for pair in run),
            title=first.group or None,
            language=language if language == modern(first.target_language) else None,
            content_type="text/plain",
            licence=self.licence,
            category=pair_name(first.source_language, first.target_language),
            origin=self.origin,  # pyright: ignore[reportArgumentType]  (checked by its pattern)
            meta=meta,
        )


def modern(language: str) -> str:
    """The language that a model of languages says of it: classical Chinese is Chinese to it."""
    return "zh" if language == "lzh" else language


def side(text: str | None) -> str:
    """One side of a pair as its line: white space is one space, invisible characters at the ends go."""
    return _SPACE.sub(" ", text or "").strip(" \ufeff\u200b")


def pair_name(source: str, target: str) -> str:
    """Name of a pair of languages: `en-zh`."""
    return f"{source}-{target}"


def languages_in(name: str) -> tuple[str, str] | None:
    """The pair of languages that a file's name says: (`en`, `zh`) of `wmt22/en-zh.tsv`, `news.en-zh.tsv`; None where it says none."""
    parts = name.replace("\\", "/").split("/")
    for part in reversed(parts):
        for match in reversed(list(_IN_NAME.finditer(part))):
            source, target = language_code(match["source"]), language_code(match["target"])
            if source and target and source in KNOWN and target in KNOWN:
                return source, target
    return None


def _kin(pair: Pair) -> tuple[str, str, str]:
    return pair.source_language, pair.target_language, pair.group


def _size(run: list[Pair]) -> int:
    return sum(len(pair.source) + len(pair.target) for pair in run)


_CODES = """
aa ab af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd
gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg
mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr
ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu yue wuu lzh gan nan hsb dsb ast arz ckb ceb als
bar fil kab
"""
KNOWN = frozenset(_CODES.split())
"""Codes of languages: ISO 639-1, and some without a code of two letters. A file's name has other words of two letters too."""

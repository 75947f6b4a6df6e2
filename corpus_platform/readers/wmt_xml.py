"""Test sets of WMT as XML: documents with a source, references by translators, and outputs of systems.

A pair is a source segment and the segment of the same number in a reference; outputs of systems are left out unless they are asked for, for they are no
human's. Source: WMT's format since 2021 (wmt-conference/wmt-format-tools).

Not here: pairs as documents (parallel.py), what makes XML safe (safe_xml.py).
"""

from __future__ import annotations

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


@register_reader
class WmtXml(ParallelReader):
    """Documents of a test set with their translations."""

    name: ClassVar[str] = "wmt_xml"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".xml.gz", ".xml.bz2", ".xml.xz")
    reasons: ClassVar[dict[str, str]] = {**PAIR_REASONS, **XML_REASONS, **ARCHIVE_REASONS}

    target_language: str | None = Field(default=None, description="Language of the references; all by default")
    translators: tuple[str, ...] = Field(
        default=(), description="References of these translators; all where it is empty"
    )
    systems: bool = Field(default=False, description="Outputs of systems too; say `origin: mixed` then")

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document for each segment with its translation, or for a run of them within one document of the test set."""
        yield from self.documents(unit, self._pairs(unit))

    def _pairs(self, unit: Unit) -> Iterator[Pair | Reject]:
        position = 0
        try:
            with unit.open() as stream:
                for element in events(unpacked(stream, unit.name), tags={"doc"}, name=unit.name):
                    if isinstance(element, Problem):
                        yield unit.reject(position, element.reason, element.detail)
                        continue
                    found = list(self._pairs_of(element))
                    if not found:
                        yield unit.reject(position, "no_pair", element.get("id") or "", broken=False)
                        position += 1
                    for source, target, languages, meta in found:
                        yield Pair(position, source, target, *languages, group=meta["document"], meta=meta)
                        position += 1
        except ArchiveError as error:
            yield unit.reject(position, error.problem.reason, error.problem.detail)

    def _pairs_of(self, document: Any) -> Iterator[tuple[str, str, tuple[str, str], dict[str, Any]]]:
        """Source, target, their languages and what is known of them, translation by translation."""
        source = next((child for child in document if local_name(child) == "src"), None)
        if source is None:
            return
        sources, language = _segments(source), language_code(source.get("lang")) or "und"
        for child in document:
            kind, by = local_name(child), child.get("translator") or child.get("system") or ""
            target = language_code(child.get("lang"))
            if kind not in {"ref", "hyp"} or (kind == "hyp" and not self.systems) or target is None:
                continue
            if self.target_language not in (None, target) or (
                kind == "ref" and self.translators and by not in self.translators
            ):
                continue
            meta = {
                "document": document.get("id") or "",
                "translator": by,
                "kind": "reference" if kind == "ref" else "system",
            }
            meta |= {"origin_language": document.get("origlang")}
            for number, text in _segments(child).items():
                if number in sources:
                    yield sources[number], text, (language, target), meta


def _segments(element: Any) -> dict[str, str]:
    """Segments by their number."""
    found = (part for part in element.iter() if local_name(part) == "seg")
    return {part.get("id") or str(i): side("".join(part.itertext())) for i, part in enumerate(found)}

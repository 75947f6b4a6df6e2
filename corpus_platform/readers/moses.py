"""Two text files whose lines belong together, as Moses reads them: `news.en` and `news.zh`, packed or not.

A unit is two such files of a location; its name says both languages (`news.en-zh`). Files of three languages give a unit for each pair with the source.
Promise: files with different numbers of lines are rejected whole, for nobody knows where they went apart.

Not here: pairs as documents (parallel.py).
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.parallel import KNOWN, PAIR_REASONS, Pair, ParallelReader, pair_name, side
from corpus_platform.readers.reader import Unit, register_reader
from corpus_platform.readers.rows import ROW_REASONS, lines
from corpus_platform.readers.unpacking import ArchiveError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.readers.reader import SourceDocument
    from corpus_platform.sources.location import InputLocation
    from corpus_platform.sources.records import Reject
    from corpus_platform.sources.store import InputFile

_FILE = re.compile(
    r"(?P<stem>.+)\.(?!gz$|xz$)(?P<language>[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?)(?P<packed>\.(?:gz|bz2|xz|zst))?",
    re.DOTALL,
)
_NO_LANGUAGES = frozenset(
    {"gz", "xz", "md", "py", "sh", "tsv", "csv", "txt", "xml", "tmx", "zip", "tar", "tgz", "sgm", "pdf", "log"}
)


@register_reader
class Moses(ParallelReader):
    """Line-aligned files of two languages."""

    name: ClassVar[str] = "moses"
    version: ClassVar[str] = "1"
    reasons: ClassVar[dict[str, str]] = {
        **PAIR_REASONS,
        **ROW_REASONS,
        **ARCHIVE_REASONS,
        "unequal_lengths": "The two files have different numbers of lines: none of them can be trusted to belong together",
        "no_other_side": "There is no file of another language that belongs to this one",
    }

    source_language: str | None = Field(
        default=None, description="Language of the sources; that of the first file by default"
    )
    target_language: str | None = Field(default=None, description="Language of the targets; any other by default")

    def units(self, location: InputLocation, files: Iterable[InputFile]) -> list[Unit]:
        """The pairs of files among all, by name."""
        stems: dict[str, dict[str, InputFile]] = {}
        for file in files:
            match = _FILE.fullmatch(file.path)
            if match and (code := _language(match["language"])):
                stems.setdefault(match["stem"], {}).setdefault(code, file)
        units: list[Unit] = []
        for stem, by_language in sorted(stems.items()):
            for source, target in self._wanted(sorted(by_language)):
                pair = pair_name(source, target)
                name = stem if stem.endswith(pair) else f"{stem}.{pair}"
                units.append(Unit(name, (by_language[source], by_language[target]), location))
        return units

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document for each pair of lines, or for a run of them."""
        for pair in self.units(unit.location, unit.files):
            sides = [_language_of(file.path) for file in pair.files]
            yield from self.documents(unit, self._pairs(unit, pair, sides[0], sides[1]))
            break
        else:
            yield unit.reject(0, "no_other_side", ", ".join(file.path for file in unit.files)[:300])

    def _wanted(self, languages: list[str]) -> list[tuple[str, str]]:
        """Pairs of the languages that a text has."""
        pairs = combinations(languages, 2)
        if self.source_language:
            pairs = ((self.source_language, other) for other in languages if other != self.source_language)
            pairs = (pair for pair in pairs if self.source_language in languages)
        return [pair for pair in pairs if self.target_language in (None, pair[1])]

    def _pairs(self, unit: Unit, pair: Unit, source: str, target: str) -> Iterator[Pair | Reject]:
        try:
            counts = [_count(unit, file.path) for file in pair.files]
            if counts[0] != counts[1]:
                yield unit.reject(0, "unequal_lengths", f"{counts[0]:,} lines of {source}, {counts[1]:,} of {target}")
                return
            with unit.open(pair.files[0].path) as one, unit.open(pair.files[1].path) as other:
                both = zip(lines(one, pair.files[0].path), lines(other, pair.files[1].path), strict=True)
                for (position, left), (_, right) in both:
                    problem = next((found for found in (left, right) if isinstance(found, Problem)), None)
                    if problem is None and isinstance(left, str) and isinstance(right, str):
                        yield Pair(position, side(left), side(right), source, target)
                    elif problem is not None:
                        yield unit.reject(position, problem.reason, problem.detail)
        except ArchiveError as error:
            yield unit.reject(0, error.problem.reason, error.problem.detail)


def _count(unit: Unit, path: str) -> int:
    with unit.open(path) as stream:
        return sum(1 for _ in lines(stream, path))


def _language_of(path: str) -> str:
    match = _FILE.fullmatch(path)
    return (match and _language(match["language"])) or ""


def _language(code: str) -> str | None:
    known = language_code(code)
    return known if known in KNOWN and code.lower() not in _NO_LANGUAGES else None

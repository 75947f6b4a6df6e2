"""What is new at the sources: snapshots of a crawl by name, files of archives and dumps by their listing.

Words: a *place* is a named archive of WARC files, one dump of one language, or a partition of another source; its *digest* is the hash of the
paths, sizes and versions of its files; a place has *settled* when two looks in a row have seen the same digest, so that no upload is taken half.
Promise: a place that can't be listed is told in words and hides no other one.

Not here: when to look, and what is started (assets/sensors.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import orjson

from corpus_platform.automation.settings import EVERY, NEWEST
from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import CorpusError
from corpus_platform.source_tables import PARTITION_BY, key_of
from corpus_platform.stages.sft_messages import units_of
from corpus_platform.stages.stage import digest_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from corpus_platform.sources.store import InputFile
    from corpus_platform.stages.encyclopedia import Articles
    from corpus_platform.stages.pages import SourceSettings
    from corpus_platform.stages.sft_messages import SftMessages
    from corpus_platform.stages.source_documents import SourceDocuments
    from corpus_platform.stages.stage import Partition

_DIGESTS = 2


def new_snapshots(at_source: Collection[str], known: Collection[str], which: str) -> list[str]:
    """The snapshots to start, by name, which is their order in time.

    `newest`: those later than every known one of this source, or the last one where none is known. `all`: every one that is not known.
    A name: those from that name on.
    """
    unknown = sorted(set(at_source) - set(known))
    if which == EVERY:
        return unknown
    if which != NEWEST:
        return [name for name in unknown if name >= which]
    have = set(at_source) & set(known)
    return [name for name in unknown if name > max(have)] if have else unknown[-1:]


@dataclass(frozen=True)
class Place:
    """A place with files: what it is, the partition that they make, and the digest of their list."""

    kind: Literal["archive", "dump", "source"]
    partition: Partition
    """`{"snapshot": name}` of an archive, `{"language": ..., "dump": ...}` of a dump, `{"source": ..., "key": word}` of another source."""
    digest: str
    files: int
    bytes: int

    @property
    def name(self) -> str:
        """`archive mine`, `dump en-20250101`, `source books-gutenberg`."""
        return f"{self.kind} {'-'.join(self.partition.values())}"


def places(
    source: SourceSettings,
    articles: Articles,
    others: Iterable[SourceDocuments] = (),
    dialogues: SftMessages | None = None,
) -> tuple[list[Place], list[str]]:
    """The places of the settings that have files, and a line for each that can't be listed (web servers have no lists)."""
    found: list[Place] = []
    troubles: list[str] = []
    for name in source.archives:
        try:
            files = list(source.at(name).files())
        except CorpusError as error:
            troubles.append(f"archive {name}: {error}")
        else:
            found += [_place("archive", {"snapshot": name}, files)] if files else []
    for stage in others:
        try:
            units = stage.found()
        except CorpusError as error:
            troubles.append(f"{stage.source}: {error}")
        else:
            for values, group in units.items():
                word = key_of(stage.source, dict(zip(PARTITION_BY[stage.source], values, strict=True)))
                files = [file for _, unit in group for file in unit.files]
                found.append(_place("source", {"source": stage.source, "key": word}, files))
    of_dialogues, more = _data_sets(dialogues) if dialogues else ([], [])
    found, troubles = found + of_dialogues, troubles + more
    try:
        dumps = articles.dumps()
    except CorpusError as error:
        return found, [*troubles, f"dumps: {error}"]
    found += [_place("dump", {"language": language, "dump": dump}, files) for (language, dump), files in dumps.items()]
    return found, troubles


def _data_sets(dialogues: SftMessages) -> tuple[list[Place], list[str]]:
    """The data sets of dialogues that have files, and a line for each that can't be listed."""
    found, troubles = [], []
    for name, one in {**dialogues.settings.read, **dialogues.settings.collected}.items():
        try:
            files = [file for unit in units_of(one, dialogues.s3) for file in unit.files]
        except CorpusError as error:
            troubles.append(f"data set {name}: {error}")
        else:
            found.append(_place("source", {"source": DIALOGUES, "key": name}, files))
    return found, troubles


def _place(kind: Literal["archive", "dump", "source"], partition: Partition, files: Sequence[InputFile]) -> Place:
    digest = digest_of([file.identity for file in files])
    return Place(kind, partition, digest, len(files), sum(file.size or 0 for file in files))


@dataclass(frozen=True)
class Memory:
    """What earlier looks have seen, and what has been started: (digest at the last look, digest that was started last) by place."""

    places: Mapping[str, tuple[str, str]]

    @classmethod
    def read(cls, cursor: str | None) -> Memory:
        """From a cursor; empty where there is none, or none that can be read, for then the lake still knows what is made."""
        try:
            known = orjson.loads(cursor or "{}")
            good = {
                name: (str(pair[0]), str(pair[1]))
                for name, pair in known.items()
                if isinstance(pair, list) and len(pair) == _DIGESTS
            }
        except (orjson.JSONDecodeError, AttributeError):
            return cls({})
        return cls(good)

    def cursor(self) -> str:
        """As text, for the next look."""
        return orjson.dumps({name: list(pair) for name, pair in self.places.items()}).decode()

    def settled(self, now: Iterable[Place]) -> list[Place]:
        """Places that are as the last look saw them, and have not been started so."""
        return [
            place
            for place in now
            if self.places.get(place.name, ("", ""))[0] == place.digest != self.places[place.name][1]
        ]

    def after(self, now: Iterable[Place], started: Collection[Place], *, keep: bool = False) -> Memory:
        """What to remember of this look. With `keep` places that are not in it stay: it was not a look at all of them."""
        names = {place.name for place in started}
        seen = {
            place.name: (
                place.digest,
                place.digest if place.name in names else self.places.get(place.name, ("", ""))[1],
            )
            for place in now
        }
        return Memory({**(self.places if keep else {}), **seen})

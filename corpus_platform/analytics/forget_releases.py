"""What forgetting means for releases: those that hold the target are told, and their manifests name what was taken from them.

Not here: rows of tables (forgetting/), what a release is (release.py, mix_release.py).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.analytics.mix_release import MANIFEST, MIX, PAGE
from corpus_platform.analytics.private_counts import OTHER
from corpus_platform.analytics.release import DOCUMENTS, files_of
from corpus_platform.lake import releases
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from corpus_platform.forgetting.purge import Search
    from corpus_platform.forgetting.traces import Needles
    from corpus_platform.home import Home
    from corpus_platform.lake.storage import Storage


def holding(storage: Storage, search: Search, names: tuple[str, ...]) -> tuple[str, ...]:
    """Releases that hold the target: that name a file with rows of it, or of which this forgetting has taken it already."""
    gone = {(name, path) for name, paths in search.paths().items() for path in paths}
    found = []
    for name in releases.names(storage):
        manifest = releases.read(storage, name)
        held = any((e["table"], f["path"]) in gone for e in manifest["tables"] for f in e["files"])
        if held or any(note["tombstone"] in names for note in manifest["forgotten"]):
            found.append(name)
    return tuple(found)


def released_now(home: Home, search: Search) -> set[frozenset[str]]:
    """The file sets of partitions as they are now: a release of one of them can be read on, from the version without the forgotten rows."""
    lake = home.lake
    return {
        frozenset(file.path for file in lake.files(name, partition))
        for name in search.paths()
        for partition in lake.partitions(name)
    }


def amend(
    home: Home, name: str, search: Search, current: set[frozenset[str]], names: tuple[str, ...], needles: Needles
) -> None:
    """Tells a manifest what was taken from it: parts that were current go on with the rewritten version, others can't be read any more."""
    lake, gone = home.lake, search.paths()
    manifest = releases.read(lake.storage, name)
    when = datetime.now(UTC).date().isoformat()
    for entry in manifest["tables"]:
        paths = frozenset(file["path"] for file in entry["files"])
        if paths.isdisjoint(gone.get(entry["table"], ())):
            continue
        version = lake.version(entry["table"])
        before = entry["rows"]
        if paths in current and version is not None:
            lake.pin(entry["table"], version, releases.reason(name))
            entry |= {"version": version, **files_of(lake, entry["table"], entry["partition"], version)}
        else:
            entry["unreadable"] = when
        rows = before - entry["rows"] if "unreadable" not in entry else None
        note = {"when": when, "table": entry["table"], "partition": entry["partition"], "rows": rows}
        manifest["forgotten"] += [{**note, "tombstone": tombstone} for tombstone in names]
    for counted in manifest["statistics"]["counts"]:
        counted[DOCUMENTS] = _without(counted[DOCUMENTS], needles)
    releases.write(lake.storage, manifest)


def _without(counts: list[list[Any]], needles: Needles) -> list[list[Any]]:
    """Published counts with the groups that are called like something forgotten merged into `other`."""
    hits = needles.in_any([str(group) for group, _ in counts])
    kept = [pair for pair, hit in zip(counts, hits, strict=True) if not hit and pair[0] != OTHER]
    merged = [n for (group, n), hit in zip(counts, hits, strict=True) if hit or group == OTHER]
    return [*kept, *([[OTHER, sum(merged)]] if merged else [])]


def is_released(files: Collection[str]) -> bool:
    """Whether the files of a folder are those of a release of a mix."""
    return {MANIFEST, PAGE} <= set(files)


def written_with(home: Home, names: tuple[str, ...], search: Search) -> Iterator[str]:
    """Files of mixes that were written with some releases and hold the target, each with what to do; the folder where it is below the home."""
    gone = set(search.paths().get(MIX_DOCUMENTS, ()))
    manifests = {name: releases.read(home.lake.storage, name) for name in names}
    found = {name: one for name, one in manifests.items() if MIX in one and _was_drawn(one, gone)}
    folders = [Path(folder) for folder, _, files in os.walk(home.path) if is_released(files)] if found else []
    digests = {folder: _digest_in(folder) for folder in sorted(folders)}
    for name, manifest in found.items():
        mix = manifest[MIX]
        where = [str(folder) for folder, digest in digests.items() if digest == mix["digest"]]
        yield (
            f"files of the release {name} of mix {mix['mix']['name']}, {', '.join(where) or 'wherever they were written'}: they hold it as long as they "
            f"exist. Delete them, corpus release drop {name}, and release the mix again when it is made anew"
        )


def _was_drawn(manifest: dict[str, Any], gone: set[str]) -> bool:
    """Whether a release of a mix has a document that is among what goes, or has gone: not all of a table that it draws from is in it."""
    files = (file["path"] for entry in manifest["tables"] if entry["table"] == MIX_DOCUMENTS for file in entry["files"])
    return any(path in gone for path in files) or any(note["table"] == MIX_DOCUMENTS for note in manifest["forgotten"])


def _digest_in(folder: Path) -> str:
    """The digest that a folder of released files says of itself; empty where it can't be read."""
    try:
        return str(orjson.loads((folder / MANIFEST).read_bytes()).get("digest", ""))
    except (OSError, orjson.JSONDecodeError, AttributeError):
        return ""

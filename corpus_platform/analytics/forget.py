"""`corpus forget`: takes an address, a domain, a document or an author out of a home for good, and says what it can't reach.

In this order, so that what is killed can be repeated: tombstone; a note that keeps runs from beginning; search; rewritten partitions; copies in the event
store, logs and reports; manifests of releases; then the old files, scratch and warehouse go. What a run under way has read could come back with its
commit: so forgetting waits for runs, or refuses.

Not here: what is a row of the target, and how tables are rewritten (forgetting/), releases (forget_releases.py).
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.analytics.forget_releases import amend, holding, is_released, released_now, written_with
from corpus_platform.errors import SettingsError
from corpus_platform.forgetting.purge import Purge
from corpus_platform.forgetting.tombstones import Tombstones, bury, tombstones
from corpus_platform.forgetting.traces import Needles, has_copies, scrub_lines, scrub_postgres, scrub_sqlite
from corpus_platform.lake import forgotten, keep
from corpus_platform.lake.files import STAGING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.forgetting.purge import Search
    from corpus_platform.forgetting.targets import Target
    from corpus_platform.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.lake.storage import Storage

_TEXTS = frozenset(
    (".html", ".htm", ".json", ".jsonl", ".csv", ".tsv", ".md", ".txt", ".log", ".out", ".err", ".yaml", ".yml", ".sql")
)
_LOGS = frozenset((".log", ".out", ".err"))
_LARGEST = 1 << 30
"""Bytes of a text file that is still looked at."""
_POLL = 2.0


@dataclass(frozen=True)
class Forgotten:
    """What a forgetting did, or would do: names of its tombstones, documents, rows that readers saw by table, files removed, and where else it looked."""

    tombstones: tuple[str, ...]
    documents: int
    rows: dict[str, int]
    files: dict[str, int]
    """Stored files that go, of all versions, by table."""
    releases: tuple[str, ...]
    """Releases already out that hold it."""
    changed: dict[str, int] = field(default_factory=dict)
    """{file outside of the tables: values or lines that were replaced; 0: the file was deleted}."""
    left: tuple[str, ...] = ()
    """Places that may hold it and that nothing here reaches."""
    dry_run: bool = False


def forget(
    home: Home, target: Target | None, *, dry_run: bool = False, wait: float = 0.0, despite_runs: bool = False
) -> Forgotten:
    """Forgets a target; without one, everything that has a tombstone, which repeats what was killed and takes somewhat longer.

    `wait`: seconds to wait for runs under way. `despite_runs`: their notes are known to be those of killed runs.
    Raises SettingsError while a run is under way, DamagedFile where a file can't be read.
    """
    lake = home.lake
    if dry_run:
        known = Tombstones.only(lake.storage, target) if target else Tombstones.load(lake.storage)
        search = _purge(home, known, target).search()
        held = holding(lake.storage, search, ())
        return replace(_report(search, (), held), dry_run=True, left=_left(home, held, search))
    if target is not None:
        made = bury(lake.storage, target)
        known, names = Tombstones.only(lake.storage, target), (f"{made.kind}-{made.hash}",)
    else:
        known = Tombstones.load(lake.storage)
        names = tuple(f"{one.kind}-{one.hash}" for one in tombstones(lake.storage))
    if not names:
        raise SettingsError(f"nothing has been forgotten in {lake.location} yet: name what is to be forgotten")
    runs_have_ended = partial(_wait_for_runs, lake.storage, wait, despite_runs=despite_runs)
    with forgotten.under_way(lake.storage, names, runs_have_ended):
        return _forgotten(home, known, target, names)


def _forgotten(home: Home, known: Tombstones, target: Target | None, names: tuple[str, ...]) -> Forgotten:
    lake, needles = home.lake, Needles()
    if target is not None:
        needles.add_name(target.form)
    purge = _purge(home, known, target)
    search = purge.search(needles.add)
    for doc_id in search.found.ids:
        needles.add_name(doc_id)
    held = holding(lake.storage, search, names)
    current = released_now(home, search)
    purge.rewrite(search)
    for host in needles.hosts - _hosts_left(lake, needles.hosts):
        needles.add_name(host)
    changed, more = _scrub(home, needles)
    for name in held:
        amend(home, name, search, current, names, needles)
    purge.remove(search)
    _remove_scratch(lake.storage)
    _remove_unnamed(lake)
    if search.touched:
        changed |= _publish_again(home)
    return replace(_report(search, names, held), changed=changed, left=(*_left(home, held, search), *more))


def _purge(home: Home, known: Tombstones, target: Target | None) -> Purge:
    sources = frozenset(name for name, stage in home.stages.items() if stage.reads_source)
    return Purge(home.lake, known, target.hints if target else (), sources)


def _hosts_left(lake: Lake, hosts: set[str]) -> set[str]:
    """Those among some hosts that still have a document."""
    left: set[str] = set()
    for spec in lake.tables() if hosts else ():
        if "domain" in spec.schema.names:
            rows = lake.scan(spec.name).select(pl.col("domain").unique()).collect()
            left.update(hosts.intersection(rows["domain"]))
    return left


def _report(search: Search, names: tuple[str, ...], held: tuple[str, ...]) -> Forgotten:
    files = {name: len(paths) for name, paths in search.paths().items()}
    return Forgotten(names, len(search.found.ids), search.rows(), files, held)


def _wait_for_runs(storage: Storage, seconds: float, *, despite_runs: bool) -> None:
    """Waits until no run is under way; refuses, naming it, where one still is. Notes of runs that are known to be dead go."""
    until = time.monotonic() + seconds
    while found := forgotten.runs_under_way(storage):
        if despite_runs:
            for run in found:
                storage.filesystem().rm_file(run.path)
            return
        if time.monotonic() >= until:
            raise SettingsError(
                f"{found[0].what} is being made since {found[0].since} (run {found[0].run}): what it has read could come back with it. Forget again when "
                "it has ended, wait for it with --wait SECONDS, or say --despite-runs if it was killed. The tombstone is there already"
            )
        time.sleep(_POLL)


# Beside the tables


def _scrub(home: Home, needles: Needles) -> tuple[dict[str, int], list[str]]:
    """Replaces copies in the files of the home: {path relative to it: how many}, and files of people that hold some."""
    changed: dict[str, int] = {}
    left: list[str] = []
    for path in _files_of_home(home):
        name = path.relative_to(home.path).as_posix()
        if path.suffix in {".db", ".sqlite"}:
            n = scrub_sqlite(path, needles)
        elif path.suffix in _LOGS:
            n = scrub_lines(path, needles)
        elif not has_copies(path, needles):
            continue
        elif _is_made(path.relative_to(home.path)):
            path.unlink()
            changed[name] = 0
            continue
        else:
            left.append(f"{path}: a file of yours names it")
            continue
        if n:
            changed[name] = n
    if (address := _postgres()) and (n := scrub_postgres(address, needles)):
        changed["Dagster's database"] = n
    return changed, left


def _postgres() -> dict[str, str]:
    """Where the instance's events are, if they are in Postgres: by the variables that deploy/dagster.prod.yaml reads."""
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DB"}
    found = {name: os.environ.get(f"DAGSTER_POSTGRES_{variable}", "") for name, variable in names.items()}
    return found if found["host"] else {}


def _files_of_home(home: Home) -> Iterator[Path]:
    """Event stores and texts of a home, without its lake and its sources."""
    apart = {home.path / name for name in ("lake", "crawl", "sample", ".git", ".venv")}
    apart |= {Path(place) for place in (home.lake.location, *_sources(home)) if place and "://" not in place}
    for folder, folders, files in os.walk(home.path):
        folders[:] = [name for name in folders if Path(folder) / name not in apart]
        if is_released(files):
            folders.clear()  # Its files are as its manifest says, or it is told of as a whole.
            continue
        for name in sorted(files):
            path = Path(folder) / name
            is_store = path.suffix in {".db", ".sqlite"}
            if is_store or (path.suffix in _TEXTS and path.stat().st_size <= _LARGEST):
                yield path


def _sources(home: Home) -> list[str | None]:
    """Where input is read: not ours to change."""
    s = home.settings
    source, encyclopedia, others = (
        s.source.below(home.path),
        s.encyclopedia.below(home.path),
        s.sources.below(home.path),
    )
    collections = (one for name in others.used for one in others.of(name).values())
    return [
        source.location,
        *source.archives.values(),
        encyclopedia.location,
        *(one.location for one in (*encyclopedia.readers.values(), *collections)),
    ]


def _is_made(inside: Path) -> bool:
    """Whether the platform has made a text file of a home, and can make it again: pages to look at, and what lies in folders of its own."""
    return inside.suffix in {".html", ".htm"} or inside.parts[0] in {"dagster", "reports", "quality", "target", "logs"}


def _remove_scratch(storage: Storage) -> None:
    """Removes what killed runs have left half made: no run is under way."""
    if not storage.is_s3:
        shutil.rmtree(storage.path(STAGING), ignore_errors=True)


def _remove_unnamed(lake: Lake) -> None:
    """Removes models and filters that no table names any more, now or in a pinned version: what was made anew since something was forgotten."""
    storage, fs = lake.storage, lake.storage.filesystem()
    root = storage.path(keep.FOLDER)
    try:
        manifests = [path for path in fs.find(root) if path.endswith(f"/{keep.MANIFEST}")]
    except FileNotFoundError:
        return
    folders = {storage.relative(path).rpartition("/")[0] for path in manifests}
    for folder in sorted(folders - _named_folders(lake)) if folders else ():
        fs.rm(storage.path(folder), recursive=True)


def _named_folders(lake: Lake) -> set[str]:
    """Places of stored files that rows name: of all tables with such a column, at their newest and their pinned versions."""
    found: set[str] = set()
    for spec in lake.tables():
        for column in {"path", "filter"} & set(spec.schema.names):
            versions = {None, *(pin.version for pin in lake.pins(spec.name))}
            for version in versions:
                try:
                    rows = lake.scan(spec.name, version=version).select(pl.col(column).drop_nulls().unique()).collect()
                except SettingsError:
                    continue  # that version can't be read any more
                found.update(lake.storage.relative(path) for path in rows[column])
    return found


def _publish_again(home: Home) -> dict[str, int]:
    """Removes the published warehouse and the marts, and publishes the views anew; dbt makes the marts again."""
    found = [path for path in (home.warehouse, home.marts) if path.exists()]
    for path in found:
        path.unlink()
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    if home.warehouse in found:
        from corpus_platform.analytics.warehouse import publish  # noqa: PLC0415  (imports DuckDB)

        publish(home.lake, home.warehouse)
    return {path.name: 0 for path in found}


def _left(home: Home, held: tuple[str, ...], search: Search) -> tuple[str, ...]:
    """What nothing here reaches, or only names: each with what to do."""
    lake, found = home.lake, list(written_with(home, held, search))
    source = home.settings.source.below(home.path).location
    found.append(f"{source} and other sources: not ours to change; the tombstone keeps it from coming in again")
    found.append(
        "hashes of paragraphs and lines, sketches, Bloom filters and models name nobody, but were made of it too: "
        "corpus run what is stale, then corpus vacuum and corpus forget --again remove what they were"
    )
    caches = (
        [Path(os.environ.get("CORPUS_CACHE") or Path.home() / ".cache" / "corpus-platform")]
        if lake.storage.is_s3
        else []
    )
    found += [
        f"{cache}: copies of these, on this machine and on those of the workers" for cache in caches if cache.exists()
    ]
    if lake.storage.is_s3 and _keeps_versions(lake.storage):
        found.append(
            f"{lake.location}: the bucket keeps versions of removed objects: delete those too, or wait for its lifecycle rule"
        )
    settings = home.path / "dagster" / "dagster.yaml"
    if not _postgres() and settings.is_file() and "postgres" in settings.read_text(encoding="utf-8"):
        found.append(
            f"{settings} names a Postgres: forget again where DAGSTER_POSTGRES_HOST, _PORT, _USER, _PASSWORD and _DB say where it is"
        )
    elif _postgres():
        found.append("the write-ahead log and backups of Postgres, until they are recycled")
    if lake.storage.is_s3:
        found.append("compute logs in a bucket: they hold what steps print, and stages print no records")
    found.append("exports, copies of releases, backups and disk snapshots: whoever has them must be told")
    return tuple(found)


def _keeps_versions(storage: Storage) -> bool:
    """Whether a bucket keeps what is removed; where it does not say, it is taken to."""
    bucket = storage.path().partition("/")[0]
    ask = partial(storage.filesystem().call_s3, "get_bucket_versioning", Bucket=bucket)
    try:
        return ask().get("Status") in {"Enabled", "Suspended"}
    except Exception:  # noqa: BLE001  (stores without versions answer with errors of all kinds)
        return False

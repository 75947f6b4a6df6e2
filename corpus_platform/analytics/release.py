"""Releases: what has been given out, by name: which versions of which tables, made of what, with figures that may be published.

A release is a manifest and pins. The manifest names every file with its digest, the recipes with their text, the licences that documents claim, and
statistics that were protected when it was made (private_counts.py), with the measures beside them: noise is drawn once, for to draw it again would
wear it away. `public` leaves out what is only for the house: files, exact rows.

What is forgotten later is taken from releases too, and the manifest says that it was: those who have a copy must be told by people.

Not here: how manifests are stored (lake/releases.py), forgetting (forget.py), copies for others (`corpus export`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any, Literal, get_args

import polars as pl

from corpus_platform.analytics.private_counts import Privacy, protect
from corpus_platform.errors import SettingsError
from corpus_platform.lake import releases, table
from corpus_platform.lake.reading import damage_of
from corpus_platform.recipes import recipe as reading
from corpus_platform.stages.run import where_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.stages.stage import Partition

FORMAT = 1
By = Literal["language", "domain", "author", "licence"]
BY: tuple[By, ...] = get_args(By)
_COLUMNS: dict[str, tuple[str, ...]] = {
    "language": ("language",),
    "domain": ("domain", "source_domain"),
    "author": ("author",),
    "licence": ("licence",),
}
"""Columns of a table that may say it; the first that it has counts."""
DOCUMENTS = "documents"


@dataclass(frozen=True)
class Problem:
    """What is wrong with one part of a release."""

    where: str
    what: str


def make(
    home: Home,
    name: str,
    assets: Sequence[str],
    snapshots: Sequence[str],
    *,
    privacy: Privacy | None = None,
    by: Sequence[By] = ("language", "licence"),
) -> dict[str, Any]:
    """Makes a release of some assets (`corpora/ccnet`) as they are now, and pins them; its manifest.

    `by`: what documents are counted by. Raises SettingsError for a name that is taken, or an asset that has not been made.
    """
    lake = home.lake
    check_new(lake, name)
    opened = home.enabling(assets)
    wanted = [one for batch in opened.batches(assets, snapshots, upstream=False) for one in batch.tables]
    entries = [entry_of(lake, *one) for one in wanted]
    if not entries:
        raise SettingsError(f"there is nothing to release of {', '.join(assets)}: name snapshots with --snapshot")
    return keep(lake, name, recipes_of(opened, entries), entries, statistics(lake, entries, privacy or Privacy(), by))


def check_new(lake: Lake, name: str) -> None:
    """A `SettingsError` for a name that a new release can't have."""
    releases.check_name(name)
    if name in releases.names(lake.storage):
        raise SettingsError(f"there is a release `{name}` already: drop it, or give another name")


def keep(
    lake: Lake,
    name: str,
    recipes: Mapping[str, Any],
    entries: Sequence[dict[str, Any]],
    figures: Mapping[str, Any],
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Pins what a release is made of and writes its manifest, with `more` in it where that is given; the manifest."""
    manifest = {
        "format": FORMAT,
        "name": name,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code(),
        "recipes": recipes,
        "tables": entries,
        "statistics": figures,
        "forgotten": [],
        **(more or {}),
    }
    # Pins first: a release without its manifest can be made again, one without its files can't.
    for entry in entries:
        lake.pin(entry["table"], entry["version"], releases.reason(name))
    releases.write(lake.storage, manifest)
    return manifest


def drop(lake: Lake, name: str) -> None:
    """Takes a release back: its manifest and its pins go, so that a vacuum may remove its old versions."""
    manifest = releases.read(lake.storage, name)
    for pin in lake.pins():
        if pin.reason == releases.reason(manifest["name"]):
            lake.unpin(pin.name, pin.version, pin.reason)
    releases.drop(lake.storage, name)


def scan(lake: Lake, name: str, of: str, **partition: str) -> pl.LazyFrame:
    """Rows of a table as a release has them. Raises SettingsError where the release has not this table, or can't be read any more."""
    manifest = releases.read(lake.storage, name)
    entries = [e for e in manifest["tables"] if e["table"] == of and partition.items() <= e["partition"].items()]
    if not entries:
        known = ", ".join(sorted({entry["table"] for entry in manifest["tables"]}))
        raise SettingsError(f"release {name} has no such part of {of}; it has {known}")
    return pl.concat([lake.scan(of, version=entry["version"], **entry["partition"]) for entry in entries])


def verify(lake: Lake, name: str) -> list[Problem]:
    """Reads every file of a release; what is not as the manifest says. Parts that were forgotten are told apart from damage."""
    problems = []
    for entry in releases.read(lake.storage, name)["tables"]:
        where = where_of(entry["table"], entry["partition"])
        if when := entry.get("unreadable"):
            problems.append(Problem(where, f"can't be read any more: records in it were forgotten on {when}"))
            continue
        try:
            files = {f.path: f for f in lake.files(entry["table"], entry["partition"], entry["version"])}
        except SettingsError as error:
            problems.append(Problem(where, str(error)))
            continue
        for told in entry["files"]:
            file = files.pop(told["path"], None)
            what = "it is not in the version any more" if file is None else damage_of(lake, file)
            what = what or ("" if file and file.digest == told["digest"] else "its digest is another")
            problems += [Problem(where, f"{told['path']}: {what}")] if what else []
        problems += [Problem(where, f"{path}: the manifest does not name it") for path in files]
    return problems


def public(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What of a manifest may be given to anybody: no files, and no exact numbers beside those that were protected."""
    hidden = manifest["statistics"]["privacy"]["epsilon"] is not None or manifest["statistics"]["privacy"]["min_group"]
    kept = {"table", "partition", "version", "stage_version"} | (set() if hidden else {"rows"})
    tables = [{key: value for key, value in entry.items() if key in kept} for entry in manifest["tables"]]
    notes = [{"when": note["when"], "table": note["table"]} for note in manifest["forgotten"]]
    return {**manifest, "tables": tables, "forgotten": notes}


def statistics(
    lake: Lake, entries: Sequence[Mapping[str, Any]], privacy: Privacy, by: Sequence[By] = ("language", "licence")
) -> dict[str, Any]:
    """Documents of each table of a release by language, domain ..., protected. The budget is shared by all of these counts.

    A unit that is no document (`domain`, `author`) counts with its first `sensitivity` documents in each table; documents that state none count each
    for itself.
    """
    if strange := [one for one in by if one not in BY]:
        raise SettingsError(f"documents are not counted by `{strange[0]}`; there are {', '.join(BY)}")
    tables: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        tables.setdefault(entry["table"], []).append(entry)
    counted = [
        (name, what, column)
        for name in tables
        for what in by
        if (column := next((c for c in _COLUMNS[what] if c in table(name).schema.names), None))
    ]
    each = privacy.split(len(counted))
    found = []
    for name, what, column in counted:
        rows = pl.concat([lake.scan(name, version=e["version"], **e["partition"]) for e in tables[name]])
        counts = _bounded(rows, name, privacy).group_by(column).len(DOCUMENTS).collect()
        shown = protect(
            counts,
            column,
            DOCUMENTS,
            min_group=each.min_group,
            epsilon=each.epsilon,
            sensitivity=each.sensitivity,
            unit=each.unit,
        )
        rows_of = [[group, n] for group, n in shown.counts.iter_rows()]
        found.append({"table": name, "by": what, DOCUMENTS: rows_of, "protected": shown.facts})
    together = {**privacy.as_json(), "tables": len(counted)}
    if privacy.epsilon is not None:
        together["delta"] = min(1.0, sum(one["protected"]["delta"] for one in found))
    return {"privacy": together, "counts": found}


def _bounded(rows: pl.LazyFrame, name: str, privacy: Privacy) -> pl.LazyFrame:
    """The rows that count: of each unit no more than the sensitivity says."""
    if privacy.epsilon is None or privacy.unit == "document":
        return rows
    column = next((c for c in _COLUMNS.get(privacy.unit, ()) if c in table(name).schema.names), None)
    if column is None:
        raise SettingsError(
            f"{name} does not say the {privacy.unit} of a document, so counts of it can't be protected by that"
        )
    within = pl.int_range(pl.len()).over(column) < privacy.sensitivity
    return rows.filter(within | pl.col(column).is_null())


def entry_of(lake: Lake, name: str, partition: Partition, version: int | None = None) -> dict[str, Any]:
    """A partition of a table as a manifest names it, at a version or as it is now. Raises SettingsError where it has not been made."""
    version = lake.version(name) if version is None else version
    state = None if version is None else lake.state(name, partition, version)
    if version is None or state is None:
        raise SettingsError(f"{where_of(name, partition)} has not been made yet: run it, then release it")
    return {
        "table": name,
        "partition": dict(partition),
        "version": version,
        "fingerprint": state.fingerprint,
        "stage_version": state.stage_version,
        **files_of(lake, name, partition, version),
    }


def files_of(lake: Lake, name: str, partition: Mapping[str, str], version: int) -> dict[str, Any]:
    """Rows and files of a partition at a version, as a manifest names them."""
    files = lake.files(name, partition, version)
    named = [{"path": f.path, "digest": f.digest, "bytes": f.bytes, "rows": f.rows} for f in files]
    return {"rows": sum(file.rows for file in files), "files": named}


def code() -> str:
    """The code that makes releases now."""
    return f"corpus-platform {installed_version('corpus-platform')}"


def recipes_of(home: Home, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The recipes of the corpora that a release is made of, by name."""
    names = sorted({e["table"].partition(".")[2] for e in entries if e["table"].startswith("corpora.")})
    return {name: _recipe(home, name) for name in names}


def _recipe(home: Home, name: str) -> dict[str, Any]:
    """The text of a recipe, what people have frozen for it, and a digest of both."""
    known = home.recipe(name)
    places = (home.recipe_folder / f"{name}.yaml", reading.SYSTEMS / f"{name}.yaml")
    file = next((place for place in places if place.is_file()), None)
    text = file.read_text(encoding="utf-8") if file else known.model_dump_json(indent=1)
    frozen = [one.model_dump(mode="json") for one in known.thresholds]
    digest = hashlib.blake2b(f"{text}\0{frozen}".encode(), digest_size=16).hexdigest()
    return {"digest": digest, "thresholds": frozen, "text": text}

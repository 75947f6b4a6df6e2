"""A release of a mix: shards, their manifest with a SHA-256 of each file, a data card, and a release of the lake that keeps what it was made of.

The folder says nothing of when or where it was made, nor under which name: it is a function of the mix as the lake has it. The release, which the lake
keeps by name, has time, name and pins. A new snapshot makes it stale, which `corpus release list` tells; nothing is published by itself.
Refused are a mix that was not made, one whose search for test sets was not proven, and, where that is asked for, one with documents that the licence gate
does not let through.

Not here: the files (mix_export.py), the card (card.py).
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from corpus_platform.analytics import card, mixing, release
from corpus_platform.analytics.mix_export import Format, Tally, Written, gather, records_in, write_shards
from corpus_platform.analytics.private_counts import Privacy
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.lake import table
from corpus_platform.mixes.licences import allowed
from corpus_platform.stages.mix_candidates import session_on_disk
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS
from corpus_platform.stages.tokenizers import open_tokenizer, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from corpus_platform.analytics.release import By
    from corpus_platform.home import Home
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.mixes.mix import Mix

FORMAT = 1
MANIFEST, CARD, PAGE, PLOTS = "manifest.json", "README.md", "card.html", "plots"
MIX = "mix"
"""Key of a release's manifest in the lake that has what is known of its mix."""


@dataclass(frozen=True)
class Export:
    """What is written, and where."""

    folder: Path
    form: Format = "parquet"
    megatron: bool = False
    licences: str = "all"
    """permissive, all, or classes and licences by commas."""
    strict: bool = False
    """Refuse the release where the gate would leave a document out."""
    shard_mb: int = 256


def make(
    home: Home,
    name: str,
    mix_name: str,
    export: Export,
    *,
    privacy: Privacy | None = None,
    by: tuple[By, ...] = ("language", "licence"),
) -> dict[str, Any]:
    """Writes the files of a release of a mix as it was made, and keeps the release in the lake by its name; its manifest there.

    Raises SettingsError (name or folder taken, mix not made, licences), CheckFailed (decontamination not proven).
    """
    lake, mix = home.lake, home.mixing.mix(mix_name)
    release.check_new(lake, name)
    state = lake.state(MIX_DOCUMENTS, {"mix": mix_name})
    if state is None or not state.rows:
        raise SettingsError(f"mix {mix_name} has no documents yet: corpus mix make {mix_name}")
    _check_decontamination(mix, state)
    entries = _entries(home, mix_name, state)
    with fresh_folder(export.folder) as folder:
        told = _write(home, mix, state, entries, export, folder)
    figures = release.statistics(lake, entries[:1], privacy or Privacy(), by)
    of_mix = {key: told[key] for key in ("mix", "digest", "fingerprint", "totals", "licences", "files")}
    return release.keep(lake, name, told["recipes"], entries, figures, {MIX: of_mix})


def is_stale(home: Home, manifest: dict[str, Any]) -> bool:
    """Whether what a release was made of would be made otherwise now, or has been."""
    if (mix := manifest.get(MIX)) is not None:
        name = mix["mix"]["name"]
        return name not in home.mixing.mixes or mixing.is_stale(home, name, mix["fingerprint"])
    for entry in manifest["tables"]:
        state = home.lake.state(entry["table"], entry["partition"])
        if state is None or state.fingerprint != entry["fingerprint"]:
            return True
    names = {entry["table"] for entry in manifest["tables"]}
    released = {(entry["table"], *entry["partition"].values()) for entry in manifest["tables"]}
    return any((name, *where.values()) not in released for name in names for where in home.lake.partitions(name))


def check(folder: Path) -> list[str]:
    """What of a release's folder is not as its manifest says: a line for each file. Raises SettingsError where there is no manifest."""
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsError(f"{folder / MANIFEST} can't be read as a manifest ({error})") from None
    problems = []
    for told in manifest["files"]:
        path = folder / told["path"]
        if not path.is_file():
            problems.append(f"{told['path']}: it is missing")
        elif (found := Written.of(folder, path)).sha256 != told["sha256"]:
            problems.append(f"{told['path']}: its SHA-256 is {found.sha256}")
    named = {told["path"] for told in manifest["files"]} | {MANIFEST}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return problems + [f"{path}: the manifest does not name it" for path in sorted(there - named)]


def _check_decontamination(mix: Mix, state: PartitionState) -> None:
    if mix.decontaminate is not None and not state.counters.get("canaries:found"):
        raise CheckFailed(
            f"mix {mix.name} was made without a proof that its search for test sets finds a planted item: corpus mix make {mix.name}"
        )


def _entries(home: Home, mix: str, state: PartitionState) -> list[dict[str, Any]]:
    """The partitions that the release is made of, at the versions that the mix was drawn from; the mix's own is the first."""
    lake = home.lake
    drawn = lake.scan(MIX_DOCUMENTS, mix=mix).select("table", "table_partition").unique().sort(pl.all()).collect()
    found = [release.entry_of(lake, MIX_DOCUMENTS, {"mix": mix}, state.version)]
    for name, text in drawn.iter_rows():
        partition = table(name).partition_of(text)
        found.append(release.entry_of(lake, name, partition, state.inputs[name]))
    return found


def _write(
    home: Home, mix: Mix, state: PartitionState, entries: list[dict[str, Any]], export: Export, folder: Path
) -> dict[str, Any]:
    """Writes everything into a folder; the manifest."""
    lake = home.lake
    try:
        gate = allowed(export.licences)
    except ValueError as error:
        raise SettingsError(f"--licences: {error}") from None
    row = stored(lake, mix.tokenizer)
    versions = {entry["table"]: entry["version"] for entry in entries}
    with _session(home) as session:
        tally = gather(lake, mix.name, versions, gate, session)
        _check_gate(mix, export, tally, records_in(session))
        tokenizer = open_tokenizer(lake, row["path"]) if export.megatron else None
        files = write_shards(session, folder, export.form, max(export.shard_mb, 1) << 20, tally, tokenizer)
    told = {
        "format": FORMAT,
        "mix": mix.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "fingerprint": state.fingerprint,
        "code": release.code(),
        "tokenizer": {key: row[key] for key in ("tokenizer", "digest", "kind", "vocabulary", "end_token")},
        "form": export.form,
        "totals": {"documents": tally.documents, "tokens": tally.tokens, "characters": tally.characters},
        "tokens_by": {name: dict(sorted(values.items())) for name, values in tally.by.items()},
        "documents_by": {name: dict(sorted(values.items())) for name, values in tally.documents_by.items()},
        "licences": {
            "gate": export.licences,
            "left_out": tally.left_out,
            "left_out_by_class": dict(sorted(tally.left_out_by.items())),
        },
        "plan": [asdict(row) for row in mixing.given(state, mix)],
        "decontamination": _decontamination(mix, state),
        "tables": [
            {key: entry[key] for key in ("table", "partition", "version", "fingerprint", "rows")} for entry in entries
        ],
        "recipes": release.recipes_of(home, entries),
    }
    for path, text in card.files(home, told, entries).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
        files.append(Written.of(folder, folder / path))
    told["files"] = [asdict(file) for file in sorted(files, key=lambda one: one.path)]
    told["digest"] = hashlib.sha256(orjson.dumps(told["files"], option=orjson.OPT_SORT_KEYS)).hexdigest()
    (folder / MANIFEST).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return told


def _check_gate(mix: Mix, export: Export, tally: Tally, records: int) -> None:
    if not records:
        raise SettingsError(f"mix {mix.name} has no document under `{export.licences}`: there is nothing to release")
    if tally.left_out and export.strict:
        classes = ", ".join(f"{name} {n:,}" for name, n in sorted(tally.left_out_by.items()))
        raise SettingsError(
            f"mix {mix.name}: {tally.left_out:,} documents are not under `{export.licences}` ({classes}), and the release is to be refused then: "
            "ask for such documents with `where: {licence: ...}` in the mix, or leave out --strict"
        )


def _decontamination(mix: Mix, state: PartitionState) -> dict[str, Any] | None:
    if mix.decontaminate is None:
        return None
    counters = state.counters
    return {
        **mix.decontaminate.model_dump(mode="json"),
        "documents_looked_at": counters.get("records", 0),
        "documents_left_out": counters.get("dropped:decontaminate:contaminated", 0),
        "planted_items_found": counters.get("canaries:found", 0),
    }


@contextmanager
def _session(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session on disk, whose memory is bounded; it goes with the block."""
    with (
        tempfile.TemporaryDirectory(prefix="release-") as scratch,
        session_on_disk(Path(scratch), home.settings.mixes.memory_mb) as session,
    ):
        yield session


@contextmanager
def fresh_folder(final: Path) -> Iterator[Path]:
    """A folder beside the final one, which takes its place when the block has ended well. Raises SettingsError where that is in use."""
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise SettingsError(f"{final} is there already: give a folder that is new or empty with --out")
    with _told(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
    try:
        yield made
        with _told(final):
            if final.is_dir():
                final.rmdir()
            made.chmod(0o755)
            made.rename(final)
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _told(final: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(f"{final} can't be written ({error.strerror}): give another folder with --out") from error

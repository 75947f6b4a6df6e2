"""Dedup of plain files by a named method: what stays in one file, clusters (or units, or weights) in another. No home, no lake.

A *preset* is a dedup step with the parameter card of a system: `minhash/fineweb`, `exact`, `substring/lee_bytes`. Several files are one corpus, in the
order given. Files that they are held *against* are known: what they have too goes from the new side, and they are never written.
The files are read twice, once for keys and once to write what stays. All between lies in a scratch folder; a run that goes on in one skips what is done.
Promise: rows in = kept + dropped + rejects; the same files give the same output, whatever the workers and the memory.

Not here: verdicts (file_verdicts.py), rows that come out (files.py), what the presets mean (steps/dedup.py, dedup_cards.py).
"""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import ValidationError

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.recipes.file_plan import FilePlan, file_plan
from corpus_platform.recipes.file_verdicts import (
    FileSet,
    FileVerdicts,
    Found,
    Work,
    keys_at_once,
    verdicts_of,
    write_json,
)
from corpus_platform.recipes.files import DROPPED, BatchApplied, FileApplied, apply_files
from corpus_platform.recipes.population import methods_of
from corpus_platform.recipes.recipe import of_preset
from corpus_platform.recipes.step import DedupStep, parameters, steps
from corpus_platform.recipes.steps.dedup import Dedup
from corpus_platform.recipes.steps.dedup_cards import CARDS
from corpus_platform.signals.environment import Environment
from corpus_platform.sources.plain import PlainWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.recipes.population import Method
    from corpus_platform.recipes.recipe import Recipe

MEMORY_MB = 2_000
"""Memory of what is matched and clustered, unless something else is said."""
_RUN = "run.json"
_DROPPED = {name: kind for name, kind in DROPPED.items() if name != "line"} | {"file": pl.String, "line": pl.Int64}
_CLUSTERS: dict[str, Any] = {
    "id": pl.String,
    "cluster": pl.String,
    "canonical": pl.String,
    "similarity": pl.Float64,
    "size": pl.Int64,
    "removed": pl.Int64,
    "weight": pl.Float64,
    "kept": pl.Boolean,
}
_SHOWN = {
    "documents": ("id", "cluster", "canonical", "similarity", "size", "kept"),
    "units": ("id", "removed", "similarity", "kept"),
    "filter": ("id", "removed", "similarity", "kept"),
    "weights": ("id", "similarity", "weight", "kept"),
}
"""Columns of the file of clusters, by how documents are matched."""


@dataclass(frozen=True)
class Preset:
    """A named dedup: what it compares and the parameters of its card."""

    name: str
    about: str
    parameters: Mapping[str, Any]


def presets() -> list[Preset]:
    """All presets: each kind of dedup as it is, where that says enough, and with each of its cards."""
    found = []
    for kind, step in steps().items():
        if not issubclass(step, Dedup) or step.of != "texts":
            continue
        about = (step.__doc__ or "").partition("\n")[0].rstrip(".")
        if _makes(step, {}):
            found.append(Preset(kind, about, {}))
        found += [Preset(f"{kind}/{card}", about, values) for card, values in CARDS.get(kind, {}).items()]
    return found


def _makes(step: type[DedupStep], values: Mapping[str, Any]) -> bool:
    try:
        step.model_validate(values)
    except ValidationError:
        return False
    return True


def preset_recipe(
    name: str, changes: Mapping[str, Any] | None = None, *, compat: str = "sane", against: bool = False
) -> Recipe:
    """A recipe of one preset, with some parameters changed. With `against` it sees earlier sets, and what those have goes.

    Raises SettingsError where there is no such preset, or it does not take a parameter.
    """
    given = dict(changes or {})
    kind = steps().get(name.partition("/")[0])
    takes = parameters(kind) if kind else {}
    if wrong := [one for one in given if kind and one not in takes]:
        raise SettingsError(f"{name} has no `{wrong[0]}`; it takes {', '.join(takes)}")
    # A threshold chooses bands and rows, so that those of the card go with it.
    bands = {"bands": None, "rows": None} if "threshold" in given else {}
    try:
        recipe = of_preset("dedup", {name: {**bands, **given}})
    except SettingsError as error:
        known = [preset.name for preset in presets()]
        told = "" if name in known or (kind and kind.step == name) else f". All presets: {', '.join(known)}"
        raise SettingsError(f"{error}{told}") from None
    [step] = recipe.steps
    assert isinstance(step, Dedup)
    if against:
        update = {
            "scope": step.scope if step.sees_earlier else "snapshots",
            "survivor": "first" if step.survivor == "newest" else step.survivor,
        }
        recipe = recipe.model_copy(update={"steps": (step.model_copy(update=update),)})
    return recipe.model_copy(update={"compat": compat})


@dataclass(frozen=True)
class Outputs:
    """Files that are written: the rows that stay, and where asked for the clusters and the rows that go."""

    kept: Path
    clusters: Path | None = None
    dropped: Path | None = None

    @property
    def paths(self) -> list[Path]:
        """All that are asked for."""
        return [path for path in (self.kept, self.clusters, self.dropped) if path is not None]


@dataclass(frozen=True)
class Deduplicated:
    """What a dedup made of files: documents and rejects, what was counted on the way, and rows of the file of clusters."""

    applied: FileApplied
    counts: Mapping[str, int]
    clustered: int
    """Documents that have a row in the file of clusters."""


@dataclass(frozen=True)
class Resources:
    """What a dedup may take: workers by an engine, memory in bytes, and a scratch folder that is kept; a temporary one by default."""

    engine: Engine | None = None
    memory: int = MEMORY_MB << 20
    scratch: Path | None = None


def dedup_files(
    recipe: Recipe,
    files: FileSet,
    to: Outputs,
    *,
    against: FileSet | None = None,
    environment: Environment | None = None,
    resources: Resources | None = None,
    on_plan: Callable[[FilePlan], None] | None = None,
) -> Deduplicated:
    """Runs the dedup of a recipe (`preset_recipe`) over files; `on_plan` is told what it will take before it starts.

    Raises NoRoom where the scratch disk has too little room, SettingsError where a file would be read and written, or a scratch folder is another run's,
    SourceError for files that can't be read, CheckFailed where rows are lost.
    """
    _check_apart((*files.paths, *(against.paths if against else ())), to)
    environment, resources = environment or Environment(), resources or Resources()
    engine = resources.engine or Serial()
    [method] = methods_of(recipe)
    with _scratch(resources.scratch, to.kept) as folder:
        plan = file_plan(method, files, against, environment, folder, resources.memory, engine.workers)
        if on_plan:
            on_plan(plan)
        plan.check()
        at_once = _layout(folder, recipe, files, against, environment, keys_at_once(resources.memory, engine.workers))
        stripes = 1 if len(files.paths) >= engine.workers else engine.workers
        work = Work(folder, engine, resources.memory, at_once, stripes)
        [(name, found)] = verdicts_of(recipe, files, against, environment, work).items()
        return _written(method, files, environment, name, found, to)


def _check_apart(read: Sequence[Path], to: Outputs) -> None:
    known = {path.resolve() for path in read}
    for path in to.paths:
        if path.resolve() in known:
            raise SettingsError(f"{path} is read, and can't be written too: give another file")
    if len({path.resolve() for path in to.paths}) < len(to.paths):
        raise SettingsError("what is kept, what is dropped and the clusters need a file each")


@contextmanager
def _scratch(folder: Path | None, beside: Path) -> Iterator[Path]:
    """The folder, which is kept, or a temporary one beside a file."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    beside.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{beside.name}.", dir=beside.parent) as made:
        yield Path(made)


def _layout(
    folder: Path, recipe: Recipe, files: FileSet, against: FileSet | None, environment: Environment, at_once: int
) -> int:
    """The keys that a task matches: those that the folder was begun with. Raises SettingsError where it is not of this run."""
    said = [recipe.model_dump(mode="json"), environment.settings.model_dump(mode="json")]
    stamps = [[_stamp(path) for path in one.paths] + [one.text] for one in (files, *((against,) if against else ()))]
    identity = hashlib.blake2b(json.dumps([said, stamps]).encode(), digest_size=16).hexdigest()
    path = folder / _RUN
    if path.exists():
        begun = json.loads(path.read_text())
        if begun["identity"] != identity:
            raise SettingsError(
                f"{folder} is the scratch folder of another run (other files, or another method): give another one, or remove it"
            )
        return int(begun["keys_of_a_range"])
    if any(folder.iterdir()):
        raise SettingsError(f"{folder} has files in it that are of no dedup: give an empty folder")
    write_json(path, {"identity": identity, "keys_of_a_range": at_once})
    return at_once


def _stamp(path: Path) -> list[Any]:
    """Path, size and modification of a file that is read."""
    found = path.stat()
    return [str(path.resolve()), found.st_size, found.st_mtime_ns]


def _written(
    method: Method, files: FileSet, environment: Environment, name: str, found: Found, to: Outputs
) -> Deduplicated:
    """The last reading of the files: writes what stays, what goes and why, and the clusters."""
    shown = _SHOWN[method.step.matching]
    clustered = 0
    with ExitStack() as stack:
        kept = stack.enter_context(PlainWriter(to.kept, {"weight": pl.Float64}))
        goes = stack.enter_context(PlainWriter(to.dropped, _DROPPED)) if to.dropped else None
        told = stack.enter_context(PlainWriter(to.clusters, _CLUSTERS)) if to.clusters else None

        def write(done: BatchApplied) -> None:
            nonlocal clustered
            kept.write(done.kept)
            if goes:
                goes.write([row | {"file": str(files.paths[done.batch.file_index])} for row in done.dropped])
            rows = _cluster_rows(done, name)
            clustered += rows.height
            if told:
                told.write(rows.select(shown).to_dicts())

        applied = apply_files(method.recipe, files, environment, FileVerdicts({name: found.path}), write)
        read, known = applied.kept + applied.dropped, found.counts.get("documents", 0)
        if read != known:
            raise CheckFailed(
                f"{known:,} documents were compared, and {read:,} read to be written: the files changed meanwhile"
            )
    return Deduplicated(applied, found.counts, clustered)


def _cluster_rows(done: BatchApplied, name: str) -> pl.DataFrame:
    """Rows of the file of clusters: the verdicts of a batch with the rows' own ids, in their order."""
    verdicts = done.verdicts[name]
    own = done.frame.select("doc_id", id="row_id")
    kept = pl.Series(verdicts["doc_id"].is_in(done.applied.kept["doc_id"].implode()), dtype=pl.Boolean)
    rows = verdicts.with_columns(kept.alias("kept"), removed=pl.col("units").list.len().fill_null(0))
    rows = rows.join(own, on="doc_id", maintain_order="left")
    return rows.with_columns(canonical=pl.col("canonical_row")).select(
        [pl.col(column).cast(kind) for column, kind in _CLUSTERS.items()]
    )

"""`corpus backfill`: many snapshots in the background, by the daemon that `corpus ui` starts, `automation.runs_at_once` of them at a time.

It asks Dagster's own interface for it, with the words that the button in the web UI uses.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import orjson
import typer

from corpus_platform.errors import CorpusError, SettingsError, SourceError
from corpus_platform.home import SETTINGS_FILE, Home
from corpus_platform.printing import out
from corpus_platform.yaml_file import nearest

_ROOT = Path(__file__).parents[2]
_SECONDS = 300
_ADD = """  {alias}: addDynamicPartition(
    repositorySelector: {{repositoryName: "__repository__", repositoryLocationName: "corpus_platform"}}
    partitionsDefName: "cc_snapshot"
    partitionKey: {key}
  ) {{ __typename }}
"""
_LAUNCH = """  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on PartitionKeysNotFoundError { message }
  }
"""


def backfill(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Snapshots, e.g. CC-MAIN-2024-10")] = None,
    every: Annotated[bool, typer.Option("--all", help="All snapshots at the source that have no corpus yet")] = False,
) -> None:
    """Has snapshots made in the background, from their files to the corpora, a run each. What is current is not made again."""
    from corpus_platform.definitions import build_defs, instance_of, known_partitions

    home = Home.open(context.obj)
    chosen = _chosen(home, names or [], every=every)
    if lacking := home.lacking(f"corpora/{name}" for name in home.enabled):
        assets = " ".join(dict.fromkeys(batch.assets[0] for batch in lacking))
        raise SettingsError(f"make what the snapshots are made of first: corpus run {assets}")
    with instance_of(home) as instance:
        known = known_partitions(instance)
    made = build_defs(home).resolve_job_def("snapshot").asset_layer.selected_asset_keys
    found = _launch(home, chosen, known, sorted(key.to_user_string() for key in made))
    at_once = home.settings.automation.runs_at_once
    out.print(
        f"Backfill {found}: {len(chosen)} snapshots, {at_once} at a time (`automation.runs_at_once`).", highlight=False
    )
    out.print(
        f"The daemon makes them while `corpus ui` runs. Watch: http://127.0.0.1:3000/runs/b/{found}", highlight=False
    )


def _chosen(home: Home, names: list[str], *, every: bool) -> list[str]:
    """The snapshots to make, by name, which is their order in time."""
    if bool(names) == every:
        raise SettingsError("name the snapshots to make, or give --all")
    source = home.settings.source.below(home.path)
    known = source.snapshots()
    for name in names:
        if name not in known:
            where = f"; set `source` in {home.path / SETTINGS_FILE}" if not known else ""
            raise SourceError(f"there is no snapshot {name} at {source.location}{nearest(name, known)}{where}")
    if names:
        return sorted(set(names))
    lacking = [name for name in known if not _has_corpora(home, name)]
    if not lacking:
        raise SettingsError(f"every one of the {len(known)} snapshots at {source.location} has its corpora")
    return sorted(lacking)


def _has_corpora(home: Home, snapshot: str) -> bool:
    """Whether the lake has every enabled corpus of the snapshot."""
    return all(
        home.lake.state(f"corpora.{name}", {"variant": home.variant_of(name), "snapshot": snapshot}) is not None
        for name in home.enabled
    )


def _launch(home: Home, snapshots: list[str], known: list[str], assets: list[str]) -> str:
    """Adds partitions that are not known and asks for a backfill of the assets over all; its id.

    In one document, so that no sensor finds a partition that nobody has started.
    """
    title = snapshots[0] if len(snapshots) == 1 else f"{len(snapshots)} snapshots, {snapshots[0]} to {snapshots[-1]}"
    params = {
        "assetSelection": [{"path": asset.split("/")} for asset in assets],
        "partitionNames": snapshots,
        "title": title,
        "tags": [{"key": "corpus/started-by", "value": "corpus backfill"}],
    }
    new = [name for name in snapshots if name not in known]
    adding = "".join(_ADD.format(alias=f"add{i}", key=orjson.dumps(name).decode()) for i, name in enumerate(new))
    words = f"mutation Backfill($params: LaunchBackfillParams!) {{\n{adding}{_LAUNCH}}}"
    return _ask(home, words, {"params": params})


def _ask(home: Home, words: str, variables: dict[str, object]) -> str:
    """Asks Dagster's interface, with the code location loaded for it; the backfill's id. The answer is a file: logs are on the standard output."""
    program = str(Path(sys.executable).with_name("dagster-graphql"))
    environment = {**os.environ, "DAGSTER_HOME": str(home.path / "dagster"), "CORPUS_HOME": str(home.path)}
    with tempfile.TemporaryDirectory(prefix="corpus-backfill-") as scratch:
        file = Path(scratch, "answer.json")
        command = [program, "-w", str(_ROOT / "workspace.yaml"), "-t", words, "-v", orjson.dumps(variables).decode()]
        ended = subprocess.run(
            [*command, "-o", str(file)],
            cwd=_ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        text = file.read_text(encoding="utf-8") if file.exists() else ""
    if ended.returncode or not text:
        raise CorpusError(f"Dagster did not take the backfill: {(ended.stderr or ended.stdout).strip()[-2000:]}")
    answer = (orjson.loads(text).get("data") or {}).get("launchPartitionBackfill") or {}
    if "backfillId" not in answer:
        raise CorpusError(f"Dagster did not take the backfill: {answer.get('message') or text[-2000:]}")
    return answer["backfillId"]

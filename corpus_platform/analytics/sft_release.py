"""An export of a mix of dialogues: files for trainers, their settings, report, card, and a manifest with the SHA-256 of each.

    messages.jsonl, messages.parquet        always
    llama_factory_*.jsonl, dataset_info.json, axolotl.jsonl, axolotl.yaml, ms_swift.jsonl ...        as asked
    packed.parquet                          where a length is given
    mix_report.json, mix_report.md, card.md, card.html, plots/, manifest.json

Texts are read set by set and put in order on disk, by a hash of seed and content, so that memory is bounded. Nothing is written but a whole folder.
Promise: the same mix gives the same bytes, wherever and whenever it is exported.

Not here: which dialogues (stages/sft_mix.py), what a record of a form is (sft/exports/).
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.analytics import release, sft_card, sft_report
from corpus_platform.analytics.mix_export import Written
from corpus_platform.analytics.mix_release import MANIFEST, fresh_folder
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sft.exports import packing
from corpus_platform.sft.exports.formats import MESSAGES, Writer, settings_files
from corpus_platform.sft.exports.sample import Sample
from corpus_platform.sft.measures import COUNTED, measure
from corpus_platform.stages.mix_candidates import frames_of, session_on_disk
from corpus_platform.stages.read import batches
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_mix import FACTS, SFT_MIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import polars as pl

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.stages.sft_mix import SftMixes

FORMAT = 1
PACKED = "packed.parquet"
_SAID = ("messages", "system", "tools", "labels")
_DRAWN = ("doc_id", "set", "part", "epoch", "trained", "tokens", "place_key", *FACTS)
_MEMORY_MB = 512
_ROWS = 1_000


@dataclass(frozen=True)
class Export:
    """What is written, and where."""

    folder: Path
    formats: tuple[str, ...] = (MESSAGES,)
    """Names of sft/exports/formats.py."""
    pack: int | None = None
    """Tokens of a packed sequence."""
    memory_mb: int = _MEMORY_MB


def export(lake: Lake, stage: SftMixes, name: str, wanted: Export) -> dict[str, Any]:
    """Writes the export of a mix as it was made; its manifest.

    Raises SettingsError (mix not made, folder in use), SourceError where a dialogue is not in its table any more.
    """
    state = lake.state(SFT_MIXES, {"mix": name})
    if state is None or not state.rows:
        raise SettingsError(f"mix {name} has no dialogues yet: corpus sft mix make {name}")
    formats = tuple(dict.fromkeys((MESSAGES, *wanted.formats)))
    told = {**sft_report.report(lake, stage, name, state), "code": release.code()}
    with fresh_folder(wanted.folder) as folder, tempfile.TemporaryDirectory(prefix="sft-export-") as scratch:
        with session_on_disk(Path(scratch), wanted.memory_mb) as session:
            _gather(lake, name, state.inputs.get(FILTERED), session)
            told |= _write(session, folder, formats, wanted.pack)
            told["measures"] = _measured(session)
        return _finish(folder, told, formats)


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """The manifest of an export; None where a folder has none."""
    try:
        return orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None


def _gather(lake: Lake, mix: str, version: int | None, session: duckdb.DuckDBPyConnection) -> None:
    """Puts the drawn dialogues with their messages into the session's table `records`."""
    drawn = lake.scan(SFT_MIXES, mix=mix).select("file_shard", *_DRAWN).collect()
    made = False
    for (name, shard), own in sorted(drawn.group_by("set", "file_shard"), key=lambda one: (str(one[0][0]), one[0][1])):
        files = [file for file in lake.files(FILTERED, {"set": str(name)}, version) if file.shard == shard]
        found = 0
        for rows in _with_messages(lake, files, own):
            found += rows.height
            session.register("batch", rows.to_arrow())
            session.execute(
                "INSERT INTO records SELECT * FROM batch" if made else "CREATE TABLE records AS SELECT * FROM batch"
            )
            session.unregister("batch")
            made = True
        if found != own.height:
            raise SourceError(
                f"mix {mix}: {own.height - found:,} dialogues of {name} are not there any more: corpus sft mix make {mix}"
            )


def _with_messages(lake: Lake, files: list[DataFile], drawn: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for file in files:
        for frame in batches(lake, file, columns=["doc_id", *_SAID], rows=_ROWS):
            rows = drawn.join(frame, on="doc_id", how="inner", maintain_order="right")
            if rows.height:
                yield rows.select(*_DRAWN, *_SAID)


def _write(
    session: duckdb.DuckDBPyConnection, folder: Path, formats: tuple[str, ...], pack: int | None
) -> dict[str, Any]:
    """Writes the files of all forms, and the packed sequences; what is told of them."""
    ids: list[str] = []
    lengths = array("q")
    ordered = session.sql("SELECT * EXCLUDE (place_key) FROM records ORDER BY place_key, doc_id, epoch")
    with Writer(folder, formats) as writer:
        for frame in frames_of(ordered, _ROWS):
            for row in frame.iter_rows(named=True):
                sample = Sample.of_row(row)
                writer.write(sample)
                if pack:
                    ids.append(sample.id)
                    lengths.append(max(sample.tokens, 1))
        rows, left_out = writer.rows, writer.left_out
    told: dict[str, Any] = {
        "forms": {name: {"rows": n, "left_out": left_out.get(name, {})} for name, n in rows.items()}
    }
    if pack:
        packed = packing.pack(lengths, pack)
        packing.write(packed, ids, folder / PACKED)
        told["packing"] = {
            "most": pack,
            "sequences": packed.sequences,
            "filled": packed.filled,
            "cut": sum(length > pack for length in lengths),
        }
    return told


def _measured(session: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """How varied the dialogues are, each once."""
    columns = ", ".join(("doc_id", "messages", "labels", *COUNTED))
    once = session.sql(f"SELECT {columns} FROM records WHERE epoch = 0 ORDER BY place_key, doc_id")
    return measure(frames_of(once, _ROWS))


def _finish(folder: Path, told: dict[str, Any], formats: tuple[str, ...]) -> dict[str, Any]:
    """Writes settings, report and card, then the manifest of all files."""
    texts = {
        **settings_files(f"mix_{told['mix']['name']}", formats),
        "mix_report.json": orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode(),
        "mix_report.md": sft_report.markdown(told),
        **sft_card.files(told, formats),
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    rows = {name: own["rows"] for name, own in told["forms"].items()}
    if "packing" in told:
        rows[PACKED] = told["packing"]["sequences"]
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [asdict(Written.of(folder, path, rows.get(path.relative_to(folder).as_posix()))) for path in paths]
    digest = hashlib.sha256(orjson.dumps(files, option=orjson.OPT_SORT_KEYS)).hexdigest()
    manifest = {
        "format": FORMAT,
        "mix": told["mix"],
        "fingerprint": told["fingerprint"],
        "code": told["code"],
        "totals": told["totals"],
        "files": files,
        "digest": digest,
    }
    (folder / MANIFEST).write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return manifest

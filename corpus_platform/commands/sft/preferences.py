"""`corpus sft preferences`: preferences of data sets as trainers read them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE = "sft.preferences"
_COLUMNS = ("prompt", "answers", "choice", "tie", "system", "tools")


def preferences(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SET|FILE...", help="Data sets of the home, or files of preferences that corpus sft convert wrote"),
    ],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the files")],
    forms: Annotated[
        str,
        typer.Option("--form", help="By commas: llama_factory, llama_factory_alpaca, llama_factory_kto, trl_dpo, trl_kto; or all"),
    ] = "all",
    worst: Annotated[bool, typer.Option("--worst", help="Each preferred answer with the worst alone, not with every other")] = False,
) -> None:  # fmt: skip
    """Writes preferences for trainers: SET_FORM.jsonl, and LLaMA-Factory's dataset_info.json. What a form can't say is counted by reason."""
    from corpus_platform.sft.exports.preferences import FORMS, write_preferences

    wanted = FORMS if forms == "all" else [word.strip() for word in forms.split(",")]
    if unknown := [form for form in wanted if form not in FORMS]:
        raise SettingsError(f"there is no form `{unknown[0]}`; there are {', '.join(FORMS)}, all")
    shown = RichTable(whole("file"), right("lines"), whole("left out"), box=None)
    for source in sources:
        name = Path(source).name.partition(".")[0]
        for form in wanted:
            rows = _rows(context, source)
            made = write_preferences(rows, folder, f"{name}_{form}", form, pairs="one" if worst else "all")  # type: ignore[arg-type]
            skipped = ", ".join(f"{reason} {n:,}" for reason, n in made.skipped.items())
            shown.add_row(escaped(str(made.file)), f"{made.rows:,}", skipped)
    out.print(shown)


def _rows(context: typer.Context, source: str) -> Iterator[dict[str, Any]]:
    """Rows of a file where there is one of that name, else of a data set of the home; a row group or a line at a time."""
    path = Path(source)
    if not path.is_file():
        yield from _rows_of_set(context, source)
    elif path.suffix == ".parquet":
        yield from _rows_of_parquet(path)
    else:
        yield from _rows_of_lines(path)


def _rows_of_set(context: typer.Context, name: str) -> Iterator[dict[str, Any]]:
    from corpus_platform.home import Home
    from corpus_platform.lake.reading import pieces_of

    lake = Home.open(context.obj).lake
    if lake.state(_TABLE, {"set": name}) is None:
        known = ", ".join(one["set"] for one in lake.partitions(_TABLE)) or "none"
        raise SourceError(f"`{name}` is no file, and no data set with preferences in this home; there are: {known}")
    for file in lake.files(_TABLE, {"set": name}):
        for frame in pieces_of(lake, file, _COLUMNS):
            yield from frame.iter_rows(named=True)


def _rows_of_parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if missing := {"prompt", "answers"} - set(file.schema_arrow.names):
            raise SourceError(f"{path}: it has no column {', '.join(sorted(missing))}; it is no file of preferences")
        for batch in file.iter_batches(500, columns=[name for name in _COLUMNS if name in file.schema_arrow.names]):
            yield from batch.to_pylist()


def _rows_of_lines(path: Path) -> Iterator[dict[str, Any]]:
    import orjson

    from corpus_platform.sources.plain import opened

    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise SourceError(f"{path}: line {number}: {error}") from error
            if not isinstance(row, dict) or not {"prompt", "answers"} <= set(row):
                raise SourceError(f"{path}: line {number} is no preference: it has no prompt or no answers")
            yield row

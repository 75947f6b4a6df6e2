"""`corpus sft sniff` and `corpus sft convert`: what files of records look like, and files of dialogues of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from pydantic import ValidationError
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.printing import escaped, out, right, whole
from corpus_platform.yaml_file import read_yaml

if TYPE_CHECKING:
    from corpus_platform.sft.convert import Converted
    from corpus_platform.sft.form import SetFacts
    from corpus_platform.sft.reading import Reading
    from corpus_platform.sft.sniff import Sniffed

_LISTS = ("meta", "ignore")


def sniff(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, folders or archives of records")],
    plain: Annotated[bool, typer.Option("--yaml", help="The proposals alone, for settings or --map")] = False,
) -> None:
    """What files of records look like: container, charset, kind of record, and a map of their columns to begin with."""
    from corpus_platform.readers.reader import Unit
    from corpus_platform.sft.sniff import sniff_all

    for path in files:
        if not path.exists():
            raise SourceError(f"{path}: there is no such file or folder")
        for found in sniff_all(Unit.of_path(path)):
            if plain:
                _say(f"# {found.file}\n{found.yaml()}")
            else:
                _show(found)


def _show(found: Sniffed) -> None:
    charset = f", {found.charset}" if found.charset not in (None, "utf-8", "binary") else ""
    _say(f"{found.file}: {found.container or 'no container of records'}{charset}")
    if found.best is not None:
        other = f"; next: {found.runner_up.kind} {found.runner_up.fit:.2f}" if found.runner_up else ""
        share = f"{found.best.fit:.0%} of {found.records} records"
        _say(f"  {found.best.kind} reads {share} (confidence {found.confidence:.2f}{other})")
        _say(_indented(found.yaml()))
    elif found.container:
        _say(f"  no kind reads half of {found.records} records; columns: {', '.join(found.columns) or 'none'}")
    for problem in (*found.problems, *(found.best.problems if found.best else ())):
        _say(f"  problem: {problem[:200]}")


def _say(text: str) -> None:
    out.print(text, highlight=False, markup=False, soft_wrap=True)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def convert(
    paths: Annotated[list[Path], typer.Argument(metavar="IN...", help="Files, folders or archives of records")],
    to: Annotated[Path, typer.Option("--out", help="JSONL (plain, .gz, .zst) or Parquet file for the dialogues")],
    known_set: Annotated[
        str | None, typer.Option("--set", help="Data set of the catalogue, or one of its layouts: belle.multiturn")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of the records; corpus sft sniff proposes one")] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=COLUMN, labels.NAME=COLUMN, meta=COLUMN, ignore=COLUMN, others=meta, or a YAML file with a map"),
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="An option of the kind: NAME=VALUE; may be repeated")] = None,
    container: Annotated[
        list[str] | None, typer.Option(help="How the files are written: delimiter=|, header=false, columns=[a, b] ...")
    ] = None,
    shape: Annotated[str | None, typer.Option(help="What a record is: row, line, entry, file")] = None,
    files: Annotated[
        list[str] | None, typer.Option(help="Pattern of files, or of members of archives, that are read")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="File for what could not be used, with the reasons")] = None,
) -> None:  # fmt: skip
    """Reads records of any form into dialogues, a row each with its messages. What can't be used is counted by reason; nothing is left out unsaid."""
    from corpus_platform.sft.convert import convert as converted

    own = {"kind": kind, "shape": shape, "files": tuple(files or ())}
    own |= {"options": _values("--option", option), "container": _values("--container", container), "map": _map(given)}
    reading, facts = _reading(known_set, {name: value for name, value in own.items() if value}, paths)
    report = converted(paths, reading, facts, to=to, rejects=rejects)
    _print(report)
    if not report.kept and (report.broken or not report.read):
        raise typer.Exit(1)


def _reading(known_set: str | None, own: dict[str, Any], paths: list[Path]) -> tuple[Reading, SetFacts]:
    """How files are read: as a set of the catalogue, and by what is said beside it."""
    from corpus_platform.sft.convert import of_catalogue
    from corpus_platform.sft.form import SetFacts
    from corpus_platform.sft.reading import Reading

    if known_set is None and "kind" not in own:
        raise SettingsError(f"convert takes --set or --kind; this tells which: corpus sft sniff {paths[0]}")
    try:
        if known_set is None:
            reading = Reading.model_validate(own)
            stem = paths[0].name.partition(".")[0]
            facts = SetFacts(name=stem, source="own", kind=reading.kind)
        else:
            catalogued, facts = of_catalogue(known_set)
            reading = Reading.model_validate(catalogued.model_dump(exclude_defaults=True) | own)
        reading.made()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"`{where}`: {first['msg'].removeprefix('Value error, ')}") from None
    return reading, facts


def _map(given: list[str] | None) -> dict[str, Any]:
    """A map of words on the command line and of YAML files, the later over the earlier."""
    found: dict[str, Any] = {}
    for word in given or ():
        name, sign, column = word.partition("=")
        if not sign:
            values = read_yaml(Path(word)).values
            if not isinstance(values, dict):
                raise SettingsError(f"{word}: a map is a mapping of columns, labels, meta, ignore, others")
            # A proposal of `sniff` has the map within it.
            found |= values.get("map", {}) if "kind" in values else values
        elif name in _LISTS:
            found[name] = [*found.get(name, ()), column]
        elif name == "others":
            found[name] = column
        elif name.startswith("labels."):
            found["labels"] = {**found.get("labels", {}), name.removeprefix("labels."): column}
        else:
            found["columns"] = {**found.get("columns", {}), name: column.split("+") if "+" in column else column}
    return found


def _values(option: str, words: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE, the value as YAML has it; what is no YAML (a comma, say) is a text."""
    found: dict[str, Any] = {}
    for word in words or ():
        name, sign, value = word.partition("=")
        if not (name and sign):
            raise SettingsError(f"{option} takes NAME=VALUE; `{word}` is not of that form")
        try:
            read = yaml.safe_load(value)
        except yaml.YAMLError:
            read = value
        found[name] = value if read is None or (isinstance(read, dict) and not value.startswith("{")) else read
    return found


def _print(report: Converted) -> None:
    shown = RichTable(
        right("read"), right("dialogues"), right("preferences"), right("rejected"), whole("reasons"), box=None
    )
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in report.rejected.most_common())
    figures = (report.read, report.dialogues, report.preferences, report.rejected.total())
    shown.add_row(*(f"{n:,}" for n in figures), escaped(reasons))
    out.print(shown)
    _say(" ".join(map(str, report.outputs)))

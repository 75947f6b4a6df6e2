"""Commands on what people write and say: task sheets out, filled-in ones in, failing requests, and pseudonyms."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
import yaml
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.sft.collected.sheet import Sheet

sheets_app = typer.Typer(no_args_is_help=True, help="Task sheets: what people are asked to write.")
_FAILING = "sft.failing"
Names = Annotated[list[str] | None, typer.Argument(metavar="[SHEET]...", help="Sheets; all by default")]
To = Annotated[Path, typer.Option("--out", help="File: .csv for a table, .json for a list, .jsonl for lines")]


@sheets_app.command("list")
def list_sheets(context: typer.Context) -> None:
    """All sheets: shipped ones, and those of the home's folder `sft.sheets`."""
    shown = RichTable(
        whole("sheet"),
        "task",
        "language",
        right("prompts"),
        right("wordings"),
        right("tasks"),
        right("reviewers"),
        box=None,
    )
    for sheet in _known(context).values():
        part = sheet.part
        counts = (len(part.prompts), len(part.wordings), len(part.prompts) * part.answers, part.reviewers)
        shown.add_row(escaped(sheet.name), sheet.task_type, sheet.language, *map(str, counts))
    out.print(shown)
    out.print("\nHand them out: corpus sft sheets export [SHEET]... --out tasks.jsonl", highlight=False)


@sheets_app.command("show")
def show_sheet(context: typer.Context, name: Annotated[str, typer.Argument(help="Name of the sheet: qa.en")]) -> None:
    """One sheet as YAML, and its tasks as writers get them."""
    from corpus_platform.sft.collected.sheet import sheet_of

    sheet = sheet_of(name, _known(context))
    values = {"task_type": sheet.task_type, **sheet.part.model_dump(mode="json", exclude_defaults=True)}
    out.print(escaped(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=150)), highlight=False)
    for task in sheet.tasks():
        out.print(escaped(f"{task.id}  {task.text}"), highlight=False, soft_wrap=True)


@sheets_app.command("export")
def export_sheets(context: typer.Context, to: To, names: Names = None) -> None:
    """Writes tasks for people to fill in: a table, or records that Argilla takes (`Record.from_dict`)."""
    from corpus_platform.sft.collected.records import to_write
    from corpus_platform.sft.collected.sheet import sheet_of

    known = _known(context)
    asked = [sheet_of(name, known) for name in names or known]
    records = [to_write(sheet, task) for sheet in asked for task in sheet.tasks()]
    _write(to, records, max(sheet.part.reviewers for sheet in asked))
    out.print(f"{len(records):,} tasks of {len(asked)} sheets: {to}", highlight=False, soft_wrap=True)


@sheets_app.command("review")
def review_answers(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Filled-in tasks: CSV, JSONL, or an export of Argilla")],
    to: To,
) -> None:
    """Writes the answers that came in as records for reviewers: the second round."""
    from corpus_platform.sft.collected.human import Filled, filled_in
    from corpus_platform.sft.collected.records import numbered, to_review

    known = _known(context)
    tasks = {task.id: (sheet, task) for sheet in known.values() for task in sheet.tasks()}
    found = [one.answer for path in files for one in filled_in(_unit(path), _reading()) if isinstance(one, Filled)]
    whole_ones = [one for one in found if one.task in tasks and one.answer and not one.refused]
    records = [to_review(*tasks[one.task], one, n) for n, one in numbered(whole_ones)]
    _write(to, records, max((tasks[one.task][0].part.reviewers for one in whole_ones), default=2))
    left = (
        f"; {len(found) - len(records):,} without an answer, or to no known task" if len(found) > len(records) else ""
    )
    out.print(f"{len(records):,} answers for reviewers: {to}{left}", highlight=False, soft_wrap=True)


@sheets_app.command("make")
def make_sheets(
    context: typer.Context,
    failing: Annotated[str, typer.Option("--from-failing", metavar="SET", help="Data set of chats whose failing requests are the prompts")],
    to: Annotated[Path | None, typer.Option("--out", help="YAML file; SET.yaml in the home's folder of sheets by default")] = None,
    task_type: Annotated[str, typer.Option(help="What the sheets ask for")] = "other",
    most: Annotated[int, typer.Option(min=1, help="Prompts of a language")] = 50,
) -> None:  # fmt: skip
    """Proposes task sheets of the requests that fail most, for people to edit."""
    from corpus_platform.sft.collected.proposed import propose
    from corpus_platform.sft.collected.sheet import read_sheets

    home = Home.open(context.obj)
    text = propose(_failing(home, failing), task_type=task_type, most=most)
    path = to or Path(home.settings.sft.below(home.path).sheets) / f"{failing}.yaml"
    if path.exists():
        raise SettingsError(f"{path} is there already: name another file with --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    made = read_sheets(path)
    prompts = sum(len(sheet.part.prompts) for sheet in made)
    names = ", ".join(sheet.name for sheet in made)
    out.print(
        f"{prompts:,} prompts in {names}: {path}. Edit it, then: corpus sft sheets export",
        highlight=False,
        soft_wrap=True,
    )


def collect(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Filled-in tasks with reviews: CSV, JSON(L), exports of Argilla; or chats of users")],
    to: Annotated[Path, typer.Option("--out", help="JSONL or Parquet file for the dialogues")],
    rejects: Annotated[Path | None, typer.Option(help="File for what is turned away: file, position, reason, detail")] = None,
    what: Annotated[str, typer.Option("--from", help="human: answers to task sheets; users: chats of real users")] = "human",
    option: Annotated[list[str] | None, typer.Option(help="An option of collecting: NAME=VALUE, the value in YAML; may be repeated")] = None,
) -> None:  # fmt: skip
    """Takes in what people wrote or said: rules, reviews with their agreement, consent; dialogues in one file, reasons in another."""
    from corpus_platform.stages.sft_collect_files import collect_files

    report = collect_files(files, what, _options(option), known=_known(context), to=to, rejects=rejects)
    shown = RichTable(right("records"), right("dialogues"), whole("turned away"), box=None)
    shown.add_row(
        f"{report.read:,}",
        f"{report.kept:,}",
        escaped(", ".join(f"{r} {n:,}" for r, n in report.rejected.most_common())),
    )
    out.print(shown)
    if report.agreement:
        out.print()
        _print_agreement(report.agreement)


def failing(
    context: typer.Context,
    sets: Annotated[list[str] | None, typer.Argument(metavar="[SET]...", help="Data sets of chats; all by default")] = None,
    most: Annotated[int, typer.Option(min=1, help="Clusters that are shown of each")] = 20,
) -> None:  # fmt: skip
    """Lists clusters of requests that fail: voted down, generated again, edited or refused; the largest first."""
    home = Home.open(context.obj)
    names = sets or [name for name, one in home.dialogues.sft.sets.items() if one.collect == "users"]
    if not names:
        raise SettingsError("there is no data set of chats: `sft.sets.NAME: {collect: users, location: ...}`")
    counts = ("failing", "of", "share", "down", "again", "edited", "refused")
    shown = RichTable(whole("set"), *map(right, counts), "languages", "request", box=None)
    for name in names:
        for row in _failing(home, name)[:most]:
            votes = [str(row[key]) for key in ("down", "regenerated", "edited", "refusals")]
            figures = (str(row["failures"]), str(row["requests"]), f"{row['share']:.0%}", *votes)
            shown.add_row(name, *figures, " ".join(row["languages"]), escaped(" ".join(row["example"].split())[:100]))
    out.print(shown)
    out.print(f"\nPropose task sheets of them: corpus sft sheets make --from-failing {names[0]}", highlight=False)


def pseudonym(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SET", help="Data set that is collected from people")],
    person: Annotated[str, typer.Argument(metavar="ID", help="Id of a writer or user, as its files have it")],
) -> None:
    """Tells what stands for a person in a data set: what `corpus forget --author` takes."""
    from corpus_platform.sft.collected.pseudonyms import Pseudonyms

    options = Home.open(context.obj).dialogues.sft.one(name).collecting()
    out.print(Pseudonyms.of_file(options.key)(person), highlight=False, markup=False)


def _print_agreement(rows: Iterable[Mapping[str, Any]]) -> None:
    figures = ("percent", "kappa", "alpha")
    names = ("answers", "taken", "reviewed", "reviewers")
    shown = RichTable(whole("sheet"), *map(right, (*names, *figures)), box=None)
    for row in rows:
        counts = (f"{row[name]:,}" for name in names)
        shown.add_row(
            escaped(row["sheet"]), *counts, *("" if row[name] is None else f"{row[name]:.2f}" for name in figures)
        )
    out.print(shown)


def _failing(home: Home, name: str) -> list[dict[str, Any]]:
    if home.dialogues.sft.one(name).collect != "users":
        raise SettingsError(f"`sft.sets.{name}` is no data set of chats")
    if home.lake.state(_FAILING, {"set": name}) is None:
        raise SourceError(f"{_FAILING} of {name} is not made yet: corpus run sft/failing")
    return home.lake.scan(_FAILING, set=name).collect().sort("rank").to_dicts()


def _known(context: typer.Context) -> dict[str, Sheet]:
    from corpus_platform.sft.collected.sheet import sheets

    home = Home.open(context.obj)
    return sheets(Path(home.settings.sft.below(home.path).sheets))


def _write(path: Path, records: list[dict[str, Any]], reviewers: int) -> None:
    from corpus_platform.sft.collected.records import columns, table_row

    if path.suffix == ".csv":
        # With its mark at the beginning spreadsheets read Chinese as what it is.
        with path.open("w", newline="", encoding="utf-8-sig") as stream:
            writer = csv.DictWriter(stream, columns(reviewers), restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(map(table_row, records))
    elif path.suffix == ".json":
        path.write_bytes(orjson.dumps(records, option=orjson.OPT_INDENT_2) + b"\n")
    elif path.suffix == ".jsonl":
        path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    else:
        raise SettingsError(f"{path}: its name ends in .csv, .json or .jsonl")


def _options(words: list[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words or ():
        name, sign, value = word.partition("=")
        if not (name and sign):
            raise SettingsError(f"--option takes NAME=VALUE; `{word}` is not of that form")
        found[name] = yaml.safe_load(value)
    return found


def _unit(path: Path) -> Any:
    from corpus_platform.readers.reader import Unit

    if not path.exists():
        raise SourceError(f"{path}: there is no such file or folder")
    return Unit.of_path(path)


def _reading() -> Any:
    from corpus_platform.sft.reading import Reading

    return Reading(kind="instruct")

"""`corpus sft decontaminate`: a file of dialogues without what evaluation sets have, with a report that shows the evidence.

Not here: the work (recipes/sft_decontamination.py), the step of a recipe (recipes/steps/sft_contamination.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corpus_platform.errors import SettingsError
from corpus_platform.printing import out


def decontaminate(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Rows with `messages` (JSONL, Parquet), or a data set's own file")
    ],
    kept: Annotated[Path, typer.Option("--out", help="File for the dialogues that hold no item")],
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            help="An evaluation set, FILE or NAME=FILE, may be repeated; a name of the catalogue says how it is read",
        ),
    ] = None,
    dropped: Annotated[Path | None, typer.Option(help="File for the dialogues that hold one")] = None,
    report: Annotated[Path | None, typer.Option(help="Report with the evidence: .json or .md")] = None,
    flag: Annotated[float, typer.Option(help="Share of an item's tokens from which on a dialogue goes")] = 0.5,
    flag_short: Annotated[float, typer.Option(help="The same for items of fewer than 32 tokens")] = 0.8,
    like: Annotated[
        str | None, typer.Option("--set", help="Data set of the catalogue that the file is of, e.g. belle.multiturn")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of the file's records, e.g. instruct, turns")] = None,
) -> None:
    """Takes dialogues out that hold items of evaluation sets, in English and Chinese."""
    from corpus_platform.commands.sft.filters import source_of
    from corpus_platform.recipes.eval_sets import eval_items
    from corpus_platform.recipes.sft_decontamination import decontaminate_file, write_report
    from corpus_platform.sft.contamination import Thresholds

    files = _named(against or [])
    if report is not None and report.suffix not in {".json", ".md"}:
        raise SettingsError(f"{report}: a report is .json or .md")
    items = eval_items(files, (), Thresholds(flag=flag, flag_short=flag_short))
    told = decontaminate_file(source_of(source, like, kind), items, kept, dropped)
    if report is not None:
        write_report(told, report)
    counts = ", ".join(f"{name} {len(told.items.get(name, ())):,} of {n:,} items" for name, n in told.searched.items())
    out.print(
        f"{told.rows:,} dialogues: {told.kept:,} kept, {told.dropped:,} hold an item ({counts})",
        highlight=False,
        soft_wrap=True,
    )
    if told.unread:
        out.print(f"{told.unread:,} rows are no dialogues, and are in no file", highlight=False)


def _named(values: list[str]) -> dict[str, str]:
    """Files by name; a file without one has that of its folder or its own. Raises SettingsError for two of one name, or none."""
    if not values:
        raise SettingsError("corpus sft decontaminate IN --against EVAL... --out OUT: name an evaluation set at least")
    found: dict[str, str] = {}
    for value in values:
        name, sign, place = value.partition("=")
        name, place = (name, place) if sign else (Path(value).name.partition(".")[0], value)
        if name in found:
            raise SettingsError(f"two evaluation sets are called `{name}`: say NAME=FILE")
        found[name] = place
    return found

"""`corpus sft ability`: the model that tells what requests ask for, made of labelled data sets of the home.

Not here: the model (sft/ability.py), which labels name an ability (sft/ability_labels.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.printing import escaped, out, right

if TYPE_CHECKING:
    from corpus_platform.sft.ability import AbilityModel

app = typer.Typer(no_args_is_help=True, help="The model of abilities: how well it tells them, and one of your own.")


@app.command("show")
def show(
    folder: Annotated[Path | None, typer.Argument(help="Folder of a model; the shipped one by default")] = None,
) -> None:
    """How well each ability is told on requests held back."""
    from corpus_platform.sft.ability import model_at

    _print(model_at(str(folder) if folder else None))


@app.command("train")
def train_model(
    context: typer.Context,
    folder: Annotated[Path, typer.Option("--out", help="Folder of the model")],
    sets: Annotated[
        list[str] | None, typer.Argument(help="Data sets whose labels name abilities; all by default")
    ] = None,
    per_class: Annotated[int, typer.Option(help="Most requests of an ability")] = 20_000,
    min_rows: Annotated[int, typer.Option(help="An ability with fewer requests is left out")] = 50,
    also_shipped: Annotated[
        bool, typer.Option("--with-shipped/--only-own", help="Whether the shipped requests are learnt from too")
    ] = True,
) -> None:
    """Makes a model of the first requests of dialogues whose data set says what they ask for, and judges it on a tenth of them."""
    from corpus_platform.analytics.sft_abilities import trained
    from corpus_platform.home import Home

    made = trained(
        Home.open(context.obj), sets or [], per_class=per_class, min_rows=min_rows, also_shipped=also_shipped
    )
    made.save(folder)
    _print(made)
    out.print(f"kept in {escaped(str(folder))}; use it: signals.ability_model: {escaped(str(folder))}", highlight=False)


def _print(model: AbilityModel) -> None:
    table = RichTable("ability", right("requests"), right("held back"), right("precision"), right("recall"))
    for one in model.classes:
        figures = ("" if value is None else f"{value:.2f}" for value in (one.precision, one.recall))
        table.add_row(one.label, f"{one.training_rows:,}", f"{one.support:,}", *figures)
    out.print(table)

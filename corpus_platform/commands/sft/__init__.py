"""Commands on data for supervised fine-tuning, on plain files and in a home; a module for each group of them."""

from __future__ import annotations

import typer

from corpus_platform.commands.sft import (
    ability,
    catalogue,
    construct,
    decontaminate,
    files,
    filters,
    kinds,
    measure,
    mix,
    overlap,
    people,
    preferences,
)

app = typer.Typer(no_args_is_help=True, help="Data for supervised fine-tuning: reading, filters, construction, mixes.")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(mix.app, name="mix")
app.add_typer(ability.app, name="ability")
app.command("filter")(filters.filter_dialogues)
app.command("decontaminate")(decontaminate.decontaminate)
app.command("preferences")(preferences.preferences)
app.command()(files.sniff)
app.command()(files.convert)
app.command("overlap")(overlap.overlap)
app.command("construct")(construct.construct)
app.command("kinds")(kinds.kinds)
app.add_typer(people.sheets_app, name="sheets")
app.command("collect")(people.collect)
app.command("failing")(people.failing)
app.command("pseudonym")(people.pseudonym)
app.command("measure")(measure.measure)

"""Commands on mixes and tokenizers: what there is, what a mix would give, making it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.table import Table as RichTable

from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.analytics.mixing import Given
    from corpus_platform.mixes.mix import Mix

app = typer.Typer(no_args_is_help=True, help="Mixes: which documents of which tables, by a budget of tokens.")
tokenizers = typer.Typer(no_args_is_help=True, help="Tokenizers: what the budgets of mixes are counted in.")

Name = Annotated[str, typer.Argument(help="Name of the mix")]


@app.command("list")
def list_mixes(context: typer.Context) -> None:
    """All mixes: shipped ones, and those of the home's own folder."""
    home = Home.open(context.obj)
    shown = RichTable(whole("mix"), "what it is", right("budget"), right("parts"), right("documents"), "", box=None)
    for mix in home.mixing.mixes.values():
        state = home.lake.state("mixes.documents", {"mix": mix.name})
        shown.add_row(
            mix.name,
            escaped(mix.title),
            _budget(mix),
            str(len(mix.parts)),
            f"{state.rows:,}" if state else "",
            _state(home, mix.name),
        )
    out.print(shown)
    out.print("\nSee what one would give: corpus mix plan NAME; make it: corpus mix make NAME", highlight=False)


@app.command("show")
def show(context: typer.Context, name: Name) -> None:
    """One mix as YAML; when it was made, also what each part gave."""
    from corpus_platform.analytics.mixing import given

    home = Home.open(context.obj)
    mix = home.mixing.mix(name)
    values = mix.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    out.print(escaped(yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=150)), highlight=False)
    state = home.lake.state("mixes.documents", {"mix": name})
    if state is not None:
        _print_given(given(state, mix))
        out.print(
            f"\nMade in version {state.version} of mixes.documents; {_state(home, name) or 'current'}.", highlight=False
        )


@app.command("plan")
def plan(context: typer.Context, name: Name) -> None:
    """What a mix would give now, part by part: wanted, there, epochs, given. Tokens that are not counted yet are counted."""
    from corpus_platform.analytics import mixing

    home = Home.open(context.obj)
    shown = _table(["part", "stretch"], ["wanted", "there once", "may give", "epochs", "given"])
    for row in mixing.preview(home, name):
        numbers = (f"{row.wanted:,}", f"{row.available:,}", f"{row.most:,}", f"{row.epochs:.2f}", f"{row.given:,}")
        shown.add_row(escaped(str(row.leaf)), escaped(row.stage), *numbers)
    out.print(shown)


@app.command("make")
def make(context: typer.Context, name: Name) -> None:
    """Brings a mix up to date: its tokenizer, the token counts of what it reads, and the documents that it draws.

    What is current is left alone: a second mix over the same tables counts nothing again.
    """
    from corpus_platform.analytics import mixing

    home = Home.open(context.obj)
    report = mixing.make(home, name, lambda line: out.print(escaped(line), highlight=False))
    state = home.lake.state("mixes.documents", {"mix": name})
    assert state is not None
    _print_given(mixing.given(state, home.mixing.mix(name)))
    done = f"{report.rows:,} documents drawn" if report.changed else "It is current"
    out.print(f"\n{done}. Release it: corpus release make RELEASE --mix {name} --out FOLDER", highlight=False)


@tokenizers.command("list")
def list_tokenizers(context: typer.Context) -> None:
    """The tokenizers that the settings name, and those that are made."""
    home = Home.open(context.obj)
    made = {row["tokenizer"]: row for row in home.lake.scan("models.tokenizer").collect().to_dicts()}
    shown = _table(["tokenizer", "kind"], ["vocabulary", "texts", "characters"], "digest")
    for name in home.settings.tokenizers.names:
        shown.add_row(*_tokenizer(name, made.get(name)))
    out.print(shown)


@tokenizers.command("train")
def train(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the tokenizer")] = "default",
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Train it anew from the tables as they are now: token counts and mixes turn stale"
        ),
    ] = False,
) -> None:
    """Trains a tokenizer from the home's tables, or takes it from its location. One that is there is left alone."""
    home = Home.open(context.obj)
    where = {"tokenizer": name}
    home.settings.tokenizers.recipe(name)
    if again and home.lake.state("models.tokenizer", where) is not None:
        home.lake.unfinish("models.tokenizer", where)
    report = home.run("models.tokenizer", where)
    row: dict[str, Any] = home.lake.scan("models.tokenizer", tokenizer=name).collect().to_dicts()[0]
    done = "made" if report.changed else "is current"
    out.print(
        f"Tokenizer {name} {done}: {row['kind']}, {row['vocabulary']:,} pieces, digest {row['digest']}", highlight=False
    )


def _tokenizer(name: str, row: dict[str, Any] | None) -> tuple[str, ...]:
    if row is None:
        return (escaped(name), "not made yet", "", "", "", "")
    numbers = (f"{row[key]:,}" for key in ("vocabulary", "texts", "characters"))
    return (escaped(name), row["kind"], *numbers, row["digest"])


def _print_given(rows: Iterable[Given]) -> None:
    shown = _table(["part", "stretch"], ["wanted", "there once", "may give", "epochs", "given", "drawn", "documents"])
    for row in rows:
        numbers = (f"{row.wanted:,}", f"{row.available:,}", f"{row.most:,}", f"{row.epochs:.2f}")
        more = (f"{row.given:,}", f"{row.drawn:,}", f"{row.documents:,}")
        shown.add_row(escaped(row.part), escaped(row.stage), *numbers, *more)
    out.print(shown)


def _table(words: list[str], numbers: list[str], *more: str) -> RichTable:
    return RichTable(*map(whole, words), *map(right, numbers), *more, box=None)


def _budget(mix: Mix) -> str:
    if mix.stages:
        return f"{sum(stage.tokens for stage in mix.stages):,} in {len(mix.stages)}"
    return f"{mix.budget:,}" if mix.budget else "epochs"


def _state(home: Home, name: str) -> str:
    from corpus_platform.analytics.mixing import is_stale

    state = home.lake.state("mixes.documents", {"mix": name})
    return "" if state is None or not is_stale(home, name, state.fingerprint) else "stale"

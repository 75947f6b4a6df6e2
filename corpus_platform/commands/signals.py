"""Commands about signals: what there is, what each means, how it is distributed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, whole

if TYPE_CHECKING:
    from corpus_platform.signals.registry import Signal

app = typer.Typer(no_args_is_help=True, help="The signals: named numbers about documents and their lines.")


@app.command("list")
def list_signals(
    family: Annotated[str | None, typer.Option(help="Only the signals of a family")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference, for docs/signals.md")] = False,
) -> None:
    """All signals by family, with their range and languages."""
    from corpus_platform.signals.reference import signals_markdown
    from corpus_platform.signals.registry import families

    if markdown:
        sys.stdout.write(signals_markdown())
        return
    shown = RichTable(whole("signal"), "family", "of", "range", "languages", whole("what it measures"), box=None)
    for one in families():
        for signal in one.signals if family in {None, one.name} else ():
            what = signal.definition.split(". ")[0]
            about = (one.name, signal.level, signal.range, signal.languages, what)
            shown.add_row(signal.name, *map(escaped, about))
    out.print(shown)


@app.command("show")
def show_signal(name: Annotated[str, typer.Argument(help="Name of a signal")]) -> None:
    """One signal: exact definition, source, range, and which recipes ask about it."""
    from corpus_platform.recipes.plan import rules_of
    from corpus_platform.recipes.recipe import recipes
    from corpus_platform.recipes.step import FilterStep
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.registry import signal

    found = signal(name)
    for label, value in _facts(found):
        if value:
            out.print(f"[bold]{label}[/] {escaped(value)}", highlight=False, soft_wrap=True)
    for recipe in recipes().values():
        for step in recipe.every_step:
            for rule in rules_of(step, Environment()) if isinstance(step, FilterStep) else ():
                if rule.signal == name:
                    asks = f"{recipe.name}/{step.name}/{rule.name}: dropped when {rule.drop_when} {rule.threshold}"
                    out.print(f"  {escaped(asks)}", highlight=False, soft_wrap=True)


@app.command("export")
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="An empty folder for the files")],
    snapshot: Annotated[str, typer.Option(help="The snapshot to export")],
    variant: Annotated[str, typer.Option(help="Text variant; RedPajama-V2's own is wet.ccnet")] = "wet.ccnet",
    language: Annotated[list[str] | None, typer.Option(help="Only these languages, e.g. en; may be repeated")] = None,
    bucket: Annotated[list[str] | None, typer.Option(help="Only these buckets, e.g. head; may be repeated")] = None,
) -> None:
    """Writes stored signals as RedPajama-V2's files: `<dump>/<shard>/<language>_<bucket>.signals.json.gz` and `.minhash.parquet`."""
    from corpus_platform.analytics.rpv2_export import export_signals

    partition = {"variant": variant, "snapshot": snapshot}
    lake = Home.open(context.obj).lake
    written = export_signals(lake, partition, folder, languages=language or (), buckets=bucket or ())
    for one in written:
        size = sum(path.stat().st_size for path in (one.signals, one.signatures) if path)
        out.print(f"{one.signals}  {one.documents:,} documents, {size / 1e6:,.2f} MB", highlight=False, soft_wrap=True)
    if not written:
        out.print(f"No document of {variant}, {snapshot} is in such a language and bucket.")


def _facts(signal: Signal) -> list[tuple[str, str]]:
    return [
        ("signal", signal.name),
        ("definition", signal.definition),
        ("source", signal.source),
        ("of", signal.level),
        ("type", str(signal.column_type)),
        ("range", signal.range),
        ("languages", signal.languages),
        ("when empty", signal.empty),
        ("reference differs", signal.reference),
        ("lists", ", ".join(signal.lists)),
        ("models", ", ".join(signal.models)),
    ]

"""Commands that look at what corpora were made of: why a page is in or out, what each step did, how corpora differ, how a signal is distributed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from itertools import groupby
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Table as RichTable

from corpus_platform.commands.plain import print_funnel
from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import Home
from corpus_platform.printing import check_format, escaped, out, print_rows, right, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from corpus_platform.analytics.corpora import Distribution, Pair, Threshold
    from corpus_platform.analytics.explain import Story
    from corpus_platform.recipes.compare import Overlap
    from corpus_platform.recipes.explain import Explanation, Outcome

Snapshot = Annotated[str | None, typer.Option(help="The snapshot; the newest one that was made by default")]
Picture = Annotated[Path | None, typer.Option("--picture", help="Draw it into this PNG file")]
Format = Annotated[str, typer.Option("--format", help="table, csv or json")]
TableOrJson = Annotated[str, typer.Option("--format", help="table or json")]

_COLOURS = {"kept": "green", "dropped": "red", "dropped before": "red"}
_PASSAGES = 6
"""Passages of an edit that are shown; `--format json` has all."""
_MUCH = 50
"""Percentages that are set off in the matrix."""
_QUANTILES = (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


def explain(
    context: typer.Context,
    page: Annotated[str, typer.Argument(metavar="URL|DOC_ID", help="A page, by its address, doc_id or record id")],
    recipe: Annotated[list[str] | None, typer.Option(help="Only these recipes; all enabled ones by default")] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Every step with every rule, and what edits took out")
    ] = False,
    format: TableOrJson = "table",  # noqa: A002
) -> None:
    """Why a page is in each corpus, or not: the rule, its value and threshold, and the passages that edits took out; and which mixes have it.

    Of a mix it tells the source record: table, partition, input file and the place in it.
    """
    from corpus_platform.analytics.mixing import origin_of

    _check_two(format)
    home = Home.open(context.obj)
    records = origin_of(home, page)
    found = _stories(home, page, recipe, or_none=bool(records))
    if format == "json":
        told = [story.as_dict(details=details) for story in found] + [asdict(record) for record in records]
        rows = (orjson.dumps(row, default=str) for row in told)
        sys.stdout.write("".join(f"{row.decode()}\n" for row in rows))
        return
    found.sort(key=lambda story: (story.snapshot, story.doc_id))
    for i, ((snapshot, doc_id, url), of_page) in enumerate(
        groupby(found, key=lambda story: (story.snapshot, story.doc_id, story.url))
    ):
        several = list(of_page)
        if i:
            out.print()
        heading = f"[bold]{escaped(url or doc_id)}[/]\n{doc_id + '  ' if doc_id else ''}{snapshot}"
        out.print(heading, highlight=False, soft_wrap=True)
        shown = RichTable(whole("recipe"), "text", "", whole("why"), box=None)
        for story in several:
            colour = _COLOURS.get(story.verdict, "yellow")
            shown.add_row(story.recipe, story.variant, f"[{colour}]{story.verdict}[/]", escaped(_why(story)))
        out.print(shown, highlight=False)
        for story in several if details else ():
            if story.explanation:
                _tell(story.explanation)
    if records:
        out.print(f"{chr(10) if found else ''}[bold]mixes[/]")
    for record in records:
        out.print(f"  {escaped(str(record))}", highlight=False, soft_wrap=True)


def _stories(home: Home, page: str, recipe: list[str] | None, *, or_none: bool) -> list[Story]:
    """What each recipe makes of a page; nothing where there is no such page and `or_none` says that this is no mistake."""
    from corpus_platform.analytics.explain import stories
    from corpus_platform.analytics.sft_explain import dialogue_stories

    of_dialogues = dialogue_stories(home, page) if home.settings.sft.sets else []
    try:
        return [*stories(home, page, recipe), *of_dialogues]
    except SourceError:
        if not (or_none or of_dialogues):
            raise
        return of_dialogues


def _why(story: Story) -> str:
    """The reason, and where the made corpus says otherwise, that it does."""
    if story.is_current:
        return story.reason
    again = f"corpus run corpora/{story.recipe} --snapshot {story.snapshot}"
    if story.variant == DIALOGUES:
        again = f"corpus run sft/filtered --partition {story.snapshot}"
    return f"{story.reason} (the corpus as it was made says {story.published}; bring it up to date: {again})".strip()


def _tell(explanation: Explanation) -> None:
    """Every step with its rules, and what edits took out."""
    out.print(f"\n[bold]{escaped(explanation.recipe)}[/]", highlight=False)
    reached = [outcome for outcome in explanation.outcomes if outcome.result != "not reached"]
    for outcome in reached:
        colour = {"dropped": "red", "passed": "green", "pending": "yellow"}.get(outcome.result, "cyan")
        by = f" by {outcome.rule}" if outcome.rule else ""
        line = f"  {escaped(outcome.step)}: [{colour}]{outcome.result}[/]{escaped(by)}"
        out.print(line, highlight=False, soft_wrap=True)
        _tell_rules(outcome)
        _tell_passages(outcome)
    if rest := [outcome.step for outcome in explanation.outcomes if outcome.result == "not reached"]:
        out.print(f"  [bright_black]not reached: {escaped(', '.join(rest))}[/]", highlight=False, soft_wrap=True)


def _tell_rules(outcome: Outcome) -> None:
    """The rules that were asked; those whose signal has no value in a line together."""
    silent = [asked.rule for asked in outcome.rules if asked.value is None and not asked.holds]
    for asked in outcome.rules:
        if asked.rule in silent and asked.value is None:
            continue
        mark, style = ("*", "red") if asked.holds else (" ", "default")
        out.print(f"    [{style}]{mark} {escaped(f'{asked.rule}: {asked}')}[/]", highlight=False, soft_wrap=True)
    if silent:
        names = ", ".join(dict.fromkeys(silent))
        out.print(f"      [bright_black]no value for: {escaped(names)}[/]", highlight=False, soft_wrap=True)


def _tell_passages(outcome: Outcome) -> None:
    for passage in outcome.passages[:_PASSAGES]:
        text = passage.text if len(passage.text) <= 80 else f"{passage.text[:79]}\N{HORIZONTAL ELLIPSIS}"
        line = f"    - {passage.rule} [{passage.start}, {passage.end}] {text!r}"
        out.print(escaped(line), highlight=False, soft_wrap=True)
    if (more := len(outcome.passages) - _PASSAGES) > 0:
        out.print(f"    [bright_black]- and {more:,} more: --format json has all[/]", highlight=False)


def funnel(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="Name of a recipe")],
    snapshot: Snapshot = None,
    picture: Picture = None,
    format: TableOrJson = "table",  # noqa: A002
) -> None:
    """What each step of a recipe did with a snapshot."""
    from corpus_platform.analytics.corpora import funnel_of
    from corpus_platform.analytics.pictures import funnel_picture

    _check_two(format)
    home = Home.open(context.obj)
    home.recipe(recipe)
    name = snapshot or newest(home, recipe)
    rows = funnel_of(home, recipe, name)
    read, left = rows[0].documents, rows[-1].documents - rows[-1].dropped
    if format == "json":
        sys.stdout.write("".join(f"{orjson.dumps(row).decode()}\n" for row in rows))
    else:
        print_funnel(rows)
        share = f" ({left / read:.1%})" if read else ""
        out.print(f"{recipe}, {name}: {left:,} of {read:,} documents kept{share}", highlight=False)
    if home.status_of(f"corpora.{recipe}", {"variant": home.variant_of(recipe), "snapshot": name}).state == "stale":
        out.print(
            f"[yellow]older than its recipe or what it reads:[/] corpus run corpora/{recipe} --snapshot {name}",
            highlight=False,
        )
    if picture:
        _save(picture, funnel_picture(rows, f"{recipe}, {name}: {left:,} of {read:,} documents kept"))


def compare(
    context: typer.Context,
    a: Annotated[str, typer.Argument(help="A recipe")],
    b: Annotated[str, typer.Argument(help="Another recipe")],
    snapshot: Snapshot = None,
    examples: Annotated[int, typer.Option(help="Documents shown for each reason", min=0)] = 2,
    format: TableOrJson = "table",  # noqa: A002
) -> None:
    """What two corpora of a snapshot have in common, and why one lacks what the other has, with examples."""
    from corpus_platform.analytics.corpora import compare_corpora

    _check_two(format)
    home = Home.open(context.obj)
    name = snapshot or newest_of_both(home, a, b)
    pair = compare_corpora(home, a, b, name, examples=examples)
    if format == "json":
        _json_of_pair(pair)
        return
    found = pair.compared
    either = len(found.both) + len(found.only_a) + len(found.only_b)
    sizes = RichTable(pair.snapshot, right("documents"), right("of what either has"), box=None)
    for label, n in (("both", len(found.both)), (f"only {a}", len(found.only_a)), (f"only {b}", len(found.only_b))):
        sizes.add_row(label, f"{n:,}", f"{n / either:.1%}" if either else "")
    out.print(sizes, highlight=False)
    for side, own, other in (("a", a, b), ("b", b, a)):
        reasons = found.reasons.filter(kept_by=side)
        if reasons.height:
            out.print(f"\n[bold]Only in {own}:[/] why {other} does not have them", highlight=False)
        for step, rule, n in reasons.select("step", "rule", "documents").iter_rows():
            why = f"{step}/{rule}" if step else "not in the ledger, or not in its text variant: corpus explain says why"
            out.print(f"  {n:>7,}  {escaped(why)}", highlight=False, soft_wrap=True)
            for row in _examples(pair, side, step, rule):
                out.print(
                    f"           [bright_black]{escaped(row)}[/]", highlight=False, overflow="ellipsis", no_wrap=True
                )


def _examples(pair: Pair, side: str, step: str | None, rule: str | None) -> list[str]:
    """Lines about the documents of one reason: address with what was seen, then how the text begins."""
    rows = pair.examples.filter(kept_by=side)
    rows = rows.filter(rows["rule"].eq_missing(rule) & rows["step"].eq_missing(step))
    lines = []
    for row in rows.to_dicts():
        seen = row["seen"] if row["value"] is None else f"{row['value']:.4g}"
        held = "" if row["threshold"] is None else f" against {row['threshold']:g}"
        lines.append((f"{seen}{held}: " if seen else "") + (row["url"] or row["doc_id"]))
        if row["excerpt"]:
            lines.append(f"  \N{LEFT DOUBLE QUOTATION MARK}{row['excerpt'][:110]}")
    return lines


def _json_of_pair(pair: Pair) -> None:
    found = pair.compared
    told = {
        "a": pair.a,
        "b": pair.b,
        "snapshot": pair.snapshot,
        "both": len(found.both),
        "only_a": len(found.only_a),
        "only_b": len(found.only_b),
        "reasons": found.reasons.to_dicts(),
        "examples": pair.examples.to_dicts(),
    }
    sys.stdout.write(orjson.dumps(told).decode() + "\n")


def overlap(
    context: typer.Context,
    recipes: Annotated[list[str] | None, typer.Argument(help="Recipes; all enabled ones by default")] = None,
    snapshot: Snapshot = None,
    picture: Picture = None,
    format: Format = "table",  # noqa: A002
) -> None:
    """How much the corpora of a snapshot have in common: the percentage of each row's that is also in each column's."""
    from corpus_platform.analytics.corpora import overlap_of
    from corpus_platform.analytics.pictures import overlap_picture

    check_format(format)
    home = Home.open(context.obj)
    for one in recipes or ():
        home.recipe(one)
    name = snapshot or newest(home, *(recipes or home.enabled))
    found = overlap_of(home, name, recipes)
    if format == "table":
        _print_matrix(found, name)
    else:
        print_rows(found.table().to_arrow(), format)
    if missing := [one for one in recipes or home.enabled if one not in found.names]:
        line = f"not made of {name}: {', '.join(missing)}"
        (out.print if format == "table" else _to_err)(f"[yellow]{line}[/]")
    if picture:
        _save(picture, overlap_picture(found, f"What corpora have in common, {name}"), quiet=format != "table")


def _print_matrix(found: Overlap, snapshot: str) -> None:
    """The matrix with numbers for names above the columns, in as many blocks as the terminal's width asks for."""
    n, width = len(found.names), len(str(len(found.names)))
    labels = [f"{i + 1:>{width}} {name}" for i, name in enumerate(found.names)]
    cells = [[_percent(float(found.share[i, j]), same=i == j) for j in range(n)] for i in range(n)]
    taken = [1 + max(len(str(j + 1)), *(len(row[j]) for row in cells)) for j in range(n)]
    out.print(f"{snapshot}: percent of a row's documents that the column has too", highlight=False)
    start = 0
    while start < n:
        end, left = start, out.width - max(map(len, labels)) - len(" documents ") - 2
        while end < n and (end == start or taken[end] <= left):
            left -= taken[end]
            end += 1
        heads = (right(str(j + 1)) for j in range(start, end))
        shown = RichTable("", right("documents"), *heads, box=None, padding=(0, 1, 0, 0))
        for i, label in enumerate(labels):
            shown.add_row(label, f"{found.documents[i, i]:,}", *map(_coloured, cells[i][start:end]))
        out.print(shown, highlight=False)
        start = end


def _percent(share: float, *, same: bool) -> str:
    from corpus_platform.analytics.pictures import percent

    return "-" if same else "." if share == 0 else percent(share)


def _coloured(cell: str) -> str:
    if cell in {"-", "."}:
        return f"[bright_black]{cell}[/]"
    return f"[bold green]{cell}[/]" if cell.strip("<>").isdigit() and int(cell.strip("<>")) >= _MUCH else cell


def distribution(
    context: typer.Context,
    signal: Annotated[str, typer.Argument(help="Name of a signal")],
    variant: Annotated[
        str | None, typer.Option(help="Text variant, e.g. wet or resiliparse.ccnet; the first that has it by default")
    ] = None,
    recipe: Annotated[
        list[str] | None, typer.Option(help="Thresholds of these recipes; of all that ask about it by default")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Only documents in this language")] = None,
    lines: Annotated[
        str, typer.Option(help="Of a line signal: mean, sum, max or min over a document's lines")
    ] = "mean",
    snapshot: Snapshot = None,
    picture: Picture = None,
) -> None:
    """How a signal is distributed over a snapshot, and what each recipe's threshold on it drops."""
    from corpus_platform.analytics.corpora import distribution_of
    from corpus_platform.analytics.measured import SUMMARIES
    from corpus_platform.analytics.pictures import distribution_picture

    if lines not in SUMMARIES:
        raise SettingsError(f"--lines takes {', '.join(SUMMARIES)}; not `{lines}`")
    home = Home.open(context.obj)
    chosen = [home.recipe(name) for name in recipe] if recipe else list(home.recipes.values())
    where = variant or _default_variant(home, signal, recipe)
    name = snapshot or newest_of(home, "web.signals", where)
    found = distribution_of(home, signal, where, name, chosen, language=language, lines=lines)
    _print_distribution(found, language)
    others = [p["variant"] for p in home.lake.partitions("web.signals") if p["snapshot"] == name]
    if variant is None and len(others) > 1:
        more = ", ".join(one for one in others if one != where)
        out.print(f"[bright_black]--variant for other texts: {more}[/]", highlight=False)
    if picture:
        of = f", {language}" if language else ""
        title = f"{signal} of {found.values.height:,} documents, {where}, {name}{of}"
        _save(picture, distribution_picture(found, title))


def _print_distribution(found: Distribution, language: str | None) -> None:
    values = found.values["value"]
    of = f" in {language}" if language else ""
    lacking = found.documents - values.len()
    none = f" ({lacking:,} more have no value)" if lacking else ""
    heading = f"[bold]{found.signal}[/]: {values.len():,} documents{of} of {found.variant}, {found.snapshot}{none}"
    out.print(heading, highlight=False, soft_wrap=True)
    shown = RichTable("quantile", *(right(_quantile(q)) for q in _QUANTILES), box=None)
    shown.add_row("value", *(_number(values.quantile(q, "linear")) for q in _QUANTILES))
    out.print(shown, highlight=False)
    if not found.thresholds:
        out.print("No recipe has a threshold on it.")
        return
    same: dict[tuple[str, float, str], list[Threshold]] = {}
    for one in sorted(found.thresholds, key=lambda t: (t.value, t.drop_when)):
        same.setdefault((one.drop_when, one.value, one.scope), []).append(one)
    numbers = (right("dropped"), right("of"))
    drops = RichTable(right("drops"), *numbers, whole("for"), whole("recipe/rule"), box=None)
    for (drop_when, value, scope), several in same.items():
        share = "-" if isnan(several[0].share) else f"{several[0].share:.1%}"
        names = [f"{one.recipe}/{one.rule}" + ("" if one.variant == found.variant else " *") for one in several]
        drops.add_row(f"{drop_when} {value:g}", share, f"{several[0].documents:,}", scope, ", ".join(names))
    out.print(drops, highlight=False)
    if any(one.variant != found.variant for one in found.thresholds):
        out.print("[bright_black]* starts from another text than this[/]", highlight=False)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _quantile(q: float) -> str:
    return {0.0: "least", 0.5: "median", 1.0: "most"}.get(q, f"{q:.0%}")


def _default_variant(home: Home, signal: str, recipes: Sequence[str] | None) -> str:
    """The text of the recipe that was named, else the first text that has values of the signal."""
    made = {p["variant"]: p["snapshot"] for p in home.lake.partitions("web.signals")}
    if recipes and (own := home.variant_of(recipes[0])) in made:
        return own
    for variant in (v for v in home.annotated if v in made):
        if _has_values(home, signal, variant, made[variant]):
            return variant
    return next((v for v in (*home.annotated, *made) if v in made), next(iter(home.annotated), "wet.ccnet"))


def _has_values(home: Home, signal: str, variant: str, snapshot: str) -> bool:
    from corpus_platform.analytics.measured import measured

    try:
        values: pl.DataFrame = measured(home, signal, variant, snapshot)
    except SettingsError:
        return False
    return values[signal].null_count() < values.height


def newest(home: Home, *recipes: str) -> str:
    """The newest snapshot that a corpus was made of. Raises SourceError where there is none."""
    made = {p["snapshot"] for name in recipes for p in home.lake.partitions(f"corpora.{name}")}
    if not made:
        assets = " ".join(f"corpora/{name}" for name in recipes[:3])
        raise SourceError(f"no corpus of {', '.join(recipes)} was made yet: corpus run {assets} --snapshot NAME")
    return max(made)


def newest_of_both(home: Home, *recipes: str) -> str:
    """The newest snapshot that all have a corpus of; where there is none, the newest of any."""
    for name in recipes:
        home.recipe(name)
    made = [{p["snapshot"] for p in home.lake.partitions(f"corpora.{name}")} for name in recipes]
    common = set.intersection(*made)
    return max(common) if common else newest(home, *recipes)


def newest_of(home: Home, table: str, variant: str) -> str:
    """The newest snapshot of a text variant in a table. Raises SourceError where there is none."""
    known = list(home.lake.partitions(table))
    made = [p["snapshot"] for p in known if p["variant"] == variant]
    if not made:
        others = ", ".join(sorted({p["variant"] for p in known})) or "none"
        raise SourceError(
            f"{table}: there is none of {variant} yet (there is: {others}): corpus run web/{variant}/signals --snapshot NAME"
        )
    return max(made)


def _check_two(format: str) -> None:  # noqa: A002
    if format not in {"table", "json"}:
        raise SettingsError(f"there is no format `{format}` here; there are table and json")


def _to_err(line: str) -> None:
    from corpus_platform.printing import err

    err.print(line, highlight=False, soft_wrap=True)


def _save(path: Path, picture: bytes, *, quiet: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    if not quiet:
        out.print(f"picture: {path}", highlight=False, soft_wrap=True)

"""Commands that look at what corpora were made of: why a page is in or out, what each step did, how corpora differ, whether a threshold is right."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.commands.plain import print_funnel
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import Home
from corpus_platform.printing import check_format, escaped, out, print_rows, right, whole

if TYPE_CHECKING:
    from corpus_platform.analytics.explain import Story
    from corpus_platform.analytics.review import Precision, Question, Verdict

Snapshot = Annotated[str | None, typer.Option(help="The snapshot; the newest one that was made by default")]
Picture = Annotated[Path | None, typer.Option("--picture", help="Draw it into this PNG file")]


def explain(
    context: typer.Context,
    page: Annotated[str, typer.Argument(metavar="URL|DOC_ID", help="A page, by its address or doc_id")],
    recipe: Annotated[list[str] | None, typer.Option(help="Only these recipes; all enabled ones by default")] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Every step with every rule, and what edits took out")
    ] = False,
) -> None:
    """Why a page is in each corpus, or not: the rule, its value and threshold, and the passages that edits took out."""
    from corpus_platform.analytics.explain import stories

    found = stories(Home.open(context.obj), page, recipe)
    pages = dict.fromkeys((story.doc_id, story.url) for story in found)
    for doc_id, url in pages:
        out.print(f"[bold]{escaped(url or '')}[/]  {doc_id}", highlight=False, soft_wrap=True)
    shown = RichTable(whole("recipe"), "snapshot", "text", "", whole("why"), box=None)
    for story in found:
        verdict = "[green]kept[/]" if story.is_kept else "[red]dropped[/]" if story.explanation else "[yellow]none[/]"
        shown.add_row(story.recipe, story.snapshot, story.variant, verdict, escaped(_why(story)))
    out.print(shown)
    for story in found if details else ():
        if story.explanation:
            out.print(f"\n[bold]{story.recipe}[/] {story.snapshot}", highlight=False)
            for line in story.explanation.lines():
                out.print(escaped(f"  {line}"), highlight=False, soft_wrap=True)


def _why(story: Story) -> str:
    """The reason, and where the made corpus says otherwise, that it does."""
    explanation = story.explanation
    if explanation is None or not story.published:
        return story.reason if not story.is_kept else ""
    dropped = explanation.dropped
    now = "kept" if dropped is None else f"{dropped.step}/{dropped.rule}"
    reason = "" if story.is_kept else story.reason
    same = now == story.published or (story.published == "not kept" and dropped is not None)
    return reason if same else f"{reason} (the corpus as made says {story.published}: it is older)".strip()


def funnel(
    context: typer.Context,
    recipe: Annotated[str, typer.Argument(help="Name of a recipe")],
    snapshot: Snapshot = None,
    picture: Picture = None,
) -> None:
    """What each step of a recipe did with a snapshot."""
    from corpus_platform.analytics.corpora import funnel_of
    from corpus_platform.analytics.pictures import funnel_picture

    home = Home.open(context.obj)
    name = snapshot or _newest(home, recipe)
    rows = funnel_of(home, recipe, name)
    print_funnel(rows)
    left = rows[-1].documents - rows[-1].dropped if rows else 0
    out.print(f"{recipe}, {name}: {left:,} of {rows[0].documents if rows else 0:,} documents kept", highlight=False)
    if picture:
        _save(picture, funnel_picture(rows, f"{recipe}, {name}"))


def compare(
    context: typer.Context,
    a: Annotated[str, typer.Argument(help="A recipe")],
    b: Annotated[str, typer.Argument(help="Another recipe")],
    snapshot: Snapshot = None,
    examples: Annotated[int, typer.Option(help="Documents shown for each reason")] = 2,
) -> None:
    """What two corpora of a snapshot have in common, and why one lacks what the other has, with examples."""
    from corpus_platform.analytics.corpora import compare_corpora

    home = Home.open(context.obj)
    pair = compare_corpora(home, a, b, snapshot or _newest(home, a), examples=examples)
    found = pair.compared
    sizes = RichTable("", right("documents"), box=None)
    for label, n in (("both", len(found.both)), (f"only {a}", len(found.only_a)), (f"only {b}", len(found.only_b))):
        sizes.add_row(label, f"{n:,}")
    out.print(sizes)
    jaccard = "" if found.jaccard is None else f", {found.jaccard:.0%} of what either has"
    out.print(f"{pair.snapshot}: {len(found.both):,} in both{jaccard}\n", highlight=False)
    reasons = RichTable("only in", "dropped by", whole("step/rule"), right("documents"), whole("for example"), box=None)
    for kept_by, step, rule, n in found.reasons.iter_rows():
        own, other = (a, b) if kept_by == "a" else (b, a)
        why = f"{step}/{rule}" if step else "not in its text variant"
        same = (
            pair.examples.filter(kept_by=kept_by).filter(rule=rule, step=step)
            if step
            else pair.examples.filter(kept_by=kept_by).filter(pair.examples.filter(kept_by=kept_by)["rule"].is_null())
        )
        shown = "\n".join(f"{row['url'] or row['doc_id']}  {(row['excerpt'] or '')[:60]}" for row in same.to_dicts())
        reasons.add_row(own, other, escaped(why), f"{n:,}", escaped(shown))
    out.print(reasons)


def overlap(
    context: typer.Context,
    recipes: Annotated[list[str] | None, typer.Argument(help="Recipes; all enabled ones by default")] = None,
    snapshot: Snapshot = None,
    picture: Picture = None,
    format: Annotated[str, typer.Option("--format", help="table, csv or json")] = "table",  # noqa: A002
) -> None:
    """How much the corpora of a snapshot have in common: the share of each row's that is also in each column's."""
    from corpus_platform.analytics.corpora import overlap_of
    from corpus_platform.analytics.pictures import overlap_picture

    check_format(format)
    home = Home.open(context.obj)
    name = snapshot or _newest(home, *(recipes or home.enabled))
    found = overlap_of(home, name, recipes)
    if format == "table":
        shown = RichTable(whole(f"share of, {name}"), right("documents"), *map(right, found.names), box=None)
        for i, row in enumerate(found.share):
            shown.add_row(found.names[i], f"{found.documents[i, i]:,}", *(_percent(value) for value in row))
        out.print(shown)
    else:
        print_rows(found.table().to_arrow(), format)
    if picture:
        _save(picture, overlap_picture(found, f"Overlap of corpora, {name}: percent of a row's that is in a column's"))


def _percent(value: float) -> str:
    return "" if value != value else f"{value:.0%}"  # noqa: PLR0124  (NaN)


def distribution(
    context: typer.Context,
    signal: Annotated[str, typer.Argument(help="Name of a signal")],
    variant: Annotated[str, typer.Option(help="Text variant, e.g. wet or resiliparse.ccnet")] = "",
    recipe: Annotated[
        list[str] | None, typer.Option(help="Draw the thresholds of these recipes; all by default")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Only documents in this language")] = None,
    snapshot: Snapshot = None,
    picture: Picture = None,
) -> None:
    """How a signal is distributed over a snapshot, and what each recipe's threshold on it drops."""
    from corpus_platform.analytics.corpora import thresholds_of, values_of
    from corpus_platform.analytics.pictures import distribution_picture, dropped_share

    home = Home.open(context.obj)
    chosen = [home.recipe(name) for name in recipe] if recipe else list(home.recipes.values())
    variant = variant or next(iter(home.annotated), "")
    name = snapshot or _newest_of(home, "web.signals", variant)
    values = values_of(home, signal, variant, name, language)
    if not len(values):
        raise SourceError(f"no document of {variant}, {name} has a value of `{signal}`")
    thresholds = thresholds_of(chosen, signal)
    shown = RichTable(*(right(f"{q:.0%}") for q in _QUANTILES), box=None)
    shown.add_row(*(f"{values.quantile(q):.4g}" for q in _QUANTILES))
    out.print(
        f"{signal}: {len(values):,} documents of {variant}, {name}{', ' + language if language else ''}; quantiles",
        highlight=False,
    )
    out.print(shown)
    drops = RichTable(whole("recipe"), whole("rule"), "dropped when", right("share dropped"), box=None)
    for threshold in thresholds:
        share = dropped_share(values.to_numpy(), threshold)
        drops.add_row(threshold.recipe, threshold.rule, f"{threshold.drop_when} {threshold.value:g}", f"{share:.1%}")
    out.print(drops)
    if picture:
        _save(picture, distribution_picture(values, thresholds, f"{signal}, {variant}, {name}"))


_QUANTILES = (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


def review(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(metavar="RECIPE/RULE", help="A rule, e.g. fineweb/line_punct_ratio")],
    language: Annotated[str | None, typer.Option(help="Only documents in this language")] = None,
    source: Annotated[str | None, typer.Option(help="Only documents of this host")] = None,
    snapshot: Snapshot = None,
    count: Annotated[int, typer.Option(help="Documents to look at, half on each side of the threshold")] = 10,
    reviewer: Annotated[str, typer.Option(help="Who judges")] = "",
    verdicts: Annotated[
        str | None, typer.Option(help="good and bad in order, by first letters: gbbg; asked for by default")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option(help="Write this threshold for the language and source: a number, best, or sigma")
    ] = None,
) -> None:
    """Is a threshold right? Shows documents on both sides of it, keeps your verdicts, and says how precise the rule is."""
    from corpus_platform.analytics.review import precision, questions, record, reviews, rule_of

    home = Home.open(context.obj)
    recipe, found = rule_of(home, rule)
    name = snapshot or _newest_of(home, "web.signals", home.variant_of(recipe))
    asked = questions(home, recipe, found, name, language=language, source=source, count=count) if count else []
    judged = _judged(asked, verdicts, f"dropped when {found.signal} {found.drop_when} {found.threshold}")
    record(home, recipe, found, name, judged, reviewer or getpass.getuser())
    rows = reviews(home, recipe, found, language)
    _print_precision(precision(rows))
    if freeze is not None:
        _freeze(home, recipe, rule, name, freeze, language, source)


def _judged(questions: list[Question], verdicts: str | None, about: str) -> list[tuple[Question, Verdict]]:
    """Verdicts given as letters, or asked for one by one; an empty answer passes, `q` ends."""
    words: dict[str, Verdict] = {"g": "good", "b": "bad"}
    if verdicts is not None:
        if strange := set(verdicts) - {*words, "-"}:
            raise SettingsError(f"--verdicts takes g, b and -; not {', '.join(sorted(strange))}")
        return [(q, words[v]) for q, v in zip(questions, verdicts, strict=False) if v in words]
    judged: list[tuple[Question, Verdict]] = []
    for number, question in enumerate(questions, 1):
        side = "[red]dropped[/]" if question.dropped else "[green]kept[/]"
        out.print(f"\n[bold]{number}/{len(questions)}[/] {side} {question.value:g} ({escaped(about)})", highlight=False)
        out.print(
            f"{escaped(question.url or question.doc_id)} {question.language or ''}\n", highlight=False, soft_wrap=True
        )
        out.print(escaped(question.text[:1500]), highlight=False, soft_wrap=True)
        if not sys.stdin.isatty():
            continue
        answer = typer.prompt("good, bad, or Enter to pass (q ends)", default="", show_default=False).strip().lower()
        if answer.startswith("q"):
            break
        if answer[:1] in words:
            judged.append((question, words[answer[0]]))
    return judged


def _print_precision(found: Precision) -> None:
    for label, n, (share, low, high) in (
        ("dropped and judged bad", found.dropped, found.of_drops),
        ("kept and judged good", found.kept, found.of_keeps),
    ):
        if n:
            out.print(f"{label}: {share:.0%} of {n} (95 % interval {low:.0%} to {high:.0%})", highlight=False)
        else:
            out.print(f"{label}: nothing judged yet", highlight=False)


def _freeze(
    home: Home, recipe: str, rule: str, snapshot: str, how: str, language: str | None, source: str | None
) -> None:
    from corpus_platform.analytics.review import best_threshold, reviews, rule_of, sides, three_sigma
    from corpus_platform.home import THRESHOLDS
    from corpus_platform.recipes.step import Frozen
    from corpus_platform.recipes.thresholds import freeze_threshold

    found = rule_of(home, rule)[1]
    if how == "best":
        value = best_threshold(reviews(home, recipe, found, language), found.drop_when)
        if value is None:
            raise SettingsError(f"no best threshold of {rule}: judge at least one good and one bad document first")
    elif how == "sigma":
        low, high = three_sigma(sides(home, recipe, found, snapshot, language=language, source=source)["value"])
        value = low if found.drop_when in {"<", "<="} else high
    else:
        value = _number(how)
    place = home.path / THRESHOLDS
    frozen = Frozen(rule=rule.partition("/")[2], value=value, language=language, source=source)
    freeze_threshold(place, home.recipe(recipe), frozen)
    whom = ", ".join(filter(None, [language, source])) or "all documents"
    out.print(f"{rule}: {value:g} from now on for {whom}: {place}", highlight=False, soft_wrap=True)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingsError(f"--freeze takes a number, `best` or `sigma`; not `{text}`") from None


def _newest(home: Home, *recipes: str) -> str:
    """The newest snapshot that a corpus was made of. Raises SourceError where there is none."""
    made = {p["snapshot"] for name in recipes for p in home.lake.partitions(f"corpora.{name}")}
    if not made:
        raise SourceError(f"no corpus of {', '.join(recipes)} was made yet: corpus run corpora/{recipes[0]}")
    return max(made)


def _newest_of(home: Home, table: str, variant: str) -> str:
    made = [p["snapshot"] for p in home.lake.partitions(table) if p["variant"] == variant]
    if not made:
        raise SourceError(f"{table}: there is none of {variant or 'any variant'} yet: corpus run web/{variant}/signals")
    return max(made)


def _save(path: Path, picture: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    out.print(f"picture: {path}", highlight=False, soft_wrap=True)

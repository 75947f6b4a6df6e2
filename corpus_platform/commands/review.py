"""`corpus review`: is a threshold right? Documents on both sides of it, a person's verdicts, and a value to freeze.

Not here: what verdicts say (analytics/review.py), the file of frozen thresholds (recipes/thresholds.py).
"""

from __future__ import annotations

import getpass
import math
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from corpus_platform.commands.look import Snapshot, newest_of
from corpus_platform.errors import SettingsError
from corpus_platform.home import THRESHOLDS, Home
from corpus_platform.printing import escaped, out

if TYPE_CHECKING:
    import polars as pl

    from corpus_platform.analytics.review import Question, RuleOf, Verdict

_TEXT = 1500
"""Characters of a document that are shown."""
_WORDS: dict[str, Verdict] = {"g": "good", "b": "bad"}


def review(
    context: typer.Context,
    rule: Annotated[
        str, typer.Argument(metavar="RECIPE/RULE", help="A rule over numbers: RECIPE/RULE or RECIPE/STEP/RULE")
    ],
    language: Annotated[str | None, typer.Option(help="Only documents in this language")] = None,
    source: Annotated[str | None, typer.Option(help="Only documents of this host and those below it")] = None,
    snapshot: Snapshot = None,
    count: Annotated[
        int, typer.Option(help="Documents to look at, half on each side of the threshold; 0: none", min=0)
    ] = 10,
    at_random: Annotated[
        bool, typer.Option("--random", help="Any documents of each side, not those nearest to the threshold")
    ] = False,
    reviewer: Annotated[str | None, typer.Option(help="Who judges; you by default")] = None,
    verdicts: Annotated[
        str | None, typer.Option(help="g(ood), b(ad) or - in the order shown, e.g. gb-g; asked for by default")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option(help="Write this threshold for the language and source: a number, best, or sigma")
    ] = None,
) -> None:
    """Is a threshold right? Shows documents on both sides of it, keeps your verdicts, and says how precise the rule is."""
    from corpus_platform.analytics.review import cautions, questions, record, reviews, rule_of

    home = Home.open(context.obj)
    found = rule_of(home, rule, language)
    name = snapshot or newest_of(home, "web.signals", home.variant_of(found.recipe))
    out.print(f"[bold]{found.recipe}/{escaped(found.name)}[/]: {escaped(found.words)}", highlight=False, soft_wrap=True)
    for caution in cautions(home, found, name):
        out.print(f"[yellow]note:[/] {escaped(caution)}", highlight=False, soft_wrap=True)
    if count:
        asked = questions(home, found, name, language=language, source=source, count=count, at_random=at_random)
        said = judged(asked, verdicts)
        record(home, found, name, said, reviewer or getpass.getuser())
    _print_precision(reviews(home, found, language=language, source=source), found)
    if freeze is not None:
        _freeze(home, found, name, freeze, language, source)


def judged(questions: list[Question], verdicts: str | None) -> list[tuple[Question, Verdict]]:
    """Verdicts given as letters, or asked for one by one; an empty answer passes, `q` ends."""
    if verdicts is not None:
        if strange := set(verdicts) - {*_WORDS, "-"}:
            raise SettingsError(f"--verdicts takes g, b and -; not {', '.join(sorted(strange))}")
        if len(verdicts) > len(questions):
            raise SettingsError(f"--verdicts has {len(verdicts)} letters for {len(questions)} documents")
        return [(q, _WORDS[v]) for q, v in zip(questions, verdicts, strict=False) if v in _WORDS]
    found: list[tuple[Question, Verdict]] = []
    for number, question in enumerate(questions, 1):
        _show(question, f"{number}/{len(questions)}")
        if not sys.stdin.isatty():
            continue
        answer = typer.prompt("good, bad, or Enter to pass (q ends)", default="", show_default=False).strip().lower()
        if answer.startswith("q"):
            break
        if answer[:1] in _WORDS:
            found.append((question, _WORDS[answer[0]]))
    return found


def _show(question: Question, number: str) -> None:
    side = "[red]dropped[/]" if question.dropped else "[green]kept[/]"
    held = f"value {question.value:.6g}, threshold {question.threshold:g}"
    of = "  ".join(filter(None, [question.url or question.doc_id, question.language]))
    out.print(f"\n[bold]{number}[/] {side}: {held}", highlight=False)
    out.print(f"{escaped(of)}\n", highlight=False, soft_wrap=True)
    more = len(question.text) - _TEXT
    out.print(escaped(question.text[:_TEXT]), highlight=False, soft_wrap=True)
    if more > 0:
        out.print(f"[bright_black]... {more:,} more characters[/]", highlight=False)


def _print_precision(rows: pl.DataFrame, rule: RuleOf) -> None:
    """Shares with intervals, and what to type next."""
    from corpus_platform.analytics.review import best_threshold, precision

    found = precision(rows)
    out.print()
    for label, n, (share, low, high) in (
        ("dropped, and judged bad", found.dropped, found.of_drops),
        ("kept, and judged good", found.kept, found.of_keeps),
    ):
        said = f"{share:.0%} of {n} (95 % interval {low:.0%} to {high:.0%})" if n else "nothing judged yet"
        out.print(f"{label}: {said}", highlight=False)
    best = best_threshold(rows, rule.rule.drop_when)
    if best is not None:
        out.print(f"fewest mistakes: {rule.rule.drop_when} {best:g} (--freeze best)", highlight=False)


def _freeze(home: Home, rule: RuleOf, snapshot: str, how: str, language: str | None, source: str | None) -> None:
    from corpus_platform.analytics.review import best_value, reviews, sides, sigma_value
    from corpus_platform.recipes.step import Frozen
    from corpus_platform.recipes.thresholds import freeze_threshold

    if how == "best":
        value = best_value(reviews(home, rule, language=language, source=source), rule)
    elif how == "sigma":
        value = sigma_value(sides(home, rule, snapshot, language=language, source=source)["value"], rule)
    else:
        value = _number(how)
    place = home.path / THRESHOLDS
    frozen = Frozen(rule=rule.name, value=value, language=language, source=source)
    freeze_threshold(place, home.recipe(rule.recipe), frozen)
    whom = ", ".join(filter(None, [language, source])) or "all documents"
    out.print(
        f"{rule.recipe}/{rule.name}: {rule.rule.drop_when} {value:g} from now on for {whom}: {place}",
        highlight=False,
        soft_wrap=True,
    )
    out.print(f"Next: corpus run corpora/{rule.recipe} --snapshot {snapshot}", highlight=False)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SettingsError(f"--freeze takes a number, `best` or `sigma`; not `{text}`")
    return value

"""The sections of a report that go into detail: dropped documents rule by rule, results of checks, releases, and how tables are stored.

Not here: counts of documents (sections.py), how samples are chosen and masked (samples.py).
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from corpus_platform.analytics.report.markup import Html, bar, figure, join, more, plural, size, table, tag, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.analytics.report.facts import CheckFacts, Facts, RuleFacts, Sample

_CHECKS = 200
"""Checks that did not pass, and are shown one by one."""


def drops(facts: Facts) -> Html:
    """What each rule dropped from the newest snapshot, with some of the documents."""
    parts = []
    for recipe, several in groupby(facts.rules, key=lambda rule: rule.recipe):
        rules = list(several)
        total = sum(rule.documents for rule in rules)
        inside = [more(_heading(rule), *_samples(rule)) if rule.samples else tag("p", _heading(rule)) for rule in rules]
        parts.append(more(f"{recipe}: {plural(total, 'document')} by {plural(len(rules), 'rule')}", *inside))
    return join(parts)


def _heading(rule: RuleFacts) -> Html:
    least, most = rule.values
    values = ""
    if least is not None and most is not None:
        values = f", value {figure(least)}" if least == most else f", values {figure(least)} to {figure(most)}"
    return join(
        [tag("b", rule.rule.replace("_", " ")), f" ({rule.step}): {plural(rule.documents, 'document')}{values}"]
    )


def _samples(rule: RuleFacts) -> list[Html]:
    return [_sample(one) for one in rule.samples]


def _sample(one: Sample) -> Html:
    held = []
    if one.value is not None:
        held.append(f"value {figure(one.value)}")
    if one.threshold is not None:
        held.append(f"threshold {figure(one.threshold)}")
    held += [f"saw {one.seen}"] if one.seen else []
    facts = tag("small", " · ".join([*held, one.url, one.doc_id]))
    return tag("div", tag("blockquote", one.text, dir="auto", lang=one.language or None), facts, class_="sample")


def checks(facts: Facts) -> Html:
    """The latest results: how many passed, and those that did not."""
    if not facts.checks:
        return tag("p", "No results of checks were at hand when this was written.", class_="pale")
    failed = [check for check in facts.checks if not check.passed]
    broken = sum(check.blocking for check in failed)
    passed = len(facts.checks) - len(failed)
    said = [tag("b", whole(passed), class_="yes"), f" of {whole(len(facts.checks))} results passed"]
    if failed:
        said += [
            "; ",
            tag("b", whole(len(failed)), class_="no" if broken else "so"),
            f" did not, {whole(broken)} of these of checks that block",
        ]
    shown = sorted(failed, key=lambda check: (not check.blocking, check.asset, check.partition, check.name))[:_CHECKS]
    rows = [
        (
            tag("span", "broken" if one.blocking else "look", class_="no" if one.blocking else "so"),
            tag("code", one.asset),
            one.partition,
            one.name.replace("_", " "),
            one.said,
        )
        for one in shown
    ]
    parts: list[object] = [tag("p", *said, ".")]
    parts += [table(("", "asset", "partition", "check", "figures"), rows)] if rows else []
    parts.append(more("All checks by name", _by_name(facts.checks)))
    return join(parts)


def _by_name(found: Sequence[CheckFacts]) -> Html:
    passed = Counter(one.name for one in found if one.passed)
    of = Counter(one.name for one in found)
    rows = [
        (name.replace("_", " "), bar(passed[name] / n, kind="kept"), f"{passed[name]:,} of {n:,}")
        for name, n in sorted(of.items())
    ]
    return table(("check", "passed", ""), rows, numbers=(2,))


def storage(facts: Facts) -> Html:
    """The tables of the lake: rows, size, files, partitions, version and last commit."""
    tables = sorted(facts.tables, key=lambda one: -one.bytes)
    peak = max((one.bytes for one in tables), default=1) or 1
    rows = [
        (
            tag("code", one.name, title=one.about),
            whole(one.rows),
            size(one.bytes),
            bar(one.bytes / peak),
            whole(one.files),
            whole(one.partitions),
            whole(one.version),
            f"{one.time:%Y-%m-%d %H:%M}",
        )
        for one in tables
    ]
    head = ("table", "rows", "size", "", "files", "partitions", "version", "last commit, UTC")
    return table(head, rows, numbers=(1, 2, 4, 5, 6))


def releases(facts: Facts) -> Html:
    """What was given to others."""
    if not facts.releases:
        return tag("p", "Nothing was released.", class_="pale")
    rows = [(tag("b", name), when, whole(parts)) for name, when, parts in facts.releases]
    return table(("release", "made", "partitions of tables"), rows, numbers=(2,))

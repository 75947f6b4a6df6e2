"""The sections of a report as HTML, from its facts: exact counts, for whoever may see the lake.

Not here: what of it may be given away (published.py), dropped documents, checks and storage (details.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from corpus_platform.analytics import svg
from corpus_platform.analytics.plots import largest
from corpus_platform.analytics.report.counting import DETAILED
from corpus_platform.analytics.report.markup import (
    Html,
    bar,
    bars,
    figure,
    join,
    more,
    plural,
    share,
    short,
    size,
    table,
    tag,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.analytics.report.facts import (
        CorpusFacts,
        Counts,
        DedupFacts,
        Facts,
        OverlapFacts,
        SignalFacts,
        SnapshotFacts,
    )

COLUMNS = 6
"""Snapshots that have a column of their own in a table, the newest."""
_REASONS = 14
_COLOURS = ("#c8553d", "#e0a030", "#7a4e9c", "#1f8a70", "#d0679d", "#8a6d3b", "#3f6fb5", "#777777")


def overview(facts: Facts) -> Html:
    """The figures that people ask for first."""
    texts = [snapshot.text for snapshot in facts.snapshots]
    corpora_ = (*facts.corpora, *facts.source_corpora)
    newest = {one.recipe for one in corpora_}
    tiles = [
        (short(len(facts.snapshots)), "snapshots"),
        (short(sum(text.records for text in texts)), "records read"),
        (short(sum(text.pages for text in texts)), "pages with a text"),
        (short(sum(text.documents or 0 for text in texts)), "documents after paragraph dedup"),
        (short(sum(one.documents for one in facts.sources)), "documents of other sources"),
        (short(sum(one.dialogues for one in facts.data_sets)), "dialogues"),
        (short(len(newest)), "corpora"),
        (short(sum(one.kept for one in corpora_)), "documents in corpora"),
        (size(sum(one.bytes for one in facts.tables)), "stored, compressed"),
    ]
    made = [tag("div", tag("b", number), tag("span", what), class_="tile") for number, what in tiles if number != "0"]
    return tag("div", *made, class_="tiles")


def snapshots(facts: Facts) -> Html:
    """From the records of each snapshot to its documents, with the reasons why others went."""
    rows = []
    for one in reversed(facts.snapshots):
        text = one.text
        rows.append(
            (
                one.name,
                whole(text.records),
                whole(text.pages),
                bar(text.pages / max(text.records, 1), kind="kept"),
                whole(text.documents),
                "" if text.documents is None else share(text.documents, text.pages),
                share(text.lines_removed, text.lines),
                whole(one.domains_in_all),
            )
        )
    head = ("snapshot", "records", "pages", "pages / records", "documents", "of pages", "paragraphs removed", "hosts")
    parts: list[object] = [table(head, rows, numbers=(1, 2, 4, 5, 6, 7))]
    for one in reversed(facts.snapshots):
        funnels = [(_heading(one, text.variant), _funnel(one, i)) for i, text in enumerate(one.texts)]
        is_newest = one is facts.snapshots[-1]
        parts += [more(heading, funnel, is_open=is_newest and i == 0) for i, (heading, funnel) in enumerate(funnels)]
    return join(parts)


def _heading(one: SnapshotFacts, variant: str) -> str:
    return f"{one.name}: from records to documents, text by {variant}"


def _funnel(one: SnapshotFacts, number: int) -> Html:
    text = one.texts[number]
    rows: list[tuple[str, int, int, str]] = [("records read", 0, text.records, "")]
    left = _losses(rows, text.records, text.rejects)
    rows.append(("pages", 0, text.pages, "kept"))
    if text.documents is not None:
        _losses(rows, min(left, text.pages), text.dropped)
        rows.append(("documents", 0, text.documents, "kept"))
    return bars(rows, text.records)


def _losses(rows: list[tuple[str, int, int, str]], left: int, reasons: Counts) -> int:
    for reason, n in largest(reasons, _REASONS):
        left -= n
        rows.append((reason, left, n, "lost"))
    return left


def corpora(facts: Facts) -> Html:
    """What each recipe keeps of each snapshot, and what its steps did with the newest."""
    names = sorted({one.snapshot for one in facts.corpora})[-COLUMNS:]
    by = {(one.recipe, one.snapshot): one for one in facts.corpora}
    rows = []
    for recipe in dict.fromkeys(one.recipe for one in facts.corpora):
        row: list[object] = [tag("code", recipe)]
        for name in names:
            one = by.get((recipe, name))
            row.append(join([whole(one.kept), " ", tag("span", f"of {whole(one.read)}", class_="pale")]) if one else "")
        last = next((by[recipe, name] for name in reversed(names) if (recipe, name) in by), None)
        row += [bar(last.kept / max(last.read, 1), kind="kept"), share(last.kept, last.read)] if last else ["", ""]
        rows.append(row)
    head = ("recipe", *names, "kept of the newest", "")
    parts: list[object] = [table(head, rows, numbers=(*range(1, len(names) + 1), len(names) + 2))]
    for recipe in dict.fromkeys(one.recipe for one in facts.corpora):
        last = max((one for one in facts.corpora if one.recipe == recipe), key=lambda one: one.snapshot)
        parts.append(more(f"{last.title}: what each step did with {last.snapshot}", _steps(last)))
    return join(parts)


def _steps(one: CorpusFacts) -> Html:
    rows: list[tuple[str, int, int, str]] = [("documents read", 0, one.read, "")]
    left = one.read
    for step in one.steps:
        left -= step.dropped
        rows.append((step.step, left, step.dropped, "lost"))
    rows.append(("kept", 0, one.kept, "kept"))
    rules = [
        (step.step, rule.replace("_", " "), whole(n), share(n, one.read))
        for step in one.steps
        for rule, n in sorted(step.rules.items(), key=lambda item: -item[1])
    ]
    edits = [(step.step, f"{whole(step.changed)} documents changed") for step in one.steps if step.changed]
    return join(
        [
            bars(rows, one.read),
            table(("step", "rule", "dropped", "of those read"), rules, numbers=(2, 3)) if rules else None,
            table(("edit", ""), edits) if edits else None,
            tag("p", "Of one page: ", tag("code", f"corpus explain URL --recipe {one.recipe}"), class_="pale"),
        ]
    )


def overlap(facts: Facts) -> Html:
    """How much the corpora of the newest snapshot have in common."""
    return join([_matrix(one) for one in facts.overlaps])


def _matrix(one: OverlapFacts) -> Html:
    head = [tag("th", ""), tag("th", "documents", class_="n"), *(tag("th", name, class_="up") for name in one.names)]
    lines = []
    for i, name in enumerate(one.names):
        of = one.both[i][i]
        cells = [tag("td", tag("code", name)), tag("td", whole(of), class_="n")]
        for j, both in enumerate(one.both[i]):
            part = both / of if of else 0.0
            shown = "" if i == j or not of else _percent(part)
            strength = f"--h:{0 if i == j else round(100 * part)}%"
            dark = " dark" if part > 0.55 and i != j else ""
            cells.append(tag("td", shown, class_=f"heat{dark}", style=strength))
        lines.append(tag("tr", *cells))
    grid = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *lines), class_="matrix")
    said = f"Of the documents of a row's corpus, the percentage that a column's has too. Snapshot {one.snapshot}."
    return join([tag("p", said, class_="pale"), tag("div", grid, class_="scroll")])


def _percent(part: float) -> str:
    number = round(100 * part)
    return "<1" if number == 0 and part > 0 else ">99" if number == 100 and part < 1 else str(number)


def counts(facts: Facts, of: str, most: int, *, of_pages: bool = False) -> Html:
    """Counts by language, licence or mark: a column for each snapshot, the newest last and drawn. Shares are of all counts, or of all pages."""
    shown = facts.snapshots[-COLUMNS:]
    by: list[dict[str, int]] = [dict(getattr(one, of)) for one in shown]
    newest = by[-1]
    total = shown[-1].text.pages if of_pages else sum(newest.values())
    names = sorted(
        {name for one in by for name in one}, key=lambda n: (-newest.get(n, 0), -sum(c.get(n, 0) for c in by), n)
    )
    rows = []
    for name in names[:most]:
        here = newest.get(name, 0)
        rows.append((name, *(whole(one.get(name, 0)) for one in by), bar(here / max(total, 1)), share(here, total)))
    rest = [sum(one.get(name, 0) for name in names[most:]) for one in by]
    if any(rest):
        rows.append((plural(len(names) - most, "other"), *map(whole, rest), "", share(rest[-1], total)))
    head = ("", *(one.name for one in shown), "", "of the newest")
    return table(head, rows, numbers=(*range(1, len(shown) + 1), len(shown) + 2))


def hosts(facts: Facts) -> Html:
    """The hosts with most pages of the newest snapshot."""
    newest = facts.snapshots[-1]
    rows = [(name, 0.0, n, "") for name, n in newest.domains]
    if (rest := newest.text.pages - sum(n for _, n in newest.domains)) > 0:
        rows.append((f"about {plural(newest.domains_in_all - len(rows), 'other')}", 0.0, rest, ""))
    said = f"Pages of {newest.name}, text by {newest.text.variant}."
    return join([tag("p", said, class_="pale"), bars(rows, newest.text.pages)])


def quality(facts: Facts) -> Html:
    """Buckets and perplexities by language, and signals beside the thresholds of recipes, of the newest snapshot."""
    newest = facts.snapshots[-1]
    parts: list[object] = []
    if newest.buckets:
        parts += [tag("h3", "Buckets by perplexity"), _buckets(newest)]
    if newest.perplexities:
        cards = [_perplexity(newest, language, facts.cutoffs) for language in newest.perplexities]
        parts += [tag("h3", "Perplexity"), tag("div", *cards, class_="grid")]
    if facts.signals:
        said = "The signals by which recipes drop most documents. A line is a threshold; its stub points to the side that goes."
        cards = [_signal(one) for one in facts.signals]
        parts += [tag("h3", "Signals and thresholds"), tag("p", said, class_="pale"), tag("div", *cards, class_="grid")]
    return join(parts)


def _buckets(one: SnapshotFacts) -> Html:
    order = ["head", "middle", "tail", "all"]
    rows = []
    for language, found in list(one.buckets.items())[:DETAILED]:
        counted = dict(found)
        of = sum(counted.values())
        stack = [
            tag("i", class_=f"s{i}", style=f"--w:{100 * counted.get(b, 0) / max(of, 1):.2f}%")
            for i, b in enumerate(order)
        ]
        rows.append((language, tag("div", *stack, class_="stack"), *(whole(counted.get(b, 0)) for b in order)))
    keys = [tag("span", tag("span", class_=f"key s{i}"), name, class_="nw") for i, name in enumerate(order)]
    said = join(["Head is most like the language's encyclopedia. “all”: a language without a model. ", *keys])
    return join([tag("p", said, class_="pale"), table(("language", "", *order), rows, numbers=(2, 3, 4, 5))])


def _perplexity(one: SnapshotFacts, language: str, cutoffs: dict[str, tuple[float, float]]) -> Html:
    found = dict(one.perplexities[language])
    low, high = min(found), max(found) + 0.1
    steps = max(round((high - low) * 10), 1)
    binned = [sum(n for at, n in found.items() if round((at - low) * 10) == i) for i in range(steps)]
    marks = [
        svg.Mark(math.log10(value), 0, _COLOURS[i], f"{name} up to {value:g}")
        for i, (name, value) in enumerate(zip(("head", "middle"), cutoffs.get(language, ()), strict=False))
        if low <= math.log10(value) <= high
    ]
    ticks = [((p - low) / (high - low), f"{10.0**p:,.0f}") for p in range(math.ceil(low), math.floor(high) + 1)]
    ends = [(0.0, f"{10**low:,.0f}"), (1.0, f"{10**high:,.0f}")]
    drawn = svg.histogram(binned, (low, high), marks, ticks=[*(t for t in ticks if 0.15 < t[0] < 0.85), *ends])
    said = ", ".join(mark.name for mark in marks) or "no cut-offs"
    head = tag("h3", f"{language}: {whole(sum(binned))} documents")
    return tag("div", head, tag("p", f"{said}; logarithmic", class_="pale"), Html(drawn), class_="card")


def _signal(one: SignalFacts) -> Html:
    def place(at: float) -> float:
        return math.log1p(at) if one.is_log else at

    marks = [
        svg.Mark(
            place(value), -1 if "<" in sign else 1 if ">" in sign else 0, _COLOURS[i % 8], f"{sign} {value:g}: {names}"
        )
        for i, (value, sign, names) in enumerate(one.thresholds)
        if one.low <= value <= one.high
    ]
    ticks = [(0.0, figure(one.low)), (1.0, figure(one.high))]
    drawn = svg.histogram(one.bins, (place(one.low), place(one.high)), marks, ticks=ticks)
    lines = [
        tag(
            "div",
            tag("span", class_="key", style=f"background:{_COLOURS[i % 8]};margin-left:0"),
            f"{sign} {value:g} ",
            tag("span", names, class_="pale"),
        )
        for i, (value, sign, names) in enumerate(one.thresholds)
    ]
    tenth, median, ninth = one.quantiles
    said = f"{one.variant}; {whole(one.drops)} dropped; 10 / 50 / 90 %: {figure(tenth)} / {figure(median)} / {figure(ninth)}"
    about = tag("p", f"{said}{'; logarithmic' if one.is_log else ''}", class_="pale")
    return tag("div", tag("h3", tag("code", one.name), title=one.about), about, Html(drawn), *lines, class_="card")


def duplicates(facts: Facts) -> Html:
    """Copies that each dedup found, over time, and the clusters and hosts of the newest snapshot."""
    names = sorted({name for one in facts.dedups for name, _, _ in one.snapshots})[-COLUMNS:]
    rows = []
    for one in facts.dedups:
        by = {name: (documents, copies) for name, documents, copies in one.snapshots}
        cells = [share(by[name][1], by[name][0]) if name in by else "" for name in names]
        _, documents, copies = one.snapshots[-1]
        rows.append(
            (tag("code", one.method), one.variant, *cells, bar(copies / max(documents, 1), kind="lost"), whole(copies))
        )
    head = ("dedup", "text", *names, "of the newest", "copies")
    parts: list[object] = [table(head, rows, numbers=(*range(2, len(names) + 2), len(names) + 3))]
    parts += [more(f"{one.method}, {one.variant}: {one.newest.summary}", _dedup(one)) for one in facts.dedups]
    return join(parts)


def _dedup(one: DedupFacts) -> Html:
    found, parts = one.newest, []
    if found.sizes:
        below = "weight" if found.kind == "weights" else "documents of a cluster"
        parts.append(tag("figure", Html(svg.columns(found.sizes, below=below, palette=svg.WITHIN))))
    if found.domains:
        rows = [
            (d.domain or "–", whole(d.documents), whole(d.copies), share(d.copies, d.documents)) for d in found.domains
        ]
        parts.append(table(("host", "documents", "copies", "share"), rows, numbers=(1, 2, 3)))
    return join(parts or [tag("p", "No copies.", class_="pale")])


def of_newest(rows: Sequence[SnapshotFacts]) -> str:
    """What the counts of the newest snapshot are of."""
    newest = rows[-1]
    return f"Documents of {newest.counted}, text by {newest.text.variant}."

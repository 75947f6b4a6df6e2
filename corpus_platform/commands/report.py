"""`corpus report`: the whole lake as one HTML file, exact for those who may see it, or protected for others.

Not here: what is in it (analytics/report), the asset that writes it (assets/report.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corpus_platform.home import Home
from corpus_platform.printing import out


def report(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Option(
            "--out", help="The file that is written; reports/lake.html of the home (or public.html) by default"
        ),
    ] = None,
    min_group: Annotated[
        int, typer.Option("--min-group", help="For others to see: groups of fewer documents are merged")
    ] = 0,
    epsilon: Annotated[
        float | None,
        typer.Option("--epsilon", help="For others to see: privacy budget of the noise that is added to all counts"),
    ] = None,
) -> None:
    """Writes a report of the whole lake: funnels, languages, quality, duplicates, overlaps, licences, samples of drops, checks, storage.

    One HTML file that needs no server and no network. With --min-group or --epsilon it holds protected counts and no text, address or size.
    """
    from corpus_platform.analytics.private_counts import Privacy
    from corpus_platform.analytics.report.page import write_report
    from corpus_platform.definitions import instance_of, results_of_checks

    privacy = Privacy(min_group, epsilon)
    home = Home.open(context.obj)
    with instance_of(home) as instance:
        checks = results_of_checks(home, instance)
    if file is None:
        protected = min_group > 0 or epsilon is not None
        file = home.path / "reports" / ("public.html" if protected else "lake.html")
        file.parent.mkdir(parents=True, exist_ok=True)
    made = write_report(home, file, privacy=privacy, checks=checks)
    out.print(
        f"{made.path}: {made.bytes / 1e6:.2f} MB, {made.snapshots} snapshots, {made.corpora} corpora, in {made.seconds:.1f} s",
        highlight=False,
        soft_wrap=True,
    )
    if made.privacy:
        told = ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in made.privacy.items() if value is not None
        )
        out.print(f"Counts only, protected: {told}", highlight=False, soft_wrap=True)

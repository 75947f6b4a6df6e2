"""The report of a lake: finds the facts, writes the page, puts it in its place by a rename.

The page is one file with its own style, no script, and a policy under which a browser loads nothing for it.

Not here: the facts and the sections themselves.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING

from corpus_platform.analytics.private_counts import Privacy
from corpus_platform.analytics.report import (
    counting,
    details,
    dialogues,
    published,
    quality,
    samples,
    sections,
    sources,
)
from corpus_platform.analytics.report.facts import Facts
from corpus_platform.analytics.report.markup import anchor, html_page, join, plural, tag
from corpus_platform.analytics.report.style import CSS
from corpus_platform.analytics.sql import connect
from corpus_platform.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from corpus_platform.analytics.report.facts import CheckFacts
    from corpus_platform.analytics.report.markup import Html
    from corpus_platform.home import Home

FILE = "report.html"
_MEMORY = "1GB"


@dataclass(frozen=True)
class Written:
    """Where a report is, how large, how long it took, and what was done to its counts where they were protected."""

    path: Path
    bytes: int
    seconds: float
    sections: int
    snapshots: int
    corpora: int
    privacy: dict[str, object] = field(default_factory=dict)


def write_report(
    home: Home, path: Path, *, privacy: Privacy | None = None, checks: Sequence[CheckFacts] = ()
) -> Written:
    """Writes the report of a home's lake to a file, in place of the one that is there.

    With measures of privacy it holds protected counts and nothing else. Raises SourceError where the lake has nothing yet, SettingsError
    where no file can be written.
    """
    began = time.monotonic()
    privacy = privacy or Privacy()
    is_public = privacy.min_group > 0 or privacy.epsilon is not None
    facts = gather(home, checks=checks, texts=not is_public)
    done: dict[str, object] = {}
    if is_public:
        release = published.publish(facts, privacy)
        done = release.facts
        parts, note = published.sections(release), published.note(release)
    else:
        parts, note = _sections(facts), None
    text = _page(facts, parts, note)
    _put(text, path)
    return Written(
        path,
        len(text.encode()),
        time.monotonic() - began,
        len(parts),
        len(facts.snapshots),
        len({one.recipe for one in (*facts.corpora, *facts.source_corpora)}),
        done,
    )


def gather(home: Home, *, checks: Sequence[CheckFacts] = (), texts: bool = True) -> Facts:
    """All that a report tells of, `texts`: with samples of dropped documents. DuckDB's memory is bounded; beyond it goes to a folder that is removed."""
    with tempfile.TemporaryDirectory(prefix="corpus-report-") as folder:
        session = connect(home.lake, memory_limit=_MEMORY)
        session.execute("SET temp_directory = ?", [folder])
        try:
            snapshots = counting.snapshots_of(home, session)
            read, data_sets = sources.sources_of(home), dialogues.data_sets_of(home)
            if not snapshots and not read and not data_sets:
                raise SourceError(
                    f"the lake at {home.lake.location} has no documents yet, so there is nothing to report: corpus run corpora/ccnet --snapshot NAME"
                )
            corpora = counting.corpora_of(home)
            return Facts(
                snapshots,
                corpora,
                counting.overlaps_of(session, corpora),
                counting.dedups_of(home),
                quality.signals_of(home, session, corpora) if texts else (),
                quality.cutoffs_of(home),
                samples.rules_of(home, session, snapshots[-1].name) if texts and snapshots else (),
                counting.tables_of(home),
                counting.releases_of(home),
                tuple(checks),
                read,
                counting.corpora_of(home, of_web=False),
                data_sets,
            )
        finally:
            session.close()


def _sections(facts: Facts) -> list[tuple[str, Html]]:
    """(title, content) of every section that has something to show."""
    found: list[tuple[str, Html | None]] = [
        *(_of_web(facts) if facts.snapshots else ()),
        ("Sources", sources.section(facts) if facts.sources else None),
        ("Corpora of sources", sources.corpora(facts) if facts.source_corpora else None),
        ("Data sets", dialogues.section(facts) if facts.data_sets else None),
        ("Checks", details.checks(facts)),
        ("Storage", details.storage(facts)),
        ("Releases", details.releases(facts)),
    ]
    return [("Overview", sections.overview(facts)), *((title, content) for title, content in found if content)]


def _of_web(facts: Facts) -> list[tuple[str, Html | None]]:
    """The sections about snapshots of the web."""
    said = tag("p", sections.of_newest(facts.snapshots), class_="pale")
    newest = facts.snapshots[-1]
    return [
        ("Snapshots", sections.snapshots(facts)),
        ("Corpora", sections.corpora(facts) if facts.corpora else None),
        ("Overlap", sections.overlap(facts) if facts.overlaps else None),
        ("Languages", join([said, sections.counts(facts, "languages", counting.LANGUAGES)])),
        ("Quality", join([said, sections.quality(facts)]) if newest.buckets or facts.signals else None),
        ("Duplicates", sections.duplicates(facts) if facts.dedups else None),
        ("Licences", join([sections.counts(facts, "licences", 20), *_reuse(facts)])),
        ("Hosts", sections.hosts(facts)),
        ("Dropped documents", _drops(facts) if facts.rules else None),
    ]


def _reuse(facts: Facts) -> list[Html]:
    if not any(one.reuse for one in facts.snapshots):
        return []
    said = "Pages by the marks that they carry; one may carry several. Shares are of all pages."
    return [
        tag("h3", "Reserved rights"),
        tag("p", said, class_="pale"),
        sections.counts(facts, "reuse", 12, of_pages=True),
    ]


def _drops(facts: Facts) -> Html:
    said = (
        f"What each rule dropped from {facts.snapshots[-1].name}, and the beginnings of some of these texts. "
        "Addresses of mail and machines, telephone and other long numbers are masked."
    )
    return join([tag("p", said, class_="pale"), details.drops(facts)])


def _page(facts: Facts, parts: Sequence[tuple[str, Html]], note: Html | None) -> str:
    now = datetime.now(UTC)
    span, of = _span(facts)
    links = [tag("a", title, href=f"#{anchor(title)}") for title, _ in parts]
    written = f"{of}. Written {now:%Y-%m-%d %H:%M} UTC by corpus-platform {installed_version('corpus-platform')}."
    body = [tag("section", tag("h2", title, id=anchor(title)), content) for title, content in parts]
    ending = tag(
        "footer",
        "Every number can be asked for again: ",
        tag("code", 'corpus sql "…"'),
        ", one page with ",
        tag("code", "corpus explain URL"),
        ". What columns and rules mean: docs/tables.md, docs/signals.md, docs/recipes.md.",
    )
    main = tag("main", tag("header", tag("h1", "Corpus report"), tag("p", written, class_="pale"), note), *body, ending)
    page = tag("div", tag("nav", *links, aria_label="Sections"), main, class_="page")
    return html_page(f"Corpus report, {span}", CSS, tag("body", page))


def _span(facts: Facts) -> tuple[str, str]:
    """What the report is of: in its title, and in a sentence."""
    names, read = [one.name for one in facts.snapshots], list(dict.fromkeys(one.source for one in facts.sources))
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" if names else ", ".join(read)
    told = [f"{plural(len(names), 'snapshot')}, {span}"] if names else []
    told += [f"{plural(len(facts.sources), 'partition')} of {', '.join(read)}"] if read else []
    told += [plural(len(facts.data_sets), "data set")] if facts.data_sets else []
    return span or told[-1], "; ".join(told)


def _put(text: str, path: Path) -> None:
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        new.write_text(text, encoding="utf-8")
        new.replace(path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(f"{path} can't be written ({error.strerror}): give another place with --out") from None

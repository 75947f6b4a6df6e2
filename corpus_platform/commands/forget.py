"""The command that takes records out of a home for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.analytics.forget import Forgotten
    from corpus_platform.forgetting.targets import Kind, Target


def forget(
    context: typer.Context,
    what: Annotated[
        str | None, typer.Argument(help="An address, a domain, a document's id or an author: told apart by their look")
    ] = None,
    url: Annotated[str | None, typer.Option(help="An address, whatever its scheme, `www.` and escapes")] = None,
    domain: Annotated[str | None, typer.Option(help="A domain with all hosts below it; Unicode or ASCII")] = None,
    doc_id: Annotated[str | None, typer.Option(help="A document: 32 hex digits")] = None,
    author: Annotated[str | None, typer.Option(help="An author, as the column of authors names them")] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Everything that has a tombstone: after a kill, or in a lake that was restored"),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for runs under way")] = 0.0,
    despite_runs: Annotated[
        bool, typer.Option("--despite-runs", help="The runs that are noted as under way were killed")
    ] = False,
) -> None:
    """Takes records out of every table and every old version, for good: it can't be undone, and they do not come back.

    Releases already out that hold them are named, and so is what no command reaches. See docs/security.md.
    """
    from corpus_platform.analytics.forget import forget as forget_target

    home = Home.open(context.obj)
    target = None if again else _target(what, {"url": url, "domain": domain, "doc_id": doc_id, "author": author})
    if again and any((what, url, domain, doc_id, author)):
        raise SettingsError("--again is for everything that has a tombstone: name nothing with it")
    if dry_run or not yes:
        _show(forget_target(home, target, dry_run=True), target)
    if dry_run:
        return
    if not yes and not typer.confirm("Take it out for good?"):
        raise typer.Exit(1)
    _show(forget_target(home, target, wait=wait, despite_runs=despite_runs), target)
    out.print("Next: corpus status, then corpus run what is stale", highlight=False)


def _target(what: str | None, named: Mapping[Kind, str | None]) -> Target:
    """The one target that is named. Raises SettingsError for none or several."""
    from corpus_platform.forgetting.targets import KINDS, target_of

    given: list[tuple[Kind, str]] = [(kind, text) for kind in KINDS if (text := named[kind]) is not None]
    if len(given) + (what is not None) != 1:
        raise SettingsError("name one thing to forget: an address, a domain, a document's id or an author")
    return target_of(what) if what is not None else target_of(given[0][1], given[0][0])


def _show(found: Forgotten, target: Target | None) -> None:
    """A line for each table, then what was found elsewhere and what is left."""
    what = escaped(str(target)) if target else "everything that has a tombstone"
    done = "would go" if found.dry_run else "are gone"
    out.print(
        f"{what}: {found.documents:,} {'document' if found.documents == 1 else 'documents'}",
        highlight=False,
        soft_wrap=True,
    )
    shown = RichTable(whole("table"), right("rows now"), right("files of all versions"), box=None)
    for name, files in found.files.items():
        shown.add_row(name, f"{found.rows.get(name, 0):,}", f"{files:,}")
    if found.files:
        out.print(shown)
    out.print(f"These rows and files {done}." if found.files else "No table holds it.", highlight=False)
    for name, n in found.changed.items():
        out.print(f"{escaped(name)}: {f'{n:,} values replaced' if n else 'deleted'}", highlight=False, soft_wrap=True)
    if found.releases:
        out.print(f"Releases that are out and hold it: {', '.join(found.releases)}", highlight=False, soft_wrap=True)
    for tombstone in found.tombstones:
        out.print(f"Tombstone: {tombstone}", highlight=False)
    out.print("Not reached from here:", highlight=False)
    for place in found.left:
        out.print(f"  {escaped(place)}", highlight=False, soft_wrap=True)

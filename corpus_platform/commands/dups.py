"""`corpus dups`: the copies of a page with what differs, the pages that a text is like, and the largest clusters of a snapshot.

Not here: the looking (analytics/duplicates.py, near_texts.py, duplicate_counts.py), which copies stay (recipes).
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table as RichTable
from rich.text import Text

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import Home
from corpus_platform.printing import escaped, out, right, whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.analytics.duplicate_counts import Counted
    from corpus_platform.analytics.duplicates import Cluster, Member, Told
    from corpus_platform.analytics.near_texts import Hit
    from corpus_platform.analytics.word_diff import WordDiff

_COLOURS = {"goes": "red", "stays": "green", "no copy": "green", "loses passages": "yellow", "weighed": "cyan"}
_STYLES = {"same": "", "deleted": "red", "inserted": "green", "folded": "bright_black"}
_MARKS = {
    "deleted": ("[-", "-]"),
    "inserted": ("{+", "+}"),
    "folded": (" \N{HORIZONTAL ELLIPSIS} ", " \N{HORIZONTAL ELLIPSIS} "),
}
_PASSAGES = 12
_HITS = 20
"""Pages and passages that are printed; `--format json` has all."""
_LONG = 300


def dups(
    context: typer.Context,
    page: Annotated[
        str | None, typer.Argument(metavar="URL|DOC_ID", help="A page, by its address, doc_id or record id")
    ] = None,
    text: Annotated[
        Path | None, typer.Option("--text", help="Instead: the pages that the text of a file is like")
    ] = None,
    largest: Annotated[
        bool,
        typer.Option("--largest", help="Instead: the largest clusters of a snapshot, and the domains with most copies"),
    ] = False,
    method: Annotated[
        str | None, typer.Option(help="Only this dedup, e.g. fineweb.minhash; all that were made by default")
    ] = None,
    snapshot: Annotated[str | None, typer.Option(help="As of this snapshot; the newest by default")] = None,
    other: Annotated[str | None, typer.Option("--with", help="The page that it is compared with, word by word")] = None,
    threshold: Annotated[float, typer.Option(help="With --text: least similarity of the signatures")] = 0.8,
    variant: Annotated[
        str | None, typer.Option(help="With --text: text variant, e.g. wet; the first with signatures by default")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="With --largest: draw it into this PNG file")
    ] = None,
    format: Annotated[str, typer.Option("--format", help="table or json")] = "table",  # noqa: A002
) -> None:
    """The copies of a page, over all snapshots: which stays, how alike they are, and what differs, word by word."""
    if format not in {"table", "json"}:
        raise SettingsError(f"there is no format `{format}` here; there are table and json")
    if sum((page is not None, text is not None, largest)) != 1:
        raise SettingsError("corpus dups takes one of: a page (its address or doc_id), --text FILE, --largest")
    home = Home.open(context.obj)
    as_json = format == "json"
    if page is not None:
        _page(home, page, method, snapshot, other, as_json=as_json)
    elif text is not None:
        _text(home, text, threshold, variant, snapshot, as_json=as_json)
    else:
        _largest(home, method, snapshot, picture, as_json=as_json)


# A page


def _page(home: Home, page: str, method: str | None, snapshot: str | None, other: str | None, *, as_json: bool) -> None:
    from corpus_platform.analytics.duplicates import duplicates

    found = duplicates(home, page, method, snapshot)
    shown: set[tuple[str, str]] = set()
    for told in found:
        pair = _pair(home, told, other)
        if as_json:
            _json([{**told.as_dict(), "diff": _diff_as_dict(pair)}])
            continue
        _tell(told)
        if pair is not None and (key := (pair[0].text or "", pair[1].text or "")) not in shown:
            shown.add(key)
            _tell_diff(*pair)
    if not as_json:
        _tell_silent(found)


def _tell_silent(found: list[Told]) -> None:
    """That nobody knows a copy, where that is so."""
    if all(told.verdict in {"no copy", "not compared", "not made"} for told in found):
        compared = [told.method for told in found if told.verdict == "no copy"]
        by = f"compared by {', '.join(compared)}" if compared else "no dedup has compared it"
        out.print(f"\nNo duplicate is known of it: {by}.", highlight=False)


def _tell(told: Told) -> None:
    colour = _COLOURS.get(told.verdict, "bright_black")
    of = f" of {told.snapshot}" if told.snapshot else ""
    line = f"[bold]{escaped(told.method)}[/] ({told.variant}): [{colour}]{told.verdict}[/]{_numbers(told)}"
    out.print(line, highlight=False, soft_wrap=True)
    if told.doc_id:
        out.print(f"  {escaped(told.url or '')}  {told.doc_id}{of}", highlight=False, soft_wrap=True)
    if told.reason:
        out.print(f"  {escaped(told.reason)}", highlight=False, soft_wrap=True)
    if told.is_stale:
        again = f"corpus run dedup/{told.variant}/{told.method} --snapshot {told.snapshot}"
        out.print(
            f"  [yellow]older than its recipe or what it reads:[/] {escaped(again)}", highlight=False, soft_wrap=True
        )
    if told.cluster:
        _tell_cluster(told.cluster, told.doc_id)
    for passage in told.passages[:_PASSAGES]:
        line = f"  - [{passage.start}, {passage.end}] {_short(passage.text)!r}"
        out.print(escaped(line), highlight=False, soft_wrap=True)
    if (more := len(told.passages) - _PASSAGES) > 0:
        out.print(f"  [bright_black]- and {more:,} more: --format json has all[/]", highlight=False)


def _numbers(told: Told) -> str:
    if told.weight is not None:
        common = "" if told.similarity is None else f", commonness of its n-grams {told.similarity:.4g}"
        return f": weight {told.weight:.4g}{common}"
    if told.units:
        passages = f" in {len(told.passages):,} passages" if told.passages else ""
        return f": {told.units:,} units{passages}"
    return ""


def _tell_cluster(cluster: Cluster, asked: str | None) -> None:
    from corpus_platform.analytics.texts import SIMILARITY

    line = f"  cluster {cluster.name}: {cluster.size:,} documents, the first of {cluster.first_snapshot}"
    out.print(line, highlight=False, soft_wrap=True)
    shown = RichTable("", "snapshot", whole("doc_id"), whole("url"), "", right("stored"), right("true"), box=None)
    for member in cluster.members:
        mark = "*" if member.doc_id == asked else ""
        kept = "[green]stays[/]" if member.kept else "[red]goes[/]"
        numbers = ("" if n is None else f"{n:.3f}" for n in (member.similarity, member.jaccard))
        shown.add_row(mark, member.snapshot, member.doc_id, escaped(member.url or ""), kept, *numbers)
    out.print(shown, highlight=False)
    more = cluster.size - len(cluster.members)
    if more > 0:
        out.print(f"  +{more:,} more", highlight=False)
    about = f"* asked about; stored: to its nearest neighbour, as the dedup saw it; true: to *, {SIMILARITY}"
    out.print(f"  [bright_black]{about}[/]", highlight=False, soft_wrap=True)


# What differs


def _pair(home: Home, told: Told, other: str | None) -> tuple[Member, Member] | None:
    """The asked document and the one that it is compared with: `--with`, or the one that stays, or if that is itself its neighbour or the next one."""
    from corpus_platform.analytics.duplicates import Member, pages_of
    from corpus_platform.analytics.texts import texts_of, true_similarities
    from corpus_platform.stages.texts import base_of

    if told.text is None or told.doc_id is None or told.snapshot is None:
        return None
    own = Member(told.doc_id, told.url, told.snapshot, kept=True, similarity=None, neighbour=None, text=told.text)
    if other is None:
        found = _partner(told)
        return None if found is None or found.text is None else (own, found)
    for page in pages_of(home, other):
        where = (page.doc_id, page.snapshot)
        texts = texts_of(home.lake, told.variant, [where]) if page.variant == base_of(told.variant) else {}
        if where in texts:
            text = texts[where][1]
            [jaccard] = true_similarities(told.text, [text])
            return own, Member(
                page.doc_id,
                page.url,
                page.snapshot,
                kept=True,
                similarity=None,
                neighbour=None,
                jaccard=jaccard,
                text=text,
            )
    raise SourceError(f"{other} has no text {told.variant}, which {told.method} compares")


def _partner(told: Told) -> Member | None:
    cluster = told.cluster
    if cluster is None:
        return None
    others = [m for m in cluster.members if (m.doc_id, m.snapshot) != (told.doc_id, told.snapshot)]
    asked = next((m for m in cluster.members if (m.doc_id, m.snapshot) == (told.doc_id, told.snapshot)), None)
    wanted = (cluster.canonical, asked.neighbour if asked else None)
    named = [m for name in wanted for m in others if m.doc_id == name]
    return next(iter((*named, *others)), None)


def _tell_diff(own: Member, other: Member) -> None:
    from corpus_platform.analytics.word_diff import MOST_TOKENS, word_diff

    found = word_diff(own.text or "", other.text or "")
    jaccard = "" if other.jaccard is None else f"  (similarity {other.jaccard:.3f})"
    for mark, member, more in (("\n[red]-[/]", own, ""), ("[green]+[/]", other, jaccard)):
        line = f"{mark} {escaped(member.url or member.doc_id)} {member.snapshot}{more}"
        out.print(line, highlight=False, soft_wrap=True)
    if found.is_equal:
        out.print("[bright_black]the same words[/]", highlight=False)
        return
    out.print(_coloured(found), highlight=False, soft_wrap=True)
    if found.cut:
        line = f"only the first {MOST_TOKENS:,} words from the first difference on were compared"
        out.print(f"[bright_black]{line}[/]", highlight=False)


def _coloured(found: WordDiff) -> Text:
    shown = Text()
    for piece in found.pieces:
        before, after = _MARKS.get(piece.kind, ("", ""))
        text = _printable(piece.text)
        inner = text.lstrip() if before else text
        # The white space before a piece stays outside its mark, as it is no part of what differs.
        shown.append(text[: len(text) - len(inner)])
        shown.append(f"{before}{inner}{after}", style=_STYLES[piece.kind])
    return shown


def _printable(text: str) -> str:
    """The text without control characters, which a terminal would obey."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def _diff_as_dict(pair: tuple[Member, Member] | None) -> dict[str, Any] | None:
    from corpus_platform.analytics.word_diff import word_diff

    if pair is None:
        return None
    own, other = pair
    found = word_diff(own.text or "", other.text or "")
    sides = {"with": other.doc_id, "with_snapshot": other.snapshot, "jaccard": other.jaccard}
    return {**sides, "is_equal": found.is_equal, "cut": found.cut, "pieces": [asdict(piece) for piece in found.pieces]}


# A text


def _text(
    home: Home, file: Path, threshold: float, variant: str | None, snapshot: str | None, *, as_json: bool
) -> None:
    from corpus_platform.analytics.near_texts import near

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SourceError(f"{file} is no text in UTF-8") from None
    found = near(home, text, threshold, variant=variant, snapshot=snapshot)
    if as_json:
        _json(asdict(hit) for hit in found)
        return
    _tell_hits(found, threshold)


def _tell_hits(found: list[Hit], threshold: float) -> None:
    from corpus_platform.analytics.texts import SIMILARITY

    if not found:
        out.print(f"No page of the lake is like it (from {threshold:g} on, by its signature).", highlight=False)
        return
    shown = RichTable("snapshot", whole("doc_id"), whole("url"), right("estimated"), right("true"), box=None)
    for hit in found[:_HITS]:
        true = "" if hit.jaccard is None else f"{hit.jaccard:.3f}"
        shown.add_row(hit.snapshot, hit.doc_id, escaped(hit.url or ""), f"{hit.estimate:.3f}", true)
    out.print(shown, highlight=False)
    if (more := len(found) - _HITS) > 0:
        out.print(f"+{more:,} more: --format json has all", highlight=False)
    about = f"estimated: share of equal values of the signatures, of 13-word shingles; true: {SIMILARITY}"
    out.print(f"[bright_black]{about}[/]", highlight=False, soft_wrap=True)


# The largest clusters


def _largest(home: Home, method: str | None, snapshot: str | None, picture: Path | None, *, as_json: bool) -> None:
    from corpus_platform.analytics.duplicate_counts import counted
    from corpus_platform.analytics.duplicate_pictures import counted_picture
    from corpus_platform.analytics.duplicates import made_of

    for number, partition in enumerate(made_of(home, method, snapshot)):
        found = counted(home.lake, partition)
        if as_json:
            _json([{**partition, **found.as_dict()}])
        else:
            _tell_counted(found, ", ".join(partition.values()))
        if picture is None:
            continue
        title = f"{', '.join(partition.values())}\n{found.summary}"
        drawn = counted_picture(found, title)
        # One file for each dedup: the first has the name that was given.
        file = picture if number == 0 else picture.with_stem(f"{picture.stem}.{partition['method']}")
        if drawn is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(drawn)
        if not as_json:
            out.print(f"picture: {file}" if drawn else "there is nothing to draw", highlight=False, soft_wrap=True)


def _tell_counted(found: Counted, where: str) -> None:
    out.print(f"[bold]{escaped(where)}[/]: {found.summary}", highlight=False, soft_wrap=True)
    if found.kind == "weights":
        shown = RichTable("weight", right("documents"), box=None)
        for label, n in found.sizes:
            shown.add_row(label, f"{n:,}")
        out.print(shown, highlight=False)
        return
    if found.sizes:
        shown = RichTable("documents of a cluster", *(right(label) for label, _ in found.sizes), box=None)
        shown.add_row("clusters", *(f"{n:,}" for _, n in found.sizes))
        out.print(shown, highlight=False)
    if found.largest:
        shown = RichTable(whole("cluster"), right("size"), right("here"), "since", whole("first document"), box=None)
        for one in found.largest:
            example = one.url or one.domain or ""
            shown.add_row(one.cluster, f"{one.size:,}", f"{one.here:,}", one.first_snapshot, escaped(example))
        out.print(shown, highlight=False)
    if found.domains:
        lost = [right("units lost")] if found.units else []
        shown = RichTable(whole("domain"), right("documents"), right("copies"), right("share"), *lost, box=None)
        for one in found.domains:
            units = [f"{one.units:,}"] if found.units else []
            shown.add_row(
                escaped(one.domain or ""), f"{one.documents:,}", f"{one.copies:,}", f"{one.share:.1%}", *units
            )
        out.print(shown, highlight=False)


def _short(text: str) -> str:
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}\N{HORIZONTAL ELLIPSIS}"


def _json(rows: Iterable[dict[str, Any]]) -> None:
    sys.stdout.write("".join(f"{orjson.dumps(row, default=str).decode()}\n" for row in rows))

"""What dedups say of a page: the cluster of its copies over all snapshots, the passages that it loses, or its weight.

A cluster grows with snapshots, and earlier partitions never change: its name is the id of its first document; a later row may say in `merged` that
earlier clusters have become part of its own. A document that was alone when its snapshot was compared has no row there: later rows name it as
their cluster, or in `merged`. So a cluster as of a snapshot is all rows up to it under the names that lead to one, and the documents that are named.

Promise: only rows of one cluster and the texts of members that are shown are held in memory.

Not here: how copies are found (dedup/, stages/dedup.py), tables of the largest clusters (duplicate_counts.py), printing (commands/dups.py).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import polars as pl

from corpus_platform.analytics.lost_passages import lost_passages
from corpus_platform.analytics.sql import connect
from corpus_platform.analytics.texts import texts_of, true_similarities
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.stages.dedup import DEDUP_DOCUMENTS
from corpus_platform.stages.texts import PAGES, base_of
from corpus_platform.stages.verdicts import DUPLICATES, coordinate
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from corpus_platform.home import Home
    from corpus_platform.recipes.explain import Passage

SHOWN = 20
"""Members of a cluster that are looked up."""
_MEMORY = "2GB"
Verdict = Literal["goes", "stays", "loses passages", "weighed", "no copy", "not compared", "not made"]
"""`stays`: of a cluster. `no copy`: compared with others, and like none. `not compared`: an earlier step of the recipe drops it, or its text is not there."""


@dataclass(frozen=True)
class Page:
    """A document under an address; `variant` is a base."""

    doc_id: str
    url: str | None
    snapshot: str
    variant: str


@dataclass(frozen=True)
class Member:
    """A document of a cluster. `similarity`: the stored one to its `neighbour`, None of a document that was alone when it came.

    `jaccard`: the true one (texts.py) to the document that was asked about.
    """

    doc_id: str
    url: str | None
    snapshot: str
    kept: bool
    similarity: float | None
    neighbour: str | None
    jaccard: float | None = None
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Cluster:
    """Documents that are copies of each other. `size`: of all of them; `members`: those that are shown, in the order of snapshots."""

    name: str
    size: int
    first_snapshot: str
    canonical: str
    members: tuple[Member, ...]

    def member(self, doc_id: str) -> Member | None:
        """The member of an id, if it is shown."""
        return next((member for member in self.members if member.doc_id == doc_id), None)


@dataclass(frozen=True)
class Told:
    """What one dedup says of a page, as of `as_of`, the newest snapshot that it was made of."""

    method: str
    variant: str
    as_of: str | None
    verdict: Verdict
    reason: str = ""
    doc_id: str | None = None
    url: str | None = None
    snapshot: str | None = None
    """Of the document that was asked about: the newest under the address."""
    text: str | None = field(default=None, repr=False)
    cluster: Cluster | None = None
    similarity: float | None = None
    """Of a cluster: to its neighbour; of a filter: share of seen n-grams; of a weight: commonness."""
    units: int = 0
    passages: tuple[Passage, ...] = ()
    weight: float | None = None
    is_stale: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain values for programs, without texts."""
        found = asdict(self)
        del found["text"]
        for member in found["cluster"]["members"] if self.cluster else ():
            del member["text"]
        return found


def duplicates(home: Home, wanted: str, method: str | None = None, snapshot: str | None = None) -> list[Told]:
    """What each dedup (or one) says of a page, named by address, doc_id or record id, as of a snapshot (the newest by default).

    Raises SourceError where there is no such page or no dedup was made, SettingsError with the nearest name for a method that there is not.
    """
    of = _coordinates(home, method)
    pages = pages_of(home, wanted, snapshot)
    session = connect(home.lake, names={DUPLICATES, DEDUP_DOCUMENTS}, memory_limit=_MEMORY)
    try:
        return [_Method(home, session, variant, name, snapshot).told(pages) for variant, name in of]
    finally:
        session.close()


def made_of(home: Home, method: str | None = None, snapshot: str | None = None) -> list[dict[str, str]]:
    """Partitions of `web.duplicates`, one for each dedup (or of one) that was made: of a snapshot, or each of its newest. Raises as `duplicates`."""
    found = []
    for variant, name in _coordinates(home, method):
        own = [one for one in home.lake.partitions(DUPLICATES) if (one["variant"], one["method"]) == (variant, name)]
        found += [max(own, key=lambda one: one["snapshot"])] if snapshot is None else own
    chosen = [one for one in found if snapshot in {None, one["snapshot"]}]
    if not chosen:
        made = ", ".join(sorted({one["snapshot"] for one in found}))
        asset = f"dedup/{coordinate(found[0]['variant'], found[0]['method'])}"
        raise SourceError(
            f"no dedup was made of {snapshot}; there is: {made}: corpus run {asset} --snapshot {snapshot}"
        )
    return chosen


def pages_of(home: Home, wanted: str, snapshot: str | None = None) -> list[Page]:
    """The documents of an address, doc_id or record id up to a snapshot, the newest first. Raises SourceError, with addresses of that host, without any."""
    same = (pl.col("url") == wanted) | (pl.col("doc_id") == wanted) | (pl.col("record_id") == wanted)
    rows = home.lake.scan(PAGES).filter(same)
    if snapshot:
        rows = rows.filter(pl.col("snapshot") <= snapshot)
    order = ("snapshot", "variant", "file_index", "position")
    found = rows.select("doc_id", "url", *order).sort(order, descending=[True, False, False, False]).collect()
    if found.is_empty():
        raise SourceError(_no_page(home, wanted, snapshot))
    return [Page(row["doc_id"], row["url"], row["snapshot"], row["variant"]) for row in found.iter_rows(named=True)]


def _no_page(home: Home, wanted: str, snapshot: str | None) -> str:
    which = f"no snapshot up to {snapshot}" if snapshot else "no snapshot"
    message = f"{which} of this lake has had a page `{wanted}`"
    host = urlsplit(wanted if "//" in wanted else f"//{wanted}").hostname
    near: list[str] = []
    if host and "." in host:
        pages = home.lake.scan(PAGES).filter(pl.col("domain") == host)
        near = pages.select("url").unique().sort("url").head(3).collect()["url"].to_list()
    if near:
        return f"{message}; of its host there are {', '.join(near)}"
    return f"{message}: give its address, doc_id or record id as it stands in {PAGES}"


def _coordinates(home: Home, method: str | None) -> list[tuple[str, str]]:
    """(variant, method) of the dedups that were made, those of the home first."""
    made = {(one["variant"], one["method"]) for one in home.lake.partitions(DUPLICATES)}
    known = [(variant, name) for variant, _, name in (of.partition("/") for of in home.compared)]
    found = [*(of for of in known if of in made), *sorted(made - set(known))]
    wanted = [of for of in found if method in {None, of[1], coordinate(*of)}]
    if wanted:
        return wanted
    names = dict.fromkeys(name for _, name in (*known, *found))
    if method and method not in {*names, *home.compared}:
        raise SettingsError(
            f"there is no dedup `{method}`{nearest(method, names)}; there are {', '.join(names) or 'none'}"
        )
    if not known:
        raise SourceError(
            "no dedup was made: none of the enabled recipes has one; enable one that has (`corpus recipes list`), "
            "or name some of all texts in the setting `dedup.presets`, e.g. minhash/fineweb"
        )
    asked = next((of for of in known if of[1] == method), known[0])
    raise SourceError(
        f"no dedup{f' {method}' if method else ''} was made yet: corpus run dedup/{coordinate(*asked)} --snapshot NAME"
    )


class _Method:
    """One dedup of one text variant, as of a snapshot."""

    def __init__(
        self, home: Home, session: duckdb.DuckDBPyConnection, variant: str, name: str, until: str | None
    ) -> None:
        self.home, self.session, self.variant, self.name = home, session, variant, name
        made = (
            p["snapshot"] for p in home.lake.partitions(DUPLICATES) if (p["variant"], p["method"]) == (variant, name)
        )
        self.made = sorted(snapshot for snapshot in made if until is None or snapshot <= until)
        self.method = next(
            (m for m in home.methods.get(name, ()) if variant == m.recipe.variant or m.whole is None), None
        )

    def told(self, pages: Sequence[Page]) -> Told:
        """What it says of the newest of some documents that it knows."""
        own = [page for page in pages if page.variant == base_of(self.variant)]
        page = next((page for page in own if page.snapshot in self.made), None)
        as_of = self.made[-1] if self.made else None
        if page is None:
            return self._not_made(own or pages, as_of)
        row = self._row(page)
        place = {"method": self.name, "variant": self.variant, "as_of": as_of, **self._place(page)}
        if row is not None and row["weight"] is not None:
            return Told(**place, verdict="weighed", weight=row["weight"], similarity=row["similarity"])
        if row is not None and row["cluster"] is None:
            return self._of_units(page, place, row)
        cluster = self._cluster(page, row)
        if cluster is not None:
            kept = row["kept"] if row else True
            similarity = row["similarity"] if row else None
            verdict: Verdict = "stays" if kept else "goes"
            return Told(**place, verdict=verdict, cluster=cluster, similarity=similarity)
        return self._alone(page, place)

    def _place(self, page: Page) -> dict[str, Any]:
        found = texts_of(self.home.lake, self.variant, [(page.doc_id, page.snapshot)])
        text = found.get((page.doc_id, page.snapshot), (None, None))[1]
        asked = {"doc_id": page.doc_id, "url": page.url, "snapshot": page.snapshot, "text": text}
        return {**asked, "is_stale": self._is_stale(page.snapshot)}

    def _is_stale(self, snapshot: str) -> bool:
        if coordinate(self.variant, self.name) not in self.home.compared:
            return False
        return self.home.status_of(DUPLICATES, self._partition(snapshot)).state == "stale"

    def _partition(self, snapshot: str) -> dict[str, str]:
        return {"method": self.name, "variant": self.variant, "snapshot": snapshot}

    def _not_made(self, pages: Sequence[Page], as_of: str | None) -> Told:
        newest = pages[0]
        if newest.variant != base_of(self.variant):
            why = f"it compares texts {self.variant}, and of this page there are others only"
            return Told(self.name, self.variant, as_of, "not compared", why)
        todo = f"corpus run dedup/{coordinate(self.variant, self.name)} --snapshot {newest.snapshot}"
        why = f"it was not made of {newest.snapshot}: {todo}"
        return Told(self.name, self.variant, as_of, "not made", why, newest.doc_id, newest.url, newest.snapshot)

    def _alone(self, page: Page, place: dict[str, Any]) -> Told:
        partition: Any = self._partition(page.snapshot)
        own = self.home.lake.scan(DEDUP_DOCUMENTS, **partition).filter(pl.col("doc_id") == page.doc_id)
        if own.select("doc_id").collect().height:
            others = [s for s in self.made if self._sees(s, page.snapshot)]
            return Told(
                **place,
                verdict="no copy",
                reason=f"it was held against the documents of {', '.join(others)}, and is like none",
            )
        recipe = self.name.partition(".")[0]
        why = f"earlier steps of {recipe} leave it out: corpus explain {page.doc_id} --recipe {recipe}"
        if place["text"] is None:
            why = f"the text {self.variant} of {page.snapshot} does not have it"
        return Told(**place, verdict="not compared", reason=why)

    def _sees(self, other: str, snapshot: str) -> bool:
        return other == snapshot or self.method is None or self.method.step.sees_earlier

    def _of_units(self, page: Page, place: dict[str, Any], row: dict[str, Any]) -> Told:
        units = len(row["units"] or ())
        passages: tuple[Passage, ...] = ()
        reason = "" if row["kept"] else "its key was seen before"
        if units and self.method is None:
            reason = "which passages these are can't be told: the recipe is no longer among those of the home"
        elif units and self.method is not None:
            passages, reason = lost_passages(self.home, self.method, self._partition(page.snapshot), page.doc_id)
        verdict: Verdict = "loses passages" if row["kept"] else "goes"
        found = {"units": units, "passages": passages, "similarity": row["similarity"]}
        return Told(**place, verdict=verdict, reason=reason, **found)

    def _row(self, page: Page) -> dict[str, Any] | None:
        partition: Any = self._partition(page.snapshot)
        rows = self.home.lake.scan(DUPLICATES, **partition).filter(pl.col("doc_id") == page.doc_id)
        return next(rows.head(1).collect().iter_rows(named=True), None)

    def _cluster(self, page: Page, row: dict[str, Any] | None) -> Cluster | None:
        """The cluster that the document is in, with its members; None where no row says so."""
        seen = [s for s in self.made if self._sees(s, page.snapshot)]
        self._ask("CREATE OR REPLACE TEMP TABLE seen AS SELECT unnest(?::VARCHAR[]) AS snapshot", [seen])
        # The names are the registry's; what varies are parameters.
        of = f"method = {_quoted(self.name)} AND variant = {_quoted(self.variant)}"
        self._ask(
            f"CREATE OR REPLACE TEMP VIEW found AS SELECT * FROM {DUPLICATES} WHERE {of} AND snapshot IN (FROM seen)"
        )
        name = self._root(row["cluster"] if row else page.doc_id)
        self._name_parts(name)
        [(rows, canonical, first)] = self._ask(
            "SELECT count(*), arg_max(canonical, snapshot) FILTER (cluster = ?), min(first_snapshot) FILTER (cluster = ?) "
            "FROM found JOIN part ON cluster = part.name",
            [name, name],
        )
        if not rows:
            return None
        self._ask(_ALONE, [self.name, self.variant])
        [(alone,)] = self._ask("SELECT count(*) FROM alone")
        members = self._ask(_MEMBERS, [page.doc_id, canonical, SHOWN])
        return Cluster(name, rows + alone, first, canonical, self._members(page, members))

    def _root(self, name: str) -> str:
        """What the cluster of a name is part of now."""
        passed = {name}
        while True:
            above = self._ask(
                "SELECT cluster FROM found WHERE list_contains(merged, ?) ORDER BY snapshot DESC LIMIT 1", [name]
            )
            if not above or above[0][0] in passed:
                return name
            name = above[0][0]
            passed.add(name)

    def _name_parts(self, name: str) -> None:
        """Makes the table `part` (name) of all names that lead to a cluster, its own among them."""
        self._ask("CREATE OR REPLACE TEMP TABLE part AS SELECT ?::VARCHAR AS name", [name])
        count = 0
        while count < (count := self._ask("SELECT count(*) FROM part")[0][0]):
            self._ask(
                "INSERT INTO part SELECT DISTINCT unnest(merged) AS name FROM found SEMI JOIN part ON cluster = part.name "
                "WHERE len(merged) > 0 EXCEPT SELECT name FROM part"
            )

    def _members(self, page: Page, rows: Sequence[tuple[Any, ...]]) -> tuple[Member, ...]:
        found = texts_of(self.home.lake, self.variant, [(row[0], row[1]) for row in rows])
        own = found.get((page.doc_id, page.snapshot))
        there = [(row[0], row[1]) for row in rows if (row[0], row[1]) in found] if own else []
        true = dict(zip(there, true_similarities(own[1], [found[one][1] for one in there]) if own else [], strict=True))
        members = []
        for doc_id, snapshot, kept, similarity, neighbour in rows:
            url, text = found.get((doc_id, snapshot), (None, None))
            jaccard = true.get((doc_id, snapshot))
            members.append(Member(doc_id, url, snapshot, kept, similarity, neighbour, jaccard, text))
        return tuple(members)

    def _ask(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.session.execute(statement, list(values)).fetchall()


_ALONE = f"""
CREATE OR REPLACE TEMP TABLE alone AS
SELECT * FROM (
    SELECT d.doc_id, min(d.snapshot) AS snapshot, arg_min(d.place, d.snapshot) AS place
    FROM {DEDUP_DOCUMENTS} d SEMI JOIN part ON d.doc_id = part.name
    WHERE d.method = ? AND d.variant = ? AND d.snapshot IN (FROM seen)
    GROUP BY d.doc_id) first
ANTI JOIN found ON found.doc_id = first.doc_id AND found.snapshot = first.snapshot
"""
"""Documents that names are from, and that have no row of their own: they were alone when they came."""

_MEMBERS = """
SELECT doc_id, snapshot, kept, similarity, neighbour FROM (
    SELECT doc_id, snapshot, place, kept, similarity, neighbour FROM found JOIN part ON cluster = part.name
    UNION ALL SELECT doc_id, snapshot, place, true, NULL, NULL FROM alone
    ORDER BY doc_id = ? DESC, doc_id = ? DESC, snapshot, place LIMIT ?)
ORDER BY snapshot, place
"""
"""The first members, the asked one and the one that stays among them."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Why a page is in a corpus or not: looked up by address or doc_id, judged anew by each recipe from what the lake stores.

The recipe is run again over the one document, so the reasons are there even where the ledger keeps a sample only; what the made corpus itself says
is told beside it, and where the two differ the corpus is older than its recipe or its signals.

Not here: the outcome of steps (recipes/explain.py), printing (commands/).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import polars as pl

from corpus_platform.documents import SOURCES
from corpus_platform.errors import ModelError, SourceError
from corpus_platform.lake import table
from corpus_platform.recipes.deduplicated import VERDICT_SCHEMA
from corpus_platform.recipes.explain import Explanation, explain
from corpus_platform.signals.environment import Environment
from corpus_platform.source_tables import key_of
from corpus_platform.stages.classifiers import shelf_of
from corpus_platform.stages.corpus import LAYER, Corpus
from corpus_platform.stages.signals import LANGUAGE, SIGNALS, stored_in
from corpus_platform.stages.texts import (
    PAGES,
    is_after_dedup,
    partition_columns,
    read_table,
    source_of,
    text_partition,
    text_table,
)
from corpus_platform.stages.verdicts import DUPLICATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from corpus_platform.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.models.shelf import Shelf
    from corpus_platform.recipes.population import Method
    from corpus_platform.stages.stage import Partition

DECISIONS, REJECTS = "ops.decisions", "ops.rejects"
Verdict = Literal["kept", "dropped", "dropped before", "rejected", "not there", "not made", "not judged"]
"""`dropped before`: by the paragraph dedup that the recipe starts from. `not made`: its text is not made yet. `not judged`: a model is missing."""


@dataclass(frozen=True)
class Story:
    """What a recipe makes of a document of a snapshot."""

    recipe: str
    variant: str
    snapshot: str
    doc_id: str
    url: str | None
    verdict: Verdict
    reason: str
    """In a line: step/rule with value and threshold, or why it did not come so far; empty where it is kept."""
    step: str | None = None
    rule: str | None = None
    value: float | str | None = None
    threshold: Any = None
    explanation: Explanation | None = None
    """Of a document that reached the recipe: every step."""
    published: str | None = None
    """What the corpus as it was made says: `kept`, `step/rule`, `not kept`; None where it is not made."""

    @property
    def is_kept(self) -> bool:
        """Whether the recipe keeps it."""
        return self.verdict == "kept"

    @property
    def is_current(self) -> bool:
        """Whether the made corpus says the same."""
        match self.published, self.verdict:
            case None, _:
                return True
            case "kept", _:
                return self.is_kept
            case "not kept", _:
                return not self.is_kept
            case said, "dropped":
                return said == f"{self.step}/{self.rule}"
        return False

    def as_dict(self, *, details: bool = False) -> dict[str, Any]:
        """Plain values for programs; with `details` every step with its rules and passages."""
        left_out = {"explanation"}
        found = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in left_out}
        if details and self.explanation:
            found["steps"] = [asdict(outcome) for outcome in self.explanation.outcomes]
        return found


def stories(home: Home, wanted: str, recipes: Iterable[str] | None = None) -> list[Story]:
    """What each recipe (the enabled ones by default) makes of a page, snapshot by snapshot; a page is named by address, doc_id or record id.

    Raises SourceError, with addresses of that host, where no snapshot has had such a page.
    """
    places = _places(home.lake, wanted)
    if not places:
        raise SourceError(_no_page(home.lake, wanted))
    looked = _Looked(home.lake)
    found = []
    for recipe in recipes or home.enabled:
        corpus = home.stage(f"{LAYER}.{recipe}")
        assert isinstance(corpus, Corpus)
        for place in places:
            of_source = (v for v in home.variants_of(recipe) if source_of(v) == place.source)
            taken = (v for v in of_source if corpus.recipe.of(v, place.snapshot) is not None)
            partitions = ({"variant": variant, "snapshot": place.snapshot} for variant in taken)
            found += [looked.story(corpus, partition, place.doc_id, place.url) for partition in partitions]
    return found


def documents(
    lake: Lake, corpus: Corpus, partition: Partition, doc_ids: Sequence[str], models: Shelf | None = None
) -> tuple[pl.DataFrame, Environment]:
    """Documents of a partition as a recipe gets them, texts with their stored signals, and what it judges them with."""
    variant = partition["variant"]
    where: dict[str, Any] = text_partition(partition)
    chosen = pl.col("doc_id").is_in(list(doc_ids))
    frame = lake.scan(text_table(variant), **where).filter(chosen).collect().drop("variant", "snapshot", strict=False)
    frame = frame.drop(name for name in where if name != "language" and name in frame.columns)
    if corpus.reads_signals(variant) and not is_after_dedup(variant):
        # The language that a page states of itself is a hint, which no recipe judges by.
        frame = frame.drop(LANGUAGE, strict=False)
    stored, compat = (), corpus.settings.compat
    if corpus.reads_signals(variant) and lake.state(SIGNALS, partition) is not None:
        stored, compat = stored_in(lake, partition)
        measured = lake.scan(SIGNALS, **partition).filter(chosen)  # type: ignore[arg-type]
        kept = measured.select("doc_id", *stored).collect()
        own = frame.drop([name for name in stored if name in frame.columns])
        frame = own.join(kept, on="doc_id", how="left", maintain_order="left")
    settings = corpus.settings.model_copy(update={"compat": compat})
    return frame, Environment(settings, shelf_of(lake) if models is None else models, corpus.test_sets)


def verdicts_of(
    lake: Lake, methods: Iterable[Method], partition: Partition, doc_ids: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """What the dedups of a recipe say of documents of a partition, by step; a dedup that was not made says nothing."""
    found = {}
    for method in methods:
        where: dict[str, Any] = {"method": method.name, **partition}
        if lake.state(DUPLICATES, where) is not None:
            rows = lake.scan(DUPLICATES, **where).filter(pl.col("doc_id").is_in(list(doc_ids)))
            found[method.step.name] = rows.select(*VERDICT_SCHEMA).cast(VERDICT_SCHEMA).collect()  # type: ignore[arg-type]
    return found


class _Looked:
    """What was looked up of a lake: its models are opened once, and a document is read once for all recipes that start from the same text."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._read: dict[tuple[str, str, str, bool], tuple[pl.DataFrame, Environment]] = {}

    @cached_property
    def models(self) -> Shelf:
        return shelf_of(self.lake)

    def story(self, corpus: Corpus, partition: Partition, doc_id: str, url: str | None) -> Story:
        """What a recipe makes of one document."""
        variant, snapshot = partition["variant"], partition["snapshot"]
        place = {"recipe": corpus.recipe.name, "variant": variant, "snapshot": snapshot, "doc_id": doc_id, "url": url}
        if self.lake.state(text_table(variant), text_partition(partition)) is None:
            todo = f"corpus run {corpus.name.replace('.', '/')} --snapshot {snapshot}"
            why = f"there is no text {variant} of {snapshot} yet: {todo}"
            return Story(**place, verdict="not made", reason=why)
        told = published(self.lake, corpus.name, partition, doc_id)
        place["published"] = told
        if not doc_id:
            return _before(self.lake, partition, place)
        frame, environment = self._document(corpus, partition, doc_id)
        if frame.height == 0:
            return _before(self.lake, partition, place)
        try:
            verdicts = verdicts_of(self.lake, corpus.methods(partition), partition, [doc_id])
            explanation = explain(corpus.recipe_of(partition), frame, environment, verdicts)[0]
        except ModelError as error:
            return Story(**place, verdict="not judged", reason=str(error))
        return judged(place, explanation)

    def _document(self, corpus: Corpus, partition: Partition, doc_id: str) -> tuple[pl.DataFrame, Environment]:
        variant, snapshot = partition["variant"], partition["snapshot"]
        key = (variant, snapshot, doc_id, corpus.reads_signals(variant))
        if key not in self._read:
            self._read[key] = documents(self.lake, corpus, partition, [doc_id], self.models)
        return self._read[key]


def judged(place: dict[str, Any], explanation: Explanation) -> Story:
    """The story of a document that has been through a recipe; `place` has the fields that say which document it is."""
    dropped = explanation.dropped
    if dropped is None:
        return Story(**place, verdict="kept", reason="", explanation=explanation)
    asked = next((asked for asked in dropped.rules if asked.rule == dropped.rule and asked.holds), None)
    return Story(
        **place,
        verdict="dropped",
        reason=f"{dropped.step}/{dropped.rule}" + (f": {asked}" if asked else ""),
        step=dropped.step,
        rule=dropped.rule,
        value=asked.value if asked else None,
        threshold=asked.threshold if asked else None,
        explanation=explanation,
    )


def _before(lake: Lake, partition: Partition, place: dict[str, Any]) -> Story:
    """Why a document has no text in a variant that is made."""
    variant = partition["variant"]
    source = source_of(variant)
    read = PAGES if source is None else read_table(source)
    of_texts = text_partition(partition)
    where = table(text_table(variant)).partition_string(of_texts)
    if text_table(variant) != read and place["doc_id"]:
        made = text_table(variant)
        own = (pl.col("stage") == made) & (pl.col("partition") == where) & (pl.col("doc_id") == place["doc_id"])
        ledger = lake.scan(DECISIONS).filter(own).select("step", "rule", "value", "threshold", "seen").collect()
        for step, rule, value, threshold, seen in ledger.iter_rows():
            held = f"{value:g} < {threshold:g}" if value is not None and threshold is not None else seen or "dropped"
            why = f"{step}/{rule}: {held}, in {made}, where the recipe starts"
            said = {"step": step, "rule": rule, "value": value, "threshold": threshold}
            return Story(**place, verdict="dropped before", reason=why, **said)
    lost = lake.scan(REJECTS).filter(
        (pl.col("stage") == read) & (pl.col("partition") == where) & (pl.col("url") == place["url"])
    )
    for reason, detail in lost.select("reason", "detail").collect().iter_rows():
        return Story(**place, verdict="rejected", reason=f"when it was read: {reason}: {detail}", rule=reason)
    return Story(**place, verdict="not there", reason=f"the text {variant} of {partition['snapshot']} does not have it")


@dataclass(frozen=True)
class _Place:
    """Where a document was found: `source` is None for the web; `snapshot` the word for its partition elsewhere. Without id it was a reject."""

    doc_id: str
    url: str | None
    snapshot: str
    source: str | None = None


def _places(lake: Lake, wanted: str) -> list[_Place]:
    """Every partition that has the document, or had it and could not use it."""
    known = {spec.name for spec in lake.tables()}
    of_sources = [p for source in SOURCES if read_table(source) in known for p in _in_source(lake, wanted, source)]
    return [*_on_the_web(lake, wanted), *of_sources]


def _in_source(lake: Lake, wanted: str, source: str) -> list[_Place]:
    rows = lake.scan(read_table(source)).filter((pl.col("url") == wanted) | (pl.col("doc_id") == wanted))
    columns = partition_columns(source)
    found = rows.select("doc_id", "url", *columns).unique().collect()
    places = (
        _Place(row["doc_id"], row["url"], key_of(source, {name: row[name] for name in columns}), source)
        for row in found.iter_rows(named=True)
    )
    return sorted(places, key=lambda place: (place.snapshot, place.doc_id))


def _on_the_web(lake: Lake, wanted: str) -> list[_Place]:
    same = (pl.col("url") == wanted) | (pl.col("doc_id") == wanted) | (pl.col("record_id") == wanted)
    pages = lake.scan(PAGES).filter(same).select("doc_id", "url", "snapshot").unique().collect()
    found = {(row[0], row[2]): row[1] for row in pages.iter_rows()}
    have = {snapshot for _, snapshot in found}
    refused = (pl.col("stage") == PAGES) & ((pl.col("url") == wanted) | (pl.col("record") == wanted))
    lost = lake.scan(REJECTS).filter(refused).select("url", "partition").unique().collect()
    for url, partition in lost.iter_rows():
        if (snapshot := partition.rpartition(",")[2]) not in have:
            found["", snapshot] = url
    places = [_Place(doc_id, url, snapshot) for (doc_id, snapshot), url in found.items()]
    return sorted(places, key=lambda place: (place.snapshot, place.doc_id))


def _no_page(lake: Lake, wanted: str) -> str:
    """That there is no such page, and which ones of its host there are."""
    message = f"no snapshot of this lake has had a page `{wanted}`"
    host = urlsplit(wanted if "//" in wanted else f"//{wanted}").hostname
    pages = lake.scan(PAGES).filter(pl.col("domain") == host) if host and "." in host else None
    near = pages.select("url").unique().sort("url").head(3).collect()["url"].to_list() if pages is not None else []
    if near:
        return f"{message}; of its host there are {', '.join(near)}"
    return f"{message}: give its address, doc_id or record id as it stands in {PAGES} or {REJECTS}"


def published(lake: Lake, name: str, partition: Partition, doc_id: str) -> str | None:
    """What a corpus as it was made says of a document: `kept`, `step/rule`, `not kept`; None where it is not made."""
    if not doc_id or lake.state(name, partition) is None:
        return None
    own = pl.col("doc_id") == doc_id
    if lake.scan(name, **partition).filter(own).select("doc_id").collect().height:  # type: ignore[arg-type]
        return "kept"
    where = ",".join(partition.values())
    ledger = lake.scan(DECISIONS).filter((pl.col("stage") == name) & (pl.col("partition") == where) & own)
    return next((f"{step}/{rule}" for step, rule in ledger.select("step", "rule").collect().iter_rows()), "not kept")

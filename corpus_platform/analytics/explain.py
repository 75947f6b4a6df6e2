"""Why a page is in a corpus or not: looked up by address or doc_id, judged anew by each recipe from what the lake stores.

The recipe is run again over the one document, so the reasons are there even where the ledger keeps a sample only; what the made corpus itself says
is told beside it, and where the two differ the corpus is older than its recipe or its signals.

Not here: the outcome of steps (recipes/explain.py), printing (commands/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.errors import SourceError
from corpus_platform.recipes.explain import Explanation, explain
from corpus_platform.signals.environment import Environment
from corpus_platform.stages.classifiers import shelf_of
from corpus_platform.stages.corpus import LAYER
from corpus_platform.stages.signals import LANGUAGE, SIGNALS, stored_in
from corpus_platform.stages.texts import DOCUMENTS, PAGES, base_of, is_after_dedup, text_partition, text_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from corpus_platform.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.stages.corpus import Corpus
    from corpus_platform.stages.stage import Partition

DECISIONS, REJECTS = "ops.decisions", "ops.rejects"


@dataclass(frozen=True)
class Story:
    """What a recipe makes of a document of a snapshot."""

    recipe: str
    variant: str
    snapshot: str
    doc_id: str
    url: str | None
    explanation: Explanation | None = None
    before: str = ""
    """Why the document did not reach the recipe: rejected, dropped before, or its text is not made."""
    published: str = ""
    """What the corpus as it was made says: `kept`, `step/rule`, or nothing where it is not made."""

    @property
    def reason(self) -> str:
        """In a line."""
        return self.explanation.reason if self.explanation else self.before

    @property
    def is_kept(self) -> bool:
        """Whether the recipe keeps it."""
        return self.explanation is not None and self.explanation.kept


def stories(home: Home, wanted: str, recipes: Iterable[str] | None = None) -> list[Story]:
    """What each recipe (the enabled ones by default) makes of a page, by snapshot; the page is named by address or doc_id.

    Raises SourceError where no snapshot has had such a page.
    """
    names = list(recipes or home.enabled)
    found: list[Story] = []
    for recipe in names:
        variant = home.variant_of(recipe)
        corpus = home.stage(f"{LAYER}.{recipe}")
        for doc_id, url, snapshot in _places(home.lake, wanted):
            partition = {"variant": variant, "snapshot": snapshot}
            found.append(_story(home.lake, corpus, partition, doc_id, url))  # type: ignore[arg-type]
    if not found:
        raise SourceError(
            f"no snapshot of this lake has had a page `{wanted}`: give its address or doc_id as it stands in web.pages or ops.rejects"
        )
    return found


def documents(
    lake: Lake, corpus: Corpus, partition: Partition, doc_ids: Sequence[str]
) -> tuple[pl.DataFrame, Environment]:
    """Documents of a partition as a recipe gets them, texts with their stored signals, and what it judges them with."""
    variant, snapshot = partition["variant"], partition["snapshot"]
    where: dict[str, Any] = text_partition(partition)
    chosen = pl.col("doc_id").is_in(list(doc_ids))
    frame = lake.scan(text_table(variant), **where).filter(chosen).collect().drop("variant", "snapshot", strict=False)
    stored, compat = (), corpus.settings.compat
    if corpus.reads_signals(variant) and lake.state(SIGNALS, partition) is not None:
        stored, compat = stored_in(lake, partition)
        measured = lake.scan(SIGNALS, variant=variant, snapshot=snapshot).filter(chosen)
        kept = measured.select("doc_id", *stored).collect()
        hints = () if is_after_dedup(variant) else LANGUAGE
        own = frame.drop([name for name in {*stored, *hints} if name in frame.columns])
        frame = own.join(kept, on="doc_id", how="left", maintain_order="left")
    settings = corpus.settings.model_copy(update={"compat": compat})
    return frame, Environment(settings, shelf_of(lake))


def _places(lake: Lake, wanted: str) -> list[tuple[str, str | None, str]]:
    """(doc_id, url, snapshot) of every snapshot that has the page, or had it and could not use it."""
    same = (pl.col("url") == wanted) | (pl.col("doc_id") == wanted)
    pages = lake.scan(PAGES).filter(same).select("doc_id", "url", "snapshot").unique().collect()
    found = {(row[0], row[2]): row[1] for row in pages.iter_rows()}
    if not found:
        lost = lake.scan(REJECTS).filter((pl.col("stage") == PAGES) & (pl.col("url") == wanted))
        for url, partition in lost.select("url", "partition").unique().collect().iter_rows():
            found[("", partition.rpartition(",")[2])] = url
    return sorted(
        ((doc_id, url, snapshot) for (doc_id, snapshot), url in found.items()), key=lambda row: (row[2], row[0])
    )


def _story(lake: Lake, corpus: Corpus, partition: Partition, doc_id: str, url: str | None) -> Story:
    variant, snapshot = partition["variant"], partition["snapshot"]
    base = (corpus.recipe.name, variant, snapshot, doc_id, url)
    published = _published(lake, corpus.name, partition, doc_id)
    if not doc_id or lake.state(text_table(variant), text_partition(partition)) is None:
        return Story(*base, before=_before(lake, partition, doc_id, url), published=published)
    frame, environment = documents(lake, corpus, partition, [doc_id])
    if frame.height == 0:
        return Story(*base, before=_before(lake, partition, doc_id, url), published=published)
    explanation = explain(corpus.recipe, frame, environment)[0]
    return Story(*base, explanation=explanation, published=published)


def _before(lake: Lake, partition: Partition, doc_id: str, url: str | None) -> str:
    """Why a document has no text in a variant."""
    variant, snapshot = partition["variant"], partition["snapshot"]
    if lake.state(text_table(variant), text_partition(partition)) is None:
        return f"not made: there is no {text_table(variant)} of {base_of(variant)} for {snapshot}"
    where = f"{base_of(variant)},{snapshot}"
    if is_after_dedup(variant) and doc_id:
        ledger = lake.scan(DECISIONS).filter(
            (pl.col("stage") == DOCUMENTS) & (pl.col("partition") == where) & (pl.col("doc_id") == doc_id)
        )
        for step, rule, value, threshold in ledger.select("step", "rule", "value", "threshold").collect().iter_rows():
            return f"before the recipe, in {DOCUMENTS}: {step}/{rule}: {value:g} against {threshold:g}"
    lost = lake.scan(REJECTS).filter(
        (pl.col("stage") == PAGES) & (pl.col("partition") == where) & (pl.col("url") == url)
    )
    for reason, detail in lost.select("reason", "detail").collect().iter_rows():
        return f"rejected when it was read: {reason}: {detail}"
    return f"the text variant {variant} of {snapshot} does not have it"


def _published(lake: Lake, name: str, partition: Partition, doc_id: str) -> str:
    if not doc_id or lake.state(name, partition) is None:
        return ""
    own = pl.col("doc_id") == doc_id
    if (
        lake.scan(name, variant=partition["variant"], snapshot=partition["snapshot"])
        .filter(own)
        .select("doc_id")
        .collect()
        .height
    ):
        return "kept"
    where = ",".join(partition.values())
    ledger = lake.scan(DECISIONS).filter((pl.col("stage") == name) & (pl.col("partition") == where) & own)
    return next((f"{step}/{rule}" for step, rule in ledger.select("step", "rule").collect().iter_rows()), "not kept")

"""The web corpus: pages, their paragraphs, documents after CCNet's paragraph dedup, and signals of both. One partition is one snapshot."""

from collections.abc import Callable

import dagster as dg

from assets.checks import PartitionOf, checks_of
from assets.factory import stage_asset
from assets.partitions import cc_snapshot
from corpus_platform.documents import SOURCES
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import OF_VARIANT, asset_of
from corpus_platform.stages.signals import SIGNALS
from corpus_platform.stages.stage import Partition, Stage
from corpus_platform.stages.texts import AFTER_DEDUP

_PAGES = """A row is a page of the crawl with its main text, title, charset and reuse signals. One partition is one snapshot.

Records that could not be used are in `ops.rejects`, each with file, offset and reason."""
_HISTORY = """A row is an address that this snapshot has, or that the one before had: new, same, changed, returned or vanished. One partition is
one snapshot.

It reads addresses and digests of the pages, and its own earlier snapshots; one that comes late makes the later ones stale."""
_SKETCHES = """A row is a HyperLogLog++ of the addresses, domains or paragraphs of one shard of pages. One partition is one snapshot.

`corpus counts` merges them: what a snapshot has, what it adds, and what all have together, to about 1%."""
_HASHES = """A row is a distinct paragraph hash of one shard of pages, with whether two of its documents have it. One partition is one
snapshot.

CCNet's normalisation, then the first 64 bits of SHA-1."""
_PARAGRAPHS = """A row is a paragraph hash that two documents or files of its group share; such paragraphs are removed everywhere.
One partition is one snapshot."""
_DOCUMENTS = """A row is a page after paragraph dedup, with the language, perplexity and bucket of what is left. One partition is one
snapshot.

Pages that are too short or lose every paragraph are in `ops.decisions`."""
_SIGNALS = """A row is a document with its signals: numbers that recipes judge by, measured once. One partition is one snapshot.

Line signals are lists, with an entry for each line. A family that is not stored leaves its columns empty."""


_AFTER_DEDUP = ("web.paragraph_hashes", "web.paragraphs", "web.documents")
"""Tables of a base that make its text after paragraph dedup."""


def group_of(variant: str) -> str:
    """Group of the assets of a text variant: `web_wet`, `web_wet_ccnet`. The graph shows the last part of a key only, so a box has one text."""
    return f"web_{variant.replace('.', '_')}"


def web_assets(home: Home, variant: str) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The assets of one base, a way in which pages become text, upstream first, and their checks."""

    def stage(name: str, about: str, deps: list[dg.AssetKey | dg.AssetDep], kinds: set[str]) -> dg.AssetsDefinition:
        return stage_asset(
            home.stage(f"web.{name}"),
            key=asset_of(f"web.{name}", variant),
            group=group_of(variant + AFTER_DEDUP if f"web.{name}" in _AFTER_DEDUP else variant),
            partitions=cc_snapshot,
            partition_of=of_variant(variant),
            deps=deps,
            description=f"{about}\n\nText variant: `{variant}`.",
            kinds=kinds,
            tags={"domain": "web", "variant": variant},
        )

    where = of_variant(variant)
    pages = stage("pages", _PAGES, [], {"parquet", "warc"})
    history = stage("url_history", _HISTORY, [pages.key], {"parquet", "polars"})
    sketches = stage("sketches", _SKETCHES, [pages.key], {"parquet", "numba"})
    made = {"pages": pages, "url_history": history, "sketches": sketches}
    if variant not in home.deduplicated:
        return list(made.values()), _checks(made, where)
    hashes = stage("paragraph_hashes", _HASHES, [pages.key], {"parquet", "numba"})
    paragraphs = stage("paragraphs", _PARAGRAPHS, [hashes.key], {"parquet"})
    models = dg.AssetDep(["models", "language_model"], partition_mapping=dg.AllPartitionMapping())
    documents = stage("documents", _DOCUMENTS, [pages.key, paragraphs.key, models], {"parquet", "fasttext"})
    made |= {"paragraph_hashes": hashes, "paragraphs": paragraphs, "documents": documents}
    return list(made.values()), _checks(made, where)


def _checks(made: dict[str, dg.AssetsDefinition], where: PartitionOf) -> list[dg.AssetChecksDefinition]:
    return [check for name, asset in made.items() for check in checks_of(asset, f"web.{name}", where)]


def signal_assets(home: Home, variant: str) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The signals of one text variant, and their checks."""
    stage = home.stage(SIGNALS)
    signals = stage_asset(
        stage,
        key=asset_of(SIGNALS, variant),
        group=group_of(variant),
        partitions=cc_snapshot,
        partition_of=of_variant(variant),
        deps=deps_of(stage, variant),
        description=f"{_SIGNALS}\n\nText variant: `{variant}`.",
        kinds={"parquet", "numba"},
        tags={"domain": "web", "variant": variant},
    )
    return [signals], checks_of(signals, SIGNALS, of_variant(variant))


def deps_of(stage: Stage, variant: str) -> list[dg.AssetDep]:
    """What a stage reads for a text variant, as assets; of tables that are no snapshot's, all partitions."""
    return [
        dg.AssetDep(
            dg.AssetKey.from_user_string(asset_of(name, of)),
            partition_mapping=None
            if name in OF_VARIANT or name.partition(".")[0] in SOURCES
            else dg.AllPartitionMapping(),
        )
        for name, of in stage.above(variant)
    ]


def of_variant(variant: str) -> Callable[[str], Partition]:
    """The table partition of a snapshot, in one text variant."""

    def partition_of(key: str) -> Partition:
        return {"variant": variant, "snapshot": key}

    return partition_of

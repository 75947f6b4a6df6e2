"""Encyclopedias: articles of MediaWiki dumps. One partition is one dump of one language."""

import dagster as dg

from assets.checks import checks_of
from assets.factory import stage_asset
from assets.partitions import wiki_dump, wiki_partition
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import asset_of

_ARTICLES = """A row is an article of an encyclopedia as plain text. One partition is one dump of one language (`en-20240301`).

Redirects and pages outside the main namespace are left out; pages that could not be read are in `ops.rejects`."""


def encyclopedia_assets(home: Home) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The articles and their checks."""
    name = "encyclopedia.articles"
    articles = stage_asset(
        home.stage(name),
        key=asset_of(name),
        group="encyclopedia",
        partitions=wiki_dump,
        partition_of=wiki_partition,
        deps=[],
        description=_ARTICLES,
        kinds={"parquet", "wikipedia"},
        tags={"domain": "encyclopedia"},
    )
    return [articles], checks_of(articles, name, wiki_partition)

"""Published corpora: one asset per recipe, one partition per snapshot."""

import dagster as dg

from assets.checks import balance, checks_of, usual_size
from assets.factory import stage_asset
from assets.partitions import cc_snapshot
from assets.web import of_variant
from corpus_platform.home import Home, asset_of

_CCNET = """A row is a document that CCNet keeps, with CCNet's own fields: language, perplexity, and the bucket head, middle or tail.
One partition is one snapshot.

What is dropped is in `ops.decisions`, with rule, value and threshold."""


def corpus_assets(home: Home) -> tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]:
    """The corpora and their checks."""
    name, variant = "corpora.ccnet", home.settings.ccnet_variant
    ccnet = stage_asset(
        home.stage(name),
        key=asset_of(name),
        group="corpora",
        partitions=cc_snapshot,
        partition_of=of_variant(variant),
        deps=[dg.AssetKey.from_user_string(asset_of("web.documents", variant))],
        description=_CCNET,
        kinds={"parquet"},
        tags={"domain": "web", "variant": variant},
    )
    where = of_variant(variant)
    checks = [
        *checks_of(ccnet, name, where),
        balance(ccnet, name, "web.documents", where),
        usual_size(ccnet, name, where),
    ]
    return [ccnet], checks

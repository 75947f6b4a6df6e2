"""Mixes: the documents that each draws, and the tokenizers that their budgets are counted in. Made when somebody asks for them, never by themselves."""

import dagster as dg

from assets.checks import checks_of
from assets.factory import stage_asset
from corpus_platform.analytics import mixing
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS, TOKENIZERS
from corpus_platform.stages.stage import Partition

_DOCUMENTS = """A row is a document that a mix draws, with its part, its tokens and the place of its source record. One partition is one mix.

The tokenizer and the token counts of what it reads (`mixes.token_counts`) are made before, where they are missing. A mix is made when it is asked for: a
new snapshot makes it stale and starts nothing. The same on the command line: `corpus mix make`."""
_TOKENIZER = """A row is a tokenizer, with its kind, its size and where its files are. One partition is one tokenizer.

Trained once from the home's own tables, or taken from a location. The same on the command line: `corpus tokenizer train`."""

Made = tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]


def mix_assets(home: Home) -> Made:
    """The asset of all mixes, that of all tokenizers, and their checks."""
    tokenizer = stage_asset(
        home.stage(TOKENIZERS),
        key=asset_of(TOKENIZERS),
        group="mixes",
        partitions=dg.StaticPartitionsDefinition(sorted(home.settings.tokenizers.names)),
        partition_of=_tokenizer,
        deps=[],
        description=_TOKENIZER,
        kinds={"sentencepiece"},
        tags={"domain": "mixes"},
    )
    mixes = home.mixing.mixes
    read = sorted({name for mix in mixes.values() for name in mix.tables if name in home.stages})
    whole = dg.AllPartitionMapping()
    keys = [tokenizer.key, *(dg.AssetKey(asset_of(name).split("/")) for name in read)]
    documents = stage_asset(
        home.stage(MIX_DOCUMENTS),
        key=asset_of(MIX_DOCUMENTS),
        group="mixes",
        partitions=dg.StaticPartitionsDefinition(sorted(mixes)),
        partition_of=_mix,
        deps=[dg.AssetDep(key, partition_mapping=whole) for key in keys],
        description=_DOCUMENTS,
        kinds={"parquet", "duckdb"},
        tags={"domain": "mixes"},
        prepare=_prepare,
    )
    checks = [*checks_of(tokenizer, TOKENIZERS, _tokenizer), *checks_of(documents, MIX_DOCUMENTS, _mix)]
    return [tokenizer, documents], checks


def _prepare(home: Home, partition: Partition) -> None:
    mix = home.mixing.mix(partition["mix"])
    mixing.check_tables(home, mix)
    mixing.count_tokens(home, mix)


def _tokenizer(key: str) -> Partition:
    return {"tokenizer": key}


def _mix(key: str) -> Partition:
    return {"mix": key}

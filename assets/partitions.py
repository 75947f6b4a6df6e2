"""Partitions: what one run makes. A web partition is one Common Crawl snapshot, whatever the number of its files.

Snapshots and dumps appear over time, so their sets are dynamic: a sensor or `corpus snapshots add` adds keys.

Not here: the shards inside a partition (corpus_platform/stages/).
"""

import dagster as dg

from corpus_platform.documents import SOURCES
from corpus_platform.stages.classifiers import partition_of
from corpus_platform.stages.stage import Partition
from corpus_platform.stages.texts import source_of

cc_snapshot = dg.DynamicPartitionsDefinition(name="cc_snapshot")
"""Common Crawl snapshots (`CC-MAIN-2024-10`) and named archives of WARC files."""

wiki_dump = dg.DynamicPartitionsDefinition(name="wiki_dump")
"""Encyclopedia dumps: `<language>-<dump>`, e.g. `en-20240301`."""


_OF_SOURCE = {s: dg.DynamicPartitionsDefinition(name=s) for s in SOURCES if s != "encyclopedia"}


def of_source(source: str) -> dg.DynamicPartitionsDefinition:
    """Partitions of a source other than the web: the word for a collection, a month of it, a site, a pair, a set."""
    return wiki_dump if source == "encyclopedia" else _OF_SOURCE[source]


def of_texts(variant: str) -> dg.DynamicPartitionsDefinition:
    """Partitions of what is made of a text variant."""
    source = source_of(variant)
    return cc_snapshot if source is None else of_source(source)


def what_of(variant: str) -> str:
    """What one partition of a text variant is, for descriptions."""
    source = source_of(variant)
    return "snapshot" if source is None else {**_WHAT, "encyclopedia": "dump of one language"}[source]


_WHAT = {
    "books": "collection",
    "academic": "month of a collection",
    "code": "collection",
    "social": "site",
    "parallel": "pair of languages",
    "domain": "data set",
}


def of_languages(languages: tuple[str, ...]) -> dg.StaticPartitionsDefinition:
    """One partition per language that the settings want a language model for."""
    return dg.StaticPartitionsDefinition(sorted(languages))


def of_models(names: tuple[str, ...]) -> dg.StaticPartitionsDefinition:
    """One partition per model that the settings say how to make: `safety.zh` is the model `safety/zh`."""
    return dg.StaticPartitionsDefinition(sorted(partition_of(name)["model"] for name in names))


def wiki_key(partition: Partition) -> str:
    """Partition key of a dump."""
    return f"{partition['language']}-{partition['dump']}"


def wiki_partition(key: str) -> Partition:
    """Language and dump of a partition key; language codes may hold hyphens, dump names may not."""
    language, _, dump = key.rpartition("-")
    return {"language": language, "dump": dump}

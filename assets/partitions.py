"""Partitions: what one run makes. A web partition is one Common Crawl snapshot, whatever the number of its files.

Snapshots and dumps appear over time, so their sets are dynamic: a sensor or `corpus snapshots add` adds keys.

Not here: the shards inside a partition (corpus_platform/stages/).
"""

import dagster as dg

from corpus_platform.stages.classifiers import partition_of
from corpus_platform.stages.stage import Partition

cc_snapshot = dg.DynamicPartitionsDefinition(name="cc_snapshot")
"""Common Crawl snapshots (`CC-MAIN-2024-10`) and named archives of WARC files."""

wiki_dump = dg.DynamicPartitionsDefinition(name="wiki_dump")
"""Encyclopedia dumps: `<language>-<dump>`, e.g. `en-20240301`."""


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

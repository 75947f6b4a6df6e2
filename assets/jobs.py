"""Jobs: what people and sensors start by name, a run a partition."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets.automation import ARTICLES, CHAIN, FOLLOWING
from assets.partitions import cc_snapshot, of_source, wiki_dump
from corpus_platform.documents import DIALOGUES, SOURCES
from corpus_platform.home import Batch
from corpus_platform.home.dialogues import OF_FILES, OF_USERS, OF_WRITERS
from corpus_platform.stages.asset_names import asset_of

SNAPSHOT, ENCYCLOPEDIA = "snapshot", "encyclopedia"
DATA_SET, DIALOGUES_JOB = "data_set", "dialogues"
"""Jobs of data sets: from files to dialogues, and from dialogues to what is filtered."""
OF_PEOPLE = {"human": ("written_answers", OF_WRITERS), "users": ("chats_of_users", OF_USERS)}
"""Jobs of what is collected from people, with their tables, by the way of collecting."""
MODELS = {"language_model": "language_models", "classifier": "classifiers", "importance": "importance_models"}
"""Last part of a model's asset -> its job."""
STARTED_BY = "corpus/started-by"


def jobs(assets: Sequence[dg.AssetsDefinition]) -> list[Any]:
    """The jobs of a home: for snapshots, for each source in use, for dumps and for models."""
    models = [
        dg.define_asset_job(
            job,
            selection=dg.AssetSelection.assets(["models", asset]),
            description=f"One of the {job.replace('_', ' ')}, from what it is made of.",
        )
        for asset, job in MODELS.items()
    ]
    return [
        dg.define_asset_job(
            SNAPSHOT,
            selection=dg.AssetSelection.assets(*_of_partitions(assets, cc_snapshot)),
            description="One snapshot from its WARC or WET files to the published corpora.",
        ),
        dg.define_asset_job(
            ENCYCLOPEDIA,
            selection=dg.AssetSelection.assets(ARTICLES),
            description="One dump of one language to articles as plain text.",
        ),
        *(
            dg.define_asset_job(
                source,
                selection=dg.AssetSelection.assets(*keys),
                description=f"One partition of {source} from its files to the published corpora.",
            )
            for source in SOURCES
            if source != ENCYCLOPEDIA and (keys := _of_partitions(assets, of_source(source)))
        ),
        *_of_dialogues(assets),
        *models,
    ]


def _of_dialogues(assets: Sequence[dg.AssetsDefinition]) -> list[Any]:
    """The jobs of data sets, where there are some. A job has partitions of one kind, and what is read or built are other sets than all of them."""
    keys = [key for asset in assets for key in asset.keys if key.path[0] == DIALOGUES]
    read = [key for key in keys if ".".join(key.path) in OF_FILES[:-1]]
    after = [key for key in keys if key.path[-1] in FOLLOWING]
    if not keys:
        return []
    files = [
        dg.define_asset_job(
            DATA_SET,
            selection=dg.AssetSelection.assets(*read),
            description="One data set from its files to dialogues.",
        )
    ]
    people = [
        dg.define_asset_job(
            job,
            selection=dg.AssetSelection.assets(*own),
            description="One data set of what people wrote or said, from its files to dialogues.",
        )
        for job, tables in OF_PEOPLE.values()
        if (own := [key for key in keys if key.to_user_string() in set(map(asset_of, tables))])
    ]
    return [
        *(files if read else ()),
        *people,
        dg.define_asset_job(
            DIALOGUES_JOB,
            selection=dg.AssetSelection.assets(*after),
            description="The dialogues of one data set to what its recipe keeps: signals, copies, filters.",
        ),
    ]


def _of_partitions(
    assets: Sequence[dg.AssetsDefinition], partitions: dg.DynamicPartitionsDefinition
) -> list[dg.AssetKey]:
    """Keys of the chain that have these partitions."""
    return [
        key
        for asset in assets
        if isinstance(asset.partitions_def, dg.DynamicPartitionsDefinition)
        and asset.partitions_def.name == partitions.name
        for key in asset.keys
        if key.path[0] in (*CHAIN, *SOURCES)
    ]


def request(batch: Batch, *, by: str, key: str) -> dg.RunRequest:
    """A run of the batch, which a sensor or schedule asks for once for each `key`."""
    first, _, last = batch.assets[0].rpartition("/")
    job = MODELS[last] if first == "models" else batch.source or SNAPSHOT
    whole = first == "models" or job == ENCYCLOPEDIA
    chosen = None if whole else [dg.AssetKey(asset.split("/")) for asset in batch.assets]
    return dg.RunRequest(
        run_key=key,
        job_name=job,
        partition_key=batch.key,
        asset_selection=chosen,
        tags={"corpus/partition": batch.key, STARTED_BY: by},
    )


def snapshot_request(name: str, *, by: str, key: str) -> dg.RunRequest:
    """A run of the whole chain on a snapshot."""
    return _whole_chain(SNAPSHOT, name, by, key)


def source_request(source: str, word: str, *, by: str, key: str) -> dg.RunRequest:
    """A run of the whole chain of a source on one partition."""
    return _whole_chain(source, word, by, key)


def _whole_chain(job: str, partition: str, by: str, key: str) -> dg.RunRequest:
    tags = {"corpus/partition": partition, STARTED_BY: by}
    return dg.RunRequest(run_key=key, job_name=job, partition_key=partition, tags=tags)


def adding(
    *,
    snapshots: list[str] | None = None,
    dumps: list[str] | None = None,
    sources: Mapping[str, list[str]] | None = None,
) -> list[Any]:
    """Requests that make partitions known; of none, none."""
    found: list[Any] = []
    found += [cc_snapshot.build_add_request(snapshots)] if snapshots else []
    found += [wiki_dump.build_add_request(dumps)] if dumps else []
    found += [of_source(source).build_add_request(words) for source, words in (sources or {}).items() if words]
    return found

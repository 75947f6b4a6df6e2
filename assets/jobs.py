"""Jobs: what people and sensors start by name, a run a partition."""

from typing import Any

import dagster as dg

from assets.automation import CHAIN
from assets.partitions import cc_snapshot, wiki_dump
from corpus_platform.home import Batch

SNAPSHOT, ENCYCLOPEDIA = "snapshot", "encyclopedia"
MODELS = {"language_model": "language_models", "classifier": "classifiers", "importance": "importance_models"}
"""Last part of a model's asset -> its job."""
STARTED_BY = "corpus/started-by"


def jobs() -> list[Any]:
    """The jobs of a home."""
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
            selection=dg.AssetSelection.key_prefixes(*CHAIN),
            description="One snapshot from its WARC or WET files to the published corpora.",
        ),
        dg.define_asset_job(
            ENCYCLOPEDIA,
            selection=dg.AssetSelection.key_prefixes("encyclopedia"),
            description="One dump of one language to articles as plain text.",
        ),
        *models,
    ]


def request(batch: Batch, *, by: str, key: str) -> dg.RunRequest:
    """A run of the batch, which a sensor or schedule asks for once for each `key`."""
    first, _, last = batch.assets[0].rpartition("/")
    job = ENCYCLOPEDIA if first == "encyclopedia" else MODELS[last] if first == "models" else SNAPSHOT
    chosen = [dg.AssetKey(asset.split("/")) for asset in batch.assets] if job == SNAPSHOT else None
    return dg.RunRequest(
        run_key=key,
        job_name=job,
        partition_key=batch.key,
        asset_selection=chosen,
        tags={"corpus/partition": batch.key, STARTED_BY: by},
    )


def snapshot_request(name: str, *, by: str, key: str) -> dg.RunRequest:
    """A run of the whole chain on a snapshot."""
    tags = {"corpus/partition": name, STARTED_BY: by}
    return dg.RunRequest(run_key=key, job_name=SNAPSHOT, partition_key=name, tags=tags)


def adding(*, snapshots: list[str] | None = None, dumps: list[str] | None = None) -> list[Any]:
    """Requests that make partitions known; of none, none."""
    found: list[Any] = []
    found += [cc_snapshot.build_add_request(snapshots)] if snapshots else []
    found += [wiki_dump.build_add_request(dumps)] if dumps else []
    return found

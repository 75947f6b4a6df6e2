"""What runs recorded in a Dagster instance, and how tests make a whole home."""

from dataclasses import dataclass

import dagster as dg
from tiny_crawl import SNAPSHOT

from corpus_platform.definitions import make
from corpus_platform.home import Home


@dataclass(frozen=True)
class Recorded:
    """What runs recorded: the metadata of each materialisation, and the outcome of each check."""

    materialisations: dict[tuple[str, str], dict]
    """(asset, partition) -> metadata values."""
    checks: dict[tuple[str, str, str], dg.AssetCheckEvaluation]
    """(asset, check, partition) -> evaluation."""

    def metadata(self, asset: str, partition: str = SNAPSHOT) -> dict:
        return self.materialisations[asset, partition]

    def failed(self, partition: str = SNAPSHOT) -> set[tuple[str, str]]:
        """(asset, check) of the checks that failed."""
        return {(a, c) for (a, c, p), found in self.checks.items() if p == partition and not found.passed}


def recorded(instance: dg.DagsterInstance) -> Recorded:
    """What the instance's runs recorded; of an asset's partition the last."""
    materialisations, checks = {}, {}
    for run in reversed(instance.get_runs()):
        for entry in instance.all_logs(run.run_id):
            event = entry.dagster_event
            if event and event.is_step_materialization:
                found = event.step_materialization_data.materialization
                values = {name: value.value for name, value in found.metadata.items()}
                materialisations[found.asset_key.to_user_string(), found.partition] = values
            elif event and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                data = event.asset_check_evaluation_data
                checks[data.asset_key.to_user_string(), data.check_name, run.tags["dagster/partition"]] = data
    return Recorded(materialisations, checks)


def make_all(home: Home, instance: dg.DagsterInstance, snapshots: tuple[str, ...] = (SNAPSHOT,)) -> None:
    """Makes the corpus of the snapshots with everything upstream, a run a batch."""
    for batch in home.batches(["corpora/ccnet"], snapshots):
        make(home, instance, batch)

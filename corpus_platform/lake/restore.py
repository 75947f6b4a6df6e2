"""Commits a partition again: as it was at an earlier version, or as it is but without some of its shards being finished.

*Restored*, a partition has the files, counters and side rows that it had then. It is a new version like any other: readers of versions in between
see what they saw, and the restoring commit says of which version it is. What is made of the partition turns stale.

*Unfinished* shards have no marker, and the partition no fingerprint, so that the next run finds it stale and makes just these shards anew.

Not here: who keeps a run from making a restored partition anew at once (holds.py).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from corpus_platform.errors import SettingsError
from corpus_platform.lake import markers
from corpus_platform.lake.registry import table
from corpus_platform.lake.vacuum import refuse_vacuumed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from corpus_platform.lake.commit import Commit, Fence
    from corpus_platform.lake.files import DataFile
    from corpus_platform.lake.lake import Lake
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.lake.markers import Marker


def restore(lake: Lake, name: str, partition: Mapping[str, str], version: int) -> Commit:
    """Commits the partition as it was at a version of its table.

    Raises SettingsError for a side table (it goes with its main one), a version that there is not or that was vacuumed, or one before the
    partition was made; CommitConflict where a file of that version is gone, or another run has changed the partition meanwhile.
    """
    spec = table(name)
    if spec.side:
        raise SettingsError(f"{name} is a side table: its rows go with those of the table whose stage wrote them")
    fence = lake.fence(name, partition)
    refuse_vacuumed(lake.storage, name, version)
    state = lake.state(name, partition, version)
    if state is None:
        where = f"{name} [{spec.partition_string(partition)}]"
        raise SettingsError(
            f"{where} had not been made at version {version}: see which versions there are with `corpus history`"
        )
    changed = {"extra": {"restored": state.version}}
    return _commit(lake, fence, lake.files(name, partition, version), state, changed, f"restore-{uuid.uuid4().hex}")


def unfinish(lake: Lake, name: str, partition: Mapping[str, str], shards: Collection[int] | None = None) -> list[int]:
    """Makes shards of a partition unfinished (all where none are named), so that the next run makes them anew; the shards that had been finished.

    Raises SettingsError for shards that the partition has not, and where it was never made.
    """
    spec = table(name)
    where = f"{name} [{spec.partition_string(partition)}]"
    state = lake.state(name, partition)
    found = _marked(lake, name, partition)
    known = {marker.shard for marker in found} | {file.shard for file in lake.files(name, partition)}
    if not known:
        raise SettingsError(f"{where} has no finished shards")
    if strange := sorted(set(shards or ()) - known):
        raise SettingsError(f"{where} has no shard {strange[0]}; it has {min(known)} to {max(known)}")
    wanted = known if shards is None else set(shards)
    fence = lake.fence(name, partition)
    lake.markers(name, partition).remove(marker for marker in found if marker.shard in wanted)
    if state is not None:
        make_stale(lake, fence, run=f"again-{uuid.uuid4().hex}")
    return sorted(wanted)


def unmark(lake: Lake, name: str, partition: Mapping[str, str], is_lost: Callable[[Marker], bool]) -> None:
    """Makes the shards unfinished whose markers a test picks."""
    lake.markers(name, partition).remove(filter(is_lost, _marked(lake, name, partition)))


def make_stale(lake: Lake, fence: Fence, *, run: str, extra: Mapping[str, Any] | None = None) -> None:
    """Commits a partition with the files that it has, without a fingerprint: no run takes it for current."""
    state = lake.state(fence.name, fence.partition, fence.version)
    snapshot = lake.log(fence.name).snapshot(fence.version)
    if state is None or snapshot is None:
        return
    changed = {"fingerprint": "", "extra": dict(extra or {})}
    _commit(lake, fence, snapshot.files(fence.partition), state, changed, run)


def _marked(lake: Lake, name: str, partition: Mapping[str, str]) -> list[Marker]:
    return list(markers.read(lake.storage, lake.markers(name, partition).stored()).values())


def _commit(
    lake: Lake, fence: Fence, files: list[DataFile], state: PartitionState, changed: Mapping[str, Any], run: str
) -> Commit:
    metadata = state.again()
    metadata |= {**changed, "extra": metadata["extra"] | changed["extra"]}
    return lake.commit(
        fence.name, fence.partition, [file.as_written() for file in files], fence, run=run, metadata=metadata
    )

"""Runs of a command over many partitions: in order, those that are current left out, with a bar for each.

Data sets of dialogues do not wait for each other: where one fails the others go on, and the command ends with what failed.

Not here: which batches there are (home/order.py), one run (definitions.py).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import CorpusError, DiskFull, NoRoom, StoreUnsafe
from corpus_platform.home import Home
from corpus_platform.printing import err

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from corpus_platform.home import Batch
    from corpus_platform.stages.run import Progress as ShardProgress

_FOR_ALL = (DiskFull, NoRoom, StoreUnsafe)
"""Errors that the next run would have as well."""


class SetsFailed(CorpusError):
    """Some data sets failed; the others are made. Mend what the lines say and repeat the command: what is current is left alone."""


def run_batches(home: Home, batches: list[Batch]) -> int:
    """Runs batches in order through Dagster, those that are current left out; how many were made.

    Raises SetsFailed at the end for data sets that failed: what would be made of them was left out. The failure of any other batch ends all.
    """
    from corpus_platform.definitions import instance_of, make

    instance = instance_of(home)
    ran = 0
    failed: dict[str, CorpusError] = {}
    with _progress() as watch:
        watched = Home(home.path, home.settings, watch)
        for batch in batches:
            if batch.source == DIALOGUES and _needs(home, batch.key) & failed.keys():
                continue
            try:
                if batch.is_current(home):
                    continue
                make(watched, instance, batch)
            except CorpusError as error:
                if batch.source != DIALOGUES or isinstance(error, _FOR_ALL):
                    raise
                failed[batch.key] = error
            else:
                ran += 1
    if failed:
        raise SetsFailed(_told(home, failed, batches, ran))
    return ran


def _needs(home: Home, key: str) -> set[str]:
    """A data set and those that it is built of."""
    return set(home.dialogues.with_parents([key]))


def _told(home: Home, failed: dict[str, CorpusError], batches: list[Batch], ran: int) -> str:
    """A line for each data set that failed, and one for those that were left out with them."""
    keys = dict.fromkeys(batch.key for batch in batches if batch.source == DIALOGUES)
    left = [key for key in keys if key not in failed and _needs(home, key) & failed.keys()]
    lines = [f"  {key}: {' '.join(str(error).split())[:500]}" for key, error in failed.items()]
    lines += [f"  {', '.join(left)}: left out, for it is built of them"] if left else []
    return "\n".join([f"{len(failed)} of {len(keys)} data sets failed; {ran} runs were made of the others:", *lines])


@contextmanager
def _progress() -> Iterator[Callable[[ShardProgress], None]]:
    """A bar per table and partition; what it yields is told of each finished shard."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, Any] = {}

        def watch(progress: ShardProgress) -> None:
            name = f"{progress.stage} {','.join(progress.partition.values())}"
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=progress.shards_todo)
            bars.update(tasks[name], completed=progress.shards_done)

        yield watch

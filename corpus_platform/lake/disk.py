"""Full disks: whatever library meets one, the error is the platform's, and names the folder and what is free there.

Nothing half-written gets a final name: files are made in scratch folders, and moved when they are complete (files.py).
"""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from corpus_platform.errors import CorpusError, DiskFull

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake.storage import Storage

_NUMBERS = {errno.ENOSPC, errno.EDQUOT}
_TEXTS = (
    "No space left on device",
    "Disk quota exceeded",
    f"os error {errno.ENOSPC})",
    # DuckDB keeps its spill within the disk, and tells so before the disk does.
    "max_temp_directory_size",
)


@contextlib.contextmanager
def full_disk_named(storage: Storage) -> Iterator[None]:
    """Turns a full disk (or a used-up quota) of the block into a `DiskFull`; other errors pass."""
    try:
        yield
    except DiskFull:
        raise
    except Exception as error:
        # What the platform says itself may quote a full disk that a worker met.
        if (cause := _cause(error.__cause__ if isinstance(error, CorpusError) else error)) is None:
            raise
        raise DiskFull(_told(cause, storage)) from error


def _cause(error: BaseException | None) -> BaseException | None:
    """The error among an error and its causes that tells of a full disk."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if getattr(error, "errno", None) in _NUMBERS or any(text in str(error) for text in _TEXTS):
            return error
        error = error.__cause__ or error.__context__
    return None


def _told(error: BaseException, storage: Storage) -> str:
    folder, free = min((_there(folder) for folder in _folders(error, storage)), key=lambda found: found[1])
    reason = " ".join(re.sub(r"\x1b\[[0-9;]*m|↳", " ", str(error)).split())[:200]
    return (
        f"the disk of {folder} is full ({free / 1e6:,.1f} MB free): {reason}. Nothing half-written is left in the lake and "
        "finished shards are kept: make room there, then run again"
    )


def _folders(error: BaseException, storage: Storage) -> list[Path]:
    """Where it may have been: where the error says, else the lake and the scratch folder of this machine."""
    name = getattr(error, "filename", None)
    if isinstance(name, str) and Path(name).is_absolute():
        return [Path(name).parent]
    return [*([] if storage.is_s3 else [Path(storage.path())]), Path(tempfile.gettempdir())]


def _there(folder: Path) -> tuple[Path, int]:
    """The folder, or the nearest above it that is there, and the bytes free on its disk."""
    while not folder.exists():
        folder = folder.parent
    return folder, shutil.disk_usage(folder).free

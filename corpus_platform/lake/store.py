"""Whether a store is safe to commit to, and the locks that make up for one that is not.

A Delta commit is a file that must be created only if it is not there yet. A file system does that; an S3 store does it if it honours
`If-None-Match: *`. One that silently ignores it loses commits without an error, so each location is probed once per process before its
first commit; where the condition is not honoured, commits need a lock that all writers share, or are refused.

Not here: the commit itself (commit.py).
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from botocore.exceptions import BotoCoreError, ClientError
from filelock import FileLock as _FileLock
from filelock import Timeout

from corpus_platform.errors import CommitConflict, SettingsError, StoreUnsafe
from corpus_platform.lake.postgres_lock import VARIABLE, PostgresLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from corpus_platform.lake.storage import Storage

_PROBED: dict[tuple[str, str | None], str] = {}
"""{(location, endpoint): why the store is unsafe, or nothing}."""


@runtime_checkable
class Lock(Protocol):
    """Anything that lets one holder at a time through, over all processes that write the lake. Must pickle."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Waits for the lock of that name (a table) and holds it for the block."""
        ...


@dataclass(frozen=True)
class FileLock:
    """A lock file per table in a folder: for writers on one machine."""

    folder: str
    timeout: float = 600.0
    """Seconds to wait before giving up."""

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Waits for `<folder>/<name>.lock`; a `CommitConflict` when another run holds it too long."""
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        lock = _FileLock(Path(self.folder) / f"{name}.lock", timeout=self.timeout, poll_interval=0.02)
        try:
            lock.acquire()
        except Timeout as error:
            raise CommitConflict(
                f"{name}: another run has held the lock {lock.lock_file} for {self.timeout:.0f} s; see what it does, then run again"
            ) from error
        try:
            yield
        finally:
            lock.release()


def lock_from(lock: str | Lock | None) -> Lock | None:
    """A lock from a setting: `file:/folder`, `postgres:` (postgres_lock.py), an object that has `hold(name)`, or none."""
    if not isinstance(lock, str):
        if lock is not None and not isinstance(lock, Lock):
            raise SettingsError(f"{lock!r} is no lock: it has no `hold(name)`")
        return lock
    kind, _, rest = lock.partition(":")
    if kind == "file" and rest:
        return FileLock(rest.removeprefix("//"))
    if kind == "postgres":
        return PostgresLock(rest or VARIABLE)
    raise SettingsError(f"`{kind}:` is no kind of lock; use `file:/folder`, `postgres:` or an object with `hold(name)`")


def guard(storage: Storage, lock: Lock | None, name: str) -> AbstractContextManager[None]:
    """What a commit to table `name` must be wrapped in: the lock if there is one, else nothing; `StoreUnsafe` if that is not enough."""
    if lock is not None:
        return lock.hold(name)
    if reason := why_unsafe(storage):
        raise StoreUnsafe(
            f"{storage.location}: {reason}, so that two commits at once could lose one without an error. "
            "Give the lake a lock that all its writers share (lock=`file:/folder` on one machine, `postgres:` on several), "
            "or use a store with conditional writes"
        )
    return contextlib.nullcontext()


def why_unsafe(storage: Storage) -> str:
    """Why commits need a lock here; empty where they do not. Asks the store once per process."""
    if not storage.is_s3:
        return ""
    where = (storage.location, storage.endpoint)
    if where not in _PROBED:
        _PROBED[where] = _probe(storage)
    return _PROBED[where]


def _probe(storage: Storage) -> str:
    """Creates an object twice on the condition that it is not there: the second time must be refused."""
    fs = storage.filesystem()
    bucket, _, key = storage.path("_probe", uuid.uuid4().hex).partition("/")
    put = {"Bucket": bucket, "Key": key, "Body": b"probe", "IfNoneMatch": "*"}
    store = f"the store at {storage.endpoint or 'AWS'}"
    try:
        # The first can be refused too: when its answer was lost and the client tried again.
        if not _refuses(fs, put) and not _refuses(fs, put):
            return f"{store} ignores `If-None-Match: *`"
    except (NotImplementedError, ClientError) as error:
        return f"{store} does not take conditional writes ({error})"
    except (OSError, BotoCoreError) as error:
        storage.raise_unreachable(error)
    else:
        return ""
    finally:
        with contextlib.suppress(OSError, ClientError, BotoCoreError):
            fs.rm_file(f"{bucket}/{key}")


def _refuses(fs: Any, put: dict[str, Any]) -> bool:
    try:
        fs.call_s3("put_object", **put)
    except (OSError, ClientError) as error:
        cause = error if isinstance(error, ClientError) else error.__cause__
        status = (
            cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(cause, ClientError) else None
        )
        if status in {409, 412} or isinstance(error, FileExistsError) or "PreconditionFailed" in str(error):
            return True
        raise
    return False

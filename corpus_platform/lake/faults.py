"""What a store or a disk does to a run, told as errors that their reader can act upon; never with a credential in them.

An answer of an S3 server may quote the key id or the signature of the request, and clients put the answer into their error. What is told here has
every credential of the store taken out, and hides the client's own error where that holds one: tracebacks end in logs and event stores.

Not here: the patience before it comes to this (s3_files.py, storage.py), damage of files (reading.py).
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from corpus_platform.errors import CorpusError, SourceError
from corpus_platform.lake.disk import full_disk_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake.storage import Storage


class StoreAway(SourceError, OSError):
    """The server did not do what it was asked during the whole patience. An OSError too, for libraries that expect one."""


_CLIENTS = {"botocore", "aiobotocore", "aiohttp", "s3fs"}
_WORDS = re.compile("Generic S3 error|object-store error|Error performing [A-Z]+ https?://")
"""What deltalake and Polars say, whose errors are of Python's own types."""


@contextlib.contextmanager
def faults_named(storage: Storage) -> Iterator[None]:
    """Turns a full disk of the block into `DiskFull`, and what an S3 client says of its server into `SourceError`; other errors pass."""
    with full_disk_named(storage):
        try:
            yield
        except CorpusError:
            raise
        except Exception as error:
            if not (storage.is_s3 and is_of_store(error)):
                raise
            storage.raise_unreachable(error)


def is_of_store(error: BaseException) -> bool:
    """Whether an error is an S3 client's word on its server. That an object is missing is none: it has a meaning of its own."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen and not isinstance(cause, FileNotFoundError | FileExistsError):
        seen.add(id(cause))
        if isinstance(cause, StoreAway) or type(cause).__module__.partition(".")[0] in _CLIENTS:
            return True
        if _WORDS.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    return False

"""s3fs with patience: a request that fails for a reason that passes is tried again, with growing waits, up to a time.

Reasons that pass: the server can't be connected to, closes or resets the connection, is silent, answers 5xx (503 SlowDown among them) or 429.
Any other answer is final at once. s3fs and botocore count tries, one inside the other, and take a refused connection for final; so here
botocore tries once, and the patience is this module's. A transfer that breaks off amid its bytes is begun again by s3fs, a few times.

Not here: who makes it (storage.py), the patience of deltalake and Polars (options of theirs, storage.py).
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import s3fs
from botocore.exceptions import ClientError, HTTPClientError, SSLError
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError
from fsspec.asyn import sync_wrapper
from s3fs.errors import translate_boto_error
from typing_extensions import override
from urllib3.exceptions import IncompleteRead

from corpus_platform.lake.faults import StoreAway
from corpus_platform.lake.s3_settings import FIRST_WAIT, GROWTH, LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_PASSING_ERRORS = (
    BotoConnectionError,
    HTTPClientError,
    ResponseParserError,
    IncompleteRead,
    aiohttp.ClientError,
    ConnectionError,
    TimeoutError,
)
_PASSING_CODES = {"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "IncompleteBody", "Throttling"}
_NOT_IMPLEMENTED, _TOO_MANY, _FIRST_OF_SERVER = 501, 429, 500


class PatientFiles(s3fs.S3FileSystem):
    """The file system of S3; `patience`: seconds that one request is tried for."""

    def __init__(self, *arguments: Any, patience: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.patience = patience

    @override
    async def _call_s3(self, method: str, *akwarglist: Any, **kwargs: Any) -> Any:
        await self.set_session()
        call = getattr(await self.get_s3(kwargs.get("Bucket")), method)
        arguments = self._get_s3_method_kwargs(call, *akwarglist, **kwargs)
        return await _patiently(lambda: call(**arguments), self.patience, self.endpoint_url)

    call_s3 = sync_wrapper(_call_s3)


async def _patiently(ask: Callable[[], Awaitable[Any]], patience: float, endpoint: str | None) -> Any:
    """The answer; errors as Python's own. `StoreAway` after the patience."""
    started, wait, tries = time.monotonic(), FIRST_WAIT, 0
    while True:
        tries += 1
        try:
            return await ask()
        except Exception as error:
            if not is_passing(error):
                told = translate_boto_error(error)
                if told is error:
                    raise
                raise told from error
            waited = time.monotonic() - started
            if waited + wait > patience:
                server = endpoint or "AWS"
                raise StoreAway(
                    f"the S3 server {server} did not do what it was asked, {tries} times in {waited:.0f} s (`s3.retry_seconds`): see "
                    f"whether it runs and can be reached from here, then run again; what is finished is kept. It says: {error}"
                ) from error
        # Half of the wait is left to chance, so that many clients do not come back at once.
        await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311  (jitter, no secret)
        wait = min(wait * GROWTH, LONGEST_WAIT)


def is_passing(error: BaseException) -> bool:
    """Whether the same request may succeed a little later. A certificate that is not trusted stays so."""
    if isinstance(error, ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
        is_server = status >= _FIRST_OF_SERVER and status != _NOT_IMPLEMENTED
        return is_server or status == _TOO_MANY or error.response.get("Error", {}).get("Code") in _PASSING_CODES
    return isinstance(error, _PASSING_ERRORS) and not isinstance(error, SSLError)

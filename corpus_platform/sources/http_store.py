"""Input files on a web server, such as https://data.commoncrawl.org.

A polite client: few transfers at a time in a process, growing pauses after 429 and 5xx, the server's Retry-After obeyed. A transfer that breaks
goes on where it broke, by a ranged request for the same version of the file.

Not here: what the files are (common_crawl.py). A web server has no listing.
"""

from __future__ import annotations

import io
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from corpus_platform.errors import SourceError
from corpus_platform.sources.store import InputFile, InputMissing, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

SAFE = "/=:+,@~"
"""Characters of a path that an address holds as they are."""
_PIECE = 1 << 20
_WAIT_AND_RETRY = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class HttpSettings:
    """How patiently and how hard a web server is asked. Times are in seconds."""

    connect_timeout: float = 10
    read_timeout: float = 60
    attempts: int = 6
    """Tries of one request, and tries in a row of a transfer that brings nothing."""
    backoff: float = 1.0
    """First pause between tries; the next ones double, with jitter."""
    longest_pause: float = 120
    """Also the longest Retry-After that is obeyed."""
    concurrency: int = 4
    """Transfers at a time, per process and server."""
    user_agent: str = "corpus-platform"
    """How the client names itself; operators of servers like to find an address here."""


class HttpStore(Store):
    """Files under an http(s) address."""

    def __init__(self, base: str, settings: HttpSettings) -> None:
        self.base = base.rstrip("/")
        self.settings = settings
        self.slots = _slots(urlsplit(base).netloc, settings.concurrency)
        self._local = threading.local()

    @override
    def address(self, path: str) -> str:
        parts = urlsplit(f"{self.base}/{path}")
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    @override
    def files(self, folder: str) -> Iterator[InputFile]:
        self._no_listing(folder)

    @override
    def folders(self, folder: str) -> list[str]:
        self._no_listing(folder)

    @override
    def stat(self, path: str) -> InputFile:
        with self.slots, self.request("HEAD", path) as answer:
            answer.raw.read()  # Nothing; but a connection is kept only after an answer that was read to its end.
            size = answer.headers.get("Content-Length", "")
            return InputFile(path, int(size) if size.isdecimal() else None, _version(answer))

    @override
    def open(self, path: str) -> BinaryIO:
        return io.BufferedReader(_Transfer(self, path), _PIECE)

    @override
    def read_range(self, path: str, offset: int, length: int) -> bytes:
        with _Transfer(self, path, offset, length) as transfer:
            data = bytearray()
            while len(data) < length and (piece := transfer.read(min(_PIECE, length - len(data)))):
                data += piece
        if len(data) < length:
            raise SourceError(
                f"{self.address(path)}: {len(data)} of the {length} bytes at {offset} are there: the file is shorter than expected"
            )
        return bytes(data)

    def request(self, method: str, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """The server's answer with its body unread. Raises SourceError unless it is a success."""
        return self.ask(method, self.url(path), path, headers)

    def url(self, path: str) -> str:
        """Where a file is asked for."""
        return f"{self.base}/{quote(path, safe=SAFE)}"

    def own_headers(self) -> dict[str, str]:
        """Headers of every request."""
        return {}

    def ask(self, method: str, url: str, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """The server's answer to a request about a file or folder. Raises SourceError unless it is a success."""
        timeout = (self.settings.connect_timeout, self.settings.read_timeout)
        # Stored bytes, not bytes compressed on the way: sizes and offsets are those of the file.
        headers = {"Accept-Encoding": "identity", **self.own_headers(), **(headers or {})}
        try:
            answer = self._session().request(method, url, headers=headers, timeout=timeout, stream=True)
        except requests.RequestException as error:
            raise SourceError(
                f"{self.address(path)}: no answer after {self.settings.attempts} tries ({_cause(error)}); run again later"
            ) from error
        if answer.status_code >= 400:
            answer.close()
            self.refuse(path, answer)
        return answer

    def _session(self) -> requests.Session:
        """A session per thread: requests' own are not made for sharing."""
        session = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = self.settings.user_agent
            retry = Retry(
                total=self.settings.attempts - 1,
                status_forcelist=_WAIT_AND_RETRY,
                allowed_methods=("GET", "HEAD"),
                backoff_factor=self.settings.backoff,
                backoff_max=self.settings.longest_pause,
                backoff_jitter=self.settings.backoff,
                retry_after_max=int(self.settings.longest_pause),
            )
            for scheme in ("http://", "https://"):
                session.mount(scheme, HTTPAdapter(max_retries=retry, pool_maxsize=self.settings.concurrency))
            self._local.session = session
        return session

    def refuse(self, path: str, answer: requests.Response) -> NoReturn:
        """Raises the error of an answer that is no success."""
        status = f"{self.address(path)}: {answer.status_code} {answer.reason}"
        if answer.status_code in (404, 410):
            raise InputMissing(f"{status}: no such file")
        if answer.status_code in (401, 403):
            raise SourceError(
                f"{status}: check the address; some servers refuse so whoever asks too often: lower `concurrency`"
            )
        raise SourceError(f"{status}; check the address")

    def _no_listing(self, folder: str) -> NoReturn:
        raise SourceError(
            f"{self.address(folder)}: a web server has no listing; name a snapshot that has paths files, or a folder or bucket"
        )


class _Transfer(io.RawIOBase):
    """The bytes of a file, or `length` of them from `offset`; broken transfers are taken up again where they broke."""

    def __init__(self, store: HttpStore, path: str, offset: int = 0, length: int | None = None) -> None:
        super().__init__()
        self._store = store
        self._path = path
        self._at = offset
        self._end = None if length is None else offset + length
        self._ranged = length is not None
        self._version: str | None = None
        self._answer: requests.Response | None = None
        self._cause = "it ended too early"

    @override
    def readable(self) -> bool:
        return True

    @override
    def close(self) -> None:
        self._drop()
        super().close()

    @override
    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        settings = self._store.settings
        for attempt in range(settings.attempts):
            piece = self._piece(len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                self._at += len(piece)
                return len(piece)
            if piece is not None and self._at == (self._end or self._at):
                return 0
            self._drop()
            time.sleep(min(settings.backoff * 2**attempt * random.uniform(0.5, 1), settings.longest_pause))  # noqa: S311
        address = self._store.address(self._path)
        raise SourceError(
            f"{address}: the transfer broke {settings.attempts} times at byte {self._at} ({self._cause}); run again later"
        )

    def _piece(self, size: int) -> bytes | None:
        """The next bytes; empty at the end of the answer, None where the transfer broke."""
        if self._end is not None:
            size = min(size, self._end - self._at)
        if size == 0:
            return b""
        try:
            with self._store.slots:
                if self._answer is None:
                    self._answer = self._ask()
                return self._answer.raw.read(size, decode_content=False)
        except (HTTPError, OSError) as error:
            self._cause = _cause(error)
            return None

    def _ask(self) -> requests.Response:
        """The answer for the bytes from here on. Raises SourceError where the server gives others, or another version."""
        if not self._ranged and self._at == 0:
            answer = self._store.request("GET", self._path)
            size = answer.headers.get("Content-Length", "")
            self._end = int(size) if size.isdecimal() else None
        else:
            last = "" if self._end is None else self._end - 1
            answer = self._store.request("GET", self._path, {"Range": f"bytes={self._at}-{last}"})
            if answer.status_code != 206 or not answer.headers.get("Content-Range", "").startswith(
                f"bytes {self._at}-"
            ):
                answer.close()
                raise SourceError(
                    f"{self._store.address(self._path)}: the server does not answer ranged requests; copy the file to a folder first"
                )
        version = _version(answer)
        if self._version not in (None, version):
            answer.close()
            raise SourceError(f"{self._store.address(self._path)}: the file changed while it was read; run again")
        self._version = version
        return answer

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None


def _version(answer: requests.Response) -> str | None:
    """What tells one content of the file from another: the ETag, else the time of the last change."""
    return answer.headers.get("ETag", "").removeprefix("W/").strip('"') or answer.headers.get("Last-Modified")


def _cause(error: BaseException) -> str:
    """The innermost reason of a network error, in a word or two and without the address."""
    reason = error
    while isinstance(
        inner := getattr(reason, "reason", None) or (reason.args[0] if reason.args else None), BaseException
    ):
        reason = inner
    text = str(reason)
    return type(reason).__name__ if "://" in text or "object at" in text else text or type(reason).__name__


_SLOTS: dict[tuple[str, int], threading.BoundedSemaphore] = {}
_SLOTS_LOCK = threading.Lock()


def _slots(server: str, concurrency: int) -> threading.BoundedSemaphore:
    """The transfers that this process may have with a server at a time, shared by all stores that ask it."""
    with _SLOTS_LOCK:
        return _SLOTS.setdefault((server, concurrency), threading.BoundedSemaphore(concurrency))

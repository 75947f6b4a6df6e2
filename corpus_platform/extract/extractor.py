"""Extraction under limits: a page that hangs, crashes or fills the memory costs its time limit and one reject, not the run.

Extractors are compiled code that no exception or signal handler interrupts, so they run in a helper process, one for each `Extractor`, started with
the first page. The kernel kills it when a page has had its processor time; the next page gets a new one. On an idle core that costs 0.4 ms a page, and
a helper 0.3 s to start and 45 MB (resiliparse) or 105 MB (trafilatura).
`time_limit=None` extracts in this process, without limits: for tests, and for pages one trusts.

Promise: what `extract` returns depends on the page and the options alone; whether a page times out depends on processor time, not on load.

Not here: the helper's side (helper.py), the kinds of failure (outcome.py). POSIX only.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any, Self

import orjson

from corpus_platform.errors import SettingsError
from corpus_platform.extract.helper import receive, send, unpack
from corpus_platform.extract.main_text import Extracted, Method, TextOptions, extract, without_surrogates
from corpus_platform.extract.outcome import ExtractionCrashed, ExtractionError, ExtractionTimeout, NoMath, PageTooLarge

if TYPE_CHECKING:
    from types import TracebackType

TIME_LIMIT = 10.0
"""Seconds of processor time; trafilatura's slowest of 778 sample pages takes less than one."""

MEMORY_LIMIT = 1 << 30
"""Bytes of address space of a helper. trafilatura takes some 25 for each character of a page, above the 100 MB of the program."""

RECYCLE_ABOVE = 512 << 20
"""Resident bytes after which a helper makes way for a new one: freed memory does not always return to the system."""

COMMAND = (sys.executable, "-m", "corpus_platform.extract.helper")
"""Starts a helper; the number of its socket follows."""


class Extractor:
    """Extracts pages by one method under limits; use it in a `with` block, or close it."""

    def __init__(
        self,
        method: Method = "resiliparse",
        *,
        options: TextOptions | None = None,
        time_limit: float | None = TIME_LIMIT,
        wall_limit: float | None = None,
    ) -> None:
        """Starts nothing yet.

        `time_limit` is in seconds of processor time for a page; None: no limits and no helper. `wall_limit`, in seconds, is for a helper that
        hangs without computing (a stopped process): by default a minute and ten times the time limit. `method` wins over that of the options.
        """
        if time_limit is not None and time_limit <= 0:
            raise SettingsError(f"time_limit is {time_limit:g} s; it must be above 0, or None for no limit")
        self.options = (options or TextOptions()).model_copy(update={"method": method})
        self.time_limit = time_limit
        self.wall_limit = 60.0 + 10.0 * (time_limit or 0.0) if wall_limit is None else wall_limit
        self._helper: _Helper | None = None

    def extract(self, html: str) -> Extracted:
        """Main text, title and marks of a page.

        Raises an `Unusable` (outcome.py) where there are none to be had; the extractor is good for further pages then.
        """
        if len(html) > self.options.max_characters:
            raise PageTooLarge(f"page of {len(html):,} characters; the options allow {self.options.max_characters:,}")
        if self.time_limit is not None:
            return self._extract_in_helper(html, self.time_limit)
        try:
            return extract(html, self.options.method, self.options)
        except NoMath:
            raise
        except Exception as error:
            raise ExtractionError(f"{self.options.method}: {type(error).__name__}: {error}") from error

    def _extract_in_helper(self, html: str, time_limit: float) -> Extracted:
        page = without_surrogates(html).encode()
        # A helper may have died while it was idle, or by the kernel's choice when memory was short: a second one decides.
        for attempt in (1, 2):
            helper = self._helper = self._helper or _Helper(self.options, time_limit, self.wall_limit)
            try:
                answer = helper.ask(page)
            except TimeoutError as error:
                self.close()
                raise ExtractionTimeout(f"{self.options.method}: no answer in {self.wall_limit:g} s") from error
            except (EOFError, BrokenPipeError, ConnectionResetError) as error:
                status = helper.end()
                self._helper = None
                if status == -signal.SIGPROF:
                    raise ExtractionTimeout(
                        f"{self.options.method}: more than {time_limit:g} s of processor time"
                    ) from error
                if attempt == 2:
                    raise ExtractionCrashed(f"{self.options.method}: the process ended with status {status}") from error
                continue
            if answer["last"]:
                self.close()
            if answer.get("reason") == NoMath.reason:
                raise NoMath(answer["error"])
            if "error" in answer:
                raise ExtractionError(f"{self.options.method}: {answer['error']}")
            return unpack(answer)
        raise AssertionError

    def close(self) -> None:
        """Ends the helper, if there is one. The extractor can be used again."""
        helper, self._helper = self._helper, None
        if helper:
            helper.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Helper:
    """A helper process and the socket to it. On Linux it ends with the thread that started it; the next page gets another."""

    def __init__(self, options: TextOptions, time_limit: float, wall_limit: float) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*COMMAND, str(theirs.fileno())], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, close_fds=True
            )
        self._channel = ours
        self._channel.settimeout(wall_limit)
        self._finalizer = weakref.finalize(self, _end, self._process, self._channel)
        limits = {"time_limit": time_limit, "memory_limit": MEMORY_LIMIT, "recycle_above": RECYCLE_ABOVE}
        send(self._channel, orjson.dumps({"options": options.model_dump(mode="json"), **limits}))

    def ask(self, page: bytes) -> dict[str, Any]:
        """The answer for a page; TimeoutError, or EOFError and its like where the helper died."""
        send(self._channel, page)
        return orjson.loads(receive(self._channel))

    def end(self) -> int | None:
        """Ends the process; its exit status."""
        self._finalizer()
        return self._process.returncode


def _end(process: subprocess.Popen[bytes], channel: socket.socket) -> None:
    """Hangs up, which ends a helper that is well; kills one that goes on."""
    channel.close()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_GRACE = 1.0
"""Seconds of wall-clock time for a helper to end by itself."""

"""The process that extracts on behalf of another one, and is killed by the kernel when a page takes too long.

    python -m corpus_platform.extract.helper FD     FD: a socket inherited from the process that wants pages extracted

Messages are 8 bytes of length (big-endian), then the bytes. The first message sets options and limits (JSON); each of the others is a page (HTML in
UTF-8), answered by JSON: its fields, or the error that the extractor raised. An answer with `last` is the last one: the process has grown and ends.

The limit is on processor time (ITIMER_PROF, whose signal nobody handles): compiled code can't hold it off, and a busy machine does not shorten
it, so that the same pages time out everywhere. Memory is limited by RLIMIT_AS. The process ends when its peer does: at the end of the stream, and
on Linux at once.

Not here: what the other side does (extractor.py), extraction itself (main_text.py).
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import signal
import socket
import struct
import sys
from dataclasses import astuple
from typing import Any

import orjson

from corpus_platform.engine.machine import peak_rss
from corpus_platform.extract.main_text import Extracted, TextOptions, extract, prepare
from corpus_platform.extract.outcome import Unusable
from corpus_platform.extract.reuse import Reuse

_LENGTH = struct.Struct(">Q")
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def main(descriptor: int) -> None:
    """Serves the socket of that number until the other side hangs up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    # Ctrl-C goes to the whole group; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with (
        socket.socket(fileno=descriptor) as channel,
        contextlib.suppress(BrokenPipeError, ConnectionResetError, EOFError),
    ):
        serve(channel)


def serve(channel: socket.socket) -> None:
    """Answers pages until the other side hangs up (EOFError) or this process has grown too large."""
    settings = orjson.loads(receive(channel))
    options = TextOptions.model_validate(settings["options"])
    _limit_memory(settings["memory_limit"])
    prepare(options.method)
    last = False
    while not last:
        html = receive(channel).decode()
        signal.setitimer(signal.ITIMER_PROF, settings["time_limit"])
        answer = _answer(html, options)
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        last = peak_rss() > settings["recycle_above"]
        send(channel, orjson.dumps(answer | {"last": last}))


def _answer(html: str, options: TextOptions) -> dict[str, Any]:
    """The page's fields, or the error that the extractor raised."""
    try:
        found = extract(html, options.method, options)
    except Unusable as error:
        return {"reason": error.reason, "error": str(error)}
    except Exception as error:  # noqa: BLE001  (an extractor may raise anything; it concerns this page only)
        return {"error": f"{type(error).__name__}: {error}"[:500]}
    return {"text": found.text, "title": found.title, "marks": astuple(found.marks), "notes": found.notes}


def unpack(answer: dict[str, Any]) -> Extracted:
    """The `Extracted` of an answer."""
    return Extracted(answer["text"], answer["title"], Reuse(*answer["marks"]), answer["notes"])


def send(channel: socket.socket, message: bytes) -> None:
    """Sends a message whole."""
    channel.sendall(_LENGTH.pack(len(message)))
    channel.sendall(message)


def receive(channel: socket.socket) -> bytes:
    """The next message; EOFError where the other side has hung up."""
    (length,) = _LENGTH.unpack(_receive(channel, _LENGTH.size))
    return bytes(_receive(channel, length))


def _receive(channel: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        read = channel.recv_into(view[done:])
        if read == 0:
            raise EOFError
        done += read
    return data


def _limit_memory(size: int) -> None:
    # Some systems (macOS) refuse a limit on the address space; the time limit still holds there.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Makers of tiny archives, and a web server with faults to order."""

import gzip
import io
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from corpus_platform.sources.http_store import HttpSettings
from corpus_platform.sources.location import InputLocation


def record(block: bytes, kind: str = "response", **header: str | None) -> bytes:
    """A WARC record, byte by byte; `header` replaces fields (`WARC_Target_URI`), None leaves one out."""
    fields: dict[str, str | None] = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, repr((kind, block)))}>",
        "WARC-Target-URI": "http://example.org/",
        "WARC-Date": "2024-02-20T21:00:00Z",
        "Content-Type": "application/http; msgtype=response" if kind == "response" else "text/plain",
        "Content-Length": str(len(block)),
    }
    fields |= {name.replace("_", "-"): value for name, value in header.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join(["WARC/1.0", *lines, "", ""]).encode() + block + b"\r\n\r\n"


def answer(body: bytes = b"<p>hello</p>", status: str = "200 OK", **header: str) -> bytes:
    """An HTTP answer as a server sends it."""
    fields = {"Content-Type": "text/html"} | {name.replace("_", "-"): value for name, value in header.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def members(records: list[bytes]) -> bytes:
    """A .warc.gz: each record a gzip member."""
    return b"".join(gzip.compress(one, 6, mtime=0) for one in records)


@pytest.fixture(scope="session")
def make_record() -> Callable[..., bytes]:
    return record


@pytest.fixture(scope="session")
def make_answer() -> Callable[..., bytes]:
    return answer


@pytest.fixture(scope="session")
def make_members() -> Callable[[list[bytes]], bytes]:
    return members


@pytest.fixture(scope="session")
def warcio_file() -> Callable[..., bytes]:
    """Writes pages {url: body} as warcio does: a warcinfo record, then a request and a response each."""

    def write(pages: dict[str, bytes], content_type: str = "text/html; charset=utf-8") -> bytes:
        stream = io.BytesIO()
        writer = WARCWriter(stream, gzip=True)
        writer.write_record(writer.create_warcinfo_record("made.warc.gz", {"software": "test"}))
        for url, body in pages.items():
            asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "example.org")], is_http_request=True)
            writer.write_record(writer.create_warc_record(url, "request", http_headers=asked))
            answered = StatusAndHeaders("200 OK", [("Content-Type", content_type)], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=answered)
            )
        return stream.getvalue()

    return write


@dataclass
class FaultyServer:
    """Serves `files`; what goes wrong is ordered beforehand, what was asked is written down."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    statuses: deque[int] = field(default_factory=deque)
    """Answers of the next requests, in place of the file."""
    cuts: deque[int] = field(default_factory=deque)
    """Bytes after which the next transfers break."""
    on_cut: Callable[[], None] | None = None
    ignores_ranges: bool = False
    stated_size: int | None = None
    """Size that HEAD states, in place of the true one."""
    pause: float = 0
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    """(method, path, Range) of each request."""
    connections: int = 0
    bytes_sent: int = 0
    busiest: int = 0
    """Largest number of requests at a time."""
    active: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def location(self, folder: str = "", **settings: float) -> InputLocation:
        """The server, asked without pauses."""
        http = HttpSettings(**{"backoff": 0, "connect_timeout": 5, "read_timeout": 5, **settings})  # pyright: ignore[reportArgumentType]
        return InputLocation(self.address + folder, http=http)


@pytest.fixture
def web_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = FaultyServer()

    class Handler(_Handler):
        server_state = state

    server = _QuietServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join(5)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: FaultyServer

    def setup(self) -> None:
        super().setup()
        with self.server_state.lock:
            self.server_state.connections += 1

    def do_HEAD(self) -> None:
        self._serve(with_body=False)

    def do_GET(self) -> None:
        self._serve(with_body=True)

    def _serve(self, *, with_body: bool) -> None:
        state = self.server_state
        with state.lock:
            state.asked.append((self.command, self.path, self.headers["Range"]))
            state.active += 1
            state.busiest = max(state.busiest, state.active)
        try:
            threading.Event().wait(state.pause)
            self._answer(state, with_body=with_body)
        finally:
            with state.lock:
                state.active -= 1

    def _answer(self, state: FaultyServer, *, with_body: bool) -> None:
        path = unquote(self.path).lstrip("/")
        data = state.files.get(path)
        status = state.statuses.popleft() if state.statuses else 200 if data is not None else 404
        if status >= 400 or data is None:
            self.send_response(status)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        total, asked = len(data), self.headers["Range"]
        if asked and not state.ignores_ranges:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            data = data[int(first) : int(last) + 1 if last else None]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(data) - 1}/{total}")
        else:
            self.send_response(200)
        size = len(data) if with_body or state.stated_size is None else state.stated_size
        self.send_header("Content-Length", str(size))
        self.send_header("ETag", f'"{state.etags.get(path, "one")}"')
        self.end_headers()
        if with_body:
            self._send(state, data)

    def _send(self, state: FaultyServer, data: bytes) -> None:
        cut = state.cuts.popleft() if state.cuts else None
        part = data if cut is None else data[:cut]
        with state.lock:
            state.bytes_sent += len(part)
        self.wfile.write(part)
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True
            if state.on_cut:
                state.on_cut()

    def log_message(self, *_: object) -> None:
        """Says nothing."""

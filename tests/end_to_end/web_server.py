"""A web server over a folder, on loopback: ranged requests, and now and then a 503 or a transfer that breaks off."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


class WebServer(ThreadingHTTPServer):
    """`refuse_every`, `cut_every`: which of its answers are a 503, or end after half of the bytes; 0 is none."""

    daemon_threads = True

    def __init__(self, folder, refuse_every, cut_every):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.refuse_every, self.cut_every = Path(folder), refuse_every, cut_every
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.Lock()
        self.paths = []
        self.refused = self.cut = self.bytes_sent = 0
        self.before = lambda path: None
        """Called with the path before each answer: a test may let one wait."""

    def handle_error(self, *_):
        """A client that hangs up is no news."""


@contextmanager
def web_server(folder, *, refuse_every=0, cut_every=0):
    """Serves until the block ends."""
    server = WebServer(folder, refuse_every, cut_every)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer(with_body=False)

    def do_GET(self):
        self._answer(with_body=True)

    def _answer(self, *, with_body):
        server, path = self.server, unquote(self.path).lstrip("/")
        server.before(path)
        with server.lock:
            server.paths.append(path)
            turn = len(server.paths)
            refused = server.refuse_every and turn % server.refuse_every == 0
            server.refused += bool(refused)
        file = server.folder / path
        if refused or not file.is_file():
            self.send_response(503 if refused else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        data, total = file.read_bytes(), file.stat().st_size
        if asked := self.headers["Range"]:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            data = data[int(first) : int(last) + 1 if last else None]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(data) - 1}/{total}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{total}"')
        self.end_headers()
        if with_body:
            self._send(data, is_cut=server.cut_every and turn % server.cut_every == 0)

    def _send(self, data, *, is_cut):
        part = data[: len(data) // 2] if is_cut else data
        with self.server.lock:
            self.server.bytes_sent += len(part)
            self.server.cut += bool(is_cut)
        self.wfile.write(part)
        self.close_connection = self.close_connection or bool(is_cut)

    def log_message(self, *_):
        """Says nothing."""

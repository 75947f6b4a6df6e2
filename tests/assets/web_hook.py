"""A webhook on loopback that keeps what is posted to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebHook(ThreadingHTTPServer):
    """Gives some answers, then 200; `got` is what was posted."""

    def __init__(self, answers: tuple[int, ...]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got, self.answers = [], list(answers)
        self.address = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        assert isinstance(server, WebHook)
        server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = server.answers.pop(0) if server.answers else 200
        self.send_response(answer)
        if answer == 302:
            self.send_header("Location", f"{server.address}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *_):  # noqa: A002
        """Says nothing."""


@contextmanager
def hook(*answers: int) -> Iterator[WebHook]:
    """A webhook until the block ends."""
    server = WebHook(answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

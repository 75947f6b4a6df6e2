"""S3 servers that go wrong: a gateway that can be stopped and started again, and a proxy that answers `slow down`, loses answers and resets.

The proxy hands requests on as they came, the Host header too, so that signatures hold. What it does to a request depends on a seeded draw,
so about the same happens each time.
"""

import contextlib
import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from conftest import KEY, SECRET, beside_python, free_port, wait_for

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


class Gateway:
    """The juicefs gateway on local files, whose state outlives it. With `buckets` the top folders are buckets, and these are made."""

    def __init__(self, folder, *, name="corpus", buckets=()):
        self.folder, self.buckets = folder, buckets
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._meta = f"sqlite3://{folder}/meta.db"
        self._home = {**os.environ, "HOME": str(folder), "MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET}
        self._process = None
        command = [str(beside_python("juicefs")), "format", self._meta, name, "--storage", "file"]
        command += ["--bucket", f"{folder}/data/", "--trash-days", "0"]
        subprocess.run(command, check=True, capture_output=True, timeout=60, env=self._home)

    def start(self):
        command = [str(beside_python("juicefs")), "gateway", self._meta, f"127.0.0.1:{self.port}", "--no-usage-report"]
        command += ["--no-banner", "--cache-dir", f"{self.folder}/cache", "--metrics", f"127.0.0.1:{free_port()}"]
        command += ["--log", str(self.folder / "own.log"), *(["--multi-buckets"] if self.buckets else [])]
        with (self.folder / "log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, env=self._home, start_new_session=True)
        wait_for(self._process, self.port, self.folder / "log")

    def kill(self):
        """Ends it at once, as a machine that fails does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.kill()


@dataclass
class Trouble:
    """What a proxy does: shares of the requests that get 503, are cut off unread, and whose answer is lost after the server has done its work."""

    slow_down: float = 0.0
    reset: float = 0.0
    lost: float = 0.0
    denied: bytes = b""
    """With 403: the answer to every request that would write, in which the request's own headers are put."""
    denied_path: str = ""
    """What the path of a denied request has in it."""
    seed: int = 7
    done: Counter = field(default_factory=Counter)


@contextlib.contextmanager
def proxy(upstream, trouble, certificate=None):
    """A server on loopback in front of the one at `upstream`; its address. With `certificate` (files of certificate and key) it speaks TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.upstream, server.trouble = upstream.removeprefix("http://"), trouble
    server.draw, server.guard = random.Random(trouble.seed), threading.Lock()
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def handle(self):
        # Clients go away as they please, and a connection that was reset here has no files left.
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def _serve(self):
        body = self._body()
        fate = self._fate()
        self.server.trouble.done[fate] += 1
        if fate == "slow down":
            self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
        elif fate == "denied":
            self._answer(403, {"Content-Type": "application/xml"}, self._quoted())
        elif fate == "reset":
            self._reset()
        else:
            status, headers, content = self._handed_on(body)
            if fate == "lost":
                self._reset()
            else:
                self._answer(status, headers, content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815  (the names that the library calls)

    def _body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _fate(self):
        trouble = self.server.trouble
        with self.server.guard:
            drawn = self.server.draw.random()
        if trouble.denied and self.command in {"PUT", "POST"} and trouble.denied_path in self.path:
            return "denied"
        for fate, share in (("slow down", trouble.slow_down), ("reset", trouble.reset), ("lost", trouble.lost)):
            if drawn < share:
                return fate
            drawn -= share
        return "served"

    def _handed_on(self, body):
        link = HTTPConnection(self.server.upstream, timeout=60)
        try:
            link.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in {"connection", "transfer-encoding", "content-length", "expect"}:
                    link.putheader(name, value)
            if body or self.command in {"PUT", "POST"}:
                link.putheader("Content-Length", str(len(body)))
            link.endheaders(body)
            answer = link.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, HTTPException):
            return 503, {}, SLOW_DOWN
        finally:
            link.close()

    def _answer(self, status, headers, content):
        self.send_response_only(status)
        left_out = {"transfer-encoding", "connection", "keep-alive"}
        for name, value in headers.items():
            if name.lower() not in left_out and not (name.lower() == "content-length" and self.command != "HEAD"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def _quoted(self):
        """An answer as bad as can be: with all that the request said of who asks."""
        return self.server.trouble.denied.replace(b"HEADERS", str(self.headers).encode())

    def _reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        for held in (self.rfile, self.wfile, self.connection):
            with contextlib.suppress(OSError):
                held.close()

    def log_message(self, *words):
        """Says nothing."""

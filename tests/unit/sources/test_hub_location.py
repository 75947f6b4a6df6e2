"""Locations on the hubs, asked of a server on this machine that answers as they do."""

import json
import pickle
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.http_store import HttpSettings
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.store import InputMissing

FILES = {
    ".gitattributes": b"*.parquet filter=lfs",
    "README.md": b"# A card",
    "main/train a.jsonl": b'{"question": "2+2?", "answer": "4"}\n' * 400,
    "main/test.jsonl": b'{"question": "3+3?", "answer": "6"}\n',
    "main/parts/more.jsonl": b"{}\n",
}
SECRET = "hf_not_to_be_told"
FAST = HttpSettings(connect_timeout=5, read_timeout=5, attempts=2, backoff=0)


@dataclass
class Hub:
    """What the server has seen, and how it is to answer."""

    address: str = ""
    seen: list[tuple[str, str | None]] = field(default_factory=list)
    """Path with query, and the token of each request."""
    status: int | None = None
    page: int = 2
    nonsense: bool = False
    pages: bool = True
    refusal: str = ""
    elsewhere: str = ""
    """Server that files are at."""


def entries(root, *, deep):
    """Files and folders under a folder, as (path, bytes or None)."""
    start = f"{root}/" if root else ""
    inside = {path: data for path, data in FILES.items() if path.startswith(start)}
    folders = {
        start + "/".join(parts[:n])
        for path in inside
        for parts in [path[len(start) :].split("/")]
        for n in range(1, len(parts) if deep else min(2, len(parts)))
    }
    found = [(folder, None) for folder in folders if "/" not in folder[len(start) :] or deep]
    return sorted(found + [(path, data) for path, data in inside.items() if deep or "/" not in path[len(start) :]])


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub = self.hub
        hub.seen.append((self.path, self.headers["Authorization"]))
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if hub.status:
            self.answer(hub.status, b"")
        elif hub.nonsense:
            self.answer(200, b"<html>a portal</html>")
        elif parts.path.startswith("/api/datasets/owner/name/tree/main"):
            self.list_hf(unquote(parts.path.removeprefix("/api/datasets/owner/name/tree/main").strip("/")), asked)
        elif parts.path.startswith("/datasets/owner/name/resolve/main/"):
            if hub.elsewhere:
                self.answer(302, b"", Location=f"{hub.elsewhere}{parts.path}")
            else:
                self.send(unquote(parts.path.partition("/resolve/main/")[2]))
        elif parts.path == "/api/v1/datasets/owner/name/repo/tree" and asked["Revision"] == "master":
            self.list_ms(asked)
        elif parts.path == "/api/v1/datasets/owner/name/repo":
            self.send(asked["FilePath"])
        else:
            self.answer(404, b"")

    def list_hf(self, root, asked):
        found = entries(root, deep=asked["recursive"] == "true")
        first = int(asked.get("cursor", 0))
        values = [
            {"type": "directory", "path": path, "oid": "f0", "size": 0}
            if data is None
            else {"type": "file", "path": path, "oid": f"git{len(data)}", "size": len(data)}
            | ({"lfs": {"oid": f"sha{len(data)}", "size": len(data)}} if len(data) > 100 else {})
            for path, data in found[first : first + self.hub.page]
        ]
        more = first + self.hub.page
        link = {"Link": f'<https://another.example/x?cursor={more}>; rel="next"'} if more < len(found) else {}
        self.answer(200, json.dumps(values).encode(), **link) if values else self.answer(404, b"")

    def list_ms(self, asked):
        if self.hub.refusal:
            self.answer(200, json.dumps({"Code": 10010, "Message": self.hub.refusal, "Data": None}).encode())
            return
        first = (int(asked["PageNumber"]) - 1) * int(asked["PageSize"])
        found = entries(asked.get("Root", ""), deep=False)
        found = found[first : first + int(asked["PageSize"])] if self.hub.pages else found
        files = [
            {"Path": path, "Type": "tree", "Size": 0}
            if data is None
            else {"Path": path, "Type": "blob", "Size": len(data), "Sha256": f"sha{len(data)}"}
            for path, data in found
        ]
        self.answer(200, json.dumps({"Code": 200, "Data": {"Files": files}}).encode())

    def send(self, path):
        data = FILES.get(path)
        if data is None:
            self.answer(404, b"")
            return
        ranged = self.headers["Range"]
        if ranged:
            first, _, last = ranged.removeprefix("bytes=").partition("-")
            part = data[int(first) : int(last) + 1]
            self.answer(206, part, **{"Content-Range": f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}"})
        else:
            self.answer(200, data, ETag='"x"')

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def start(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = []

    def start():
        hub = Hub()
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Handler,), {"hub": hub}))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        hub.address = f"http://127.0.0.1:{server.server_port}"
        running.append((server, thread))
        return hub

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def hub(start, monkeypatch):
    hub = start()
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "MODELSCOPE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.address)
    return hub


def at(path):
    return InputLocation(path, http=FAST)


@pytest.fixture(autouse=True)
def no_kept_stores():
    """Stores are kept by location, and each test has a server of its own."""
    from corpus_platform.sources.location import _store  # noqa: PLC0415

    _store.cache_clear()


@pytest.mark.parametrize("scheme", ["hf", "ms"])
def test_a_repository_lists_its_files_with_size_and_digest_over_pages(hub, scheme):
    location = at(f"{scheme}://datasets/owner/name")

    files = {file.path: (file.size, file.version) for file in location.files()}

    assert location.can_list
    assert list(files) == sorted(name for name in FILES if name[0] != ".")
    assert files["main/train a.jsonl"] == (14_400, "sha14400")
    assert files["main/test.jsonl"] == (36, "git36" if scheme == "hf" else "sha36")
    assert location.folders() == ["main"]
    assert location.folders("main") == ["parts"]


@pytest.mark.parametrize("scheme", ["hf", "ms"])
def test_a_file_is_read_whole_and_in_pieces(hub, scheme):
    location = at(f"{scheme}://datasets/owner/name")

    assert location.read("main/train a.jsonl") == FILES["main/train a.jsonl"]
    assert location.read_range("main/train a.jsonl", 36, 10) == FILES["main/train a.jsonl"][36:46]
    assert location.stat("main/train a.jsonl").identity == "main/train a.jsonl 14400 sha14400"
    with location.local_copy("main/test.jsonl") as path:
        assert path.read_bytes() == FILES["main/test.jsonl"]
    with pytest.raises(InputMissing, match=rf"{scheme}://datasets/owner/name/main/no.jsonl: no such file"):
        location.stat("main/no.jsonl")


@pytest.mark.parametrize("scheme", ["hf", "ms"])
def test_a_folder_of_a_repository_is_a_location_too(hub, scheme):
    location = pickle.loads(pickle.dumps(at(f"{scheme}://datasets/owner/name/main")))

    assert [file.path for file in location.files()] == ["parts/more.jsonl", "test.jsonl", "train a.jsonl"]
    assert [file.path for file in location.at("parts").files()] == ["more.jsonl"]
    assert location.read("parts/more.jsonl") == b"{}\n"


def test_a_token_goes_to_the_hub_and_to_nobody_else(hub, start, monkeypatch):
    storage = start()
    hub.elsewhere = storage.address.replace("127.0.0.1", "localhost")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("HF_TOKEN", SECRET)
    location = at("hf://datasets/owner/name")

    data = location.read("main/test.jsonl")

    assert data == FILES["main/test.jsonl"]
    assert [token for _, token in hub.seen] == [f"Bearer {SECRET}"]
    assert [token for _, token in storage.seen] == [None]
    assert SECRET.encode() not in pickle.dumps(location)


def test_a_gated_set_is_told_with_what_to_do_and_without_the_token(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", SECRET)
    hub.status = 401

    with pytest.raises(
        SourceError, match=r"hf://datasets/owner/name: Hugging Face answers 401.*terms.*HF_TOKEN"
    ) as told:
        list(at("hf://datasets/owner/name").files())

    assert SECRET not in str(told.value)


def test_what_is_not_there_and_what_is_no_hub_are_told_apart(hub):
    with pytest.raises(InputMissing, match="hf://datasets/owner/none: Hugging Face has no such data set"):
        list(at("hf://datasets/owner/none").files())
    hub.nonsense = True
    with pytest.raises(SourceError, match="MODELSCOPE_ENDPOINT the address of ModelScope or of a mirror"):
        list(at("ms://datasets/owner/name").files())


@pytest.mark.parametrize("pages", [True, False])
def test_folders_of_many_files_are_listed_whole_whether_the_server_knows_pages_or_not(hub, monkeypatch, pages):
    for number in range(230):
        monkeypatch.setitem(FILES, f"many/{number:03}.json", b"{}")
    hub.pages = pages

    files = list(at("ms://datasets/owner/name/many").files())

    assert [file.path for file in files] == [f"{number:03}.json" for number in range(230)]


def test_what_modelscope_says_is_told(hub):
    hub.refusal = "dataset not found"

    with pytest.raises(SourceError, match="ms://datasets/owner/name: ModelScope says: dataset not found"):
        list(at("ms://datasets/owner/name").files())


def test_a_hub_that_cannot_be_reached_is_told_with_the_address_of_the_set(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises(SourceError, match=r"hf://datasets/owner/name: no answer after 2 tries .*; run again later"):
        list(at("hf://datasets/owner/name").files())


def test_a_revision_is_asked_for_and_told(hub):
    location = at("hf://datasets/owner/name@refs%2Fconvert%2Fparquet/main")

    with pytest.raises(InputMissing, match="@refs/convert/parquet/main"):
        list(location.files())

    assert hub.seen[0][0].startswith(f"/api/datasets/owner/name/tree/{quote('refs/convert/parquet', safe='')}/main?")


@pytest.mark.parametrize("location", ["hf://owner/name", "hf://datasets/name", "ms://datasets//name", "hf://datasets/"])
def test_another_form_is_refused_with_the_right_one(location):
    with pytest.raises(SettingsError, match="://datasets/OWNER/NAME"):
        InputLocation(location)


def test_a_file_that_is_read_from_its_end_is_fetched_in_pieces(hub):
    parquet = b"PAR1" + b"row group " * 5_000 + b"footerPAR1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FILES, "data/part.parquet", parquet)
        location = at("hf://datasets/owner/name")

        with location.open_seekable("data/part.parquet", piece=64) as stream:
            stream.seek(-10, 2)
            end = stream.read()
            stream.seek(0)
            start = stream.read(4)

    assert (start, end) == (b"PAR1", b"footerPAR1")

"""Data sets on Hugging Face's hub and on ModelScope, through the interfaces over HTTP that both have in public.

    hf://datasets/openai/gsm8k                  the main revision
    hf://datasets/openai/gsm8k@1f2e3d4/main     a folder of a revision
    ms://datasets/AI-ModelScope/alpaca-gpt4-data-zh

The server is that of HF_ENDPOINT or MODELSCOPE_ENDPOINT, a mirror say, else the hub's own. A token comes from HF_TOKEN or MODELSCOPE_API_TOKEN and
goes to that server alone: not into messages, not to a server that it forwards to.
Promise: a file's version is the digest of its content, so a shard is stale when the file is another, and not when the repository has a new commit.

Sources: `HfApi.list_repo_tree` of huggingface_hub 2.4 (paths, pages, fields); `HubApi` of modelscope, and scripts that call it (paths, fields).
Not here: what is in the files (sft/), which data sets there are (catalogue/sft.yaml), the hubs' caches on this machine: a copy of those is a folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import orjson
from typing_extensions import override

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.http_store import SAFE, HttpSettings, HttpStore
from corpus_platform.sources.store import InputFile, InputMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests

_PAGE = 100


@dataclass(frozen=True)
class Hub:
    """A hub: its name, its server and the variables of the environment that say otherwise."""

    name: str
    server: str
    endpoint: str
    tokens: tuple[str, ...]
    revision: str


HUBS: Mapping[str, Hub] = {
    "hf": Hub("Hugging Face", "https://huggingface.co", "HF_ENDPOINT", ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"), "main"),
    "ms": Hub("ModelScope", "https://www.modelscope.cn", "MODELSCOPE_ENDPOINT", ("MODELSCOPE_API_TOKEN",), "master"),
}
"""Hubs by the scheme of their locations."""


@dataclass(frozen=True)
class Repository:
    """A data set of a hub, or a folder of it."""

    scheme: str
    name: str
    """`owner/name`."""
    revision: str
    folder: str = ""

    @classmethod
    def of(cls, location: str) -> Self:
        """What a location names. Raises SettingsError with the right form."""
        scheme, _, path = location.partition("://")
        kind, *parts = path.rstrip("/").split("/")
        if kind != "datasets" or len(parts) < 2 or not all(parts):
            raise SettingsError(
                f"{location}: not a data set of a hub: {scheme}://datasets/OWNER/NAME, with @REVISION and /FOLDER where they are asked for"
            )
        owner, (name, _, revision) = parts[0], parts[1].partition("@")
        return cls(
            scheme, f"{owner}/{name}", unquote(revision) or HUBS[scheme].revision, "/".join(map(unquote, parts[2:]))
        )

    @property
    def hub(self) -> Hub:
        """The hub that it is on."""
        return HUBS[self.scheme]

    def inside(self, path: str) -> str:
        """A path of the location as the repository has it."""
        return "/".join(part for part in (self.folder, path) if part)

    def outside(self, path: str) -> str:
        """A path of the repository as the location has it."""
        return path.removeprefix(f"{self.folder}/") if self.folder else path


class HubStore(HttpStore):
    """Files of a data set on a hub. Hidden files are passed over in lists."""

    def __init__(self, repository: Repository, settings: HttpSettings) -> None:
        self.repository = repository
        hub = repository.hub
        super().__init__(os.environ.get(hub.endpoint) or hub.server, settings)

    @override
    def address(self, path: str) -> str:
        at = self.repository
        revision = "" if at.revision == at.hub.revision else f"@{at.revision}"
        return "/".join(
            part for part in (f"{at.scheme}://datasets/{at.name}{revision}", at.inside(path).rstrip("/")) if part
        )

    @override
    def files(self, folder: str) -> Iterator[InputFile]:
        found = [file for file in self._under(folder.rstrip("/"), deep=True) if isinstance(file, InputFile)]
        yield from sorted(found, key=lambda file: file.path)

    @override
    def folders(self, folder: str) -> list[str]:
        found = self._under(folder.rstrip("/"), deep=False)
        return sorted(one.rpartition("/")[2] for one in found if isinstance(one, str))

    @override
    def stat(self, path: str) -> InputFile:
        folder = path.rpartition("/")[0]
        for one in self._under(folder, deep=False, hidden=True):
            if isinstance(one, InputFile) and one.path == path:
                return one
        raise InputMissing(f"{self.address(path)}: no such file")

    @override
    def url(self, path: str) -> str:
        at, inside = self.repository, self.repository.inside(path)
        if at.scheme == "hf":
            return f"{self.base}/datasets/{at.name}/resolve/{quote(at.revision, safe='')}/{quote(inside, safe=SAFE)}"
        asked = urlencode({"Revision": at.revision, "FilePath": inside})
        return f"{self.base}/api/v1/datasets/{at.name}/repo?{asked}"

    @override
    def own_headers(self) -> dict[str, str]:
        token = next((found for name in self.repository.hub.tokens if (found := os.environ.get(name))), None)
        return {"Authorization": f"Bearer {token}"} if token else {}

    @override
    def refuse(self, path: str, answer: requests.Response) -> NoReturn:
        hub = self.repository.hub
        if answer.status_code in (401, 403):
            raise SourceError(
                f"{self.address(path)}: {hub.name} answers {answer.status_code}: there is no such data set, or it wants its terms accepted on "
                f"its page and a token of that account in {hub.tokens[0]}"
            )
        super().refuse(path, answer)

    def _under(self, folder: str, *, deep: bool, hidden: bool = False) -> Iterator[InputFile | str]:
        """Files and folders (as their paths) of a folder, or of all below it too."""
        listed = self._pages_hf(folder, deep) if self.repository.scheme == "hf" else self._pages_ms(folder)
        for entry in listed:
            path = self.repository.outside(entry.path)
            if path.rpartition("/")[2].startswith(".") and not hidden:
                continue
            if not entry.is_folder:
                yield InputFile(path, entry.size, entry.version)
                continue
            yield path
            if deep and self.repository.scheme == "ms":
                yield from self._under(path, deep=True, hidden=hidden)

    def _pages_hf(self, folder: str, deep: bool) -> Iterator[_Entry]:
        at, inside = self.repository, self.repository.inside(folder)
        base = f"{self.base}/api/datasets/{at.name}/tree/{quote(at.revision, safe='')}"
        if inside:
            base += f"/{quote(inside, safe=SAFE)}"
        asked = {"recursive": str(deep).lower(), "expand": "false"}
        while True:
            values, cursor = self._json(f"{base}?{urlencode(asked)}", folder)
            for value in self._checked(values, folder):
                large = value.get("lfs") or {}
                version = large.get("oid") or value.get("oid")
                yield _Entry(value["path"], value["type"] == "directory", large.get("size", value.get("size")), version)
            if not cursor:
                return
            asked["cursor"] = cursor

    def _pages_ms(self, folder: str) -> Iterator[_Entry]:
        at, page = self.repository, 1
        base = f"{self.base}/api/v1/datasets/{at.name}/repo/tree"
        seen: set[str] = set()
        while True:
            asked = {"Revision": at.revision, "Root": at.inside(folder), "PageNumber": page, "PageSize": _PAGE}
            values, _ = self._json(f"{base}?{urlencode(asked)}", folder)
            if isinstance(values, dict) and values.get("Code") not in (None, 200):
                raise SourceError(
                    f"{self.address(folder)}: {at.hub.name} says: {values.get('Message') or values['Code']}"
                )
            data = values.get("Data") if isinstance(values, dict) else None
            found = self._checked((data or {}).get("Files"), folder)
            # A server that knows no pages gives the first one for ever.
            new = [value for value in found if value["Path"] not in seen]
            for value in new:
                version = value.get("Sha256") or value.get("Revision")
                yield _Entry(value["Path"], value["Type"] == "tree", value.get("Size"), version)
            seen.update(value["Path"] for value in new)
            if not new or len(found) < _PAGE:
                return
            page += 1

    def _checked(self, values: Any, folder: str) -> list[dict[str, Any]]:
        """The entries of a list, if the answer is one."""
        keys = {"path", "type"} if self.repository.scheme == "hf" else {"Path", "Type"}
        if isinstance(values, list) and all(isinstance(one, dict) and keys <= one.keys() for one in values):
            return values
        hub = self.repository.hub
        raise SourceError(
            f"{self.address(folder)}: the answer is no list of files: is {hub.endpoint} the address of {hub.name} or of a mirror of it?"
        )

    def _json(self, url: str, folder: str) -> tuple[Any, str | None]:
        """The body of an answer, and the cursor of the next page: of its address nothing else is taken, for it may be another server's."""
        hub = self.repository.hub
        try:
            with self.slots, self.ask("GET", url, folder) as answer:
                body, links = answer.content, answer.links
        except InputMissing:
            raise InputMissing(f"{self.address(folder)}: {hub.name} has no such data set, revision or folder") from None
        following = links.get("next", {}).get("url", "")
        cursor = parse_qs(urlsplit(following).query).get("cursor", [None])[0]
        try:
            return orjson.loads(body), cursor
        except orjson.JSONDecodeError:
            return None, None


@dataclass(frozen=True)
class _Entry:
    path: str
    is_folder: bool
    size: int | None
    version: str | None

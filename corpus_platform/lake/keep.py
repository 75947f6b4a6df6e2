"""Whole folders in the lake, by the digest of their content: model files, lists.

`_files/<name>/<digest>/...`; its `_manifest.json` is written last, so a folder without one is unfinished. What has the same content has the
same address. References are relative to the lake, so that a lake can be moved.

Not here: tables.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from corpus_platform.errors import SettingsError
from corpus_platform.lake.files import digest_of_file, publish_bytes
from corpus_platform.lake.trust import cache_folder

if TYPE_CHECKING:
    from corpus_platform.lake.storage import Storage

FOLDER = "_files"
MANIFEST = "_manifest.json"


@dataclass(frozen=True)
class StoredFiles:
    """A folder kept in the lake: address relative to the lake, full address, digest of its content (32 hex digits)."""

    path: str
    uri: str
    digest: str


def store_files(storage: Storage, name: str, folder: Path) -> StoredFiles:
    """Copies a local folder (or one file) into the lake; what is there already is not copied again."""
    if not folder.exists():
        raise SettingsError(f"there is nothing to store at {folder}")
    base = folder if folder.is_dir() else folder.parent
    files = sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else [folder]
    content = {file.relative_to(base).as_posix(): [file.stat().st_size, digest_of_file(file)] for file in files}
    manifest = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.blake2b(manifest, digest_size=16).hexdigest()
    path = f"{FOLDER}/{name.strip('/')}/{digest}"
    stored = StoredFiles(path, storage.uri(path), digest)
    fs = storage.filesystem()
    if not fs.exists(storage.path(path, MANIFEST)):
        for relative in content:
            fs.put_file(str(base / relative), storage.path(path, relative))
        publish_bytes(storage, manifest, f"{path}/{MANIFEST}")
    return stored


def fetch_files(storage: Storage, path: str) -> Path:
    """A local folder with the files stored at `path` (or uri): the lake's own folder, or a copy kept by digest.

    Copies are kept in `$CORPUS_CACHE` (default `~/.cache/corpus-platform`); they appear whole or not at all.
    """
    relative = storage.relative(path)
    try:
        content = orjson.loads(storage.read(storage.path(relative, MANIFEST)))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{storage.uri(relative)} holds no stored files: make the model again, or mend its path"
        ) from error
    if not storage.is_s3:
        return Path(storage.path(relative))
    cache = cache_folder() / "files"
    local = cache / relative.rpartition("/")[2]
    if not local.is_dir():
        fs = storage.filesystem()
        cache.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="fetch-", dir=cache))
        for name in content:
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            fs.get_file(storage.path(relative, name), str(scratch / name))
        try:
            scratch.rename(local)
        except OSError:
            # Another process was faster; its copy has the same content.
            shutil.rmtree(scratch, ignore_errors=True)
    return local

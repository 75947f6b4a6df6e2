"""Tombstones: what was forgotten, as keyed hashes, so that a source that still has it does not bring it back.

A tombstone is a file `_tombstones/<kind>-<hash>.json` of the lake: kind, hash, and when. The hash is BLAKE2b under a key of the lake (32 random bytes,
`_tombstones/key`): whoever sees tombstones without the key can't even test a guess; whoever can read the whole lake can, and learns no more than
that what was guessed has been forgotten. Without its key a tombstone is lost, so the key is kept as long as the lake.

Tombstones are no part of a shard's fingerprint: a new one must not make every page of every snapshot be read again. It need not, for forgetting
itself brings the tables to where a run with the tombstone would bring them.

Not here: who asks (stages/output.py), which columns are looked at (columns.py).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from corpus_platform.errors import DamagedFile
from corpus_platform.forgetting.targets import KINDS, Kind, Target, above, authors_of, form_of
from corpus_platform.lake.files import publish_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.lake.storage import Storage

FOLDER = "_tombstones"
_KEY = f"{FOLDER}/key"
_KEY_BYTES = 32


@dataclass(frozen=True)
class Tombstones:
    """What was forgotten: the lake's key, and the hashes by kind. False where nothing was."""

    key: bytes = field(default=b"", repr=False)
    hashes: dict[Kind, frozenset[str]] = field(default_factory=dict, hash=False)

    @classmethod
    def load(cls, storage: Storage) -> Tombstones:
        """Those of a lake; one listing, and no more where there are none."""
        found: dict[Kind, set[str]] = {}
        try:
            paths = storage.filesystem().find(storage.path(FOLDER))
        except FileNotFoundError:
            return cls()
        for path in paths:
            kind, dash, rest = path.rpartition("/")[2].removesuffix(".json").partition("-")
            if dash and path.endswith(".json") and kind in KINDS:
                found.setdefault(kind, set()).add(rest)
        if not found:
            return cls()
        return cls(_key_of(storage), {kind: frozenset(hashes) for kind, hashes in found.items()})

    @classmethod
    def only(cls, storage: Storage, target: Target) -> Tombstones:
        """As if the target alone had been forgotten. Writes nothing: a lake that has no key yet gets one with its first tombstone."""
        has_key = storage.filesystem().exists(storage.path(_KEY))
        key = _key_of(storage) if has_key else secrets.token_bytes(_KEY_BYTES)
        return cls(key, {target.kind: frozenset({_hash(key, target.kind, target.form)})})

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def holds(self, kind: Kind, value: str) -> bool:
        """Whether a value of a column of this kind means something that was forgotten; a host or an address is also asked for its domains."""
        if not self.asks(kind):
            return False
        forms = authors_of(value) if kind == "author" else [form_of(kind, value)]
        found = [form for form in forms if form is not None]
        if kind in {"url", "domain"} and any(self._holds_host(form) for form in found):
            return True
        return kind != "domain" and kind in self.hashes and any(self._is_there(kind, form) for form in found)

    def asks(self, kind: Kind) -> bool:
        """Whether values of this kind can mean anything that was forgotten."""
        return kind in self.hashes or (kind == "url" and "domain" in self.hashes)

    def pseudonym(self, doc_id: str) -> str:
        """What stands for a forgotten document where others still refer to it, the name of a cluster say: 32 hex digits that can't be undone."""
        return _hash(self.key, "pseudonym", doc_id)

    def _holds_host(self, form: str) -> bool:
        """Whether the host of an address or domain in its normal form is of a domain that was forgotten."""
        return "domain" in self.hashes and _is_below(self, form.partition("/")[0].partition(":")[0])

    def _is_there(self, kind: Kind, form: str) -> bool:
        return _hash(self.key, kind, form) in self.hashes[kind]


@lru_cache(maxsize=1 << 16)
def _is_below(tombstones: Tombstones, host: str) -> bool:
    """Whether a host is a forgotten domain or below one; kept, for pages of a host come together."""
    return any(_hash(tombstones.key, "domain", domain) in tombstones.hashes["domain"] for domain in above(host))


@dataclass(frozen=True)
class Tombstone:
    """One tombstone as it is stored."""

    kind: Kind
    hash: str
    since: str


def bury(storage: Storage, target: Target) -> Tombstone:
    """Writes the tombstone of a target; one that is there already stays as it is."""
    key = _key_of(storage, make=True)
    made = Tombstone(target.kind, _hash(key, target.kind, target.form), _now())
    path = f"{FOLDER}/{made.kind}-{made.hash}.json"
    if not storage.filesystem().exists(storage.path(path)):
        publish_bytes(storage, orjson.dumps({"kind": made.kind, "hash": made.hash, "since": made.since}), path)
    return made


def tombstones(storage: Storage) -> list[Tombstone]:
    """All tombstones, oldest first."""
    try:
        paths = [path for path in storage.filesystem().find(storage.path(FOLDER)) if path.endswith(".json")]
    except FileNotFoundError:
        return []
    return sorted(_read(storage, paths), key=lambda one: (one.since, one.kind, one.hash))


def _read(storage: Storage, paths: Iterable[str]) -> list[Tombstone]:
    return [Tombstone(**orjson.loads(storage.read(path))) for path in paths]


def _key_of(storage: Storage, *, make: bool = False) -> bytes:
    """The lake's key. Two that make it at once would lose a tombstone, so what is stored counts, and not what was made."""
    try:
        key = storage.read(storage.path(_KEY))
    except FileNotFoundError:
        if not make:
            raise DamagedFile(
                f"{storage.uri(_KEY)} is missing: tombstones mean nothing without it. Bring it back from a copy of the lake, "
                f"or delete {storage.uri(FOLDER)} and forget everything again"
            ) from None
        publish_bytes(storage, secrets.token_bytes(_KEY_BYTES), _KEY)
        key = storage.read(storage.path(_KEY))
    if len(key) != _KEY_BYTES:
        raise DamagedFile(f"{storage.uri(_KEY)} is damaged: it has {len(key)} bytes, and not {_KEY_BYTES}")
    return key


def _hash(key: bytes, kind: str, form: str) -> str:
    return hashlib.blake2b(f"{kind}\0{form}".encode(), key=key, digest_size=16).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""Pseudonyms: what stands for a person's id where a key is given, equal for equal ids and of no use without the key.

    Pseudonyms.of_file(Path("people.key"))("ann@example.org")       # p3c0f... , 16 hex digits behind a p

A key is a file of 16 bytes or more that only this home has; whoever has it can test a guess, so it is kept as other secrets are. Without a key ids stay
as they are: then they should be pseudonyms already. Promise: neither key nor id is in any message, log or table where a key is given.

Not here: forgetting a person's rows (forgetting/, by the pseudonym, which rows have as `author`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_LEAST, _MOST = 16, 64
"""Bytes of a key: below the first a guess of the key is cheap, the second is what BLAKE2b takes."""
_DIGITS = 16


@dataclass(frozen=True)
class Pseudonyms:
    """Ids of people as what is kept of them."""

    key: bytes = field(default=b"", repr=False)

    @classmethod
    def of_file(cls, path: Path | None) -> Pseudonyms:
        """With the key of a file, ids as they are without one. Raises SettingsError where it is missing or too short."""
        if path is None:
            return cls()
        try:
            key = path.read_bytes().strip()
        except OSError as error:
            raise SettingsError(
                f"`key`: {path} can't be read: {error.strerror}; make one once, and keep it: head -c 32 /dev/urandom > {path}"
            ) from None
        if len(key) < _LEAST:
            raise SettingsError(f"`key`: {path} has {len(key)} bytes; a key has {_LEAST} or more")
        return cls(hashlib.blake2b(key, digest_size=_MOST).digest())

    def __call__(self, person: str) -> str:
        """What stands for a person."""
        if not self.key:
            return person
        return "p" + hashlib.blake2b(person.encode(), key=self.key, digest_size=_DIGITS // 2).hexdigest()

    @property
    def identity(self) -> str:
        """What changes with the key, and tells nothing of it."""
        return hashlib.blake2b(b"identity", key=self.key, digest_size=_DIGITS // 2).hexdigest() if self.key else ""

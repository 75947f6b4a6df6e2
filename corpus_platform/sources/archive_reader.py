"""Reads the records of one WARC type from a file: what can't be used becomes a Reject, other types are counted.

The common part of the WARC, WET and WAT readers.

Not here: frames and damage (archive.py), what a record means (warc.py, wat.py).
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from corpus_platform.documents import record_identity
from corpus_platform.errors import SourceError
from corpus_platform.sources.archive import Break, Damaged, Frame, frames
from corpus_platform.sources.records import HARMLESS, Reject

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_ARCHIVE_MARKS = (".warc", ".arc", ".wet", ".wat")
_HASHES = frozenset({"md5", "sha1", "sha256", "sha512"})


class Unusable(Exception):
    """A record that becomes a Reject; `reason` is one of records.REASONS."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_records(
    source: Path | BinaryIO, file: str, kind: str, make: Callable[[Frame], T | None], counts: Counter[str] | None
) -> Iterator[T | Reject]:
    """What `make` makes of each record of the WARC type `kind`; a Reject where it raises Unusable or Damaged, nothing where it gives None.

    A file that gives nothing is one Reject, so that no file goes unmentioned. `counts` gets `record:<type>` for every record.
    Raises SourceError where the store fails.
    """
    mentioned = False
    for found in _found(source, file, kind, make, counts):
        if found is not None:
            mentioned = True
            yield found
    if not mentioned:
        yield Reject(file, 0, "no_records", kind, broken=False)


def _found(
    source: Path | BinaryIO, file: str, kind: str, make: Callable[[Frame], T | None], counts: Counter[str] | None
) -> Iterator[T | Reject | None]:
    with _opened(source, file) as stream:
        for frame in frames(stream, file):
            if isinstance(frame, Break):
                broken = frame.reason not in HARMLESS and not (frame.reason == "not_warc" and not _is_archive(file))
                yield Reject(file, frame.position, frame.reason, frame.detail, broken=broken)
                continue
            if counts is not None:
                counts[f"record:{frame.type}"] += 1
            if frame.type != kind:
                continue
            try:
                found = make(frame)
            except (Unusable, Damaged) as error:
                found = _rejected(frame, file, error)
            yield found


def identity(frame: Frame, header: str = "WARC-Record-ID") -> str | None:
    """The record id in this header, as documents.record_identity gives it; None where there is none."""
    return record_identity(frame.header(header) or "") or None


def address(frame: Frame) -> str | None:
    """The record's URL, without the angle brackets that WARC 1.0 writers put around it."""
    return (frame.header("WARC-Target-URI") or "").strip("<> ") or None


def block_of(frame: Frame, limit: int, *, verify_digest: bool) -> bytes:
    """The record's block. Raises Unusable when it is larger than `limit` (it is then not read) or has not the digest that its header states."""
    if frame.content_length > limit:
        raise Unusable("body_too_large", f"{frame.content_length} bytes")
    block = frame.read()
    if verify_digest:
        said = frame.header("WARC-Block-Digest")
        if said and not has_digest(block, said):
            raise Unusable("bad_digest", said)
    return block


def has_digest(block: bytes, said: str) -> bool:
    """Whether `said` (`sha1:` and base32, hex or base64 of the hash) is the digest of the block; True for hashes that are not known."""
    name, _, value = said.partition(":")
    name = name.strip().lower().replace("-", "")
    if name not in _HASHES:
        return True
    digest = hashlib.new(name, block, usedforsecurity=False).digest()
    value = value.strip().rstrip("=")
    base64_forms = {form(digest).decode().rstrip("=") for form in (base64.b64encode, base64.urlsafe_b64encode)}
    return (
        value.upper() == base64.b32encode(digest).decode().rstrip("=")
        or value.lower() == digest.hex()
        or value in base64_forms
    )


def _rejected(frame: Frame, file: str, error: Unusable | Damaged) -> Reject:
    return Reject(
        file=file,
        position=frame.position,
        reason=error.reason,
        detail=error.detail,
        url=address(frame),
        record=identity(frame),
        broken=error.reason not in HARMLESS,
    )


@contextmanager
def _opened(source: Path | BinaryIO, file: str) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        yield source
        return
    try:
        stream = source.open("rb")
    except OSError as error:
        raise SourceError(f"{file}: can't be opened: {error.strerror}") from error
    with stream:
        yield stream


def _is_archive(file: str) -> bool:
    """Whether the file's name says that it is a web archive."""
    name = file.rpartition("/")[2].lower()
    return any(mark in name for mark in _ARCHIVE_MARKS) and not name.endswith(
        (".paths", ".paths.gz", ".json", ".md5", ".sha1", ".cdx", ".cdx.gz")
    )

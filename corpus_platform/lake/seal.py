"""The seal of a shard file: a digest of its Parquet footer, which no checksum of Parquet covers.

Parquet's checksums are of pages. What a reader trusts before it reads a page stands in the footer: types, places of the pages, rows, and the
smallest and largest values by which row groups are skipped. The seal is 16 bytes right before the footer: `_MARK`, then BLAKE2b-64 of all that
follows. Readers find pages by their offsets and the footer from the end of the file, so other programs do not notice it.

Source: the Parquet format's file layout (apache/parquet-format, README): `PAR1`, pages, footer, its length in 4 bytes, `PAR1`.

Not here: the other checks of a file (reading.py).
"""

from __future__ import annotations

import hashlib
import os
from typing import IO, TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

_MARK = b"seal-001"
_DIGEST_BYTES = 8
_PARQUET = b"PAR1"
_END = 8
"""Bytes of the footer's length and `PAR1`."""
_GUESS = 64 << 10
"""Bytes from the end that are read at once: most footers are smaller."""


class BrokenFooter(ValueError):
    """The footer is not there, or is not as it was written."""


def seal(path: Path) -> None:
    """Puts the seal into a finished Parquet file."""
    with path.open("r+b") as file:
        _, tail = _ending(file)
        file.seek(-len(tail), os.SEEK_END)
        file.write(_MARK + _digest(tail) + tail)


def footer(stream: IO[bytes]) -> tuple[pq.FileMetaData, bool]:
    """The footer of an open file, and whether it has a seal; `BrokenFooter` where it does not fit its seal or is none."""
    before, tail = _ending(stream)
    is_sealed = before.startswith(_MARK)
    if is_sealed and before[len(_MARK) :] != _digest(tail):
        raise BrokenFooter("the footer does not fit its seal")
    return pq.read_metadata(pa.BufferReader(_PARQUET + tail)), is_sealed


def _ending(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """The 16 bytes before the footer, where there are so many, and the footer with all that follows."""
    size = stream.seek(0, os.SEEK_END)
    last = _last(stream, size, _GUESS)
    if size < len(_PARQUET) + _END or not last.endswith(_PARQUET):
        raise BrokenFooter("it does not end as a Parquet file does")
    length = int.from_bytes(last[-_END : -len(_PARQUET)], "little") + _END
    if length > size - len(_PARQUET):
        raise BrokenFooter("its footer is said to be larger than the file")
    wanted = length + len(_MARK) + _DIGEST_BYTES
    if wanted > len(last):
        last = _last(stream, size, wanted)
    return last[-wanted:-length], last[-length:]


def _last(stream: IO[bytes], size: int, wanted: int) -> bytes:
    stream.seek(max(0, size - wanted))
    return stream.read(min(size, wanted))


def _digest(tail: bytes) -> bytes:
    return hashlib.blake2b(tail, digest_size=_DIGEST_BYTES).digest()

"""Sentences as blocks of UTF-8 bytes, each ending at a line end.

A sentence is one line. Sentences come from files (plain, gzip or bzip2) or from any iterable of strings; a newline inside a string begins another sentence.
Promise: every block ends with a newline, so a last line without one is a sentence too; no block holds a reserved word (`<s>`, `</s>`, `<unk>`, `<UNK>`).

Not here: words and their ids (vocabulary.py).
"""

from __future__ import annotations

import bz2
import gzip
import re
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from corpus_platform.errors import ModelError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK = 4 << 20
"""Bytes of text that are read at once."""

SEPARATORS = (0, 9, 10, 13, 32)
"""Bytes that end a word: NUL, tab, newline, carriage return and space, as for `lmplz`. No other space does."""

RESERVED = (b"<s>", b"</s>", b"<unk>", b"<UNK>")
"""Words that mean something to a language model. `lmplz` takes the last for a common word, but the `kenlm` module reads it as `<unk>`."""

_NEWLINE = b"\n"
_RESERVED_WORD = re.compile(rb"(?<![^\0\t\n\r ])(?:<s>|</s>|<unk>|<UNK>)(?![^\0\t\n\r ])")


def byte_blocks(
    sentences: str | Path | Iterable[str] | Iterable[Path], *, skip_reserved: bool = False
) -> Iterator[bytes]:
    """Blocks of whole lines of a file, of several files, or of sentences.

    A lone string is the path of a file. A reserved word is taken for a space if `skip_reserved`, else it raises `ModelError`.
    Raises `SourceError` for a file that cannot be read.
    """
    lines = 0
    for block in _blocks(sentences):
        if any(word in block for word in RESERVED) and (found := _RESERVED_WORD.search(block)):
            if not skip_reserved:
                line = lines + block.count(_NEWLINE, 0, found.start()) + 1
                raise ModelError(
                    f"sentence {line} holds the reserved word {found[0].decode()}: remove it, or have reserved words skipped (skip_reserved=True)"
                )
            yield _RESERVED_WORD.sub(b" ", block)
        else:
            yield block
        lines += block.count(_NEWLINE)


def _blocks(sentences: str | Path | Iterable[str] | Iterable[Path]) -> Iterator[bytes]:
    if isinstance(sentences, str | Path):
        yield from _blocks_of_file(Path(sentences))
        return
    rest = iter(sentences)
    for first in rest:
        if isinstance(first, Path):
            for path in chain([first], rest):
                yield from _blocks_of_file(Path(path))
        else:
            yield from _blocks_of_sentences(chain([first], rest))  # type: ignore[arg-type]


def _blocks_of_sentences(sentences: Iterable[str]) -> Iterator[bytes]:
    lines: list[str] = []
    size = 0
    for sentence in sentences:
        lines.append(sentence.removesuffix("\n"))
        size += len(sentence) + 1
        if size >= BLOCK:
            yield ("\n".join(lines) + "\n").encode()
            lines, size = [], 0
    if lines:
        yield ("\n".join(lines) + "\n").encode()


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if path.suffix == ".bz2":
        return bz2.open(path, "rb")
    return path.open("rb")


def _blocks_of_file(path: Path) -> Iterator[bytes]:
    try:
        with _open(path) as file:
            yield from _whole_lines(file)
    except (OSError, EOFError) as error:
        raise SourceError(
            f"{path}: cannot be read as text for a language model ({error}); check the path and the file"
        ) from error


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    while data := file.read(BLOCK):
        cut = data.rfind(_NEWLINE) + 1
        if cut:
            yield b"".join([*pending, data[:cut]])
            pending = []
        if cut < len(data):
            pending.append(data[cut:])
    if pending:
        yield b"".join([*pending, _NEWLINE])

"""What differs between two texts, word by word: for people who look at copies.

A token is a word, a Chinese character or kana, or one other sign, each with the white space before it; white space alone makes no difference. What
is the same at both ends is set aside first, so that a small edit of a long text costs little; the rest is difflib's.
Promise: the pieces that are not inserted give the first text back, and those that are not deleted the second (up to white space, before folding).

Not here: how alike two texts are (duplicates.py), colours (commands/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Kind = Literal["same", "deleted", "inserted", "folded"]

MOST_TOKENS = 5_000
"""Tokens of each text that are compared, beyond what both begin and end with: difflib takes up to quadratic time."""
_CONTEXT = 8
_CJK = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"\s*(?:[{_CJK}]|[^\W{_CJK}]+|[^\w\s])")
_MANY = 2_000
"""From so many tokens on, very frequent ones start no match."""


@dataclass(frozen=True)
class Piece:
    """A run of text of one kind; of `folded` the text says how much was left out."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class WordDiff:
    """What became of the first text in the second. `cut`: what lies beyond the first `MOST_TOKENS` was not compared."""

    pieces: tuple[Piece, ...]
    cut: bool

    @property
    def is_equal(self) -> bool:
        """Whether the two differ in white space only."""
        return all(piece.kind in {"same", "folded"} for piece in self.pieces)


def word_diff(first: str, second: str, *, context: int | None = _CONTEXT, most: int = MOST_TOKENS) -> WordDiff:
    """The difference of two texts; runs that are the same are folded to `context` tokens at each end, or not at all with None."""
    a, b = _TOKEN.findall(first), _TOKEN.findall(second)
    words_a, words_b = [token.lstrip() for token in a], [token.lstrip() for token in b]
    head = _shared(words_a, words_b)
    tail = _shared(words_a[head:][::-1], words_b[head:][::-1])
    middle_a, middle_b = words_a[head : len(a) - tail], words_b[head : len(b) - tail]
    cut = max(len(middle_a), len(middle_b)) > most
    if cut:
        # What follows a cut is no longer beside its like.
        middle_a, middle_b, tail = middle_a[:most], middle_b[:most], 0
    matcher = SequenceMatcher(None, middle_a, middle_b, autojunk=len(middle_b) > _MANY)
    runs: list[tuple[Kind, Sequence[str]]] = [("same", a[:head])]
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            runs.append(("same", _spaced(a[head + i : head + i_end], b[head + j : head + j_end])))
            continue
        runs.append(("deleted", a[head + i : head + i_end]))
        runs.append(("inserted", b[head + j : head + j_end]))
    runs.append(("same", _spaced(a[len(a) - tail :], b[len(b) - tail :]) if tail else []))
    return WordDiff(tuple(_folded(_joined(runs), context)), cut)


def _shared(a: Sequence[str], b: Sequence[str]) -> int:
    """How many tokens both begin with."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _spaced(a: Sequence[str], b: Sequence[str]) -> list[str]:
    """Equal words with the first text's white space; with the second's where it has none, so that a word before them stays apart."""
    return [x if x[:1].isspace() else y for x, y in zip(a, b, strict=True)]


def _joined(runs: Sequence[tuple[Kind, Sequence[str]]]) -> list[tuple[Kind, list[str]]]:
    """The runs without empty ones, neighbours of one kind as one."""
    found: list[tuple[Kind, list[str]]] = []
    for kind, tokens in runs:
        if not tokens:
            continue
        if found and found[-1][0] == kind:
            found[-1][1].extend(tokens)
        else:
            found.append((kind, list(tokens)))
    return found


def _folded(runs: Sequence[tuple[Kind, list[str]]], context: int | None) -> Iterator[Piece]:
    for number, (kind, tokens) in enumerate(runs):
        first, last = number == 0, number == len(runs) - 1
        before = 0 if first and not last else context
        after = 0 if last and not first else context
        if kind != "same" or before is None or after is None or len(tokens) <= before + after + 2:
            yield Piece(kind, "".join(tokens))
            continue
        if before:
            yield Piece("same", "".join(tokens[:before]))
        yield Piece("folded", f"{len(tokens) - before - after:,} words the same")
        if after:
            yield Piece("same", "".join(tokens[len(tokens) - after :]))

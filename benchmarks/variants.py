"""Variants of real texts with stated edits, to measure which of them a deduplication finds.

A *unit* is a Chinese character, a run of other characters without white space, or a run of white space: all units together are the text. Edits:

- `copy`: none.
- `marks`: each word in lower case, in upper case or as it is, and marks at its end gone or doubled; the letters of all words stay.
- `substitute`: that share of the words, each chosen by itself, becomes a made word.
- `delete`: one run of words in a row, that share of all, goes.
- `add`: made paragraphs before and behind, of that share of the text's words in all.

Promise: a variant depends on seed, text, its number, edit and share only.

Not here: which normal form or shingles texts are compared by; `similarity` is a plain one to sort variants by.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

EDITS: tuple[tuple[str, float], ...] = (
    ("copy", 0.0),
    ("marks", 0.5),
    *(("substitute", share) for share in (0.005, 0.01, 0.02, 0.05, 0.1)),
    *(("delete", share) for share in (0.05, 0.1, 0.2, 0.4)),
    *(("add", share) for share in (0.05, 0.1, 0.25, 0.5)),
)
"""Edits and their shares."""
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_UNIT = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+|\s+")
_WORD = re.compile(rf"[{_HAN}]|[^\W{_HAN}]+")
_MARKS = ".,;:!?。，；：！？"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PARAGRAPH = 40


class Variant(NamedTuple):
    """An edited text, the number of the text that it was made of, and the edit with its share."""

    text: str
    source: int
    edit: str
    share: float


def text_variants(texts: Iterable[str], seed: int = 0) -> Iterator[Variant]:
    """For each text, one variant by each of `EDITS`."""
    for source, text in enumerate(texts):
        for edit, share in EDITS:
            rng = random.Random(f"{seed} {source} {edit} {share}")
            yield Variant(_EDIT[edit](text, share, rng), source, edit, share)


def similarity(one: str, other: str, words: int = 5) -> float:
    """Jaccard similarity of the sets of runs of that many words, in lower case; 1.0 where neither has any."""
    left, right = _runs(one, words), _runs(other, words)
    return len(left & right) / len(left | right) if left or right else 1.0


def _runs(text: str, words: int) -> set[tuple[str, ...]]:
    found = _WORD.findall(text.lower())
    return set(zip(*(found[i:] for i in range(words)), strict=False))


def _copy(text: str, _share: float, _rng: random.Random) -> str:
    return text


def _marks(text: str, share: float, rng: random.Random) -> str:
    def edited(unit: str) -> str:
        unit = rng.choice((unit, unit.lower(), unit.upper() if unit.upper().lower() == unit.lower() else unit))
        if unit[-1] in _MARKS and rng.random() < share:
            unit = unit.rstrip(_MARKS) + rng.choice(("", unit[-1] * 2))
        return unit

    return "".join(map(edited, _UNIT.findall(text)))


def _substitute(text: str, share: float, rng: random.Random) -> str:
    units = _UNIT.findall(text)
    return "".join(_made(rng) if not unit.isspace() and rng.random() < share else unit for unit in units)


def _delete(text: str, share: float, rng: random.Random) -> str:
    units = _UNIT.findall(text)
    places = [i for i, unit in enumerate(units) if not unit.isspace()]
    count = round(len(places) * share)
    if not count:
        return text
    first = rng.randrange(len(places) - count + 1)
    last = first + count
    end = places[last] if last < len(places) else len(units)
    return "".join(units[: places[first]] + units[end:])


def _add(text: str, share: float, rng: random.Random) -> str:
    count = round(sum(not unit.isspace() for unit in _UNIT.findall(text)) * share)
    words = [_made(rng) for _ in range(count)]
    paragraphs = [" ".join(words[i : i + _PARAGRAPH]) for i in range(0, count, _PARAGRAPH)]
    before = len(paragraphs) // 2
    return "\n".join([*paragraphs[:before], text, *paragraphs[before:]])


def _made(rng: random.Random) -> str:
    return "".join(rng.choices(_LETTERS, k=rng.randint(4, 10)))


_EDIT: dict[str, Callable[[str, float, random.Random], str]] = {
    "copy": _copy,
    "marks": _marks,
    "substitute": _substitute,
    "delete": _delete,
    "add": _add,
}

"""Pieces of Markdown that cards and reports are made of; what comes from outside can't become markup.

Not here: what cards say (card.py, sft_card.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def joined(*parts: str) -> str:
    """Paragraphs, the empty ones left out."""
    return "\n\n".join(part for part in parts if part)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> str:
    """A table; columns of `numbers` are set to the right. Cells are markup: names go through `code`."""
    right = set(numbers)
    lines = [f"| {' | '.join(head)} |", "|" + "|".join("---:" if i in right else "---" for i in range(len(head))) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def code(text: str) -> str:
    """A name as inline code: nothing in it is markup, and it ends no cell."""
    harmless = (
        "".join(letter if letter.isprintable() else " " for letter in text).replace("|", "¦").replace("`", "'").strip()
    )
    return f"`{harmless[:120]}`" if harmless else "–"


def plain(text: str) -> str:
    """Words of a mix or recipe, whose marks are no markup."""
    flat = " ".join(text.split())
    for mark in "\\`*_[]<>|#":
        flat = flat.replace(mark, f"\\{mark}")
    return flat.rstrip(".") if flat.endswith("..") else flat

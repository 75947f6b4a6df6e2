"""A text that is put together from pieces of markup: white space collapsed, lines and paragraphs ended when more follows, places remembered.

Not here: what the markup means (epub_text.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Notes = Literal["keep", "drop"]
"""What becomes of footnotes."""
_SPACE = re.compile(r"[ \t\r\n\f\u200b]+")


@dataclass
class Text:
    """What has been written so far. `places` has the offset of every id, `headings` (level, title, offset) of every heading."""

    notes: Notes = "keep"
    parts: list[str] = field(default_factory=list)
    length: int = 0
    places: dict[str, int] = field(default_factory=dict)
    headings: list[tuple[int, str, int]] = field(default_factory=list)
    linked: int = 0
    """Characters inside of links."""
    direction: str | None = None
    _waiting: list[str] = field(default_factory=list)
    _breaks: int = 0
    _space: bool = False

    def write(self, text: str, *, verbatim: bool = False) -> None:
        """Text with its white space collapsed, or as it is."""
        if not verbatim:
            text = _SPACE.sub(" ", text)
            if text[:1] == " ":
                self._space, text = True, text[1:]
        if not text:
            return
        if self.parts:
            self._put("\n" * self._breaks or " " * self._space)
        for place in self._waiting:
            self.places.setdefault(place, self.length)
        self._waiting, self._breaks, self._space = [], 0, False
        if not verbatim and text.endswith(" "):
            self._space, text = True, text[:-1]
        self._put(text)

    def ends_with(self, mark: str) -> bool:
        """Whether the text so far ends with a mark."""
        return bool(self.parts) and self.parts[-1].endswith(mark)

    def end(self, breaks: int) -> None:
        """Ends a line (1) or a paragraph (2)."""
        self._breaks, self._space = max(self._breaks, breaks), False

    def place(self, name: str) -> None:
        """What is written next is where an element begins."""
        if name:
            self._waiting.append(name)

    @property
    def pending(self) -> int:
        """Characters that will be written before the next text."""
        return 0 if not self.parts else self._breaks or int(self._space)

    def take(self, inner: Text, start: int, *, exact: bool) -> None:
        """What is known of a text that has been written at `start`: its places and headings; all at its beginning where it was changed."""
        for name, offset in inner.places.items():
            self.places.setdefault(name, start + (offset if exact else 0))
        self.headings += [
            (level, title, start + offset) for level, title, offset in inner.headings if exact or not offset
        ]
        self.linked += inner.linked

    def close(self) -> str:
        """The whole text."""
        for place in self._waiting:
            self.places.setdefault(place, self.length)
        self._waiting = []
        return "".join(self.parts)

    def _put(self, text: str) -> None:
        if text:
            self.parts.append(text)
            self.length += len(text)

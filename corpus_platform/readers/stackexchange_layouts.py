"""How a question and its answers become one text: our own Markdown, and as RedPajama-1T and The Pile wrote them.

- markdown: a heading for the title, one for each answer; lists, quotes, tables and code as Markdown.
- redpajama: `Q: <title> <body>`, then `A: <answer>` on lines of their own; items of lists begin with a star, all else is plain text.
- pile: `Q:`, title, body, `A:` and each answer with blank lines between them.
Source: RedPajama-Data, branch rp_v1, data_prep/stack_exchange; EleutherAI/stackexchange-dataset, pairer.py.

Not here: which answers are taken and in what order (stackexchange.py).
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Literal

from typing_extensions import override

from corpus_platform.readers.reader import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

Layout = Literal["markdown", "redpajama", "pile"]
Kind = Literal["question", "answer", "comment"]

_NEWLINES = re.compile(r"\n{3,}")


def plain_text(source: str, *, starred: bool = False) -> str:
    """The text of HTML without its tags; `starred`: each item of a list, and each numbered list, begins a line with a star."""
    if starred:
        for tag in ("<li>", "<ol>"):
            source = source.replace(tag, "\n*").replace(tag.replace("<", "</"), "")
    reader = _Text()
    reader.feed(source)
    reader.close()
    return "".join(reader.found)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    @override
    def handle_data(self, data: str) -> None:
        self.found.append(data)


def markdown(title: str, parts: Sequence[str], kinds: Sequence[Kind]) -> tuple[str, tuple[Section, ...]]:
    """Headings for the question and each answer; comments as a list under theirs."""
    pieces: list[str] = []
    sections: list[Section] = []
    size, last = 0, ""
    for kind, part in zip(kinds, parts, strict=True):
        level, heading = {"question": (1, title), "answer": (2, "Answer"), "comment": (3, "Comments")}[kind]
        head = "" if kind == last == "comment" or not heading else f"{'#' * level} {heading}"
        body = f"- {part}".replace("\n", "\n  ") if kind == "comment" else part
        for piece in (head, body):
            if not piece:
                continue
            gap = "" if not pieces else "\n" if piece is body and kind == last == "comment" else "\n\n"
            if piece is head:
                sections.append(Section(level, heading, size + len(gap)))
            pieces += [gap, piece]
            size += len(gap) + len(piece)
        last = kind
    return "".join(pieces), tuple(sections)


def redpajama(title: str, parts: Sequence[str], kinds: Sequence[Kind]) -> tuple[str, tuple[Section, ...]]:
    """The question's part has its title already."""
    del title
    marks = {"question": "Q: ", "answer": "A: ", "comment": "C: "}
    return "\n".join(marks[kind] + part for kind, part in zip(kinds, parts, strict=True)), ()


def pile(title: str, parts: Sequence[str], kinds: Sequence[Kind]) -> tuple[str, tuple[Section, ...]]:
    """Blank lines between all."""
    marks = {"question": "Q:", "answer": "A:", "comment": "C:"}
    pieces: list[str] = []
    for kind, part in zip(kinds, parts, strict=True):
        pieces += [marks[kind], *([title] if kind == "question" and title else []), part]
    return _NEWLINES.sub("\n\n", "\n\n".join(pieces)), ()


RENDER = {"markdown": markdown, "redpajama": redpajama, "pile": pile}

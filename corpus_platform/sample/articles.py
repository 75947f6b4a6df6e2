"""The pages that the project wrote, read from `pages/<language>.txt`.

A file is a series of articles. An article starts with `@@ host/path | date | tags | title`; a blank line ends a paragraph; lines starting with
`## `, `- ` and `> name | text` are headings, list items and posts (or comments); lines of a paragraph stay lines, as poems need them.

Not here: what is around a text on its page (render.py) and the sites (sites.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from corpus_platform.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

LANGUAGES = ("en", "zh", "de", "fr", "es", "ru", "ja", "ko", "ar")

BlockKind = Literal["paragraph", "heading", "item", "post"]


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, list item or post; `who` names the author of a post."""

    kind: BlockKind
    text: str
    who: str = ""


@dataclass(frozen=True)
class Article:
    """A text with its place: `host` and `path` (with a leading slash) make its address, `date` is ISO 8601."""

    language: str
    host: str
    path: str
    date: str
    tags: tuple[str, ...]
    title: str
    blocks: tuple[Block, ...]

    @property
    def key(self) -> str:
        """The article's identity, `host/path`."""
        return f"{self.host}{self.path}"

    @property
    def url(self) -> str:
        """The article's address."""
        return f"https://{self.host}{self.path}"

    @property
    def text(self) -> str:
        """Title and blocks, a line each: what a perfect extractor would find."""
        return "\n".join([self.title, *(block.text for block in self.blocks)])


def data_folder() -> Traversable:
    """The folder of data files that the package ships."""
    return files("corpus_platform.sample") / "pages"


@cache
def articles(language: str) -> tuple[Article, ...]:
    """All articles written in a language, in the order of their file. Raises SourceError where a header is not of the form above."""
    text = (data_folder() / f"{language}.txt").read_text(encoding="utf-8")
    return tuple(article_of(language, part) for part in ("\n" + text).split("\n@@ ")[1:])


def all_articles() -> tuple[Article, ...]:
    """Every article of every language."""
    return tuple(article for language in LANGUAGES for article in articles(language))


def article_of(language: str, part: str) -> Article:
    """The article of one part of a file, from its header without `@@ ` on. Raises SourceError where the header is of another form."""
    header, _, body = part.partition("\n")
    fields = header.split(" | ", 3)
    if len(fields) != 4 or "/" not in fields[0]:
        message = f"pages/{language}.txt: '{header}' is not 'host/path | date | tags | title'"
        raise SourceError(message)
    address, date, tags, title = fields
    host, _, path = address.partition("/")
    return Article(language, host, f"/{path}", date, tuple(tags.split(",")), title, tuple(_blocks(body)))


def _blocks(body: str) -> Iterator[Block]:
    paragraph: list[str] = []
    for line in [*body.split("\n"), ""]:
        block = _marked(line)
        if block is None and line.strip():
            paragraph.append(line.strip())
            continue
        if paragraph:
            yield Block("paragraph", "\n".join(paragraph))
            paragraph = []
        if block:
            yield block


def _marked(line: str) -> Block | None:
    if line.startswith("## "):
        return Block("heading", line[3:].strip())
    if line.startswith("- "):
        return Block("item", line[2:].strip())
    if line.startswith("> "):
        who, _, said = line[2:].partition(" | ")
        return Block("post", said.strip(), who.strip())
    return None

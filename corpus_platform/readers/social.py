"""What readers of social media share: a thread becomes a document without anybody's name, and says what its source permits.

A reader gives *drafts*: the parts of a thread in order (question, answers; post, replies), who speaks each, and how they become one text. Here
personal data in title and parts are replaced first, so that nothing of it reaches a table; then the text is made of the parts, and the thread is
kept as a dialogue too: `meta.turns`, a list of `{"speaker": number, "text": ...}` with speakers numbered by their first word.
Promise: neither text, title nor turns hold a pattern that `clean/social_pii.py` knows; `meta.private` counts what was replaced.

Not here: formats (stackexchange.py, reddit.py, threads.py), names that only a site knows (people.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from pydantic import Field, field_validator

from corpus_platform.clean.social_marks import without_marks
from corpus_platform.clean.social_pii import deidentified
from corpus_platform.readers.reader import Reader, Section, SourceDocument
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BATCH_CHARACTERS = 2 << 20
_BATCH_DRAFTS = 500
_LICENCES = {"open": "LicenseRef-open", "research": "LicenseRef-research-only"}

Render = Callable[[str, list[str]], tuple[str, tuple[Section, ...]]]
"""Title and parts to a text with its headings."""


@dataclass(frozen=True)
class Draft:
    """A thread before personal data are replaced: `document` without text; `speakers` and `more` say who speaks each part, and what else is known."""

    document: SourceDocument
    parts: list[str]
    render: Render
    speakers: list[int] | None = None
    more: list[dict[str, Any]] = field(default_factory=list)
    says_title: bool = True
    """Whether the title is what the first speaker says before the first part."""


class SocialReader(Reader):
    """Options of all readers of social media."""

    source = "social"
    has_marks: ClassVar[bool] = True
    """Whether texts may hold buttons and counters of their site."""

    permission: str = Field(
        default="open", description="What the source permits: `open`, `research`, or the address of its terms"
    )
    licence: str | None = Field(default=None, description="SPDX id or address, where the source's texts do not say it")
    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,3}$",
        description="Code of the language that all texts are in; that of a short text is easily taken for another one",
    )
    turns: bool = Field(default=True, description="Keep a thread as turns of a dialogue too, in `meta.turns`")

    @field_validator("permission")
    @classmethod
    def _is_a_scope(cls, value: str) -> str:
        if value not in _LICENCES and not value.startswith(("https://", "http://")):
            raise ValueError(f"`{value}` is neither `open`, `research` nor an address of terms")
        return value

    def settled(self, drafts: Iterable[Draft | Reject]) -> Iterator[SourceDocument | Reject]:
        """The drafts as documents, in their order; in batches, for finding personal data is cheap by the batch."""
        waiting: list[Draft | Reject] = []
        size = 0
        for draft in drafts:
            waiting.append(draft)
            size += sum(map(len, draft.parts)) if isinstance(draft, Draft) else 0
            if size >= _BATCH_CHARACTERS or len(waiting) >= _BATCH_DRAFTS:
                yield from self._settled(waiting)
                waiting, size = [], 0
        yield from self._settled(waiting)

    def _settled(self, waiting: list[Draft | Reject]) -> Iterator[SourceDocument | Reject]:
        of = [(i, text) for i, one in enumerate(waiting) if isinstance(one, Draft) for text in _texts(one)]
        texts, counts = deidentified(self._without_marks([text for _, text in of]))
        found = {i: list(group) for i, group in groupby(zip(of, texts, counts, strict=True), lambda one: one[0][0])}
        for i, one in enumerate(waiting):
            if isinstance(one, Reject):
                yield one
                continue
            replaced: Counter[str] = Counter()
            for _, _, count in found[i]:
                replaced.update(count)
            title, *parts = [text for _, text, _ in found[i]]
            yield self._document(one, title, parts, dict(sorted(replaced.items())))

    def _without_marks(self, texts: list[str]) -> list[str]:
        if not self.has_marks or not texts:
            return texts
        return without_marks(pl.Series("text", texts, pl.String)).text.str.strip_chars().to_list()

    def _document(self, draft: Draft, title: str, parts: list[str], replaced: dict[str, int]) -> SourceDocument:
        text, sections = draft.render(title, parts)
        meta = {**draft.document.meta, "permission": self.permission}
        if replaced:
            meta["private"] = replaced
        if self.turns and draft.speakers is not None:
            more = draft.more or [{}] * len(parts)
            said = [f"{title}\n\n{parts[0]}".strip() if draft.says_title else parts[0], *parts[1:]] if parts else []
            meta["turns"] = [
                {"speaker": speaker, "text": part, **other}
                for speaker, part, other in zip(draft.speakers, said, more, strict=True)
                if part
            ]
        known = draft.document.licence or self.licence or _LICENCES.get(self.permission, self.permission)
        return replace(
            draft.document,
            text=text,
            title=title or None,
            sections=sections,
            language=draft.document.language or self.language,
            licence=known,
            author=None,
            meta=meta,
        )


def _texts(draft: Draft) -> list[str]:
    return [draft.document.title or "", *draft.parts]


def paragraphs(title: str, parts: list[str]) -> tuple[str, tuple[Section, ...]]:
    """Title and parts with a blank line between them."""
    sections = (Section(1, title, 0),) if title else ()
    return "\n\n".join(filter(None, [title, *parts])), sections


def lines(title: str, parts: list[str]) -> tuple[str, tuple[Section, ...]]:
    """Title and parts, each on lines of its own."""
    sections = (Section(1, title, 0),) if title else ()
    return "\n".join(filter(None, [title, *parts])), sections


class Speakers:
    """Numbers of who speaks in a thread, by their first word; one who is not named is somebody new."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._next = 0

    def number(self, name: str | None) -> int:
        """The number of a name, from 0."""
        if name is not None and name in self._numbers:
            return self._numbers[name]
        number, self._next = self._next, self._next + 1
        if name is not None:
            self._numbers[name] = number
        return number

"""Display names of a site's users, and their removal from its texts.

Names are of all kinds: `user39`, `Geoff Dalgas`, `Paul`, `Julius Caesar`, `the answer`. A name of the site goes where it can only be a user's:
behind an @ and as the signature under a post. A name of somebody who takes part in the thread goes also where it is spoken of as a poster's (`Paul's
answer`, `as Paul said`), and everywhere when it is like no word: with digits, or two capitalised words. One that the title has, or that is said
more than a few times, is what the thread is about and stays there.
Promise: nothing in code is touched; memory is about 32 bytes a user and the name.

Not here: handles that follow an @ and look like one (clean/social_pii.py).
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus_platform.clean.code_spans import code_spans
from corpus_platform.clean.social_pii import USER

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST = 60
_TOPIC = 3
"""A name that is said more often is what people talk about."""
_WORD = r"[\w.'’-]{1,40}"
_MENTION = re.compile(rf"(?<![\w@])@({_WORD}(?: {_WORD}){{0,3}})")
_CLOSING = (
    r"(?:many thanks|thanks?(?: you)?(?: again| a lot| in advance)?|thx|ty|cheers|regards|(?:best|kind|warm) regards|best(?: wishes)?|sincerely"
    r"|yours(?: truly)?|greetings|good luck|hth|hope (?:it|this|that) helps|edit(?:ed)? by|signed)"
)
_SIGNATURE = re.compile(
    rf"(?:(?:^|\n)[ \t*_>]*(?:[-–—~]{{1,3}}[ \t]*)|(?:^|[\n.!?])[ \t*_>]*{_CLOSING}[ \t]*[,.!:;–—-]{{0,3}}\s{{0,4}}[-–—~]{{0,2}}[ \t]*)"
    rf"({_WORD}(?: {_WORD}){{0,3}})[ \t*_.!)]*$",
    re.IGNORECASE,
)
_NOBODY = frozenset(
    [
        "all",
        "everyone",
        "everybody",
        "guys",
        "folks",
        "you",
        "again",
        "advance",
        "anyone",
        "the community",
        "community",
        "me",
    ]
)
_POST = (
    r"(?:answers?|comments?|posts?|questions?|edits?|suggestions?|points?|replies|reply|response|link|version|solution)"
)
_SAID = r"(?:said|says|mentioned|mentions|noted|notes|pointed|points|suggested|suggests|wrote|writes|commented|answered|observed|stated|asked|posted|proposed)"
_BY = (
    r"(?:[Aa]s|[Ll]ike|[Pp]er|[Tt]hanks,?|[Tt]hanks to|[Tt]hank you,?|[Cc]redit to|[Kk]udos to|[Hh]i|[Hh]ello|[Dd]ear|[Aa]gree with"
    r"|(?:mention|point|suggest|not|propos|comment|rais)ed by|pointed out by)"
)
_WHEN = (
    r"(?:\d{1,3} (?:secs?|mins?|minutes?|hours?|days?|months?|years?) ago|[A-Z][a-z]{2} \d{1,2}(?:,? '?\d{2,4})? at \d)"
)
_QUOTED = re.compile(rf"(?<![^\s\"”])[–—-] ?([^\W\d][^\n–—]{{1,39}}?) ?(?=♦? ?{_WHEN})")
"""The foot of a comment that somebody has copied: `– Somebody 2 hours ago`."""


_OWNED = re.compile(
    rf"(?<![\w@])({_WORD}(?: {_WORD}){{0,2}}?)['’]s? (?:answers?|comments?|posts?|edits?|suggestions?)\b"
)
_CALLED = re.compile(rf"\b(?:[Mm]oderators?|[Uu]ser|[Mm]ods?) ({_WORD}(?: {_WORD}){{0,2}})")
_CLOSERS = re.compile(
    rf"[–—] ?({_WORD}(?: {_WORD}){{0,2}}(?:, {_WORD}(?: {_WORD}){{0,2}}){{2,9}})[ \t♦]*$", re.MULTILINE
)
"""Those who closed a question, as its notice lists them."""


@dataclass
class People:
    """The names of a site, by number and by 64 bits of each."""

    _ids: array[int] = field(default_factory=lambda: array("q"))
    _starts: array[int] = field(default_factory=lambda: array("q", [0]))
    _names: bytearray = field(default_factory=bytearray)
    _sorted: np.ndarray | None = None
    _hashes: np.ndarray | None = None

    def take(self, row: Any) -> None:
        """A row of Users.xml."""
        number, name = row.get("Id"), row.get("DisplayName")
        if name and number and re.fullmatch(r"-?\d{1,18}", number):
            self._ids.append(int(number))
            self._names += name[:_LONGEST].encode("utf-8", "replace")
            self._starts.append(len(self._names))

    def __len__(self) -> int:
        return len(self._ids)

    def name(self, number: str | None) -> str | None:
        """The name of a user."""
        if not number or not len(self) or not re.fullmatch(r"-?\d{1,18}", number):
            return None
        ids = np.frombuffer(self._ids, np.int64)
        if self._sorted is None:
            self._sorted = np.argsort(ids, kind="stable")
        at = int(np.searchsorted(ids, int(number), sorter=self._sorted))
        if at == len(self) or ids[self._sorted[at]] != int(number):
            return None
        return self._at(int(self._sorted[at]))

    def knows(self, name: str) -> bool:
        """Whether a user is called so, in capitals or not."""
        if self._hashes is None:
            self._hashes = np.sort(np.array([_hash(self._at(i)) for i in range(len(self))], np.uint64))
        code = np.uint64(_hash(name))
        at = int(np.searchsorted(self._hashes, code))
        return at < len(self._hashes) and self._hashes[at] == code

    def _at(self, index: int) -> str:
        return self._names[self._starts[index] : self._starts[index + 1]].decode("utf-8", "replace")

    def without_names(self, text: str, present: Collection[str], topic: str = "") -> str:
        """A part of a thread with the names replaced; `present` take part in the thread, `topic` is its title."""
        spans = _apart(
            [
                *self._mentions(text, present),
                *self._signature(text, present),
                *self._posters(text, present),
                *_spoken_of(text, present, topic),
                *(match.span(1) for match in _QUOTED.finditer(text)),
            ]
        )
        code = code_spans(text) if spans else []
        pieces, at = [], 0
        for start, end in spans:
            if not any(first <= start < last for first, last in code):
                pieces += [text[at:start], USER]
                at = end
        return "".join([*pieces, text[at:]])

    def _is_someone(self, name: str, present: Collection[str]) -> bool:
        lowered = name.lower()
        return lowered not in _NOBODY and (any(lowered == one.lower() for one in present) or self.knows(name))

    def _mentions(self, text: str, present: Collection[str]) -> list[tuple[int, int]]:
        """An @ and the longest name behind it."""
        found = []
        for match in _MENTION.finditer(text) if "@" in text else ():
            forms = (form for name in _beginnings(match[1]) for form in _forms(name))
            name = next((form for form in forms if self._is_someone(form, present)), None)
            if name is not None:
                found.append((match.start(), match.start(1) + len(name)))
        return found

    def _posters(self, text: str, present: Collection[str]) -> list[tuple[int, int]]:
        """Names of the site where only a user's can stand; of a site whose users are not known, those that are like no word."""
        found = []
        for match in _OWNED.finditer(text):
            start = match.start(1)
            for name in _endings(match[1]):
                if self._is_someone(name, present) or (not len(self) and _is_like_no_word(name) and " " not in name):
                    found.append((start + len(match[1]) - len(name), match.end(1)))
                    break
        for match in _CALLED.finditer(text):
            names = (form for name in _beginnings(match[1]) for form in _forms(name))
            named = (name for name in names if len(name) > 2 and (name[0].isupper() or _is_like_no_word(name)))
            name = next((name for name in named if self._is_someone(name, present)), None)
            if name is not None:
                found.append((match.start(1), match.start(1) + len(name)))
        for match in _CLOSERS.finditer(text):
            at = match.start(1)
            for name in match[1].split(", "):
                if self._is_someone(name, present):
                    found.append((at, at + len(name)))
                at += len(name) + 2
        return found

    def _signature(self, text: str, present: Collection[str]) -> list[tuple[int, int]]:
        stripped = text.rstrip()
        match = _SIGNATURE.search(stripped, max(len(stripped) - 200, 0))
        if match is None:
            return []
        name = match[1].rstrip(".'’-")
        return [(match.start(1), match.start(1) + len(name))] if self._is_someone(name, present) else []


def _spoken_of(text: str, present: Collection[str], topic: str) -> list[tuple[int, int]]:
    found = []
    for name in present:
        if len(name) < 3 or name not in text:
            continue
        about = name.lower() in topic.lower()
        said = [match.span() for match in _whole(name).finditer(text)]
        if _is_like_no_word(name) and not about and len(said) <= _TOPIC:
            found += said
        elif not about:
            found += [match.span(match.lastindex or 0) for match in _as_poster(name).finditer(text)]
    return found


def _beginnings(words: str) -> list[str]:
    """The first words of some, the most first."""
    split = words.split(" ")
    return [" ".join(split[:n]) for n in range(len(split), 0, -1)]


def _endings(words: str) -> list[str]:
    """The last words of some, the most first."""
    split = words.split(" ")
    return [" ".join(split[n:]) for n in range(len(split))]


def _forms(name: str) -> tuple[str, ...]:
    """A name as it may be written: with what belongs to the sentence behind it, and without."""
    bare = re.sub(r"(?:['’]s?)$", "", name)
    return tuple(dict.fromkeys((name, bare, bare.rstrip(".'’-"))))


def _is_like_no_word(name: str) -> bool:
    """Has a digit, an underscore or a capital inside; or is two or more capitalised words."""
    words = name.split()
    if len(words) > 1:
        return all(word[0].isupper() and len(word) > 1 for word in words if word.isalpha()) and len(name) >= 7
    return len(name) >= 5 and re.search(r"[a-z][A-Z]|[A-Za-z_]\d|\d[A-Za-z_]|[a-z]_[a-z]", name) is not None


@lru_cache(maxsize=4096)
def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


@lru_cache(maxsize=4096)
def _as_poster(name: str) -> re.Pattern[str]:
    """The name beside words about posts; the group that matched is the name."""
    one = rf"(?<!\w)({re.escape(name)})"
    return re.compile(
        rf"{one}(?='s? {_POST}\b|’s? {_POST}\b| {_SAID}\b)|(?<!\w){_BY} {one}(?!\w)(?=[\s,.:!)]|$)(?! [A-Z])|\b{_POST} (?:by|of|from) {one}(?!\w)"
    )


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.lower().encode("utf-8", "replace"), digest_size=8).digest(), "big")

"""The class of a book in the Chinese Library Classification (one of 22 letters): by its catalogue's codes and words, else by its text.

    class_of(lcc=["PR4611"])                            "I"
    class_of(subjects=["Utopias -- Fiction"])           "I"
    class_of(title="资治通鉴 周纪二")                     "K"
    fill_categories(frame)                              `category` of the rest, by the classifiers `books/clc/en` and `books/clc/zh`

What a code or word means is data: book_classes.yaml, written by us. Codes count more than words, and those more than the title.

Not here: the classes' names (taxonomy.yaml), the classifiers' texts (training/books.clc.*.yaml).
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict

from corpus_platform.models.shelf import Shipped
from corpus_platform.models.taxonomy import taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from corpus_platform.models.shelf import Scorer

CLASSIFIERS = {"en": "books/clc/en", "zh": "books/clc/zh"}
"""Models by language."""
CACHE = "CORPUS_MODEL_CACHE"
"""Variable of the environment that names the folder in which shipped models are kept."""
_WINDOWS, _WINDOW = 12, 800
_LEAST = 0.4
"""A text whose windows do not agree on a class to this share of their probability stays without one."""
_CLC = re.compile(r"(?P<letter>[A-KN-VXZ])(?:(?:(?<=T)[A-Z]|(?<=D)F)?(?:\d[\d./-]*)?)(?:[=(].*)?")
_LCC = re.compile(r"(?P<letters>[A-HJ-NP-VZ][A-Z]{0,2})\s?(?P<digits>\d{0,4})")
_DDC = re.compile(r"\[?(?P<digits>\d{3}(?:[./']+\d+)*)\]?(?:\s.*)?")
_BISAC = re.compile(r"(?P<letters>[A-Z]{3})\d{6}")
_CLAUSES = re.compile(r"[^，。！？；、：\s]+")
_STOPS = "，。！？；"
_VERSE = range(4, 8)
_REGULAR, _FEWEST, _LONGEST = 0.75, 4, 5_000
_LETTERS = re.compile(r"[a-z’']+")


class BookClasses(BaseModel):
    """The mapping table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lcc: dict[str, str]
    ddc: dict[str, str]
    bisac: dict[str, str]
    forms: tuple[str, ...]
    words: dict[str, tuple[str, ...]]
    titles: dict[str, tuple[str, ...]]
    endings: dict[str, tuple[str, ...]]


@cache
def book_classes() -> BookClasses:
    """The table that is shipped."""
    text = files("corpus_platform.models").joinpath("book_classes.yaml").read_text("utf-8")
    return BookClasses.model_validate(yaml.safe_load(text))


def class_of(
    *,
    clc: Iterable[str] = (),
    lcc: Iterable[str] = (),
    ddc: Iterable[str] = (),
    subjects: Iterable[str] = (),
    title: str | None = None,
) -> str | None:
    """The class that a book's catalogue entry gives: CLC, LCC and Dewey codes, then subjects (most of them), then the title. None where nothing says it."""
    for codes, known in ((clc, class_of_clc), (lcc, class_of_lcc), (ddc, class_of_ddc)):
        for code in codes:
            if found := known(code):
                return found
    votes = Counter(found for subject in subjects if (found := class_of_subject(subject)))
    if votes:
        return max(votes, key=lambda letter: votes[letter])
    return class_of_title(title) if title else None


def class_of_clc(code: str) -> str | None:
    """`I242.4`, `TP311`, `K204.3` by their letter."""
    match = _CLC.fullmatch(code.strip().upper())
    return match["letter"] if match and match["letter"] in taxonomy().clc else None


def class_of_lcc(code: str) -> str | None:
    """`PR4611 .A7`, `QA76.73`: the longest beginning that the table has."""
    match = _LCC.match(code.strip().upper())
    return _longest(match["letters"] + match["digits"], book_classes().lcc) if match else None


def class_of_ddc(code: str) -> str | None:
    """`823.8`, `629.13`: the longest beginning that the table has."""
    match = _DDC.fullmatch(code.strip())
    return _longest(match["digits"].replace("/", "").replace("'", ""), book_classes().ddc) if match else None


def class_of_subject(subject: str) -> str | None:
    """A subject heading, or a code that stands in its place (BISAC, Dewey)."""
    text = subject.strip()
    if match := _BISAC.fullmatch(text):
        return book_classes().bisac.get(match["letters"])
    if found := class_of_ddc(text):
        return found
    parts = [part.strip().lower() for part in re.split(r"\s*(?:--|/|>|；)\s*", text) if part.strip()]
    if any(part.rstrip(".") in book_classes().forms for part in parts):
        return "I"
    return next((found for part in parts if (found := _by_words(part))), None)


def class_of_title(title: str, *, known_only: bool = False) -> str | None:
    """A Chinese book whose title is known, or, unless `known_only`, ends in a word that says its kind."""
    book = re.split(r"[ 　·・:：_（(《]", title.strip().lstrip("《"))[0].strip("》")
    if not book or book.isascii():
        return None
    table = book_classes()
    for letter, titles in table.titles.items():
        if book in titles:
            return letter
    if known_only:
        return None
    ends = [
        (len(end), letter)
        for letter, every in table.endings.items()
        for end in every
        if book.endswith(end) and book != end
    ]
    return max(ends)[1] if ends else None


def fill_categories(
    frame: pl.DataFrame, models: Mapping[str, Scorer] | None = None, *, least: float = _LEAST
) -> pl.DataFrame:
    """The documents with `category` filled in where it was null: by a title that is known, by regular verse, else by the classifier of the language.

    Reads `title`, `text`, `language`; a language without a classifier, and a text whose windows disagree, stay null. Without `models` the shipped
    ones are trained (some seconds, once) into the folder that CORPUS_MODEL_CACHE names, else a private one of this process.
    """
    if "category" not in frame.columns or not frame["category"].null_count():
        return frame
    texts = frame["text"]
    given: list[str | None] = frame["category"].to_list()
    titles, languages = (
        frame[name].to_list() if name in frame.columns else [None] * frame.height for name in ("title", "language")
    )
    lacking: dict[str, list[int]] = {}
    for i, (letter, title, language) in enumerate(zip(given, titles, languages, strict=True)):
        if letter is None:
            given[i] = class_of_title(title, known_only=True) if title else None
            if given[i] is None and language == "zh" and is_regular_verse(texts[i]):
                given[i] = "I"
            if given[i] is None and language in CLASSIFIERS:
                lacking.setdefault(str(language), []).append(i)
    for code, rows in lacking.items():
        found = classes_of_texts(
            [texts[i] for i in rows], (_shipped() if models is None else models).get(CLASSIFIERS[code]), least
        )
        for i, letter in zip(rows, found, strict=True):
            given[i] = letter
    return frame.with_columns(pl.Series("category", given, pl.String))


def classes_of_texts(texts: Sequence[str], model: Scorer | None, least: float = _LEAST) -> list[str | None]:
    """The class of each text by windows of it: the one with the most probability, where that is at least `least` of all."""
    if model is None:
        return [None] * len(texts)
    windows = [_windows(text) for text in texts]
    said = model.classify([window for one in windows for window in one])  # type: ignore[attr-defined]
    found: list[str | None] = []
    at = 0
    for one in windows:
        votes: Counter[str] = Counter()
        for i in range(at, at + len(one)):
            if said.labels[i] is not None:
                votes[said.labels[i]] += said.probability[i]
        at += len(one)
        best = max(votes, key=lambda letter: votes[letter]) if votes else None
        found.append(best if best and votes[best] >= least * len(one) else None)
    return found


def is_regular_verse(text: str) -> bool:
    """Whether a Chinese text is verse of even length: three in four of its clauses have the same 4 to 7 characters. Lines without a stop do not count."""
    if len(text) > _LONGEST:
        return False
    lines = [line for line in text.split("\n") if line.rstrip().endswith(tuple(_STOPS))]
    lengths = [len(clause) for line in lines for clause in _CLAUSES.findall(line)]
    if len(lengths) < _FEWEST:
        return False
    usual, count = Counter(lengths).most_common(1)[0]
    return usual in _VERSE and count >= _REGULAR * len(lengths)


def _windows(text: str) -> list[str]:
    """At most 12 windows of 800 characters, evenly over the text."""
    if len(text) <= _WINDOW:
        return [text]
    count = min(_WINDOWS, -(-len(text) // _WINDOW))
    step = (len(text) - _WINDOW) / max(count - 1, 1)
    return [text[int(i * step) : int(i * step) + _WINDOW] for i in range(count)]


def _longest(code: str, table: Mapping[str, str]) -> str | None:
    return next((table[code[:end]] for end in range(len(code), 0, -1) if code[:end] in table), None)


@cache
def _words() -> tuple[dict[str, str], dict[str, str]]:
    """English words and phrases, and Chinese ones, with their classes."""
    every = {word.lower(): letter for letter, words in book_classes().words.items() for word in words}
    return {w: c for w, c in every.items() if w.isascii()}, {w: c for w, c in every.items() if not w.isascii()}


def _by_words(text: str) -> str | None:
    """The class of the longest word or phrase of the table that a part of a heading has."""
    english, chinese = _words()
    found = [(len(word), letter) for word, letter in chinese.items() if word in text]
    if _LETTERS.search(text):
        padded = f" {' '.join(_LETTERS.findall(text))} "
        found += [(len(word), letter) for word, letter in english.items() if f" {word} " in padded]
    return max(found)[1] if found else None


@cache
def _shipped() -> Shipped:
    """The shipped models, in the folder that is named, or in one that goes with this process."""
    place = os.environ.get(CACHE)
    if place is None:
        _KEPT.append(tempfile.TemporaryDirectory(prefix="corpus-models-"))
        place = _KEPT[0].name
    return Shipped(Path(place))


_KEPT: list[tempfile.TemporaryDirectory[str]] = []

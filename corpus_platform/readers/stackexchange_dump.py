"""What is in a site's dump: Posts.xml, Comments.xml and Users.xml in a folder or a zip, and the threads that its posts make.

A first pass says where each post is and whose answer it is (21 bytes a post, twice that while answers are joined to questions, and 12 a comment);
then questions are taken in groups of `_GROUP` bytes whose posts are fetched together.
Promise: every row of Posts.xml is in a thread or a reject; memory is bounded by a group besides those figures.

Not here: rows and their places (dump_rows.py), what becomes of a thread (stackexchange.py).
"""

from __future__ import annotations

import re
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from corpus_platform.readers.archives import members
from corpus_platform.readers.dump_rows import Places, fetch, survey
from corpus_platform.readers.people import People
from corpus_platform.readers.unpacking import ArchiveError, Problem

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from corpus_platform.readers.reader import Unit
    from corpus_platform.sources.records import Reject

Attributes = dict[str, str]

_GROUP = 32 << 20
"""Bytes of the rows that are held at once."""
_QUESTION, _ANSWER = 1, 2


@dataclass
class _Posts:
    """What the first pass says of each row of Posts.xml."""

    places: Places = field(default_factory=Places)
    kind: array[int] = field(default_factory=lambda: array("b"))
    id: array[int] = field(default_factory=lambda: array("i"))
    parent: array[int] = field(default_factory=lambda: array("i"))
    score: array[int] = field(default_factory=lambda: array("i"))

    def take(self, row: Any) -> None:
        """A row; one without numbers is of kind 0."""
        kind, number = number_in(row.get("PostTypeId")), number_in(row.get("Id"))
        parent, score = number_in(row.get("ParentId")), number_in(row.get("Score"))
        if kind is None:
            kind = _ANSWER if parent is not None else _QUESTION if row.get("Title") else 0
        self.kind.append(kind if number is not None and 0 <= kind < 100 else 0)
        self.id.append(number or 0)
        self.parent.append(parent or 0)
        self.score.append(score or 0)


@dataclass
class Thread:
    """A question and the rows of its answers and of comments, with their attributes."""

    row: int
    question: Attributes
    answers: list[tuple[int, Attributes]]
    comments: dict[str, list[Attributes]]


class Dump:
    """A site's dump. `people` are known when the first thread is given."""

    def __init__(self, unit: Unit, *, comments: bool) -> None:
        self.people = People()
        self._unit, self._wants_comments = unit, comments
        self._posts = _Posts()
        self._comment_places, self._comment_post = Places(), array("i")

    def threads(self) -> Iterator[Thread | Reject]:
        """The questions in the order of the dump; rejects of rows that are in no thread come first. Raises ArchiveError."""
        with self._open("posts.xml") as stream:
            if stream is None:
                yield self.reject(0, "not_a_dump", "no Posts.xml in it")
                return
            self._posts.places = survey(stream, self._unit.name, self._posts.take)
        yield from self._side_files()
        if self._posts.places.problem is not None:
            problem = self._posts.places.problem
            yield self.reject(len(self._posts.kind), problem.reason, problem.detail)
            if problem.reason == "not_a_dump":
                return
        questions, answers, of = yield from self._joined()
        for group in self._groups(questions, answers, of):
            yield from self._threads(*group)

    def reject(self, row: int, reason: str, detail: str = "", *, broken: bool = True) -> Reject:
        """A reject of a row of Posts.xml."""
        return self._unit.reject(row, reason, detail, broken=broken)

    def _side_files(self) -> Iterator[Reject]:
        with self._open("users.xml") as stream:
            if stream is not None and (problem := survey(stream, "Users.xml", self.people.take).problem):
                yield self.reject(0, problem.reason, f"Users.xml: {problem.detail}")
        if not self._wants_comments:
            return
        with self._open("comments.xml") as stream:
            if stream is not None:
                self._comment_places = survey(
                    stream, "Comments.xml", lambda row: self._comment_post.append(number_in(row.get("PostId")) or 0)
                )
                if problem := self._comment_places.problem:
                    yield self.reject(0, problem.reason, f"Comments.xml: {problem.detail}")

    def _joined(self) -> Generator[Reject, None, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rows of questions, of answers, and which question (its place among them) each answer is of, by that."""
        kind, ids = np.array(self._posts.kind), np.array(self._posts.id)
        parent = np.array(self._posts.parent)
        first = np.zeros(len(kind), np.bool_)
        numbered = np.flatnonzero(kind)
        first[numbered[np.unique(ids[numbered], return_index=True)[1]]] = True
        for row in np.flatnonzero((kind == 0) | ~first).tolist():
            yield self.reject(row, "bad_row", "no number or kind" if not kind[row] else f"post {ids[row]} again")
        for row in np.flatnonzero(first & (kind > _ANSWER)).tolist():
            yield self.reject(row, "other_post", f"kind {kind[row]}", broken=False)
        questions, answers = np.flatnonzero(first & (kind == _QUESTION)), np.flatnonzero(first & (kind == _ANSWER))
        order = np.argsort(ids[questions], kind="stable")
        at = np.minimum(np.searchsorted(ids[questions], parent[answers], sorter=order), max(len(questions) - 1, 0))
        of = order[at] if len(questions) else at
        known = ids[questions[of]] == parent[answers] if len(questions) else np.zeros(len(answers), np.bool_)
        for row in answers[~known].tolist():
            yield self.reject(row, "orphan_answer", f"an answer to {parent[row]}", broken=False)
        by_question = np.argsort(of[known], kind="stable")
        return questions, answers[known][by_question], of[known][by_question]

    def _groups(
        self, questions: np.ndarray, answers: np.ndarray, of: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Questions that follow each other, with their answers, of about `_GROUP` bytes."""
        if not len(questions):
            return
        sizes = self._posts.places.sizes()
        whole = sizes[questions] + np.bincount(of, sizes[answers], len(questions)).astype(np.int64)
        bounds = np.append(np.searchsorted(of, np.arange(len(questions))), len(of))
        group = np.cumsum(whole) // _GROUP
        starts = np.append(np.flatnonzero(np.diff(group, prepend=-1)), len(questions))
        for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            mine = slice(bounds[first], bounds[last])
            yield questions[first:last], answers[mine], of[mine] - first

    def _threads(self, questions: np.ndarray, answers: np.ndarray, of: np.ndarray) -> Iterator[Thread | Reject]:
        wanted = np.sort(np.concatenate([questions, answers]))
        with self._open("posts.xml") as stream:
            assert stream is not None
            posts = dict(fetch(stream, self._posts.places, wanted, self._unit.name))
        comments = self._comments_on(np.array(self._posts.id)[wanted])
        mine: list[list[int]] = [[] for _ in range(len(questions))]
        for answer, place in zip(answers.tolist(), of.tolist(), strict=True):
            mine[place].append(answer)
        for row, rows in zip(questions.tolist(), mine, strict=True):
            question = posts[row]
            good = [(answer, found) for answer in rows if (found := posts[answer]) is not None]
            if question is None:
                yield self.reject(row, "bad_row", "too long")
                yield from (self.reject(answer, "question_rejected", broken=False) for answer in rows)
                continue
            yield from (self.reject(answer, "bad_row", "too long") for answer in rows if posts[answer] is None)
            yield Thread(row, question, good, comments)

    def _comments_on(self, posts: np.ndarray) -> dict[str, list[Attributes]]:
        """Comments by the number of their post."""
        found: dict[str, list[Attributes]] = {}
        if not len(self._comment_places):
            return found
        wanted = np.flatnonzero(np.isin(np.array(self._comment_post)[: len(self._comment_places)], posts))
        with self._open("comments.xml") as stream:
            assert stream is not None
            for _, row in fetch(stream, self._comment_places, wanted, "Comments.xml"):
                if row is not None and row.get("Text"):
                    found.setdefault(row.get("PostId", ""), []).append(row)
        return found

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO | None]:
        """A file of the dump by its lower-cased name, the one that lies highest; None where there is none."""
        if self._unit.name.lower().endswith(".zip"):
            with self._unit.open() as stream:
                yield self._member(stream, name)
            return
        paths = [file.path for file in self._unit.files if file.path.lower().rpartition("/")[2] == name]
        if not paths:
            yield None
            return
        with self._unit.open(min(paths, key=lambda path: (path.count("/"), path))) as stream:
            yield stream

    def _member(self, stream: BinaryIO, name: str) -> BinaryIO | None:
        for member in members(stream, self._unit.name):
            if isinstance(member, Problem):
                raise ArchiveError(member)
            if member.path.lower().rpartition("/")[2] == name:
                return member.open()
        return None


def number_in(value: str | None) -> int | None:
    """A whole number of 32 bits."""
    return int(value) if value and re.fullmatch(r"-?[0-9]{1,9}|1[0-9]{9}", value) else None

"""Answers that people have written to task sheets: by the sheet's rules and the verdicts of reviewers they become dialogues, or are turned away with a reason.

    desk = Desk(sheets(), CollectHuman())
    for found in desk.take(filled_in(unit, reading)): ...    # Found: Dialogue | Problem
    desk.figures()                                            # answers, kept, agreement by sheet

What the user asks in a dialogue is the sheet's own text of the task, never the file's. Of several good answers to one task the first is taken.
A reviewer's verdict on an answer of one's own does not count; of several verdicts of one reviewer the last does.
Promise: every answer that comes in is a dialogue or has a reason code; ids of people are in no reason and no detail.

Not here: forms of files (records.py), sheets (sheet.py), words of lists (lists/), refusals by phrase and evaluation sets (recipes over dialogues).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.lists.lists import Lists
from corpus_platform.readers.unpacking import Problem as Unreadable
from corpus_platform.sft.collected.agreement import agreement
from corpus_platform.sft.collected.pseudonyms import Pseudonyms
from corpus_platform.sft.collected.records import VERDICTS, submissions
from corpus_platform.sft.collected.sheet import units
from corpus_platform.sft.containers import pieces, records_of
from corpus_platform.sft.form import Dialogue, Found, Problem, assistant, user
from corpus_platform.sft.kinds.about import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from corpus_platform.readers.reader import Unit
    from corpus_platform.sft.collected.records import Submission
    from corpus_platform.sft.collected.sheet import Rules, Sheet, Task
    from corpus_platform.sft.reading import Reading

REASONS = {
    "unknown_sheet": "There is no sheet of that name",
    "unknown_task": "The sheet has no such task: it was changed since it was handed out",
    "no_writer": "Nobody is named who wrote the answer",
    "refused": "The writer has refused the task",
    "no_answer": "The answer is empty",
    "too_short": "The answer has fewer words, or Chinese characters, than the sheet asks for",
    "too_long": "The answer has more words, or Chinese characters, than the sheet allows",
    "other_language": "The answer is not in the language of the sheet",
    "unsafe_words": "The answer has a word that the sheet forbids, or words of the lists that the prompt has not",
    "copied_prompt": "Too much of the answer is a copy of the prompt",
    "unknown_verdict": "A reviewer's verdict is none of good, bad, unsure",
    "not_reviewed": "Fewer reviewers than asked for have seen the answer",
    "reviewed_bad": "No reviewer calls the answer good",
    "reviewers_disagree": "Reviewers do not agree that the answer is good",
    "answered_before": "The task has a good answer already",
    "wrong_shape": "The record is no object",
}
"""Reason codes of answers that are turned away, with their meaning."""

LISTS = ("flagged_words", "ldnoobw")
"""Lists whose words are held against an answer."""
_RUN = 5
"""Units of a run by which a copy is told."""
_LISTED = 2
"""So many different words of the lists are too many: one by itself shows nothing."""


class CollectHuman(BaseModel):
    """What is asked of answers beside the rules of their sheets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reviews: int | None = Field(
        default=None, ge=0, description="Reviewers that an answer needs; as its sheet says by default"
    )
    accept: Literal["all", "majority"] = Field(
        default="all", description="Whether all reviewers must call an answer good, or more than half of them"
    )
    key: Path | None = Field(
        default=None, description="File with the key of pseudonyms: ids of writers and reviewers are hashed with it"
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """An answer with its place: file, ordinal of the record in it from 0, number within the record from 0."""

    file: str
    position: int
    ordinal: int
    answer: Submission


@dataclass
class Desk:
    """Takes answers in, one after the other, and remembers which tasks have one."""

    sheets: Mapping[str, Sheet]
    options: CollectHuman
    lists: Lists = field(default_factory=Lists.of)
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    _answered: set[str] = field(default_factory=set)
    _reviewed: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _counts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: {"answers": 0, "kept": 0}))

    def take(self, found: Iterable[Found | Filled]) -> Iterator[Found]:
        """Outcomes of answers in order; a problem of reading goes through."""
        for one in found:
            yield (
                one if isinstance(one, Found) else Found(one.file, one.position, one.ordinal, self._outcome(one.answer))
            )

    def figures(self) -> dict[str, dict[str, Any]]:
        """By sheet: `answers` that came in, `kept`, and the agreement of their reviewers."""
        names = sorted(self._counts)
        return {name: {**self._counts[name], **vars(agreement(self._reviewed[name]))} for name in names}

    @cached_property
    def _tasks(self) -> dict[str, tuple[Sheet, Task]]:
        return {task.id: (sheet, task) for sheet in self.sheets.values() for task in sheet.tasks()}

    def _outcome(self, one: Submission) -> Dialogue | Problem:
        if one.sheet not in self.sheets:
            return _problem("unknown_sheet", one.sheet[:80])
        self._counts[one.sheet]["answers"] += 1
        sheet, task = self._tasks.get(one.task, (None, None))
        if sheet is None or task is None or sheet.name != one.sheet:
            return _problem("unknown_task", one.sheet)
        verdicts = _verdicts(one)
        if isinstance(verdicts, Problem):
            return verdicts
        if verdicts:
            self._reviewed[sheet.name].append(verdicts)
        wrong = self._wrong(one, sheet, task) or self._turned_down(verdicts, sheet)
        if wrong is None and task.id in self._answered:
            wrong = _problem("answered_before", sheet.name)
        if wrong is not None:
            return wrong
        self._answered.add(task.id)
        self._counts[sheet.name]["kept"] += 1
        return self._dialogue(one, sheet, task, verdicts)

    def _wrong(self, one: Submission, sheet: Sheet, task: Task) -> Problem | None:
        """The first rule that an answer breaks."""
        if not one.writer:
            return _problem("no_writer", sheet.name)
        if one.refused or not one.answer:
            return _problem("refused" if one.refused else "no_answer", sheet.name)
        said = units(one.answer)
        return _of_wrong_length(said, sheet) or self._wrong_words(one.answer, said, sheet, task)

    def _wrong_words(self, answer: str, said: list[str], sheet: Sheet, task: Task) -> Problem | None:
        rules = sheet.part.rules
        if rules.language and sheet.language in {"en", "zh"} and chinese(answer) != (sheet.language == "zh"):
            return _problem("other_language", sheet.name)
        if self._is_unsafe(answer, task.text, rules):
            return _problem("unsafe_words", sheet.name)
        share = 0.0 if rules.copied is None else copied(said, units(task.prompt))
        if rules.copied is not None and share > rules.copied:
            return _problem("copied_prompt", f"{sheet.name}: {share:.2f} > {rules.copied}")
        return None

    def _turned_down(self, verdicts: Mapping[str, str], sheet: Sheet) -> Problem | None:
        """Why reviewers have not let an answer pass."""
        needed = sheet.part.reviewers if self.options.reviews is None else self.options.reviews
        good = sum(verdict == "good" for verdict in verdicts.values())
        if len(verdicts) < needed:
            return _problem("not_reviewed", f"{sheet.name}: {len(verdicts)} of {needed}")
        passes = good == len(verdicts) if self.options.accept == "all" else 2 * good > len(verdicts)
        if passes or not verdicts:
            return None
        return _problem(
            "reviewers_disagree" if good else "reviewed_bad", f"{sheet.name}: {good} of {len(verdicts)} good"
        )

    def _is_unsafe(self, answer: str, asked: str, rules: Rules) -> bool:
        low = answer.lower()
        if any(word.lower() in low for word in rules.forbidden):
            return True
        if not rules.listed:
            return False
        english, chinese_words = self._listed
        said, own = set(units(answer)), set(units(asked))
        hits = {word for word in english if _is_said(word, low, said) and not _is_said(word, asked.lower(), own)}
        hits |= {word for word in chinese_words if word in low and word not in asked}
        return len(hits) >= _LISTED

    @cached_property
    def _listed(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        english, of_china = ([e for name in LISTS for e in self.lists.get(name, c).entries] for c in ("en", "zh"))
        return tuple(english), tuple(of_china)

    def _dialogue(self, one: Submission, sheet: Sheet, task: Task, verdicts: Mapping[str, str]) -> Dialogue:
        reviewers = [self.pseudonyms(name) for name in verdicts]
        told = {"author": self.pseudonyms(one.writer), "reviewers": reviewers, "sheet": sheet.name, "task": task.id}
        return Dialogue(
            (user(task.text), assistant(one.answer)),
            task_type=sheet.task_type,
            language=sheet.language,
            labels={"reviews": len(verdicts), "good": sum(verdict == "good" for verdict in verdicts.values())},
            meta=told | ({"use_case": task.use_case} if task.use_case else {}),
        )


def filled_in(unit: Unit, reading: Reading) -> Iterator[Found | Filled]:
    """Answers of a file with their places, in any of the forms of records.py; what can't be read is a Problem."""
    for piece in pieces(unit, reading.wants):
        if isinstance(piece, tuple):
            yield Found(piece[0], 0, 0, Problem(piece[1].reason, piece[1].detail))
            continue
        for read in records_of(piece, reading.container, ("row",)):
            if isinstance(read.value, Unreadable):
                yield Found(piece.file, read.position, 0, Problem(read.value.reason, read.value.detail))
            elif not isinstance(read.value, dict):
                yield Found(piece.file, read.position, 0, Problem("wrong_shape", "no object"))
            else:
                for ordinal, one in enumerate(submissions(read.value)):
                    yield Filled(piece.file, read.position, ordinal, one)


def copied(said: list[str], asked: list[str]) -> float:
    """Share of the runs of five units of an answer that the prompt has too, 0..1; of a shorter answer, whether the prompt has it whole."""
    n = min(_RUN, len(said))
    if not n:
        return 0.0
    known = {tuple(asked[i : i + n]) for i in range(len(asked) - n + 1)}
    runs = [tuple(said[i : i + n]) for i in range(len(said) - n + 1)]
    return sum(run in known for run in runs) / len(runs)


def _of_wrong_length(said: list[str], sheet: Sheet) -> Problem | None:
    rules = sheet.part.rules
    if len(said) < rules.least:
        return _problem("too_short", f"{sheet.name}: {len(said)} < {rules.least}")
    return _problem("too_long", f"{sheet.name}: {len(said)} > {rules.most}") if len(said) > rules.most else None


def _verdicts(one: Submission) -> dict[str, str] | Problem:
    """Verdict by reviewer, one's own left out."""
    found: dict[str, str] = {}
    for review in one.reviews:
        verdict = VERDICTS.get(review.verdict.strip().lower())
        if verdict is None:
            return _problem("unknown_verdict", f"{one.sheet}: `{review.verdict[:20]}`")
        if review.reviewer and review.reviewer != one.writer:
            found[review.reviewer] = verdict
    return found


def _is_said(word: str, text: str, words: set[str]) -> bool:
    return word in words if word.isalpha() else word in text


def _problem(reason: str, detail: str) -> Problem:
    return Problem(reason, detail, broken=False)

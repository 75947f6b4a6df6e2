"""Files for writers and reviewers, and back: JSON records that Argilla takes and gives, and tables with a row for each answer.

A task is written as one of

    {"id": ..., "fields": {"task": ..., "guide": ...}, "metadata": {"sheet": ..., "language": ..., ...}, "suggestions": {}, "responses": {}, "vectors": {}}
    id, sheet, language, task, guide, writer, answer, refused, reviewer_1, verdict_1, note_1, reviewer_2 ...          (CSV)

and read back in four forms: Argilla's nested records (`to_json`, `to_dict`), its flat ones (`answer.responses`, `answer.responses.users`), those of its
first version (a list of `responses` with `user_id`, `values`, `status`), and plain rows (the CSV above, or JSON with `reviews`). Questions are `answer`
(text), `refused` (yes, no), `verdict` (good, bad, unsure) and `note`. For a second round the answers are fields themselves (`to_review`), and the writer is
in `metadata`. Drafts do not count; what a writer has discarded is refused. Ids of people are those of the users as Argilla knows them.

Sources: argilla-io/argilla, argilla/src/argilla/records (Record.to_dict, the flat form of GenericIO); its docs on FeedbackDataset for the first version.
Not here: whether an answer is taken (human.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from corpus_platform.sft.kinds.about import truth, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from corpus_platform.sft.collected.sheet import Sheet, Task

VERDICTS = {
    "good": "good", "yes": "good", "ok": "good", "accept": "good", "accepted": "good", "approve": "good", "approved": "good", "好": "good", "合格": "good",
    "通过": "good", "bad": "bad", "no": "bad", "reject": "bad", "rejected": "bad", "差": "bad", "不合格": "bad", "不通过": "bad", "unsure": "unsure",
    "maybe": "unsure", "不确定": "unsure",
}  # fmt: skip
"""Verdicts by the words that people write."""
ANSWER, REFUSED, VERDICT, NOTE = "answer", "refused", "verdict", "note"
_QUESTIONS = (ANSWER, REFUSED, VERDICT, NOTE)
_DRAFTS = frozenset({"draft", "pending"})
_DISCARDED = "discarded"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that a spreadsheet takes for something to compute: prompts and answers are other people's texts."""


@dataclass(frozen=True)
class Review:
    """What a reviewer says of an answer, in the reviewer's own word."""

    reviewer: str
    verdict: str


@dataclass(frozen=True)
class Submission:
    """An answer as it came in: to which task, by whom, and what reviewers said of it."""

    task: str
    sheet: str
    writer: str
    answer: str
    refused: bool = False
    reviews: tuple[Review, ...] = ()


def to_write(sheet: Sheet, task: Task) -> dict[str, Any]:
    """A record of a task, for a writer."""
    told = {
        "sheet": sheet.name,
        "language": sheet.language,
        "task_type": sheet.task_type,
        "reviewers": sheet.part.reviewers,
    }
    told |= {"use_case": task.use_case} if task.use_case else {}
    return _record(task.id, {"task": task.text, "guide": sheet.part.guide}, told)


def to_review(sheet: Sheet, task: Task, one: Submission, number: int) -> dict[str, Any]:
    """A record of an answer, for reviewers; `number` tells several answers to one task apart."""
    told = {"task_id": task.id, "sheet": sheet.name, "language": sheet.language, "writer": one.writer}
    return _record(f"{task.id}-{number}", {"task": task.text, "guide": sheet.part.guide, ANSWER: one.answer}, told)


def _record(name: str, fields: dict[str, str], metadata: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "fields": fields, "metadata": metadata, "suggestions": {}, "responses": {}, "vectors": {}}


def columns(reviewers: int) -> list[str]:
    """Columns of a table for so many reviewers."""
    own = [f"{name}_{n}" for n in range(1, reviewers + 1) for name in ("reviewer", VERDICT, NOTE)]
    return ["id", "sheet", "language", "task", "guide", "writer", ANSWER, REFUSED, *own]


def table_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as a row of a table, where columns that people fill in are empty. A text that a spreadsheet would compute has `'` before it."""
    fields, told = record["fields"], record["metadata"]
    row = {"id": told.get("task_id", record["id"]), "sheet": told["sheet"], "language": told["language"]}
    row |= {name: f"'{text}" if text.startswith(_FORMULA) else text for name, text in fields.items()}
    return {**row, "writer": told.get("writer", "")}


def submissions(value: Any) -> Iterator[Submission]:
    """The answers of a record in any of the four forms; none of a task that nobody has touched."""
    if not isinstance(value, dict):
        return
    if isinstance(value.get("fields"), dict):
        yield from _of_argilla(value, value["fields"], value.get("metadata") or {}, _nested(value.get("responses")))
    elif any(f"{name}.responses" in value for name in _QUESTIONS):
        yield from _of_argilla(value, value, value, _flat(value))
    else:
        yield from _of_row(value)


@dataclass(frozen=True)
class _Said:
    user: str
    value: str
    status: str


def _nested(responses: Any) -> dict[str, list[_Said]]:
    """Responses by question: of an object of lists, or of the first version's list of users."""
    found: dict[str, list[_Said]] = defaultdict(list)
    if isinstance(responses, dict):
        for name, given in responses.items():
            found[name] += [
                _Said(words(one.get("user_id")), words(one.get("value")), words(one.get("status")))
                for one in given or ()
            ]
    for one in responses if isinstance(responses, list) else ():
        values = one.get("values") or {}
        # Who has discarded a task says nothing, which is what counts.
        for name in values or ((ANSWER,) if one.get("status") == _DISCARDED else ()):
            said = values.get(name, {})
            value = said.get("value") if isinstance(said, dict) else said
            found[name].append(_Said(words(one.get("user_id")), words(value), words(one.get("status"))))
    return found


def _flat(value: Mapping[str, Any]) -> dict[str, list[_Said]]:
    found: dict[str, list[_Said]] = {}
    for name in _QUESTIONS:
        given = value.get(f"{name}.responses") or []
        users = value.get(f"{name}.responses.users") or [""] * len(given)
        status = value.get(f"{name}.responses.status") or [""] * len(given)
        found[name] = [_Said(words(u), words(v), words(s)) for u, v, s in zip(users, given, status, strict=False)]
    return found


def _of_argilla(
    record: Mapping[str, Any], fields: Mapping[str, Any], told: Mapping[str, Any], said: Mapping[str, list[_Said]]
) -> Iterator[Submission]:
    """Answers of a record: the one that stands in its fields, or one of each user who has answered."""
    said = {name: [one for one in given if one.status not in _DRAFTS] for name, given in said.items()}
    reviews = tuple(Review(one.user, one.value) for one in said.get(VERDICT, ()) if one.value)
    sheet = words(told.get("sheet"))
    if answer := words(fields.get(ANSWER)):
        yield Submission(
            words(told.get("task_id") or record.get("id")), sheet, words(told.get("writer")), answer, reviews=reviews
        )
        return
    declined = {one.user for one in said.get(REFUSED, ()) if truth(one.value)}
    answers = said.get(ANSWER, ())
    declined |= {one.user for one in answers if one.status == _DISCARDED}
    silent = [_Said(user, "", "") for user in sorted(declined - {one.user for one in answers})]
    every = [*answers, *silent]
    for one in every:
        # A verdict on one of several answers does not say on which: a second round does.
        own = reviews if len(every) == 1 else ()
        yield Submission(words(record.get("id")), sheet, one.user, one.value, one.user in declined, own)


def _of_row(row: Mapping[str, Any]) -> Iterator[Submission]:
    answer, refused = words(row.get(ANSWER)), bool(truth(row.get(REFUSED)))
    if answer.startswith("'") and answer[1:].startswith(_FORMULA):
        answer = answer[1:]
    writer = words(row.get("writer"))
    if not (answer or refused or writer):
        return
    listed = [(one.get("reviewer"), one.get(VERDICT)) for one in row.get("reviews") or () if isinstance(one, dict)]
    numbered = sorted(key for key in row if key.startswith(f"{VERDICT}_"))
    listed += [(row.get(key.replace(VERDICT, "reviewer")), row.get(key)) for key in numbered]
    given = tuple(Review(words(who), words(said)) for who, said in listed if words(said))
    yield Submission(words(row.get("id")), words(row.get("sheet")), writer, answer, refused, given)


def numbered(answers: Iterable[Submission]) -> Iterator[tuple[int, Submission]]:
    """Answers with their number among those to one task, from 0."""
    seen: dict[str, int] = defaultdict(int)
    for one in answers:
        yield seen[one.task], one
        seen[one.task] += 1

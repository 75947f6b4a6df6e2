"""A prompt with several answers: which of them was preferred, or who wrote them.

    {"prompt": ..., "chosen": ..., "rejected": ...}              texts, messages, or whole dialogues with one beginning; several rejected ones too
    {"conversations": [...], "chosen": {"from": "gpt", "value": ...}, "rejected": {...}}         LLaMA-Factory, MedicalGPT
    {"conversation_a": [...], "conversation_b": [...], "winner": "model_a", "model_a": ..., "judge": ...}   Chatbot Arena
    {"question": ..., "human_answers": [...], "chatgpt_answers": [...]}                                     HC3
    {"messages": [..., {"role": "assistant", ...}], "label": true}, {"prompt": ..., "completion": ..., "label": false}   KTO: one answer, good or not
    {"prompt": ..., "responses": [{"response": ..., "model": ..., "score": 4.0}, ...]}                      answers with scores or ranks

Which of these a record is follows from the fields that the map names. The prompt is what all answers have before them. `dialogues: chosen` also gives
the preferred answer (or the good one) as a dialogue, `all` each answer that nobody found worse.

Sources: lmsys/chatbot_arena_conversations, Hello-SimpleAI/HC3, hiyouga/LLaMA-Factory (ranking, kto_tag), shibing624/MedicalGPT, UltraFeedback.
Not here: what trainers read (exports/preferences.py), marks of speakers beyond HH's (marked_text.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Answer, Dialogue, Message, Outcome, Preference, Problem, user
from corpus_platform.sft.kinds.about import COMMON, about, given_input, listed, tools_of, truth, words
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind
from corpus_platform.sft.kinds.said import WrongMessages, reply, said_by, with_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from corpus_platform.sft.kinds.kind import Record

_SCORES = ("score", "overall_score", "rating", "fine-grained_score")
_TEXTS = ("response", "answer", "text", "content", "output", "completion")


@register_kind
class Compare(Kind):
    """Preferences: Arena, HC3, chosen and rejected, KTO, answers with scores."""

    name: ClassVar[str] = "compare"
    about: ClassVar[str] = "A prompt with several answers that are compared, or one that is found good or not"
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "prompt": Column("What is asked: a text, or messages", ("prompt", "question", "conversations", "messages", "instruction", "query")),
        "input": Column("What a prompt that is a text is about", ("input",)),
        "history": Column("Pairs of earlier questions and answers", ("history",)),
        "chosen": Column("The answer that was preferred", ("chosen", "response_chosen")),
        "rejected": Column("The answer that was not, or several", ("rejected", "response_rejected")),
        "chosen_score": Column("Score of the preferred answer", ("score_chosen", "chosen_score")),
        "rejected_score": Column("Score of the other", ("score_rejected", "rejected_score")),
        "a": Column("A whole dialogue", ("conversation_a",)),
        "b": Column("Another with the same beginning", ("conversation_b",)),
        "model_a": Column("Model of the one", ("model_a",)),
        "model_b": Column("Model of the other", ("model_b",)),
        "winner": Column("Which was preferred: model_a, model_b, tie, tie (bothbad)", ("winner",)),
        "judge": Column("Who chose", ("judge",)),
        "human": Column("Answers of people", ("human_answers",)),
        "machine": Column("Answers of a model", ("chatgpt_answers",)),
        "answers": Column("Answers with scores or ranks", ("responses", "completions", "answers")),
        "completion": Column("The one answer", ("completion", "response")),
        "good": Column("Whether the one answer is good", ("label", "kto_tag", "rating")),
    }  # fmt: skip
    reasons: ClassVar[Mapping[str, str]] = {
        "one_answer": "There is nothing to compare the answer with",
        "same_answers": "The preferred answer and the other are the same",
    }
    gives: ClassVar[frozenset[str]] = frozenset({"preferences", "dialogues"})

    dialogues: Literal["none", "chosen", "all"] = Field(default="none", description="Which answers are dialogues too")
    prefer: Literal["human", "machine"] | None = Field(
        default=None,
        description="Whose answer is preferred where answers are told apart by who wrote them; nobody's by default",
    )

    def read(self, record: Record) -> Iterator[Outcome]:
        """A preference, and dialogues if they are asked for; or why there is none."""
        try:
            found = self._preference(record)
        except WrongMessages as wrong:
            found = wrong.problem
        yield found
        if isinstance(found, Preference):
            yield from self._dialogues(found)

    def _preference(self, record: Record) -> Preference | Problem:
        given = {name for name in self.fields if record.get(name) is not None}
        if {"a", "b"} <= given:
            return _arena(record)
        if given & {"human", "machine"}:
            return self._by_writer(record)
        if given & {"chosen", "rejected"}:
            return _chosen(record)
        if "answers" in given:
            return _scored(record)
        return _judged(record)

    def _by_writer(self, record: Record) -> Preference | Problem:
        people = [Answer(reply(text)) for one in listed(record.get("human")) if (text := words(one))]
        model = record.text("origin_model") or "chatgpt"
        machines = [Answer(reply(text), model) for one in listed(record.get("machine")) if (text := words(one))]
        both = {"human": people, "machine": machines}
        choice = None
        if self.prefer and both[self.prefer] and people and machines:
            choice = 0 if self.prefer == "human" else len(people)
        return _made(record, _prompt(record), (*people, *machines), choice=choice, origin="mixed")

    def _dialogues(self, found: Preference) -> Iterator[Dialogue]:
        if self.dialogues == "none":
            return
        chosen = [
            i for i, answer in enumerate(found.answers) if i == found.choice or (found.choice is None and answer.good)
        ]
        if self.dialogues == "all":
            chosen = [i for i, answer in enumerate(found.answers) if answer.good is not False]
        for i in chosen:
            answer = found.answers[i]
            messages = (*found.about.messages, *answer.messages)
            labels = found.about.labels if answer.score is None else {**found.about.labels, "score": answer.score}
            model = answer.model or found.about.origin_model
            origin = ("model" if answer.model else "human") if found.about.origin == "mixed" else found.about.origin
            yield replace(
                found.about,
                messages=messages,
                labels=labels,
                origin=origin,
                origin_model=model if origin != "human" else None,
            )


def _made(record: Record, prompt: Sequence[Message], answers: Sequence[Answer], **known: Any) -> Preference | Problem:
    """A preference, if there are a prompt and answers that differ; `choice`, `tie`, `judge` are its own, what else is known goes to `about`."""
    own = {name: known.pop(name) for name in ("choice", "tie", "judge") if name in known}
    said = "\n".join(message.content for message in prompt)[:120]
    if not said.strip():
        return Problem("no_prompt")
    if not answers or not all(any(m.content.strip() or m.calls for m in answer.messages) for answer in answers):
        return Problem("no_answer", said)
    if len(answers) == 1 and answers[0].good is None:
        return Problem("one_answer", said, broken=False)
    if len(answers) > 1 and all(answer.messages == answers[0].messages for answer in answers):
        return Problem("same_answers", said, broken=False)
    if prompt[0].role == "system":
        known["system"] = record.text("system") or prompt[0].content
        prompt = prompt[1:]
    return Preference(about(record, prompt, **known), tuple(answers), **own)


def _arena(record: Record) -> Preference | Problem:
    prompt, (a, b) = _parted([said_by(record.get("a")), said_by(record.get("b"))])
    winner = words(record.get("winner")).lower()
    choice = {"model_a": 0, "a": 0, "model_b": 1, "b": 1}.get(winner)
    tie = winner.startswith("tie")
    good = [False, False] if "bad" in winner else [None if choice is None else choice == i for i in range(2)]
    answers = (Answer(a, record.text("model_a"), good=good[0]), Answer(b, record.text("model_b"), good=good[1]))
    return _made(record, prompt, answers, choice=choice, tie=tie, judge=record.text("judge"), origin="model")


def _chosen(record: Record) -> Preference | Problem:
    several = record.get("rejected")
    others = several if isinstance(several, list) and not all(isinstance(one, dict) for one in several) else [several]
    given = [record.get("chosen"), *others]
    if not all(given):
        return Problem("no_answer" if not given[0] else "one_answer", words(given[0])[:120], broken=not given[0])
    prompt = _prompt(record)
    tools = tools_of(record.get("tools"))
    said = [reply(one, tools) if isinstance(one, str) and prompt else with_marks(one, tools) for one in given]
    common, rests = _parted(said)
    if common and common[0].role in ("user", "system"):
        prompt, said = common, rests
    scores = [_number(record.get("chosen_score")), *[_number(record.get("rejected_score"))] * len(others)]
    answers = [Answer(one, score=score, good=i == 0) for i, (one, score) in enumerate(zip(said, scores, strict=True))]
    return _made(record, prompt, answers, choice=0, judge=record.text("judge"))


def _judged(record: Record) -> Preference | Problem:
    """One answer with a verdict: the last of the messages, or the completion."""
    good = truth(record.get("good"))
    completion = record.get("completion")
    prompt = _prompt(record)
    said = said_by(completion) if isinstance(completion, list | dict) else reply(completion)
    if not completion or (said and said[0].role in ("user", "system")):
        whole = prompt if not completion else said
        at = max((i for i, message in enumerate(whole) if message.role == "user"), default=-1)
        prompt, said = whole[: at + 1], whole[at + 1 :]
    if good is None:
        return Problem("one_answer", words(record.get("good"))[:120], broken=False)
    return _made(record, prompt, (Answer(said, record.text("origin_model"), good=good),), judge=record.text("judge"))


def _scored(record: Record) -> Preference | Problem:
    """Answers with scores: the one best is the choice; a tie where several are."""
    answers = []
    for one in listed(record.get("answers")):
        text = (
            next((said for name in _TEXTS if (said := words(one.get(name)))), "")
            if isinstance(one, dict)
            else words(one)
        )
        if text:
            model = words(one.get("model")) or None if isinstance(one, dict) else None
            answers.append(Answer(reply(text), model, _score(one)))
    scores = [answer.score for answer in answers if answer.score is not None]
    known: dict[str, Any] = {}
    if answers and len(scores) == len(answers):
        best = [i for i, answer in enumerate(answers) if answer.score == max(scores)]
        known = {"choice": best[0]} if len(best) == 1 else {"tie": len(best) == len(answers)}
    return _made(record, _prompt(record), answers, judge=record.text("judge"), **known)


def _score(one: Any) -> float | None:
    """An answer's score; the negative of its rank, where it has that."""
    if not isinstance(one, dict):
        return None
    found = next((number for name in _SCORES if (number := _number(one.get(name))) is not None), None)
    rank = _number(one.get("rank"))
    return -rank if found is None and rank is not None else found


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _prompt(record: Record) -> tuple[Message, ...]:
    """The messages before the answers: earlier pairs, then what is asked."""
    given = record.get("prompt")
    if isinstance(given, list | dict):
        return said_by(given)
    asked = "\n".join(text for text in (words(given), given_input(record.get("input"))) if text)
    earlier: list[Message] = []
    for pair in listed(record.get("history")):
        if not isinstance(pair, list) or len(pair) != 2:
            raise WrongMessages(Problem("wrong_shape", f"history: {pair!r:.120}"))
        earlier += [user(words(pair[0])), Message("assistant", words(pair[1]))]
    return (*earlier, *((user(asked),) if asked else ()))


def _parted(dialogues: Sequence[tuple[Message, ...]]) -> tuple[tuple[Message, ...], list[tuple[Message, ...]]]:
    """(what all dialogues begin with, what is left of each). The last message of each is left at least."""
    n = 0
    shortest = min(len(one) for one in dialogues)
    while n < shortest - 1 and all(one[n] == dialogues[0][n] for one in dialogues):
        n += 1
    return dialogues[0][:n], [one[n:] for one in dialogues]

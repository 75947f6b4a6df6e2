"""Dialogues cut at other places, and told as other tasks.

`last`, `all`, `prefix`: the dialogue with its last answer to be learnt, with all of them, or a piece for each answer that ends in it and has it learnt.
`state`: what is known of a turn besides (DialogStudio's side information), asked for at that turn. `rewriting`: rows of rewrite sets, those where nothing
was to be rewritten up to a share. `both_ways`: a text and its counterpart (languages, poem and prose), each way round. `question`: what an answer answers.

Sources: salesforce/DialogStudio; liu-nlper/dialogue-utterance-rewriter; LMSYS FastChat (pieces end with an answer).
Not here: repair of roles (recipes/steps/), how logs are read (kinds/dialog_log.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from corpus_platform.sft.construct.rows import answer_of, dialogue_of, fields_of, kept, prompt_of
from corpus_platform.sft.construct.spool import Spool
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, Message, assistant, user
from corpus_platform.sft.kinds.about import chinese, words
from corpus_platform.sft.kinds.dialog_log import TRACK
from corpus_platform.sft.kinds.kind import at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Cut = Literal["last", "all", "prefix", "state", "rewriting", "both_ways", "question"]

_ASK = {
    "en": ("Write the question that this text answers.", "What could somebody have asked to be told this?"),
    "zh": ("下面这段文字回答的是什么问题？请写出这个问题。", "请根据下面的回答写出对应的提问。"),
}
_SPEAKERS = {"en": {"user": "User: ", "assistant": "Assistant: "}, "zh": {"user": "用户：", "assistant": "助手："}}
_TRANSLATE = {"en": "Translate into English:", "zh": "请翻译成中文："}
_REASONS = {
    "no_answer_to_learn": "The dialogue has no answer of the assistant behind something that a user says",
    "no_state": "Nothing is known of the dialogue's turns besides",
    "unchanged_over_share": "Nothing was to be rewritten, and the share of such rows is reached",
    "no_counterpart": "The row has no text on one of the two sides",
    "not_single": "The dialogue has more than one turn: what its answer answers stands in several",
    "not_a_question": "What is asked is no question, which nobody could tell from its answer",
    "too_short": "The answer is too short to tell what was asked",
}


@register_way
class Recut(Way):
    """Pieces and other tasks of dialogues."""

    name: ClassVar[str] = "recut"
    about: ClassVar[str] = "a piece of a dialogue, cut at another place or told as another task"
    reasons: ClassVar[Mapping[str, str]] = _REASONS
    # Only the share of unchanged rewrites needs all rows; a data set's rows come together for every cut.
    gathers: ClassVar[bool] = True

    cut: Cut = Field(description="What is made of a dialogue")
    longest: int | None = Field(
        default=None, ge=2, description="Messages of a piece at most; earlier ones go, a turn at a time"
    )
    state_field: str = Field(default="dst", description="Path to the state within what is known of a turn")
    unchanged: float = Field(default=0.1, ge=0, lt=1, description="Share of rewrites that change nothing, at most")
    shortest_answer: int = Field(
        default=20, ge=1, description="Characters of an answer from which its question is asked for"
    )
    forward: str | None = Field(
        default=None, description="What asks for the counterpart of the row's prompt; to translate by default"
    )
    backward: str | None = Field(
        default=None, description="What asks for the counterpart of the row's answer; to translate by default"
    )

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """What the cut makes of each row."""
        if self.cut == "rewriting":
            yield from self._rewriting(rows)
            return
        by_cut = {"state": self._states, "both_ways": self._both_ways, "question": self._question}
        for row in rows:
            yield from by_cut.get(self.cut, self._pieces)(row)

    def _pieces(self, row: Mapping[str, Any]) -> Iterator[Made]:
        whole = dialogue_of(row)
        said = whole.messages
        ends = [n for n, m in enumerate(said) if m.role == "assistant" and any(e.role == "user" for e in said[:n])]
        if not ends:
            yield skipped("no_answer_to_learn", row["doc_id"])
            return
        for number, end in enumerate(ends if self.cut == "prefix" else ends[-1:]):
            learnt = set(ends) if self.cut == "all" else {end}
            marked = [replace(m, trained=n in learnt) for n, m in enumerate(said[: end + 1])]
            labels = {**whole.labels, "cut": self.cut, "turn": number + 1 if self.cut == "prefix" else len(ends)}
            yield made(
                replace(whole, messages=self._shortened(marked), labels=labels, construction="expanded"), row["doc_id"]
            )

    def _shortened(self, messages: list[Message]) -> tuple[Message, ...]:
        """The last messages, from one of the user's on."""
        if self.longest is None or len(messages) <= self.longest:
            return tuple(messages)
        starts = [n for n, m in enumerate(messages[:-1]) if m.role == "user"]
        start = next((n for n in starts if len(messages) - n <= self.longest), starts[-1])
        return tuple(messages[start:])

    def _states(self, row: Mapping[str, Any]) -> Iterator[Made]:
        turns = fields_of(row).get("turns")
        users = [n for n, m in enumerate(row["messages"]) if m["role"] == "user"]
        found = False
        for number, place in enumerate(users):
            known = turns[number] if isinstance(turns, list) and number < len(turns) else {}
            state = _written(at(known, self.state_field))
            if not state:
                continue
            found = True
            language = "zh" if chinese(row["messages"][place]["content"]) else "en"
            said = [_SPEAKERS[language].get(m["role"], "") + m["content"] for m in row["messages"][: place + 1]]
            yield self._told(row, f"{TRACK[language]}\n\n" + "\n".join(said), state, "extraction", {"turn": number + 1})
        if not found:
            yield skipped("no_state", row["doc_id"], detail=self.state_field)

    def _both_ways(self, row: Mapping[str, Any]) -> Iterator[Made]:
        fields = fields_of(row)
        one, other = words(fields.get("question")) or prompt_of(row).strip(), answer_of(row).strip()
        if not one or not other:
            yield skipped("no_counterpart", row["doc_id"])
            return
        for asked, source, target, way in (
            (self.forward, one, other, "forward"),
            (self.backward, other, one, "backward"),
        ):
            task = asked or _TRANSLATE["zh" if chinese(target) else "en"]
            yield self._told(row, f"{task}\n\n{source}", target, row.get("task_type") or "translation", {"way": way})

    def _question(self, row: Mapping[str, Any]) -> Iterator[Made]:
        question, answer = prompt_of(row).strip(), answer_of(row).strip()
        if not question or not answer:
            yield skipped("no_counterpart", row["doc_id"])
        elif sum(m["role"] == "user" for m in row["messages"]) > 1:
            yield skipped("not_single", row["doc_id"])
        elif not question.rstrip("”\"'」）) ").endswith(("?", "？")):
            yield skipped("not_a_question", row["doc_id"])
        elif len(answer) < self.shortest_answer:
            yield skipped("too_short", row["doc_id"])
        else:
            wordings = _ASK["zh" if chinese(answer) else "en"]
            asked = wordings[self.draw("wording", row["doc_id"]) % len(wordings)]
            yield self._told(row, f"{asked}\n\n{answer}", question, "writing", {})

    def _told(self, row: Mapping[str, Any], asked: str, said: str, task: str, labels: dict[str, Any]) -> Made:
        dialogue = Dialogue(
            (user(asked), assistant(said)),
            task_type=task,
            construction="expanded",
            origin=row.get("origin"),
            origin_model=row.get("origin_model"),
            labels={"cut": self.cut, **labels},
            **kept(row),
        )
        return made(dialogue, row["doc_id"])

    def _rewriting(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        spool = Spool(rows)
        changed, places = 0, []
        for row in spool:
            if _unchanged(row):
                places.append(self.draw("unchanged", row["doc_id"]))
            else:
                changed += 1
        wanted = int(changed * self.unchanged / (1 - self.unchanged) + 1e-9)
        limit = (
            int(np.sort(np.array(places, np.uint64))[wanted - 1])
            if 0 < wanted <= len(places)
            else -1
            if not wanted
            else 1 << 64
        )
        for row in spool:
            if not answer_of(row).strip() or not prompt_of(row).strip():
                yield skipped("no_counterpart", row["doc_id"])
            elif _unchanged(row) and self.draw("unchanged", row["doc_id"]) > limit:
                yield skipped("unchanged_over_share", row["doc_id"])
            else:
                whole = dialogue_of(row)
                labels = {**whole.labels, "cut": "rewriting"}
                yield made(
                    replace(whole, task_type="rewriting", labels=labels, construction="rewritten"), row["doc_id"]
                )


def _unchanged(row: Mapping[str, Any]) -> bool:
    """Whether the rewrite is what was to be rewritten: the row's label says so, or its texts do."""
    fields = fields_of(row)
    said = fields.get("unchanged")
    return bool(said) if said is not None else words(fields.get("question")) == answer_of(row).strip()


def _written(state: Any) -> str:
    """A state as lines: slots with their values, as its source writes a text."""
    if isinstance(state, dict):
        lines = [f"{slot}: {_inline(value)}" for slot, value in state.items() if value not in (None, "", [], {})]
        return "\n".join(lines)
    return _inline(state).strip()


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_inline(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_inline, value))
    return "" if value is None else str(value)

"""DialogStudio: dialogues as logs of what a user and a system say, with what is known of each turn.

    {"SetName--train--1": {"original dialog info": {...}, "prompt": ["...", ...], "log": [{"turn id": 1, "user utterance": "...",
        "system response": "...", "original user side information": {...}, "external knowledge": "...", "dst": "..."}]}}

`task` says what is made of a log: `dialogue`, its turns, with one of its wordings of the task as system prompt; `summary`, the dialogue with what the
dialog info says in short; `state`, for each turn with a state the dialogue up to it and the state. `auto` takes the summary where there is one, the
dialogue elsewhere. Where the log is empty (sets of summaries) the dialogue is the text in the dialog info. Knowledge that an answer rests on (tables,
schemas of data bases) stands before what the user says, once until it changes. What is known of turns and dialogue stays in `meta`; a side that says
nothing in a turn has no message.

Source: salesforce/DialogStudio.
Not here: pieces of dialogues (construct/recut.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Message, Outcome, Problem, assistant, dumps, user
from corpus_platform.sft.kinds.about import COMMON, about, chinese, drawn, texts, words
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record, Shape

SUMMARISE = {
    "en": "Summarise the following conversation.",
    "zh": "请概括下面这段对话的内容。",
}
"""What is asked for of a dialogue with a summary, by language."""
TRACK = {
    "en": "Read the dialogue and give the user's goal so far as slots with values.",
    "zh": "请阅读对话，给出用户到目前为止的目标，写成槽位和值。",
}
"""What is asked for of a dialogue with states, by language."""
_USER, _SYSTEM, _KNOWLEDGE = "user utterance", "system response", "external knowledge"
_SIDES = {"user": "original user side information", "system": "original system side information"}
_PERSON = re.compile(r"#(Person\d+)#")
_SAID = frozenset({_USER, _SYSTEM, _KNOWLEDGE, "dialog history", "turn id"})


@register_kind
class DialogLog(Kind):
    """DialogStudio's six groups of data sets."""

    name: ClassVar[str] = "dialog_log"
    about: ClassVar[str] = "A log of turns, each with user utterance and system response"
    shapes: ClassVar[tuple[Shape, ...]] = ("entry", "row")
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "log": Column("The turns", ("log",), required=True),
        "info": Column("What is known of the dialogue", ("original dialog info",)),
        "prompts": Column("Wordings of the task", ("prompt",)),
        "knowledge": Column("What the whole dialogue rests on", ("external knowledge",)),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "no_summary": "The dialogue has no summary",
        "no_state": "The dialogue has no turn with a state",
    }

    task: Literal["auto", "dialogue", "summary", "state"] = Field(default="auto", description="What is made of a log")
    prompt: Literal["first", "seeded", "none"] = Field(
        default="first", description="Which wording of the task is the system prompt"
    )
    seed: int = Field(default=0, description="What `seeded` draws by")
    knowledge: Literal["prompt", "meta"] = Field(default="prompt", description="Where knowledge of a turn goes")
    state: Literal["dst", "dst accumulated"] = Field(
        default="dst", description="Whether a state is the turn's, or all up to it"
    )

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue, or one for each turn with a state."""
        turns = record.get("log")
        turns = [turns] if isinstance(turns, dict) else turns or []
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            yield Problem("wrong_shape", "the log is no list of turns")
            return
        info = record.get("info") or {}
        summary = _unmarked("\n".join(texts(info.get("summary")))) if isinstance(info, dict) else ""
        if self.task == "state":
            yield from self._states(turns, record)
        elif self.task == "summary" or (self.task == "auto" and summary):
            yield self._summary(turns, summary, record)
        else:
            yield self._turns(turns, record)

    def _turns(self, turns: list[dict[str, Any]], record: Record) -> Outcome:
        messages: list[Message] = []
        last = words(record.get("knowledge"))
        for turn in turns:
            asked, said, known = _said(turn, _USER), _said(turn, _SYSTEM), words(turn.get(_KNOWLEDGE))
            if known and known != last and self.knowledge == "prompt":
                asked, last = "\n\n".join(piece for piece in (known, asked) if piece), known
            messages += [user(asked)] if asked else []
            messages += [assistant(said)] if said else []
        if not messages:
            return Problem("no_turns")
        return about(record, messages, system=self._system(record), meta=_known(turns, record))

    def _summary(self, turns: list[dict[str, Any]], summary: str, record: Record) -> Outcome:
        info = record.get("info")
        dialogue = "\n".join(_lines(turns)) or (words(info.get("dialog history")) if isinstance(info, dict) else "")
        if not summary:
            return Problem("no_summary", broken=False)
        if not dialogue:
            return Problem("no_turns")
        task = self._system(record) or SUMMARISE["zh" if chinese(dialogue) else "en"]
        known = {} if record.task_type else {"task_type": "summarisation"}
        messages = (user(f"{task}\n\n{dialogue}"), assistant(summary))
        return about(record, messages, meta=_known(turns, record), **known)

    def _states(self, turns: list[dict[str, Any]], record: Record) -> Iterator[Outcome]:
        known = {} if record.task_type else {"task_type": "extraction"}
        tracked = False
        for i, turn in enumerate(turns):
            if state := words(turn.get(self.state)):
                tracked = True
                lines = _lines([*turns[:i], {_USER: turn.get(_USER)}])
                task = TRACK["zh" if chinese(lines[-1]) else "en"]
                meta = {"turn": i + 1, "info": record.get("info")}
                yield about(record, (user("\n".join([task, "", *lines])), assistant(state)), meta=meta, **known)
        if not tracked:
            yield Problem("no_state", broken=False)

    def _system(self, record: Record) -> str | None:
        """The wording of the task: of the record's prompts, else what the dialog info says of it; before knowledge of the whole dialogue."""
        prompts, info = texts(record.get("prompts")), record.get("info")
        if self.prompt == "none":
            task = ""
        elif prompts:
            task = prompts[0] if self.prompt == "first" else drawn(prompts, self.seed, dumps(record.get("log")))
        else:
            task = words(info.get("task")) if isinstance(info, dict) else ""
        pieces = (record.text("system"), task, words(record.get("knowledge")) if self.knowledge == "prompt" else "")
        return "\n\n".join(piece for piece in pieces if piece) or None


def _said(turn: Mapping[str, Any], column: str) -> str:
    """What a side says."""
    return _unmarked(words(turn.get(column)))


def _unmarked(text: str) -> str:
    """A text without what its set writes into it: EmpatheticDialogues' commas as words, DialogSum's signs around speakers."""
    return _PERSON.sub(r"\1", text.replace("_comma_", ","))


def _lines(turns: list[dict[str, Any]]) -> list[str]:
    """A dialogue as lines with their speakers: by the names that the sides have, else User and System."""
    lines = []
    for turn in turns:
        for side, column, usual in (("user", _USER, "User"), ("system", _SYSTEM, "System")):
            known = turn.get(_SIDES[side])
            speaker = words(known.get("speaker")) if isinstance(known, dict) else ""
            if said := _said(turn, column):
                lines.append(f"{speaker or usual}: {said}")
    return lines or [""]


def _known(turns: list[dict[str, Any]], record: Record) -> dict[str, Any]:
    """What is known of dialogue and turns, besides what is said."""
    found: dict[str, Any] = {"info": record.get("info")}
    beside = [{k: v for k, v in turn.items() if k not in _SAID and v not in ("", {}, [], None)} for turn in turns]
    found["turns"] = beside if any(beside) else None
    return {name: value for name, value in found.items() if value}

"""Preferences in the forms that trainers read, a JSON object a line.

    llama_factory       {"conversations": [{"from", "value"}], "system", "tools", "chosen": {"from", "value"}, "rejected": {...}}     ranking
    llama_factory_alpaca {"instruction", "input", "history", "system", "chosen": text, "rejected": text}                              ranking
    llama_factory_kto   {"messages": [{"from", "value"}], "system", "tools", "label": true}                                           kto_tag
    trl_dpo             {"prompt": [{"role", "content"}], "chosen": [...], "rejected": [...]}
    trl_kto             {"prompt": [...], "completion": [...], "label": true}

    report = write_preferences(rows, folder, "arena", "trl_dpo")        # Exported(rows=..., skipped={"tie": 3})

A row of `sft.preferences` gives a pair of the preferred answer with each other one (or with the worst alone), and in the forms with a label every
answer that is known to be good or not. What a form has no place for is skipped and counted by reason, never bent. LLaMA-Factory's
reader skips rows whose roles do not go by turns, with a warning; here they are counted first. Messages, calls, thoughts and tools are written as
those of dialogues are (sample.py).
Promise: memory is bounded by a row; the same rows give the same bytes; a file appears under its name when it is whole.

Sources: hiyouga/LLaMA-Factory (data/README, converter.py), huggingface/trl (dataset formats).
Not here: dialogues (the modules beside this one), which rows are exported.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import orjson
import polars as pl

from corpus_platform.errors import SettingsError
from corpus_platform.sft.exports.sample import CannotSay, arguments_value, dumps, openai_message, text_with_thought
from corpus_platform.sft.form import Message
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Form = Literal["llama_factory", "llama_factory_alpaca", "llama_factory_kto", "trl_dpo", "trl_kto"]
FORMS: tuple[Form, ...] = get_args(Form)

REASONS = {
    "no_choice": "Nobody says which answer is better",
    "tie": "The answers were found to be equally good",
    "no_verdict": "No answer is known to be good or not",
    "not_by_turns": "Roles do not go by turns, as the trainer's reader wants them",
    "several_messages": "An answer is several messages, and the form has place for one",
    "words_beside_calls": "A message has words and calls, and the form has place for one",
    "tools": "There are tools or calls, and the form has no place for them",
}
"""Why a row, or a pair of its answers, gives nothing in some form."""

_ROLES = {"user": "human", "assistant": "gpt", "tool": "observation"}
_NEXT_ANSWER = "\n</tool_response>\n<tool_response>\n"


@dataclass(frozen=True)
class Exported:
    """What was written: lines by form, and rows or pairs that were skipped, by reason."""

    file: Path
    rows: int
    skipped: dict[str, int]


@dataclass(frozen=True)
class _Compared:
    """A row, its messages made."""

    prompt: tuple[Message, ...]
    answers: tuple[tuple[Message, ...], ...]
    scores: tuple[float | None, ...]
    good: tuple[bool | None, ...]
    choice: int | None
    tie: bool
    system: str
    tools: str


def write_preferences(
    rows: Iterable[Mapping[str, Any]] | pl.DataFrame,
    folder: Path,
    name: str,
    form: Form,
    *,
    pairs: Literal["all", "one"] = "all",
) -> Exported:
    """Writes rows of `sft.preferences` as `<name>.jsonl`; for LLaMA-Factory, adds the entry to `dataset_info.json` beside it.

    `pairs`: the preferred answer with every other, or with the worst alone (the lowest score, else the last). Raises SettingsError for an unknown form.
    """
    if form not in _MAKERS:
        raise SettingsError(f"there is no form `{form}`{nearest(form, FORMS)}; there are {', '.join(FORMS)}")
    skipped: Counter[str] = Counter()
    file, n = folder / f"{name}.jsonl", 0
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.jsonl.part"
    try:
        with partial.open("wb") as out:
            for line in examples(rows, form, pairs=pairs, skipped=skipped):
                out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                n += 1
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    if entry := dataset_entry(file.name, form):
        _add_entry(folder / "dataset_info.json", name, entry)
    return Exported(file, n, dict(sorted(skipped.items())))


def examples(
    rows: Iterable[Mapping[str, Any]] | pl.DataFrame,
    form: Form,
    *,
    pairs: Literal["all", "one"] = "all",
    skipped: Counter[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Lines of a form, row by row; `skipped` counts by reason what gives none."""
    given = rows.iter_rows(named=True) if isinstance(rows, pl.DataFrame) else rows
    skipped = Counter() if skipped is None else skipped
    for row in given:
        compared = _compared(row)
        try:
            made = list(_MAKERS[form](compared, pairs, skipped))
        except CannotSay as unfit:
            skipped[str(unfit)] += 1
        else:
            yield from made


def dataset_entry(file_name: str, form: Form) -> dict[str, Any] | None:
    """The entry of LLaMA-Factory's `dataset_info.json` for a file; None for other trainers' forms."""
    shared = {"system": "system"}
    if form == "llama_factory":
        columns = {"messages": "conversations", "chosen": "chosen", "rejected": "rejected", **shared, "tools": "tools"}
        return {"file_name": file_name, "ranking": True, "formatting": "sharegpt", "columns": columns}
    if form == "llama_factory_alpaca":
        columns = {
            "prompt": "instruction",
            "query": "input",
            "history": "history",
            "chosen": "chosen",
            "rejected": "rejected",
            **shared,
        }
        return {"file_name": file_name, "ranking": True, "formatting": "alpaca", "columns": columns}
    if form == "llama_factory_kto":
        tags = {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"}
        columns = {"messages": "messages", "kto_tag": "label", **shared, "tools": "tools"}
        return {"file_name": file_name, "formatting": "sharegpt", "columns": columns, "tags": tags}
    return None


def _add_entry(file: Path, name: str, entry: dict[str, Any]) -> None:
    known = orjson.loads(file.read_bytes()) if file.exists() else {}
    known[name] = entry
    file.write_bytes(orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))


def _compared(row: Mapping[str, Any]) -> _Compared:
    answers = row["answers"]
    choice = row.get("choice")
    good = [answer.get("good") for answer in answers]
    if choice is not None:
        good = [i == choice if one is None else one for i, one in enumerate(good)]
    return _Compared(
        prompt=tuple(Message.of_row(message) for message in row["prompt"]),
        answers=tuple(tuple(Message.of_row(message) for message in answer["messages"]) for answer in answers),
        scores=tuple(answer.get("score") for answer in answers),
        good=tuple(good),
        choice=choice,
        tie=bool(row.get("tie")),
        system=row.get("system") or "",
        tools=row.get("tools") or "",
    )


def _pairs(row: _Compared, pairs: str) -> Iterator[tuple[tuple[Message, ...], tuple[Message, ...]]]:
    """(preferred, other) answers."""
    if row.tie:
        raise CannotSay("tie")
    if row.choice is None or len(row.answers) < 2:
        raise CannotSay("no_choice")
    others = [i for i in range(len(row.answers)) if i != row.choice]
    if pairs == "one":
        others = [min(others, key=lambda i: (row.scores[i] if row.scores[i] is not None else float("inf"), -i))]
    for other in others:
        yield row.answers[row.choice], row.answers[other]


def _verdicts(row: _Compared) -> Iterator[tuple[tuple[Message, ...], bool]]:
    """(answer, whether it is good) of the answers of which that is known."""
    known = [(answer, good) for answer, good in zip(row.answers, row.good, strict=True) if good is not None]
    if not known:
        raise CannotSay("tie" if row.tie else "no_verdict")
    yield from known


def _ranking(row: _Compared, pairs: str, skipped: Counter[str]) -> Iterator[dict[str, Any]]:
    prompt = _turns(row.prompt, odd=True)
    for chosen, rejected in _pairs(row, pairs):
        try:
            both = {"chosen": _turn(_only(chosen)), "rejected": _turn(_only(rejected))}
        except CannotSay as unfit:
            skipped[str(unfit)] += 1
            continue
        yield {"conversations": prompt, "system": row.system, "tools": row.tools, **both}


def _ranking_alpaca(row: _Compared, pairs: str, skipped: Counter[str]) -> Iterator[dict[str, Any]]:
    if row.tools or any(m.calls or m.role == "tool" for m in row.prompt):
        raise CannotSay("tools")
    said = [turn["value"] for turn in _turns(row.prompt, odd=True)]
    earlier = [list(pair) for pair in zip(said[:-1:2], said[1:-1:2], strict=True)]
    for chosen, rejected in _pairs(row, pairs):
        try:
            both = {"chosen": _plain(_only(chosen)), "rejected": _plain(_only(rejected))}
        except CannotSay as unfit:
            skipped[str(unfit)] += 1
            continue
        yield {"instruction": said[-1], "input": "", "history": earlier, "system": row.system, **both}


def _kto(row: _Compared, _pairs: str, skipped: Counter[str]) -> Iterator[dict[str, Any]]:
    for answer, good in _verdicts(row):
        try:
            turns = _turns((*row.prompt, *answer), odd=False)
        except CannotSay as unfit:
            skipped[str(unfit)] += 1
            continue
        yield {"messages": turns, "system": row.system, "tools": row.tools, "label": good}


def _trl_dpo(row: _Compared, pairs: str, _skipped: Counter[str]) -> Iterator[dict[str, Any]]:
    prompt = _trl_prompt(row)
    for chosen, rejected in _pairs(row, pairs):
        yield {
            "prompt": prompt,
            "chosen": _trl(chosen, len(row.prompt)),
            "rejected": _trl(rejected, len(row.prompt)),
            **_trl_tools(row),
        }


def _trl_kto(row: _Compared, _pairs: str, _skipped: Counter[str]) -> Iterator[dict[str, Any]]:
    prompt = _trl_prompt(row)
    for answer, good in _verdicts(row):
        yield {"prompt": prompt, "completion": _trl(answer, len(row.prompt)), "label": good, **_trl_tools(row)}


_MAKERS: dict[str, Callable[[_Compared, str, Counter[str]], Iterator[dict[str, Any]]]] = {
    "llama_factory": _ranking,
    "llama_factory_alpaca": _ranking_alpaca,
    "llama_factory_kto": _kto,
    "trl_dpo": _trl_dpo,
    "trl_kto": _trl_kto,
}


def _only(answer: Sequence[Message]) -> Message:
    if len(answer) != 1 or answer[0].role != "assistant":
        raise CannotSay("several_messages" if len(answer) != 1 else "not_by_turns")
    return answer[0]


def _plain(message: Message) -> str:
    if message.calls:
        raise CannotSay("tools")
    return text_with_thought(message)


def _turn(message: Message) -> dict[str, str]:
    """A message as LLaMA-Factory's sharegpt form has it; calls are messages of their own role."""
    if message.role not in _ROLES:
        raise CannotSay("not_by_turns")
    if not message.calls:
        return {"from": _ROLES[message.role], "value": text_with_thought(message)}
    if message.content.strip():
        raise CannotSay("words_beside_calls")
    calls = dumps([{"name": call.get("name", ""), "arguments": arguments_value(call)} for call in message.calls])
    return {"from": "function_call", "value": text_with_thought(replace(message, content=calls))}


def _turns(messages: Sequence[Message], *, odd: bool) -> list[dict[str, str]]:
    """Messages for LLaMA-Factory's reader: one side asks (or a tool answers), the other answers, by turns; their number is odd or even."""
    turns: list[dict[str, str]] = []
    for turn in map(_turn, messages):
        if turn["from"] == "observation" and turns and turns[-1]["from"] == "observation":
            turns[-1]["value"] += _NEXT_ANSWER + turn["value"]
        else:
            turns.append(turn)
    answers = [turn["from"] in ("gpt", "function_call") for turn in turns]
    if len(turns) % 2 != odd or answers != [i % 2 == 1 for i in range(len(turns))]:
        raise CannotSay("not_by_turns")
    return turns


def _trl_prompt(row: _Compared) -> list[dict[str, Any]]:
    head = [{"role": "system", "content": row.system}] if row.system else []
    return head + _trl(row.prompt)


def _trl(messages: Sequence[Message], first: int = 0) -> list[dict[str, Any]]:
    return [openai_message(message, i) for i, message in enumerate(messages, first)]


def _trl_tools(row: _Compared) -> dict[str, str]:
    return {"tools": row.tools} if row.tools else {}

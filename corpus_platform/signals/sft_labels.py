"""What data sets say of their records (the column `labels`), under names that are the same for all of them.

A label keeps the name that the data set's map gives it; here stands which names mean what. Numbers stay in their source's own scale; words of quality and
difficulty become places on 0..1. A label of several values (moderation of each turn, answers of several judges) counts by its worst, or its best where
it says that something is right. What is not said is null: never a guess.

Not here: which column is which label (catalogue/, settings), scores that are computed (sft_turns.py, sft_safety.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.signals.subject import Subject

NAMES: dict[str, tuple[str, ...]] = {
    "sft_flagged": (
        "flagged", "openai_moderation", "openai_moderation.flagged", "moderation", "moderation_flagged", "toxic", "toxic_chat_tag", "redflag", "unsafe",
        "llama_guard", "llama_guard_2", "harmful",
    ),
    "sft_toxicity": (
        "toxicity", "detoxify", "detoxify.toxicity", "detoxify_moderation", "detoxify_moderation.toxicity", "severe_toxicity", "toxicity_score", "hate_speech",
    ),
    "sft_redacted": ("redacted", "anonymized"),
    "sft_deleted": ("deleted",),
    "sft_reviewed": ("review_result", "reviewed", "approved"),
    "sft_synthetic": ("synthetic",),
    "sft_quality": ("quality", "input_quality", "quality_score", "deita_quality", "deita_score", "score", "alpagasus_score", "rating", "llm_score"),
    "sft_complexity": ("complexity", "deita_complexity", "complexity_score", "ifd", "ifd_score"),
    "sft_reward": ("reward", "instruct_reward", "reward_score", "rm_score", "rw_score", "rewardmodel_score"),
    "sft_difficulty": ("difficulty", "level"),
    "sft_rank": ("rank",),
    "sft_votes": ("votes", "upvotes", "up_votes", "likes", "赞同"),
    "sft_is_correct": (
        "is_correct", "correct", "correctness", "correctness_math_verify", "correctness_llama", "correctness_count", "correct_count", "verified",
        "pass", "passed", "boxed",
    ),
    "sft_correct_count": ("correctness_count", "correct_count", "correctness_math_verify"),
    "sft_reasoning_complete": ("is_reasoning_complete", "reasoning_complete"),
    "sft_neighbour_distance": ("min_neighbor_distance", "neighbor_distance", "distance"),
    "sft_repeats": ("repeats", "repeat_count"),
    "sft_labels": (),
}  # fmt: skip
"""Names of labels that a signal is read from; the first that a record has counts, of moderation all. `sft_labels` is the number of all of them."""

_WORDS: dict[str, float] = {
    "very poor": 0.0, "poor": 0.25, "average": 0.5, "good": 0.75, "excellent": 1.0,
    "very easy": 0.0, "easy": 0.25, "medium": 0.5, "hard": 0.75, "very hard": 1.0,
    "非常差": 0.0, "差": 0.25, "一般": 0.5, "好": 0.75, "优秀": 1.0,
    "非常简单": 0.0, "简单": 0.25, "中等": 0.5, "困难": 0.75, "非常困难": 1.0,
    "level 1": 0.0, "level 2": 0.25, "level 3": 0.5, "level 4": 0.75, "level 5": 1.0,
    "true": 1.0, "yes": 1.0, "safe": 0.0, "unsafe": 1.0, "false": 0.0, "no": 0.0, "pass": 1.0, "fail": 0.0,
}  # fmt: skip
_IN_META = ("openai_moderation", "detoxify_moderation")
"""What moderations said of each turn, which many maps keep in `meta`, for labels are flat."""
_MODERATED = "|".join(f'"{name}"' for name in _IN_META)
_MODERATION = frozenset({"sft_flagged", "sft_toxicity"})
_BY_MODERATION = ("flagged", "toxicity", "toxic", "value", "score")
"""What a label that is an object is asked for."""
_YES = frozenset({"sft_flagged", "sft_redacted", "sft_deleted", "sft_reviewed", "sft_synthetic", "sft_is_correct", "sft_reasoning_complete"})  # fmt: skip
"""Signals that are 1 or 0: 1 where any value says so."""


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The labels by their signals. Equal ones are read once."""
    labels, meta = (subject.column(name).cast(pl.String) for name in ("labels", "meta"))
    asked = [name for name in NAMES if name in wanted]
    told = pl.when(pl.col("meta").str.contains(_MODERATED)).then("meta")
    frame = pl.DataFrame({"labels": labels, "meta": meta}).with_columns(told.alias("meta"))
    different = frame.unique(maintain_order=True)
    rows = [_read(own, more, asked) for own, more in different.iter_rows()]
    table = pl.DataFrame(rows, schema=dict.fromkeys(asked, pl.Float64), orient="row").hstack(different)
    return (
        frame.join(table, on=["labels", "meta"], how="left", nulls_equal=True, maintain_order="left")
        .select(asked)
        .to_dict()
    )


def _read(labels: str | None, meta: str | None, asked: list[str]) -> list[float | None]:
    own, more = _object(labels), _object(meta)
    known = {**{name: value for name, value in more.items() if name in _IN_META}, **own}
    return [_value(name, known if name in _MODERATION else own) if own or more else None for name in asked]


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _value(signal: str, labels: Mapping[str, Any]) -> float | None:
    if signal == "sft_labels":
        return float(len(labels))
    found: list[float] = []
    for name in NAMES[signal]:
        if labels.get(name) is None or (found and signal not in _MODERATION):
            continue
        values = list(numbers(labels[name]))
        if name == "level" and not isinstance(labels[name], str):
            values = [(value - 1) / 4 for value in values]  # as of "Level 3"
        if signal == "sft_correct_count" and isinstance(labels[name], list):
            return float(sum(value > 0 for value in values))
        found += values
    if not found:
        return None
    return float(max(found) > 0) if signal in _YES else max(found)


def numbers(value: Any) -> Iterator[float]:
    """The numbers of a label: of each of several values, of what an object says under a known name or, else, of all that it says."""
    match value:
        case bool() | int() | float():
            yield float(value)
        case str():
            yield from _of_words(value)
        case list():
            for one in value:
                yield from numbers(one)
        case dict():
            known = [value[name] for name in _BY_MODERATION if value.get(name) is not None]
            for one in known[:1] or value.values():
                yield from numbers(one)


def _of_words(text: str) -> Iterator[float]:
    bare = text.strip().lower().partition("\n")[0]  # llama guard names what is unsafe in a second line
    if bare in _WORDS:
        yield _WORDS[bare]
        return
    try:
        yield float(bare)
    except ValueError:
        return


_DEFINITIONS: dict[str, str] = {
    "sft_flagged": "1 where a moderation of the source has flagged a turn, 0 where it has flagged none",
    "sft_toxicity": "Highest toxicity that the source gives",
    "sft_redacted": "1 where the source has taken personal data out",
    "sft_deleted": "1 where the source says that it was deleted",
    "sft_reviewed": "1 where people have accepted it, 0 where they have refused it",
    "sft_synthetic": "1 where the source says that a model wrote it",
    "sft_quality": "Quality, by a judge or people, in the source's scale; words from very poor to excellent as 0 to 1",
    "sft_complexity": "Complexity of the request by the source",
    "sft_reward": "Score of a reward model",
    "sft_difficulty": "Difficulty; words from very easy to very hard, and levels 1 to 5, as 0 to 1",
    "sft_rank": "Place among the answers to the same message, 0 the best",
    "sft_votes": "Votes that it got",
    "sft_is_correct": "1 where the source has found the answer, or one of several, to be right",
    "sft_correct_count": "Answers that the source has found to be right",
    "sft_reasoning_complete": "1 where the source says that the reasoning, or one of several, has come to its end",
    "sft_neighbour_distance": "Distance of the request from its nearest neighbour in the source",
    "sft_repeats": "Times that the source had the request",
    "sft_labels": "Labels that the source gives",
}

register(
    Family(
        name="sft_labels",
        version="1",
        signals=tuple(
            Signal(
                name=name,
                definition=f"{definition}. Read of the labels {', '.join(NAMES[name])}" if NAMES[name] else definition,
                source="the data set's own labels",
                range="0..1" if name in _YES else "as the source has it",
            )
            for name, definition in _DEFINITIONS.items()
        ),
        compute=compute,
        reads=("labels", "meta"),
        of="dialogues",
    )
)

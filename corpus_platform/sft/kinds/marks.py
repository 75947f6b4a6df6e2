r"""Marks of speakers in a text: styles, and the pieces that a text falls into.

    style = STYLES["human_assistant"]
    pieces(style, "Human: Hi\nAssistant: Hello")        # Cut(before="", said=[("user", "Hi"), ("assistant", "Hello")])

Words like `Human:` count at the beginning of a line only; marks that no text has by chance count everywhere.

Sources: project-baize/baize-chatbot, OpenLMLab/MOSS, LAION-AI/Open-Instruction-Generalist, FlagAlpha/Llama2-Chinese, LianjiaTech/BELLE,
JosephusCheung/GuanacoDataset, anthropics/hh-rlhf, lm-sys/FastChat, glaiveai/glaive-function-calling-v2.
Not here: which column has the text (marked_text.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.sft_tables import Role

_CHINESE_LLAMA: dict[str, str] = {"user": "Human", "assistant": "Assistant", "system": "System"}
_ASSISTANT = r"As{1,3}is{0,3}t[ae]n[tz]e?"
"""The word with the misspellings of Guanaco: Asssistent, Assistent, Assistenz."""


@dataclass(frozen=True)
class Style:
    """How a text marks who speaks. Groups of the pattern are named for roles; `ends` are marks behind what is said."""

    pattern: re.Pattern[str]
    ends: re.Pattern[str] | None = None
    anywhere: bool = False
    """Whether words before the first mark are a system prompt; else a text begins with a mark."""


@dataclass(frozen=True)
class Cut:
    """A text in its pieces: what is before the first mark, and who says what."""

    before: str
    said: list[tuple[Role, str]]


def _style(marks: Mapping[str, str], *, ends: str | None = None, start: str = "", anywhere: bool = True) -> Style:
    groups = "|".join(f"(?P<{role}>{mark})" for role, mark in marks.items())
    return Style(re.compile(f"{start}(?:{groups})", re.MULTILINE), re.compile(ends) if ends else None, anywhere)


def _words(user: str, assistant: str, *, start: str = r"^[ \t]*", ends: str | None = None, **more: str) -> Style:
    named = {"user": user, "assistant": assistant, **more}
    return _style(
        {role: rf"(?:{words})\s*[:：]" for role, words in named.items()}, start=start, ends=ends, anywhere=False
    )


_MOSS_END = r"<eo[hmta]>"
_LLAMA3 = r"<\|start_header_id\|>\s*{}\s*<\|end_header_id\|>"
_HASH_USER, _HASH_ASSISTANT = "Instruction|Human|User|指令|问题", "Response|Assistant|Output|回答|回复"

STYLES: dict[str, Style] = {
    "moss": _style({"user": r"<\|Human\|>\s*[:：]", "assistant": r"<\|MOSS\|>\s*[:：]"}, ends=_MOSS_END),
    "moss_002": _style({"user": r"\[Human\]\s*[:：]", "assistant": r"\[MOSS\]\s*[:：]"}, ends=_MOSS_END),
    "baize": _style({"user": r"\[\|Human\|\]", "assistant": r"\[\|AI\|\]"}),
    "brackets": _style({"user": r"\[Human\]\s*[:：]?", "assistant": r"\[AI\]\s*[:：]?"}),
    "llama2_chinese": _style({role: rf"<s>\s*{name}\s*[:：]" for role, name in _CHINESE_LLAMA.items()}, ends=r"</s>"),
    "chatml": _style(
        {role: rf"<\|im_start\|>\s*{role}[ \t]*\n?" for role in ("system", "user", "assistant", "tool")},
        ends=r"<\|im_end\|>",
    ),
    "llama3": _style(
        {role: _LLAMA3.format(role) for role in ("system", "user", "assistant")},
        ends=r"<\|eot_id\|>|<\|begin_of_text\|>",
    ),
    "llama2": _style(
        {
            "system": r"\[INST\]\s*<<SYS>>",
            "assistant": r"\[/INST\]",
            "user": r"<s>\s*\[INST\]|\[INST\]|<</SYS>>",
        },
        ends=r"</?s>",
    ),
    "oig": _style({"user": r"<human>\s*[:：]", "assistant": r"<bot>\s*[:：]"}),
    "hashes": _style(
        {
            "user": rf"#{{2,3}}\s*(?:{_HASH_USER})\s*[:：]",
            "assistant": rf"#{{2,3}}\s*(?:{_HASH_ASSISTANT})\s*[:：]",
        }
    ),
    "glaive": _words("USER", "ASSISTANT", tool="FUNCTION RESPONSE", system="SYSTEM", ends=r"<\|endoftext\|>|</s>"),
    "hh": _words("Human", "Assistant", start=r"(?:\A|\n\n)"),
    "human_assistant": _words("Human|HUMAN", f"{_ASSISTANT}|ASSISTANT", ends=r"</s>", system="System"),
    "user_assistant": _words(
        "User|Human", f"{_ASSISTANT}|Bot|Joi|AI|Chatbot", ends=r"<\|endoftext\|>", system="System"
    ),
    "question_answer": _words("Question|Q", "Answer|A"),
    "zh": _words("用户|问|患者|人类|学生|客户", "助手|答|医生|机器人|老师|客服", system="系统"),
}
"""Styles by name, those that are taken for none of the others first."""

_SPEAKER = re.compile(r"^[ \t]*([^\s:：，。,.!?！？][^:：\n，。,!?！？]{0,19}?)\s*[:：][ \t]*(?=\S)", re.MULTILINE)


def pieces(style: Style, text: str) -> Cut:
    """What a text says before its first mark and behind each; pieces are stripped of white space and of the marks at their ends."""
    found = list(style.pattern.finditer(text))
    if not found:
        return Cut(_bare(style, text), [])
    before = text[: found[0].start()]
    ends = [match.start() for match in found[1:]] + [len(text)]
    said: list[tuple[Role, str]] = []
    for match, end in zip(found, ends, strict=True):
        role: Role = match.lastgroup or "user"  # type: ignore[assignment]
        said.append((role, _bare(style, text[match.end() : end])))
    return Cut(_bare(style, before), said)


def style_of(text: str, *, alone: bool = False) -> str | None:
    """The first style of which a text has marks of both sides; with `alone`, else the first of which it has a user's. None where it has neither."""
    asked: str | None = None
    for name, style in STYLES.items():
        first = style.pattern.search(text)
        if first is None or (not style.anywhere and text[: first.start()].strip()):
            continue
        roles = {match.lastgroup for match in style.pattern.finditer(text)}
        if {"user", "assistant"} <= roles:
            return name
        if "user" in roles:
            asked = asked or name
    return asked if alone else None


def by_speakers(text: str, *, second_asks: bool = False) -> Cut | None:
    """A script of two named speakers, as turns of user and assistant: the first who speaks asks. None where there are not two."""
    found = list(_SPEAKER.finditer(text))
    names = list(dict.fromkeys(match[1] for match in found))
    if len(names) != 2:
        return None
    sides: tuple[Role, Role] = ("assistant", "user") if second_asks else ("user", "assistant")
    ends = [match.start() for match in found[1:]] + [len(text)]
    said: list[tuple[Role, str]] = [
        (sides[names.index(match[1])], text[match.end() : end].strip()) for match, end in zip(found, ends, strict=True)
    ]
    return Cut(text[: found[0].start()].strip(), said)


def custom(marks: Mapping[str, Role]) -> Style:
    """A style of given marks, each at the beginning of a line."""
    by_role: dict[str, list[str]] = {}
    for mark, role in sorted(marks.items(), key=lambda item: -len(item[0])):
        by_role.setdefault(role, []).append(re.escape(mark))
    return _style({role: "|".join(own) for role, own in by_role.items()}, start=r"^[ \t]*")


def _bare(style: Style, text: str) -> str:
    return (style.ends.sub("", text) if style.ends else text).strip()

"""Who speaks: names of roles in data sets, and the two sides of a question with its answer.

    ROLES["gpt"], ROLES["observation"]                    "assistant", "tool"
    side_of_pair({"human": "Hi", "assistant": "Hello"})    [("user", "Hi"), ("assistant", "Hello")]

Not here: marks of speakers within a text (marks.py), repair of roles (sft/roles.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus_platform.sft.form import Problem
from corpus_platform.sft.kinds.about import words

if TYPE_CHECKING:
    from corpus_platform.sft_tables import Role

_NAMES: dict[Role, tuple[str, ...]] = {
    "user": (
        "user", "human", "prompter", "usr", "customer", "client", "patient", "student", "question", "q", "student_role",
        "用户", "人类", "问", "患者", "学生", "客户",
    ),
    "assistant": (
        "assistant", "gpt", "chatgpt", "gpt4", "gpt-4", "bing", "bot", "bard", "claude", "model", "ai", "chatbot", "moss", "answer", "doctor", "teacher",
        "function_call", "function-call", "tool_call", "tool_calls", "caller", "conclusion", "agent", "助手", "机器人", "答", "医生", "老师", "客服",
    ),
    "tool": (
        "tool", "observation", "function", "function_response", "function-response", "tool_response", "tool_result", "tool-response", "ipython",
        "environment", "工具",
    ),
    "system": ("system", "developer", "系统"),
}  # fmt: skip
ROLES: dict[str, Role] = {name: role for role, names in _NAMES.items() for name in names}
"""Role by the name that data sets give it, in lower case."""
CALLERS = frozenset({"function_call", "function-call", "tool_call", "tool_calls"})
"""Names of speakers whose words are a call of a tool as JSON."""

USER_KEYS = ("human", "user", "question", "q", "prompt", "instruction", "query", "input", "问题", "问")
ASSISTANT_KEYS = ("assistant", "bot", "gpt", "answer", "a", "response", "output", "model", "回答", "答")


def role_of(name: Any, more: dict[str, Role]) -> Role | None:
    """The role of a name; `more` comes before what is usual. None where nobody knows it."""
    key = words(name)
    return more.get(key) or more.get(key.lower()) or ROLES.get(key.lower())


def side_of_pair(pair: Any) -> list[tuple[Role, str]] | Problem:
    """Question and answer of a pair: a list of two, or an object with a key for each. A side that is missing is left out."""
    if isinstance(pair, list) and 1 <= len(pair) <= 2:
        roles: tuple[Role, Role] = ("user", "assistant")
        return [(role, words(text)) for role, text in zip(roles, pair, strict=False)]
    if not isinstance(pair, dict):
        return Problem("wrong_shape", f"a pair is {type(pair).__name__}: {pair!r:.80}")
    asked, said = _key(pair, USER_KEYS), _key(pair, ASSISTANT_KEYS)
    if asked is None and said is None:
        return Problem("wrong_shape", f"a pair has neither a question nor an answer: {', '.join(map(str, pair))[:80]}")
    found: list[tuple[Role, str]] = []
    if asked is not None:
        found.append(("user", words(pair[asked])))
    if said is not None:
        found.append(("assistant", words(pair[said])))
    return found


def _key(pair: dict[str, Any], names: tuple[str, ...]) -> str | None:
    lower = {str(key).lower(): key for key in pair}
    return next((lower[name] for name in names if name in lower), None)

"""Pieces of code with what they do: functions with a docstring, either way round, from cleaned files of programs.

`to_code` asks for the function by its summary and its head; `to_text` shows the function without its docstring and asks what it does. The summary is the
docstring's first paragraph. Left out are functions without one, summaries that say nothing or that an earlier function has, bodies that do little, tests
and special methods, and code that another function has. Python alone: its own parser says where a function ends.

Sources: CodeSearchNet's filters; Nan-Do's instructions over it, by the survey's specification.
Not here: code in other languages, files of repositories (readers/repository.py), their cleaning.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import textwrap
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.construct.rows import kept
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.about import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_CHARACTERS = 400_000
"""Of a file; longer ones are hardly written by people."""
_EMPTY = re.compile(
    r"^\W*(?:todo|fixme|xxx|hack|deprecated|see\b|same as|override|overridden|inherit|constructor|init\b|initiali[sz]e[sr]?\W*$|getter|setter"
    r"|returns?\W*$|auto-?generated|not implemented|summary|docstring|待|同上|暂|无)",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"^\s*(?::|@|>>>|\.\. |Args:|Parameters|Returns:|Raises:)")
_TO_CODE = {
    "en": (
        "Write a Python function that does the following: {summary}\n\n{head}",
        "Complete this Python function. {summary}\n\n```python\n{head}\n```",
    ),
    "zh": (
        "请编写一个Python函数，功能是：{summary}\n\n{head}",
        "请补全下面的Python函数。{summary}\n\n```python\n{head}\n```",
    ),
}
_TO_TEXT = {
    "en": (
        "What does this Python function do?\n\n```python\n{code}\n```",
        "Describe the following code in short.\n\n```python\n{code}\n```",
    ),
    "zh": (
        "下面这个Python函数的作用是什么？\n\n```python\n{code}\n```",
        "请用简短的话说明下面代码的功能。\n\n```python\n{code}\n```",
    ),
}


@dataclass(frozen=True)
class Function:
    """A function: its head line, its code without the docstring, the docstring's first paragraph, and how many statements it has."""

    name: str
    head: str
    code: str
    summary: str
    statements: int


@register_way
class CodePairs(Way):
    """Docstrings and code."""

    name: ClassVar[str] = "code_pairs"
    about: ClassVar[str] = "a Python function with what it does, as a request for either"
    reads: ClassVar[Literal["messages", "documents"]] = "documents"
    source: ClassVar[str | None] = "code"
    gathers: ClassVar[bool] = True
    pools: ClassVar[bool] = True
    reasons: ClassVar[Mapping[str, str]] = {
        "not_python": "The file is no Python program, or its parser refuses it",
        "no_function": "The file has no function with a docstring",
        "contentless_summary": "The docstring says nothing of what the function does",
        "trivial_code": "The function does little, is a test, or a special method",
        "repeated_summary": "An earlier function has the same summary",
        "repeated_code": "An earlier function has the same code",
        "too_long": "The function is longer than asked for",
    }

    direction: Literal["to_code", "to_text", "drawn", "both"] = Field(default="drawn", description="What is asked for")
    least_statements: int = Field(default=3, ge=1, description="Statements of a function at least, inner ones counted")
    least_words: int = Field(
        default=4, ge=1, description="Words of a summary at least; of a Chinese one twice as many characters"
    )
    longest: int = Field(default=6_000, ge=100, description="Characters of a function at most")

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """A dialogue for each function, or two; eight bytes of memory for each summary and function seen."""
        seen: set[bytes] = set()
        for row in rows:
            yield from self._of_file(row, seen)

    def _of_file(self, row: Mapping[str, Any], seen: set[bytes]) -> Iterator[Made]:
        doc_id = row["doc_id"]
        named = str(row.get("category") or "Python") == "Python" and not str(row.get("title") or ".py").endswith(
            ".ipynb"
        )
        found = functions(str(row.get("text") or "")) if named else None
        if not found:
            yield skipped("not_python" if found is None else "no_function", doc_id)
            return
        for function in found:
            reason = self._refused(function, seen)
            if reason:
                yield skipped(reason, doc_id, detail=function.name)
                continue
            toward = ("to_code", "to_text")[self.draw("direction", doc_id, function.name) % 2]
            ways = {"both": ("to_code", "to_text"), "drawn": (toward,)}.get(self.direction, (self.direction,))
            for way in ways:
                yield made(self._dialogue(row, function, way), doc_id)

    def _refused(self, function: Function, seen: set[bytes]) -> str | None:
        words = len(function.summary.split())
        if chinese(function.summary):
            words = len(function.summary) // 2
        if words < self.least_words or _EMPTY.match(function.summary) or _MARKUP.match(function.summary):
            return "contentless_summary"
        if function.statements < self.least_statements or function.name.startswith(("test", "__")):
            return "trivial_code"
        if len(function.code) > self.longest:
            return "too_long"
        for text, reason in ((function.summary.lower(), "repeated_summary"), (function.code, "repeated_code")):
            key = hashlib.blake2b(" ".join(text.split()).encode("utf-8", "surrogatepass"), digest_size=8).digest()
            if key in seen:
                return reason
            seen.add(key)
        return None

    def _dialogue(self, row: Mapping[str, Any], function: Function, way: str) -> Dialogue:
        language = "zh" if chinese(function.summary) else "en"
        wordings = (_TO_CODE if way == "to_code" else _TO_TEXT)[language]
        wording = wordings[self.draw("wording", row["doc_id"], function.name) % len(wordings)]
        asked = wording.format(summary=function.summary, head=function.head, code=function.code)
        said = f"```python\n{function.code}\n```" if way == "to_code" else function.summary
        return Dialogue(
            (user(asked), assistant(said)),
            task_type="code",
            construction="rewritten",
            origin=row.get("origin") or "human",
            labels={"direction": way, "statements": function.statements},
            meta={"function": function.name},
            **kept({**row, "language": language}),
        )


def functions(program: str) -> list[Function] | None:
    """Functions of a program that have a docstring, in their order, methods with those of no class; None where it can't be parsed."""
    if len(program) > MAX_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            # What is odd in a stranger's program is no warning of ours.
            warnings.simplefilter("ignore")
            tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = program.splitlines()
    nodes = sorted(
        (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)), key=lambda n: n.lineno
    )
    return [one for node in nodes if (one := _function(node, lines))]


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> Function | None:
    text = ast.get_docstring(node, clean=False)
    if not text or not text.strip():
        return None
    docstring, rest = node.body[0], node.body[1:]
    start, end = node.lineno - 1, node.end_lineno or node.lineno
    if docstring.lineno == node.lineno or (rest and rest[0].lineno == docstring.end_lineno):
        # On one line with other code: it could not be taken out by lines.
        return None
    head = lines[start : docstring.lineno - 1]
    code = [*head, *lines[docstring.end_lineno or 0 : end]]
    summary = inspect.cleandoc(text).split("\n\n")[0]
    statements = sum(isinstance(n, ast.stmt) for one in rest for n in ast.walk(one))
    return Function(
        node.name,
        textwrap.dedent("\n".join(head)).strip(),
        textwrap.dedent("\n".join(code)).strip("\n"),
        " ".join(summary.split()),
        statements,
    )

r"""Final answers of worked solutions, calculator marks, and what was thought before an answer.

    final_answer("... so 48+24 = 72\n#### 72")          "72"
    final_answer(r"... $\boxed{\frac{1}{2}}$.")         r"\frac{1}{2}"
    split_thinking("<think>a</think>b")                 ("a", "b")

Sources: GSM8K (`####`), its samples (`A: 72`), MATH (`\boxed`), MetaMath (`The answer is: 72`), DeepSeek-R1 (`<think>`), OpenThoughts, OpenO1.
Not here: whether two answers are equal as numbers (construct/).
"""

from __future__ import annotations

import re

CALCULATOR = re.compile(r"<<([^<>\n]{0,400})>>")
"""GSM8K's calculator mark; group 1 is the equation."""

_HASHES = re.compile(r"####[ \t]*([^\n]+)")
_BOXED = re.compile(r"\\(?:boxed|fbox)\s*(?=\{)|\\boxed\s+([^\s$]+)")
_SAID = re.compile(r"(?:[Tt]he (?:final )?answer is|[Aa]nswer:|答案(?:是|为)|(?:^|\n)A:)\s*[:：]?\s*([^\n]+?)\s*\Z")
_SOCRATIC = re.compile(r"(?<=[?？]) \*\* ")
_THINKING = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<Thought>", "</Thought>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
)
_ANSWER = re.compile(
    r"^\s*(?:<(?:Output|answer)>|<\|begin_of_solution\|>)\s*(.*?)\s*(?:</(?:Output|answer)>|<\|end_of_solution\|>)?\s*$",
    re.DOTALL,
)


def final_answer(solution: str) -> str | None:
    """What a solution comes to: behind the last `####`, in the last box, behind "the answer is" in the last line; None where it says none of these."""
    if found := _HASHES.findall(solution):
        return found[-1].strip()
    if boxed := _last_box(solution):
        return boxed
    said = _SAID.search(solution)
    return said[1].rstrip("。") or None if said else None


def clean_answer(answer: str) -> str:
    """An answer without what does not count: dollar signs around or before it, commas between thousands, a full stop behind it."""
    bare = answer.strip().removesuffix(".").strip()
    if len(bare) > 1 and bare.startswith("$") and bare.endswith("$"):
        bare = bare[1:-1].strip()
    bare = re.sub(r"^(-?)\\?\$\s*", r"\1", bare)
    return re.sub(r"(?<=\d),(?=\d{3}(?:\D|$))", "", bare)


def without_marks(solution: str) -> str:
    """A solution without calculator marks, socratic questions on lines of their own."""
    return _SOCRATIC.sub("\n", CALCULATOR.sub("", solution))


def split_thinking(text: str) -> tuple[str | None, str]:
    """(what was thought, what is answered). Thinking that never closes is all there is; one without its opening mark starts with the text."""
    for opening, closing in _THINKING:
        first, last = text.find(opening), text.rfind(closing)
        if first < 0 and last < 0:
            continue
        if last < 0:
            return (text[first + len(opening) :].strip() or None, "") if not text[:first].strip() else (None, text)
        start = first + len(opening) if 0 <= first < last else 0
        if 0 < first < last and text[:first].strip():
            return None, text
        answer = text[last + len(closing) :]
        inner = _ANSWER.match(answer)
        return text[start:last].strip() or None, (inner[1] if inner else answer).strip()
    inner = _ANSWER.match(text)
    return None, (inner[1] if inner else text).strip()


def _last_box(solution: str) -> str | None:
    found = None
    for match in _BOXED.finditer(solution):
        found = match[1] or _braced(solution, match.end())
    return found.strip() if found and found.strip() else None


def _braced(text: str, at: int) -> str | None:
    """What stands between the brace at a place and the one that closes it."""
    depth = 0
    for place in range(at, len(text)):
        sign = text[place]
        if sign in "{}" and text[place - 1] != "\\":
            depth += 1 if sign == "{" else -1
            if not depth:
                return text[at + 1 : place]
    return None

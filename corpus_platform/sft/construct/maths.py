"""Arithmetic of worked solutions, in English and Chinese: their equations, whether these hold, whether answers are equal.

    answer_of_solution("... #### 1,080")     # "1080"
    equations("48/2 = <<48/2=24>>24")        # ["48/2=24"]
    holds("48/2=24")                          # True

Arithmetic is read by a grammar of its own: numbers, + - * / ( ) and per cent. Nothing is evaluated as code.

Sources: openai/grade-school-math (`<<a=b>>`), OFA-Sys/gsm8k-ScRel (an equation holds within 1e-3).
Not here: where a solution says its answer (kinds/answers.py), which solutions are kept (rft.py, dart.py), masking (fobar.py).
"""

from __future__ import annotations

import re

from corpus_platform.sft.kinds.answers import CALCULATOR, clean_answer, final_answer

TOLERANCE = 1e-3
"""Within which numbers are equal."""
_LONGEST = 300

_PLAIN = re.compile(r"[\d(][\d\s.,+\-*/×÷x()%$¥￥]*[+\-*/×÷x][\d\s.,+\-*/×÷x()%$¥￥]*[=＝]\s*[$¥￥]?-?\d[\d,]*\.?\d*%?")
_TOKEN = re.compile(r"\s*(?:(\d[\d,]*\.?\d*|\.\d+)|([-+*/()%]))")
_UNITS = str.maketrans(
    {"×": "*", "÷": "/", "x": "*", "X": "*", "＝": "=", "$": "", "¥": "", "￥": "", "，": ",", "−": "-"}
)


def equations(solution: str) -> list[str]:
    """Equations of a solution without blanks: what stands in `<<...>>`, or where there is none every plain `2 + 3 = 5`."""
    found = CALCULATOR.findall(solution) or _PLAIN.findall(solution)
    return [re.sub(r"\s", "", one.translate(_UNITS)) for one in found]


def holds(equation: str) -> bool:
    """Whether all sides of an equation are arithmetic and equal within TOLERANCE."""
    sides = [value_of(side) for side in equation.split("=")]
    return len(sides) > 1 and all(s is not None and abs(s - (sides[-1] or 0.0)) < TOLERANCE for s in sides)


def value_of(arithmetic: str) -> float | None:
    """Value of an arithmetic expression; None where it is none, divides by zero or is longer than 300 characters."""
    tokens = _tokens(arithmetic.translate(_UNITS))
    if not tokens:
        return None
    try:
        value, rest = _sum(tokens, 0)
    except (ZeroDivisionError, ValueError, IndexError, OverflowError):
        return None
    return value if rest == len(tokens) else None


def answer_of_solution(solution: str) -> str | None:
    """Final answer of a solution, short (`plain_answer`); None where it says none."""
    found = final_answer(solution)
    return plain_answer(found) if found else None


def plain_answer(answer: str) -> str:
    """An answer without currency, thousands' commas, sign of per cent and final stop; a number as Python writes it shortest."""
    text = clean_answer(answer.strip().rstrip("*。")).strip("$¥￥ ")
    number = _float(text.replace(",", "").replace("\\", "").removesuffix("%").strip())
    return text if number is None else _shortest(number)


def same_answer(one: str, other: str) -> bool:
    """Whether two answers are equal: as numbers within TOLERANCE, else as texts whatever their case and blanks."""
    a, b = _float(plain_answer(one)), _float(plain_answer(other))
    if a is not None and b is not None:
        return abs(a - b) < TOLERANCE
    return "".join(plain_answer(one).split()).casefold() == "".join(plain_answer(other).split()).casefold()


def _shortest(number: float) -> str:
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


def _float(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)", text) else None


def _tokens(text: str) -> list[str]:
    """Numbers and operators; empty where something else stands among them."""
    found: list[str] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(text) > _LONGEST:
            return []
        found.append(match[1] or match[2])
        at = match.end()
    return found


def _sum(tokens: list[str], at: int) -> tuple[float, int]:
    value, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] in "+-":
        operator = tokens[at]
        other, at = _product(tokens, at + 1)
        value = value + other if operator == "+" else value - other
    return value, at


def _product(tokens: list[str], at: int) -> tuple[float, int]:
    value, at = _factor(tokens, at)
    while at < len(tokens) and tokens[at] in "*/(":
        if tokens[at] == "(":
            # 2(3+4): a factor without a sign.
            other, at = _factor(tokens, at)
            value *= other
            continue
        operator = tokens[at]
        other, at = _factor(tokens, at + 1)
        value = value * other if operator == "*" else value / other
    return value, at


def _factor(tokens: list[str], at: int) -> tuple[float, int]:
    one = tokens[at]
    if one in "+-":
        value, at = _factor(tokens, at + 1)
        return (-value if one == "-" else value), at
    if one == "(":
        value, at = _sum(tokens, at + 1)
        if tokens[at] != ")":
            raise ValueError("no bracket closes")
        at += 1
    else:
        value, at = float(one.replace(",", "")), at + 1
    if at < len(tokens) and tokens[at] == "%":
        value, at = value / 100, at + 1
    return value, at

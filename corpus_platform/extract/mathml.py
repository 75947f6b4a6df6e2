r"""Presentation MathML -> LaTeX, for formulas whose page gives no LaTeX of its own.

Covers what pages hold: identifiers, numbers, operators, rows, fractions, roots, scripts, over and under, fences, tables, text. What is unknown is
passed through as its children. Source of the element set: https://www.w3.org/TR/MathML3/chapter3.html.

Not here: where formulas are found in a page (math_text.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

if TYPE_CHECKING:
    from collections.abc import Callable

_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon phi chi psi omega"
_SYMBOLS: dict[str, str] = {
    **{chr(0x3B1 + i): f"\\{name}" for i, name in enumerate(_GREEK.split())},
    **{
        chr(0x391 + i): f"\\{name.capitalize()}"
        for i, name in enumerate(_GREEK.split())
        if name in {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}
    },
    "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta", "∞": r"\infty", "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod",
    "∫": r"\int", "∮": r"\oint", "√": r"\surd", "±": r"\pm", "∓": r"\mp", "×": r"\times", "÷": r"\div", "⋅": r"\cdot", "·": r"\cdot",
    "∗": "*", "∘": r"\circ", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim", "≃": r"\simeq",
    "≅": r"\cong", "∝": r"\propto", "≪": r"\ll", "≫": r"\gg", "∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq",
    "∪": r"\cup", "∩": r"\cap", "∅": r"\emptyset", "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee",
    "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow",
    "↦": r"\mapsto", "…": r"\ldots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "′": "'", "″": "''", "−": "-", "ℝ": r"\mathbb{R}",
    "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}", "ℂ": r"\mathbb{C}", "ℚ": r"\mathbb{Q}", "ℓ": r"\ell", "ℏ": r"\hbar", "⟨": r"\langle",
    "⟩": r"\rangle", "∣": "|", "∥": r"\|", "⊗": r"\otimes", "⊕": r"\oplus", "⊥": r"\perp", "†": r"\dagger", "{": r"\{", "}": r"\}",
    "\u2061": "", "\u2062": "", "\u2063": ",", "\u00a0": " ", "&": r"\&", "%": r"\%", "#": r"\#",
}  # fmt: skip
_FUNCTIONS = frozenset(
    {"sin", "cos", "tan", "log", "ln", "exp", "lim", "max", "min", "det", "sup", "inf", "arg", "dim", "gcd"}
)
_ACCENTS = {
    "^": "hat",
    "ˆ": "hat",
    "¯": "bar",
    "‾": "bar",
    "~": "tilde",
    "˜": "tilde",
    "→": "vec",
    "⃗": "vec",
    "˙": "dot",
    "¨": "ddot",
}
_MAX_DEPTH = 60


def latex_of(mathml: str) -> str:
    """LaTeX of one `<math>` element; empty where it is broken beyond repair."""
    source = re.sub(r"<(/?)(?:mml|m):", r"<\1", mathml)
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(source.encode(), parser)
    except etree.XMLSyntaxError:
        return ""
    return "" if root is None else re.sub(r"\s+", " ", _node(root, 0)).strip()


def _name(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def _node(node: etree._Element, depth: int) -> str:
    name = _name(node)
    if depth > _MAX_DEPTH or name in {"annotation", "annotation-xml", ""}:
        return ""
    if name in {"mi", "mn", "mo", "ms", "mtext", "mspace", "mphantom"}:
        return _token(name, node.text or "")
    parts = [part for child in node if (part := _node(child, depth + 1)) != ""]
    if name in _FIXED:
        size, write = _FIXED[name]
        return write([*parts, *[""] * size][:size])
    if name == "mfenced":
        between = (node.get("separators", ",") or " ")[0]
        left, right = node.get("open", "("), node.get("close", ")")
        return f"\\left{_fence(left)} {between.join(parts)} \\right{_fence(right)}"
    before, between, after = _ROWS.get(name, ("", " ", ""))
    return before + between.join(parts) + after


def _token(kind: str, text: str) -> str:
    text = text.strip()
    if kind in {"mspace", "mphantom"}:
        return " "
    if kind == "mtext":
        return f"\\text{{{text}}}" if text else " "
    if kind == "mi" and text in _FUNCTIONS:
        return f"\\{text}"
    if kind == "mi" and len(text) > 1 and text.isalpha() and text.isascii():
        return f"\\mathrm{{{text}}}"
    return "".join(_SYMBOLS.get(letter, letter) for letter in text)


def _fence(mark: str) -> str:
    return {"": ".", "{": r"\{", "}": r"\}", "⟨": r"\langle", "⟩": r"\rangle"}.get(mark, mark)


def _over(parts: list[str]) -> str:
    base, above = parts
    accent = next((word for mark, word in _ACCENTS.items() if above in {mark, _SYMBOLS.get(mark)}), None)
    return f"\\{accent}{{{base}}}" if accent else f"\\overset{{{above}}}{{{base}}}"


def _under(parts: list[str]) -> str:
    base, below = parts
    return f"{base}_{{{below}}}" if base.lstrip("\\").isalpha() else f"\\underset{{{below}}}{{{base}}}"


def _group(base: str) -> str:
    return base if len(base) == 1 or re.fullmatch(r"\\[A-Za-z]+", base) else f"{{{base}}}"


_FIXED: dict[str, tuple[int, Callable[[list[str]], str]]] = {
    "mfrac": (2, lambda p: f"\\frac{{{p[0]}}}{{{p[1]}}}"),
    "mroot": (2, lambda p: f"\\sqrt[{p[1]}]{{{p[0]}}}"),
    "msup": (2, lambda p: f"{_group(p[0])}^{{{p[1]}}}"),
    "msub": (2, lambda p: f"{_group(p[0])}_{{{p[1]}}}"),
    "msubsup": (3, lambda p: f"{_group(p[0])}_{{{p[1]}}}^{{{p[2]}}}"),
    "mover": (2, _over),
    "munder": (2, _under),
    "munderover": (3, lambda p: f"{p[0]}_{{{p[1]}}}^{{{p[2]}}}"),
}
"""Elements with a fixed number of children, and how they are written."""

_ROWS = {
    "msqrt": ("\\sqrt{", " ", "}"),
    "mtable": ("\\begin{matrix}", r" \\ ", "\\end{matrix}"),
    "mtr": ("", " & ", ""),
    "mlabeledtr": ("", " & ", ""),
}
"""Elements with any number of children: what is before, between and after them."""

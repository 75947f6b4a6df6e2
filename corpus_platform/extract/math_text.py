r"""Main text of a page with its formulas kept as LaTeX: `$..$` inline, `$$..$$` displayed. The text that OpenWebMath starts from.

Formulas are found in the tree first (MathJax scripts, MathML with its annotation, alternative text or own markup, KaTeX, pictures of formulas
whose source or alternative text is LaTeX), each replaced by a mark that extraction leaves alone; then, in the text, between the delimiters that the
page's MathJax or KaTeX knows. Headings become Markdown's, preformatted text is fenced, any other dollar sign is escaped.
Departures from the reference: a pair of single dollars is a formula only where the page declares it or what is between looks like LaTeX (prices are
not formulas); `\(..\)` is inline and `\[..\]` displayed, as MathJax has it; AsciiMath is kept as it is written; nothing is chosen at random.
Source: Paster et al. 2023 (OpenWebMath), github.com/keirp/OpenWebMath, text_extraction and extract_from_cc.

Not here: edits of lines, scores and thresholds of the corpus (recipes/), MathML itself (mathml.py).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from corpus_platform.extract.mathml import latex_of
from corpus_platform.extract.outcome import NoMath

# Of resiliparse's stubs an element is a node without attributes, and a document may be missing.
# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false, reportArgumentType=false

_MARKS = re.compile(
    "MathJax|mathjax|<math|math-container|katex\\.min\\.css|latex\\.php|codecogs|tex\\.cgi|class=\"tex\"|class='tex'"
)
_COMMAND = re.compile(r"\\[a-z]{2,}")
_COMMANDS = (
    "end begin ref frac label bf right left rm alpha mu def it pi sigma sum lambda beta nu partial int delta rho phi gamma omega over nonumber bar sqrt "
    "theta tau em rangle hat tilde cal hline item psi vec langle epsilon eta cdot in xi infty quad mathcal times emph mathbf prime be mathrm ee vspace pm "
    "chi ell text qquad noindent to varphi hspace leq cos eqref overline sin kappa hbox rightarrow varepsilon textit dagger big otimes equiv zeta dot ln"
)
_ANY_COMMAND = re.compile("|".join(rf"\\{name}" for name in _COMMANDS.split()))
_WHOLE_COMMAND = re.compile(rf"\\(?:{'|'.join(_COMMANDS.split())})(?![A-Za-z])")
_PICTURE_CLASSES = frozenset(
    {"latexcenter", "latex", "tex", "latexdisplay", "latexblock", "latexblockcenter", "x-ck12"}
)
_MAX_LINKS = 3000
_MAX_FORMULA = 4000
_OPEN, _CLOSE, _HEADING, _FENCE = "\ue000", "\ue001", "\ue002", "```"
_PRIVATE = re.compile("[\ue000-\ue002]")


def has_math(html: str) -> bool:
    """The prefilter on the raw page: a mark of a formula renderer, or LaTeX commands in its main text.

    The reference also lets pages pass whose plain text has a high MathScore; that needs its model, so such pages are left out here.
    """
    if _MARKS.search(html):
        return True
    if not _COMMAND.search(html):
        return False
    text = extract_plain_text(HTMLTree.parse(_without_templates(html)), main_content=True, alt_texts=False)
    return _ANY_COMMAND.search(text) is not None


def math_text(html: str) -> tuple[str, dict[str, int]]:
    """Main text of a page with its formulas, and how many were found in which way.

    Raises NoMath where the prefilter finds none, and for pages of more than 3,000 links.
    """
    html = _PRIVATE.sub(" ", html)
    if not has_math(html):
        raise NoMath("no sign of a formula")
    tree = HTMLTree.parse(_without_templates(html))
    if tree.body is None or len(tree.body.get_elements_by_tag_name("a")) > _MAX_LINKS:
        raise NoMath(f"more than {_MAX_LINKS:,} links, or no body")
    formulas = _Formulas(tree)
    formulas.replace_elements()
    _mark_structure(tree)
    text = extract_plain_text(tree, main_content=True, alt_texts=False)
    return formulas.finish(_delimited(text, html, formulas)), dict(formulas.counts)


def _without_templates(html: str) -> str:
    """Pages that keep their content in `<template>` show it by script; extraction would see nothing."""
    return html.replace("<template", "<div").replace("</template", "</div")


@dataclass
class _Formulas:
    """The formulas of a page; each stands in tree and text as a number between two private characters."""

    tree: HTMLTree
    found: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def mark(self, latex: str, way: str, *, display: bool = False) -> str:
        """What stands for a formula; nothing for an empty one."""
        latex = re.sub(r"\s+", " ", latex.replace("$", "")).strip()
        latex = re.sub(r"^\{\\(?:displaystyle|textstyle)\s*(.*)\}$", r"\1", latex).strip()
        if not latex or len(latex) > _MAX_FORMULA:
            return " "
        self.counts[way] += 1
        self.found.append(f"$${latex}$$" if display else f"${latex}$")
        return f" {_OPEN}{len(self.found) - 1}{_CLOSE} "

    def replace(self, node: Any, latex: str, way: str, *, display: bool = False) -> None:
        """Puts a formula in the place of an element."""
        if node.parent is not None:
            node.parent.replace_child(self.tree.create_text_node(self.mark(latex, way, display=display)), node)

    def replace_elements(self) -> None:
        """Every formula that the tree holds as an element."""
        page = self.tree.document
        scripts = page.query_selector_all('script[type^="math/tex"], script[type^="math/asciimath"]')
        if scripts:
            _remove(self.tree, ".MathJax, .MathJax_Display, .MathJax_SVG, .MathJax_CHTML, .MJX_Assistive_MathML")
        _remove(
            self.tree,
            ".MathJax_Preview, .katex-html, .mwe-math-fallback-image-inline, .mwe-math-fallback-image-display",
        )
        for script in list(scripts):
            kind = script.getattr("type") or ""
            self.replace(script, script.text, f"script {kind.split(';')[0]}", display="mode=display" in kind)
        for node in list(page.query_selector_all(".math-container, .wp-katex-eq")):
            container = "math-container" in (node.getattr("class") or "")
            self.replace(node, node.text, "container", display=container or node.getattr("data-display") == "true")
        for node in list(page.query_selector_all(".tex[data-expr]")):
            self.replace(node, node.getattr("data-expr") or "", "katex")
        for node in list(page.query_selector_all(".texerror")):
            inner = re.search(r"\{(.+)\}", node.text or "", re.DOTALL)
            self.replace(node, inner[1] if inner else "", "texerror")
        for node in list(page.query_selector_all("math")):
            self._mathml(node)
        for node in list(page.query_selector_all("img")):
            self._picture(node)

    def _mathml(self, node: Any) -> None:
        display = node.getattr("display") == "block"
        annotation = node.query_selector('annotation[encoding="application/x-tex"]')
        latex, way = (annotation.text, "annotation") if annotation else (node.getattr("alttext"), "alttext")
        if not latex:
            latex, way = latex_of(node.html), "mathml"
        parent = node.parent
        if parent is not None and "display:none" in (parent.getattr("style") or "").replace(" ", "").lower():
            # Wikipedia and others hide the MathML behind a picture.
            parent.delattr("style")
        self.replace(node, latex, way, display=display)

    def _picture(self, node: Any) -> None:
        source, alternative = node.getattr("src") or "", node.getattr("alt") or ""
        if "codecogs.com" in source or "mimetex.cgi" in source or "mathtex.cgi" in source:
            self.replace(node, unquote(source.partition("?")[2]).replace("+", " "), "picture source")
        elif (
            "latex.php" in source
            or "/images/math/codecogs" in source
            or _PICTURE_CLASSES.intersection((node.getattr("class") or "").split())
        ):
            self.replace(node, unquote(alternative), "picture text")

    def finish(self, text: str) -> str:
        """The text with every formula in its place, and every dollar sign that is none escaped."""
        text = re.sub(r"(?<!\\)\$", r"\\$", text)
        text = re.sub(rf" *{_OPEN}(\d+){_CLOSE} *(?=[.,;:!?)])", lambda m: " " + self.found[int(m[1])], text)
        text = re.sub(rf" *{_OPEN}(\d+){_CLOSE} *", lambda m: f" {self.found[int(m[1])]} ", text)
        text = re.sub(rf"{_HEADING}(\d) *", lambda m: "#" * int(m[1]) + " ", text)
        return re.sub(r"\n{3,}", "\n\n", re.sub(r"^ (?=\$)|[ \t]+$", "", text, flags=re.MULTILINE))


def _remove(tree: HTMLTree, selector: str) -> None:
    for node in list(tree.document.query_selector_all(selector)):
        if node.parent is not None:
            node.parent.remove_child(node)


def _mark_structure(tree: HTMLTree) -> None:
    """Marks headings and preformatted blocks for Markdown; they go through extraction as private characters."""
    for level in range(1, 7):
        for node in list(tree.document.get_elements_by_tag_name(f"h{level}")):
            if (node.text or "").strip():
                node.insert_before(tree.create_text_node(f"{_HEADING}{level} "), node.first_child)
    for node in list(tree.document.get_elements_by_tag_name("pre")):
        node.insert_before(tree.create_text_node(f"{_FENCE}\n"), node.first_child)
        node.append_child(tree.create_text_node(f"\n{_FENCE}"))


_INLINE = [(r"\(", r"\)"), ("[itex]", "[/itex]"), ("[math]", "[/math]"), ("[latex]", "[/latex]"), ("[texx]", "[/texx]")]
_DISPLAY = [("$$", "$$"), (r"\[", r"\]"), ("[tex]", "[/tex]")]
_ENVIRONMENTS = "equation align gather multline eqnarray"


def _delimited(text: str, html: str, formulas: _Formulas) -> str:
    """Replaces what is between formula delimiters; only in pages that load a renderer or hold LaTeX commands."""
    if not (re.search("mathjax|katex", html, re.IGNORECASE) or _WHOLE_COMMAND.search(text)):
        return text
    inline, display = _declared(html)
    for name in _ENVIRONMENTS.split():
        found = rf"\\begin\{{{name}(\*?)\}}(.{{1,{_MAX_FORMULA}}}?)\\end\{{{name}\1\}}"
        text = re.sub(found, lambda m, name=name: _environment(formulas, name, m[2]), text, flags=re.DOTALL)
    pairs = [(pair, True) for pair in dict.fromkeys([*_DISPLAY, *display])]
    pairs += [(pair, False) for pair in dict.fromkeys([*_INLINE, *inline]) if pair != ("$", "$")]
    for (left, right), shown in sorted(pairs, key=lambda pair: -len(pair[0][0])):
        between = rf"{re.escape(left)}(.{{1,{_MAX_FORMULA}}}?){re.escape(right)}"
        text = re.sub(between, lambda m, d=shown: formulas.mark(m[1], "delimited", display=d), text, flags=re.DOTALL)
    certain = ("$", "$") in inline
    return re.sub(
        r"(?<![\\$])\$(?!\$)([^$\n]{1,500}?)(?<!\\)\$(?!\d)",
        lambda m: formulas.mark(m[1], "delimited") if certain or _looks_like_latex(m[1]) else m[0],
        text,
    )


def _environment(formulas: _Formulas, name: str, inner: str) -> str:
    """An equation is what is inside; of the others LaTeX needs the environment too."""
    latex = inner if name == "equation" else f"\\begin{{{name}}}{inner}\\end{{{name}}}"
    return formulas.mark(latex, "environment", display=True)


def _looks_like_latex(text: str) -> bool:
    return re.search(r"[\\^_{}=]", text) is not None or re.fullmatch(r"\s*[A-Za-z]\s*", text) is not None


def _declared(html: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Delimiters that the page's own MathJax or KaTeX configuration adds: inline, displayed."""
    inline, display = [], []
    for key, found in (("inlineMath", inline), ("displayMath", display)):
        for block in re.findall(rf"{key}['\"]?\s*:\s*\[(.{{1,300}}?)\]\s*\]", html, re.DOTALL):
            pairs = re.findall(r"\[\s*(['\"])(.+?)\1\s*,\s*(['\"])(.+?)\3", block)
            found += [(_unescaped(left), _unescaped(right)) for _, left, _, right in pairs]
    katex = r"left\s*:\s*(['\"])(.+?)\1\s*,\s*right\s*:\s*(['\"])(.+?)\3\s*,\s*display\s*:\s*(true|false)"
    for _, left, _, right, shown in re.findall(katex, html):
        (display if shown == "true" else inline).append((_unescaped(left), _unescaped(right)))
    return inline, display


def _unescaped(delimiter: str) -> str:
    return delimiter.replace("\\\\", "\\")

r"""A paper's LaTeX as text: macros, inputs, comments, formulas, tables, references, and sources that mean harm."""

import pytest

from corpus_platform.clean.latex import LatexOptions, paper_text


def text_of(body, preamble="", options=None, **files):
    source = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\nbehind the end"
    paths = {path.replace("__", "."): text for path, text in files.items()}
    return paper_text({"ms.tex": source, **paths}, "ms.tex", options).text


CASES = {
    "formatting": (r"An \emph{old} {\bf and \it fine} \textbf{word}.", "An old and fine word."),
    "characters": (
        r"50\% of \$5 \& R\_1: M\"uller, na\"{\i}ve, \c{c}a, \v{S}, \ss, \'{e}; a~b",
        r"50% of \$5 & R_1: Müller, naïve, ça, Š, ß, é; a b",
    ),
    "typography": ("``Quoted'' --- pages 3--5, it's", "“Quoted” — pages 3–5, it's"),
    "comment": ("A word %\n and\n% a line\n  more % rest\n100\\% sure", "A word and more 100% sure"),
    "comment and paragraph": ("One % end\n\nTwo", "One\n\nTwo"),
    "lines": ("hard\nwrapped\n\nsecond", "hard wrapped\n\nsecond"),
    "inline formulas": ("Here \\(x^2\\) and $y % no\n_1$.", "Here $x^2$ and $y _1$."),
    "display": ("So\n\\[ a = b \\]\nholds", "So\n$$a = b$$\nholds"),
    "numbered": (
        "\\begin{equation}\\label{e} a=b \\end{equation} see \\eqref{e} and Eq.~\\ref{e}",
        "\\begin{equation}\n\\tag{1} a=b\n\\end{equation}\nsee (1) and Eq. 1",
    ),
    "rows": (
        "\\begin{align} a&=b \\nonumber\\\\ c&=d \\label{x} \\end{align} in \\ref{x}",
        "\\begin{align}\na&=b \\\\ c&=d \\tag{1}\n\\end{align}\nin 1",
    ),
    "list": (
        "\\begin{itemize}\\item One\n\\item[+] Two \\begin{enumerate}\\item a \\item b\\end{enumerate}\\end{itemize}",
        "- One\n- Two\n  1. a\n  2. b",
    ),
    "footnote": (
        r"Text.\footnote{A note, see \url{http://x.org/a_b%20c}.} More",
        "Text. (A note, see http://x.org/a_b%20c.) More",
    ),
    "verbatim": (
        "Run \\verb|a % b_{1}|:\n\\begin{verbatim}\n\\section{no} % kept\n\\end{verbatim}",
        "Run a % b_{1}:\n\n\\section{no} % kept",
    ),
    "unknown": (r"\object{Upper Scorpius} \foo[opt]{bar} \baz", "Upper Scorpius bar"),
    "table": (
        "\\begin{table}\\caption{Sizes}\\label{t}\\begin{tabular}{l|c}\\hline a_b & 5\\% \\\\ \\multicolumn{2}{c}{\\bf both} \\\\ \\end{tabular}\\end{table} in \\ref{t}",
        "Table 1: Sizes\n\n\\begin{tabular}{l|c}\n\\hline\na_b & 5\\% \\\\\n\\multicolumn{2}{c}{both} \\\\\n\\end{tabular}\n\nin 1",
    ),
    "figure": (
        "\\begin{figure}\\includegraphics[width=1cm]{f.png}\\caption{A \\textbf{plot}.}\\end{figure} End",
        "Figure 1: A plot.\n\nEnd",
    ),
    "bibliography": (
        r"As \citet{a} \citep[e.g.][p.~2]{a,b} \cite{c}. \begin{thebibliography}{9}\bibitem[{{M{\"u}ller} \& {Li}(2010)}]{a} X \bibitem[Oh(2011a)]{b} Y\end{thebibliography} Behind",
        "As Müller & Li (2010) (e.g. Müller & Li 2010; Oh 2011a, p. 2) [c].\n\nBehind",
    ),
    "cite": (
        r"As shown by \cite{a}, it works \cite{a}.\begin{thebibliography}{9}\bibitem[Oh(2011)]{a} Y\end{thebibliography}",
        "As shown by Oh (2011), it works (Oh 2011).",
    ),
    "iffalse": (r"A \iffalse B \ifx\a\b c \fi \else D \fi E", "A D E"),
    "boolean": (r"\newif\ifdraft \draftfalse A\ifdraft B\else C\fi \drafttrue\ifdraft D\fi", "ACD"),
    "comment environment": ("A\n\\begin{comment}\nB\n\\end{comment}\nC", "A\n\nC"),
    "theorem": (
        r"\newtheorem{thm}{Theorem}\begin{thm}[Euler]\label{q} Yes.\end{thm}\begin{proof}Clear.\end{proof} By \autoref{q}",
        "Theorem 1 (Euler). Yes.\n\nProof. Clear.\n\nBy Theorem 1",
    ),
    "headings": (
        r"\section{One}\label{s} a \subsection*{Two} b \appendix \section{Three}\label{x} c \ref{s} \ref{x}",
        "## One\n\na\n\n### Two\n\nb\n\n## Three\n\nc 1 A",
    ),
    "references section": (
        r"\section{End} a \section*{References} \noindent [1] B. \section{Behind} c",
        "## End\n\na\n\n## Behind\n\nc",
    ),
    "units": (r"\SI{3}{\kilo\metre\per\second} and \num{4}", "3 km/s and 4"),
}


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES.keys())
def test_what_commands_become(body, expected):
    assert text_of(body) == expected


MACROS = {
    "plain": (r"\newcommand{\R}{\mathbb{R}}", r"$x\in\R^n$", r"$x\in\mathbb{R}^n$"),
    "arguments": (
        r"\newcommand{\pair}[2]{\langle #1,#2\rangle}",
        r"$\pair{a}{\pair bc}$",
        r"$\langle a,\langle b,c\rangle\rangle$",
    ),
    "default": (r"\newcommand{\n}[2][p]{\|#2\|_{#1}}", r"$\n{x}+\n[2]{y}$", r"$\|x\|_{p}+\|y\|_{2}$"),
    "def": (r"\def\dd#1{\mathrm{d}#1\,}", r"$\dd x$", r"$\mathrm{d}x\,$"),
    "let": (r"\let\oldvec\vec \renewcommand{\vec}[1]{\oldvec{\mathbf{#1}}}", r"$\vec a$", r"$\vec{\mathbf{a}}$"),
    "operator": (r"\DeclareMathOperator*{\argmin}{arg\,min}", r"$\argmin_x$", r"$\operatorname*{arg\,min}_x$"),
    "environment": (
        r"\newcommand{\beq}{\begin{equation}}\newcommand{\eeq}{\end{equation}}",
        r"\beq a\eeq",
        "\\begin{equation}\na\n\\end{equation}",
    ),
    "own environment": (
        r"\newenvironment{eqn}{\begin{equation}}{\end{equation}}",
        r"\begin{eqn}a\end{eqn}",
        "\\begin{equation}\na\n\\end{equation}",
    ),
    "text": (r"\newcommand{\kms}{km\,s$^{-1}$\xspace}", r"5 \kms and 6 \kms.", "5 km s$^{-1}$ and 6 km s$^{-1}$."),
    "either mode": (
        r"\newcommand{\Msun}{\ifmmode M_\odot\else $M_\odot$\fi}",
        r"$2\Msun$ or \Msun",
        r"$2 M_\odot$ or $M_\odot$",
    ),
    "next letter": (
        r"\makeatletter\def\p#1{\@ifnextchar\bgroup{[#1]\p}{(#1)}}\makeatother",
        r"$\p{a}{b}c$",
        "$[a](b)c$",
    ),
    "words kept apart": (r"\newcommand{\a}{\alpha}", r"$\a b$ $2\a{}c$", r"$\alpha b$ $2\alpha{}c$"),
    "sections stay": (r"\let\old\section\renewcommand{\section}{\old}", r"\section{A} b", "## A\n\nb"),
}


@pytest.mark.parametrize(("preamble", "body", "expected"), MACROS.values(), ids=MACROS.keys())
def test_macros_of_the_paper_are_expanded(preamble, body, expected):
    assert text_of(body, preamble) == expected


def test_inputs_are_followed_inside_the_project_once_per_path_and_missing_ones_left_out():
    text = text_of(
        r"\input{a} \include{sub/b} \input{../../etc/passwd} \input{none} \input{ms}",
        a__tex="A \\input{sub/b}\n% \\input{c}",
        **{"sub/b.tex": "B \\input{a}", "c.tex": "C"},
    )

    assert text.split() == ["A", "B", "B", "A", "B"] or text.split() == ["A", "B", "B", "A"]


def test_macros_of_a_style_of_the_project_are_read_but_do_not_replace_what_is_known():
    style = r"\newcommand{\us}{our model}\renewcommand{\maketitle}{\vskip 0.3in {\bf Title} 14pt}\newenvironment{abstract}{\begin{list}}{\end{list}}"

    text = text_of(
        r"\title{T}\maketitle\begin{abstract}Sum\end{abstract} By \us.", r"\usepackage{own}", **{"own.sty": style}
    )

    assert (
        text == "# T\n\n## Abstract\n\nSum\n\n## Introduction\n\nBy our model."
        or text == "# T\n\n## Abstract\n\nSum\n\nBy our model."
    )


def test_the_front_gives_title_authors_abstract_and_keywords():
    front = r"\title[short]{On $x$\thanks{Money}}\author{Ann Lee\inst{1} \and Bo M\"uller\thanks{x}\\ University} \keywords{a, b}"
    paper = paper_text(
        {
            "a.tex": f"\\documentclass{{aa}}\\begin{{document}}{front}\\begin{{abstract}}Sum.\\end{{abstract}}\\section{{I}}Text\\end{{document}}"
        },
        "a.tex",
    )

    assert (paper.title, paper.authors, paper.abstract, paper.keywords) == (
        "On $x$",
        ("Ann Lee", "Bo Müller"),
        "Sum.",
        "a, b",
    )
    assert paper.document_class == "aa"
    assert [(heading.level, heading.title, paper.text[heading.start :][:5]) for heading in paper.headings] == [
        (1, "Abstract", "## Ab"),
        (1, "I", "## I\n"),
    ]


def test_options_leave_out_what_they_say():
    body = r"\section{A} x \cite{k} \begin{figure}\caption{Cap}\end{figure} \appendix \section{B} y"

    assert (
        text_of(body, options=LatexOptions(captions=False, appendices=False, citations="drop", headings="latex"))
        == "\\section{A}\n\nx"
    )
    assert "\\cite{k}" in text_of(body, options=LatexOptions(citations="keep"))


def test_a_fragment_without_document_or_section_is_text():
    assert paper_text({"f.tex": "% c\nOnly \\emph{words}.\n"}, "f.tex").text == "Only words."


N = 1000
HOSTILE = {
    "braces": "{" * N,
    "groups": r"\emph{" * N,
    "environments": r"\begin{figure}" * N,
    "lists": r"\begin{itemize}\item " * N,
    "brackets": r"\foo[" * N,
    "formulas": r"\[" * N,
    "conditions": r"\ifx\a\b " * N,
    "verbatim": r"\begin{verbatim}" * N,
    "recursion": r"\def\a{x\a\a}\a " * 5,
    "growth": "".join(rf"\def\{chr(97 + i)}{{\{chr(98 + i)}\{chr(98 + i)}}}" for i in range(24)) + r"\a ",
    "arguments": r"\newcommand{\x}[2]{\x{#1#1}{#2}}\x{aaaa}{b}",
    "tables": r"\begin{tabular}{c}" * N,
    "citations": r"\cite[" * N,
    "controls": "\x01\x05\x07" * N,
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_sources_that_mean_harm_end_and_leave_the_next_word_or_nothing(body):
    paper = paper_text({"x.tex": f"\\begin{{document}}{body} word"}, "x.tex")

    assert len(paper.text) < 600_000
    assert not set(paper.text) & set(map(chr, range(9)))

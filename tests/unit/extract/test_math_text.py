"""Formulas of a page as LaTeX, in the text variant `math`."""

import pytest

from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.main_text import extract
from corpus_platform.extract.math_text import has_math
from corpus_platform.extract.mathml import latex_of
from corpus_platform.extract.outcome import NoMath

HEAD = '<html><head><script src="/MathJax.js"></script></head><body><main><p>'
FILLER = (
    "</p><p>The proof is short, and it was found in the summer of that year by two students.</p></main></body></html>"
)


def text_of(inner):
    return extract(HEAD + inner + FILLER, "math").text.split("\n")[0]


@pytest.mark.parametrize(
    ("inner", "line"),
    [
        (r"So \(a^2\), that is.", "So $a^2$, that is."),
        (r"So \[a^2\] holds.", "So $$a^2$$ holds."),
        ("So $x_1 + 2$ holds.", "So $x_1 + 2$ holds."),
        ("It costs $5 and then $6 more.", r"It costs \$5 and then \$6 more."),
        ("So $$x$$ holds.", "So $$x$$ holds."),
        ("So [itex]x[/itex] and [tex]y[/tex] hold.", "So $x$ and $$y$$ hold."),
        (r"So \begin{equation} E = mc^2 \end{equation} holds.", "So $$E = mc^2$$ holds."),
        (
            r"So \begin{align} a &amp;= b \\ c &amp;= d \end{align} holds.",
            r"So $$\begin{align} a &= b \\ c &= d \end{align}$$ holds.",
        ),
        ('So <script type="math/tex">x^2</script> holds.', "So $x^2$ holds."),
        ('So <script type="math/tex; mode=display">x^2</script> holds.', "So $$x^2$$ holds."),
        (
            '<span class="MathJax_Preview">x2</span><span class="MathJax">x²</span><script type="math/tex">x^2</script> holds.',
            "$x^2$ holds.",
        ),
        ('So <math alttext="{\\displaystyle \\pi r}"><mi>r</mi></math> holds.', r"So $\pi r$ holds."),
        ('So <math display="block"><msup><mi>x</mi><mn>2</mn></msup></math> holds.', "So $$x^{2}$$ holds."),
        (
            (
                '<span class="katex"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">\\xi</annotation>'
                '</semantics></math><span class="katex-html">ξ</span></span> holds.'
            ),
            r"$\xi$ holds.",
        ),
        (
            'So <img src="https://latex.codecogs.com/gif.latex?%5Cfrac%7Ba%7D%7Bb%7D"> holds.',
            r"So $\frac{a}{b}$ holds.",
        ),
        ('So <img src="/latex.php?x" alt="u_t + \\Delta u"> holds.', r"So $u_t + \Delta u$ holds."),
        ('So <img class="latex" src="a.png" alt="y"> and <img src="cat.png" alt="a cat"> hold.', "So $y$ and hold."),
        ('So <span class="tex" data-expr="z^3">z3</span> holds.', "So $z^3$ holds."),
        ('So <span class="wp-katex-eq" data-display="true">z</span> holds.', "So $$z$$ holds."),
        ('So <span class="math-container">w</span> holds.', "So $$w$$ holds."),
    ],
)
def test_a_formula_is_latex_however_the_page_holds_it(inner, line):
    assert text_of(inner) == line


def test_headings_are_markdown_and_preformatted_text_is_fenced():
    html = HEAD + r"We know \(x\).</p><h2>Proof</h2><pre>for x in y:" + "\n    print(x)</pre><p>" + FILLER

    text = extract(html, "math").text

    assert "\n\n## Proof\n\n```\nfor x in y:\n    print(x)\n```\n" in text


def test_delimiters_that_the_page_declares_are_formulas_too():
    config = "<script>MathJax = {tex: {inlineMath: [['$','$'], ['@@','@@']]}}</script>"

    text = extract(HEAD.replace("<body>", f"{config}<body>") + "So @@a@@ and $b c$ hold." + FILLER, "math").text

    assert text.startswith("So $a$ and $b c$ hold.")


def test_the_ways_in_which_formulas_were_found_are_counted():
    found = extract(HEAD + r"So \(a\) and \(b\), <math><mi>c</mi></math>." + FILLER, "math")

    assert found.notes == {"delimited": 2, "mathml": 1}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>no formula at all</p>", False),
        ("<script src='mathjax.js'></script>", True),
        (r"<body><main><p>we see that \alpha is small in the limit of it all</p></main>", True),
        (r"<script>var path = 'C:\users\alpha'</script><p>Nothing here.</p>", False),
        ("<img class='tex' alt='x'>", True),
    ],
)
def test_only_pages_with_a_sign_of_formulas_pass(html, expected):
    assert has_math(html) is expected


@pytest.mark.parametrize("time_limit", [None, 10.0])
def test_a_page_without_formulas_is_refused_with_its_own_reason(time_limit):
    with Extractor("math", time_limit=time_limit) as extractor, pytest.raises(NoMath) as raised:
        extractor.extract("<p>Nothing to see.</p>")

    assert raised.value.reason == "no_math"


def test_a_page_of_links_only_is_refused():
    with pytest.raises(NoMath, match="3,000 links"):
        extract(HEAD + "<a href=x>y</a>" * 3001 + FILLER, "math")


@pytest.mark.parametrize(
    ("mathml", "latex"),
    [
        ("<math><mfrac><mi>a</mi><mn>2</mn></mfrac></math>", r"\frac{a}{2}"),
        ("<math><msqrt><mi>π</mi><mo>+</mo><mn>1</mn></msqrt></math>", r"\sqrt{\pi + 1}"),
        ("<math><mroot><mi>x</mi><mn>3</mn></mroot></math>", r"\sqrt[3]{x}"),
        ("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup></math>", "x_{i}^{2}"),
        ("<math><munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover></math>", r"\sum_{i = 1}^{n}"),
        ("<math><mover><mi>x</mi><mo>→</mo></mover></math>", r"\vec{x}"),
        ("<math><munder><mi>lim</mi><mi>n</mi></munder></math>", r"\lim_{n}"),
        ("<math><mfenced open='['><mi>a</mi><mi>b</mi></mfenced></math>", r"\left[ a,b \right)"),
        ("<math><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable></math>", r"\begin{matrix}a & b\end{matrix}"),
        ("<mml:math xmlns:mml='m'><mml:mi>rank</mml:mi><mml:mtext>of it</mml:mtext></mml:math>", r"\mathrm{rank} \text{of it}"),
        ("<math><mi>a</mi><unclosed>", "a"),
        ("", ""),
    ],
)  # fmt: skip
def test_mathml_becomes_latex(mathml, latex):
    assert latex_of(mathml) == latex


def test_deep_mathml_ends():
    assert latex_of("<math>" + "<mrow>" * 5000 + "<mi>x</mi>" + "</mrow>" * 5000 + "</math>") == ""

"""RedPajama-1T's own cleaning of LaTeX: every row of its output on the sample papers, and what our default keeps that it loses."""

import gzip
import hashlib
import io
import re
import tarfile
from collections import Counter

import orjson
import pytest

from corpus_platform.clean.latex import paper_text
from corpus_platform.clean.latex_reference import reference_macros, reference_text

pytestmark = pytest.mark.samples


@pytest.fixture(scope="module")
def rows(samples):
    found = [orjson.loads(line) for line in (samples / "expected" / "rpv1_arxiv.jsonl").read_bytes().splitlines()]
    assert len(found) == 119
    return found


def files_of(samples, row):
    """The .tex files of a row, decoded as the reference does it."""
    academic = samples / "academic"
    if row["kind"] == "file":
        return [(academic / "latex" / row["name"]).read_bytes().decode()]
    if row["kind"] == "project":
        return [path.read_bytes().decode() for path in sorted((academic / "latex" / row["name"]).rglob("*.tex"))]
    with tarfile.open(
        fileobj=io.BytesIO(gzip.decompress((academic / "latex_eprint" / row["name"]).read_bytes()))
    ) as tar:
        return [tar.extractfile(member).read().decode() for member in tar if member.name.endswith(".tex")]  # pyright: ignore[reportOptionalMemberAccess]


def test_every_row_of_redpajamas_output_is_equal(samples, rows):
    differing = []
    for row in rows:
        files = files_of(samples, row)
        text = reference_text(files)
        if (hashlib.sha1(text.encode()).hexdigest(), len(text), len(reference_macros(files))) != (
            row["clean_sha1"],
            row["clean_chars"],
            row["n_macros"],
        ):
            differing.append(row["name"])

    assert differing == []


WORD = re.compile(r"[a-zA-Z]{5,}")
COMMENT = re.compile(r"(?m)(?<!\\)%.*$")
DEFINITION = re.compile(r"\\(?:newcommand|renewcommand|providecommand|def|let|newenvironment|gdef)\b[^\n]*")
FORMULA_OR_FIGURE = re.compile(
    r"\\begin\{(thebibliography|figure\*?|equation\*?|align\*?|eqnarray\*?|comment|multline\*?|gather\*?|letter)\}.*?\\end\{\1\}"
    r"|\$\$.*?\$\$|\$[^$]*\$|\\\[.*?\\\]|\\(?:email|affil\w*|altaffil\w*|author\w*|address|setlength|hspace|vspace)\b[^\n]*",
    re.DOTALL,
)
COMMAND = re.compile(
    r"\\(?:begin|end|label|ref|cref|eqref|autoref|cite\w*|includegraphics|input|include|index\w*|bibliography\w*|href)\*?(?:\s*\[[^\]]*\])*\s*(?:\{[^{}]*\})*"
    r"|\\[a-zA-Z@]+\*?(?:\[[^\]]*\])?"
)
FRONT_MATTER_ONLY = {"DataAnalysisRecipes_straightline/blackhole.tex", "kepler_kinematics/ms.tex", "stardate/ms.tex"}
"""Files that are short without their inputs, and beside their text have addresses of authors, which are left out."""
NO_TEXT = [
    "celerite/figures/examples-macros.tex",
    "celerite/figures/rotation/rotation.tex",
    "sympy-paper/siamart0216_uppercase_fix.tex",
]
"""Files of definitions and of pictures."""


def body_words(source):
    """Words of the body by simpler means than the cleaner's: without comments, formulas, figures, bibliography and commands."""
    source = COMMENT.sub("", source)
    begin = source.find(r"\begin{document}")
    source = DEFINITION.sub(" ", source[max(begin, 0) :])
    return Counter(WORD.findall(COMMAND.sub(" ", FORMULA_OR_FIGURE.sub(" ", source))))


def test_the_default_keeps_the_body_of_every_file_that_the_reference_empties(samples, rows):
    emptied = [row for row in rows if row["kind"] == "file" and not row["clean_chars"]]
    lost, silent = {}, []
    for row in emptied:
        source = files_of(samples, row)[0]
        words = body_words(source)
        kept = Counter(WORD.findall(paper_text({"x.tex": source}, "x.tex").text))
        missing = words - kept
        if not kept:
            silent.append(row["name"])
        if sum(missing.values()) > 0.06 * sum(words.values()):
            lost[row["name"]] = missing.most_common(8)

    assert len(emptied) == 46
    assert lost.keys() == FRONT_MATTER_ONLY
    assert silent == NO_TEXT

"""Functions with the text that documents them, in four languages."""

import pytest

from corpus_platform.extract.functions import NotParsed, first_paragraph, functions_of

PYTHON = '''class Engine:
    @property
    def speed(self):
        """Revolutions per minute.

        Never negative.
        """
        return self._speed

    def stop(self): "Stops it at once."

    async def run(self):
        # no docstring
        pass


def start():
    """开始。"""

    def inner():
        """Within it."""
        return 1

    return inner
'''
JAVASCRIPT = """/**
 * Adds two numbers. See {@link Sum}.
 * @param {number} a
 */
export function add(a, b) {
  return a + b;
}

class Box {
  /** Opens the box
   * slowly.
   */
  open() {
    return 1;
  }
}

/** Halves it. */
const half = (x) => {
  return x / 2;
};

/* no documentation */
function plain() {
  return 0;
}
"""
GO = """package a

// Add adds two numbers
// and returns the sum.
func Add(a, b int) int {
	return a + b
}

var x = 1 // behind code

// Open opens it.
func (b *Box) Open() error {
	return nil
}
"""
JAVA = """class Box {
  /**
   * Opens the <b>box</b>.
   * <p>Twice.
   */
  @Override
  public int open(int n) {
    return n;
  }
  /** Makes one. */
  Box() { }
}
"""


def found(text, language):
    return [(one.name, one.docstring) for one in functions_of(text, language)]


def test_python_functions_have_their_docstrings():
    assert [name for name, _ in found(PYTHON, "Python")] == ["Engine.speed", "start", "start.inner"]


def test_the_code_of_a_python_function_is_the_source_without_its_docstring():
    first = next(functions_of(PYTHON, "Python"))

    assert first.source in PYTHON
    assert first.code == "    def speed(self):\n        return self._speed\n"


def test_javascript_functions_are_documented_by_the_comment_before_them():
    names = [name for name, _ in found(JAVASCRIPT, "JavaScript")]
    add = next(functions_of(JAVASCRIPT, "JavaScript"))

    assert names == ["add", "Box.open", "half"]
    assert add.code == "export function add(a, b) {\n  return a + b;\n}"
    assert (add.first_line, add.last_line) == (1, 7)


def test_go_functions_are_documented_by_the_lines_before_them():
    assert found(GO, "Go") == [("Add", "Add adds two numbers\nand returns the sum."), ("Box.Open", "Open opens it.")]


def test_java_methods_are_functions_and_constructors_are_none():
    assert [name for name, _ in found(JAVA, "Java")] == ["Box.open"]


@pytest.mark.parametrize("text", ["def f(:\n", "\0", "print 'two'\n", "(" * 10_000])
def test_a_program_with_a_mistake_says_so(text):
    with pytest.raises(NotParsed):
        list(functions_of(text, "Python"))


@pytest.mark.parametrize("language", ["JavaScript", "Go", "Java"])
@pytest.mark.parametrize(
    "text", ["", "/** a */", "// a\n", "/** x */ function (", "}{" * 500, "/**" * 500, "// é\nfunc é() {"]
)
def test_broken_programs_of_other_languages_do_no_harm(language, text):
    try:
        found = list(functions_of(text, language))
    except NotParsed:
        found = []

    assert all(one.source in text for one in found)


def test_the_first_paragraph_ends_at_a_blank_line_or_a_tag():
    assert first_paragraph("Opens the\n  <b>box</b>.\n\nTwice.") == "Opens the box."
    assert first_paragraph("Adds {@link Sum numbers}.\n@param a the first") == "Adds Sum numbers."
    assert first_paragraph("Reads it.\n:param a: the first") == "Reads it."
    assert first_paragraph("Opens it.<p>Twice.") == "Opens it."

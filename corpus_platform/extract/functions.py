r"""Functions of a program with the text that documents them: Python by its own parser, JavaScript, Go and Java by tree-sitter's grammars.

A *documented function* has a docstring (Python), a comment `/** ... */` right before it (JavaScript, Java), or line comments right before it (Go).
Promise: the pieces are those of the text, letter for letter; a program that can't be parsed has no functions, and says so.
Source: Husain et al. 2019 (CodeSearchNet), section 2, whose pairs are of these languages, PHP and Ruby.

Not here: which pairs are kept (readers/code_pairs.py).
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = ("Python", "JavaScript", "Go", "Java")
"""Languages whose functions are found."""

_LARGEST = 2_000_000
_FUNCTIONS = {
    "JavaScript": {
        "function_declaration",
        "generator_function_declaration",
        "method_definition",
        "arrow_function",
        "function_expression",
    },
    "Go": {"function_declaration", "method_declaration"},
    "Java": {"method_declaration"},
}
_CLASSES = {"class_declaration", "interface_declaration", "enum_declaration", "record_declaration", "class"}
_HOLDERS = {"variable_declarator", "assignment_expression", "pair", "public_field_definition", "field_definition"}
_WRAPPERS = {"lexical_declaration", "variable_declaration", "expression_statement", "export_statement"}
_TAG = re.compile(r"^\s*@\w+", re.MULTILINE)
_INLINE = re.compile(r"\{@\w+\s+([^{}]*)\}")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_PARAGRAPH = re.compile(r"<(?:p|br)\s*/?>", re.IGNORECASE)


@dataclass(frozen=True)
class Function:
    """A documented function: `name` with its classes (`Engine.start`), `source` with what documents it, `code` without, lines from 1."""

    name: str
    docstring: str
    source: str
    code: str
    first_line: int
    last_line: int


class NotParsed(ValueError):
    """The program has a mistake, or is of another version of its language."""


def functions_of(text: str, language: str) -> Iterator[Function]:
    """The documented functions of a program in their order. Raises NotParsed, and KeyError for a language that is none of LANGUAGES."""
    if len(text) > _LARGEST:
        raise NotParsed(f"longer than {_LARGEST:,} characters")
    if language == "Python":
        yield from _python(text)
    else:
        yield from _by_grammar(text, language)


def first_paragraph(docstring: str) -> str:
    """What a docstring says before its first blank line or tag, in one line: `{@link Engine}` is `Engine`, and tags of HTML are none."""
    text = _PARAGRAPH.sub("\n\n", docstring.strip())
    text = re.split(r"\n[ \t]*\n", text, maxsplit=1)[0] if text else text
    tag = _TAG.search(text)
    text = text[: tag.start()] if tag else text
    text = re.split(r"^[ \t]*:(?:param|return|type|raise)\w*\b", text, maxsplit=1, flags=re.MULTILINE)[0]
    return " ".join(_MARKUP.sub("", _INLINE.sub(r"\1", text)).split())


def _python(text: str) -> Iterator[Function]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise NotParsed(str(error)) from None
    # Python's own lines: a form feed ends none.
    lines = re.split(r"(?<=\n)", text)
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    found: list[Function] = []
    while stack:
        node, outer = stack.pop()
        for child in _statements(node):
            name = outer
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                name = f"{outer}.{child.name}".lstrip(".")
                if not isinstance(child, ast.ClassDef) and (made := _python_function(child, name, lines)):
                    found.append(made)
            stack.append((child, name))
    yield from sorted(found, key=lambda one: one.first_line)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements in a statement: expressions hold no functions but those without a name."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(node, name, None)
        if isinstance(below, list):
            yield from below


def _python_function(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, lines: list[str]) -> Function | None:
    docstring = ast.get_docstring(node)
    if not docstring:
        return None
    said, first, last = node.body[0], node.lineno, node.end_lineno or node.lineno
    if said.lineno == first:
        return None  # A function of one line.
    own = lines[first - 1 : said.lineno - 1]
    rest = lines[said.end_lineno or said.lineno : last]
    return Function(name, docstring, "".join(lines[first - 1 : last]), "".join([*own, *rest]), first, last)


@cache
def _grammar(language: str) -> tuple[Any, Any]:
    """The parser of a language, and the question for its functions."""
    import tree_sitter  # noqa: PLC0415  (a library in C that few need)

    match language:
        case "JavaScript":
            import tree_sitter_javascript as grammar  # noqa: PLC0415
        case "Go":
            import tree_sitter_go as grammar  # noqa: PLC0415
        case _:
            import tree_sitter_java as grammar  # noqa: PLC0415
    known = tree_sitter.Language(grammar.language())
    asked = " ".join(f"({kind})" for kind in sorted(_FUNCTIONS[language]))
    return tree_sitter.Parser(known), tree_sitter.Query(known, f"[{asked}] @function")


def _by_grammar(text: str, language: str) -> Iterator[Function]:
    if ("//" if language == "Go" else "/**") not in text and "/*" not in text:
        return
    from tree_sitter import QueryCursor  # noqa: PLC0415

    parser, query = _grammar(language)
    data = text.encode()
    root = parser.parse(data).root_node
    if root.type == "ERROR":
        raise NotParsed("no program of this language")
    nodes = QueryCursor(query).captures(root).get("function", [])
    made = (_function(node, data, language) for node in nodes)
    yield from sorted((one for one in made if one), key=lambda one: (one.first_line, one.name))


def _classes_of(node: Any) -> str:
    """Names of the classes around a node, from the outside in, with points between."""
    names: list[str] = []
    above = node.parent
    while above is not None:
        own = above.child_by_field_name("name") if above.type in _CLASSES else None
        if own is not None:
            names.insert(0, own.text.decode())
        above = above.parent
    return ".".join(names)


def _function(node: Any, data: bytes, language: str) -> Function | None:
    """A function with its comment; None where it has none, or no name."""
    if node.has_error:
        return None
    named, whole = node.child_by_field_name("name"), node
    if language == "JavaScript" and named is None:
        holder = node.parent
        if holder is None or holder.type not in _HOLDERS:
            return None
        named = next(
            (
                holder.child_by_field_name(key)
                for key in ("name", "left", "key", "property")
                if holder.child_by_field_name(key)
            ),
            None,
        )
        whole = holder
    while whole.parent is not None and whole.parent.type in _WRAPPERS:
        whole = whole.parent
    comments = _comments_before(whole, language)
    if named is None or not comments:
        return None
    name, outer = named.text.decode().rpartition(".")[2], _classes_of(whole)
    receiver = node.child_by_field_name("receiver")
    if receiver is not None and (of := re.search(r"(\w+)(?:\[[^\]]*\])?\s*\)$", receiver.text.decode())):
        outer = of[1]
    first, begin, last = _indented(data, comments[0].start_byte), _indented(data, whole.start_byte), whole.end_byte
    return Function(
        name=f"{outer}.{name}".lstrip("."),
        docstring=_plain("\n".join(comment.text.decode() for comment in comments)),
        source=data[first:last].decode(),
        code=data[begin:last].decode(),
        first_line=comments[0].start_point[0] + 1,
        last_line=whole.end_point[0] + 1,
    )


def _indented(data: bytes, at: int) -> int:
    """Where the line of a place begins, if only white space stands between."""
    line = data.rfind(b"\n", 0, at) + 1
    return at if data[line:at].strip() else line


def _comments_before(node: Any, language: str) -> list[Any]:
    """Comments that end on the line before a node, or its own: one block `/** */`, or in Go the lines that follow each other."""
    found: list[Any] = []
    below, before = node.start_point[0], node.prev_named_sibling
    while (
        before is not None
        and before.type in {"comment", "block_comment", "line_comment"}
        and below - before.end_point[0] <= 1
    ):
        if language != "Go":
            return [before] if before.text.startswith(b"/**") else []
        own = before.prev_named_sibling
        if own is not None and own.end_point[0] == before.start_point[0]:
            break  # It stands behind code.
        found.insert(0, before)
        below, before = before.start_point[0], own
    return found


def _plain(comment: str) -> str:
    """The text of a comment without its marks."""
    text = re.sub(r"^\s*/\*+!?|\*+/\s*$", "", comment)
    return "\n".join(re.sub(r"^\s*(?://+|\*+(?!/))[ \t]?", "", line).rstrip() for line in text.split("\n")).strip()

"""Pairs of a docstring and its function from repositories, by the rules of CodeSearchNet.

A pair is a document: the text is the function with what documents it, as it stands in its file; `meta.docstring` is the docstring's first paragraph,
`meta.code` the function without it. Of a function with a docstring that breaks a rule a harmless reject says which; functions without one are passed over.
Promise: pairs come in the order of their files and lines; of equal functions in a unit, white space and comments aside, the first stays.
Source: Husain et al. 2019 (CodeSearchNet), section 2: docstrings of three tokens or more, functions of three lines or more, neither tests nor constructors.
CodeSearchNet drops near copies over all of its repositories too: that is a dedup of a recipe.

Not here: finding functions (extract/functions.py), files and licences (repository.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator

from corpus_platform.extract.functions import LANGUAGES, Function, NotParsed, first_paragraph, functions_of
from corpus_platform.extract.programs import Kind  # noqa: TC001  (a field's type)
from corpus_platform.readers.reader import SourceDocument, register_reader
from corpus_platform.readers.repository import Repository
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.reader import Unit
    from corpus_platform.sources.records import Reject

PAIR_REASONS = {
    "docstring_short": "The docstring's first paragraph has fewer tokens than `min_tokens`",
    "function_short": "The function has fewer lines than `min_lines`, without its docstring",
    "function_special": "The function is a constructor, or one that the language calls by itself: `__str__`, `toString`",
    "function_test": "The function's name or its file says that it is a test",
    "function_twice": "The unit has the same function already",
    "no_pairs": "The file has no function with a docstring",
    "not_parsed": "The program can't be parsed: it has a mistake, or is of another version of its language",
}
_TEST = re.compile(r"test", re.IGNORECASE)
_TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?|__tests__|testing)/|(?:^|/)(?:test_[^/]*|[^/]*[_.]test)\.\w+$", re.IGNORECASE
)
_SPECIAL = re.compile(
    r"__\w+__|constructor|toString|hashCode|equals|compareTo|clone|finalize|valueOf|toJSON|String|GoString|Error"
)
_COMMENT = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)


@register_reader
class CodePairs(Repository):
    """A unit is a repository, as for `repository`."""

    name = "code_pairs"
    version = "1"
    reasons: ClassVar = {**Repository.reasons, **PAIR_REASONS}

    kinds: tuple[Kind, ...] = Field(default=("code",), description="Kinds of files that are read")
    languages: tuple[str, ...] = Field(
        default=LANGUAGES, min_length=1, description="Languages whose functions are read"
    )
    min_tokens: int = Field(default=3, ge=1, description="Least words of the docstring's first paragraph")
    min_lines: int = Field(
        default=3, ge=1, description="Least lines of a function that are not blank, its docstring aside"
    )
    tests: bool = Field(default=False, description="Whether tests are read")

    @field_validator("languages")
    @classmethod
    def _have_functions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in LANGUAGES:
                raise ValueError(
                    f"functions are found in {', '.join(LANGUAGES)}, not in `{name}`{nearest(name, LANGUAGES)}"
                )
        return names

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The pairs of each file."""
        seen: set[bytes] = set()
        position = -1
        for file in super().read(unit):
            found = self._pairs(unit, file, seen) if isinstance(file, SourceDocument) else iter((file,))
            for one in found:
                position += 1
                yield replace(one, position=position)

    def _pairs(self, unit: Unit, file: SourceDocument, seen: set[bytes]) -> Iterator[SourceDocument | Reject]:
        path = file.title or ""
        if not self.tests and _TEST_FILE.search(path):
            yield unit.reject(0, "function_test", "a file of tests", record=path, broken=False)
            return
        try:
            functions = list(functions_of(file.text, file.category or ""))
        except NotParsed as error:
            yield unit.reject(0, "not_parsed", str(error)[:200], record=path, broken=False)
            return
        if not functions:
            yield unit.reject(0, "no_pairs", record=path, broken=False)
        for function in functions:
            docstring = first_paragraph(function.docstring)
            reason = self._broken_rule(function, docstring, seen)
            if reason:
                yield unit.reject(0, reason, function.name, record=path, broken=False)
            else:
                yield _pair(file, function, docstring)

    def _broken_rule(self, function: Function, docstring: str, seen: set[bytes]) -> str | None:
        name = function.name.rpartition(".")[2]
        if not self.tests and _TEST.search(name):
            return "function_test"
        if _SPECIAL.fullmatch(name):
            return "function_special"
        if len(re.findall(r"\w+", docstring)) < self.min_tokens:
            return "docstring_short"
        if sum(bool(line.strip()) for line in function.code.splitlines()) < self.min_lines:
            return "function_short"
        digest = blake2b("".join(_COMMENT.sub("", function.code).split()).encode(), digest_size=16).digest()
        if digest in seen:
            return "function_twice"
        seen.add(digest)
        return None


def _pair(file: SourceDocument, function: Function, docstring: str) -> SourceDocument:
    lines = {"first_line": function.first_line, "last_line": function.last_line}
    return replace(
        file,
        identity=f"{file.identity}:{function.name}@{function.first_line}",
        text=function.source,
        url=f"{file.url}#L{function.first_line}-L{function.last_line}" if file.url else None,
        meta={**file.meta, "function": function.name, "docstring": docstring, "code": function.code, **lines},
    )

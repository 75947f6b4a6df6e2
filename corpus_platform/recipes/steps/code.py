"""Steps for programs: headers of licences and secrets taken out, and the filters of RedPajama-1T, The Pile and StarCoder.

Source: RedPajama-Data data_prep/github (branch rp_v1); Li et al. 2023 (StarCoder), sections 3 and 4; Lozhkov et al. 2024 (StarCoder 2), section 4.1.

Not here: what is measured (signals/code.py), licences and stars (options of the readers), near copies (dedup.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from corpus_platform.clean.code_headers import HEAD, WORDS, licence_spans, reference_spans
from corpus_platform.clean.edits import PLACED, Editing
from corpus_platform.clean.secrets import REPLACEMENTS, find_secrets
from corpus_platform.extract.programs import kind_of
from corpus_platform.recipes.step import Edited, EditStep, FilterStep, Rule, register_step

if TYPE_CHECKING:
    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

SecretKind = Literal["private_key", "key", "password", "secret", "email"]


@register_step
class CodeHeader(EditStep):
    """Takes headers of licences out of programs: comments before the code that state a copyright or licence, or the paragraphs of them that do.

    Under `compat: reference` RedPajama-1T's rule is repeated: the first C comment anywhere that has the word copyright; without a C comment all first
    lines that begin with //, # or -- or are empty. It takes shebangs, includes and headings of Markdown with it.
    """

    step: ClassVar[str] = "code_header"
    keeps: ClassVar = frozenset({"language", "language_score"})
    acts_on: ClassVar = "spans"

    def needs(self) -> tuple[str, ...]:
        """Path and language, for documents for people have headings and no header."""
        return ("title", "category")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts without their headers."""
        reference = subject.environment.reference
        texts = subject.batch.texts
        chosen = np.arange(len(texts)) if reference else np.flatnonzero(_may_have_a_header(subject))
        found = {i: reference_spans(texts[i]) if reference else licence_spans(texts[i]) for i in chosen.tolist()}
        pieces = {i: [(start, end, "header", "") for start, end in spans] for i, spans in found.items() if spans}
        return _edited(texts, pieces, trace=trace)


@register_step
class CodeSecrets(EditStep):
    """Puts marks in the place of secrets and e-mail addresses: keys of known forms, private keys, passwords in addresses, assigned values of high entropy."""

    step: ClassVar[str] = "code_secrets"
    keeps: ClassVar = frozenset({"language", "language_score"})
    acts_on: ClassVar = "spans"

    kinds: tuple[SecretKind, ...] = Field(
        default=("private_key", "key", "password", "secret", "email"), description="Kinds of finds that are replaced"
    )
    replacements: dict[SecretKind, str] = Field(default={}, description="Other marks, by kind")

    def edit(self, subject: Subject, *, trace: bool = False) -> Edited:
        """The texts with marks in place of every find."""
        texts = subject.batch.texts
        domains = subject.environment.lists.get("top_level_domains").set
        marks = {**REPLACEMENTS, **self.replacements}
        pieces = {
            i: [(one.start, one.end, one.kind, marks[one.kind]) for one in found]
            for i, found in find_secrets(texts, self.kinds, domains)
        }
        return _edited(texts, pieces, trace=trace)


@register_step
class RedPajamaGithub(FilterStep):
    """RedPajama-1T's rules for GitHub: extensions, lines, letters; to be asked of the text behind `code_header`.

    Its tokens are GPT-NeoX'; here they are the stand-in of `code_alphabetic_per_token`.
    """

    step: ClassVar[str] = "redpajama_github"

    max_line_length: int = Field(default=1000, ge=1, description="Longest line that is kept")
    max_mean_line_length: float = Field(default=100, gt=0, description="Largest mean of characters by lines")
    min_alphanumeric: float = Field(default=0.25, ge=0, le=1, description="Least share of letters and digits")
    min_alphabetic_per_token: float = Field(default=1.5, ge=0, description="Least number of letters for a token")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """In the order of its code; a document without a path has no extension."""
        del environment
        return (
            Rule("empty", "text_characters", "<", 1),
            Rule("extension", "code_redpajama_extension", "<", 1, null="drop"),
            Rule("long_line", "code_max_line_length", ">", self.max_line_length),
            Rule("long_lines", "code_mean_line_length", ">", self.max_mean_line_length),
            Rule("few_alphanumeric", "code_alphanumeric_fraction", "<", self.min_alphanumeric),
            Rule("few_letters_per_token", "code_alphabetic_per_token", "<", self.min_alphabetic_per_token),
        )


@register_step
class PileGithub(FilterStep):
    """The Pile's rules for GitHub, but for its list of extensions and its draw of a sample."""

    step: ClassVar[str] = "pile_github"

    max_digits: float = Field(default=0.8, ge=0, le=1, description="Largest share of digits")
    max_mean_line_length: float = Field(default=200, gt=0, description="Largest mean of characters by lines")
    max_characters: int = Field(default=99_999, ge=1, description="Longest file that is kept")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Digits, lines, length."""
        del environment
        return (
            Rule("digits", "code_digit_fraction", ">", self.max_digits),
            Rule("long_lines", "code_mean_line_length", ">", self.max_mean_line_length),
            Rule("too_long", "text_characters", ">", self.max_characters),
        )


@register_step
class StarCoderQuality(FilterStep):
    """StarCoder's and StarCoder 2's rules: lines, letters, encoded data, text of HTML; long lines are allowed where a language has them by nature."""

    step: ClassVar[str] = "starcoder"

    max_lines: int = Field(default=100_000, ge=1, description="Most lines")
    max_line_length: int = Field(default=1000, ge=1, description="Longest line of a program")
    max_mean_line_length: float = Field(
        default=100, gt=0, description="Largest mean of characters by lines of a program"
    )
    min_alphabetic: float = Field(default=0.25, ge=0, le=1, description="Least share of letters")
    max_encoded: float = Field(default=0.5, ge=0, description="Largest share of encoded data")
    max_encoded_run: int = Field(default=1024, ge=1, description="Longest piece of encoded data")
    min_html_text: float = Field(default=0.2, ge=0, le=1, description="Of HTML: least share of text")
    min_html_characters: int = Field(default=100, ge=0, description="Of HTML: least characters of text")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """Lines, letters, encoded data, HTML."""
        del environment
        return (
            Rule("many_lines", "code_lines", ">", self.max_lines),
            Rule("long_line", "code_program_max_line_length", ">", self.max_line_length),
            Rule("long_lines", "code_program_mean_line_length", ">", self.max_mean_line_length),
            Rule("few_letters", "code_alphabetic_fraction", "<", self.min_alphabetic),
            Rule("encoded", "code_encoded_fraction", ">", self.max_encoded),
            Rule("encoded_run", "code_encoded_longest", ">", self.max_encoded_run),
            Rule("html_text", "code_html_text_fraction", "<", self.min_html_text),
            Rule("html_text", "code_html_text_characters", "<", self.min_html_characters),
        )


@register_step
class CodeFiles(FilterStep):
    """Drops files that nobody wrote for this repository: generated, minified, vendored, lock files, tables of numbers."""

    step: ClassVar[str] = "code_files"

    generated: bool = Field(default=True, description="Drop what says that it was generated")
    minified: bool = Field(default=True, description="Drop minified scripts and style sheets")
    vendored: bool = Field(default=True, description="Drop other people's code that the repository carries")
    lock_files: bool = Field(default=True, description="Drop what package managers write")
    tests: bool = Field(default=False, description="Drop tests")
    configs: bool = Field(default=False, description="Drop settings files")
    max_data_lines: float = Field(default=0.9, ge=0, le=1, description="Largest share of lines without a word")

    def rules(self, environment: Environment) -> tuple[Rule, ...]:
        """One rule for each kind of file that is dropped."""
        del environment
        flags = (
            (self.lock_files, "lock_file"),
            (self.vendored, "vendored"),
            (self.minified, "minified"),
            (self.generated, "generated"),
            (self.tests, "test"),
            (self.configs, "config"),
        )
        chosen = tuple(Rule(name, f"code_{name}", ">", 0) for is_on, name in flags if is_on)
        return (*chosen, Rule("data", "code_data_line_fraction", ">", self.max_data_lines))


def _may_have_a_header(subject: Subject) -> np.ndarray:
    """bool[n]: programs whose beginning has one of the words."""
    heads = subject.batch.texts.str.slice(0, HEAD).str.contains(WORDS).to_numpy().copy()
    paths, languages = subject.column("title"), subject.column("category")
    for i in np.flatnonzero(heads).tolist():
        heads[i] = kind_of(paths[i] or "", languages[i]) != "docs"
    return heads


def _edited(texts: pl.Series, pieces: dict[int, list[tuple[int, int, str, str]]], *, trace: bool) -> Edited:
    """The texts with some ranges (start, end, rule, text in their place) replaced."""
    rows = [(i, *piece) for i, found in pieces.items() for piece in found]
    editing = Editing(texts, trace=trace)
    editing.take(pl.DataFrame(rows, schema=PLACED, orient="row"))
    done = editing.done()
    return Edited(text=done.text, changed=(texts != done.text).to_numpy(), removed=done.removed, spans=done.spans)

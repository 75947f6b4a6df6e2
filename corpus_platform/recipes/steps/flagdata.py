"""FlagData's pruners of characters, addresses and scripts as steps.

With `compat: reference` a pruner gives what FlagData's code gives; by default what it was meant to, and each says where that differs.
Source: FlagOpen/FlagData 84a3d7e, flagdata/data_operator/pruner.

Not here: its pruners of lines and sentences (flagdata_lines.py), its filters (flagdata_filters.py), what the pruners do (clean/), our own operators
(cleaning.py).
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, ClassVar, Self

import polars as pl
import regex
from pydantic import Field, model_validator

from corpus_platform.clean import addresses, characters, flagdata
from corpus_platform.clean.edits import PLACED, Cut, Editing, changed_lines, edit_by
from corpus_platform.clean.latex_reference import reference_macros
from corpus_platform.clean.pii import find
from corpus_platform.clean.script import Mode, converted
from corpus_platform.models.normalise import ASCII_OF
from corpus_platform.recipes.cleaning_step import CleaningStep
from corpus_platform.recipes.step import register_step
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from corpus_platform.clean.edits import Cleaned

_INSTEAD = "What stands in its place"


@register_step
class RemoveCopyright(CleaningStep):
    """Takes comments about copyright out of code: blocks between `/*` and `*/`, and lines of line comments.

    FlagData's CopyrightPruner takes every comment with the word; by default it must be a notice: a holder, a year or a sign, or reserved rights.
    """

    step = "remove_copyright"
    peer = "CopyrightPruner"

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        return flagdata.without_notices(texts, reference=reference, trace=trace)


@register_step
class RemoveEmails(CleaningStep):
    """Takes e-mail addresses out.

    FlagData's EmailPruner takes points and hyphens around an address with it; by default an address begins and ends with a letter or digit.
    """

    step = "remove_emails"
    peer = "EmailPruner"

    replacement: str = Field(default="", description=_INSTEAD)

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        pattern = addresses.FLAGDATA_EMAIL if reference else addresses.EMAIL
        return edit_by(texts, Cut("email", pattern, self.replacement), trace=trace)


@register_step
class RemoveIps(CleaningStep):
    """Takes IP addresses out.

    FlagData's IpPruner has no boundaries: 10.0.0.256 loses `10.0.0.25`, and the version 1.2.3.4.5 four of its numbers; it does not know `::`. By default a
    whole address goes, of either family.
    """

    step = "remove_ips"
    peer = "IpPruner"

    replacement: str = Field(default="", description=_INSTEAD)

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        if reference:
            return edit_by(texts, Cut("ip", addresses.FLAGDATA_IP, self.replacement), trace=trace)
        found = find(TextBatch.of(texts), addresses.IP_DETECTORS)
        columns = {"document": found.document, "start": found.start, "end": found.end}
        editing = Editing(texts, trace=trace)
        editing.take(pl.DataFrame(columns).with_columns(rule=pl.lit("ip")), self.replacement)
        return editing.done()


@register_step
class RemoveLinks(CleaningStep):
    """Takes web addresses out.

    FlagData's LinkPruner misses a link right behind a Chinese character, takes what follows an address up to white space, and knows hosts with a point only.
    By default a link ends before Chinese text, brackets and marks that are the sentence's, and `www.` is enough.
    """

    step = "remove_links"
    peer = "LinkPruner"

    replacement: str = Field(default="", description=_INSTEAD)

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        pattern = addresses.FLAGDATA_LINK if reference else addresses.LINK
        return edit_by(texts, Cut("link", pattern, self.replacement), trace=trace)


@register_step
class KeepChinese(CleaningStep):
    """Takes every character out that is not Chinese, or not of the kinds that are kept.

    FlagData's NonChineseCharPruner takes newlines too, keeps `。` and not `；`, and knows 20,902 characters. By default white space stays, with all marks and
    currency signs of Unicode, full-width forms, and the Han characters of all blocks.
    """

    step = "keep_chinese"
    peer = "NonChineseCharPruner"

    keep_alphabet: bool = Field(default=True, description="Keep Latin letters")
    keep_number: bool = Field(default=True, description="Keep digits")
    keep_punc: bool = Field(default=True, description="Keep marks")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts in what is kept."""
        kinds = (
            ("A-Za-z", "0-9", r".， ,\-。%《*》/•、\&＆(—)（+）：？!！“”·")
            if reference
            else (r"A-Za-zＡ-Ｚａ-ｚ", r"\d", r"\p{P}\p{Sc}\p{Sm}")
        )
        asked = (self.keep_alphabet, self.keep_number, self.keep_punc)
        kept = "".join(kind for kind, keep in zip(kinds, asked, strict=True) if keep)
        han = "\u4e00-\u9fa5" if reference else r"\p{Han}\s"
        return edit_by(texts, Cut("not_chinese", f"[^{han}{kept}]+"), trace=trace)


@register_step
class ReplacePatterns(CleaningStep):
    """Replaces all matches of regular expressions, one expression after the other.

    Expressions are Python's (the module `regex`); `.` matches newlines too. FlagData's ReplacePruner.
    """

    step = "replace_patterns"
    peer = "ReplacePruner"

    pattern: str | tuple[str, ...] = Field(description="One expression or several")
    repl: str | tuple[str, ...] = Field(
        default="", description="What stands in their place: one for all, or one for each; groups by \\1"
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for one in self._patterns:
            try:
                regex.compile(one, regex.DOTALL)
            except regex.error as error:
                raise ValueError(f"`{one}` is no regular expression: {error}") from None
        if not isinstance(self.repl, str) and len(self.repl) != len(self._patterns):
            raise ValueError(
                f"{len(self.repl)} replacements for {len(self._patterns)} patterns: give one for all, or one for each"
            )
        return self

    @property
    def _patterns(self) -> tuple[str, ...]:
        return (self.pattern,) if isinstance(self.pattern, str) else self.pattern

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts after all replacements."""
        del reference
        editing = Editing(texts, trace=trace)
        repl = (self.repl,) if isinstance(self.repl, str) else self.repl
        for number, (pattern, put) in enumerate(zip_longest(self._patterns, repl, fillvalue=repl[0])):
            compiled = regex.compile(pattern, regex.DOTALL)
            rule = "pattern" if len(self._patterns) == 1 else f"pattern_{number + 1}"
            if not trace:
                made = [compiled.subn(put, text) for text in editing.text.to_list()]
                editing.count(rule, sum(count for _, count in made))
                editing.put(pl.Series("text", [text for text, _ in made], pl.String))
                continue
            found = [
                (document, match.start(), match.end(), rule, match.expand(put))
                for document, text in enumerate(editing.text.to_list())
                for match in compiled.finditer(text)
            ]
            editing.take(pl.DataFrame(found, schema=PLACED, orient="row"))
        return editing.done()


@register_step
class RemoveControls(CleaningStep):
    """Takes control characters out, but for newlines.

    FlagData's ControlCharPruner takes tabs too, so that words grow together; by default tabs stay, other line ends become newlines, and a terminal's
    colour codes go whole.
    """

    step = "remove_controls"
    peer = "ControlCharPruner"

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts without them."""
        return characters.without_controls(texts, reference=reference, trace=trace)


@register_step
class ConsecutiveNewlines(CleaningStep):
    """Runs of newlines become two. FlagData's ConsecutiveNewlinesPruner; by default lines of white space between them count as blank."""

    step = "consecutive_newlines"
    peer = "ConsecutiveNewlinesPruner"

    most: int = Field(default=2, ge=1, description="Most newlines in a row")

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts with fewer blank lines."""
        return characters.fewer_newlines(texts, most=self.most, reference=reference, trace=trace)


_FLAGDATA_ASCII = ASCII_OF | {"１": '"'}
"""FlagData's table has CCNet's error: the full-width one for a quote."""


@register_step
class UnicodePunctuation(CleaningStep):
    """White space becomes plain spaces, and 33 marks their ASCII forms; the ends are stripped.

    FlagData's UnicodePruner makes one line of every text, and a quote of the full-width one; by default newlines stay.
    """

    step = "unicode_punctuation"
    peer = "UnicodePruner"

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts in ASCII marks."""
        editing = Editing(texts, trace=trace)
        editing.strip()
        editing.cut(Cut("white_space", r"[\s--\x20]" if reference else r"[\s--[\x20\n]]", " "))
        characters.put_mapped(editing, _FLAGDATA_ASCII if reference else ASCII_OF, "mark")
        return editing.done()


@register_step
class PunctuationNormalization(CleaningStep):
    """33 marks become their ASCII forms. FlagData's PunctuationNormalizationPruner makes a quote of the full-width one too; by default it stays."""

    step = "punctuation_normalization"
    peer = "PunctuationNormalizationPruner"

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts in ASCII marks."""
        return characters.mapped(texts, _FLAGDATA_ASCII if reference else ASCII_OF, "mark", trace=trace)


@register_step
class ChineseConversion(CleaningStep):
    """Converts between Chinese scripts with OpenCC: FlagData's ChineseConversionPruner.

    By default lines that are in the target script already stay as they are, for OpenCC takes some of their words for the other script's.
    """

    step = "chinese_conversion"
    peer = "ChineseConversionPruner"
    acts_on: ClassVar = "lines"

    mode: Mode = Field(
        default="s2t",
        description="From and to: s Simplified, t Traditional, tw and hk their forms, p with words, jp Kanji",
    )

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts in the other script; places are the lines that changed."""
        after = converted(texts, self.mode, whole=reference)
        editing = Editing(texts, trace=trace)
        editing.count("converted", int((texts != after).sum()))
        editing.put(after, changed_lines(texts, after, "converted") if trace else None)
        return editing.done()


@register_step
class LatexMacros(CleaningStep):
    r"""Writes LaTeX macros without arguments out: what a document defines in a line of its own by `\newcommand` or `\def`.

    FlagData's LatexMacroExpanderPruner rewrites the definitions too, and misses a macro right behind itself; by default both are mended.
    """

    step = "latex_macros"
    peer = "LatexMacroExpanderPruner"

    def clean(self, texts: pl.Series, *, reference: bool, trace: bool) -> Cleaned:
        """The texts with the macros' values."""
        editing = Editing(texts, trace=trace)
        rows = texts.str.contains(r"\\(?:newcommand|def)").arg_true().to_list()
        macros = {row: list(reference_macros([texts[row]]).items()) for row in rows}
        for number in range(max(map(len, macros.values()), default=0)):
            found = [
                place
                for row in rows
                if number < len(macros[row])
                for place in _uses(editing.text[row], row, *macros[row][number], reference=reference)
            ]
            editing.take(pl.DataFrame(found, schema=PLACED, orient="row"))
        return editing.done()


_DEFINED = r"(?:\\newcommand\*?\{|\\def\s*)"
_MOST_MADE = 500_000
"""Characters that one macro may make of a text: macros of macros grow without end."""


def _uses(text: str, row: int, name: str, value: str, *, reference: bool) -> list[tuple[int, int, int, str, str]]:
    """Places of a macro in a text: where another character than a letter or digit follows its name."""
    behind = "([^a-zA-Z0-9])" if reference else "(?![a-zA-Z0-9])"
    before = "" if reference else f"(?<!{_DEFINED})"
    pattern = regex.compile(f"{before}({regex.escape(name)}){behind}")
    found = [(row, match.start(1), match.end(1), "macro", value) for match in pattern.finditer(text)]
    return found if len(found) * len(value) <= _MOST_MADE else []

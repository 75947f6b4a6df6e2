"""MediaWiki's markup to plain text, one paragraph, heading or list item a line, with where each heading begins and what the page is filed under.

Templates, references and files go, tables too unless they are asked for as rows. Formulas stay as LaTeX between dollars; links, headings, lists and
the few templates that only dress up a text keep their words. Lines that no empty line parts are one paragraph, as on the page. Categories are listed
before they go, and a page that says so is known as a disambiguation page.
Promise: time grows linearly with the length, whatever the input. Brackets are matched with a stack of bounded depth, patterns never look
back. (mwparserfromhell 0.7.2 needs 235 s for 100 kB of `<ref ` and 8 s for 60 kB of `<b>`; of real articles this reads five to seven times as many in a
second: docs/benchmarks.md.)

Not here: reading dumps and choosing pages (mediawiki.py). Templates are not expanded: their texts are not in the dump's articles.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from corpus_platform.sources.wiki_names import WikiNames, wiki_names
from corpus_platform.sources.wikitext_elements import (
    Formulas,
    with_lines_of_verse,
    with_nowiki_protected,
    without_comments,
    without_hidden_elements,
)
from corpus_platform.sources.wikitext_tables import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 64
"""Deeper brackets are taken as text. MediaWiki itself stops expanding at 100."""

Tables = Literal["drop", "rows"]
"""What becomes of tables: nothing, or a line for each row, its cells between bars."""

_BREAK = re.compile(
    r"<(?:/?p|br|/?div|/?li|/?[uod]l|/?d[td]|/?tr|/?blockquote|hr|/?center|/?h[1-6]|/?poem|/?pre)\b[^<>]*+>",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|img|ins|kbd|mark|noinclude|nowiki|onlyinclude|q|rb|rp|rt|ruby|s|samp|small"
    r"|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|time|tt|u|var|wbr|ref|references|gallery|math|caption)\b[^<>]*+>",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"\{\{\{[^{}]*+\}\}\}")
_TEMPLATE = re.compile(r"(?P<open>\{\{)|\}\}")
_TABLE = re.compile(r"^[ \t:*#;]*+(?:(?P<open>\{\|)|\|\})", re.MULTILINE)
_LINK = re.compile(r"(?P<open>\[\[)|\]\]")
_VARIANT = re.compile(r"-\{([^{}]*+)\}-")
_EXTERNAL = re.compile(
    r"\[(?:(?:https?|ftps?|irc|news|git):|//|mailto:)[^\s\[\]]*+[ \t]*+([^\[\]\n]*+)\]", re.IGNORECASE
)
_QUOTES = re.compile(r"'''''|'''|''")
_SWITCH = re.compile(r"__[^\W\d_](?:[^\W\d_]|_(?!_)){2,40}+__")
_DISAMBIGUATION_SWITCH = re.compile(r"__DISAMBIG__", re.IGNORECASE)
_MARKS_ALONE = 3
"""A line up to so long is looked at for a letter or digit: a full stop that is left of a template is no text."""
_NO_PARAGRAPH = frozenset(" \t*#:;=|")
_WITHOUT_SPACES = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]{2}")
_HEADING = "\0"
"""Stands before the level and title of a heading line until its place is known; the text itself has none."""
_NAMED = re.compile(r"\s*+[\w-]++\s*+=")
_INTERLANGUAGE = re.compile(r"(?:[a-z]{2,3}|simple)(?:-[a-z]{1,12}){0,3}")
_LOST_BRACKETS = re.compile(r"\[\[|\]\]|\{\{|\}\}")
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+;?")
_EMPTY_BRACKETS = re.compile(r" ?\([\s,;:]*+\)|（[\s，；、：,;:]*+）")
_AFTER_BRACKET = re.compile(r"([(（])(?: ?[,;，；、] ?)++(?![()-])")
# Runs of separators are entered at their first character only, so that each is looked at once.
_BEFORE_BRACKET = re.compile(r"(?<![ ,;，；、])[ ,;，；、]++(?=[)）])")
_TWICE = re.compile(r"(?<![ ,;，；、])(?= ?[,;，；、] ?[,;，；、])[ ,;，；、]++")
_LOOSE_BRACKET = re.compile(r"(?<=[(（]) | (?=[)）])")
_LOOSE_SPACE = re.compile(r" (?=[,.](?:\s|$))")
_SPACES = re.compile(r"[^\S\n]++")
_NEWLINES = re.compile(r"\n{2,}+")

_REDIRECT = re.compile(r"\s*+#[^\s\[\]#*:]{3,30}[ \t]*+:?[ \t]*+\[\[[^\[\]\n]{1,300}\]\]")

_SISTERS = frozenset({"wp", "wikt", "s", "q", "b", "n", "v", "d", "c", "m", "mw", "voy"})
_WORDS_OF = (
    "nowrap",
    "nobr",
    "small",
    "big",
    "smaller",
    "larger",
    "abbr",
    "tooltip",
    "angbr",
    "sic",
    "math",
    "mvar",
    "val",
    "sub",
    "sup",
    "smallcaps",
    "ill",
    "le",
    "translit",
)
_SHOWN_ARGUMENTS = dict.fromkeys(_WORDS_OF, (0,)) | {
    "lang": (1,),
    "transl": (1,),
    "cjkv": (1,),
    "tsl": (2,),
    "convert": (0, 1),
    "cvt": (0, 1),
}
_SYMBOLS = {
    "ndash": "–",
    "mdash": "—",
    "snd": " – ",
    "spnd": " – ",
    "spaced ndash": " – ",
    "·": " · ",
    "•": " • ",
    "=": "=",
    "'": "'",
} | {
    "nbsp": " ",
    "space": " ",
    "clear": "\n\n",
    "break": "\n\n",
}
_MEDIA_FILES = (
    ".jpg",
    ".jpeg",
    ".png",
    ".svg",
    ".gif",
    ".webp",
    ".tif",
    ".tiff",
    ".pdf",
    ".djvu",
    ".ogg",
    ".ogv",
    ".oga",
    ".webm",
    ".wav",
    ".mp3",
)
_VARIANT_ORDER = ("zh-cn", "zh-hans", "zh", "zh-sg", "zh-hant", "zh-tw", "zh-hk", "sr-ec", "sr-el")


class Heading(NamedTuple):
    """A heading of a text: level from 1 (`== x ==`), its title, and the code point where its line begins."""

    level: int
    title: str
    start: int


@dataclass(frozen=True, slots=True)
class PlainPage:
    """What is read of a page's markup. `categories` are in order, each once, without their namespace and sort key."""

    text: str
    headings: tuple[Heading, ...] = ()
    categories: tuple[str, ...] = ()
    disambiguation: bool = False


def plain_page(
    wikitext: str, names: WikiNames | None = None, *, tables: Tables = "drop", formulas: Formulas = "latex"
) -> PlainPage:
    """Plain text of one page: lines separated by a newline, none empty, spaces collapsed; may be empty.

    `names` are those of the page's wiki; of any wiki by default. A heading with nothing below it is left out.
    """
    rendered = _Rendered(names or wiki_names(), tables)
    text = without_comments(wikitext.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    text = without_hidden_elements(with_nowiki_protected(text), formulas)
    text = _nested(_PARAMETER.sub("", text), _TEMPLATE, rendered.template)
    text = _nested(text, _TABLE, rendered.table)
    text = _nested(_VARIANT.sub(_chosen_variant, text), _LINK, rendered.link)
    text = _EXTERNAL.sub(r"\1", with_lines_of_verse(text))
    text = _TAG.sub("", _BREAK.sub("\n\n", text))
    marked = _DISAMBIGUATION_SWITCH.search(text) is not None
    text = _SWITCH.sub(_unless_lower_case, _QUOTES.sub("", text))
    text = _LOST_BRACKETS.sub("", _without_line_markup(text))
    text, headings = _with_headings_found(_tidied(html.unescape(_HUGE_REFERENCE.sub("", text))))
    return PlainPage(text, headings, tuple(rendered.categories), marked or rendered.disambiguation)


def wikitext_to_text(wikitext: str, names: WikiNames | None = None) -> str:
    """The text of `plain_page`, without tables."""
    return plain_page(wikitext, names).text


def is_redirect(wikitext: str) -> bool:
    """Whether the page only points to another one (`#REDIRECT [[...]]`, in any language)."""
    return _REDIRECT.match(wikitext) is not None


def _nested(text: str, token: re.Pattern[str], render: Callable[[str], str]) -> str:
    """Text with every balanced pair of brackets, innermost first, replaced by what `render` makes of its content.

    A bracket without its partner stays as it is. Each level copies its content once, and there are at most MAX_DEPTH levels.
    """
    outer: list[list[str]] = []
    parts: list[str] = []
    too_deep = at = 0
    for match in token.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        if match["open"]:
            if len(outer) == MAX_DEPTH:
                too_deep += 1
                continue
            outer.append(parts)
            parts = [match.group()]
        elif too_deep:
            too_deep -= 1
        elif outer:
            content = "".join(parts[1:])
            parts = outer.pop()
            parts.append(render(content))
        else:
            parts.append(match.group())
    parts.append(text[at:])
    return "".join(part for level in (*outer, parts) for part in level)


@dataclass
class _Rendered:
    """What the brackets of one page show, and what is learnt of the page on the way."""

    names: WikiNames
    tables: Tables
    categories: dict[str, None] = field(default_factory=dict)
    disambiguation: bool = False

    def template(self, content: str) -> str:
        """What a template shows: the words of those that only dress up a text, nothing of all others."""
        name = content.partition("|")[0].strip().lower()
        shown = _SHOWN_ARGUMENTS.get(name)
        if shown is None and name.startswith(("lang-", "link-")):
            shown = (0,)
        if shown is None:
            if name.replace("_", " ") in self.names.disambiguation:
                self.disambiguation = True
            return _SYMBOLS.get(name, "")
        links_rendered = _nested(content, _LINK, self.link)
        arguments = [argument.strip() for argument in links_rendered.split("|")[1:] if not _NAMED.match(argument)]
        return " ".join(arguments[index] for index in shown if index < len(arguments))

    def table(self, content: str) -> str:
        """The rows of a table, or nothing."""
        return rows_of(content).replace("\n", "\n\n") if self.tables == "rows" else ""

    def link(self, content: str) -> str:
        """What a link shows: its label, else its target; nothing for files, categories and the same article in other languages."""
        target, bar, label = content.partition("|")
        if "\n" in target:
            return content
        namespace, colon, title = target.partition(":")
        namespace = namespace.strip()
        if colon and namespace:
            lowered = namespace.lower().replace("_", " ")
            if lowered in self.names.categories:
                if title := title.replace("_", " ").strip():
                    self.categories[title] = None
                return ""
            if lowered in self.names.files or target.rstrip().lower().endswith(_MEDIA_FILES):
                return ""
            if not bar and namespace not in _SISTERS and _INTERLANGUAGE.fullmatch(namespace):
                return ""
        shown = target.lstrip(": ")
        if not bar:
            return shown
        return label or shown.partition(" (")[0].rpartition(":")[2]


def _chosen_variant(match: re.Match[str]) -> str:
    """One reading of a language converter's `-{zh-hans:软件; zh-hant:軟體}-`; nothing of its silent rules."""
    flags, bar, rules = match[1].rpartition("|")
    if bar and set(flags.upper()) & set("HT-"):
        return ""
    readings = {}
    for rule in rules.split(";"):
        code, colon, reading = rule.partition(":")
        if colon and code.strip().lower() in _VARIANT_ORDER:
            readings[code.strip().lower()] = reading.strip()
    return next((readings[code] for code in _VARIANT_ORDER if code in readings), rules)


def _unless_lower_case(match: re.Match[str]) -> str:
    """Nothing for a magic word in any language; `__init__` stays."""
    word = match.group()
    return "" if word == word.upper() else word


def _without_line_markup(text: str) -> str:
    """Text without the marks that stand at the start of a line, a paragraph a line; headings with nothing below them go.

    Lines that begin with a bar or an unclosed template are left over from broken tables and templates.
    """
    kept: list[str] = []
    headings: list[tuple[int, str]] = []
    goes_on = False
    for raw in text.split("\n"):
        line = raw.strip()
        first = line[:1]
        before, goes_on = goes_on, bool(line) and _is_of_a_paragraph(raw)
        if first == "=" and line[-1] == "=" and (title := line.strip("= \t")):
            level = max(min(len(line) - len(line.lstrip("=")), 6) - 1, 1)
            while headings and headings[-1][0] >= level:
                headings.pop()
            headings.append((level, title))
            continue
        if first in {"*", "#", ":", ";", "="}:
            line = line.lstrip("*#:;= \t")
        elif first == "|" or line.startswith(("{{", "{|")):
            continue
        elif line.startswith("----"):
            line = line.lstrip("-")
        if before and goes_on:
            kept += (_between(kept[-1], line), line)
        elif line and (len(line) > _MARKS_ALONE or any(map(str.isalnum, line))):
            kept += (f"\n{_HEADING}{level}{title}" for level, title in headings)
            headings.clear()
            kept += ("\n", line)
        else:
            goes_on = False
    return "".join(kept)


def _is_of_a_paragraph(line: str) -> bool:
    """Whether a line goes on with the one before it, or the next one with it: no heading, item, row, or line that begins with a space."""
    return line[0] not in _NO_PARAGRAPH and not line.startswith(("{{", "{|", "----"))


def _between(one: str, other: str) -> str:
    """What a newline inside a paragraph is: a space, and nothing between Chinese or Japanese characters."""
    return "" if _WITHOUT_SPACES.fullmatch(one[-1] + other[0]) else " "


def _tidied(text: str) -> str:
    """Text without what templates that went have left: empty brackets, separators with nothing between them; no runs of spaces, no empty lines."""
    text = _EMPTY_BRACKETS.sub("", _SPACES.sub(" ", text))
    text = _AFTER_BRACKET.sub(r"\1", _BEFORE_BRACKET.sub(_before_bracket, text))
    text = _LOOSE_SPACE.sub("", _LOOSE_BRACKET.sub("", _TWICE.sub(_once, text)))
    return _NEWLINES.sub("\n", text.replace(" \n", "\n").replace("\n ", "\n")).strip()


def _before_bracket(match: re.Match[str]) -> str:
    """Nothing of separators at the end of a bracket; `;)` stays, for it is a face."""
    run = match.group()
    return run if run.lstrip() in {";", "；"} else ""


def _once(match: re.Match[str]) -> str:
    """One mark of several that are the same; those of several kinds, and those before a word without a space (`{a,,b}`), stay."""
    run = match.group()
    marks = set(run) - {" "}
    after = match.string[match.end() : match.end() + 1]
    if len(marks) > 1 or (run[-1] != " " and after.isascii() and not after.isspace() and after):
        return run
    return marks.pop() + (" " if run[-1] == " " else "")


def _with_headings_found(text: str) -> tuple[str, tuple[Heading, ...]]:
    """The text without the marks of headings, and the headings with their places."""
    if _HEADING not in text:
        return text, ()
    kept: list[str] = []
    found: list[Heading] = []
    at = 0
    for line in text.split("\n"):
        shown = line
        if line[:1] == _HEADING:
            shown = line[2:].strip()
            if not shown:
                continue
            found.append(Heading(int(line[1]), shown, at))
        kept.append(shown)
        at += len(shown) + 1
    return "\n".join(kept), tuple(found)

r"""Texts of messages put right: what copying, scraping and other people's prompts have left in them.

Rules, in their order: `line_end`, `terminal`, `control` (CR LF and controls), `nfc` (never NFKC, which would change Chinese punctuation and mathematics),
the readings of wrongly decoded lines (clean/mojibake.py), `invisible`, `joiner`, `literal_newline` (`\n` written as two characters), `html` (messages of
shared chats that are HTML), `copy_button`, `page_mark` (`1 / 2` where an answer was made anew), `prompt_marker` (`### Instruction:` and the like at a
message's ends), `special_token` (what a tokenizer takes for a mark of its own gets a space: `< |im_end| >`), `spaced_characters` (a blank between
any two Chinese characters), `white_space` at the ends.
Promise: each rule acts on what shows its mark and on nothing else, so that code, mathematics and verse stay; a second time finds nothing more.
Source: FastChat (clean_sharegpt, optional_clean, optional_replace), CDial-GPT (blanks between characters), Alpaca's prompt.

Not here: roles (roles.py), personal data (private.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import polars as pl

from corpus_platform.clean.characters import without_controls, without_invisible
from corpus_platform.clean.edits import Cut, Editing, changed_lines, put_rows
from corpus_platform.clean.mojibake import repaired
from corpus_platform.text.pieces import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from corpus_platform.clean.edits import Cleaned

Rule = Literal[
    "control",
    "nfc",
    "mojibake",
    "invisible",
    "literal_newline",
    "html",
    "copy_button",
    "page_mark",
    "prompt_marker",
    "special_token",
    "spaced_characters",
    "white_space",
]
RULES: tuple[Rule, ...] = get_args(Rule)

HAN = r"\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WIDE = f"{_HAN}，。！？；：、…“”‘’（）《》【】～"

_LATEX = (
    "abla|atural|earrow|e|eg|eq|ewcommand|ewline|ewpage|exists|geq|gtr|i|leq|less|mid|oalign|ocite|oindent|olimits|onumber|opagebreak|ormalsize|ot|otin|"
    "parallel|prec|rightarrow|Rightarrow|leftarrow|Leftarrow|subseteq|succ|u|warrow|earrow|sim|supseteq|vdash|onumber"
)
_LITERAL = re.compile(
    # Not a command of LaTeX, not inside quotes or a pattern; before a small letter only where a sentence or word has ended: `C:\new` is a path.
    rf"\\r\\n|(?<![\s(=,:\[][\"'])(?<![\\(\[|])(?:\\n(?![a-z])|(?<=[\s.!?;,”。！？；，)])\\n(?=[a-z])(?!(?:{_LATEX})(?![A-Za-z])))(?![\"'`)\]|,;/*+?\[])"
    rf"|(?<=\\n)\\n(?![\"'`)\]|,;/*+?\[])"
)
_CODE_LIKE = r"`|printf?\s*\(|puts|cout|\bre\.|split\(|join\(|\$|\\(?:frac|begin|left|text|sum|sqrt|cdot|t\b|d\b|w\b)"
_WRAPPER = r"""(?i)^\s*<(?:div|p|ol|ul|h[1-6]|pre|blockquote|table)\b[^>]*>"""
_SHARED = r"""(?i)<div class="[^"]*(?:markdown|prose|break-words|whitespace-pre-wrap|flex)[^"]*"|<pre>\s*<div[^>]*>.{0,400}?Copy code"""
_HEAD_OF_CODE = re.compile(r"(?is)<pre[^>]*>(?:(?!<code|</pre>).)*<code")
_ASKING, _ANSWERING = (
    r"instructions?|input|question|context|指令|问题|输入",
    r"response|output|answer|输出|回答|回复|答案",
)
_PREAMBLE = r"(?is)\A\s*(?:below is an instruction that describes a task\b[^\n]{0,200}|以下是(?:一个)?描述任务的(?:指令|说明)[^\n]{0,120})\s*\n+"
_TAIL_MARKER = rf"(?i)\n\s*###\s*(?:{_ASKING}|{_ANSWERING})\s*[:：]?\s*\z"
_HEAD_MARKERS = {
    "user": rf"(?i)\A\s*###\s*(?:{_ASKING})\s*[:：][ \t]*\n*",
    "assistant": rf"(?i)\A\s*###\s*(?:{_ANSWERING})\s*[:：][ \t]*\n*",
}
_SPEAKERS = {
    "user": r"(?i)\A\s*(?:###\s*)?(?:human|user|用户)\s*[:：][ \t]*",
    "assistant": r"(?i)\A\s*(?:###\s*)?(?:assistant|助手|<bot>)\s*[:：][ \t]*",
}
_TOKENS = r"<(?:[|｜][A-Za-z][A-Za-z0-9_▁]{0,40}[|｜]|/?s|bos|eos|pad|unk|start_of_turn|end_of_turn|eo[hmatcr])>|<</?SYS>>|\[/?INST\]"
_TOKEN = re.compile(_TOKENS)
_PAGE = re.compile(r"\A\s*(\d{1,2}) / (\d{1,2})[ \t]*(?:\n+|\Z)|\n[ \t]*(\d{1,2}) / (\d{1,2})\s*\Z")


def put_right(
    texts: pl.Series,
    role: pl.Series,
    rules: Collection[Rule] = RULES,
    *,
    is_shared: pl.Series | None = None,
    is_maths: pl.Series | None = None,
    trace: bool = False,
) -> Cleaned:
    """Texts of messages after some rules; `role` says whose each is. `removed` counts by rule, `spans` are places in the texts, when asked for.

    `is_shared` says of which texts a bare `<p>` or `<ul>` at their start shows that they are HTML of a shared chat, and no answer about HTML;
    `is_maths` says in which `1 / 2` may be meant.
    """
    nobody = pl.Series([False]).new_from_index(0, len(texts))
    about = _About(role, nobody if is_shared is None else is_shared, nobody if is_maths is None else is_maths)
    editing = _Passes(texts, trace=trace)
    for rule in RULES:
        if rule in rules:
            _DOERS[rule](editing, about)
    return editing.done()


class _About(NamedTuple):
    """What is known of each text."""

    role: pl.Series
    is_shared: pl.Series
    is_maths: pl.Series


class _Passes(Editing):
    """Edits one after the other, those of other modules among them."""

    def of(self, edit: Callable[[pl.Series], Cleaned]) -> None:
        """An edit that another module makes of all texts; its places are told as the lines that it changed."""
        before, made = self.text, edit(self.text)
        for rule, n in made.removed.items():
            self.count(rule, n)
        places = changed_lines(before, made.text, next(iter(made.removed), "")) if self.trace else None
        self.put(made.text, places)

    def each(self, rule: str, rows: pl.Series, make: Callable[[str], str]) -> None:
        """Other texts for some rows, each made whole: for what few texts need."""
        if not len(rows):
            return
        old = self.text.gather(rows)
        made = pl.Series("text", [make(text) for text in old.to_list()], pl.String)
        differ = (old != made).arg_true()
        if not len(differ):
            return
        self.count(rule, len(differ))
        whole = pl.DataFrame(
            {"document": rows.gather(differ).cast(pl.Int64), "end": old.gather(differ).str.len_chars()}
        )
        size = made.gather(differ).str.len_chars().cast(pl.Int64)
        places = whole.with_columns(start=pl.lit(0), rule=pl.lit(rule), size=size)
        self.put(put_rows(self.text, rows, made), places.select(*PLACES, "size").cast({**PLACES, "size": pl.Int64}))

    def matches(self, rule: str, rows: pl.Series, find: Callable[[str], Iterator[tuple[int, int, str]]]) -> None:
        """Pieces (start, end, what is put there) of some rows, found by a search that Polars has no pattern for."""
        texts = self.text.gather(rows).to_list()
        found = [(row, *one) for row, text in zip(rows.to_list(), texts, strict=True) for one in find(text)]
        if not found:
            return
        places = pl.DataFrame(found, schema=["document", "start", "end", "put"], orient="row")
        self.take(places.with_columns(rule=pl.lit(rule)).select(*PLACES, "put").cast({**PLACES, "put": pl.String}))


_COPY = re.compile(
    r"(?m)^(?P<open>[ \t]*```)[ \t]*\n[ \t]*(?P<lang>[A-Za-z+#.]{0,12})[ \t]*\n?[ \t]*(?:Copy code|复制代码)[ \t]*$"
    r"|^(?P<own>[ \t]*[a-z+#.]{1,12})(?:Copy code|复制代码)[ \t]*$|^[ \t]*(?:Copy code|复制代码)[ \t]*(?:\n|\Z)"
)


def _copy_buttons(editing: _Passes, _about: _About) -> None:
    """A line of its own, or behind the name of a language, which goes to its fence."""
    rows = editing.text.str.contains_any(["Copy code", "复制代码"]).arg_true()

    def find(text: str) -> Iterator[tuple[int, int, str]]:
        for match in _COPY.finditer(text):
            yield match.start(), match.end(), (match["open"] or "") + (match["lang"] or match["own"] or "")

    editing.matches("copy_button", rows, find)


def _normal(editing: _Passes, _about: _About) -> None:
    rows = (editing.text.str.len_bytes() != editing.text.str.len_chars()).arg_true()
    if not len(rows):
        return
    old = editing.text.gather(rows)
    new = old.str.normalize("NFC")
    differ = rows.gather((old != new).arg_true())
    known = dict(zip(differ.to_list(), new.filter(old != new).to_list(), strict=True))
    made = iter(known.values())
    editing.each("nfc", differ, lambda _text: next(made))


def _literal_newlines(editing: _Passes, _about: _About) -> None:
    """Only in texts that have no line break, and nothing that looks like code or mathematics."""
    marked = editing.text.str.contains(r"\\n") & ~editing.text.str.contains("\n", literal=True)
    rows = (marked & ~editing.text.str.contains(_CODE_LIKE)).arg_true()
    editing.matches("literal_newline", rows, lambda text: ((m.start(), m.end(), "\n") for m in _LITERAL.finditer(text)))


def _from_html(editing: _Passes, about: _About) -> None:
    rows = editing.text.str.contains("</", literal=True).arg_true()
    if not len(rows):
        return
    some = editing.text.gather(rows)
    fenced = some.str.contains("```", literal=True) | some.str.contains(r"(?i)<(?:html|head|body|script|!doctype)\b")
    own = some.str.contains(_SHARED) | (about.is_shared.gather(rows) & some.str.contains(_WRAPPER))
    editing.each("html", rows.filter(own & ~fenced), _markdown)


def _markdown(text: str) -> str:
    from corpus_platform.extract.markdown import to_markdown  # noqa: PLC0415  (lxml, for few messages)

    return to_markdown(_HEAD_OF_CODE.sub("<pre><code", text), links="markdown")


def _page_marks(editing: _Passes, about: _About) -> None:
    rows = (editing.text.str.contains(r"(?m)^\s*\d{1,2} / \d{1,2}\s*$") & ~about.is_maths).arg_true()

    def find(text: str) -> Iterator[tuple[int, int, str]]:
        for match in _PAGE.finditer(text):
            this, of = int(match[1] or match[3]), int(match[2] or match[4])
            whole = match.start() == 0 and match.end() == len(text)
            if 1 <= this <= of and of >= 2 and not whole:
                yield match.start(), match.end(), ""

    editing.matches("page_mark", rows, find)


def _prompt_markers(editing: _Passes, about: _About) -> None:
    """At a message's own ends only, and of the side that says it; an answer with further headings keeps its first."""
    editing.cut(Cut("prompt_marker", _PREAMBLE), Cut("prompt_marker", _TAIL_MARKER))
    for who, pattern in (*_HEAD_MARKERS.items(), *_SPEAKERS.items()):
        is_marked = editing.text.str.contains(pattern) & (about.role == who)
        if who == "assistant":
            is_marked &= ~editing.text.str.contains("\n#", literal=True)
        rows = is_marked.arg_true()
        found = re.compile(pattern)
        editing.matches("prompt_marker", rows, lambda text, found=found: _first(found, text))


def _first(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int, str]]:
    match = pattern.match(text)
    if match and match.end() < len(text):
        yield match.start(), match.end(), ""


def _special_tokens(editing: _Passes, _about: _About) -> None:
    """Spaces inside the brackets; nothing is lost to a reader, and no tokenizer finds the mark any more."""
    rows = editing.text.str.contains(_TOKENS).arg_true()

    def find(text: str) -> Iterator[tuple[int, int, str]]:
        for match in _TOKEN.finditer(text):
            whole, edge = match[0], 2 if match[0].startswith("<<") else 1
            yield match.start(), match.end(), f"{whole[:edge]} {whole[edge:-edge]} {whole[-edge:]}"

    editing.matches("special_token", rows, find)


_BLANK = re.compile(
    rf"(?<=[{_WIDE}])[ \t]+(?=[{_WIDE}]|\d(?!\d))|(?<=(?<!\d)\d)[ \t]+(?=[{_WIDE}])|(?<=(?<!\d)\d)[ \t](?=\d(?!\d))"
)
"""Digits were parted as well: `1 8 岁`."""
_BETWEEN = rf"([{_WIDE}])[ \t]+([{_WIDE}])"


def _spaced(editing: _Passes, _about: _About) -> None:
    """Only where most Chinese characters have a blank behind them: `今 天 天 气`; blanks between clauses and verses stay."""
    rows = editing.text.str.contains(rf"[{HAN}] [{HAN}]").arg_true()
    if not len(rows):
        return
    some = pl.DataFrame({"text": editing.text.gather(rows)})
    han, spaced = pl.col("text").str.count_matches(f"[{HAN}]"), pl.col("text").str.count_matches(f"[{HAN}] ")
    most = some.select((spaced + 1 >= 0.8 * han) & (han >= 2))["text"]
    rows = rows.filter(most)
    has_digit = editing.text.gather(rows).str.contains(r"\d")
    slow = rows if editing.trace else rows.filter(has_digit)
    editing.matches("spaced_characters", slow, lambda text: ((m.start(), m.end(), "") for m in _BLANK.finditer(text)))
    if not editing.trace:
        _unspaced(editing, rows.filter(~has_digit))


def _unspaced(editing: _Passes, rows: pl.Series) -> None:
    """The same for texts without digits, in two passes, for a character between two blanks is the end of one match and the start of another."""
    for _ in range(2 if len(rows) else 0):
        found = editing.text.gather(rows)
        editing.count("spaced_characters", int(found.str.count_matches(_BETWEEN).sum()))
        editing.text = put_rows(editing.text, rows, found.str.replace_all(_BETWEEN, "$1$2"))


def _white_space(editing: _Passes, _about: _About) -> None:
    """At the ends; the indent of the first line stays where a later line has one too, for the text is a piece of a program or verse."""
    editing.cut(Cut("white_space", r"\A(?:[^\S\n]*\n)+"), Cut("white_space", r"[\s\x1c-\x1f]+\z"))
    rows = (editing.text.str.contains(r"\A[^\S\n]") & ~editing.text.str.contains(r"\n[^\S\n]+\S")).arg_true()
    editing.matches("white_space", rows, lambda text: iter([(0, len(text) - len(text.lstrip()), "")]))


_DOERS: dict[Rule, Callable[[_Passes, _About], None]] = {
    "control": lambda editing, _: editing.of(lambda t: without_controls(t, reference=False, trace=False)),
    "nfc": _normal,
    "mojibake": lambda editing, _: editing.of(lambda t: repaired(t, chinese=True, trace=False)),
    "invisible": lambda editing, _: editing.of(lambda t: without_invisible(t, soft_hyphens=True, joiners=True, trace=False)),
    "literal_newline": _literal_newlines,
    "html": _from_html,
    "copy_button": _copy_buttons,
    "page_mark": _page_marks,
    "prompt_marker": _prompt_markers,
    "special_token": _special_tokens,
    "spaced_characters": _spaced,
    "white_space": _white_space,
}  # fmt: skip

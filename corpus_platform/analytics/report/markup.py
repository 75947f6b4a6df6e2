"""HTML that is made of escaped parts: what is not `Html` is text, and text is escaped.

Not here: what the page says (sections.py), how it looks (style.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.analytics.svg import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_EMPTY = {"br", "meta", "hr"}


class Html(str):
    """Finished HTML."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """`<name attributes>children</name>`. `class_` is `class`, `aria_label` is `aria-label`; None leaves an attribute out, True gives it no value."""
    given = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")  # noqa: PLW2901
        given.append(f" {key}" if value is True else f' {key}="{text(str(value))}"')
    if name in _EMPTY:
        return Html(f"<{name}{''.join(given)}>")
    return Html(f"<{name}{''.join(given)}>{join(children)}</{name}>")


POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a page may load: its own styles and pictures, and nothing from anywhere."""


def html_page(title: str, css: str, body: Html) -> str:
    """A whole page with its styles in it. It holds no script, loads nothing, and tells no other site where its reader came from."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(css)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def anchor(title: str) -> str:
    """Id of a section, from its title."""
    return title.lower().replace(" ", "-")


def join(children: Iterable[object]) -> Html:
    """Parts after each other; None is nothing, and a list is its parts."""
    found = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            found.append(str(child))
        elif isinstance(child, list | tuple):
            found.append(str(join(child)))
        else:
            found.append(text(str(child)))
    return Html("".join(found))


def table(
    head: Sequence[object], rows: Iterable[Sequence[object]], *, numbers: Iterable[int] = (), class_: str = ""
) -> Html:
    """A table that scrolls by itself where it is too wide; the columns in `numbers` are set to the right."""
    right = set(numbers)

    def line(cells: Sequence[object], kind: str) -> Html:
        return tag("tr", *(tag(kind, cell, class_="n" if i in right else None) for i, cell in enumerate(cells)))

    made = tag(
        "table", tag("thead", line(head, "th")), tag("tbody", *(line(row, "td") for row in rows)), class_=class_ or None
    )
    return tag("div", made, class_="scroll")


def bar(part: float, *, start: float = 0.0, kind: str = "") -> Html:
    """A bar over a part of its cell, 0..1, that begins at `start`."""
    start = min(max(start, 0.0), 1.0)
    wide = min(max(part, 0.0), 1.0 - start)
    style = f"--x:{100 * start:.2f}%;--w:{100 * wide:.2f}%"
    return tag("span", tag("i", style=style) if part > 0 else None, class_=f"bar {kind}".rstrip())


def bars(rows: Sequence[tuple[str, float, int, str]], of: float) -> Html:
    """Bars below each other: label, where it begins, how many, kind of colour; with numbers and their shares of a whole."""
    whole_ = max(of, 1)
    lines = [
        tag(
            "div",
            tag("span", label, class_="l"),
            bar(n / whole_, start=start / whole_, kind=kind),
            tag("span", whole(n), class_="n"),
            tag("span", share(n, of), class_="n"),
        )
        for label, start, n, kind in rows
    ]
    return tag("div", *lines, class_="bars")


def more(summary: object, *children: object, is_open: bool = False) -> Html:
    """What is shown on a click."""
    return tag("details", tag("summary", summary), *children, open=is_open)


def whole(number: float | None) -> str:
    """`1,234`; nothing for None."""
    return "" if number is None else f"{number:,.0f}"


def short(number: float) -> str:
    """A number with three digits: `1.14 M`, `35.2 k`, `599`."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= limit:
            scaled = number / (1e3 if unit == "k" else limit)
            return f"{scaled:.{max(0, 2 - len(str(int(abs(scaled)))) + 1)}f} {unit}"
    return f"{number:,.0f}"


def size(number: float) -> str:
    """Bytes for people: `16.2 MB`."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= limit:
            return f"{number / limit:.1f} {unit}"
    return f"{number:,.0f} B"


def share(part: float, of: float) -> str:
    """`12.3%`; `<0.1%` for what is not quite nothing; a dash of nothing."""
    if not of:
        return "–"
    found = part / of
    return "<0.1%" if 0 < found < 0.0005 else f"{found:.1%}"


def figure(number: float) -> str:
    """A measured value with three digits, without powers of ten: `0.0283`, `1,024`."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def plural(n: int, what: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"

"""A comparison of corpora as one HTML page: what was taken of each, the matrix as a heat map, every figure with its interval, and the limits.

Not here: the figures (compare_corpora.py, comparison.py), how a page looks (report/style.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.analytics.report.markup import Html, anchor, html_page, join, table, tag, whole
from corpus_platform.analytics.report.style import CSS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.analytics.comparison import Cell, Comparison

_Set = tuple[str, str | None, str | None]


def compare_page(found: Comparison) -> str:
    """The page. It holds no script and loads nothing."""
    said = (
        f"A model of {found.settings.order}-grams of each corpus, trained on {found.tokens:,} tokens ({found.pieces:,} pieces, the same for all), "
        "asked about held-out documents of all corpora."
    )
    parts = [
        ("What was taken", _facts(found)),
        ("Bits per byte", join([_explained(), _heat(found, [one for one in found.sets() if one[1] is None])])),
        *_by_kind(found),
        ("All figures", _figures(found)),
        ("What this does not say", tag("ul", *(tag("li", limit) for limit in found.limits))),
    ]
    sections = [tag("section", tag("h2", title, id=anchor(title)), content) for title, content in parts]
    links = [tag("a", title, href=f"#{anchor(title)}") for title, _ in parts]
    main = tag("main", tag("header", tag("h1", "Corpora compared"), tag("p", said, class_="pale")), *sections)
    page = tag("div", tag("nav", *links, aria_label="Sections"), main, class_="page")
    return html_page("Corpora compared", CSS, tag("body", page))


def name_of(of: _Set) -> str:
    """`books`, `books: gutenberg, en`."""
    corpus, source, language = of
    kind = ", ".join(part for part in (source, language) if part)
    return f"{corpus}: {kind}" if kind else corpus if source is None else f"{corpus}: no source or language"


def _explained() -> Html:
    return tag(
        "p",
        "Rows are models, columns held-out documents. Lower is better; the darker of a column, the better. "
        "Within a column a model marked ", tag("b", "bold"), " is as good as the best, as far as its interval tells.",
        class_="pale",
    )  # fmt: skip


def _facts(found: Comparison) -> Html:
    rows = [
        (one.name, whole(one.documents), whole(one.trained), whole(one.tokens), whole(one.held_out))
        for one in found.corpora
    ]
    return table(("corpus", "documents", "trained on", "tokens", "held out and asked"), rows, numbers=(1, 2, 3, 4))


def _heat(found: Comparison, sets: Sequence[_Set]) -> Html:
    head = [tag("th", "model of"), *(tag("th", name_of(of), class_="up") for of in sets)]
    best = {of: found.best(of) for of in sets}
    columns = {of: [found.at(one.name, of).bits_per_byte for one in found.corpora] for of in sets}
    lines = []
    for corpus in found.corpora:
        cells = [tag("th", corpus.name)]
        for of in sets:
            cell, low, high = found.at(corpus.name, of), min(columns[of]), max(columns[of])
            part = (high - cell.bits_per_byte) / (high - low) if high > low else 0.0
            shown = f"{cell.bits_per_byte:.3f}"
            cells.append(
                tag(
                    "td",
                    tag("b", shown) if corpus.name in best[of] else shown,
                    class_=f"heat{' dark' if part > 0.55 else ''}",
                    style=f"--h:{round(100 * part)}%",
                    title=f"{cell.low:.3f} to {cell.high:.3f}, {cell.documents:,} documents",
                )
            )
        lines.append(tag("tr", *cells))
    grid = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *lines), class_="matrix")
    return tag("div", grid, class_="scroll")


def _by_kind(found: Comparison) -> list[tuple[str, Html]]:
    """The matrix by source and language, where that says more than that of the corpora."""
    sets = [one for one in found.sets() if one[1] is not None]
    return [("By source and language", _heat(found, sets))] if len(sets) > len(found.corpora) else []


def _figures(found: Comparison) -> Html:
    rows = [
        (cell.model, name_of((cell.corpus, cell.source, cell.language)), whole(cell.documents), whole(cell.bytes), *_three(cell), _words(cell))
        for cell in found.cells
    ]  # fmt: skip
    head = ("model", "held out", "documents", "bytes", "bits per byte", "interval", "perplexity per byte", "per word")
    return table(head, rows, numbers=(2, 3, 4, 5, 6, 7))


def _three(cell: Cell) -> tuple[str, str, str]:
    return f"{cell.bits_per_byte:.3f}", f"{cell.low:.3f} to {cell.high:.3f}", f"{cell.perplexity_per_byte:.3f}"


def _words(cell: Cell) -> str:
    return f"{cell.perplexity_per_word:,.1f}" if cell.perplexity_per_word < 1e9 else "beyond 1e9"

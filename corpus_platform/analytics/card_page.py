"""A data card as one HTML page, with its pictures inside: no script, and nothing that a browser would load.

Not here: what the card says (card.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from corpus_platform.analytics.report.markup import Html, html_page, tag
from corpus_platform.analytics.report.style import CSS

if TYPE_CHECKING:
    from collections.abc import Mapping

_MORE = """
.page.card-page{grid-template-columns:minmax(0,960px);padding-top:28px}pre{background:var(--soft);border-radius:8px;padding:12px 14px;overflow-x:auto}
pre code{background:none;padding:0}
figure svg{border-radius:8px}main table{display:block;overflow-x:auto}td code{white-space:nowrap}
"""
_PICTURE = re.compile(r'<p><img src="(plots/[a-z0-9_]+\.svg)" alt="[^"]*"\s*/?></p>')
_HEADING = re.compile(r"<h2>([^<]+)</h2>")


def page(markdown: str, plots: Mapping[str, str], title: str) -> str:
    """The card's Markdown as a page. HTML in it stays text; pictures are those of `plots`, by path."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  (only cards need it)

    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    made = _PICTURE.sub(lambda found: f"<figure>{plots[found[1]]}</figure>" if found[1] in plots else "", made)
    made = _HEADING.sub(lambda found: f'<h2 id="{_anchor(found[1])}">{found[1]}</h2>', made)
    body = tag("body", tag("div", tag("main", Html(made)), class_="page card-page"))
    return html_page(title, CSS + _MORE, body)


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")

"""Web pages from texts: an article in its site's template, lists of articles, bare pages.

The templates are `pages/templates/*.html`; everything around the text (menus, consent, lists of other pages, advertisements) repeats from page to page,
as it does on the web.

Not here: charsets, headers and status codes (capture.py), changes to a text (edits.py).
"""

from __future__ import annotations

import zlib
from functools import cache
from html import escape
from itertools import groupby
from string import Template
from typing import TYPE_CHECKING

from corpus_platform.sample.articles import Article, Block, data_folder
from corpus_platform.sample.sites import Site, labels

if TYPE_CHECKING:
    from collections.abc import Sequence

RIGHT_TO_LEFT = frozenset({"ar"})


def article_page(
    article: Article,
    site: Site,
    others: Sequence[Article],
    *,
    template: str = "",
    meta_charset: str = "",
    salt: int = 0,
) -> str:
    """HTML of an article in its site's template, or in another one (`print`, `amp`).

    `others` are the articles that lists around the text may name; `salt` (the crawl) turns the list of popular pages, so that two crawls of
    a page differ there and nowhere else.
    """
    around = [other for other in others if other.key != article.key] or [article]
    start = _number(article.key)
    comments, body = _comments_apart(article, template or site.template)
    values = {
        **_frame(site, article.title, meta_charset, canonical=article.url, description=_first_words(article)),
        "date": article.date,
        "year": article.date[:4],
        "path": article.path,
        "author": escape(_turn(labels(site.language)["authors"], start)),
        "tags": escape(", ".join(article.tags)),
        "price": f"{12 + start % 170}.00",
        "body": body + _licence_mark(site),
        "comments": _posts(comments, site),
        "related": _items(_window(around, start, 3)),
        "popular": _items(_window(around, start + 1 + salt, 4)),
        "related_plain": _links(_window(around, start, 3)),
        "popular_plain": _links(_window(around, start + 1 + salt, 4)),
    }
    return _template(template or site.template).substitute(values)


def listing_page(site: Site, heading: str, listed: Sequence[Article], *, meta_charset: str = "") -> str:
    """HTML of a list of articles with their first words, as front pages and topic pages have it."""
    more = escape(labels(site.language)["more"])
    teasers = [
        f'<div class="teaser"><h2><a href="{article.path}">{escape(article.title)}</a></h2>'
        f'<p>{escape(_first_words(article))}</p><a href="{article.path}">{more}</a></div>'
        for article in listed
    ]
    values = {
        **_frame(site, heading, meta_charset, canonical=f"https://{site.host}/", description=site.tagline),
        "date": "",
        "year": max(article.date[:4] for article in listed),
        "body": "\n".join(teasers),
    }
    return _template("listing").substitute(values)


def bare_page(title: str, body: str, *, meta_charset: str = "", head: str = "") -> str:
    """HTML with nothing around `body`, which is HTML already."""
    lines = [_charset_mark(meta_charset), f"<title>{escape(title)}</title>" if title else "", head]
    return _template("bare").substitute(head="\n".join(line for line in lines if line), body=body)


def body_of(blocks: Sequence[Block]) -> str:
    """HTML of blocks: paragraphs, headings, and lists of adjacent items. Posts are left to their template."""
    parts = []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        texts = [escape(block.text, quote=False) for block in group]
        if kind == "item":
            parts.append("<ul>\n" + "\n".join(f"<li>{text}</li>" for text in texts) + "\n</ul>")
        elif kind == "heading":
            parts += [f"<h3>{text}</h3>" for text in texts]
        elif kind == "paragraph":
            parts += ["<p>" + text.replace("\n", "<br>\n") + "</p>" for text in texts]
    return "\n".join(parts)


def _comments_apart(article: Article, template: str) -> tuple[list[Block], str]:
    posts = [block for block in article.blocks if block.kind == "post"]
    body = body_of(article.blocks)
    if template in {"print", "amp", "guide", "news", "portal"}:
        return [], body + "".join(f"\n<p>{escape(post.who)}: {escape(post.text)}</p>" for post in posts)
    return posts, body


def _posts(posts: Sequence[Block], site: Site) -> str:
    words = labels(site.language)
    parts = []
    for post in posts:
        number = _number(post.who)
        about = f"{number % 900 + 3} {words['posts']} · {words['joined']} {2006 + number % 18}"
        parts.append(
            f'<div class="post"><div class="who"><b>{escape(post.who)}</b><br><small>{escape(about)}</small></div>'
            f'<div class="said">{escape(post.text, quote=False)}</div><a href="#reply">{escape(words["reply"])}</a></div>',
        )
    return "\n".join(parts)


def _frame(site: Site, title: str, meta_charset: str, *, canonical: str, description: str) -> dict[str, str]:
    """Values that every template asks for: the head, the site's names and its labels."""
    words = labels(site.language)
    menu = [f'<a href="/{name}">{escape(text)}</a>' for name, text in enumerate(words["menu"])]
    said = {key: escape(text) for key, text in words.items() if isinstance(text, str)}
    return {
        **said,
        **{f"{key}_label": said[key] for key in ("tags", "related", "popular", "comments", "price")},
        "head": _head(site, title, meta_charset, canonical, description),
        "lang": {"zh": "zh-CN", "zh-hant": "zh-TW"}.get(site.language, site.language),
        "dir": "rtl" if site.language in RIGHT_TO_LEFT else "ltr",
        "title": escape(title),
        "site": escape(site.name),
        "tagline": escape(site.tagline),
        "canonical": canonical,
        "menu": "".join(f"<li>{link}</li>" for link in menu),
        "menu_plain": " | ".join(menu),
        "yes": escape(words["yes_no"][0]),
        "no": escape(words["yes_no"][1]),
    }


def _head(site: Site, title: str, meta_charset: str, canonical: str, description: str) -> str:
    lines = [
        _charset_mark(meta_charset),
        f"<title>{escape(title)} - {escape(site.name)}</title>",
        f'<meta name="description" content="{escape(description)}">',
        f'<meta name="robots" content="{site.robots}">' if site.robots else "",
        f'<meta name="tdm-reservation" content="{site.tdm}">' if site.tdm else "",
        f'<link rel="license" href="{site.licence}">' if site.licence else "",
        f'<link rel="canonical" href="{canonical}">',
    ]
    return "\n".join(line for line in lines if line)


def _charset_mark(meta_charset: str) -> str:
    return f'<meta http-equiv="Content-Type" content="text/html; charset={meta_charset}">' if meta_charset else ""


def _licence_mark(site: Site) -> str:
    if not site.licence:
        return ""
    name = "CC " + site.licence.split("/licenses/")[1].split("/")[0].upper()
    return f'\n<p class="licence"><a rel="license" href="{site.licence}">{name}</a></p>'


def _first_words(article: Article) -> str:
    text = article.blocks[0].text.replace("\n", " ")
    return text if len(text) <= 140 else text[:140].rsplit(" ", 1)[0] + " ..."


def _items(listed: Sequence[Article]) -> str:
    return "".join(f'<li><a href="{article.path}">{escape(article.title)}</a></li>' for article in listed)


def _links(listed: Sequence[Article]) -> str:
    return "<br>\n".join(f'<a href="{article.path}">{escape(article.title)}</a>' for article in listed)


def _window(listed: Sequence[Article], start: int, size: int) -> list[Article]:
    return [listed[(start + step) % len(listed)] for step in range(min(size, len(listed)))]


def _turn(listed: Sequence[str], index: int) -> str:
    return listed[index % len(listed)]


def _number(text: str) -> int:
    return zlib.crc32(text.encode())


@cache
def _template(name: str) -> Template:
    return Template((data_folder() / "templates" / f"{name}.html").read_text(encoding="utf-8"))

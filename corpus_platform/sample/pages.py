"""Which pages a crawl of the sample web finds: articles in all their variants, lists, manuals, junk and oddities.

Whatever is chosen is chosen by a page's own name, so that a page does not change when another is added.

Not here: the texts (articles.py, manual.py), their looks (render.py), files of records (crawl.py).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from corpus_platform.sample import edits
from corpus_platform.sample.articles import Article, all_articles
from corpus_platform.sample.capture import Capture, Delivery, binary_capture, delivery_of, text_capture
from corpus_platform.sample.chance import dice, number_of
from corpus_platform.sample.manual import ManualPage, manual_pages
from corpus_platform.sample.render import article_page, bare_page, listing_page
from corpus_platform.sample.sites import Site, oddities, sites, spam_parts

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

MANUAL_HOST = "docs.python.example"
REPRINT_HOSTS = {"en": "clippings.dailyreader.example", "zh": "zhuanzai.meiriyuedu.example"}
JUNK_PER_CRAWL = 26
"""Junk pages of each of English and Chinese in a crawl; a third of them are replaced from crawl to crawl."""
LONGEST_BODY = 16_384
"""Bytes at which the crawler of this sample cuts the one page that is marked WARC-Truncated."""


def crawl_pages(crawl: int, *, seed: int, scale: int) -> list[Capture]:
    """All captures of crawl number `crawl` (0 or 1), addresses unique, in no particular order.

    Facts of a capture: `kind`, `role` (original, exact_duplicate, near_duplicate, revised), `of` (the address it repeats), `of_crawl`, `edit`, `article`.
    `scale` > 1 adds pages that mix paragraphs of the articles.
    """
    found: list[Capture] = []
    for maker in (_article_pages, _listings, _manuals):
        found += maker(crawl, seed)
    found += _junk(crawl, seed)
    found += [_seen_before(capture, crawl) for capture in _oddities()]
    found += _poems_as_text(crawl)
    for copy in range(1, scale):
        found += _mixed_pages(crawl, seed, copy)
    by_url = {capture.url: capture for capture in found}
    return list(by_url.values())


def articles_of(crawl: int) -> list[Article]:
    """The articles that a crawl finds: five of eight are in both crawls."""
    return [article for article in all_articles() if crawl in _crawls(article.key)]


def _crawls(key: str) -> tuple[int, ...]:
    die = number_of("crawl", key) % 16
    return (0, 1) if die < 10 else (0,) if die < 13 else (1,)


def _article_pages(crawl: int, seed: int) -> Iterator[Capture]:
    found = sorted(all_articles(), key=lambda article: article.host)
    for host, group in groupby(found, key=lambda article: article.host):
        site = sites()[host]
        for index, article in enumerate(group):
            if crawl in _crawls(article.key):
                yield from _variants(article, site, site.charset(index), crawl, seed)


def _variants(
    article: Article,
    site: Site,
    charset: tuple[str, str],
    crawl: int,
    seed: int,
) -> Iterator[Capture]:
    """The page itself and, for about one article in two, another page with its text."""
    again = crawl == 1 and 0 in _crawls(article.key)
    shown, edit = _edited(article, site, seed) if again else (article, "")
    salt = crawl if site.template == "news" else 0
    around = [other for other in all_articles() if other.host == article.host]
    delivery = delivery_of(article.key, *charset)
    page = article_page(shown, site, around, meta_charset=delivery.meta_charset, salt=salt)
    if again and not edit and page != article_page(shown, site, around, meta_charset=delivery.meta_charset):
        edit = "boilerplate"
    repeated = {
        "role": "near_duplicate" if edit else "exact_duplicate",
        "of": article.url,
        "of_crawl": 0,
        "edit": edit or None,
    }
    own = _page(site, article.url, page, delivery, article=article.key, **(repeated if again else {}))
    yield own
    for relative in _relatives(own, page, shown, site, around, delivery):
        yield relative.with_facts(of=article.url, of_crawl=crawl, article=article.key)


def _relatives(
    own: Capture, page: str, shown: Article, site: Site, around: Sequence[Article], delivery: Delivery
) -> Iterator[Capture]:
    """Other pages with the text of `own`: with a campaign's parameters, on a mirror, for print, for phones, reprinted elsewhere."""
    copy = {"role": "exact_duplicate"}
    match number_of("variant", shown.key) % 12:
        case 2 | 8:
            yield _page(site, f"{own.url}?utm_source=newsletter&utm_medium=email", page, delivery, **copy)
        case 6:
            yield _page(site, f"https://mirror.{shown.key}", page, delivery, **copy)
        case 3 | 9:
            printed = article_page(shown, site, around, template="print", meta_charset=delivery.meta_charset)
            robots = f"{site.robots}, noindex".strip(", ")
            yield _page(
                site, f"{own.url}?print=1", printed, delivery, role="near_duplicate", edit="print", robots=robots
            )
        case 4 | 10:
            amp = article_page(shown, site, around, template="amp", meta_charset="UTF-8")
            yield _page(
                site, f"https://{shown.host}/amp{shown.path}", amp, Delivery(), role="near_duplicate", edit="amp"
            )
        case 5 | 11 if shown.language in REPRINT_HOSTS and site.language in REPRINT_HOSTS:
            yield _reprint(shown, around)


def _edited(article: Article, site: Site, seed: int) -> tuple[Article, str]:
    rng = dice("edit", seed, article.key)
    match number_of("edited", article.key) % 8:
        case 0 | 1:
            return edits.without_a_sentence(article, rng, site.language), "sentence"
        case 2:
            shown = edits.other_numbers(article, rng)
            return shown, "numbers" if shown != article else ""
        case _:
            return article, ""


def _reprint(article: Article, around: Sequence[Article]) -> Capture:
    site = sites()[REPRINT_HOSTS[article.language]]
    reprint = edits.syndicated(article, site.host, site.language)
    page = article_page(reprint, site, [replace(other, host=site.host) for other in around], meta_charset="UTF-8")
    return _page(site, reprint.url, page, Delivery(), role="near_duplicate", edit="reprint")


def _page(site: Site, url: str, document: str, delivery: Delivery, **facts: Any) -> Capture:
    """A page of a site, with the site's reuse signals in headers and facts."""
    headers = []
    if site.robots_header:
        headers.append(("X-Robots-Tag", site.robots_header))
    if site.tdm:
        headers.append(("TDM-Reservation", site.tdm))
    if delivery.charset == "windows-1252" and site.language == "en":
        document = _curly(document)
    capture = text_capture(url, document, delivery, language=site.language.split("-")[0], headers=tuple(headers))
    signals = {
        "robots": site.robots or None,
        "x_robots_tag": site.robots_header or None,
        "tdm_reservation": site.tdm or None,
        "licence": site.licence or None,
    }
    traditional = site.language == "zh-hant"
    return capture.with_facts(**{"kind": "article", "role": "original", **signals, "traditional": traditional, **facts})


def _curly(document: str) -> str:
    """The page with the apostrophes of word processors, which ISO-8859-1 lacks."""
    return document.replace("&#x27;", "’").replace("n't", "n’t").replace("'s ", "’s ")


def _listings(crawl: int, seed: int) -> Iterator[Capture]:  # noqa: ARG001  every maker of pages is called alike
    """Front pages and pages by topic. The second crawl finds other articles in most of them."""
    earlier = _lists(0)
    for (host, heading, url), listed in _lists(crawl).items():
        before = earlier.get((host, heading, url))
        again = (
            {}
            if before is None or not crawl
            else {"of": url, "of_crawl": 0, "role": "exact_duplicate" if before == listed else "revised"}
        )
        page = listing_page(sites()[host], heading, listed, meta_charset="UTF-8")
        yield _page(sites()[host], url, page, Delivery(), kind="listing", **again)


def _lists(crawl: int) -> dict[tuple[str, str, str], list[Article]]:
    """Articles of each list, newest first, by (host, heading, address)."""
    found = sorted(articles_of(crawl), key=lambda article: article.host)
    lists: dict[tuple[str, str, str], list[Article]] = {}
    for host, group in groupby(found, key=lambda article: article.host):
        listed = sorted(group, key=lambda article: (article.date, article.key), reverse=True)
        lists[host, sites()[host].name, f"https://{host}/"] = listed
        for tag in sorted({article.tags[-1] for article in listed}):
            tagged = [article for article in listed if tag in article.tags]
            if len(tagged) > 1:
                lists[host, tag, f"https://{host}/topics/{quote(tag)}"] = tagged
    return lists


def _manuals(crawl: int, seed: int) -> Iterator[Capture]:  # noqa: ARG001
    for page in manual_pages():
        die = number_of("manual", page.name) % 10
        if die == crawl:
            continue
        url = f"https://{MANUAL_HOST}/{page.name}.html"
        revised = crawl == 1 and die % 3 == 0 and die != 0
        html = _revised_manual(page) if revised else page.html
        again = {
            "of": url,
            "of_crawl": 0,
            "role": "near_duplicate" if revised else "exact_duplicate",
            "edit": "release" if revised else None,
        }
        capture = text_capture(url, html, delivery_of(url, "utf-8", "both"), language="en")
        facts = {"kind": "manual", "role": "original", **(again if crawl and die != 0 else {})}
        if page.name == "argparse":
            capture = replace(capture, **_cut(capture))
        yield capture.with_facts(**facts)


def _cut(capture: Capture) -> dict[str, Any]:
    """Changes that make a capture one whose body was longer than the crawler allows."""
    body = capture.document.encode()[:LONGEST_BODY]
    headers = (("Server", "nginx"), ("Content-Type", "text/html; charset=UTF-8"), ("Content-Length", str(len(body))))
    facts = {**capture.facts, "content_encoding": None, "chunked": False}
    return {
        "body": body,
        "document": body.decode(errors="ignore"),
        "headers": headers,
        "truncated": "length",
        "facts": facts,
    }


def _revised_manual(page: ManualPage) -> str:
    """The manual after a release: a notice at the top, one line of the text gone."""
    lines = page.html.split("<br>\n")
    if len(lines) > 12:
        del lines[len(lines) // 2]
    notice = f"<body>\n<p>This page describes {page.name} as of the February release. Earlier releases have pages of their own.</p>"
    return "<br>\n".join(lines).replace("<body>", notice, 1)


def _junk(crawl: int, seed: int) -> Iterator[Capture]:
    shift = crawl * (JUNK_PER_CRAWL // 3)
    for language in ("en", "zh"):
        parts = spam_parts(language)
        for number in range(shift, shift + JUNK_PER_CRAWL):
            rng = dice("junk", seed, language, number)
            url = f"https://{rng.choice(parts['hosts'])}/{'win' if number % 2 else 'item'}/{number}.html"
            charset = "gbk" if language == "zh" and number % 3 == 0 else "utf-8"
            delivery = Delivery(charset, "none" if number % 4 == 0 else "meta")
            capture = text_capture(url, _junk_page(parts, rng, delivery), delivery, language=language)
            again = {"role": "exact_duplicate", "of": url, "of_crawl": 0} if crawl and number < JUNK_PER_CRAWL else {}
            yield capture.with_facts(**{"kind": "spam", "role": "original", **again})


def _junk_page(parts: dict[str, list[str]], rng: random.Random, delivery: Delivery) -> str:
    theme = rng.sample(parts["words"], 6)

    def filled(pattern: str) -> str:
        a, b, c = rng.sample(theme, 3)
        return pattern.format(a=a, b=b, c=c)

    title = filled(rng.choice(parts["titles"]))
    said = [f"<p>{filled(rng.choice(parts['sentences']))}</p>" for _ in range(rng.randrange(8, 20))]
    links = " ".join(
        f'<a href="/tag/{number}">{word}</a>' for number, word in enumerate(rng.choices(parts["words"], k=16))
    )
    head = f'<meta name="keywords" content="{",".join(theme)}">'
    return bare_page(
        title,
        "\n".join([f"<h1>{title}</h1>", *said, f"<div>{links}</div>"]),
        meta_charset=delivery.meta_charset,
        head=head,
    )


def _oddities() -> Iterator[Capture]:
    """Short, empty, missing and moved pages, other texts, pictures and papers: the same in every crawl."""
    odd = oddities()
    plain = Delivery()
    for page in odd["short"]:
        document = bare_page(page["title"], f"<p>{page['text']}</p>", meta_charset="UTF-8")
        yield text_capture(page["url"], document, plain, language=page["language"]).with_facts(
            kind="short", role="original"
        )
    for page in odd["empty"]:
        yield text_capture(page["url"], page["body"], plain, language="").with_facts(kind="empty", role="original")
    for page in odd["errors"]:
        document = bare_page(
            str(page["status"]), f"<h1>{page['status']}</h1><p>{page['text']}</p>", meta_charset="UTF-8"
        )
        capture = text_capture(page["url"], document, plain, language=page["language"], status=page["status"])
        yield capture.with_facts(kind="error", role="original")
    for page in odd["moved"]:
        document = bare_page("Moved", f'<p>The page has moved <a href="{page["to"]}">here</a>.</p>')
        capture = text_capture(
            page["url"], document, plain, language="en", status=page["status"], headers=(("Location", page["to"]),)
        )
        yield capture.with_facts(kind="redirect", role="original")
    for page in odd["texts"]:
        capture = text_capture(page["url"], page["body"], plain, language=page["language"], mime=page["mime"])
        yield capture.with_facts(kind="text", role="original")
    for index, url in enumerate(odd["pictures"]):
        yield binary_capture(url, _picture(24 + 8 * index), mime="image/png").with_facts(kind="image", role="original")
    for url in odd["papers"]:
        yield binary_capture(url, _paper(url), mime="application/pdf").with_facts(kind="pdf", role="original")


def _seen_before(capture: Capture, crawl: int) -> Capture:
    """The capture as what it is in a later crawl: the same again."""
    return capture.with_facts(role="exact_duplicate", of=capture.url, of_crawl=0, edit=None) if crawl else capture


def _poems_as_text(crawl: int) -> Iterator[Capture]:
    """Poems that their site also serves as plain text: the same words under another type."""
    for article in articles_of(crawl):
        if article.host == "poems.lanternpress.example" and "poetry" in article.tags:
            url = f"{article.url}.txt"
            capture = text_capture(url, article.text + "\n", Delivery(), language="en", mime="text/plain")
            capture = capture.with_facts(
                kind="text",
                role="near_duplicate",
                of=article.url,
                of_crawl=crawl,
                edit="plain text",
                article=article.key,
            )
            yield _seen_before(capture, crawl if 0 in _crawls(article.key) else 0)


def _picture(side: int) -> bytes:
    """A grey PNG square."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes((row * 7 + column) % 256 for column in range(side)) for row in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _paper(url: str) -> bytes:
    """A PDF that has a header and little else."""
    return f"%PDF-1.4\n%\n1 0 obj\n<< /Title ({url.rsplit('/', 1)[1]}) >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n".encode()


def _mixed_pages(crawl: int, seed: int, copy: int) -> Iterator[Capture]:
    """Pages for volume: as many as a crawl has articles, each a mix of several."""
    by_language: dict[str, list[Article]] = {}
    for article in all_articles():
        by_language.setdefault(sites()[article.host].language, []).append(article)
    for index, article in enumerate(articles_of(crawl)):
        site = sites()[article.host]
        rng = dice("mix", seed, crawl, copy, article.key)
        mixed = replace(edits.remixed(by_language[site.language], rng, copy), host=site.host)
        mixed = replace(mixed, path=f"/digest/{copy}-{crawl}/{index}", title=f"{mixed.title} ({copy}.{index})")
        page = article_page(mixed, site, by_language[site.language], meta_charset="UTF-8")
        yield _page(site, mixed.url, page, Delivery(), kind="mixed")

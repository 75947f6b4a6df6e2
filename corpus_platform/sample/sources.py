"""The sample of the other sources: books, papers, repositories, questions with answers, pairs of sentences, an encyclopedia as JSON, records of domains.

    sources/books/gutenberg/       Project Gutenberg's text files; two are editions of one book
    sources/books/ebooks/          an EPUB
    sources/academic/arxiv/        LaTeX projects, and a paper that is a PDF only
    sources/code/repositories/     two repositories under the MIT licence, one without a free one
    sources/social/questions/      a dump in Stack Exchange's form, with an address and a number in an answer
    sources/parallel/sentences/    English and Chinese, a pair a line
    sources/encyclopedia/baike/    articles as JSON lines
    sources/domain/records/        medicine, law and finance as JSON lines

All of it is written in `pages/sources/`; here it gets the forms in which such sources come. The same texts give the same bytes.

Not here: MediaWiki dumps (wikitext.py), readers of these forms (`readers/`).
"""

from __future__ import annotations

import gzip
import io
import re
import textwrap
import zipfile
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import orjson

from corpus_platform.sample.articles import Article, article_of, data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "sources"
SITE = "boats.stackexchange.example"
PLACES = {
    "books": ("gutenberg", "ebooks"),
    "academic": ("arxiv",),
    "code": ("repositories",),
    "social": ("questions",),
    "parallel": ("sentences",),
    "encyclopedia": ("baike",),
    "domain": ("records",),
}
"""Collections of each source; where they are is `sources/<source>/<collection>`."""
_LANGUAGES = {"en": "English", "zh": "Chinese"}
_EDITION = {
    "herring boat": "herring-boat",
    "sailcloth": "sail-cloth",
    "rope seller": "rope-seller",
    "twelve feet": "12 feet",
}
"""What the second edition of a book spells in another way."""
_PDF = b"%PDF-1.4\n% A paper of which there is no source.\n%%EOF\n"
_EDITION_NUMBER = {"90001": "90002"}
_POST = re.compile(r"^> (?P<who>[^|\n]+?) (?P<score>#|[+-]\d+) \| ", re.MULTILINE)
_CODE = re.compile(r"<code>(.*?)</code>", re.DOTALL)


def write_sources(directory: Path) -> dict[str, int]:
    """Writes all sources below `directory`; how many files each has."""
    made = dict(_all())
    for name, data in made.items():
        path = directory / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return {source: sum(name.startswith(f"{source}/") for name in made) for source in PLACES}


def copy_recipes(folder: Path) -> None:
    """Writes the sample's own recipes into a home's folder of recipes; a file that is there stays as it is."""
    _copy("recipes", folder)


def copy_mixes(folder: Path) -> None:
    """Writes the sample's own mixes of dialogues into a home's folder of them; a file that is there stays as it is."""
    _copy("mixes", folder)


def _copy(name: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in (files("corpus_platform.sample") / name).iterdir():
        if file.name.endswith(".yaml") and not (folder / file.name).exists():
            (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")


def _all() -> Iterator[tuple[str, str | bytes]]:
    """Paths below the folder of sources, with contents."""
    for book in _articles("books"):
        number = book.path.strip("/")
        yield f"books/gutenberg/pg{number}.txt", gutenberg_text(book, number)
        if number in _EDITION_NUMBER:
            yield f"books/gutenberg/pg{_EDITION_NUMBER[number]}.txt", _second_edition(book, _EDITION_NUMBER[number])
    for book in _articles("ebook"):
        yield f"books/ebooks{book.path}.epub", epub(book)
    for place, name in (("academic/arxiv", "papers"), ("code/repositories", "code")):
        yield from ((f"{place}/{path}", text) for path, text in _files(name))
    yield "academic/arxiv/2501.00031.gz", gzip.compress(_PDF, mtime=0)
    for name, text in stack_exchange(_questions()):
        yield f"social/questions/{SITE}/{name}", text
    yield "parallel/sentences/wend.en-zh.tsv", _read("parallel")
    yield "encyclopedia/baike/articles.jsonl", _lines([_baike(article) for article in _articles("baike")])
    yield "domain/records/records.jsonl", _lines([_record(article) for article in _articles("domain")])


def _read(name: str) -> str:
    return (data_folder() / "sources" / f"{name}.txt").read_text(encoding="utf-8")


def _parts(name: str) -> list[str]:
    return ("\n" + _read(name)).split("\n@@ ")[1:]


def _articles(name: str) -> list[Article]:
    """The texts of a file in the form of articles.py; the language is the last tag or what is most in it."""
    return [replace(one, language=_language(one.text)) for one in (article_of(name, part) for part in _parts(name))]


def _files(name: str) -> Iterator[tuple[str, str]]:
    """Files that are written out: path and contents, ending with a line break."""
    for part in _parts(name):
        path, _, text = part.partition("\n")
        yield path.strip(), text.rstrip("\n") + "\n"


def _language(text: str) -> str:
    return "zh" if len(re.findall(r"[\u4e00-\u9fff]", text)) > len(text) / 3 else "en"


def _lines(rows: list[dict[str, object]]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


# Books


def gutenberg_text(book: Article, number: str, *, width: int = 72) -> str:
    """A book as Project Gutenberg sets it: frame, title page, contents, and paragraphs of lines."""
    author, day = "; ".join(book.tags), date.fromisoformat(book.date)
    chapters = [block.text for block in book.blocks if block.kind == "heading"]
    head = [
        f"The Project Gutenberg eBook of {book.title}",
        "This book was made up for a sample: it has the form of Project Gutenberg's, and is none of them.",
        f"Title: {book.title}",
        f"Author: {author}",
        f"Release date: {day:%B} {day.day}, {day.year} [eBook #{number}]",
        f"Language: {_LANGUAGES[book.language]}",
        "Credits: The makers of the sample",
        f"*** START OF THE PROJECT GUTENBERG EBOOK {book.title.upper()} ***",
        f"{book.title.upper()}\n\nby\n\n{author.upper()}",
        "CONTENTS\n\n" + "\n".join(f"  {chapter}" for chapter in chapters),
    ]
    body = [f"\n\n{block.text}\n" if block.kind == "heading" else _wrapped(block.text, width) for block in book.blocks]
    foot = [
        f"*** END OF THE PROJECT GUTENBERG EBOOK {book.title.upper()} ***",
        "Here the terms of use would follow, which are longer than this book.",
    ]
    return "\n\n".join(["\n".join(head[:1]), *head[1:], *body, *foot]) + "\n"


def _second_edition(book: Article, number: str) -> str:
    """The same book, set anew: other lines, some words spelled in another way."""
    blocks = tuple(replace(block, text=_respelled(block.text)) for block in book.blocks)
    return gutenberg_text(replace(book, blocks=blocks, date="2024-09-17"), number, width=64)


def _respelled(text: str) -> str:
    for old, new in _EDITION.items():
        text = text.replace(old, new)
    return text


def _wrapped(text: str, width: int) -> str:
    """Lines of a paragraph; Chinese is broken anywhere, two columns a character."""
    if _language(text) == "zh":
        half = width // 2
        return "\n".join(text[start : start + half] for start in range(0, len(text), half))
    return textwrap.fill(text.replace("*", "_"), width, break_long_words=False, break_on_hyphens=False)


def epub(book: Article) -> bytes:
    """A book as EPUB 3: a title page, a page of rights, and a document for each chapter. Nothing in it is compressed or says when it was made."""
    chapters: list[tuple[str, list[str]]] = []
    for block in book.blocks:
        if block.kind == "heading":
            chapters.append((block.text, []))
        else:
            chapters[-1][1].append(block.text)
    author = "; ".join(book.tags)
    pages = {
        "title": f"<h1>{escape(book.title)}</h1><p>{escape(author)}</p>",
        "rights": "<h1>Copyright</h1><p>Made up for a sample. All rights are waived under CC0 1.0.</p>",
    }
    for number, (title, paragraphs) in enumerate(chapters, 1):
        text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
        pages[f"chapter{number}"] = f'<h1 id="begin">{escape(title)}</h1>{text}'
    members = {
        "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "book/package.opf": _package(book, author, list(pages)),
        "book/nav.xhtml": _page(book, _contents([title for title, _ in chapters])),
        **{f"book/{name}.xhtml": _page(book, body) for name, body in pages.items()},
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member("mimetype"), "application/epub+zip")
        for name, text in members.items():
            archive.writestr(_member(name), '<?xml version="1.0" encoding="utf-8"?>\n' + text)
    return made.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.create_system = 3
    return member


def _package(book: Article, author: str, pages: list[str]) -> str:
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in pages)
    spine = "".join(f'<itemref idref="{name}"/>' for name in pages)
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:sample:{book.path.strip("/")}</dc:identifier><dc:title>{escape(book.title)}</dc:title>'
        f"<dc:creator>{escape(author)}</dc:creator><dc:language>{book.language}</dc:language><dc:date>{book.date}</dc:date>"
        "<dc:subject>Kites</dc:subject><dc:rights>https://creativecommons.org/publicdomain/zero/1.0/</dc:rights></metadata>"
        f'<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>{items}</manifest>'
        f"<spine>{spine}</spine></package>"
    )


def _contents(titles: list[str]) -> str:
    entries = "".join(
        f'<li><a href="chapter{number}.xhtml#begin">{escape(title)}</a></li>' for number, title in enumerate(titles, 1)
    )
    return f'<nav epub:type="toc"><h1>Contents</h1><ol>{entries}</ol></nav>'


def _page(book: Article, body: str) -> str:
    spaces = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
    return f'<html {spaces} xml:lang="{book.language}"><head><title>{escape(book.title)}</title></head><body>{body}</body></html>\n'


# Questions with answers


@dataclass(frozen=True)
class Post:
    """A question, answer or comment; comments have no score."""

    who: str
    text: str
    score: int | None


@dataclass(frozen=True)
class Question:
    """A question with what was written below it."""

    title: str
    day: str
    tags: tuple[str, ...]
    post: Post
    below: tuple[Post, ...]


def _questions() -> list[Question]:
    """The written ones: `@@ site/number | date | tags | title | score`, then the question; `> who +9 | text` is an answer, `> who # | text` a comment."""
    found = []
    for part in _parts("questions"):
        header, _, body = part.partition("\n")
        _, day, tags, title, score = header.split(" | ")
        pieces = _POST.split(body)
        below = [
            Post(who, text.strip(), None if mark == "#" else int(mark))
            for who, mark, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
        ]
        asked = Post(f"asker {len(found) + 1}", pieces[0].strip(), int(score))
        found.append(Question(title, day, tuple(tags.split(",")), asked, tuple(below)))
    return found


def stack_exchange(questions: list[Question]) -> list[tuple[str, str]]:
    """Posts.xml, Comments.xml and Users.xml of a site. The last post that was written stands first below its question, as dumps have no order of scores."""
    users: dict[str, int] = {}
    posts: list[dict[str, object]] = []
    comments: list[dict[str, object]] = []
    for question in questions:
        asked = len(posts) + 1
        posts.append({**_row(asked, question.post, question.day, users), "PostTypeId": 1})
        posts[-1] |= {"Title": question.title, "Tags": "".join(f"<{tag}>" for tag in question.tags)}
        for post in reversed(question.below):
            if post.score is None:
                row: dict[str, object] = {"Id": len(comments) + 1, "PostId": asked, "Score": 0, "Text": post.text}
                user = users.setdefault(post.who, len(users) + 1)
                comments.append({**row, "CreationDate": f"{question.day}T12:00:00.000", "UserId": user})
            else:
                answer = _row(len(posts) + 1, post, question.day, users)
                posts.append({**answer, "PostTypeId": 2, "ParentId": asked})
    people = [{"Id": number, "Reputation": 1, "DisplayName": name} for name, number in users.items()]
    return [
        ("Posts.xml", _rows("posts", posts)),
        ("Comments.xml", _rows("comments", comments)),
        ("Users.xml", _rows("users", people)),
    ]


def _row(number: int, post: Post, day: str, users: dict[str, int]) -> dict[str, object]:
    return {
        "Id": number,
        "CreationDate": f"{day}T{number % 24:02d}:00:00.000",
        "Score": post.score,
        "Body": _html(post.text),
        "OwnerUserId": users.setdefault(post.who, len(users) + 1),
        "ContentLicense": "CC BY-SA 4.0",
    }


def _html(text: str) -> str:
    """A post's HTML: paragraphs, lists, and code between `<code>` and `</code>`."""
    parts = []
    for index, piece in enumerate(_CODE.split(text)):
        if index % 2:
            parts.append(f"<pre><code>{escape(piece.strip())}\n</code></pre>")
            continue
        for paragraph in filter(None, (part.strip() for part in piece.split("\n\n"))):
            lines = paragraph.split("\n")
            if all(line.startswith("- ") for line in lines):
                parts.append("<ul>" + "".join(f"<li>{escape(line[2:])}</li>" for line in lines) + "</ul>")
            else:
                parts.append(f"<p>{escape(paragraph)}</p>")
    return "\n".join(parts)


def _rows(name: str, rows: list[dict[str, object]]) -> str:
    lines = (" ".join(f"{key}={_value(value)}" for key, value in row.items()) for row in rows)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<{name}>\n'
        + "".join(f"  <row {line} />\n" for line in lines)
        + f"</{name}>\n"
    )


def _value(value: object) -> str:
    return quoteattr(str(value), {"\n": "&#xA;"})


# Records


def _record(article: Article) -> dict[str, object]:
    text = "\n\n".join(block.text for block in article.blocks)
    subject = article.tags[0]
    return {"id": article.key, "title": article.title, "subject": subject, "content": text, "lang": article.language}


def _baike(article: Article) -> dict[str, object]:
    summary: list[str] = []
    sections: list[dict[str, str]] = []
    for block in article.blocks:
        if block.kind == "heading":
            sections.append({"title": block.text, "content": ""})
        elif sections:
            sections[-1]["content"] += block.text
        else:
            summary.append(block.text)
    page = {"id": article.path.strip("/"), "title": article.title, "summary": "\n".join(summary), "sections": sections}
    return {**page, "tags": list(article.tags), "date": article.date}

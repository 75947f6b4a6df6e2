"""A home over small documents of several sources, written by hand, with a recipe of parts over them; what readers see in it.

Books have copies in another collection, in a repository and in one another, and records that can't be used are among them. `revision` changes one file
of each source.
"""

import gzip
import io
import json
import os
import random
import tarfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

from corpus_platform.home import Home
from corpus_platform.settings import CorpusSettings, write_settings

AUTHOR, OTHER_AUTHOR = "Agnes Dunwick", "Bertram Oake"
RECIPE = "shelf"
FORMATS = {
    "books": {"gutenberg": "gutenberg", "notes": "book_text"},
    "code": {"own": "repository"},
    "academic": {"arxiv": "latex"},
    "social": {"exchange": "stackexchange"},
    "parallel": {"pairs": "pairs_tsv"},
}
"""Readers of the collections; a collection's files are in `<source>/<collection>`."""
PARTS = [
    {"part": "papers", "variant": "academic.cleaned", "of": ["arxiv_2019*"]},
    {"part": "code", "variant": "code.cleaned"},
    {"part": "books", "variant": "books.cleaned", "steps": [{"length": {"min": 40}}]},
    {"part": "threads", "variant": "social.cleaned"},
]
_WORDS = [
    "river", "bridge", "harbour", "market", "captain", "story", "winter", "storm", "teacher", "letter", "garden", "mountain",
    "orchard", "window", "village", "music", "forest", "doctor", "station", "kitchen", "weather", "library", "painter", "sailor",
    "theatre", "valley", "lantern", "pasture", "chimney", "barley", "cellar", "ferry", "miller", "saddle", "thunder", "willow",
    "meadow", "anchor", "ribbon", "candle",
]  # fmt: skip
_PAIRS = [
    ("The bridge over the river was closed because of the storm.", "Die Brücke über den Fluss war wegen des Sturms gesperrt."),
    ("She wrote a long letter to her brother in the city.", "Sie schrieb ihrem Bruder in der Stadt einen langen Brief."),
    ("The market opens early in the morning on Saturdays.", "Der Markt öffnet samstags früh am Morgen."),
    ("We walked through the forest until it was dark.", "Wir gingen durch den Wald, bis es dunkel war."),
    ("The teacher told the children an old story.", "Die Lehrerin erzählte den Kindern eine alte Geschichte."),
    ("Nobody knew who had painted the small picture.", "Niemand wusste, wer das kleine Bild gemalt hatte."),
]  # fmt: skip
_HEADER = (
    "The Project Gutenberg EBook of {title}, by {author}\n\nTitle: {title}\n\nAuthor: {author}\n\nRelease Date: June 5, 2009 [EBook #{number}]\n\n"
    "Language: English\n\n*** START OF THIS PROJECT GUTENBERG EBOOK {upper} ***\n\n\n"
)
_FOOTER = "\n\n\nEnd of the Project Gutenberg EBook of {title}\n\n*** END OF THIS PROJECT GUTENBERG EBOOK {upper} ***\n"
_MIT = (
    "MIT License\n\nCopyright (c) 2020 Nobody\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this software and "
    'associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, '
    "modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do "
    "so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in all copies or substantial "
    'portions of the Software.\n\nTHE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE '
    "WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE "
    "FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE "
    "SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n"
)


def prose(seed, sentences=6):
    """A paragraph of its own for each seed."""
    drawn = random.Random(seed)
    picked = ([drawn.choice(_WORDS) for _ in range(4)] for _ in range(sentences))
    return " ".join(f"The {a} by the old {b} was near the {c}, and nobody saw the {d} again." for a, b, c, d in picked)


def write(path, content):
    """A file with a time that is the same in every home."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (1_700_000_000,) * 2)


def write_inputs(folder, *, books=6, revision=0):
    """Files of all collections below a folder."""
    folder = Path(folder)
    for number in range(books):
        write(folder / f"books/gutenberg/{4200 + number}.txt", book(number, revision if number == 1 else 0))
    write(folder / "books/gutenberg/4999.txt", "No frame of the project is around this.\n")
    write(folder / "books/notes/walks/1.txt", prose("own note"))
    write(folder / "books/notes/walks/2.txt", prose("shared note"))
    write(folder / "code/own/tool/LICENSE", _MIT)
    write(folder / "code/own/tool/tool.py", _code(revision))
    write(folder / "code/own/tool/README.md", prose("shared note"))
    write(folder / "code/own/tool/logo.png", b"\x89PNG\r\n\x1a\n" + bytes(40))
    write(folder / "academic/arxiv/1911.02782.gz", _paper(revision))
    write(folder / "social/exchange/beer/Posts.xml", _posts(revision))
    lines = [f"{english}\t{german}\n" for english, german in (*_PAIRS[: 5 + revision], _PAIRS[0])]
    write(folder / "parallel/pairs/en-de.tsv", "".join(lines))


def book(number, revision=0):
    """A book of the project: odd ones are another author's, and 4 is another edition of 0."""
    title = f"The Tale of {_WORDS[number].title()}"
    of = {"title": title, "author": (AUTHOR, OTHER_AUTHOR)[number % 2], "number": 4200 + number, "upper": title.upper()}
    own = 0 if number == 4 else number
    chapters = (
        f"CHAPTER {n}\n\n" + "\n\n".join(prose(f"book {own} {n} {p} {revision}") for p in range(3)) for n in ("I", "II")
    )
    return _HEADER.format(**of) + "\n\n\n".join(chapters) + _FOOTER.format(**of)


def _code(revision):
    functions = (
        f'def {word}(value):\n    """Says what the {word} is worth."""\n    return value * {i + revision}\n\n\n'
        for i, word in enumerate(_WORDS[:6])
    )
    return "".join(functions)


def _paper(revision):
    text = (
        "\\documentclass{article}\n\\title{On harbours}\n\\author{C. Ferry}\n\\begin{document}\n\\maketitle\n\\begin{abstract}"
        + prose("abstract", 2)
        + "\\end{abstract}\n\\section{Introduction}\n"
        + prose(f"paper {revision}")
        + "\n\\section{Results}\n"
        + prose("results")
        + "\n\\end{document}\n"
    ).encode()
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        member = tarfile.TarInfo("main.tex")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return gzip.compress(plain.getvalue(), mtime=0)


def _posts(revision):
    rows = []
    for number in range(1, 4):
        title, when = f"Why is the {_WORDS[number]} cold?", "2014-01-21T20:26:05.383"
        shared = {"CreationDate": when, "Score": 3}
        rows.append(
            {"Id": number, "PostTypeId": 1, "Title": title, "Body": f"<p>{prose(f'q {number}', 2)}</p>", **shared}
        )
        for answer in range(2):
            body = f"<p>{prose(f'a {number} {answer} {revision}', 2)}</p>"
            own = {"Id": 10 * number + answer, "PostTypeId": 2, "ParentId": number}
            rows.append({**own, "Body": body, **shared})
    rows.append(
        {"Id": 99, "PostTypeId": 2, "ParentId": 77, "Body": "<p>An answer to nothing.</p>", "CreationDate": when}
    )
    lines = (f"  <row {' '.join(f'{k}={quoteattr(str(v))}' for k, v in row.items())} />\n" for row in rows)
    return '<?xml version="1.0" encoding="utf-8"?>\n<posts>\n' + "".join(lines) + "</posts>\n"


def make_home(folder, place, *, sources=tuple(FORMATS), more=(), parts=PARTS, **settings):
    """A home whose collections, and `more` of books, are below a place (a folder or a bucket's prefix), with the recipe of parts for its own."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    formats = {**FORMATS, "books": {**FORMATS["books"], **dict(more)}}
    every = {
        "sources": {
            source: {
                name: {"location": f"{place}/{source}/{name}", "format": reader}
                for name, reader in formats[source].items()
            }
            for source in sources
        },
        "language_model": {"languages": []},
        "classifiers": {"models": {}},
        "engine": {"kind": "serial"},
        "recipes": {"enabled": []},
        "reject_budget": 0.5,
        **settings,
    }
    recipe = {
        "name": RECIPE,
        "title": "A shelf of everything",
        "reference": "ours",
        "about": "Papers, code, books and threads, no text twice.",
        "parts": [part for part in parts if part["variant"].partition(".")[0] in sources],
        "steps": [{"exact": {"key": "text", "scope": "corpus", "survivor": "first"}}],
    }
    write(folder / "recipes" / f"{RECIPE}.yaml", json.dumps(recipe))
    write_settings(folder / "corpus.yaml", CorpusSettings.model_validate(every))
    return Home.open(folder)


def tables(home, assets=None):
    """(table, partition) of all that some assets, by default all corpora, are made of, and they, upstream first."""
    asked = assets or [f"corpora/{name}" for name in home.enabled]
    return [part for batch in home.batches(asked, []) for part in batch.tables]


def run_all(home, assets=None):
    """Makes it; the reports."""
    return [home.run(name, partition) for name, partition in tables(home, assets)]


def seen(lake):
    """All rows of every table that has some, all columns, as readers see them."""
    frames = {spec.name: lake.scan(spec.name).collect() for spec in lake.tables()}
    return {name: frame for name, frame in frames.items() if frame.height}


def different(one, other):
    """Names of the tables that are not equal."""
    return sorted(
        name for name in {*one, *other} if name not in one or name not in other or not one[name].equals(other[name])
    )

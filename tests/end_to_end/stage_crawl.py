"""Makes small crawls in Common Crawl's layout: WARC and WET of the same pages, the same bytes each time.

A file holds long pages that share paragraphs with one another and with other files, a page that is too short, a picture and a record that is
too large. `revision` changes the texts of all files but the first, as a crawl that was delivered anew does.
"""

import gzip
import os
import random
import uuid
from pathlib import Path

SNAPSHOT = "CC-MAIN-2024-10"
TOO_LARGE = 20_000
ENGLISH = (
    "the river runs under a bridge near the harbour and the old market where captains told stories about winter "
    "storms while a teacher with a letter in his garden looked at mountains through an orchard window"
)
GERMAN = "der Fluss und die alte Brücke über das Tal mit einem Garten hinter dem Haus am Markt im Winter bei Schnee"
CHINESE = "河流桥梁市场冬天老师港口花园信件窗户高山船长历史村庄音乐森林医生车站厨房天气图书馆果园画家水手剧院山谷"


def make_crawl(base, *, files=6, pages=6, revision=0, snapshot=SNAPSHOT, newer=0):
    """A crawl below `base`. The files' times are those of the revision, plus `newer` seconds: they are part of what a shard reads."""
    base = Path(base)
    for kind in ("warc", "wet"):
        paths = [path_of(kind, index, snapshot) for index in range(files)]
        for index in range(files):
            write_file(base, kind, index, pages, revision if index else 0, snapshot, newer=newer)
        listing = base / "crawl-data" / snapshot / f"{kind}.paths.gz"
        listing.write_bytes(gzip.compress("".join(f"{path}\n" for path in paths).encode(), mtime=0))
    return base


def path_of(kind, index, snapshot=SNAPSHOT):
    return f"crawl-data/{snapshot}/segments/1/{kind}/part-{index:05d}.warc.{'wet.' if kind == 'wet' else ''}gz"


def write_file(base, kind, index, pages, revision, snapshot=SNAPSHOT, *, newer=0, retitled=False):
    """Writes one file of a crawl anew: with the texts of a revision, or with other titles only, or just with another time."""
    path = Path(base) / path_of(kind, index, snapshot)
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [record for page in range(pages) for record in _records(kind, index, page, revision, retitled)]
    path.write_bytes(
        b"".join(gzip.compress(record, 1, mtime=0) for record in [*records, *_odd_records(kind, index, revision)])
    )
    os.utime(path, (1_700_000_000 + revision + newer,) * 2)


def _records(kind, index, page, revision, retitled):
    url = f"http://site{index}.example/{page}"
    title, paragraphs = f"Page {page} of {index}{', again' if retitled else ''}", texts(index, page, revision)
    if kind == "wet":
        yield record("conversion", url, "\n".join([title, *paragraphs]).encode())
        return
    body = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)
    html = f"<html><head><title>{title}</title></head><body><article>\n{body}</article></body></html>"
    yield record("response", url, answer(html.encode()))


def _odd_records(kind, index, revision):
    url = f"http://site{index}.example/"
    short = f"The {ENGLISH.split()[index + 1]} is too short a text."
    if kind == "wet":
        yield record("conversion", f"{url}short-{revision}", f"Short\n{short}".encode())
        yield record("conversion", url + "large", b"Large\n" + b"x" * TOO_LARGE)
        return
    yield record("response", f"{url}short-{revision}", answer(f"<html><body><p>{short}</p></body></html>".encode()))
    yield record("response", url + "picture", answer(b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image/png"))
    yield record("response", url + "large", answer(b"<p>" + b"x " * TOO_LARGE + b"</p>"))


def texts(index, page, revision):
    """The paragraphs of a page: its own, one that its file shares, one that all files share."""
    words = (ENGLISH.split(), GERMAN.split(), CHINESE)[page % 3]
    own = [_paragraph(words, f"own {index} {page} {n} {revision}", 40) for n in range(3)]
    shared = [_paragraph(words, f"file {index} {page % 3} {revision}", 20), _paragraph(words, f"all {page % 3}", 20)]
    return [own[0], shared[0], own[1], shared[1], own[2]]


def _paragraph(words, seed, length):
    chosen = random.Random(seed).choices(words, k=length * (2 if words is CHINESE else 1))
    return "".join(chosen) + "。" if words is CHINESE else " ".join(chosen) + "."


def answer(body, content_type="text/html; charset=utf-8"):
    return f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + body


def record(kind, url, block):
    """A WARC record. The record of a WET file refers to the one of the WARC file for the same address."""
    response = uuid.uuid5(uuid.NAMESPACE_URL, url)
    own = response if kind == "response" else uuid.uuid5(uuid.NAMESPACE_URL, kind + url)
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{own}>",
        *([] if kind == "response" else [f"WARC-Refers-To: <urn:uuid:{response}>"]),
        f"WARC-Target-URI: {url}",
        "WARC-Date: 2024-02-20T21:00:00Z",
        f"Content-Type: {'application/http; msgtype=response' if kind == 'response' else 'text/plain'}",
        f"Content-Length: {len(block)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + block + b"\r\n\r\n"

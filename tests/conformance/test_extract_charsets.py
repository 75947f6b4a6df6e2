"""Charsets of 75 real feeds and pages from chardet's test set, whose charset is known: declared rightly, wrongly as ISO-8859-1, or not at all.

A page is read rightly when (1) its text has no U+FFFD and (2) its letters beyond ASCII are of the scripts, in the shares (to 0.05), that they are of when it is read in
its known charset by Python's codec for it (what that codec can't read is left out). Beside that, equality of the whole text with the reading by
the charset that the web means by that name (Shift_JIS: windows-31j) is counted.
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from typing import NamedTuple

import pytest

from corpus_platform.extract.charset import decode
from corpus_platform.extract.labels import codec_of
from corpus_platform.sources.records import Record
from corpus_platform.sources.warc import read_responses

PAGES, ENOUGH = 75, 72

pytestmark = pytest.mark.samples


class Known(NamedTuple):
    """A page and its charset."""

    url: str
    charset: str
    content_type: str
    body: bytes

    def text(self):
        return self.body.decode(codec_of(self.charset), "replace")

    def plain_text(self):
        return self.body.decode(self.charset.replace("x-mac-", "mac-"), "ignore")


@pytest.fixture(scope="module")
def known_pages(samples):
    rows = [json.loads(line) for line in (samples / "web/TRUTH.jsonl").read_text().splitlines()]
    # The charset that was used to read the page names it without the language (`iso-8859-5-russian`).
    charsets = {row["sha1"]: row["encoding_used"] for row in rows if row["src"] == "chardet"}
    pages = {}
    for file in sorted({row["warc"] for row in rows if row["src"] == "chardet"}):
        for record in read_responses(samples / "web" / file, file):
            if isinstance(record, Record):
                sha1 = hashlib.sha1(record.body).hexdigest()
                if sha1 in charsets and sha1 not in pages:
                    pages[sha1] = Known(record.url, charsets[sha1], record.headers["Content-Type"], record.body)
    assert len(pages) == PAGES
    return list(pages.values())


def scripts(text):
    """Share of each script among the letters beyond ASCII."""
    names = Counter(unicodedata.name(c, "?").split()[0] for c in text if c > "\x7f" and c.isalpha())
    return {name: count / names.total() for name, count in names.items()}


def is_right(page, text):
    found, expected = scripts(text), scripts(page.plain_text())
    same = all(abs(found.get(name, 0) - expected.get(name, 0)) <= 0.05 for name in found | expected)
    return "\ufffd" not in text and same


def undeclared(body):
    return re.sub(rb"(encoding|charset)(\s*=\s*[\"']?)[\w:-]+", rb"\1\2none", body)


WAYS = {
    "as they are": lambda page: (page.body, page.content_type),
    "header silent": lambda page: (page.body, "text/html"),
    "header wrong": lambda page: (page.body, "text/html; charset=ISO-8859-1"),
    "nothing declared": lambda page: (undeclared(page.body), None),
    "nothing declared but a wrong header": lambda page: (undeclared(page.body), "text/html; charset=ISO-8859-1"),
    "declared UTF-8": lambda page: (undeclared(page.body), "text/html; charset=utf-8"),
    "declared Chinese": lambda page: (undeclared(page.body), "text/html; charset=gb2312"),
}


@pytest.mark.parametrize("way", WAYS)
def test_pages_are_read_in_the_right_script_and_without_holes(known_pages, way):
    wrong = []
    equal = 0
    for known in known_pages:
        body, content_type = WAYS[way](known)
        page = known._replace(body=body)

        decoded = decode(body, http_content_type=content_type)

        if not is_right(page, decoded.text):
            wrong.append((page.url, page.charset, decoded.charset))
        equal += decoded.text == page.text()
    assert len(wrong) <= PAGES - ENOUGH, wrong
    assert equal >= ENOUGH

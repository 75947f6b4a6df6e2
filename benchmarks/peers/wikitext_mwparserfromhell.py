"""MB a second of wikitext to text by mwparserfromhell: `strip_code` alone, and with what a Wikipedia data set usually takes out before.

    PYTHON wikitext_mwparserfromhell.py PAGES.jsonl

A line of the input is a JSON string: the markup of a page. What is taken out is what the Hugging Face `wikipedia` builder is known for, written anew here:
references and tables, links to files and categories, and magic words, section by section. Needs mwparserfromhell in that Python.
"""

import contextlib
import json
import re
import sys
import time
from pathlib import Path

import mwparserfromhell

ROUNDS = 3
HIDDEN = re.compile(
    r"\s*(?:file|image|media|category|datei|bild|kategorie|fichier|catégorie|文件|分类|分類|файл|категория)\s*:",
    re.IGNORECASE,
)
SWITCH = re.compile(r"__[A-Z]+__")
GONE = {"ref", "table"}


def stripped(text):
    return mwparserfromhell.parse(text).strip_code()


def cleaned(text):
    wikicode = mwparserfromhell.parse(text)
    sections = []
    for section in wikicode.get_sections(flat=True, include_lead=True, include_headings=True):
        for link in section.ifilter_wikilinks(recursive=True):
            if HIDDEN.match(str(link.title)):
                _removed(section, link)
        for tag in section.ifilter_tags(matches=lambda tag: str(tag.tag).lower() in GONE, recursive=True):
            _removed(section, tag)
        sections.append(SWITCH.sub("", section.strip_code().strip()))
    return "\n\n".join(sections)


def _removed(section, node):
    with contextlib.suppress(ValueError):  # it went with a node that it was in
        section.remove(node)


def main():
    pages = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    size = sum(len(page.encode()) for page in pages)
    found = {}
    for name, extract in (("strip_code", stripped), ("wikipedia", cleaned)):
        best = float("inf")
        for _ in range(ROUNDS):
            began = time.process_time()
            texts = [extract(page) for page in pages]
            best = min(best, time.process_time() - began)
        found[name] = {"MB/s": size / best / 1e6, "pages/s": len(pages) / best, "characters": sum(map(len, texts))}
    print(json.dumps({**found, "version": mwparserfromhell.__version__}))


main()

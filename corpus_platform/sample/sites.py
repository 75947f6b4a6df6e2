"""The invented sites and what their templates say, read from `pages/sites.yaml` and `pages/labels.yaml`.

Not here: the templates' filling (render.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from typing import Any

import yaml

from corpus_platform.sample.articles import data_folder


@dataclass(frozen=True)
class Site:
    """A site: its face, its reuse signals, and how its pages are encoded (see `pages/sites.yaml`)."""

    host: str
    name: str
    tagline: str
    language: str
    template: str
    charsets: tuple[str, ...] = ("utf-8:both",)
    robots: str = ""
    robots_header: str = ""
    tdm: str = ""
    licence: str = ""

    def charset(self, index: int) -> tuple[str, str]:
        """Real charset of the site's page number `index`, and where it is declared: header, meta, both, none or wrong."""
        real, _, declared = next(islice(cycle(self.charsets), index % len(self.charsets), None)).partition(":")
        return real, declared


@cache
def sites() -> dict[str, Site]:
    """All sites by host name."""
    return {host: _site(host, facts) for host, facts in _read("sites.yaml").items()}


@cache
def labels(language: str) -> dict[str, Any]:
    """What templates say in a language: texts by name, and lists under `menu` and `yes_no`."""
    return _read("labels.yaml")[language]


@cache
def oddities() -> dict[str, Any]:
    """Short, empty, missing and moved pages, and bodies that are no pages (see `pages/oddities.yaml`)."""
    return _read("oddities.yaml")


@cache
def spam_parts(language: str) -> dict[str, list[str]]:
    """Hosts, words, titles and sentences from which junk pages are made."""
    return _read("spam.yaml")[language]


def _site(host: str, facts: dict[str, Any]) -> Site:
    return Site(host=host, **{**facts, "charsets": tuple(facts.get("charsets", ("utf-8:both",)))})


@cache
def _read(name: str) -> dict[str, Any]:
    return yaml.safe_load((data_folder() / name).read_text(encoding="utf-8"))

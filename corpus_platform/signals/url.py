"""What an address says of its page: blocked domains and addresses, banned words, the registered domain.

The rules are datatrove's: a list of domains, a list of addresses, words that are a whole part of the address (parts are runs of ASCII letters and
digits), and subwords of the address with everything else left out. Lists are inputs; those that are shipped are small.
Source: huggingface/datatrove, filters/url_filter.py; Penedo et al. 2023 (RefinedWeb).

Not here: which of them drops a page (recipes/steps/url.py), RedPajama-V2's UT1 categories.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.documents import domain_of
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from corpus_platform.lists.lists import Lists
    from corpus_platform.signals.subject import Subject

_OTHER = re.compile("[^a-zA-Z0-9]+")
_PART = "[a-zA-Z0-9]+"


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """What is known of each address; nulls where a document has none."""
    url, lists = subject.column("url").cast(pl.String), subject.environment.lists
    found: dict[str, Any] = {}
    if wanted & {"url_host", "url_registered_domain", "url_blocked"}:
        found |= _hosts(url, lists, reference=subject.environment.reference)
    if wanted & {"url_banned_word", "url_soft_banned_words", "url_banned_subword"}:
        found |= _words(url, lists, reference=subject.environment.reference)
    return found


def _hosts(url: pl.Series, lists: Lists, *, reference: bool) -> dict[str, pl.Series]:
    """Host, registered domain, and which list has the page."""
    suffixes = _suffixes(lists.get("public_suffixes").entries)
    domains, pages = lists.get("blocked_domains").set, lists.get("blocked_urls").set
    host = url.map_elements(_host_as_written if reference else domain_of, pl.String, skip_nulls=True)
    registered = {name: registered_domain(name, suffixes) for name in host.unique() if name is not None}
    own = [registered.get(name) for name in host]
    blocked = [
        None if page is None else _blocked(page, name, domain, domains, pages)
        for page, name, domain in zip(url, host, own, strict=True)
    ]
    return {
        "url_host": host,
        "url_registered_domain": pl.Series(own, dtype=pl.String),
        "url_blocked": pl.Series(blocked, dtype=pl.String),
    }


def _host_as_written(url: str) -> str | None:
    """The host without lower-casing it."""
    host = domain_of(url)
    at = url.lower().find(host) if host else -1
    return url[at : at + len(host)] if host and at >= 0 else host


def _blocked(
    url: str, host: str | None, domain: str | None, domains: frozenset[str], pages: frozenset[str]
) -> str | None:
    if domain in domains:
        return "domain"
    if host in domains:
        return "subdomain"
    return "url" if url in pages else None


def _suffixes(entries: Iterable[str]) -> frozenset[str]:
    """Suffixes as the Public Suffix List writes them, without its comments."""
    return frozenset(entry.lower() for entry in entries if not entry.startswith("//"))


def registered_domain(host: str, suffixes: frozenset[str]) -> str | None:
    """The part of a host that someone registered: one label more than its public suffix; None for an address in numbers or a suffix itself."""
    name = host.strip(".")
    try:
        ip_address(name)
    except ValueError:
        pass
    else:
        return None
    labels = name.split(".")
    small = [label.lower() for label in labels]
    for i in range(len(labels)):
        suffix = ".".join(small[i:])
        if f"!{suffix}" in suffixes:
            return ".".join(labels[i:])
        if suffix in suffixes or f"*.{'.'.join(small[i + 1 :])}" in suffixes:
            return ".".join(labels[i - 1 :]) if i else None
    return ".".join(labels[-2:]) if len(labels) > 1 else None


def _words(url: pl.Series, lists: Lists, *, reference: bool) -> dict[str, pl.Series]:
    """The first banned word and subword in each address, and how many soft ones."""
    hard, soft, sub = (
        sorted({_OTHER.sub("", entry).lower() for entry in lists.get(f"url_{name}").entries} - {""})
        for name in ("banned_words", "soft_banned_words", "banned_subwords")
    )
    written = url if reference else url.str.to_lowercase()
    parts = written.str.extract_all(_PART)
    bare = url.str.replace_all(_OTHER.pattern, "").str.to_lowercase()
    return {
        "url_banned_word": _listed(parts, hard).list.first(),
        "url_soft_banned_words": _listed(parts, soft).list.len().cast(pl.Int32),
        "url_banned_subword": bare.str.extract_many(sub).list.first()
        if sub
        else pl.Series([None] * len(url), dtype=pl.String),
    }


def _listed(parts: pl.Series, words: list[str]) -> pl.Series:
    """The parts that are in a list, each once, sorted."""
    return parts.list.eval(pl.element().filter(pl.element().is_in(words)).unique().sort())


def _signal(name: str, definition: str, **more: Any) -> Signal:
    given = {"dtype": pl.String, "range": "words", "empty": "null without an address"} | more
    return Signal(name, definition, "datatrove, url_filter.py; Penedo et al. 2023", **given)


_CASE = "Parts are compared as they are written, so an upper-case word is missed"

URL = register(
    Family(
        "url",
        "1",
        (
            _signal("url_host", "Host name of the address, in lower case, without port", reference="Case as written"),
            _signal(
                "url_registered_domain",
                "One label more than the public suffix of the host; null for an address in numbers",
                lists=("public_suffixes",),
            ),
            _signal(
                "url_blocked",
                "`domain` where the registered domain is in the list of blocked domains, else `subdomain` where the host is, else `url` where the whole "
                "address is in the list of blocked addresses",
                range="domain, subdomain, url",
                empty="null where none is",
                lists=("blocked_domains", "blocked_urls", "public_suffixes"),
            ),
            _signal(
                "url_banned_word",
                "The first, in alphabetical order, of the banned words that are a part of the address between characters other than ASCII letters and digits",
                empty="null where none is",
                reference=_CASE,
                lists=("url_banned_words",),
            ),
            _signal(
                "url_soft_banned_words",
                "How many of the soft banned words are a part of the address",
                dtype=pl.Int32,
                range="0..",
                reference=_CASE,
                lists=("url_soft_banned_words",),
            ),
            _signal(
                "url_banned_subword",
                "The first of the banned subwords in the lower-cased address without characters other than ASCII letters and digits",
                empty="null where none is",
                lists=("url_banned_subwords",),
            ),
        ),
        compute,
        reads=("url",),
    )
)

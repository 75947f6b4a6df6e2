"""What a page says about its reuse: robots directives, text-and-data-mining reservation, licence marks.

- robots: `<meta name="robots">` and `X-Robots-Tag`, directives joined: `noindex,noai`; those for one agent as `googlebot:noindex`
- TDM reservation (W3C TDMRep, https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240510/): headers and meta tags `tdm-reservation` and
  `tdm-policy`; what the page says supersedes what the header says, as the protocol has it
- licence: `rel="license"` of `<a>` and `<link>`, Dublin Core rights; Creative Commons addresses become SPDX identifiers (`CC-BY-SA-4.0`),
  others stay addresses. Several marks are joined by ` AND `: which part of the page each is for can't be told

They are columns for recipes and lawyers to decide upon; nothing is dropped here.

Not here: robots.txt and tdmrep.json, which belong to a site and not to a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resiliparse.parse.html import HTMLTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Headers = Mapping[str, str] | Iterable[tuple[str, str]]
    """HTTP headers; names in any case, a name may come twice where pairs are given."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """Reuse signals of a page; None where nothing is said."""

    robots: str | None = None
    tdm_reservation: bool | None = None
    tdm_policy: str | None = None
    licence: str | None = None


_AGENTS = (
    "googlebot",
    "googlebot-news",
    "google-extended",
    "bingbot",
    "ccbot",
    "gptbot",
    "claudebot",
    "applebot-extended",
)
_TDM = ("tdm-reservation", "tdm-policy")
_RIGHTS = ("dc.rights", "dc.rights.license", "dcterms.rights", "dcterms.license", "dc.license")

_MARKS = ", ".join(
    (
        *(f'meta[name="{name}" i]' for name in ("robots", *_AGENTS, *_TDM, *_RIGHTS)),
        *(f'meta[property="{name}" i]' for name in (*_TDM, *_RIGHTS)),
        'a[rel~="license" i]',
        'link[rel~="license" i]',
        'a[rel~="copyright" i][href*="creativecommons.org/"]',
        'link[rel~="copyright" i][href*="creativecommons.org/"]',
    )
)

_MAY_HAVE_MARKS = re.compile(r"robots|bot[\"'\s]|extended|tdm-|rights|licen[sc]e|creativecommons", re.IGNORECASE)

_MOST_MARKS = 40
"""Marks of a page that are looked at."""

_MOST_LICENCES = 4

_AGENT = re.compile(r"^([a-z][a-z0-9_-]*)\s*:\s*(.*)$", re.IGNORECASE)
_VALUED = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
"""Directives with a colon of their own."""

_ADDRESS = re.compile(r"(?:https?:)?//[^\s/]+\.", re.IGNORECASE)
_CREATIVE_COMMONS = re.compile(
    r"creativecommons\.org/(licenses|publicdomain)/([a-z+-]{2,20})(?:/(\d\.\d))?(?:/(?!deed|legalcode)([a-z]{2,3})\b)?",
    re.IGNORECASE,
)


def reuse_signals(html: str, headers: Headers = ()) -> Reuse:
    """Reuse signals of a page and its HTTP headers."""
    if not _MAY_HAVE_MARKS.search(html):
        return with_headers(Reuse(), headers)
    return with_headers(marks_of(HTMLTree.parse(html)), headers)


def marks_of(tree: HTMLTree) -> Reuse:
    """Reuse signals that a parsed page holds."""
    robots: list[str] = []
    licences: list[str] = []
    tdm: dict[str, str] = {}
    if tree.document is None:
        return Reuse()
    # A slice costs one walk through the page; iteration costs one for each element.
    for element in tree.document.query_selector_all(_MARKS)[:_MOST_MARKS]:
        if element.tag != "meta":
            licences.append(element.getattr("href") or "")
            continue
        name = (element.getattr("name") or element.getattr("property") or "").strip().lower()
        content = (element.getattr("content") or "").strip()
        if name in _TDM:
            tdm.setdefault(name, content)
        elif name in _RIGHTS:
            licences.append(content if "creativecommons.org/" in content else "")
        else:
            robots += _directives(content, agent="" if name == "robots" else name)
    return Reuse(
        robots=_joined(robots, ","),
        tdm_reservation=_reservation(tdm.get("tdm-reservation")),
        tdm_policy=_cut(tdm.get("tdm-policy")),
        licence=_joined([known for known in map(licence_of, licences) if known][:_MOST_LICENCES], " AND "),
    )


def with_headers(page: Reuse, headers: Headers) -> Reuse:
    """The page's signals and those of its HTTP headers."""
    robots: list[str] = []
    tdm: dict[str, str] = {}
    for name, value in _pairs(headers):
        if name == "x-robots-tag":
            robots += _directives_of_header(value)
        elif name in _TDM:
            tdm.setdefault(name, value.strip())
    if not robots and not tdm:
        return page
    reservation = _reservation(tdm.get("tdm-reservation"))
    return Reuse(
        robots=_joined([*robots, *(page.robots or "").split(",")], ","),
        tdm_reservation=reservation if page.tdm_reservation is None else page.tdm_reservation,
        tdm_policy=page.tdm_policy or _cut(tdm.get("tdm-policy")),
        licence=page.licence,
    )


def licence_of(address: str) -> str | None:
    """SPDX identifier of a Creative Commons address, any other web address as it is; None for what is neither (`#copyright`)."""
    address = address.strip()
    found = _CREATIVE_COMMONS.search(address)
    if not found:
        return _cut(f"https:{address}" if address.startswith("//") else address) if _ADDRESS.match(address) else None
    kind, name, version, place = (part and part.lower() for part in found.groups())
    if kind == "publicdomain":
        return {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}.get(name or "", "CC-PDDC")
    return "-".join(part.upper() for part in ("cc", name, version, place) if part)


def _pairs(headers: Headers) -> Iterator[tuple[str, str]]:
    """Header fields with lower-cased names; every value of a repeated one where the mapping keeps them in `pairs`."""
    repeated: Any = getattr(headers, "pairs", None)
    if repeated is None:
        repeated = headers.items() if isinstance(headers, Mapping) else headers
    return ((name.lower(), value) for name, value in repeated)


def _directives_of_header(value: str) -> list[str]:
    """Directives of an X-Robots-Tag, which may begin with the agent that they are for."""
    found = _AGENT.match(value.strip())
    if found and found[1].lower() not in _VALUED:
        return _directives(found[2], agent=found[1].lower())
    return _directives(value, agent="")


def _directives(content: str, *, agent: str) -> list[str]:
    """Single directives, lower-cased, without spaces."""
    single = ("".join(directive.split()).lower() for directive in content.split(",")[:_MOST_MARKS])
    return [f"{agent}:{directive}" if agent else directive for directive in single if directive]


def _reservation(value: str | None) -> bool | None:
    """TDMRep knows 0 and 1; any other value is an error, to be taken as not said."""
    return {"1": True, "0": False}.get(value or "")


def _joined(parts: list[str], separator: str) -> str | None:
    return separator.join(dict.fromkeys(part for part in parts if part)) or None


def _cut(value: str | None) -> str | None:
    """Addresses are cut at 2,000 characters."""
    return (value or "")[:2000] or None

"""What a licence allows, for those who give documents out: one of five classes, from an SPDX id, an expression of them, or an address.

    permissive      public domain, or free but for naming the author: CC0-1.0, CC-BY-4.0, MIT, Apache-2.0, ODC-By ...
    share-alike     free, but what is made of it stays so: CC-BY-SA-4.0, GPL-3.0, GFDL, ODbL ...
    restricted      no commercial use, no changes: CC-BY-NC-4.0, CC-BY-ND-4.0
    unknown         a licence that is none of these
    none            the document states no licence

Of `A OR B` the freer one counts, of `A AND B` (and `A+`, lists with `;`) the stricter one. This is a filter and no legal advice: a licence that a document
states may be wrong.

Not here: how licences are found (extract/reuse.py, readers/).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, get_args

LicenceClass = Literal["permissive", "share-alike", "restricted", "unknown", "none"]
CLASSES: tuple[LicenceClass, ...] = get_args(LicenceClass)
"""From the freest to the one that says least."""

_PERMISSIVE = re.compile(
    r"cc0(-.*)?|cc-pdm(-.*)?|cc-pddc|publicdomain|public[ -]domain.*|pddl(-.*)?|unlicense|wtfpl|0bsd|cc-by-[1-4]\.[05](-[a-z]{2,3})?|cc-by|"
    r"mit(-0|-.*)?|x11|apache(-.*)?|bsd(-.*)?|isc|zlib|bsl-1\.0|boost|psf-2\.0|python-2\.0.*|ncsa|postgresql|unicode(-.*)?|odc-by(-.*)?|"
    r"artistic-2\.0|upl-1\.0|afl-3\.0|mulanpsl-2\.0|blueoak-1\.0\.0|hpnd|ofl-1\.1|ogl.*|etalab-2\.0|us-pd|usgov.*"
)
_SHARE_ALIKE = re.compile(
    r"cc-by-sa(-.*)?|(a|l)?gpl(-.*|v[123].*)?|gfdl(-.*)?|fdl(-.*)?|mpl(-.*)?|epl(-.*)?|cddl(-.*)?|eupl(-.*)?|odbl(-.*)?|osl(-.*)?|ms-rl"
)
_RESTRICTED = re.compile(
    r"cc-by(-[a-z]+)*-(nc|nd)(-.*)?|cc-by-(nc|nd)(-.*)?|polyform-.*|busl-.*|sspl-.*|all[ -]rights[ -]reserved|proprietary"
)
_CREATIVE_COMMONS = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z+-]+)(?:/(\d\.\d))?", re.IGNORECASE)
_ADDRESSES = {
    "opensource.org/licenses/mit": "mit",
    "opensource.org/license/mit": "mit",
    "apache.org/licenses/license-2.0": "apache-2.0",
    "gnu.org/licenses/gpl": "gpl",
    "gnu.org/copyleft/fdl": "gfdl",
    "gnu.org/licenses/fdl": "gfdl",
    "gutenberg.org/policy/license": "public domain",
}


@lru_cache(maxsize=65_536)
def class_of(licence: str | None) -> LicenceClass:
    """The class of what a document states."""
    if licence is None or not licence.strip() or licence.strip().upper() in {"NONE", "NOASSERTION"}:
        return "none"
    text = re.sub(r"[()]", " ", licence)
    parts = [part for part in re.split(r"\s+AND\s+|\s*[;,]\s*|\s+WITH\s+\S+", text) if part.strip()]
    if not parts:
        return "unknown"
    choices = [[choice for choice in re.split(r"\s+OR\s+", part) if choice.strip()] for part in parts]
    return CLASSES[max(min(CLASSES.index(_one(one)) for one in listed) for listed in choices)]


def allowed(gate: str) -> frozenset[str]:
    """What a gate lets through: the classes, or the licences, that it names. `permissive`, `all`, or a list by commas.

    Raises ValueError where it names nothing.
    """
    named = frozenset(part.strip() for part in gate.split(",") if part.strip())
    if not named:
        raise ValueError("name what licences may be: permissive, all, or a list")
    return frozenset(CLASSES) if "all" in named else named


def passes(licence: str | None, gate: frozenset[str]) -> bool:
    """Whether a document with this licence may be given out: by its class, or by the licence's own name."""
    return class_of(licence) in gate or (licence is not None and licence.strip() in gate)


def _one(licence: str) -> LicenceClass:
    name = _name(licence.strip())
    if _RESTRICTED.fullmatch(name):
        return "restricted"
    if _SHARE_ALIKE.fullmatch(name):
        return "share-alike"
    return "permissive" if _PERMISSIVE.fullmatch(name) else "unknown"


def _name(licence: str) -> str:
    """One form of a licence: an SPDX id in lower case, as far as it is known."""
    if found := _CREATIVE_COMMONS.search(licence):
        kind, name, version = found.groups()
        if kind.lower() == "publicdomain":
            return "cc0-1.0" if name.lower() == "zero" else "cc-pdm-1.0"
        return f"cc-{name.lower()}-{version or '4.0'}"
    lower = licence.lower()
    if "://" in lower or lower.startswith("www."):
        return next((name for part, name in _ADDRESSES.items() if part in lower), lower)
    return re.sub(r"\s+", "-", lower).replace("_", "-")

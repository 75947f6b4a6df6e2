"""Names of assets: the key under which Dagster and the command line know a table, in which text variant, by which dedup.

Not here: which assets there are (home.py), the tables themselves (tables.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.stages.dedup import OF_METHOD
from corpus_platform.stages.signals import SIGNALS
from corpus_platform.stages.sketches import SKETCHES
from corpus_platform.stages.url_history import URL_HISTORY
from corpus_platform.stages.verdicts import variant_and_method

if TYPE_CHECKING:
    from corpus_platform.stages.stage import Partition

PAGES = "web.pages"
WEB = (PAGES, "web.paragraph_hashes", "web.paragraphs", "web.documents")
"""Tables of a base: a way in which pages become text."""
OF_PAGES = (PAGES, URL_HISTORY, SKETCHES)
"""Tables that every base has; the others of `WEB` have those that go through paragraph dedup."""
OF_VARIANT = (*WEB, URL_HISTORY, SKETCHES, SIGNALS)
"""Tables of the web that are one asset per text variant; signals have variants `<base>.ccnet` too."""
CORPORA = "corpora"
_OF_PARTS: set[str] = set()
"""Corpora of recipes with parts: an asset for each text variant, `corpora/slimpajama/books.cleaned`."""
DEDUP = "dedup"
"""First part of the keys of dedups' assets: `dedup/<variant>/<method>`, and with `.documents` and `.index` behind it what that is made of."""
_PARTS = dict(zip(OF_METHOD, (".documents", ".index", ""), strict=True))
_WAYS = ("constructed", "collected")
"""Tables `sft.constructed_<way>` and `sft.collected_<way>`, of what is built of data sets or collected from people, are assets `sft/constructed/<way>` ..."""
EVERY_TEXT = "web"
"""In place of a recipe, of dedups of all texts of a variant."""


def made_of_parts(name: str) -> None:
    """Says that a corpus is of a recipe with parts."""
    _OF_PARTS.add(name)


def asset_of(name: str, variant: str = "") -> str:
    """Key of the asset that makes a table: `corpora/ccnet`; of a table of the web also in which text variant: `web/wet/documents`.

    Of a dedup's tables `variant` is the coordinate: `dedup/wet.ccnet/fineweb.minhash` is `web.duplicates` of `wet.ccnet/fineweb.minhash`.
    """
    layer, _, short = name.partition(".")
    if layer == "sft" and (way := short.partition("_"))[0] in _WAYS and way[2]:
        return f"{layer}/{way[0]}/{way[2]}"
    if name in _OF_PARTS and variant:
        return f"{layer}/{short}/{variant}"
    if name in OF_METHOD:
        return f"{DEDUP}/{variant}{_PARTS[name]}" if variant else f"{DEDUP}/{short}"
    return f"{layer}/{variant}/{short}" if name in OF_VARIANT else f"{layer}/{short}"


def table_of(asset: str) -> str:
    """Table of an asset. Takes a table's name too, and a variant before or after it: `web/documents/wet`."""
    return table_and_variant(asset)[0]


def table_and_variant(asset: str) -> tuple[str, str]:
    """Table of an asset, and what else its name says: `web/wet.ccnet/signals` is `web.signals` and `wet.ccnet`."""
    if asset.startswith(f"{DEDUP}/"):
        return _of_dedup(asset.removeprefix(f"{DEDUP}/"))
    layer, *rest = asset.replace("/", ".").split(".")
    if layer == "sft" and len(rest) > 1 and rest[0] in _WAYS:
        return f"{layer}.{rest[0]}_{'.'.join(rest[1:])}", ""
    if layer == CORPORA and rest:
        return f"{layer}.{rest[0]}", ".".join(rest[1:])
    place = next((i for i, part in enumerate(rest) if f"{layer}.{part}" in (*OF_VARIANT, *OF_METHOD)), len(rest) - 1)
    short = rest.pop(place) if rest else ""
    return f"{layer}.{short}", ".".join(rest)


def _of_dedup(rest: str) -> tuple[str, str]:
    """Table and coordinate of `<variant>/<method>[.documents|.index]`."""
    for name, ending in _PARTS.items():
        if rest == name.partition(".")[2]:
            return name, ""
        if ending and rest.endswith(ending):
            return name, rest.removesuffix(ending)
    return OF_METHOD[-1], rest


def partition_of(name: str, variant: str, snapshot: str) -> Partition:
    """Partition of a table of the web or of a corpus, in a text variant (or coordinate), for a snapshot."""
    if name not in OF_METHOD:
        return {"variant": variant, "snapshot": snapshot}
    of, method = variant_and_method(variant)
    return {"method": method, "variant": of, "snapshot": snapshot}

"""What the wikis call things, by language: namespaces whose links show no text, and templates that mark a disambiguation page.

The names are data, `wiki_names.txt`: a dump's siteinfo names its own namespaces, but an excerpt of a dump often has another wiki's siteinfo or none.

Not here: how links and templates become text (wikitext.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

NAMES_FILE = Path(__file__).parent / "wiki_names.txt"
_OF_ANY_WIKI = "*"


@dataclass(frozen=True)
class WikiNames:
    """Lower-cased names of a wiki, without underscores."""

    files: frozenset[str]
    """Namespaces of files and media."""
    categories: frozenset[str]
    """Namespaces of categories."""
    disambiguation: frozenset[str]
    """Templates, without their namespace."""

    def and_own(self, files: Collection[str], categories: Collection[str]) -> WikiNames:
        """The same with the namespaces that a dump names itself."""
        return replace(self, files=self.files.union(files), categories=self.categories.union(categories))


@cache
def wiki_names(wiki: str | None = None) -> WikiNames:
    """The names of a wiki by its database prefix (`de`, `zh_yue`): namespaces in any language, templates of its own and of any wiki.

    Without a prefix, or with one that is not known, templates are those of any wiki.
    """
    namespaces, templates = _read()
    own = templates.get((wiki or "").replace("_", "-"), frozenset())
    return WikiNames(namespaces["files"], namespaces["categories"], templates[_OF_ANY_WIKI] | own)


@cache
def _read() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Namespaces by kind, templates by language. A line is names between bars; under `[disambiguation]` with `language: ` before them."""
    namespaces: dict[str, set[str]] = {}
    templates: dict[str, set[str]] = {}
    kind = ""
    for line in NAMES_FILE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            kind = line.strip("[]")
            continue
        language, colon, names = line.partition(": ")
        if kind == "disambiguation" and colon:
            templates.setdefault(language, set()).update(names.split(" | "))
        else:
            namespaces.setdefault(kind, set()).update(line.split(" | "))
    return (
        {kind: frozenset(names) for kind, names in namespaces.items()},
        {language: frozenset(names) for language, names in templates.items()},
    )

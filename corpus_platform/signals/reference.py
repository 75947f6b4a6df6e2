"""The reference of all signals, as Markdown made from their registry.

Not here: the page itself (docs/signals.md), the tables' reference (analytics/reference.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.lists.lists import KINDS, SHIPPED, Lists
from corpus_platform.signals.registry import families

if TYPE_CHECKING:
    from corpus_platform.signals.registry import Family, Signal

_INTRO = """# Signals

Made from the registry by `corpus signals list --markdown`; a test fails when this page is stale.

A signal is a column beside the documents: a number or a word about a document, or a list with a value for each of its lines. Signals of a family are computed
together. **Reference** says how the systems' own code differs from the definition, where it does: under `compat: reference` the column has that value. A signal
whose family is not computed by default has to be asked for by name, or by a recipe.
"""

_LISTS = """## Lists

Word and domain lists that signals and steps read. Those that are shipped were written for this platform: small, so that everything runs out of the box. Name
larger ones with the setting `lists`, e.g. `{stop_words: stopwords-iso.json, ldnoobw: FOLDER, ut1: FOLDER}`. *Words by language*: a folder of files named by
language (LDNOOBW), a JSON object of lists by language (stopwords-iso), or `NAME.LANGUAGE: FILE` for one; *words*: a file of lines, or a JSON list; *domains
by category*: a folder of `<category>/domains` (UT1), or a file of lines `domain category,category`.
"""


def signals_markdown() -> str:
    """Every signal by family: definition, source, type, range, languages, value for nothing to measure, and how the reference differs; and the lists."""
    return "\n".join([_INTRO, *(_section(family) for family in families()), _lists()])


def _lists() -> str:
    """The lists that are shipped, by name."""
    lines = [_LISTS, "| list | holds | shipped | licence |", "|---|---|---|---|"]
    for name, kind in sorted(KINDS.items()):
        languages = Lists.of().languages(name)
        shipped = [Lists.of().get(name, language) for language in languages]
        if not languages and SHIPPED.joinpath(f"{name}.txt").is_file():
            shipped = [Lists.of().get(name)]
        sizes = ", ".join(f"{one.language} {len(one)}" if one.language else str(len(one)) for one in shipped)
        licence = ", ".join(sorted({one.licence for one in shipped}))
        lines.append(f"| `{name}` | {kind} | {sizes or 'none: to be given'} | {licence} |")
    return "\n".join([*lines, ""])


def _section(family: Family) -> str:
    about = f"Version {family.version}. " + ("Computed by default." if family.default else "Computed when asked for.")
    if family.reads:
        about += f" Reads the columns {', '.join(f'`{name}`' for name in family.reads)} where they are there."
    return "\n".join([f"## {family.name}", "", about, "", *(_entry(signal) for signal in family.signals), ""])


def _entry(signal: Signal) -> str:
    kind = _type_name(signal)
    lines = [f"- `{signal.name}` ({kind}; {signal.range}): {signal.definition.rstrip('.')}."]
    details = [f"Source: {signal.source}", f"nothing to measure: {signal.empty}"]
    if signal.languages != "any":
        details.append(f"languages: {signal.languages}")
    if signal.lists:
        details.append(f"lists: {', '.join(signal.lists)}")
    if signal.models:
        details.append(f"models: {', '.join(signal.models)}")
    lines.append(f"  {'; '.join(details)}.")
    if signal.reference:
        lines.append(f"  **Reference:** {signal.reference.rstrip('.')}.")
    return "  \n".join(lines)


def _type_name(signal: Signal) -> str:
    name = str(signal.dtype).lower().replace("list(", "list of ").replace(")", "")
    return f"{name} per line" if signal.level == "line" else name

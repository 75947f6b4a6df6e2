r"""Citations as the printed paper has them: `(Smith & Jones 2010)` from the paper's own bibliography, `[key]` where it says nothing.

Labels come from `\bibitem[Smith(2010)]{key}` of natbib, else from the authors and years of .bib files.

Not here: where citations stand (latex.py).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from corpus_platform.clean.latex_commands import ACCENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

CITATION = re.compile(
    r"\\(?:[Cc]ite[A-Za-z]*|[Pp]arencite|[Tt]extcite|[Aa]utocite|footcite|footcitetext|supercite|smartcite|onlinecite|fullcite|shortcite|newcite)s?\Z"
)
"""Names of commands that cite."""
_IN_TEXT = frozenset({"citet", "citealt", "citeauthor", "textcite", "newcite", "citeasnoun", "citen"})
_BIBITEM = re.compile(r"\\bibitem\s*(?:\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){0,600})\])?\s*\{([^{}\n]{1,200})\}")
_NATBIB = re.compile(r"(.{1,200}?)\((\d{4}[a-z]?|in prep\.?|in press|submitted|n\.d\.)\)", re.DOTALL)
_ENTRY = re.compile(r"@\s*[A-Za-z]+\s*[{(]\s*([^,\s{}]{1,200})\s*,")
_FIELD = re.compile(r"\b(author|editor|year|date)\s*=\s*", re.IGNORECASE)
_MARKUP = re.compile(r"\\natexlab\{([^{}]*)\}|\\[A-Za-z]+\s*|[{}]|\\.")
_MAX_ENTRY = 20_000
_ACCENT = re.compile(r"""\{?\\(['`^"~=.]|[cvuHrk](?=[{ ]))\s*\{?\\?([A-Za-z])\}?\}?""")
_GOVERNS = re.compile(
    r"\b(?:in|of|with|by|from|to|see|and|than|for|on|both|at|via|follow(?:s|ed|ing)?|using|refs?|references?|citations?)\.?\s*[\[(]?\s*\Z",
    re.IGNORECASE,
)
EITHER = re.compile("\x13([^\x13-\x15]*)\x14([^\x13-\x15]*)\x15")
"""A `\\\\cite`: as a word of its sentence, and in parentheses."""


def is_governed(before: str) -> bool:
    """Whether a citation behind this text is a word of its sentence, as in `by comparing with [1]`: without it the sentence would be cut."""
    return _GOVERNS.search(before[-30:]) is not None


def settled(text: str) -> str:
    """A text whose citations that may be either are what their place in the sentence asks for."""
    return EITHER.sub(_settled, text)


def _settled(match: re.Match[str]) -> str:
    before = match.string[max(match.start() - 30, 0) : match.start()]
    # Before a verb it is the subject: nothing of the sentence comes before it.
    is_word = is_governed(before) or not before.strip() or before.rstrip()[-1] in ".;:!?"
    return (" " if before[-1:].isalnum() else "") + (match[1] if is_word else match[2])


def labels_of_items(texts: Iterable[str]) -> dict[str, tuple[str, str]]:
    r"""(authors, year) by key, of the `\bibitem`s in texts that have such labels."""
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        for match in _BIBITEM.finditer(text):
            label = _NATBIB.match(_plain(match[1] or ""))
            if label and label[1].strip():
                found.setdefault(match[2].strip(), (label[1].strip(), label[2]))
    return found


def labels_of_entries(texts: Iterable[str]) -> dict[str, tuple[str, str]]:
    """(authors, year) by key, of the entries of .bib files: one name, two, or the first with `et al.`."""
    found: dict[str, tuple[str, str]] = {}
    for text in texts:
        entries = list(_ENTRY.finditer(text))
        for entry, following in zip(entries, [*(e.start() for e in entries[1:]), len(text)], strict=True):
            fields = _fields(text[entry.end() : min(following, entry.end() + _MAX_ENTRY)])
            authors = _authors(fields.get("author") or fields.get("editor") or "")
            year = re.search(r"\d{4}", fields.get("year") or fields.get("date") or "")
            if authors and year:
                found.setdefault(entry[1], (authors, year[0]))
    return found


def cited(command: str, before: str, after: str, keys: str, labels: dict[str, tuple[str, str]]) -> str:
    r"""What a citation prints. `before` and `after` are its notes: `\citep[e.g.][p. 3]{key}`."""
    known = [key.strip() for key in keys.split(",") if key.strip()]
    if not known or command.startswith(r"\citetext"):
        return f"({keys.strip()})" if keys.strip() else ""
    name = command.lstrip("\\").lower()
    if not all(key in labels for key in known):
        return "[" + _noted(before, ", ".join(_shown(key, labels) for key in known), after) + "]"
    pairs = [labels[key] for key in known]
    if name.startswith("citeauthor"):
        return " and ".join(authors for authors, _ in pairs)
    if name.startswith("citeyear"):
        years = ", ".join(year for _, year in pairs)
        return f"({years})" if name == "citeyearpar" else years
    if name.startswith(("citealp", "citealt")):
        return _noted(before, "; ".join(f"{authors} {year}" for authors, year in pairs), after)
    rest = f", {after}" if after else ""
    in_text = (f"{before} " if before else "") + ", ".join(f"{authors} ({year}{rest})" for authors, year in pairs)
    apart = "(" + _noted(before, "; ".join(f"{authors} {year}" for authors, year in pairs), after) + ")"
    # Some classes print `\\cite` as a word of the sentence, others in parentheses or as a number.
    return f"\x13{in_text}\x14{apart}\x15" if name == "cite" else in_text if name in _IN_TEXT else apart


def _noted(before: str, text: str, after: str) -> str:
    return (f"{before} " if before else "") + text + (f", {after}" if after else "")


def _shown(key: str, labels: dict[str, tuple[str, str]]) -> str:
    return " ".join(labels[key]) if key in labels else key


def _plain(label: str) -> str:
    """A label without its markup."""
    label = _ACCENT.sub(lambda m: unicodedata.normalize("NFC", m[2] + ACCENTS["\\" + m[1]]), label)
    label = label.replace(r"\&", "&").replace("~", " ")
    label = re.sub(r"\s*&\s*", " & ", _MARKUP.sub(lambda match: match[1] or "", label))
    return re.sub(r"\s+", " ", label)


def _fields(entry: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _FIELD.finditer(entry):
        value = _value(entry, match.end())
        found.setdefault(match[1].lower(), value)
    return found


def _value(entry: str, at: int) -> str:
    """A field's value: in braces, in quotes, or bare."""
    if entry[at : at + 1] == "{":
        depth = 0
        for brace in re.finditer(r"(?<!\\)[{}]", entry[at:]):
            depth += 1 if brace[0] == "{" else -1
            if not depth:
                return entry[at + 1 : at + brace.start()]
        return ""
    match = re.compile(r'"([^"]*)"|([^,}\s]*)').match(entry, at)
    return "" if match is None else (match[1] or match[2] or "")


def _authors(names: str) -> str:
    people = [_family(name) for name in re.split(r"\s+and\s+", re.sub(r"\s+", " ", names)) if name.strip()]
    people = [name for name in people if name]
    if not people:
        return ""
    if len(people) == 2 and people[1].lower() != "others":
        return f"{people[0]} & {people[1]}"
    return people[0] if len(people) == 1 else f"{people[0]} et al."


def _family(name: str) -> str:
    """The family name: what is before the comma, all of a name in braces, or the last word."""
    name = name.strip()
    whole = name.startswith("{") and name.endswith("}") and name.count("{") == 1
    plain = _plain(name).strip()
    if "," in plain:
        return plain.partition(",")[0].strip()
    return plain if whole else plain.rpartition(" ")[2]

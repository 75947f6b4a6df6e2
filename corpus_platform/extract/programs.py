r"""The language and kind of a file of a repository, by its name and its beginning.

In this order: the whole name (`Dockerfile`), the end of the name (the longest that is known: `.d.ts` is `.ts`), of an end that several languages claim
the first rule that the file's beginning has, and without any end the interpreter that the first line names (`#!/usr/bin/env python3`).
*Kinds*: code, docs (for people), config (for tools), data.
Promise: None for what is not known; only the first 20,000 characters are looked at.
Source: names and ends as GitHub's Linguist has them, which The Stack (Kocetkov et al. 2022) names its languages by; the table is program_languages.yaml.

Not here: licences (licences.py), what is generated or minified (signals/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, get_args

from corpus_platform.yaml_file import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["code", "docs", "config", "data"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What a file is for."""

_LOOKED_AT = 20_000
_SHEBANG = re.compile(r"\A#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*(?:\w+=\S*\s+)*)?(?:\S*/)?([\w.+-]+)")
_EMACS = re.compile(r"-\*-\s*(?:mode:\s*)?([\w+#-]+)\s*(?:;[^*]*)?-\*-", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"^(?:readme|changelog|changes|contributing|authors|news|history|todo|code_of_conduct|security|notice|install|copying|licen[sc]e)"
    r"(?:[-._][\w-]+)?(?:\.(?:md|rst|txt|markdown|adoc|org))?$",
    re.IGNORECASE,
)
_DOC_ENDS = (".md", ".rst", ".txt", ".markdown", ".adoc", ".org", ".mdx", ".rdoc", ".pod", ".texi", ".textile")


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str] | None
    language: str | None


@dataclass(frozen=True)
class _Table:
    names: Mapping[str, str]
    ends: Mapping[str, str]
    interpreters: Mapping[str, str]
    kinds: Mapping[str, Kind]
    rules: Mapping[str, tuple[_Rule, ...]]


@cache
def _table() -> _Table:
    values = read_yaml(files("corpus_platform.extract") / "program_languages.yaml").values  # type: ignore[arg-type]
    names: dict[str, str] = {}
    ends: dict[str, str] = {}
    interpreters: dict[str, str] = {}
    kinds: dict[str, Kind] = {}
    for language, facts in values["languages"].items():
        kinds[language] = facts.get("kind", "code")
        for taken, key in ((names, "names"), (ends, "ends"), (interpreters, "interpreters")):
            for one in facts.get(key, ()):
                taken.setdefault(str(one), language)
    rules = {
        end: tuple(
            _Rule(
                re.compile(rule["pattern"], re.MULTILINE) if "pattern" in rule else None,
                rule.get("language", rule.get("else")) or None,
            )
            for rule in made
        )
        for end, made in values["rules"].items()
    }
    return _Table(names, ends, interpreters, kinds, rules)


def languages() -> tuple[str, ...]:
    """Names of all languages that are known, in their order."""
    return tuple(_table().kinds)


def named_language(said: str) -> str | None:
    """A language by its name in any case, or by one that others use: `c++`, `python`, `golang`; None for one that is not known."""
    return _by_name().get(said.strip().lower())


@cache
def _by_name() -> Mapping[str, str]:
    found = {name.lower(): name for name in _table().kinds}
    return {
        **found,
        "golang": "Go",
        "cpp": "C++",
        "csharp": "C#",
        "fsharp": "F#",
        "fortran": "FORTRAN",
        "bash": "Shell",
        "objective c": "Objective-C",
    }


def language_of(path: str, text: str = "") -> str | None:
    """The language of a file, or None where neither its name nor its beginning tells."""
    table = _table()
    name = path.rpartition("/")[2]
    if name in table.names:
        return table.names[name]
    head = text[:_LOOKED_AT]
    stem, *parts = name.split(".")
    if not stem and parts:  # `.bashrc` has no end; `.eslintrc.json` has one.
        parts = parts[1:]
    for i in range(len(parts)):
        end = ".".join(parts[i:])
        for known in (end, end.lower()):
            if known in table.rules:
                return _by_rules(table.rules[known], head)
            if known in table.ends:
                return table.ends[known]
    if stem in table.names and parts and stem != "README":  # Dockerfile.dev, Makefile.linux
        return table.names[stem]
    return _by_first_line(head, table)


def kind_of(path: str, language: str | None) -> Kind | None:
    """What a file is for: by its name where that says so (`README`, `docs/*.txt`), else by its language; None for an unknown language."""
    name = path.rpartition("/")[2]
    if _DOCUMENT.match(name):
        return "docs"
    if language is None:
        return None
    kind = _table().kinds.get(language, "code")
    if language == "Text" and not _is_prose(path):
        return "data"
    return kind


def _is_prose(path: str) -> bool:
    """Text files are for people at the top, or in folders of documents; elsewhere they are lists, fixtures and requirements."""
    folder, _, name = path.lower().rpartition("/")
    if re.match(r"(?:requirements|constraints|top_level|entry_points|robots|words|sources|dependency_links)", name):
        return False
    folders = set(folder.split("/"))
    return bool(folders & {"doc", "docs", "documentation", "man", "manual"}) or not folder


def _by_rules(rules: tuple[_Rule, ...], head: str) -> str | None:
    return next((rule.language for rule in rules if rule.pattern is None or rule.pattern.search(head)), None)


def _by_first_line(head: str, table: _Table) -> str | None:
    found = _SHEBANG.match(head)
    if found:
        name = found[1]
        bare = re.sub(r"[\d.]+$", "", name)
        return table.interpreters.get(name) or table.interpreters.get(bare)
    if head.startswith("<?xml"):
        return "XML"
    mode = _EMACS.search(head[:300])
    if mode:
        return next((language for language in table.kinds if language.lower() == mode[1].lower()), None)
    return None

"""The lists that signals and steps read: words by language, plain words, domains by category.

A list is shipped (`data/<name>[.<language>].txt`, small, written by us) or taken from the file or folder that the setting `lists` names:

- words by language: a folder of files `en`, `zh.txt` ..., or a JSON object of lists by language; `<name>.<language>` names the file of one language;
- plain words: one entry a line, or a JSON list;
- domains by category: a folder of `<category>/domains`, or a file of lines `domain category,category`.

In text files, lines before the first entry that begin with `#` say `licence:` and `source:`. A language without a list has an empty one.
Promise: `sha256` names exactly what was read, so whoever stores what was made with a list can tell when it changes.

Not here: how entries are compared with a text (signals/, recipes/).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["words by language", "words", "domains by category"]

KINDS: dict[str, Kind] = {
    "stop_words": "words by language",
    "ldnoobw": "words by language",
    "flagged_words": "words by language",
    "sensitive_words": "words by language",
    "machine_phrases": "words by language",
    "common_words": "words by language",
    "ut1": "domains by category",
    "blocked_domains": "words",
    "blocked_urls": "words",
    "public_suffixes": "words",
    "top_level_domains": "words",
    "policy_phrases": "words",
    "special_characters": "words",
    "url_banned_words": "words",
    "url_soft_banned_words": "words",
    "url_banned_subwords": "words",
    "owm_url_parts": "words",
    "permissive_licences": "words",
    "math_boilerplate": "words",
    "social_marks": "words by language",
}
"""Every list by name."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9-]+)?")
"""A file beside the lists of a folder with another name (a licence, a read-me) is no list."""
SHIPPED = Path(__file__).parent / "data"


@dataclass(frozen=True)
class WordList:
    """Entries in the order of their file, without repetition, and where they are from."""

    name: str
    language: str | None
    entries: tuple[str, ...]
    sha256: str
    licence: str = "not said"
    source: str = "not said"
    path: Path | None = None
    """None for a language that has no list."""
    labels: tuple[tuple[str, ...], ...] = ()
    """Of `domains by category`: the categories of each entry, sorted."""

    def __hash__(self) -> int:
        return hash((self.name, self.language, self.sha256))

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, entry: object) -> bool:
        return entry in self.set

    @cached_property
    def set(self) -> frozenset[str]:
        """The entries as a set."""
        return frozenset(self.entries)

    @cached_property
    def categories(self) -> Mapping[str, tuple[str, ...]]:
        """Of `domains by category`: the categories of each domain."""
        return dict(zip(self.entries, self.labels, strict=False))


@dataclass(frozen=True)
class Lists:
    """The lists under some settings."""

    overrides: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, overrides: Mapping[str, str] | None = None) -> Lists:
        """Lists with some taken from elsewhere: `<name>` or `<name>.<language>` -> file or folder. Raises SettingsError for an unknown name."""
        chosen = tuple(sorted((overrides or {}).items()))
        for name, _ in chosen:
            base, dot, language = name.partition(".")
            _kind(base)
            if dot and (_kind(base) != "words by language" or not language):
                raise SettingsError(f"`lists` names `{name}`, but `{base}` is not a list by language; name it `{base}`")
        return cls(chosen)

    def get(self, name: str, language: str | None = None) -> WordList:
        """A list; one by language needs its language. Raises SettingsError for an unknown name and for a file that is missing or unreadable."""
        if _kind(name) == "words by language":
            if not language:
                raise SettingsError(f"the list `{name}` is one for each language: say which")
        elif language:
            raise SettingsError(f"the list `{name}` has no languages")
        chosen = dict(self.overrides)
        own = chosen.get(f"{name}.{language}") or chosen.get(name)
        path = _found(name, language, own)
        if path is None:
            return WordList(name, language, (), hashlib.sha256(b"").hexdigest())
        inside = language if path.suffix == ".json" and f"{name}.{language}" not in chosen else None
        return _read(name, language, path, inside, _state(path))

    def languages(self, name: str) -> tuple[str, ...]:
        """Languages that a list has entries for, sorted."""
        if _kind(name) != "words by language":
            return ()
        chosen = dict(self.overrides)
        single = {key.partition(".")[2] for key in chosen if key.startswith(f"{name}.")}
        place = Path(chosen[name]) if name in chosen else SHIPPED
        if place.suffix == ".json":
            return tuple(sorted(single | set(_json(name, place))))
        prefix = "" if name in chosen else f"{name}."
        files = (file for file in place.glob(f"{prefix}*") if file.is_file())
        found = {file.name.removeprefix(prefix).removesuffix(".txt") for file in files}
        return tuple(sorted(single | {language for language in found if _LANGUAGE.fullmatch(language)}))

    def digest(self, names: Iterable[str]) -> str:
        """32 hex digits of the contents of some lists, all languages, for the identity of what is made with them."""
        made = hashlib.blake2b(digest_size=16)
        for name in sorted(set(names)):
            for language in self.languages(name) or (None,):
                if language is None and _kind(name) == "words by language":
                    continue
                made.update(f"{name} {language} {self.get(name, language).sha256}\n".encode())
        return made.hexdigest()


def _kind(name: str) -> Kind:
    if name not in KINDS:
        near = get_close_matches(name, KINDS, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else "."
        raise SettingsError(f"there is no list `{name}`{hint} Known: {', '.join(sorted(KINDS))}")
    return KINDS[name]


def _found(name: str, language: str | None, own: str | None) -> Path | None:
    """File (or folder of categories) of a list; None where a language has none."""
    if own is None:
        path = SHIPPED / (f"{name}.{language}.txt" if language else f"{name}.txt")
        if path.is_file() or language:
            return path if path.is_file() else None
        raise SettingsError(f"no list `{name}` is shipped: name its file with the setting `lists`, as `{name}: FILE`")
    path = Path(own)
    if not path.exists():
        raise SettingsError(f"{path}: no such file or folder; the setting `lists` names it for `{name}`")
    if language and path.is_dir():
        return next((file for file in (path / language, path / f"{language}.txt") if file.is_file()), None)
    return path


def _state(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the files behind a list, to notice that one has changed."""
    files = sorted(path.glob("*/domains")) if path.is_dir() else [path]
    return tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)


@lru_cache(maxsize=256)
def _read(name: str, language: str | None, path: Path, inside: str | None, state: tuple[Any, ...]) -> WordList:
    del state  # part of the key only
    if KINDS[name] == "domains by category":
        return _read_domains(name, path)
    if path.is_dir():
        raise SettingsError(f"{path}: the list `{name}` is one file, this is a folder")
    if path.suffix == ".json":
        content = _json(name, path)
        found = content.get(inside, []) if isinstance(content, dict) else content
        entries = tuple(dict.fromkeys(str(entry) for entry in found))
        digest = hashlib.sha256("\n".join(entries).encode()).hexdigest()
        return WordList(name, language, entries, digest, path=path)
    licence, source, lines = _text(name, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    entries = tuple(dict.fromkeys(lines))
    return WordList(name, language, entries, digest, licence, source, path)


def _read_domains(name: str, path: Path) -> WordList:
    """Domains with their categories, from a folder of categories or one file."""
    found: dict[str, set[str]] = {}
    digest = hashlib.sha256()
    licence, source = "not said", "not said"
    if path.is_dir():
        files = sorted(path.glob("*/domains"))
        if not files:
            raise SettingsError(f"{path}: no file `<category>/domains` for the list `{name}`")
        for file in files:
            digest.update(file.parent.name.encode() + b"\n" + file.read_bytes())
            for domain in _text(name, file)[2]:
                found.setdefault(domain, set()).add(file.parent.name)
    else:
        licence, source, lines = _text(name, path)
        digest.update(path.read_bytes())
        for line in lines:
            domain, _, categories = line.partition(" ")
            found.setdefault(domain, set()).update(filter(None, categories.strip().split(",")))
    labels = {frozenset(labels): tuple(sorted(labels)) for labels in found.values()}
    own = tuple(labels[frozenset(categories)] for categories in found.values())
    return WordList(name, None, tuple(found), digest.hexdigest(), licence, source, path, own)


def _json(name: str, path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path}: not readable as JSON ({error}); the setting `lists` names it for `{name}`"
        ) from error


def _text(name: str, path: Path) -> tuple[str, str, list[str]]:
    """Licence and source as the head of a text file says them, and its entries."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: not readable as UTF-8 text ({error}); it is the list `{name}`") from error
    said = {"licence": "not said", "source": "not said"}
    first = 0
    while first < len(lines) and lines[first].startswith("#"):
        key, _, value = lines[first].removeprefix("#").strip().partition(":")
        said[key] = value.strip()
        first += 1
    return said["licence"], said["source"], [entry for line in lines[first:] if (entry := line.strip())]

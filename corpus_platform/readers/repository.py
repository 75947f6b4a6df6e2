"""Repositories as documents, one a file: folders, tars, zips, wheels and source distributions; and the packages of a Python environment.

The path is the title, the language of the program the category. `meta` has repository, path, `kind` (code, docs, config, data), stars and what else a list of
repositories says, and where the licence is said. What is gated (licence, stars, size, kind) is a harmless reject with its own reason.
Promise: a file is a document or a reject, in the order of the folder or archive; what is not text is not decoded.

Not here: licences (repository_licences.py), languages (extract/programs.py), what is generated or minified (signals/), tables of code (code_table.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from corpus_platform.errors import SettingsError
from corpus_platform.extract.charset import decode
from corpus_platform.extract.licences import allows, expression, is_licence_file
from corpus_platform.extract.programs import Kind, kind_of, language_of, languages
from corpus_platform.lists.lists import Lists
from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.reader import Reader, SourceDocument, Unit, register_reader
from corpus_platform.readers.repository_facts import Facts, facts_of, stem_of
from corpus_platform.readers.repository_files import ARCHIVES, File, files, look
from corpus_platform.readers.repository_licences import RepositoryLicences
from corpus_platform.readers.unpacking import Problem
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.readers.repository_files import Look
    from corpus_platform.readers.repository_licences import FoundLicence
    from corpus_platform.sources.location import InputLocation
    from corpus_platform.sources.records import Reject
    from corpus_platform.sources.store import InputFile

LICENCE_LIST = "permissive_licences"
CODE_REASONS = {
    "file_too_large": "The file is larger than `max_bytes`",
    "fork": "The repository is a fork, and `forks` says that they are left out",
    "kind_not_wanted": "The file is of a kind (code, docs, config, data) that `kinds` does not name",
    "language_not_wanted": "The file's language is none of `languages`",
    "language_unknown": "Neither name nor beginning tells the file's language",
    "licence_file": "The file is a licence: it says what the others are under, and is no document",
    "licence_not_allowed": "The file's licence is not one that `licences` allows",
    "licence_unknown": "No licence was found for the file, and `licences` allows some only",
    "not_text": "The file holds bytes that are no text",
    "too_few_stars": "The repository has fewer stars than `min_stars`, or none are known",
    "tool_files": "The file is a tool's: version control, caches, package indexes",
}
"""Reasons of what repositories and tables of code leave out, with their meaning. All are harmless."""

_TOOLS = re.compile(
    r"(?:^|/)(?:\.git|\.hg|\.svn|CVS|__pycache__|\.tox|\.mypy_cache|\.ruff_cache|\.pytest_cache|\.idea|\.DS_Store)(?:/|$)"
    r"|\.(?:dist-info|egg-info)/(?!licen)[^/]*$|(?:^|/)PKG-INFO$|\.py[cod]$",
    re.IGNORECASE,
)
_BINARY_ENDS = re.compile(
    r"\.(?:png|jpe?g|gif|bmp|ico|webp|tiff?|psd|mp[34]|wav|ogg|flac|avi|mov|webm|pdf|docx?|xlsx?|pptx?|zip|gz|tgz|bz2|xz|zst|7z|rar|jar|war|whl|egg"
    r"|so|dll|dylib|exe|o|a|lib|obj|class|wasm|bin|dat|npy|npz|pkl|pickle|h5|hdf5|parquet|arrow|sqlite3?|db|ttf|otf|woff2?|eot|pyd|mo)$",
    re.IGNORECASE,
)
_CODING = re.compile(rb"\A(?:.*\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x08"))


class CodeGates(Reader):
    """What readers of code let through, whatever the code comes in."""

    kinds: tuple[Kind, ...] = Field(
        default=("code", "docs"), min_length=1, description="Kinds of files that become documents"
    )
    languages: tuple[str, ...] = Field(default=(), description="Languages that become documents; all where it is empty")
    licences: Literal["permissive", "all"] | tuple[str, ...] = Field(
        default="permissive",
        description="Licences that are let through: those of the list of permissive ones, all, or SPDX ids",
    )
    permissive_list: str | None = Field(
        default=None, description="File of SPDX ids in place of the list that is shipped"
    )
    min_stars: int = Field(default=0, ge=0, description="Least stars of a repository")
    max_bytes: int = Field(default=1 << 20, ge=1, description="Largest file, in bytes")

    @field_validator("languages")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in languages():
                raise ValueError(f"there is no language `{name}`{nearest(name, languages())}")
        return names

    @field_validator("licences")
    @classmethod
    def _are_ids(cls, chosen: Any) -> Any:
        for name in () if isinstance(chosen, str) else chosen:
            if expression(name) != name:
                raise ValueError(f"`{name}` is no SPDX id as the list of SPDX spells it")
        return chosen

    @property
    def allowed(self) -> frozenset[str] | None:
        """SPDX ids that are let through; None lets through all. Raises SettingsError where the list is missing."""
        if self.licences == "all":
            return None
        if not isinstance(self.licences, str):
            return frozenset(self.licences)
        found = Lists.of({LICENCE_LIST: self.permissive_list} if self.permissive_list else {}).get(LICENCE_LIST)
        if not found.entries:
            raise SettingsError(f"{self.permissive_list}: the list of permissive licences is empty")
        return found.set

    def gate(self, kind: Kind | None, language: str | None) -> str | None:
        """Why a file of a kind and language is left out."""
        if kind is None or language is None:
            return None if kind == "docs" and not self.languages else "language_unknown"
        if kind not in self.kinds:
            return "kind_not_wanted"
        return "language_not_wanted" if self.languages and language not in self.languages else None


@dataclass
class _Reading:
    """One repository while it is read."""

    unit: Unit
    facts: Facts | None
    licences: RepositoryLicences
    allowed: frozenset[str] | None
    name: str = field(init=False)
    position: int = -1

    def __post_init__(self) -> None:
        self.name = self.facts.name if self.facts else stem_of(self.unit.name)

    def harmless(self, reason: str, path: str, detail: str = "") -> Reject:
        """A reject of a file that is no damage."""
        return self.unit.reject(self.position, reason, detail, record=path, broken=False)


@register_reader
class Repository(CodeGates):
    """A unit is a folder, or an archive, at the top of the location; a list of repositories may lie beside them."""

    name = "repository"
    source = "code"
    by = "folder"
    suffixes = ARCHIVES
    reasons: ClassVar = {**ARCHIVE_REASONS, **CODE_REASONS}

    metadata: str = Field(
        default="metadata.jsonl", description="List of repositories at the top of the location, one JSON object a line"
    )
    forks: bool = Field(default=True, description="Whether forks are read")

    def beside(self, path: str) -> bool:
        """The list of repositories."""
        return path == self.metadata

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """Each file of the repository."""
        facts = facts_of(unit.location, self.metadata, unit.name)
        refused = self._refused(facts)
        if refused:
            yield unit.reject(0, *refused, broken=False)
            return
        found = look(unit)
        licences = RepositoryLicences.of(found.about, facts.licence if facts else None)
        reading = _Reading(unit, facts, licences, self.allowed)
        yield from self._files(reading, found)

    def _refused(self, facts: Facts | None) -> tuple[str, str] | None:
        stars = facts.stars if facts else None
        if self.min_stars and (stars is None or stars < self.min_stars):
            return "too_few_stars", "stars are not known" if stars is None else f"{stars} stars"
        if facts and facts.fork and not self.forks:
            return "fork", facts.name
        return None

    def _files(self, reading: _Reading, found: Look) -> Iterator[SourceDocument | Reject]:
        skipped: list[Reject] = []

        def wanted(path: str) -> bool:
            """Whether a file's bytes are needed; the other ones are told of by name."""
            reading.position += 1
            reason = self._by_name(path)
            if reason:
                skipped.append(reading.harmless(reason, path))
            return not reason

        for file in files(reading.unit, found, self.max_bytes, wanted):
            yield from skipped
            skipped.clear()
            if isinstance(file, Problem):
                reading.position += 1
                broken = file.reason not in {"link", "special_file"}
                yield reading.unit.reject(reading.position, file.reason, file.detail, record=file.path, broken=broken)
            else:
                yield self._document(reading, file)
        yield from skipped

    def _by_name(self, path: str) -> str | None:
        if _TOOLS.search(path):
            return "tool_files"
        if is_licence_file(path):
            return "licence_file"
        return "not_text" if _BINARY_ENDS.search(path) else None

    def _document(self, reading: _Reading, file: File) -> SourceDocument | Reject:
        if file.too_large:
            return reading.harmless("file_too_large", file.path, f"more than {self.max_bytes:,} bytes")
        text = text_of(file.data)
        if text is None:
            return reading.harmless("not_text", file.path)
        if not text.strip():
            return reading.harmless("empty_body", file.path)
        language = language_of(file.path, text)
        kind = kind_of(file.path, language)
        reason = self.gate(kind, language)
        if reason:
            return reading.harmless(reason, file.path, language or "")
        licence = reading.licences.licence_of(file.path, text)
        if reading.allowed is not None and not allows(licence.licence, reading.allowed):
            reason = "licence_not_allowed" if licence.licence else "licence_unknown"
            return reading.harmless(reason, file.path, licence.licence or "")
        return _made(reading, file, text, licence, language, kind)


@register_reader
class InstalledPackages(Repository):
    """The packages of a Python environment: the location is its `site-packages`, a unit is a distribution with the files that its RECORD lists."""

    name = "installed_packages"

    def units(self, location: InputLocation, files: Iterable[InputFile]) -> list[Unit]:
        """One unit for each `NAME-VERSION.dist-info`, called `NAME-VERSION`; files that no record lists are in none."""
        known = {file.path: file for file in files}
        found = []
        for path in sorted(known):
            folder, _, name = path.partition("/")
            if name != "RECORD" or not folder.endswith(".dist-info"):
                continue
            listed = (
                line.rsplit(",", 2)[0].strip('"')
                for line in location.read(path).decode("utf-8", "replace").splitlines()
            )
            own = sorted({one for one in listed if one in known})
            found.append(Unit(folder.removesuffix(".dist-info"), tuple(known[one] for one in own), location))
        return found


def text_of(data: bytes) -> str | None:
    """The text of a file with newlines at the ends of lines, None where it is none: UTF-8, else what a mark or `coding:` line says, else detected."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = data[:65536]
        if b"\0" in head or len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 200:
            return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _other(data)
    if text is None or "\0" in text:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _other(data: bytes) -> str | None:
    said = _CODING.match(data[:400])
    if said:
        try:
            return data.decode(said[1].decode("ascii"))
        except (LookupError, UnicodeError, ValueError):
            pass  # It says what it is not; the bytes decide.
    text = decode(data, is_html=False).text
    strange = text.count("\ufffd") + sum(map(text.count, map(chr, range(0x80, 0xA0))))
    return None if strange > len(text) // 100 else text


def _made(
    reading: _Reading, file: File, text: str, licence: FoundLicence, language: str | None, kind: Kind | None
) -> SourceDocument:
    facts = reading.facts
    meta: dict[str, Any] = {"repository": reading.name, "path": file.path, "kind": kind, "bytes": len(file.data)}
    if licence.source:
        meta["licence_from"] = licence.source
    if facts:
        meta |= {"stars": facts.stars, "forks": facts.forks, **facts.more}
    url = facts.url if facts else None
    return SourceDocument(
        identity=f"{reading.name}:{file.path}",
        position=reading.position,
        text=text,
        title=file.path,
        url=f"{url.rstrip('/')}/blob/HEAD/{file.path}" if url else None,
        date=facts.date if facts else None,
        content_type="text/plain",
        licence=licence.licence,
        category=language,
        meta={key: value for key, value in meta.items() if value is not None},
    )

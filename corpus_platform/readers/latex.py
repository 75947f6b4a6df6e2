"""Papers in LaTeX: folders of projects, arXiv's e-print archives, and its bulk dumps of them.

A unit is a folder, an e-print (`1911.02782.gz`: a tar, or one file), or a dump (`arXiv_src_1911_001.tar`: an archive of e-prints). A paper with
a supplement gives two documents. Ids, versions and months come from names. `compat: reference` gives what RedPajama-1T has of a paper.

Not here: which file is the main one (latex_project.py), how LaTeX becomes text (clean/latex.py).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from corpus_platform.clean.latex import LatexOptions, Paper, paper_text
from corpus_platform.clean.latex_reference import reference_text
from corpus_platform.readers.archives import ARCHIVE_REASONS, Limits, Problem, contents
from corpus_platform.readers.latex_project import (
    HELP_SUFFIXES,
    TEXT_SUFFIXES,
    Project,
    arxiv_id,
    class_of,
    field_of,
    largest,
    month_of,
    roots,
)
from corpus_platform.readers.reader import Reader, Section, SourceDocument, Unit, register_reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sources.records import Reject

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".gz", ".zip", ".tar.xz", ".tar.bz2")
_NO_PAPERS = ("letter", "beamer", "standalone", "a0poster", "moderncv", "minimal", "tikzposter", "exam")
_PAGES = (".pdf", ".ps", ".eps", ".html", ".docx", ".dvi")
_MAX_FILE = 32 << 20
_LIMITS = Limits(member_bytes=_MAX_FILE)


@register_reader
class Latex(Reader):
    """Papers in LaTeX."""

    name: ClassVar[str] = "latex"
    version: ClassVar[str] = "2"
    source: ClassVar[str] = "academic"
    by: ClassVar[Literal["file", "folder"]] = "folder"
    suffixes: ClassVar[tuple[str, ...]] = _ARCHIVES
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        "no_latex": "The paper has no LaTeX: a PDF only, or something else",
        "no_paper": "The document is a letter, slides, or a picture of its own",
        "no_section": "The paper has no header of a section, without which RedPajama-1T gives nothing",
        "no_utf8": "A file is not UTF-8, for which RedPajama-1T leaves the paper out",
        "too_short": "The paper has fewer characters than asked for",
    }

    compat: Literal["ours", "reference"] = "ours"
    """`reference`: RedPajama-1T's text, of all .tex files together, with its traps."""
    captions: bool = True
    appendices: bool = True
    citations: Literal["text", "keep", "drop"] = "text"
    headings: Literal["markdown", "latex"] = "markdown"
    title: bool = True
    """Title and abstract at the beginning of the text."""
    documents: Literal["all", "main"] = "all"
    """Whether supplements and other documents of a paper are read."""
    licence: str | None = None
    """Licence of all papers here, where it is known: an e-print does not name it."""
    min_characters: int = 200

    def part_of(self, name: str) -> str | None:
        """Month, from an e-print's id or a dump's name."""
        return month_of(name)

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The papers of a folder, an e-print or a dump."""
        position = 0
        for found in self._projects(unit):
            if isinstance(found, Problem):
                yield unit.reject(position, found.reason, f"{found.path}: {found.detail}")
                position += 1
                continue
            for item in self._of_project(unit, found, position):
                yield item
                position += 1

    def _projects(self, unit: Unit) -> Iterator[Project | Problem]:
        if len(unit.files) == 1 and unit.files[0].path == unit.name:
            yield from self._of_archive(unit, unit.name)
            return
        loose, has_archives = Project(unit.name), False
        for file in unit.files:
            path = file.path.removeprefix(unit.name + "/")
            if path.lower().endswith(_ARCHIVES):
                has_archives = True
                yield from self._of_archive(unit, file.path)
            elif (file.size or 0) <= _MAX_FILE and _is_wanted(path):
                loose.add(path, unit.bytes_of(file.path, _MAX_FILE))
            else:
                loose.others.append(path)
        # A folder that gives nothing at all is told of.
        if loose.files or not has_archives:
            yield loose

    def _of_archive(self, unit: Unit, path: str) -> Iterator[Project | Problem]:
        """The papers of an archive: that of each archive in it, and its own."""
        if not path.lower().endswith(_ARCHIVES):
            project = Project(path)
            project.add(posixpath.basename(path), unit.bytes_of(path, _MAX_FILE))
            yield project
            return
        own, inner, is_broken = Project(path), None, False
        with unit.open(path) as stream:
            for found in contents(
                stream, path, lambda name: _is_wanted(name) or name.lower().endswith(_PAGES), limits=_LIMITS
            ):
                if isinstance(found, Problem):
                    # A picture of any size is no loss.
                    if found.reason != "member_too_large" or _is_wanted(found.path):
                        is_broken = True
                        yield found
                    continue
                member, data = found
                if inner is not None and member.within != inner.name:
                    yield inner
                    inner = None
                if not member.within:
                    own.add(member.path, data)
                else:
                    inner = inner or Project(member.within)
                    inner.add(member.path.removeprefix(member.within + "/"), data)
                    own.archives += 1
        if inner is not None:
            yield inner
        if own.files or own.others or not is_broken:  # One reject tells of an archive that gives nothing.
            yield from own.parts(_PAGES)

    def _of_project(self, unit: Unit, project: Project, position: int) -> Iterator[SourceDocument | Reject]:
        if not project.texts:
            yield unit.reject(position, "no_latex", f"{project.name}: {largest(project.others)}", broken=False)
        elif self.compat == "reference":
            yield self._reference(unit, project, position)
        else:
            found = roots(project)
            for index, path in enumerate(found if self.documents == "all" else found[:1]):
                yield self._document(unit, project, path, position + index, main=index == 0)

    def _reference(self, unit: Unit, project: Project, position: int) -> SourceDocument | Reject:
        files = [project.files[path] for path in project.texts]
        if project.undecodable:
            return unit.reject(position, "no_utf8", f"{project.name}: {project.undecodable[0]}", broken=False)
        text = reference_text(files)
        if not text.strip():
            return unit.reject(position, "no_section", project.name, broken=False)
        return SourceDocument(
            position=position,
            text=text,
            **self._names(project, None),
            meta={"compat": "reference", "files": len(files)},
        )

    def _document(
        self, unit: Unit, project: Project, path: str, position: int, *, main: bool
    ) -> SourceDocument | Reject:
        document_class = class_of(project.files[path])
        if document_class in _NO_PAPERS:
            return unit.reject(position, "no_paper", f"{project.name}/{path}: class {document_class}", broken=False)
        options = LatexOptions(
            captions=self.captions,
            appendices=self.appendices,
            citations=self.citations,
            headings=self.headings,
            title=self.title,
        )
        paper = paper_text(project.files, path, options)
        if len(paper.text) < self.min_characters:
            return unit.reject(
                position, "too_short", f"{project.name}/{path}: {len(paper.text)} characters", broken=False
            )
        named = self._names(project, None if main else path)
        stated = named.pop("category")
        return SourceDocument(
            position=position,
            text=paper.text,
            title=paper.title,
            author="; ".join(paper.authors) or None,
            category=stated or field_of(document_class),
            sections=tuple(Section(heading.level, heading.title, heading.start) for heading in paper.headings),
            meta=self._meta(project, path, paper, document_class),
            **named,
        )

    def _names(self, project: Project, part: str | None) -> dict[str, Any]:
        """Identity, address, field and licence; `part` is the path of a document besides the main one."""
        found = arxiv_id(project.name)
        identity = (
            project.name if found is None else f"arxiv:{found.id}" + (f"v{found.version}" if found.version else "")
        )
        return {
            "identity": identity + (f"#{part}" if part else ""),
            "url": f"https://arxiv.org/abs/{found.id}" if found else None,
            "category": found.archive if found else None,
            "licence": self.licence,
            "content_type": "application/x-tex",
        }

    def _meta(self, project: Project, path: str, paper: Paper, document_class: str | None) -> dict[str, object]:
        found = arxiv_id(project.name)
        meta: dict[str, object] = {
            "main": path,
            "files": len(project.texts),
            "encoding": project.encodings[path],
            "document_class": document_class,
            "peer_reviewed": None,
            "abstract": paper.abstract,
            "keywords": paper.keywords,
        }
        if found:
            meta |= {"arxiv_id": found.id, "version": found.version, "month": found.month, "peer_reviewed": False}
        if not (found and found.archive) and field_of(document_class):
            meta["category_from"] = "document_class"
        if paper.stopped_macros:
            meta["stopped_macros"] = paper.stopped_macros
        return {key: value for key, value in meta.items() if value is not None or key == "peer_reviewed"}


def _is_wanted(path: str) -> bool:
    """Files of LaTeX and their kin; files without a suffix may be LaTeX too."""
    low = posixpath.basename(path.lower())
    return (
        low.endswith((*TEXT_SUFFIXES, *HELP_SUFFIXES))
        or low.startswith("00readme")
        or "." not in low
        or arxiv_id(low) is not None
    )

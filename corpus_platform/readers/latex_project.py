r"""Projects of LaTeX: which files belong together, what they are decoded from, which of them are documents, and what a paper is called.

    main     the file that 00README names, else one called as main files are, else the one with most text
    roots    the files with a document class that no other reads in: a paper and its supplement

Not here: archives (archives.py), documents (latex.py), text (clean/latex.py).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus_platform.clean import latex_source
from corpus_platform.extract.charset import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TEXT_SUFFIXES = (".tex", ".ltx", ".latex")
HELP_SUFFIXES = (".bbl", ".bib", ".sty", ".cls")
"""Files that are read for macros and citations."""
_NEW_ID = re.compile(r"(?<![\d.])(\d{2})(0[1-9]|1[0-2])\.(\d{4,5})(v\d{1,2})?(?![\d])")
_OLD_ID = re.compile(
    r"(?<![a-z-])([a-z]{2,8}(?:-[a-z]{2,4})?(?:\.[A-Z]{2})?)[/_]?(\d{2})(0[1-9]|1[0-2])(\d{3})(v\d{1,2})?(?!\d)"
)
_OLD_ARCHIVES = frozenset(
    [
        "acc-phys",
        "adap-org",
        "alg-geom",
        "ao-sci",
        "astro-ph",
        "atom-ph",
        "bayes-an",
        "chao-dyn",
        "chem-ph",
        "cmp-lg",
        "comp-gas",
        "cond-mat",
        "cs",
        "dg-ga",
        "funct-an",
        "gr-qc",
        "hep-ex",
        "hep-lat",
        "hep-ph",
        "hep-th",
        "math",
        "math-ph",
        "mtrl-th",
        "nlin",
        "nucl-ex",
        "nucl-th",
        "patt-sol",
        "physics",
        "plasm-ph",
        "q-alg",
        "q-bio",
        "quant-ph",
        "solv-int",
        "supr-con",
    ]
)
_MONTH_IN_NAME = re.compile(r"arXiv_(?:src|pdf)_(\d{2})(0[1-9]|1[0-2])_")
_ROOT = re.compile(r"\\document(?:class|style)\b|\\begin\s*\{document\}")
_ASKED = re.compile(
    r"\\(?:input|include|subfile|subfileinclude)\s*\{?\s*\"?([^\s{}\"%\\]{1,300})|\\(?:sub)?import\*?\s*\{([^{}\n]*)\}\s*\{([^{}\n]+)\}"
)
_INPUTENC = re.compile(rb"\\usepackage\s*\[([A-Za-z0-9-]{1,20})\]\s*\{inputenc\}")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_MAIN_NAMES = ("ms", "main", "paper", "article", "manuscript", "draft", "arxiv", "root", "thesis", "book")
_ENCODINGS = {
    "latin1": "iso-8859-1", "latin2": "iso-8859-2", "latin5": "iso-8859-9", "latin9": "iso-8859-15", "ansinew": "windows-1252", "cp1252": "windows-1252",
    "cp1250": "windows-1250", "cp1251": "windows-1251", "koi8-r": "koi8-r", "applemac": "macintosh", "utf8": "utf-8", "utf8x": "utf-8",
}  # fmt: skip

FIELDS_OF_CLASSES = {
    "astro-ph": "aastex emulateapj mnras mn2e mn aa aasms4 raa pasj openjournal",
    "cs": "acmart ieeetran ieeeconf llncs sig-alternate acl neurips nips icml iclr easychair lipics llncs sigchi usenix iccv cvpr",
    "math": "amsart amsproc amsbook siamart siamltex imsart gtart",
    "physics": "revtex revtex4 iopart jhep jhep3 ptephy epl2 jpsj",
    "q-bio": "plos elife bioinfo",
    "stat": "jss statsoc asaproc",
    "econ": "aea econometrica",
}
"""Fields by the document classes that only their journals use; beginnings of names, in lower case."""


@dataclass
class Project:
    """The files of one paper, decoded, by path; `name` is its archive's or folder's."""

    name: str
    files: dict[str, str] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    """Paths that are no text of LaTeX: pictures, data."""
    readme: str = ""
    undecodable: list[str] = field(default_factory=list)
    """Paths that are no UTF-8."""
    archives: int = 0
    """Files of archives inside of this one: with any, it is a dump, not a paper."""

    def parts(self, pages: tuple[str, ...]) -> Iterator[Project]:
        """The project itself, or of a dump what is no archive in it: papers without LaTeX."""
        if self.files or not self.archives:
            yield self
        else:
            yield from (Project(path, others=[path]) for path in self.others if path.lower().endswith(pages))

    def add(self, path: str, data: bytes) -> None:
        """Takes a file, if it is one of LaTeX or of its kin."""
        low = path.lower()
        if posixpath.basename(low).startswith("00readme"):
            self.readme = data[:20_000].decode("utf-8", "replace")
        elif low.endswith((*TEXT_SUFFIXES, *HELP_SUFFIXES)) or is_latex(data):
            path = path if low.endswith((*TEXT_SUFFIXES, *HELP_SUFFIXES)) else path + ".tex"
            self.files[path], self.encodings[path] = decoded(data)
            if self.encodings[path] != "utf-8":
                self.undecodable.append(path)
        else:
            self.others.append(path)

    @property
    def texts(self) -> list[str]:
        """Paths of the LaTeX files in their order."""
        return [path for path in self.files if path.lower().endswith(TEXT_SUFFIXES)]


def is_latex(data: bytes) -> bool:
    """Whether bytes of a file without a telling name are LaTeX."""
    return (
        not data.startswith((b"%PDF", b"%!PS", b"\x89PNG"))
        and b"\0" not in data[:4096]
        and (re.search(rb"\\document(?:class|style)|\\begin\s*\{|\\input\b|\\magnification|\\bye\b", data) is not None)
    )


def decoded(data: bytes) -> tuple[str, str]:
    """Text and the name of its encoding: UTF-8, else what inputenc says, else what is found."""
    try:
        return data.decode().removeprefix("\ufeff"), "utf-8"
    except UnicodeDecodeError:
        pass
    said = _INPUTENC.search(data)
    encoding = _ENCODINGS.get(said[1].decode().lower(), "") if said else ""
    if encoding and encoding != "utf-8":
        try:
            return data.decode("mac_roman" if encoding == "macintosh" else encoding), encoding
        except UnicodeDecodeError:
            pass
    found = decode(data)
    return found.text, found.charset


def roots(project: Project) -> list[str]:
    """Paths of the documents, the main one first; of a project without a document class, its file with most text."""
    texts = {path: _COMMENT.sub("", project.files[path]) for path in project.texts}
    asked: set[str] = set()
    for path, text in texts.items():
        for match in _ASKED.finditer(text):
            name = match[1] or posixpath.join(match[2], match[3])
            found = latex_source.found_file(name, (posixpath.dirname(path),), project.files)
            if found is not None and found != path:
                asked.add(found)
    documents = [path for path, text in texts.items() if _ROOT.search(text) and path not in asked]
    if not documents and texts:
        documents = [max(texts, key=lambda path: len(texts[path]))]
    return sorted(documents, key=lambda path: _rank(path, texts, project.readme))


def _rank(path: str, texts: Mapping[str, str], readme: str) -> tuple[bool, bool, int, bool, int, str]:
    stem = posixpath.splitext(posixpath.basename(path).lower())[0]
    named = re.search(rf"(?m)^\s*{re.escape(path)}\s+toplevelfile", readme) is not None
    order = _MAIN_NAMES.index(stem) if stem in _MAIN_NAMES else len(_MAIN_NAMES)
    return (
        not named,
        r"\begin" not in texts[path],
        path.count("/"),
        order == len(_MAIN_NAMES),
        -len(texts[path]),
        path,
    )


def class_of(text: str) -> str | None:
    """Document class of a source, lower-cased."""
    found = latex_source.class_of(_COMMENT.sub("", text[:50_000]))
    return found.lower() if found is not None else None


def field_of(document_class: str | None) -> str | None:
    """Field that a document class tells; None where it serves many."""
    name = document_class or ""
    for found, classes in FIELDS_OF_CLASSES.items():
        for known in classes.split():
            if name == known or (len(known) > 3 and name.startswith(known)):
                return found
    return None


@dataclass(frozen=True)
class ArxivId:
    """An identifier of arXiv: `1911.02782`, or `hep-th/9901001` of before April 2007; month `2019-11`; version if the name has one."""

    id: str
    month: str
    version: int | None
    archive: str | None
    """Field of an old id."""


def arxiv_id(name: str) -> ArxivId | None:
    """The identifier in the path of an e-print; None where there is none."""
    base = posixpath.basename(name)
    match = _NEW_ID.search(base)
    if match and int(match[1]) >= 7:
        year, month, number, version = match.groups()
        return ArxivId(f"{year}{month}.{number}", f"20{year}-{month}", int(version[1:]) if version else None, None)
    for part in (base, "/".join(name.split("/")[-2:])):
        match = _OLD_ID.search(part)
        if match and match[1].partition(".")[0] in _OLD_ARCHIVES:
            archive, year, month, number, version = match.groups()
            century = "19" if int(year) >= 91 else "20"
            return ArxivId(
                f"{archive}/{year}{month}{number}",
                f"{century}{year}-{month}",
                int(version[1:]) if version else None,
                archive.partition(".")[0],
            )
    return None


def month_of(name: str) -> str | None:
    """Month of an e-print or of a dump of them (`arXiv_src_1911_001.tar`), as `2019-11`."""
    dump = _MONTH_IN_NAME.search(name)
    if dump:
        return f"{'19' if int(dump[1]) >= 91 else '20'}{dump[1]}-{dump[2]}"
    found = arxiv_id(name)
    return found.month if found else None


def largest(paths: Iterable[str]) -> str:
    """Ends of file names among paths, for a message."""
    ends = sorted({posixpath.splitext(path)[1].lower() or "no suffix" for path in paths})
    return ", ".join(ends[:6])

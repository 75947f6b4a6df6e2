"""The documentation of the Python that runs, as HTML pages and as plain text: volume for the sample without a download.

A child process imports the modules and renders them with `pydoc`, with a fixed hash seed, a small environment and a time limit, so that an
import's side effects stay there and the same Python always gives the same bytes. Values of module data are left out (they would show the
machine's environment), and paths and memory addresses of the machine are scrubbed. The child runs this very file: standard library only.

Not here: pages on their host (crawl.py), articles made of the text (wikitext.py).
"""

from __future__ import annotations

import importlib
import inspect
import io
import json
import os
import pydoc
import re
import subprocess
import sys
import sysconfig
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

SECONDS_ALLOWED = 60
MAXIMUM_PAGE = 120_000
"""Longer pages (characters of HTML) are left out: one page should not outweigh the others."""

MODULES = Path(__file__).parent / "pages" / "modules.txt"
"""Submodules to add to the top-level modules, and (with a leading hyphen) modules to leave out."""


@dataclass(frozen=True)
class ManualPage:
    """The manual of one module: `html` as pydoc renders it, `sections` of (name, plain text), the module's own text first."""

    name: str
    html: str
    sections: tuple[tuple[str, str], ...]


@cache
def manual_pages() -> tuple[ManualPage, ...]:
    """The manual of about 200 modules of the standard library, sorted by name. Empty where the child process does not answer in time."""
    environment = {key: os.environ[key] for key in ("SYSTEMROOT",) if key in os.environ}
    command = [sys.executable, "-P", "-s", __file__]
    try:
        child = subprocess.run(
            command,
            env={**environment, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=SECONDS_ALLOWED,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ()
    pages = [json.loads(line) for line in child.stdout.decode().splitlines() if line.startswith("{")]
    return tuple(
        ManualPage(page["name"], page["html"], tuple((name, text) for name, text in page["sections"])) for page in pages
    )


class _Manual(pydoc.HTMLDoc):
    """pydoc's pages without values and without places of the machine."""

    def docother(self, object: Any, name: str | None = None, mod: Any = None, *ignored: Any) -> str:  # noqa: A002, ARG002  pydoc's names
        return f"<dl><dt><strong>{self.escape(name or '')}</strong></dt></dl>\n"

    def getdocloc(self, object: Any, basedir: str = "") -> str | None:  # noqa: A002, ARG002
        return None

    def index(self, dir: str, shadowed: Any = None) -> str:  # noqa: A002, ARG002
        return ""


def _module_names() -> list[str]:
    words = [word for line in MODULES.read_text().splitlines() if not line.startswith("#") for word in line.split()]
    left_out = {word[1:] for word in words if word.startswith("-")}
    besides = {word for word in words if not word.startswith("-")}
    names = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    return sorted((names | besides) - left_out)


def _render(name: str) -> dict[str, Any] | None:
    """The page of a module, or None where it can't be imported or rendered here."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(name)
            html = _Manual().page(name, _Manual().document(module, name))
            sections = _sections(module)
    except (Exception, SystemExit):  # noqa: BLE001  whatever a module of another Python does, the sample goes on without it
        return None
    html = _scrub(html.replace("&nbsp;", " "))
    if len(html) > MAXIMUM_PAGE:
        return None
    return {"name": name, "html": html, "sections": [(title, _scrub(text)) for title, text in sections]}


def _sections(module: ModuleType) -> list[tuple[str, str]]:
    """(name, documentation) of the module itself and of its public classes and functions, methods included, in the order of their names."""
    found = [(module.__name__, inspect.getdoc(module) or "")]
    for name, thing in sorted(vars(module).items()):
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            members = sorted((member, part) for member, part in vars(thing).items() if not member.startswith("_"))
            found += [(name, own_documentation(thing))]
            found += [(f"{name}.{member}", own_documentation(part)) for member, part in members]
        elif inspect.isroutine(thing):
            found += [(name, own_documentation(thing))]
    return [(title, text) for title, text in found if text]


def own_documentation(thing: Any) -> str:
    """The docstring that is written at a class or function itself, not the one it inherits."""
    text = getattr(thing, "__doc__", None)
    if not isinstance(text, str) or (
        not inspect.isclass(thing) and not callable(thing) and not isinstance(thing, property)
    ):
        return ""
    return inspect.cleandoc(text)


@cache
def _places() -> list[str]:
    """Folders of this machine that documentation could name, longest first."""
    found = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(__file__).parent), str(Path.cwd())}
    found |= set(sysconfig.get_paths().values()) | {entry for entry in sys.path if entry}
    return sorted((place for place in found if len(place) > 4), key=len, reverse=True)


def _scrub(text: str) -> str:
    text = re.sub(r'<a href="file:[^"]*">[^<]*</a>', "", text)
    text = re.sub(r" at 0x[0-9a-fA-F]{6,16}", " at ...", text)
    text = re.sub(r"environ\(\{.*?\}\)", "os.environ", text, flags=re.DOTALL)
    for place in _places():
        text = text.replace(place, "/opt/python")
    return text


def main() -> None:
    """Print a JSON line for each module. Runs in the child process."""
    # Without a docstring pydoc would parse the source for comments: half of the time for little text.
    inspect.getcomments = lambda object: None  # noqa: A006, ARG005
    for name in _module_names():
        page = _render(name)
        if page:
            sys.stdout.write(json.dumps(page) + "\n")


if __name__ == "__main__":
    main()

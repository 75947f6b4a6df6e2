"""How a task gets to a worker: pickled, with the folders in which the worker finds the modules that the pickle names.

Those folders are the parent's `sys.path` and, after them, the roots of modules that the parent has loaded from elsewhere, as test runners and
code locations given as a file do.

Not here: items and results (crew.py, worker.py); they may use only modules that are found this way.
"""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path
from typing import Any

from corpus_platform.errors import SettingsError

WHAT_A_TASK_IS = (
    "a task is a top-level function of an importable module, or a functools.partial of one "
    "(not a lambda, and nothing that is written in a script, a notebook or stdin)"
)


def sent(task: Any) -> tuple[bytes, list[str]]:
    """The pickled task, and the `sys.path` of a worker that can load it. Raises SettingsError where no worker could."""
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL)
    try:
        pickler.dump(task)
    except Exception as error:
        raise SettingsError(f"the task {task!r} cannot be sent to a worker ({error}): {WHAT_A_TASK_IS}") from error
    if "__main__" in pickler.modules:
        raise SettingsError(
            f"the task {task!r} needs the main module, which a worker does not run again: {WHAT_A_TASK_IS}"
        )
    path = [entry or str(Path.cwd()) for entry in sys.path]
    roots = sorted({root for name in pickler.modules if (root := _root_of(name))} - set(path))
    return buffer.getvalue(), path + roots


class _Pickler(pickle.Pickler):
    """Notes the modules of all functions, classes and instances that it pickles."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.modules: set[str] = set()

    def reducer_override(self, obj: Any) -> Any:
        module = getattr(obj, "__module__", None)
        if isinstance(module, str):
            self.modules.add(module)
        return NotImplemented


def _root_of(name: str) -> str | None:
    """The folder from which `import name` would find the loaded module; None where it is not a file of that name."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if not file:
        return None
    parts = name.split(".")
    place = Path(file).absolute().with_suffix("")
    if place.name == "__init__":
        place = place.parent
    return str(place.parents[len(parts) - 1]) if place.parts[-len(parts) :] == tuple(parts) else None

"""A YAML file whose mistakes are told with file, line and the nearest right key.

Not here: what may stand in a file (settings.py, recipes/recipe.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C, which is ten times as fast, where PyYAML was built with it."""

Where = tuple[Any, ...]
"""Path to a value: keys of mappings and indices of lists, from the outside in."""


@dataclass(frozen=True)
class YamlFile:
    """What a file holds, and where in it."""

    path: Path
    values: Any
    tree: yaml.Node | None

    def line_of(self, where: Where) -> int:
        """Line (from 1) of the deepest part of the path that is in the file."""
        node, line = self.tree, _line(self.tree)
        for part in where:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
                if pair is None:
                    return line
                line, node = _line(pair[0]), pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
                line = _line(node)
        return line

    def at(self, where: Where) -> str:
        """`file:line` of a path."""
        return f"{self.path}:{self.line_of(where)}"


def read_yaml(path: Path) -> YamlFile:
    """Reads a file of one YAML document. Raises SettingsError with file and line; a key that a mapping has twice is an error too."""
    try:
        values, tree = _parsed(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: can't be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SettingsError(f"{path}:{line}: not a YAML file: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not a YAML file in UTF-8: {' '.join(str(error).split())}") from None
    return YamlFile(path, values, tree)


def mistake(file: YamlFile, where: Where, error: Any, model: type[BaseModel], words: tuple[str, str]) -> str:
    """One line for one of Pydantic's errors: where it is, what is wrong, what would be right.

    `where` is the path of the validated value, `words` name a key of the model and the model itself, e.g. `("setting", "this section")`.
    """
    inner = tuple(error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    if not inner:
        return f"{file.at(where) if where else file.path}: {message}"
    at, dotted = file.at((*where, *inner)), ".".join(str(part) for part in inner)
    if error["type"] == "missing":
        return f"{at}: {words[1]} lacks the {words[0]} `{dotted}`"
    if error["type"] != "extra_forbidden":
        quotes = "; YAML takes a bare `no` or `yes` for a truth value: put it in quotes" if _is_norway(error) else ""
        # Of a credential only the name is told.
        found = "" if error["type"] == "credential" else f" (found {error['input']!r})"
        return f"{at}: `{dotted}`: {message}{found}{quotes}"
    known = keys_of(model, inner[:-1])
    hint = nearest(str(inner[-1]), known)
    return f"{at}: there is no {words[0]} `{dotted}`{hint}; {words[1]} takes {', '.join(known)}"


def nearest(name: str, known: Iterable[str]) -> str:
    """`, nearest is ...` where one of the known names resembles it, else nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f", nearest is `{near[0]}`" if near else ""


def keys_of(model: type[BaseModel], where: Where) -> list[str]:
    """Keys that a model takes, or one that is inside it."""
    inside: Any = model
    for part in where:
        inner = inside.model_fields[part].annotation if part in inside.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        inside = inner
    return list(inside.model_fields)


def _is_norway(error: Any) -> bool:
    return error["type"] in ("string_type", "literal_error") and isinstance(error["input"], bool)


def _parsed(path: Path, text: str) -> tuple[Any, yaml.Node | None]:
    try:
        return _built(path, _LOADER(text))
    except yaml.MarkedYAMLError:
        # The slow loader says more exactly what is wrong, and where.
        return _built(path, yaml.SafeLoader(text))


def _built(path: Path, loader: Any) -> tuple[Any, yaml.Node | None]:
    tree = loader.get_single_node()
    _refuse_repeated_keys(path, tree)
    return (None if tree is None else loader.construct_document(tree)), tree


def _refuse_repeated_keys(path: Path, node: yaml.Node | None) -> None:
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_repeated_keys(path, child)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise SettingsError(f"{path}:{_line(key)}: `{key.value}` is given twice; only one of them could count")
            seen.add(str(key.value))
            _refuse_repeated_keys(path, value)


def _line(node: yaml.Node | None) -> int:
    return 1 if node is None or node.start_mark is None else node.start_mark.line + 1

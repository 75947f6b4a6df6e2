"""`corpus sft construct`: dialogues made of plain files without a model, and why the rest was left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
import yaml
from pydantic import BaseModel, ValidationError
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.printing import escaped, out, right, whole
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from corpus_platform.sft.construct.files import Built
    from corpus_platform.sft.construct.way import Way


_Model = TypeVar("_Model", bound=BaseModel)


def construct(
    way: Annotated[str, typer.Argument(help="Way of building: templates, rft, fobar, recut ...; `list` names them all")],
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="IN...", help="Files of dialogues, or of records whose columns the way reads")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="JSONL or Parquet file for the dialogues")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="An option of the way: NAME=VALUE, the value in YAML; may be repeated")
    ] = None,
    container: Annotated[
        list[str] | None, typer.Option(help="How the files are written: header=true, delimiter=|, columns=[a, b] ...")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="File for what was left out: parents, reason, detail")] = None,
) -> None:  # fmt: skip
    """Makes dialogues of other rows without a model. Without IN it tells the way's options."""
    from corpus_platform.sft.construct.files import build
    from corpus_platform.sft.containers import Container

    if way == "list":
        _list()
        return
    if not paths:
        _describe(way)
        return
    if to is None:
        raise SettingsError("corpus sft construct WAY IN... --out OUT")
    if len({path.resolve() for path in (*paths, to, *([rejects] if rejects else []))}) < len(paths) + 1 + bool(rejects):
        raise SettingsError(f"{to}: in, out and rejects are different files")
    written = _checked(Container, _values("--container", container), "--container")
    _print(build(_made(way, _values("--option", option)), paths, to=to, rejects=rejects, container=written))


def _values(name_of_option: str, words: list[str] | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words or ():
        name, sign, value = word.partition("=")
        if not (name and sign):
            raise SettingsError(f"{name_of_option} takes NAME=VALUE; `{word}` is not of that form")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise SettingsError(
                f"{name_of_option} {name}: not a value in YAML: {' '.join(str(error).split())}"
            ) from None
    return found


def _made(name: str, options: dict[str, Any]) -> Way:
    """The way with its options; a single value stands for a list of it."""
    from corpus_platform.sft.construct.way import way_class

    kind = way_class(name)
    if unknown := [option for option in options if option not in kind.model_fields]:
        known = ", ".join(kind.model_fields)
        raise SettingsError(
            f"`{name}` has no option `{unknown[0]}`{nearest(unknown[0], kind.model_fields)}; it takes {known}"
        )
    lists = {n for n, f in kind.model_fields.items() if str(f.annotation).startswith("tuple[")}
    options = {n: [v] if n in lists and not isinstance(v, list) else v for n, v in options.items()}
    return _checked(kind, options, f"`{name}`")


def _checked(model: type[_Model], values: dict[str, Any], whose: str) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"option `{where}` of {whose}: {first['msg'].removeprefix('Value error, ')}") from None


def _list() -> None:
    from corpus_platform.sft.construct.way import ways

    shown = RichTable(right("way"), whole("reads"), whole("makes"), box=None)
    for name, kind in ways().items():
        shown.add_row(name, f"{kind.source} documents" if kind.source else "dialogues", escaped(kind.about))
    out.print(shown)


def _describe(name: str) -> None:
    from corpus_platform.sft.construct.template_files import shipped
    from corpus_platform.sft.construct.way import way_class

    kind = way_class(name)
    out.print(f"{name}: {kind.about}", highlight=False, markup=False, soft_wrap=True)
    shown = RichTable(right("option"), whole("by default"), whole("what it is"), box=None)
    for option, known in kind.model_fields.items():
        default = "" if known.is_required() else str(known.get_default(call_default_factory=True))
        shown.add_row(option, escaped(default), escaped(known.description or ""))
    out.print(shown)
    if name == "templates":
        out.print(f"our own templates: {', '.join(shipped())}", highlight=False, markup=False, soft_wrap=True)


def _print(report: Built) -> None:
    shown = RichTable(right("read"), right("dialogues"), right("parents"), whole("left out"), box=None)
    reasons = ", ".join(f"{reason} {n:,}" for reason, n in report.left_out.most_common())
    shown.add_row(f"{report.read:,}", f"{report.made:,}", f"{report.parents:,}", escaped(reasons))
    out.print(shown)
    out.print(" ".join(map(str, report.outputs)), highlight=False, markup=False, soft_wrap=True)

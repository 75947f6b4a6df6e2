"""`corpus sft catalogue`: data sets for supervised fine-tuning, whose they are, under which licence, and how they are read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, get_args

import orjson
import typer
from rich.table import Table as RichTable

from corpus_platform.errors import SettingsError
from corpus_platform.printing import escaped, out, right, whole
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.catalogue.sft import DataSet

app = typer.Typer(no_args_is_help=True, help="Data sets, their licences, and how their records are read.")

_COLOURS = {"yes": "green", "unknown": "yellow", "no": "red"}


@app.command("list")
def list_sets(
    language: Annotated[str | None, typer.Option(help="In a language, e.g. zh; many languages are mul")] = None,
    construction: Annotated[str | None, typer.Option(help="human, users, expanded, generated, rewritten")] = None,
    commercial: Annotated[str | None, typer.Option(help="May be used commercially: yes, no, unknown")] = None,
    kind: Annotated[str | None, typer.Option(help="With records of a kind, e.g. turns")] = None,
    evidence: Annotated[str | None, typer.Option(help="Known by sample, documentation or memory at best")] = None,
    role: Annotated[str | None, typer.Option(help="For training, evaluation, templates, prompts")] = None,
    json: Annotated[bool, typer.Option("--json", help="A line of JSON for each set, with all that is known")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The reference, for docs/sft-catalogue.md")] = False,
) -> None:
    """The data sets that fit: what it is, how large, whether it may be used, how it is read."""
    from corpus_platform.catalogue.sft import Commercial, Evidence, Role, data_sets
    from corpus_platform.catalogue.sft_reference import sft_markdown
    from corpus_platform.sft.kinds.kind import MODULES
    from corpus_platform.sft_tables import CONSTRUCTIONS

    if markdown:
        sys.stdout.write(sft_markdown())
        return
    _check("--construction", construction, CONSTRUCTIONS)
    _check("--commercial", commercial, get_args(Commercial))
    _check("--kind", kind, MODULES)
    _check("--evidence", evidence, get_args(Evidence))
    _check("--role", role, get_args(Role))
    found = [
        one
        for one in data_sets().values()
        if (language is None or language in one.languages)
        and construction in (None, one.construction)
        and commercial in (None, one.commercial)
        and (kind is None or kind in one.kinds)
        and evidence in (None, one.evidence)
        and role in (None, one.role)
    ]
    if json:
        _print_json(found)
        return
    _print_table(found)
    wrong = sum(one.licence_is_wrong for one in found)
    out.print(f"{len(found)} data sets, {wrong} with a wrong licence. More of one: corpus sft catalogue show NAME")


@app.command("show")
def show_set(
    name: Annotated[str, typer.Argument(help="Name, title or id on a hub; with a layout: belle.multiturn")],
    json: Annotated[bool, typer.Option("--json", help="As a line of JSON")] = False,
) -> None:
    """All that is known of a data set, and settings for it, as YAML for corpus.yaml: to read it, or to compare with an evaluation set."""
    from corpus_platform.catalogue.sft import data_set, data_sets
    from corpus_platform.catalogue.sft_reference import facts, settings_of

    whole_name, _, layout = name.partition(".")
    if not layout or whole_name not in data_sets():
        whole_name, layout = name, ""
    one = data_set(whole_name)
    if json:
        _print_json([one])
        return
    told = facts(one)
    layouts = told.pop("layouts")
    if one.licence_is_wrong:
        told["licence_claimed"] = f"{one.licence_claimed} (wrong)"
    for label, value in told.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        if value not in ("", None, [], False) or label in ("released", "licence_claimed", "licence_seen"):
            out.print(f"[bold]{label.replace('_', ' ')}[/] {escaped(text)}", highlight=False, soft_wrap=True)
    for label, values in layouts.items():
        known = f"{values['kind']}, known by {values['evidence']}"
        unchecked = f"; from memory: {', '.join(values['from_memory'])}" if "from_memory" in values else ""
        about = f": {values['about']}" if "about" in values else ""
        told_of = f"[bold]layout {label}[/] {escaped(f'{known}{unchecked}{about}')}"
        out.print(told_of, highlight=False, soft_wrap=True)
    if one.released:
        out.print()
        sys.stdout.write(settings_of(one, layout or None) + "\n")


def _check(option: str, value: str | None, known: Sequence[str]) -> None:
    if value not in (None, *known):
        raise SettingsError(f"{option} {value}{nearest(str(value), known)}: choose one of {', '.join(known)}")


def _print_json(found: Sequence[DataSet]) -> None:
    from corpus_platform.catalogue.sft_reference import facts

    sys.stdout.write(b"".join(orjson.dumps(facts(one)) + b"\n" for one in found).decode())


def _print_table(found: Sequence[DataSet]) -> None:
    columns = (whole("set"), "languages", right("count"), "by", "licence", "commercial", whole("read as"), "known by")
    shown = RichTable(*columns, box=None)
    for one in found:
        licence = one.licence_seen or one.licence_claimed or ""
        wrong = f" (not {one.licence_claimed})" if one.licence_is_wrong else ""
        commercial = f"[{_COLOURS[one.commercial]}]{one.commercial}[/]"
        count = f"{one.count:,}" if one.count is not None else ""
        read_as = ", ".join(one.kinds) or "not released"
        row = (one.name, ",".join(one.languages), count, one.construction, f"{licence}{wrong}")
        shown.add_row(*map(escaped, row), commercial, escaped(read_as), one.evidence if one.released else "")
    out.print(shown)

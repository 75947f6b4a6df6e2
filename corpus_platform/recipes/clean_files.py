"""Plain files cleaned by operators: every edit of a recipe by name, with parameters, on JSONL and Parquet, in batches.

An operator is an edit step. It is named as in a recipe, or as FlagData names its own (`EmailPruner`); parameters follow behind a colon:
`remove_tables:min_col=4`, `replace_patterns:pattern="a,b",repl=c`, `chinese_conversion:mode=t2s`, `remove_lines_with:patterns=[one, "two: three"]`.
Promise: rows keep their order and their other fields, whatever the workers; rows in = rows out + dropped + rejects. Output appears when it is whole.

Not here: the operators (steps/), recipes as a whole over files (files.py).
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import polars as pl
import yaml
from pydantic import ValidationError

from corpus_platform.documents import TEXT_BASES
from corpus_platform.engine.protocol import raise_failures
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.recipes.apply import FunnelRow, Run
from corpus_platform.recipes.cleaning_step import CleaningStep
from corpus_platform.recipes.files import DROPPED, added
from corpus_platform.recipes.recipe import Recipe
from corpus_platform.recipes.step import EditStep, parameters, steps
from corpus_platform.signals.registry import signals
from corpus_platform.sources.plain import PlainWriter, read_plain
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.signals.environment import Environment
    from corpus_platform.sources.plain import PlainBatch
    from corpus_platform.sources.records import Reject

SPANS = {
    "id": pl.String,
    "step": pl.String,
    "rule": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "text": pl.String,
}
"""Columns of the file of spans: `start` and `end` in characters of the text as it was before the step."""
_BATCHES_AT_ONCE = 4
"""Batches of some 8 MB for each worker that are in memory together."""
_PARAMETER = re.compile(
    r"""\s*(\w+)\s*=((?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|\[[^\]]*\]|\{[^}]*\}|[^,"'\[{][^,]*|)\s*)(?:,|$)"""
)


@dataclass(frozen=True)
class Operator:
    """An edit step by its name in recipes; `peer` is FlagData's name for it."""

    name: str
    peer: str | None
    about: str
    step: type[EditStep]

    @property
    def takes(self) -> dict[str, Any]:
        """Parameters with descriptions and defaults, as Pydantic has them."""
        return parameters(self.step)


@dataclass
class FileCleaned:
    """What operators made of a file: rows, rejects, and what each step did."""

    documents: int = 0
    changed: int = 0
    dropped: int = 0
    spans: int = 0
    rejects: list[Reject] = field(default_factory=list)
    funnel: list[FunnelRow] = field(default_factory=list)


@dataclass(frozen=True)
class CleanOutputs:
    """Files that are written: the rows, and where asked for the spans and the rows that an operator dropped."""

    rows: Path
    spans: Path | None = None
    dropped: Path | None = None


@dataclass(frozen=True)
class _Batch:
    """What operators made of one batch."""

    rows: list[dict[str, Any]]
    dropped: list[dict[str, Any]]
    spans: list[dict[str, Any]]
    changed: int
    funnel: list[FunnelRow]


def operators() -> dict[str, Operator]:
    """Every operator by name, in alphabetical order."""
    found = {}
    for name, step in sorted(steps().items()):
        if issubclass(step, EditStep):
            about = (step.__doc__ or "").strip().partition("\n")[0]
            found[name] = Operator(name, step.peer if issubclass(step, CleaningStep) else None, about, step)
    return found


def operator_named(asked: str) -> Operator:
    """The operator of a name, ours or FlagData's, whatever parameters follow. Raises SettingsError with the nearest name where there is none."""
    name = asked.partition(":")[0].strip()
    known = operators()
    peers = {operator.peer: one for one, operator in known.items() if operator.peer}
    name = peers.get(name, name)
    if name not in known:
        near = nearest(name, [*known, *peers])
        raise SettingsError(f"there is no operator `{name}`{near}; `corpus clean --list` shows all")
    return known[name]


def operator_of(asked: str) -> EditStep:
    """The step of `NAME[:param=value,...]`. Values are YAML: quote those that hold a comma, a colon or a bracket.

    Raises SettingsError for a name or parameter that there is not, with the nearest one, and for a value that does not fit.
    """
    _, _, given = asked.partition(":")
    operator = operator_named(asked)
    name, step = operator.name, operator.step
    takes = parameters(step)
    values: dict[str, Any] = {}
    for parameter, written in _parameters(asked, given):
        if parameter not in takes:
            told = ", ".join(takes) or "no parameters"
            raise SettingsError(f"{name} has no `{parameter}`{nearest(parameter, takes)}; it takes {told}")
        values[parameter] = _value(takes[parameter].annotation, written)
    try:
        return step.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f" `{part}`:" for part in first["loc"][:1])
        raise SettingsError(f"operator `{name}`:{where} {first['msg'].removeprefix('Value error, ')}") from None


def _parameters(asked: str, given: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(given):
        match = _PARAMETER.match(given, at)
        if match is None:
            raise SettingsError(
                f"`{asked}`: `{given[at:]}` is not of the form param=value,...; quote a value that holds a comma or a bracket"
            )
        yield match[1], match[2].strip()
        at = match.end()


def _value(kind: Any, written: str) -> Any:
    """A value as YAML has it; an unquoted one of a text is the text as it stands, and one text will do for a list."""
    quoted = written[:1] in {'"', "'"}
    kinds = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    if str in kinds and not quoted and not (written[:1] == "[" and len(kinds) > 1):
        return written
    try:
        value = yaml.safe_load(written)
    except yaml.YAMLError as error:
        raise SettingsError(f"`{written}` is no value: {str(error).partition(chr(10))[0]}") from None
    if str not in kinds and any(get_origin(one) is tuple for one in kinds) and not isinstance(value, list):
        return [value if quoted else written]
    return value


def recipe_of(edits: Sequence[EditStep], compat: str = "sane") -> Recipe:
    """A recipe of operators and nothing else; equal names get a number, so that each can be told."""
    names: Counter[str] = Counter()
    labelled = []
    for step in edits:
        names[step.name] += 1
        label = f"{step.name}_{names[step.name]}" if names[step.name] > 1 else step.label
        labelled.append(step.model_copy(update={"label": label}))
    about = "Operators that were asked for by name"
    made = Recipe(name="clean", title="clean", reference="", variant=TEXT_BASES[0], about=about, steps=tuple(labelled))
    return made.model_copy(update={"compat": compat})


def edits_of(recipe: Recipe) -> tuple[EditStep, ...]:
    """The edits of a recipe, in their order."""
    return tuple(step for step in recipe.steps if isinstance(step, EditStep))


def clean_file(
    recipe: Recipe,
    path: Path,
    to: CleanOutputs,
    environment: Environment,
    *,
    text: str = "text",
    engine: Engine | None = None,
) -> FileCleaned:
    """Runs the operators of a recipe (`recipe_of`) over a file.

    Raises SourceError for a file that can't be read at all, SettingsError where a file would be read and written, ModelError where an operator lacks its model,
    CheckFailed where rows are lost.
    """
    asked = [one for one in (to.rows, to.spans, to.dropped) if one is not None]
    if len({one.resolve() for one in (path, *asked)}) <= len(asked):
        raise SettingsError("what is read, the rows, the spans and what is dropped need a file each")
    engine, done = engine or Serial(), FileCleaned()
    work = partial(_clean, recipe=recipe, environment=environment, text=text, trace=to.spans is not None)
    with ExitStack() as stack:
        rows = stack.enter_context(PlainWriter(to.rows))
        spans = stack.enter_context(PlainWriter(to.spans, SPANS)) if to.spans else None
        gone = stack.enter_context(PlainWriter(to.dropped, DROPPED)) if to.dropped else None
        for group in _groups(read_plain(path, text=text), _BATCHES_AT_ONCE * engine.workers):
            for batch, made in zip(group, _mapped(engine, work, group), strict=True):
                if len(made.rows) + len(made.dropped) != len(batch.rows):
                    raise CheckFailed(
                        f"{path}: of {len(batch.rows):,} rows {len(made.rows) + len(made.dropped):,} came out"
                    )
                rows.write(made.rows)
                if spans:
                    spans.write(made.spans)
                if gone:
                    gone.write(made.dropped)
                _count(done, batch, made)
    return done


def _groups(batches: Iterable[PlainBatch], size: int) -> Iterator[list[PlainBatch]]:
    group: list[PlainBatch] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _mapped(engine: Engine, work: Callable[[PlainBatch], _Batch], group: list[PlainBatch]) -> list[_Batch]:
    """What the work makes of each batch, in their order."""
    if engine.workers == 1 or len(group) == 1:
        return [work(batch) for batch in group]
    found: dict[int, _Batch] = {}
    report = engine.map(
        partial(_numbered, work=work),
        list(enumerate(group)),
        label=_label,
        on_result=lambda item, made: found.update({item[0]: made}),
    )
    raise_failures(report)
    return [found[i] for i in range(len(group))]


def _label(item: tuple[int, PlainBatch]) -> str:
    return f"batch {item[0]}"


def _numbered(item: tuple[int, PlainBatch], work: Callable[[PlainBatch], _Batch]) -> _Batch:
    return work(item[1])


def _count(done: FileCleaned, batch: PlainBatch, made: _Batch) -> None:
    done.documents += len(made.rows)
    done.changed += made.changed
    done.dropped += len(made.dropped)
    done.spans += len(made.spans)
    done.rejects += batch.rejects
    done.funnel = added(done.funnel, made.funnel)


def _clean(batch: PlainBatch, *, recipe: Recipe, environment: Environment, text: str, trace: bool) -> _Batch:
    """A batch after all operators. Ids may repeat, so documents are named by their place in it."""
    frame = batch.frame.with_columns(doc_id=pl.int_range(batch.frame.height).cast(pl.String))
    ids = batch.frame["doc_id"].to_list()
    run = Run(recipe, frame, environment)
    spans: list[dict[str, Any]] = []
    for index, step in enumerate(recipe.steps):
        assert isinstance(step, EditStep)
        alive, before = run.alive, run.values.text
        edited = run.edit(index, trace=trace)
        if edited.spans is not None:
            places = edited.spans.select("document", "rule", "start", "end").iter_rows()
            texts = before.gather(alive).to_list()
            owners = alive.tolist()
            spans += [
                {"id": ids[owners[d]], "step": step.name, "rule": rule, "start": a, "end": b, "text": texts[d][a:b]}
                for d, rule, a, b in places
            ]
        run.edited(step, edited)
    applied = run.applied()
    kept = zip(applied.kept["doc_id"], applied.kept["text"], applied.changed.tolist(), strict=True)
    stale = signals().keys() - _STAYS
    rows = [
        _row(batch.rows[int(place)], text, now, stale) if changed else batch.rows[int(place)]
        for place, now, changed in kept
    ]
    dropped = [
        {**dict.fromkeys(DROPPED), "id": ids[int(row.pop("doc_id"))], "url": batch.frame["url"][int(place)], **row}
        for row in applied.decisions.to_dicts()
        for place in (row["doc_id"],)
    ]
    return _Batch(rows, dropped, spans, int(applied.changed.sum()), applied.funnel)


def _row(row: dict[str, Any], text: str, now: str, stale: AbstractSet[str]) -> dict[str, Any]:
    """A row with its text as it is now; signals that were of another text go."""
    return {name: value for name, value in row.items() if name not in stale} | {text: now}


_STAYS = frozenset({"language", "language_score"})

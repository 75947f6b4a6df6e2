"""Jinja templates of strangers, rendered within bounds: no attributes beyond a short list, no macros, bounded loops, sizes and time.

    template = compiled("{{ text }}|||{{ answer_choices[label] }}")
    pieces = template.render({"text": "...", "label": 1}, seed=7)

Jinja's sandbox keeps templates from the interpreter's insides, but not from eating memory or time. Here, besides: every loop counts its steps, every
list, join and concatenation its size; methods, filters and globals are a list of those that templates of data sets use. A missing field is an error.

Sources: jinja2.sandbox; PromptSource's environment (its `choice`, `most_frequent`, `zip`), with chance replaced by the seed.
Not here: where templates are from and what is made of them (template_files.py, templates.py).
"""

from __future__ import annotations

import re
import time
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from corpus_platform.errors import CorpusError
from corpus_platform.sft.construct.way import drawn
from corpus_platform.sft.form import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_SOURCE = 20_000
"""Characters of a template."""
MAX_CHARACTERS = 200_000
"""Characters of a text that a template makes, on the way or in the end."""
MAX_ITEMS = 10_000
"""Items of a list, with those of the lists in it."""
MAX_STEPS = 20_000
"""Steps of all loops of a rendering."""
MAX_SECONDS = 2.0
"""Time of a rendering."""
MAX_RANGE = 1_000
_MAX_NUMBER = 10**15

_FORBIDDEN = (
    nodes.Macro,
    nodes.CallBlock,
    nodes.FilterBlock,
    nodes.AssignBlock,
    nodes.Block,
    nodes.Extends,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
)
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        (
            *(
                "strip",
                "lstrip",
                "rstrip",
                "lower",
                "upper",
                "title",
                "capitalize",
                "split",
                "rsplit",
                "splitlines",
                "join",
            ),
            *("startswith", "endswith", "find", "index", "count", "removeprefix", "removesuffix", "replace", "isdigit"),
        )
    ),
    dict: frozenset(("items", "keys", "values", "get")),
    # Templates put lists together with it. The lists of a row's fields are copies.
    list: frozenset(("index", "count", "append")),
    tuple: frozenset(("index", "count")),
}
_FILTERS = (
    *(
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "int",
        "items",
        "last",
        "length",
        "list",
    ),
    *("lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "sort", "sum"),
    *("title", "trim", "truncate", "unique", "upper", "wordcount"),
)
_OF_JINJA = frozenset(("_loop_vars", "_block_vars"))
"""What Jinja's compiler hands to calls inside loops and blocks."""
_LOOP = frozenset(["index", "index0", "revindex", "revindex0", "first", "last", "length"])


class TemplateRefused(CorpusError):
    """A template is no template, does what it may not, or is beyond a bound."""


class FieldMissing(TemplateRefused):
    """A template asks for a field that the row lacks."""


def sized(value: Any, budget: int = MAX_ITEMS) -> Any:
    """The value, if its items, inner ones counted, and its characters are within bounds. Raises TemplateRefused."""
    items, characters, waiting = 0, 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            characters += len(one)
        elif isinstance(one, dict):
            items += len(one)
            waiting += list(one.values())
        elif isinstance(one, list | tuple | set):
            items += len(one)
            waiting += list(one)
        elif isinstance(one, int) and abs(one) > _MAX_NUMBER:
            raise TemplateRefused("a template makes a number beyond all use")
        if items > budget or characters > MAX_CHARACTERS or len(waiting) > budget:
            raise TemplateRefused(f"a template makes more than {budget} items or {MAX_CHARACTERS} characters")
    return value


def _replace(text: Any, old: str, new: str, count: int = -1) -> str:
    text = str(sized(text))
    times = text.count(old) if count < 0 else min(count, text.count(old))
    if len(text) + times * len(new) > MAX_CHARACTERS:
        raise TemplateRefused(f"a template makes more than {MAX_CHARACTERS} characters")
    return text.replace(old, new, count)


def _join(values: Iterable[Any], between: str = "") -> str:
    words = [_text(value) for value in _at_most(values)]
    if sum(map(len, words)) + len(between) * len(words) > MAX_CHARACTERS:
        raise TemplateRefused(f"a template makes more than {MAX_CHARACTERS} characters")
    return str(between).join(words)


def _join_by(between: str, values: Iterable[Any]) -> str:
    return _join(values, between)


def _join_filter(values: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    if attribute is not None:
        values = [value[attribute] for value in _at_most(values)]
    return _join(values, d)


def _text(value: Any) -> str:
    if isinstance(value, StrictUndefined):
        return str(value)
    if not (value is None or isinstance(value, str | int | float | list | tuple | dict)):
        raise TemplateRefused(f"a template writes a {_kind(value)} where a value should stand")
    return str(sized(value))


def _at_most(values: Iterable[Any]) -> list[Any]:
    found = []
    for value in values:
        found.append(value)
        if len(found) > MAX_ITEMS:
            raise TemplateRefused(f"a template makes a list of more than {MAX_ITEMS}")
    return found


def _range(*given: int) -> range:
    found = range(*given)
    if len(found) > MAX_RANGE:
        raise TemplateRefused(f"a template counts further than {MAX_RANGE}")
    return found


def _most_frequent(values: Sequence[Any]) -> list[Any]:
    """The values that occur most often (PromptSource's filter)."""
    counts = Counter(_at_most(values)).most_common()
    return [value for value, count in counts if count == counts[0][1]] if counts else []


def _named(value: Any, choices: Any = ()) -> str:
    """The word of a label: a number (from 0, also as text) is the place of its word; below 0 nobody has labelled, and there is none; a word stays.

    Our own addition to what PromptSource's templates have.
    """
    number = int(value) if isinstance(value, str) and re.fullmatch(r"-?\d{1,6}", value.strip()) else value
    if isinstance(number, bool) or not isinstance(number, int):
        return _text(value)
    return _text(choices[number]) if number >= 0 else ""


class _Guard:
    """What one rendering has used of its steps and time; its chance."""

    def __init__(self, seed: int) -> None:
        self.steps, self.characters, self.drawn = 0, 0, 0
        self.seed, self.end = seed, time.monotonic() + MAX_SECONDS

    def counted(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self.step()
            yield value

    def step(self, characters: int = 0) -> None:
        self.steps += 1
        self.characters += characters
        if self.characters > MAX_CHARACTERS:
            raise TemplateRefused(f"a template makes more than {MAX_CHARACTERS} characters")
        if self.steps > MAX_STEPS or time.monotonic() > self.end:
            raise TemplateRefused(f"a template takes more than {MAX_STEPS} steps or {MAX_SECONDS:g} seconds")

    def choice(self, values: Sequence[Any]) -> Any:
        found = _at_most(values)
        self.drawn += 1
        return found[drawn(self.seed, self.drawn) % len(found)]


class _Bounded(NodeTransformer):
    """Puts a count into every loop and a measure around everything that grows."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        if node.recursive:
            raise TemplateRefused("a template has a loop that calls itself")
        self.generic_visit(node)
        node.iter = nodes.Call(nodes.Name("_counted", "load"), [node.iter], [], None, None)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return nodes.Filter(nodes.List(node.nodes), "join", [], [], None, None)

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        return self._measured(node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        return self._measured(node) if node.ctx == "load" else node

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        return self._measured(node)

    def _measured(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        return nodes.Filter(node, "_sized", [], [], None, None)


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def wrap_str_format(self, value: Any) -> None:
        """No `format` of texts: it can be told any width."""
        del value

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        del value
        if type(obj).__name__ == "LoopContext":
            return attr in _LOOP
        return attr in _METHODS.get(type(obj), frozenset())

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063  (as in jinja2)
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        if isinstance(owner, str) and name in {"replace", "join"}:
            own = {name: value for name, value in kwargs.items() if name not in _OF_JINJA}
            return (_replace if name == "replace" else _join_by)(owner, *args, **own)
        found = super().call(__context, __obj, *args, **kwargs)
        if isinstance(owner, list):
            sized(owner)
        return sized(found) if isinstance(found, str | list | dict | tuple) else found

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or not (numbers or (operator == "+" and type(left) is type(right))):
            raise TemplateRefused(f"a template may not put `{operator}` between {_kind(left)} and {_kind(right)}")
        return sized(super().call_binop(context, operator, left, right))


def _kind(value: Any) -> str:
    return type(value).__name__


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    environment = _Environment(undefined=StrictUndefined, autoescape=False, finalize=_text, keep_trailing_newline=True)
    own = {
        "join": _join_filter,
        "replace": _replace,
        "string": _text,
        "most_frequent": _most_frequent,
        "named": _named,
        "tojson": lambda value: dumps(sized(value)),
        "_sized": sized,
    }
    environment.filters = {name: environment.filters[name] for name in _FILTERS} | own
    environment.globals = {"range": _range, "zip": lambda *lists: list(zip(*map(_at_most, lists), strict=False))}
    # The names of what is set for each rendering: the compiler asks whether a filter exists.
    environment.filters |= {"choice": _unseeded, "random": _unseeded}
    return environment


def _unseeded(values: Any) -> Any:
    raise TemplateRefused(f"a choice of {_kind(values)} was asked for outside a rendering")


class _Chosen(NodeTransformer):
    """Turns the filters `choice` and `random` into calls of what the rendering gives them."""

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.name in {"choice", "random"} and node.node is not None:
            return nodes.Call(nodes.Name("_choice", "load"), [node.node], [], None, None)
        return node


class Bounded:
    """A template, ready to be rendered as often as one likes."""

    def __init__(self, source: str) -> None:
        if len(source) > MAX_SOURCE:
            raise TemplateRefused(f"a template has {len(source)} characters; {MAX_SOURCE} are allowed")
        environment = _environment()
        try:
            tree = environment.parse(source)
            bad = next(tree.find_all(_FORBIDDEN), None)
            if bad is not None:
                raise TemplateRefused(f"line {bad.lineno}: a template may not use {type(bad).__name__.lower()}")
            self.fields = frozenset(n.name for n in tree.find_all(nodes.Name) if n.ctx == "load")
            tree = _Chosen().visit(_Bounded().visit(tree))
            tree.set_environment(environment)
            code = environment.compile(tree)
            self._template = environment.template_class.from_code(environment, code, dict(environment.globals))  # type: ignore[arg-type]
        except (TemplateError, RecursionError) as error:
            raise TemplateRefused(f"not a template: {error}") from None

    def render(self, fields: Mapping[str, Any], *, seed: int = 0) -> str:
        """The text for some fields. Raises FieldMissing, TemplateRefused."""
        guard = _Guard(seed)
        given = {**fields, "_counted": guard.counted, "_choice": guard.choice}
        pieces: list[str] = []
        try:
            for piece in self._template.generate(given):
                guard.step(len(piece))
                pieces.append(piece)
        except TemplateRefused:
            raise
        except TemplateError as error:
            kind = FieldMissing if type(error).__name__ == "UndefinedError" else TemplateRefused
            raise kind(str(error)) from None
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise TemplateRefused(f"{type(error).__name__}: {error}") from None
        return "".join(pieces)


@lru_cache(maxsize=4096)
def compiled(source: str) -> Bounded:
    """The template of a source. Raises TemplateRefused."""
    return Bounded(source)

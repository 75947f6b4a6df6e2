"""Message trees: every message may have several replies, and a path from the root down is a dialogue (OASST).

Two forms. Nested: a record is a tree, each message with its `replies` (shape row). Flat: a record is a file of messages with `parent_id`, the
messages of a tree anywhere in it (shape file); they are put together by flat_trees.py.

Replies go by rank (0 is best), then by the label `quality`, then as they come. Paths are the best one of each tree, or all; `top_k` keeps the best
replies of each message. Paths of one tree share their beginnings: what an earlier path has said is not trained again (`trained` is false), unless `repeat`.
A message that was deleted or refused goes with all below it, and is a problem `deleted`; what a user says last, without reply, is left out.

Labels of a path: of `quality`, `helpfulness`, `creativity`, `humor` the least of its answers; of the others (`toxicity`, `spam` ...) the most of all
its messages; `rank` of its last answer.

Source: OpenAssistant, OASST1's export and its rows on the hub.
Not here: pairs of replies as preferences.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Message, Outcome, Problem
from corpus_platform.sft.kinds.about import COMMON, about, truth, words
from corpus_platform.sft.kinds.flat_trees import Keys, Orphan, trees_of
from corpus_platform.sft.kinds.kind import Column, Kind, Record, at, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Shape

_ROLES = {"prompter": "user", "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "bot": "assistant"}  # fmt: skip
_GOOD = frozenset({"quality", "helpfulness", "creativity", "humor"})


@dataclass
class _Node:
    """A message that is used, with its replies in order."""

    value: Mapping[str, Any]
    role: str
    text: str
    above: _Node | None = None
    replies: list[_Node] = field(default_factory=list)
    answered: bool = False
    """Whether an assistant speaks below it."""
    told: bool = False
    """Whether a path has it already."""

    def path(self) -> list[_Node]:
        """The messages from the root to it."""
        found: list[_Node] = []
        node: _Node | None = self
        while node is not None:
            found.append(node)
            node = node.above
        return found[::-1]


@register_kind
class Tree(Kind):
    """OASST trees, nested or flat."""

    name: ClassVar[str] = "tree"
    about: ClassVar[str] = "A tree of messages: nested `replies`, or a file of messages that name their parent"
    shapes: ClassVar[tuple[Shape, ...]] = ("row", "file")
    gathers: ClassVar[bool] = True
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "root": Column("The root message of a nested tree; the record itself by default", ("prompt",)),
        "text": Column("Text of a message", ("text", "content"), required=True),
        "role": Column("Who says it: prompter or assistant", ("role",), required=True),
        "replies": Column("Messages that answer it", ("replies",)),
        "id": Column("Name of a message", ("message_id", "id")),
        "parent": Column("Name of the message that it answers", ("parent_id", "parent")),
        "tree": Column("Name of the tree", ("message_tree_id", "tree_id")),
        "rank": Column("Place among its siblings, 0 the best", ("rank",)),
        "deleted": Column("Whether it was deleted", ("deleted",)),
        "reviewed": Column("Whether it passed its review", ("review_result",)),
        "lang": Column("Language of a message", ("lang", "language")),
        "votes": Column("Labels with values: an object, or lists `name` and `value`", ("labels",)),
        "detoxify": Column("Scores of a model for toxicity, an object", ("detoxify",)),
        "synthetic": Column("Whether a model wrote it", ("synthetic",)),
        "model": Column("Model that wrote it", ("model_name",)),
    }
    reasons: ClassVar[Mapping[str, str]] = {"no_parent": "The message that it answers is not in the file"}

    paths: Literal["best", "all"] = Field(default="best", description="The best path of each tree, or every one")
    top_k: int | None = Field(
        default=None, ge=1, description="Best replies of a message that are followed; all by default"
    )
    order: Literal["rank", "quality", "source"] = Field(default="rank", description="What says which reply is better")
    repeat: bool = Field(default=False, description="Whether what an earlier path says is trained again")
    refused: bool = Field(default=False, description="Whether messages that failed their review are used")

    def read(self, record: Record) -> Iterator[Outcome]:
        """The dialogues of a tree, or of the trees of a file; a problem for each message that is left out with what is below it."""
        value = record.value
        if isinstance(value, dict) and _is_of_flat_file(value, record):
            yield Problem("wrong_shape", "a message that names its parent: a file of such is read with `shape: file`")
            return
        if isinstance(value, dict) and not _flat(value, record):
            yield from self._tree(at(value, _column(record, "root")) or value, record)
            return
        rows = value.get("rows", value.get("data", ())) if isinstance(value, dict) else value
        if isinstance(rows, str) or not isinstance(rows, Iterable):
            yield Problem("wrong_shape", f"a tree is {type(rows).__name__}, neither an object nor rows of messages")
            return
        yield from self._rows(rows, record)

    def _rows(self, rows: Iterable[Any], record: Record) -> Iterator[Outcome]:
        keys = Keys(*(_column(record, name) for name in ("id", "parent", "tree", "replies")))
        tree = None
        for tree in trees_of(rows, keys):
            if isinstance(tree, Orphan):
                yield Problem("no_parent", f"message {tree.name}")
            else:
                yield from self._tree(tree, Record(tree, record.map, record.file))
        if tree is None:
            yield Problem("no_turns", "the file has no messages")

    def _tree(self, root: Any, record: Record) -> Iterator[Outcome]:
        problems: list[Problem] = []
        top = self._nodes(root, record, problems)
        yield from problems
        ends = list(_ends(top, self.top_k)) if top else []
        if top and not ends:
            yield Problem("no_answer", words(_of(root, "id", record)))
        for end in ends[:1] if self.paths == "best" else ends:
            yield self._dialogue(end.path(), record)
        if not top and not problems:
            yield Problem("wrong_shape", "the root is no message")

    def _nodes(self, root: Any, record: Record, problems: list[Problem]) -> _Node | None:
        """The tree without what is deleted or has no text, replies in order. A loop, for trees may be deep."""
        top: _Node | None = None
        waiting: list[tuple[Any, _Node | None]] = [(root, None)]
        while waiting:
            value, above = waiting.pop()
            node = self._node(value, record)
            if isinstance(node, Problem):
                problems.append(node)
                continue
            node.above = above
            if above is None:
                top = node
            else:
                above.replies.append(node)
            replies = _of(value, "replies", record)
            waiting += [(reply, node) for reply in reversed(replies if isinstance(replies, list) else ())]
        _settle(top, lambda node: self._place(node, record))
        return top

    def _node(self, value: Any, record: Record) -> _Node | Problem:
        if not isinstance(value, dict):
            return Problem("wrong_shape", f"a message is {type(value).__name__}, not an object")
        name = words(_of(value, "id", record))
        if truth(_of(value, "deleted", record)):
            return Problem("deleted", f"message {name} was deleted", broken=False)
        if not self.refused and truth(_of(value, "reviewed", record)) is False:
            return Problem("deleted", f"message {name} failed its review", broken=False)
        role = _ROLES.get(words(_of(value, "role", record)).lower())
        if role is None:
            return Problem("unknown_role", f"{_of(value, 'role', record)!r:.60}")
        text = words(_of(value, "text", record))
        return _Node(value, role, text) if text else Problem("empty_message", f"message {name}")

    def _place(self, node: _Node, record: Record) -> tuple[float, float]:
        """What replies are sorted by, the best first."""
        rank = _of(node.value, "rank", record)
        quality = _labels(node.value, record).get("quality")
        by_rank = float(rank) if isinstance(rank, int | float) else float("inf")
        by_quality = -quality if quality is not None else float("inf")
        return {"rank": (by_rank, by_quality), "quality": (by_quality, by_rank), "source": (0.0, 0.0)}[self.order]

    def _dialogue(self, path: list[_Node], record: Record) -> Outcome:
        trained = [self.repeat or not node.told for node in path]
        messages = [
            Message(node.role, node.text, trained=None if new else False)  # type: ignore[arg-type]
            for node, new in zip(path, trained, strict=True)
        ]
        for node in path:
            node.told = True
        answers = [node for node in path if node.role == "assistant"]
        machines = {truth(_of(node.value, "synthetic", record)) for node in answers}
        origin = "mixed" if len(machines) > 1 else {True: "model", False: "human", None: None}[machines.pop()]
        names = [words(_of(node.value, "id", record)) for node in path]
        return about(
            record,
            messages,
            language=words(_of(path[0].value, "lang", record)) or None,
            origin=origin,
            origin_model=next((m for node in answers if (m := words(_of(node.value, "model", record)))), None),
            labels=_worst(path, record),
            meta={"message_ids": names} if any(names) else {},
        )


def _flat(value: Mapping[str, Any], record: Record) -> bool:
    """Whether an object is not a tree but has the rows of one or more."""
    return _of(value, "text", record) is None and any(isinstance(value.get(name), list) for name in ("rows", "data"))


def _is_of_flat_file(value: Mapping[str, Any], record: Record) -> bool:
    """Whether an object is one message of a flat file, and no tree."""
    return _column(record, "parent") in value and _column(record, "replies") not in value


def _column(record: Record, name: str) -> str:
    """Key of a field in messages: the map's, else the field's usual one. The map may name it by its path in the root."""
    given, root = record.map.columns.get(name), record.map.columns.get("root")
    if not isinstance(given, str):
        return Tree.fields[name].aliases[0]
    return given.removeprefix(f"{root}.") if name != "root" and isinstance(root, str) else given


def _of(value: Any, name: str, record: Record) -> Any:
    """A field of a message. Names that the map does not give are the usual ones."""
    if name in record.map.columns:
        return at(value, _column(record, name))
    if not isinstance(value, dict):
        return None
    return next((value[alias] for alias in Tree.fields[name].aliases if value.get(alias) is not None), None)


def _settle(top: _Node | None, place: Any) -> None:
    """Puts replies in order, and notes below which messages an assistant speaks."""
    nodes = [top] if top else []
    for node in nodes:
        node.replies.sort(key=place)
        nodes += node.replies
    for node in reversed(nodes):
        if node.above and (node.answered or node.role == "assistant"):
            node.above.answered = True


def _ends(top: _Node, top_k: int | None) -> Iterator[_Node]:
    """The last answers of the paths, the best path first."""
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if node.role == "assistant" and not node.answered:
            yield node
        elif node.answered:
            ways = [reply for reply in node.replies if reply.answered or reply.role == "assistant"]
            waiting += reversed(ways[:top_k])


def _labels(value: Any, record: Record) -> dict[str, float]:
    """Labels of a message: {name: {value}}, {name: value}, or lists `name` and `value` side by side; scores of Detoxify with its name before theirs."""
    found: dict[str, float] = {}
    given = _of(value, "votes", record)
    if isinstance(given, dict):
        if isinstance(given.get("name"), list):
            given = dict(zip(given["name"], given.get("value") or (), strict=False))
        for name, one in given.items():
            number = one.get("value") if isinstance(one, dict) else one
            if isinstance(number, int | float):
                found[name] = float(number)
    scores = _of(value, "detoxify", record)
    for name, number in scores.items() if isinstance(scores, dict) else ():
        if isinstance(number, int | float):
            found[f"detoxify_{name}"] = float(number)
    return found


def _worst(path: list[_Node], record: Record) -> dict[str, float]:
    worst: dict[str, float] = {}
    for node in path:
        for name, number in _labels(node.value, record).items():
            if name not in _GOOD:
                worst[name] = max(number, worst.get(name, number))
            elif node.role == "assistant":
                worst[name] = min(number, worst.get(name, number))
    rank = _of(path[-1].value, "rank", record)
    return {**worst, "rank": rank} if isinstance(rank, int | float) else worst

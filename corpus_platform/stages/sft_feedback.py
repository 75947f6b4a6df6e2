"""Votes of users, and the requests that fail: a row for each answer that a user had, then clusters of those that failed.

A request fails where its answer was voted down, generated again, edited, or refuses (`sft_refusal_short_phrase`). One partition is one data set of chats.

Not here: which votes there are (sft/collected/users.py), how requests are compared (sft/collected/failing.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import orjson
import polars as pl
from pydantic import Field

from corpus_platform.documents import DIALOGUES
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.sft.collected.failing import clusters
from corpus_platform.sft.form import user
from corpus_platform.sft.kinds.about import chinese
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import families
from corpus_platform.stages.read import batches, digests
from corpus_platform.stages.sft_collected import CHATS
from corpus_platform.stages.sft_signals import dialogue_batches
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.lake import Lake
    from corpus_platform.stages.stage import Output, Partition

FEEDBACK, FAILING = f"{DIALOGUES}.feedback", f"{DIALOGUES}.failing"
_FAILS = frozenset({"down", "regenerate", "edit"})
_REFUSES = "sft_refusal_short_phrase"
_LONGEST = 4_000
"""Characters of a request that are kept: what is behind them is a text that it is about."""


@dataclass(frozen=True)
class SftFeedback(Stage):
    """The answers of a file of chats, with their votes."""

    name: ClassVar[str] = FEEDBACK
    version: ClassVar[str] = "1"
    signals: SignalsSettings = field(default_factory=SignalsSettings, kw_only=True)
    """How refusals are told."""

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The chats."""
        return ((CHATS, variant),)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of chats."""
        files = lake.files(CHATS, partition)
        return [Shard(file.shard, (*digests([file]), _refusals()), file, file.bytes) for file in files]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the chats."""
        del partition
        schema = polars_schema(table(self.name))
        for frame in dialogue_batches(lake, shard.work, CHATS):
            output.count("records", frame.height)
            rows = [row for chat in frame.iter_rows(named=True) for row in _answers(chat)]
            refused = _refusing(rows, frame, Environment(self.signals))
            for row, refuses in zip(rows, refused, strict=True):
                row["refused"] = refuses
                row["failed"] = refuses or bool(_FAILS & set(row["votes"]))
            output.count("kept", len(rows))
            output.count("failed", sum(row["failed"] for row in rows))
            output.write(pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the chats."""
        state = lake.state(CHATS, partition)
        return {CHATS: state.version} if state else {}


class FailingSettings(Settings):
    """How requests are put together."""

    alike: float = Field(
        default=0.35, gt=0, le=1, description="Least cosine of a request to the one that leads its cluster"
    )


@dataclass(frozen=True)
class SftFailing(Stage):
    """The clusters of failing requests of a data set of chats."""

    name: ClassVar[str] = FAILING
    version: ClassVar[str] = "1"
    settings: FailingSettings = FailingSettings()

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """The answers with their votes."""
        return ((FEEDBACK, variant),)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard of all of them."""
        files = lake.files(FEEDBACK, partition)
        return [Shard(0, digests(files), tuple(files), sum(file.bytes for file in files))] if files else []

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Reads requests and votes, and puts them together."""
        del partition
        wanted = ["doc_id", "turn", "request", "votes", "refused", "failed", "origin_model", "language"]
        frames = [frame for file in shard.work for frame in batches(lake, file, columns=wanted)]
        schema = polars_schema(table(self.name))
        rows = failing_rows(pl.concat(frames), self.settings.alike) if frames else []
        output.count("records", sum(frame.height for frame in frames))
        output.count("kept", len(rows))
        output.write(pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema))

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the answers."""
        state = lake.state(FEEDBACK, partition)
        return {FEEDBACK: state.version} if state else {}


def failing_rows(feedback: pl.DataFrame, alike: float) -> list[dict[str, Any]]:
    """Rows of `sft.failing`, without the partition, of rows of `sft.feedback`: those with most failing requests first, then in the order of their leaders."""
    failed = feedback["failed"].to_numpy()
    found = clusters(feedback["request"].to_list(), failed, alike=alike)
    own = feedback.with_columns(pl.Series("cluster", found.member_of)).filter(pl.col("cluster") >= 0)
    made = []
    for (number,), members in own.group_by("cluster", maintain_order=True):
        leader = feedback.row(int(found.leader[int(number)]), named=True)  # type: ignore[arg-type]
        bad = members.filter("failed")
        languages = Counter(bad["language"].drop_nulls().to_list())
        votes = Counter(bad["votes"].explode().drop_nulls().to_list())
        made.append(
            {
                "doc_id": leader["doc_id"],
                "turn": leader["turn"],
                "example": leader["request"],
                "requests": members.height,
                "failures": bad.height,
                "share": bad.height / members.height,
                "down": votes["down"],
                "regenerated": votes["regenerate"],
                "edited": votes["edit"],
                "refusals": int(bad["refused"].sum()),
                "language": languages.most_common(1)[0][0] if languages else None,
                "languages": sorted(languages),
                "models": sorted(set(bad["origin_model"].drop_nulls())),
                "_leader": int(found.leader[int(number)]),  # type: ignore[arg-type]
            }
        )
    made.sort(key=lambda row: (-row["failures"], row["_leader"]))
    return [{"rank": rank, **row} for rank, row in enumerate(made)]


def _answers(chat: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each answer of a chat that a user asked for."""
    meta = orjson.loads(chat["meta"]) if chat["meta"] else {}
    asked = ""
    for turn, message in enumerate(chat["messages"]):
        if message["role"] == "user":
            asked = message["content"]
        if message["role"] != "assistant" or not asked:
            continue
        own = [vote for vote in meta.get("votes", ()) if vote["turn"] == turn]
        yield {
            **{name: chat[name] for name in ("doc_id", "file_index", "position", "ordinal", "origin_model")},
            "turn": turn,
            "request": asked[:_LONGEST],
            "votes": [vote["vote"] for vote in own],
            "reason": "\n".join(vote["reason"] for vote in own if "reason" in vote) or None,
            "edit": "\n".join(vote["edit"] for vote in own if "edit" in vote) or None,
            "author": meta.get("author"),
            "time": meta.get("time"),
            "language": chat["language"] or ("zh" if chinese(asked) else None),
            "_answer": message,
            "_tools": chat["tools"],
            "_task_type": chat["task_type"],
        }


def _refusing(rows: list[dict[str, Any]], chats: pl.DataFrame, environment: Environment) -> list[bool]:
    """Whether each answer refuses: bool[n]."""
    if not rows:
        return []
    exchanges = [[user(row["request"]).row(), row["_answer"]] for row in rows]
    frame = pl.DataFrame(
        {
            "text": [row["request"] for row in rows],
            "messages": pl.Series(exchanges, dtype=chats.schema["messages"]),
            "system": pl.Series([None] * len(rows), dtype=pl.String),
            "tools": pl.Series([row["_tools"] for row in rows], dtype=pl.String),
            "task_type": pl.Series([row["_task_type"] for row in rows], dtype=pl.String),
        }
    )
    found = annotate(frame, [_REFUSES], environment)[_REFUSES]
    return np.asarray(found.is_not_null()).tolist()


def _refusals() -> str:
    """The definition of refusals, as part of what a shard reads."""
    family = next(one for one in families() if any(signal.name == _REFUSES for signal in one.signals))
    return f"refusals:{digest_of([family.name, family.version])}"

"""Made rows that mixes draw from, and a lake whose data sets are filtered already."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from corpus_platform.engine.serial import Serial
from corpus_platform.lake import Lake, table
from corpus_platform.mixes.sft.mix import Mix
from corpus_platform.sft.form import Dialogue, Message, SetFacts, assistant, row_of, user
from corpus_platform.stages.run import run_stage
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_mix import SFT_MIXES, SftMixes
from corpus_platform.stages.sft_sets import SftSettings
from corpus_platform.stages.sft_signals import SFT_SIGNALS

TYPES = {
    "part": pl.String,
    "set": pl.String,
    "doc_id": pl.String,
    "content_id": pl.String,
    "trained": pl.Int64,
    "language": pl.String,
    "construction": pl.String,
    "origin": pl.String,
    "task_type": pl.String,
    "licence": pl.String,
    "label": pl.String,
}


def mix(**values):
    """A mix with the values that a test is about."""
    return Mix.model_validate({"name": "small", "title": "A mix", "about": "For a test.", **values})


def candidates(n, **columns):
    """Rows of one token of one set; a column is a list, a value, or a function of the row's number."""
    usual = {"part": "a", "set": "s", "trained": 1, "language": "en", "construction": "human", "origin": "human"}
    usual |= {"task_type": "chat", "licence": "MIT", "label": None}
    made = {"doc_id": [f"d{i:06}" for i in range(n)], "content_id": [f"c{i:06}" for i in range(n)]}
    for name, value in {**usual, **columns}.items():
        made[name] = (
            [value(i) for i in range(n)] if callable(value) else value if isinstance(value, list) else [value] * n
        )
    return pl.DataFrame(made, schema=TYPES)


@dataclass
class House:
    """A lake with filtered data sets, and the stage of mixes over them."""

    lake: Lake
    sets: dict = field(default_factory=dict)
    mixes: dict = field(default_factory=dict)

    def put(self, name, dialogues, **settings):
        """Commits dialogues as the filtered rows of a data set, in two files."""
        self.sets[name] = {
            "location": "nowhere",
            "kind": "instruct",
            "map": {"columns": {"prompt": "q", "answer": "a"}},
            **settings,
        }
        facts = SftSettings.model_validate({"sets": self.sets}).sets[name].facts(name)
        assert isinstance(facts, SetFacts)
        partition = {"set": name}
        fence, files = self.lake.fence(FILTERED, partition), []
        for shard in range(min(2, len(dialogues))):
            rows = [
                {
                    **row_of(one, facts, file="f", position=i, ordinal=0),
                    "shard": shard,
                    "file_index": shard,
                    "edited": False,
                    "recipe": "sft",
                }
                for i, one in enumerate(dialogues)
                if i % 2 == shard
            ]
            with self.lake.writer(FILTERED, partition, shard, "0123456789") as writer:
                writer.write(_typed(rows))
                files += writer.close()[FILTERED]
        counters = {"records": len(dialogues) + 1, "kept": len(dialogues), "dropped:refusals:refusal": 1}
        metadata = {"fingerprint": name, "counters": counters}
        self.lake.commit(FILTERED, partition, files, fence, run="0123456789", metadata=metadata)

    def measure(self, name, frame):
        """Commits signals of a data set."""
        partition = {"set": name}
        rows = self.lake.scan(FILTERED, set=name).select("doc_id", "file_index", "position", "ordinal").collect()
        schema = table(SFT_SIGNALS).schema.names
        frame = rows.join(frame, on="doc_id").select(c for c in schema if c in {*rows.columns, *frame.columns})
        fence = self.lake.fence(SFT_SIGNALS, partition)
        with self.lake.writer(SFT_SIGNALS, partition, 0, "0123456789") as writer:
            writer.write(frame)
            files = writer.close()[SFT_SIGNALS]
        self.lake.commit(SFT_SIGNALS, partition, files, fence, run="0123456789", metadata={"fingerprint": name})

    def mix(self, **values):
        """Makes a mix known."""
        made = mix(**values)
        self.mixes[made.name] = made
        return made

    @property
    def stage(self):
        """The stage of mixes."""
        return SftMixes(sft=SftSettings.model_validate({"sets": self.sets}), mixes=self.mixes)

    def make(self, name="small"):
        """Makes a mix; what it drew."""
        self.report = run_stage(self.stage, self.lake, Serial(), {"mix": name})
        return self.lake.scan(SFT_MIXES, mix=name).collect()


def _typed(rows):
    import pyarrow as pa  # noqa: PLC0415

    schema = pa.schema([f for f in table(FILTERED).schema if f.name != "set"])
    frame = pl.from_arrow(
        pa.Table.from_pylist([{f.name: row.get(f.name) for f in schema} for row in rows], schema=schema)
    )
    return frame.select(
        name for name in schema.names if not frame[name].is_null().all() or not schema.field(name).nullable
    )


def said(number, *, words=5, language="en", **more):
    """A dialogue of one question, other for each number."""
    answer = " ".join(["word"] * words) if language == "en" else "词" * words
    asked = f"Question {number}?" if language == "en" else f"问题{number}？"
    return Dialogue((user(asked), assistant(f"{answer} {number}")), language=language, **more)


def with_tools(number):
    """A dialogue with a call of a tool, its answer, a thought and a system prompt."""
    calls = ({"name": "weather", "arguments": {"city": f"Oslo {number}"}},)
    messages = (
        user(f"Weather in Oslo {number}?"),
        Message("assistant", "", reasoning="I need the tool.", calls=calls),
        Message("tool", "12 degrees", name="weather"),
        assistant("It is 12 degrees.", reasoning="The tool says so."),
    )
    tools = ({"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}},)
    return Dialogue(messages, system="Be short.", tools=tools, language="en", task_type="tool_use")


@pytest.fixture
def house(tmp_path: Path):
    """A lake without data sets."""
    return House(Lake(tmp_path / "lake"))

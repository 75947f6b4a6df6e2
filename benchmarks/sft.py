"""Dialogues from files to a mix: rows a second and peak memory of every stage, beside Data-Juicer's on the same filters.

    python benchmarks/sft.py [--rows 1000000] [--files 8] [--workers 2] [--peer-python PYTHON] [--peer-rows 100000] [--json] [--scratch FOLDER]

Rows are requests and answers recombined of sentences of the samples that CORPUS_SAMPLES names (`sft/alpaca`, `alpaca-chinese`, `belle`, `gsm8k` ...), or of
made words where there are none: 80 % of their own, 10 % exact copies, 10 % with a word changed; half English, half Chinese. Filters are those of the
recipe `data_juicer_alpaca_cot_zh`, which Data-Juicer runs beside it (its own code, one process): filters, then its MinHash. Our stages do more than that:
they read, measure all default signals, match keys over data sets and write tables; the filters alone are told apart (`filters`).
Peaks are anonymous and resident memory of this process and all workers. Exit code 1 when the mix did not meet its budget or rows are unaccounted for.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import yaml
from measuring import Clock, Watch

from corpus_platform.analytics.sft_release import Export, export
from corpus_platform.home import Home
from corpus_platform.lists.lists import Lists
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.recipe import dialogue_recipe
from corpus_platform.recipes.step import DedupStep
from corpus_platform.signals.environment import Environment, SignalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

RECIPE = "data_juicer_alpaca_cot_zh"
PEER = Path(__file__).parent / "peers" / "data_juicer_filters.py"
SET, MIX = "made", "measured"
STAGES = ("sft.raw", "sft.messages", "sft.signals", "sft.dedup_index", "sft.duplicates", "sft.filtered")
FOLDERS = ("alpaca", "alpaca-chinese", "alpaca-gpt4-zh", "belle", "code-alpaca", "gsm8k", "firefly", "magpie")
_SENTENCE = re.compile(r"""[^.!?。！？\n"{}\\]{8,200}[.!?。！？]""")
_HAN = re.compile("[\u4e00-\u9fff]")
_TASKS = ("qa", "maths", "code", "writing", "chat")


def sentences(folder: Path | None) -> dict[str, list[str]]:
    """Sentences by language: of the samples, or of made words."""
    found: dict[str, list[str]] = {"en": [], "zh": []}
    for name in FOLDERS if folder else ():
        assert folder is not None
        for path in sorted((folder / "sft" / name).glob("*.json*")):
            for one in _SENTENCE.findall(path.read_text(encoding="utf-8", errors="replace")[:2_000_000]):
                clean = one.strip()
                found["zh" if _HAN.search(clean) else "en"].append(clean)
    chance = random.Random(1)
    made_en = lambda: "".join(chance.choices("etaoinshrdlucm", k=chance.randint(2, 9)))  # noqa: E731
    made_zh = lambda: "".join(chr(chance.randint(0x4E00, 0x5FFF)) for _ in range(2))  # noqa: E731
    while len(found["en"]) < 5_000:
        found["en"].append(" ".join(made_en() for _ in range(12)).capitalize() + ".")
    while len(found["zh"]) < 5_000:
        found["zh"].append("".join(made_zh() for _ in range(10)) + "。")
    return found


def records(n: int, known: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    """Alpaca's records; every tenth a copy of an earlier one, every tenth one with a word changed."""
    chance, kept = random.Random(0), list[dict[str, str]]()
    for i in range(n):
        kind = i % 10
        if kind == 8 and kept:
            yield chance.choice(kept)
            continue
        if kind == 9 and kept:
            one = chance.choice(kept)
            words = one["output"].split(" ")
            words[chance.randrange(len(words))] += f" {i}"
            yield {**one, "output": " ".join(words)}
            continue
        language = "en" if i % 2 else "zh"
        mark = " " if language == "en" else ""
        pick = known[language]
        one = {
            "instruction": mark.join(chance.choices(pick, k=chance.randint(1, 2))),
            "input": "" if i % 3 else chance.choice(pick),
            "output": mark.join(chance.choices(pick, k=chance.randint(1, 10))) + f" {i}",
            "language": language,
            "task": _TASKS[i % 5],
        }
        if len(kept) < 50_000:
            kept.append(one)
        yield one


def write_records(folder: Path, n: int, files: int) -> int:
    """Writes the records as files of lines; their bytes."""
    samples = os.environ.get("CORPUS_SAMPLES")
    folder.mkdir(parents=True)
    streams = [(folder / f"part-{k:03}.jsonl").open("wb") for k in range(files)]
    for i, record in enumerate(records(n, sentences(Path(samples) if samples else None))):
        streams[i * files // n].write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    for stream in streams:
        stream.close()
    return sum(path.stat().st_size for path in folder.iterdir())


def make_home(folder: Path, workers: int, budget: int) -> Home:
    """A home with the one data set and a mix with shares of three kinds."""
    columns = {
        "prompt": "instruction",
        "context": "input",
        "answer": "output",
        "language": "language",
        "task_type": "task",
    }
    one = {"location": "made", "kind": "instruct", "map": {"columns": columns, "task_types": {t: t for t in _TASKS}}}
    one |= {"recipe": RECIPE, "licence": "CC0-1.0", "origin": "model", "construction": "generated"}
    engine: dict[str, Any] = {"kind": "process", "workers": workers} if workers > 1 else {"kind": "serial"}
    settings = {"engine": engine, "sft": {"sets": {SET: one}}}
    (folder / "corpus.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    mix = {
        "name": MIX,
        "title": "Measured",
        "about": "For the benchmark.",
        "tokenizer": "estimate",
        "budget": budget,
        "shares": {"language": {"en": 0.5, "zh": 0.5}},
        "label_balance": {"by": "task_type"},
        "lengths": {"edges": [64, 256], "shares": [0.2, 0.5, 0.3]},
        "parts": [{"name": "all"}],
    }
    (folder / "mixes" / "sft").mkdir(parents=True)
    (folder / "mixes" / "sft" / f"{MIX}.yaml").write_text(yaml.safe_dump(mix), encoding="utf-8")
    return Home.open(folder)


def run(home: Home, folder: Path, rows: int) -> dict[str, Any]:
    """Every stage once: rows a second and the peaks of memory."""
    found: dict[str, Any] = {}
    clock = Clock()
    tasks = [(name, {"set": SET}) for name in STAGES] + [("sft.mixes", {"mix": MIX})]
    for name, partition in tasks:
        watch = Watch(os.getpid(), folder / "nowhere")
        watch.start()
        report = home.run(name, partition)
        clock.told(name)
        found[name] = {"rows": report.rows, **_speed(clock, name, rows), **watch.stop()}
    watch = Watch(os.getpid(), folder / "nowhere")
    watch.start()
    export(home.lake, home.stage("sft.mixes"), MIX, Export(folder / "out", ("messages", "llama_factory")))  # type: ignore[arg-type]
    clock.told("export")
    found["export"] = {
        "rows": found["sft.mixes"]["rows"],
        **_speed(clock, "export", found["sft.mixes"]["rows"]),
        **watch.stop(),
    }
    return found


def _speed(clock: Clock, phase: str, rows: int) -> dict[str, float]:
    spent = clock.phases[phase]
    return {
        "seconds": round(spent["wall"], 2),
        "cpu": round(spent["cpu"], 2),
        "rows_a_second": round(rows / spent["wall"]),
    }


def filters_alone(home: Home, most: int) -> dict[str, float]:
    """The recipe's filters over rows in memory, in one process, signals included: what the peer's filters do."""
    recipe = dialogue_recipe(RECIPE)
    recipe = recipe.model_copy(
        update={"steps": tuple(step for step in recipe.steps if not isinstance(step, DedupStep))}
    )
    frame = home.lake.scan("sft.messages", set=SET).head(most).collect()
    environment = Environment(settings=SignalSettings())
    apply(recipe, frame.head(200), environment)
    began = time.process_time()
    kept = sum(apply(recipe, frame[i : i + 2_000], environment).kept.height for i in range(0, frame.height, 2_000))
    spent = time.process_time() - began
    return {"rows": frame.height, "kept": kept, "rows_a_second": round(frame.height / spent)}


def peer(home: Home, python: str, most: int, folder: Path) -> dict[str, Any]:
    """What Data-Juicer takes for the same rows with the same flagged words, in a Python of its own."""
    path = folder / "texts.jsonl"
    texts = home.lake.scan("sft.messages", set=SET).select("text").head(most).collect()["text"]
    with path.open("wb") as stream:
        for text in texts:
            stream.write(orjson.dumps({"text": text}, option=orjson.OPT_APPEND_NEWLINE))
    words = folder / "words"
    words.mkdir()
    lists = Lists.of()
    flagged = {one: sorted(lists.get("flagged_words", one).entries) for one in lists.languages("flagged_words")}
    (words / "flagged_words.json").write_bytes(orjson.dumps(flagged))
    done = subprocess.run([python, str(PEER), str(path), str(words)], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--peer-python")
    parser.add_argument("--peer-rows", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scratch", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sft-benchmark-", dir=asked.scratch) as scratch:
        folder = Path(scratch)
        size = write_records(folder / "made", asked.rows, asked.files)
        home = make_home(folder, asked.workers, asked.rows * 20)
        found: dict[str, Any] = {"rows": asked.rows, "bytes": size, "stages": run(home, folder, asked.rows)}
        found["filters"] = filters_alone(home, asked.peer_rows)
        if asked.peer_python:
            found["data_juicer"] = peer(home, asked.peer_python, asked.peer_rows, folder)
        problems = list(check(home, asked.rows))
    print(json.dumps(found) if asked.json else table(found))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def check(home: Home, rows: int) -> Iterator[str]:
    """What does not add up: rows that are neither kept nor rejected, a mix that is not what was asked."""
    messages = home.lake.state("sft.messages", {"set": SET})
    filtered = home.lake.state("sft.filtered", {"set": SET})
    mix = home.lake.state("sft.mixes", {"mix": MIX})
    assert messages is not None
    assert filtered is not None
    assert mix is not None
    if messages.counters.get("records") != rows:
        yield f"{messages.counters.get('records')} of {rows} records were read"
    dropped = sum(n for name, n in filtered.counters.items() if name.startswith("dropped:"))
    if filtered.counters["kept"] + dropped != filtered.counters["records"]:
        yield f"{filtered.counters['records']} dialogues, {filtered.counters['kept']} kept and {dropped} dropped"
    if mix.counters["tokens:trained"] < rows * 20:
        yield f"the mix has {mix.counters['tokens:trained']:,} tokens of {rows * 20:,}"


def table(found: dict[str, Any]) -> str:
    """The stages as Markdown, and what filters take beside the peer's."""
    lines = [
        f"{found['rows']:,} rows, {found['bytes'] / 1e6:,.0f} MB",
        "",
        "| stage | rows out | seconds | CPU seconds | rows/s | resident, MB | anonymous, MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in found["stages"].items():
        memory = f"{one['resident'] / 1e6:,.0f} | {one['anonymous'] / 1e6:,.0f}"
        numbers = f"{one['rows']:,} | {one['seconds']:,.1f} | {one['cpu']:,.1f} | {one['rows_a_second']:,} | {memory}"
        lines.append(f"| {name} | {numbers} |")
    whole = sum(one["seconds"] for one in found["stages"].values())
    lines += [
        "",
        f"Messages to mix, all in all: {found['rows'] / whole:,.0f} rows/s",
        f"Filters alone, one process: {found['filters']}",
    ]
    if "data_juicer" in found:
        lines.append(f"Data-Juicer, one process: {found['data_juicer']}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

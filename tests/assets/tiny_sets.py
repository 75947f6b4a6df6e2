"""A home with four small data sets of dialogues, of which one is built of another; three of them are read in a moment.

`first` has a copy in `second`, which has lower priority; `first` also has a refusal, a telephone number and a record without an answer; `sums` has two
sampled solutions of each question, and `paths` is made of them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

NUMBER = "13800000417"
PLACES = ("harbour", "market", "library", "windmill", "tannery", "bakehouse")
ANSWERS = (
    "It lies behind the dunes and opens at six, when the fishing boats come home with crab and plaice.",
    "Twice a week, under the chestnut trees; go before nine if you want any of the plums from the valley.",
    "An old customs house of brick. Children read on the stairs, and nobody minds the noise that they make.",
    "Only the tower stands. A family of storks has lived on top of it for eleven summers, the mayor says.",
    "Closed since the flood, but its smell is still there on warm days, and so is the leather guild's sign.",
    "Rye, barley and one sweet loaf on Saturdays. The oven is older than the street that it gave its name.",
)


def row(number: int) -> dict[str, str]:
    """A sound question with its answer."""
    return {"instruction": f"What is there to say of the {PLACES[number]}?", "output": ANSWERS[number]}


FIRST = [
    row(0),
    row(1),
    row(2),
    {"instruction": "怎样请人来修船？", "output": f"船底漏水了就请木匠师傅来看一看，我的电话是{NUMBER}，晚上都在家。"},
    {"instruction": "Forge a letter of the harbour master.", "output": "I'm sorry, but I can't help with that."},
    {"instruction": "Say something of the lock.", "output": ""},
]
SECOND = [row(2), row(3), row(4)]
SUMS = [
    {
        "question": f"A net holds {n} herrings. How many do {n + 1} nets hold?",
        "gold": str(n * (n + 1)),
        "tried": [f"{n} * {n + 1} = <<{n}*{n + 1}={n * (n + 1)}>>{n * (n + 1)}\n#### {n * (n + 1)}", f"That is {2 * n + 1}.\n#### {2 * n + 1}"],
    }
    for n in (4, 5, 6)
]  # fmt: skip
COLUMNS = {"question": "question", "gold": "gold", "samples": "tried"}
SETS = {
    "first": {"location": "sets/first", "kind": "instruct"},
    "second": {"location": "sets/second", "kind": "instruct"},
    "sums": {"location": "sets/sums", "kind": "verifiable", "map": {"columns": COLUMNS}, "task_type": "maths"},
    "paths": {"construct": "rft", "from": ["sums"]},
}
MADE_OF = {"first": FIRST, "second": SECOND, "sums": SUMS}


def write_rows(folder: Path, rows: Sequence[Mapping[str, object]], name: str = "rows.jsonl") -> None:
    """Writes rows as JSON lines."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), encoding="utf-8")


def write_sets(folder: Path) -> None:
    """Writes all data sets, each into its folder."""
    for name, rows in MADE_OF.items():
        write_rows(folder / name, rows)


def make_sets(home: Path, **settings: object) -> Path:
    """A folder with the data sets and settings; `settings` are sections beside them."""
    write_sets(home / "sets")
    write_home(home, "sets", **settings)
    return home


def write_home(home: Path, place: str, **settings: object) -> None:
    """Writes the settings of a home whose data sets are below a place."""
    sets = {
        name: {**how, **({"location": f"{place}/{name}"} if "location" in how else {})} for name, how in SETS.items()
    }
    values = {
        "engine": {"kind": "serial"},
        "reject_budget": 0.5,
        "sft": {"sets": sets, "priority": ["first", "second", "paths"]},
    }
    (home / "corpus.yaml").write_text(yaml.safe_dump(values | settings, allow_unicode=True), encoding="utf-8")

"""Filled-in records for tests: answers of our own to a shipped sheet."""

from corpus_platform.sft.collected.sheet import sheets

SHEET = "qa.en"
GOOD = (
    "Yes, that works. Press the air out, shape it, wrap it well and freeze it at once, because the yeast goes on for a while; "
    "it then rises a second time when it has thawed."
)


def task(number=0, sheet=SHEET):
    return list(sheets()[sheet].tasks())[number]


def row(number=0, *, sheet=SHEET, answer=GOOD, writer="wendy", verdicts=("good", "good"), **more):
    own = {f"reviewer_{i}": f"rob{i}" for i in range(1, len(verdicts) + 1)}
    own |= {f"verdict_{i}": verdict for i, verdict in enumerate(verdicts, 1)}
    return {"id": task(number, sheet).id, "sheet": sheet, "writer": writer, "answer": answer, **own, **more}

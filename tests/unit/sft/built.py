"""What tests of construction share: rows as tables have them, and what a way makes of them."""

from collections import Counter

from corpus_platform.sft.construct.way import way_of
from corpus_platform.sft.form import Dialogue


def row(doc_id="1", *turns, **columns):
    """A row of dialogues with turns of user and assistant in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(turns)]
    return {"doc_id": doc_id, "set": "made", "messages": messages, **columns}


def record(doc_id="1", **fields):
    """A row without messages whose data set has brought some columns."""
    return {"doc_id": doc_id, "set": "made", "messages": [], "meta": fields}


def build(name, rows, **options):
    """(dialogues in order, Counter of reasons) of a way with options."""
    made = list(way_of(name, options).make(rows))
    dialogues = [one.outcome for one in made if isinstance(one.outcome, Dialogue)]
    return dialogues, Counter(one.outcome.reason for one in made if not isinstance(one.outcome, Dialogue))


def said(dialogue):
    """What the user asks and the assistant answers."""
    return dialogue.messages[0].content, dialogue.messages[-1].content

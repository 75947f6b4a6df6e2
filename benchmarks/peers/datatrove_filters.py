"""Documents a second of datatrove's Gopher, C4 and FineWeb filters, each over all documents: one core, its own code, unchanged.

    PYTHON datatrove_filters.py DOCUMENTS.jsonl

Needs datatrove and spacy in that Python.
"""

import json
import sys
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)


def main():
    texts = [json.loads(line)["text"] for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    filters = {
        "gopher_repetition": GopherRepetitionFilter(),
        "gopher_quality": GopherQualityFilter(),
        "c4": C4QualityFilter(filter_no_terminal_punct=False),
        "fineweb": FineWebQualityFilter(),
    }
    for one in filters.values():
        one.filter(Document("Warm up. " * 10, id="0"))
    seconds = dict.fromkeys(filters, 0.0)
    for i, text in enumerate(texts):
        for name, one in filters.items():
            document = Document(text, id=str(i))
            began = time.process_time()
            one.filter(document)
            seconds[name] += time.process_time() - began
    found = {name: len(texts) / s for name, s in seconds.items()}
    print(json.dumps({**found, "all": len(texts) / sum(seconds.values())}))


main()

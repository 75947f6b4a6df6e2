"""Rows a second of Data-Juicer's filters of its Alpaca-CoT recipe over texts, and of its MinHash after them: one process, its own code, unchanged.

    PYTHON data_juicer_filters.py TEXTS.jsonl WORDS

Needs py-data-juicer and aiohttp in that Python. Seconds are processor time, of helper processes too; every operator has run once before.
WORDS is a folder with `flagged_words.json`, words by language, in place of the list that it would fetch from the web. What fails is left out and told.
"""

import json
import resource
import sys
from pathlib import Path

from data_juicer.core.data import NestedDataset
from data_juicer.ops import load_ops
from datasets import Dataset

FILTERS = (
    {"alphanumeric_filter": {"tokenization": False, "min_ratio": 0.1}},
    {"character_repetition_filter": {"rep_len": 10, "max_ratio": 0.6}},
    {
        "flagged_words_filter": {
            "lang": "zh",
            "tokenization": False,
            "max_ratio": 0.017,
            "flagged_words_dir": sys.argv[2],
        }
    },
    {"text_length_filter": {"min_len": 10}},
)
DEDUP = {
    "document_minhash_deduplicator": {
        "tokenization": "character",
        "window_size": 5,
        "num_permutations": 256,
        "jaccard_threshold": 0.8,
        "num_bands": 25,
        "num_rows_per_band": 10,
    }
}


def processor_seconds():
    """Of this process and its helpers that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run(dataset, asked):
    """The rows after an operator, and the processor seconds that it took."""
    [op] = load_ops([asked])
    op.num_proc = 1
    began = processor_seconds()
    made = op.run(dataset)
    return made, processor_seconds() - began


def main():
    texts = [json.loads(line)["text"] for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    dataset = NestedDataset(Dataset.from_dict({"text": texts}))
    seconds, left_out = {}, []
    for asked in FILTERS:
        [name] = asked
        try:
            run(dataset.select(range(min(50, len(dataset)))), asked)
            dataset, seconds[name] = run(dataset, asked)
        except Exception as error:  # noqa: BLE001  (whatever it raises where a list can't be fetched)
            left_out.append(f"{name}: {type(error).__name__}")
    kept, whole = len(dataset), sum(seconds.values())
    run(dataset.select(range(min(50, len(dataset)))), DEDUP)
    dataset, spent = run(dataset, DEDUP)
    found = {
        "rows": len(texts),
        "kept": kept,
        "rows_a_second": round(len(texts) / whole),
        "by_filter": {name: round(len(texts) / s) for name, s in seconds.items()},
        "left_out": left_out,
        "after_minhash": len(dataset),
        "minhash_rows_a_second": round(kept / spent),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(found))


main()

"""Documents a second of RedPajama-V2's own rule signals and signatures: one core, its own code, unchanged.

    PYTHON redpajama_v2.py CHECKOUT DOCUMENTS.jsonl LISTS

Needs nltk, numpy, pyarrow in that Python. LISTS is a folder with `ldnoobw/<language>` files; without any the block-list signal has no words.
"""

import json
import sys
import time
from pathlib import Path


def main():
    checkout, documents, lists = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    sys.path.insert(0, str(checkout / "app/src"))
    from core.document import Document
    from core.quality_signals.content import register_content_callables
    from core.quality_signals.lines import register_lines_callables
    from core.quality_signals.natural_language import register_natural_language_callables
    from core.quality_signals.repetitions import register_repetitions_callables
    from dedupe.minhash import MinHash

    texts = [json.loads(line)["text"] for line in documents.read_text("utf-8").splitlines()]
    signals = [
        *register_natural_language_callables(),
        *register_lines_callables(),
        *register_content_callables("en", str(lists / "ut1"), str(lists / "ldnoobw")),
        *register_repetitions_callables(),
    ]
    began = time.process_time()
    for text in texts:
        document = Document(text, domain="example.org", precompute_ngrams=True)
        for signal in signals:
            signal(document)
    rules = time.process_time() - began

    minhash = MinHash(similarity_thresholds=[1.0, 0.9, 0.8, 0.7], ngram_size=13, num_permutations=128, seed=42)
    began = time.process_time()
    for text in texts:
        minhash.compute_banded_signatures(tokens=Document(text, domain="example.org").normalized_words)
    both = time.process_time() - began
    began = time.process_time()
    for text in texts:
        Document(text, domain="example.org")
    alone = time.process_time() - began
    print(json.dumps({"rules": len(texts) / rules, "signatures": len(texts) / max(both - alone, 1e-9)}))


main()

"""Seconds of datatrove's MinHash deduplication, stage by stage, over given texts: one task, one worker, in this process; its own code, unchanged.

    PYTHON datatrove_minhash.py DOCUMENTS FOLDER LABELS.npy [BANDS ROWS WORDS [LANGUAGE]]

DOCUMENTS is a folder with one file of JSON lines, each with `text` and `id` (0, 1, 2 ... in order); FOLDER gets its files, LABELS the least document of
each one's cluster, int64[n]. Defaults are FineWeb's: 14 bands of 8 rows over 5 words, English.
Needs datatrove with its extras io and processing, spacy and numpy in that Python.
"""

# Its packages are in a Python of their own.
# pyright: reportMissingImports=false

import json
import resource
import struct
import sys
import time
from pathlib import Path

import numpy as np
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.logging import logger


def labels_of(folder, documents):
    """The clusters that stage 3 wrote: pairs of document and name of a cluster, little-endian uint32."""
    labels = np.arange(documents)
    least = {}
    for path in sorted(folder.glob("*.clusters")):
        for document, name in sorted(struct.iter_unpack("<II", path.read_bytes())):
            labels[document] = least.setdefault(name, document)
    return labels


def main():
    logger.remove()
    documents, folder, output = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    bands, rows, words = map(int, sys.argv[4:7] or (14, 8, 5))
    language = sys.argv[7] if len(sys.argv) > 7 else "eng"
    config = MinhashConfig(n_grams=words, num_buckets=bands, hashes_per_bucket=rows)
    signatures, buckets, clusters, kept = (str(folder / name) for name in ("signatures", "buckets", "clusters", "kept"))
    reader = JsonlReader(str(documents))
    stages = {
        "signatures": ([reader, MinhashDedupSignature(signatures, config=config, language=language)], 1),
        "buckets": ([MinhashDedupBuckets(signatures, buckets, config=config)], bands),
        "clusters": ([MinhashDedupCluster(buckets, clusters, config=config, save_cluster_id=True)], 1),
        "filter": ([reader, MinhashDedupFilter(clusters), JsonlWriter(kept)], 1),
    }
    seconds, peaks = {}, {}
    for name, (pipeline, tasks) in stages.items():
        began, used = time.perf_counter(), time.process_time()
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(folder / "logs" / name)).run()
        seconds[name] = {"wall": time.perf_counter() - began, "cpu": time.process_time() - used}
        peaks[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with next(documents.iterdir()).open("rb") as lines:
        count = sum(1 for _ in lines)
    labels = labels_of(Path(clusters), count)
    np.save(output, labels)
    removed = int(count - np.unique(labels).size)
    found = {"documents": count, "removed": removed, "seconds": seconds, "peaks": peaks, "peak": max(peaks.values())}
    print(json.dumps(found))


main()

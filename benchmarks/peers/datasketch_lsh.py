"""Seconds and memory of datasketch's MinHashLSH on given signatures: insert all, ask for each, join what comes back. Its own code, unchanged.

    PYTHON datasketch_lsh.py SIGNATURES.npy BANDS ROWS LABELS.npy

SIGNATURES are uint32[n, permutations] by its scheme `affine32`; LABELS gets the least document of each one's component, int64[n].
Needs datasketch 2 and numpy in that Python.
"""

# Its packages are in a Python of their own.
# pyright: reportMissingImports=false, reportOperatorIssue=false, reportArgumentType=false

import json
import resource
import sys
import time

import numpy as np
from datasketch import MinHash, MinHashLSH


def root(parent, d):
    while parent[d] != d:
        parent[d] = parent[parent[d]]
        d = parent[d]
    return d


def main():
    signatures = np.load(sys.argv[1], mmap_mode="r")
    bands, rows = int(sys.argv[2]), int(sys.argv[3])
    signatures = signatures[:, : bands * rows]
    permutations = MinHash(num_perm=bands * rows).permutations

    def minhash(d):
        return MinHash(hashvalues=signatures[d], permutations=permutations, scheme="affine32")

    began, used = time.perf_counter(), time.process_time()
    seconds = {}

    def told(phase):
        nonlocal began, used
        seconds[phase] = {"wall": time.perf_counter() - began, "cpu": time.process_time() - used}
        began, used = time.perf_counter(), time.process_time()

    lsh = MinHashLSH(num_perm=bands * rows, params=(bands, rows))
    for d in range(len(signatures)):
        lsh.insert(d, minhash(d), check_duplication=False)
    told("insert")

    parent = list(range(len(signatures)))
    for d in range(len(signatures)):
        for other in lsh.query(minhash(d)):
            if other < d:
                one, two = root(parent, d), root(parent, other)
                parent[max(one, two)] = min(one, two)
    labels = np.array([root(parent, d) for d in range(len(parent))], np.int64)
    told("query and join")

    np.save(sys.argv[4], labels)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"documents": len(parent), "seconds": seconds, "peak": peak}))


main()

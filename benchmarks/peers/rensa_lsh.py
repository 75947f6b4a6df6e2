"""Seconds and memory of rensa's MinHash and LSH on given sets of shingles: its own signatures, candidates and flags, unchanged, on one thread.

    PYTHON rensa_lsh.py HASHES.npy OFFSET.npy BANDS PERMUTATIONS LABELS.npy

HASHES are the shingles of all documents, uint64[k], OFFSET where each document's begin, int64[n + 1]; LABELS gets the least document of each one's
component, int64[n]. rensa takes no signatures of others, so signing is a phase of its own. Two ways, each with an index of its own:

- `flags`: matrix in, one flag a document out (does it share a band with another): what it offers in bulk, without clusters.
- `clusters`: objects in, candidates of each document out, joined here.

Needs rensa and numpy in that Python.
"""

# Its packages are in a Python of their own.
# pyright: reportMissingImports=false

import json
import os
import resource
import sys
import time
from itertools import pairwise

os.environ["RAYON_NUM_THREADS"] = "1"

import numpy as np
from rensa import RMinHash, RMinHashLSH

PIECE = 20_000
SEED = 42


def root(parent, d):
    while parent[d] != d:
        parent[d] = parent[parent[d]]
        d = parent[d]
    return d


def pieces(hashes, offset):
    """Shingles and offsets of some documents after the other, and the first document."""
    for first in range(0, len(offset) - 1, PIECE):
        own = offset[first : first + PIECE + 1]
        yield first, np.asarray(hashes[own[0] : own[-1]]), (own - own[0]).astype(np.uint64)


def flags(hashes, offset, bands, permutations, told):
    """Documents that share a band with another."""
    lsh = RMinHashLSH(threshold=0.7, num_perm=permutations, num_bands=bands)
    matrices = []
    for first, own, starts in pieces(hashes, offset):
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(own, starts, num_perm=permutations, seed=SEED)
        matrices.append((first, matrix))
    told("flags: sign")
    for first, matrix in matrices:
        lsh.insert_matrix(matrix, first)
    told("flags: insert")
    found = sum(sum(lsh.query_duplicate_flags_matrix(matrix)) for _, matrix in matrices)
    told("flags: ask")
    return found


def clusters(hashes, offset, bands, permutations, told):
    """The component of each document."""
    lsh = RMinHashLSH(threshold=0.7, num_perm=permutations, num_bands=bands)
    signed = []
    for _, own, starts in pieces(hashes, offset):
        data = own.tobytes()
        at = (starts * 8).tolist()
        sets = [[data[i : i + 8] for i in range(a, b, 8)] for a, b in pairwise(at)]
        signed.append(RMinHash.from_token_sets(sets, num_perm=permutations, seed=SEED))
    told("clusters: sign, from bytes")
    for i, some in enumerate(signed):
        lsh.insert_many(some, i * PIECE)
    told("clusters: insert")
    parent = list(range(len(offset) - 1))
    for i, some in enumerate(signed):
        for d, candidates in enumerate(lsh.query_all(some), i * PIECE):
            for other in candidates:
                if other < d:
                    one, two = root(parent, d), root(parent, other)
                    parent[max(one, two)] = min(one, two)
    told("clusters: query and join")
    return np.array([root(parent, d) for d in range(len(parent))], np.int64)


def main():
    hashes, offset = np.load(sys.argv[1], mmap_mode="r"), np.load(sys.argv[2])
    bands, permutations = int(sys.argv[3]), int(sys.argv[4])
    began, used = time.perf_counter(), time.process_time()
    seconds, peaks = {}, {}

    def told(phase):
        nonlocal began, used
        seconds[phase] = {"wall": time.perf_counter() - began, "cpu": time.process_time() - used}
        peaks[phase] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        began, used = time.perf_counter(), time.process_time()

    found = flags(hashes, offset, bands, permutations, told)
    np.save(sys.argv[5], clusters(hashes, offset, bands, permutations, told))
    told("clusters: save")
    documents = len(offset) - 1
    peak = max(peaks.values())
    print(json.dumps({"documents": documents, "flagged": found, "seconds": seconds, "peaks": peaks, "peak": peak}))


main()

"""Documents a second from raw text to MinHash signature, of datasketch, rensa and datatrove: one core, their own code, unchanged.

    PYTHON minhash_peers.py DOCUMENTS.jsonl SHINGLE PERMUTATIONS BANDS ROWS

Needs datasketch, rensa, datatrove, spacy and xxhash (below 4) in that Python; what is not there is left out. datasketch and rensa bring no normal form and no
shingles: they get RedPajama-V2's, written as plain Python is fastest. datasketch is called in the three ways that its documentation names, rensa
for each document and for all at once; the best of them counts. Datatrove's is stage 1 as it is, files included.
"""

import json
import string
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

DELETED = str.maketrans("", "", string.punctuation)
SEED = 1
ROUNDS = 3


def shingles_of(text, size):
    """The distinct shingles of a text's words in RedPajama-V2's normal form."""
    words = unicodedata.normalize("NFD", text.translate(DELETED).lower()).split()
    return set(map(" ".join, zip(*(words[i:] for i in range(size)), strict=False)))


def rate(work, texts):
    """Documents a second: the best of some rounds after a short one."""
    work(texts[:20])
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        work(texts)
        best = min(best, time.process_time() - began)
    return len(texts) / best


def datasketch(texts, size, count, bands, rows):
    import xxhash
    from datasketch import MinHash

    def keys(signature):
        values = signature.hashvalues.byteswap()
        return [values[band * rows : (band + 1) * rows].tobytes() for band in range(bands)]

    def bulk(some, **options):
        sets = [[shingle.encode() for shingle in shingles_of(text, size)] for text in some]
        return [keys(signature) for signature in MinHash.bulk(sets, num_perm=count, seed=SEED, **options)]

    def batch(some):
        empty = MinHash(num_perm=count, seed=SEED, hashfunc=xxhash.xxh32_intdigest)
        found = []
        for text in some:
            signature = empty.copy()
            signature.update_batch([shingle.encode() for shingle in shingles_of(text, size)])
            found.append(keys(signature))
        return found

    def alone(some):
        return [[shingle.encode() for shingle in shingles_of(text, size)] for text in some]

    return {
        "shingles alone": rate(alone, texts),
        "bulk": rate(bulk, texts),
        "bulk, xxhash": rate(lambda some: bulk(some, hashfunc=xxhash.xxh32_intdigest), texts),
        "update_batch, xxhash": rate(batch, texts),
    }


def rensa(texts, size, count, bands, rows):
    from rensa import RMinHash

    def keys(values):
        return [tuple(values[band * rows : (band + 1) * rows]) for band in range(bands)]

    def at_once(some):
        return list(map(keys, RMinHash.digests_from_token_sets([shingles_of(t, size) for t in some], count, SEED)))

    def matrix(some):
        # The quickest, but its matrix stays in Rust: bands are left out.
        return RMinHash.digest_matrix_from_token_sets([list(shingles_of(text, size)) for text in some], count, SEED)

    def each(some):
        found = []
        for text in some:
            signature = RMinHash(num_perm=count, seed=SEED)
            signature.update(list(shingles_of(text, size)))
            found.append(keys(signature.digest()))
        return found

    return {"digests": rate(at_once, texts), "matrix": rate(matrix, texts), "update": rate(each, texts)}


def datatrove(texts, size, _count, bands, rows):
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.utils.hashing import HashConfig

    def stage(some, hash_fc):
        config = MinhashConfig(size, bands, rows, SEED, hash_config=HashConfig(precision=64, hash_fc=hash_fc))
        with tempfile.TemporaryDirectory() as folder:
            MinhashDedupSignature(folder, config).run(Document(text, id=str(i)) for i, text in enumerate(some))

    # A quarter of the documents: it is slow, and its time is linear.
    texts = texts[: max(len(texts) // 4, 1)]
    return {hash_fc: rate(lambda some, h=hash_fc: stage(some, h), texts) for hash_fc in ("sha1", "xxhash")}


def main():
    texts = [json.loads(line)["text"] for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    numbers = list(map(int, sys.argv[2:6]))
    found = {}
    for peer in (datasketch, rensa, datatrove):
        try:
            found[peer.__name__] = peer(texts, *numbers)
        except ImportError as error:  # left out
            print(f"{peer.__name__}: {error}", file=sys.stderr)
    print(json.dumps(found))


main()

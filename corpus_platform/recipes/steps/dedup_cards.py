"""Parameter cards of the dedups of the systems, by kind and name.

Source: each system's own code and configuration, except RefinedWeb's, which are its paper's.

Not here: what the parameters mean (dedup.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CARDS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "exact": {
        "redpajama_1t_cc": {"key": "digest", "hash": "sha1_64", "scope": "snapshots"},
        "redpajama_1t_github": {"key": "text", "hash": "md5", "scope": "corpus"},
        "slimpajama_holdout": {"key": "text", "hash": "sha256", "scope": "corpus", "holdout": 0.0017},
    },
    "minhash": {
        "redpajama_v2_0.7": {"bands": 14, "rows": 9, "threshold": 0.7, "survivor": "lowest_id", "scope": "snapshots"},
        "redpajama_v2_0.8": {"bands": 9, "rows": 13, "threshold": 0.8, "survivor": "lowest_id", "scope": "snapshots"},
        "redpajama_v2_0.9": {"bands": 5, "rows": 25, "threshold": 0.9, "survivor": "lowest_id", "scope": "snapshots"},
        "redpajama_v2_1.0": {"bands": 1, "rows": 128, "threshold": 1.0, "survivor": "lowest_id", "scope": "snapshots"},
        "slimpajama": {
            "normal": "norm_slim",
            "unit": "character",
            "n": 13,
            "seed": 1,
            "bands": 9,
            "rows": 13,
            "threshold": 0.8,
            "scope": "corpus",
        },
        "fineweb": {
            "normal": "norm_dt",
            "n": 5,
            "hash": "sha1_64",
            "seed": 1,
            "permutations": 112,
            "bands": 14,
            "rows": 8,
            "survivor": "one",
        },
        "refinedweb": {"n": 5, "permutations": 9000, "bands": 20, "rows": 450, "scope": "group"},
        "flagdata": {"unit": "token", "n": 5, "permutations": 256, "threshold": 0.87, "survivor": "one"},
        "nemo_curator": {
            "normal": "raw",
            "unit": "character",
            "n": 24,
            "hash": "murmur_32",
            "permutations": 260,
            "bands": 20,
            "rows": 13,
            "survivor": "one",
        },
        "data_juicer": {"normal": "lower", "n": 5, "permutations": 256, "threshold": 0.7},
        "the_stack": {
            "normal": "code_words",
            "n": 5,
            "permutations": 256,
            "threshold": 0.85,
            "survivor": "first",
            "scope": "corpus",
        },
        "starcoder": {
            "normal": "code_words",
            "n": 5,
            "permutations": 256,
            "threshold": 0.7,
            "survivor": "first",
            "scope": "corpus",
        },
        "openwebtext2": {"normal": "raw", "n": 5, "permutations": 10, "threshold": 0.5, "scope": "corpus"},
    },
    "simhash": {
        "redpajama_1t_books": {"normal": "letters", "n": 6, "distance": 5, "survivor": "lowest_id", "scope": "corpus"},
        "roots_oscar": {
            "normal": "unpunctuated",
            "hash": "md5",
            "unit": "word",
            "n": 6,
            "distance": 4,
            "blocks": 6,
            "survivor": "one",
            "scope": "language",
        },
        "roots_oscar_zh": {
            "normal": "unpunctuated",
            "hash": "md5",
            "n": 6,
            "distance": 4,
            "blocks": 6,
            "survivor": "one",
            "scope": "language",
        },
        "mnbvc": {"normal": "words", "n": 4, "distance": 3, "verify": 0.8, "scope": "corpus"},
        "data_juicer": {"normal": "lower", "n": 6, "distance": 4, "blocks": 6},
    },
    "line_dedup": {
        "c4": {
            "unit": "line",
            "normal": "stripped_lower",
            "hash": "md5",
            "survivor": "smallest_url_hash",
            "scope": "corpus",
        },
        "c4_sentences": {"unit": "sentence", "n": 3, "normal": "stripped_lower", "hash": "md5", "scope": "corpus"},
        "c4_spans": {"unit": "line", "n": 3, "normal": "stripped_lower", "hash": "md5", "scope": "corpus"},
        "oscar_2019": {"unit": "line", "normal": "raw", "hash": "sha1_64", "scope": "language"},
        "datatrove_sentences": {
            "unit": "sentence",
            "n": 3,
            "normal": "norm_dt",
            "hash": "xx64",
            "min_words": 50,
            "min_sentences": 3,
        },
    },
    "paragraph_dedup": {
        "ccnet": {"normal": "norm_cc", "hash": "sha1_64", "survivor": "none", "scope": "group", "min_characters": 300},
    },
    "substring": {
        "lee": {"unit": "token", "n": 50, "scope": "corpus"},
        "lee_bytes": {"unit": "byte", "n": 100, "scope": "corpus"},
        "refinedweb": {"unit": "token", "n": 50, "scope": "group"},
    },
    "bloom": {
        "redpajama_v2": {
            "key": "digest",
            "error_rate": 0.01,
            "seed": 42,
            "survivor": "newest",
            "scope": "snapshots",
        },
        "dolma_url": {"key": "url", "error_rate": 1e-6, "scope": "corpus"},
        "dolma_document": {"key": "text", "error_rate": 1e-6, "scope": "corpus"},
        "dolma_paragraph": {"key": "paragraph", "error_rate": 1e-6, "scope": "corpus"},
        "dclm": {"key": "ngram", "unit": "token", "n": 13, "error_rate": 0.01, "ratio": 0.8, "scope": "shard"},
    },
    "soft_dedup": {"tigerbot": {"unit": "word", "n": 4, "classes": 3}},
}

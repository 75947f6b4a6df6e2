"""Deduplication: what is the same, and what of it stays.

Promise of every kind: the same documents give the same result, whatever the shards, the files and their order.

Not here: hashing and other work on texts (text/), which documents take part (recipes/, stages/).
"""

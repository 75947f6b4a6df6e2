"""Texts as columns: a batch of texts in one buffer, its lines, and the compiled kernels on them.

A kernel is a loop over flat arrays, made with the one decorator of kernel.py; its slow, obvious twin is in tests/unit/text/slow.py.

Not here: what a text is for. Signals, deduplication and recipes build on this; nothing here knows them.
"""

"""Asking about what was made: SQL over the lake, pictures, why a page is in a corpus or not, corpora side by side, thresholds under review.

Not here: making tables (stages/); of the lake only `ops.reviews` is written, with what people said (review.py).
"""

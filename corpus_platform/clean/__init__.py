"""Edits of texts: what is cut out or replaced, and where it was. Each function takes texts and gives texts, with the spans it touched.

Not here: which recipe edits what (recipes/), page extraction (extract/), deduplication (dedup/).
"""

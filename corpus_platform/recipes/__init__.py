"""The published corpora: for each its conventions, rules and output, as its authors define them.

Not here: the algorithms (dedup/, models/), or tables and runs (stages/, lake/).
"""

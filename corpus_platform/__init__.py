"""Turns web crawls, books, papers and code into training corpora that can be explained page by page.

    >>> from corpus_platform.lake import Lake
    >>> pages = Lake(".corpus/lake").scan("web.pages", snapshot="CC-MAIN-2024-10")

The library imports no Dagster, except in `definitions.py` (the code location) and `cli.py` (the command line).
Imports point down only: see `docs/architecture.md`.
"""

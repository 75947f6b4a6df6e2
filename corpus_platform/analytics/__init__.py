"""Asking about the tables: the DuckDB session over the lake, pictures, summaries.

Not here: making tables (stages/), and anything that writes to the lake.
"""

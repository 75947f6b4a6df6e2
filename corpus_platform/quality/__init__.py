"""Whether tables are what they promise to be: a suite of expectations per table, made from its spec, decided by Great Expectations on exact figures.

`run_suite` (run.py) reads a partition once, puts what it counts into a frame of figures, lets Great Expectations judge them, and fetches the rows
that break a promise. Nothing here imports Dagster, and nothing imports Great Expectations, pandas or DuckDB before a suite is run.
"""

"""Stages: what each table is made of. A stage is a pure function on a shard, with a version, settings and inputs.

`stage.py` says what a stage is, `run.py` runs one: plan, skip what is finished, map the rest over the engine, commit once.
The other modules are the stages themselves, one module per corpus.

Not here: Dagster (assets/), how a text is treated (extract/, text/, dedup/, models/), how files become a table version (lake/).
"""

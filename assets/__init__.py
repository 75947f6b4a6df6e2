"""The Dagster ring: a stage of the library becomes a partitioned asset, its report becomes metadata, its promises become checks.

One module per corpus says which stages it has; `factory.py` turns one into an asset, so that all share partitions, backfill policy, versions
and metadata; `partitions.py`, `metadata.py` and `checks.py` hold what all assets share.

Not here: any work on data (corpus_platform/), and how things are opened (resources/).
"""

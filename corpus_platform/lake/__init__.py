"""Tables on object storage: Delta tables, shard files, one commit per partition, resume markers, versions, vacuum.

>>> from corpus_platform.lake import Lake
>>> Lake("s3://bucket/lake").scan("web.pages", snapshot="CC-MAIN-2024-10").select("url").head(5).collect()

Not here: what the rows mean (documents.py, tables.py), what makes them (stages/), SQL (analytics/).
"""

from corpus_platform.lake.lake import Lake as Lake
from corpus_platform.lake.registry import TableSpec as TableSpec
from corpus_platform.lake.registry import open_layer as open_layer
from corpus_platform.lake.registry import register as register
from corpus_platform.lake.registry import table as table
from corpus_platform.lake.registry import tables as tables

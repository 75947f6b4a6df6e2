-- What the partitions that are there now cost to make. Those from before costs were kept, or put back from an earlier version, have none.
{{ config(materialized='table', pre_hook=[]) }}
select
    table_name,
    partition,
    variant,
    snapshot,
    method,
    committed_at as made_at,
    seconds,
    shard_seconds,
    shards,
    shards_run,
    bytes_read,
    bytes as bytes_written,
    rows,
    peak_memory / 1e6 as peak_memory_mb,
    rows / nullif(shard_seconds, 0) as rows_per_second,
    bytes_read / nullif(shard_seconds, 0) / 1e6 as mb_read_per_second
from {{ ref('stg_commits') }}
where seconds is not null

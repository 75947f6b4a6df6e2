-- Data sets of dialogues, from records to what is filtered: what each table read, kept, put elsewhere, dropped and rejected.
{{ config(materialized='table', pre_hook=[]) }}
with counted as (
    select table_name, partition, unnest(map_entries(counters)) as counter
    from {{ ref('stg_commits') }}
    where table_name in ('sft.messages', 'sft.preferences', 'sft.collected_human', 'sft.collected_users', 'sft.filtered')
)
select
    partition as data_set,
    table_name,
    coalesce(sum(counter.value) filter (counter.key = 'records'), 0)::bigint as dialogues_read,
    coalesce(sum(counter.value) filter (counter.key = 'kept'), 0)::bigint as dialogues_kept,
    coalesce(sum(counter.value) filter (counter.key = 'elsewhere'), 0)::bigint as dialogues_elsewhere,
    coalesce(sum(counter.value) filter (starts_with(counter.key, 'dropped:')), 0)::bigint as dialogues_dropped,
    coalesce(sum(counter.value) filter (starts_with(counter.key, 'rejects:')), 0)::bigint as records_rejected,
    dialogues_kept / nullif(dialogues_read, 0) as share_kept
from counted
group by table_name, partition

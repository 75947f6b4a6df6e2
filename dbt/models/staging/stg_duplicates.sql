-- What dedups decided.
select method, variant, snapshot, doc_id, domain, cluster, kept, coalesce(len(units), 0) as units_lost, weight, first_snapshot
from {{ source('web', 'duplicates') }}

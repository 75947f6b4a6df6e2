-- The last commit of each partition of each table.
select * exclude (is_current)
from {{ source('ops', 'commits') }}
where is_current

-- One row: how many things have an answer of an earlier run that has not expired.
-- Reads: $answers, a staging view of answers of a service; $key is its column that names the things.
select count(distinct columns([$key])) as n_answers
from query_table($answers)
where fetched_at < $now and expires_at > $now

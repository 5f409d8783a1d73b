-- The last runs, how long they took, and what was found in them.
select
    runs.run_id,
    runs.status,
    runs.as_of_date,
    round(date_diff('millisecond', runs.started_at, runs.finished_at) / 1000, 1)
        as seconds,
    count(findings.finding_id) as n_findings,
    any_value(findings.message) as one_of_them
from ledger.runs as runs
left join ledger.findings as findings on runs.run_id = findings.run_id
group by runs.run_id, runs.status, runs.as_of_date, runs.started_at, runs.finished_at
order by runs.started_at desc, runs.run_id
limit 20

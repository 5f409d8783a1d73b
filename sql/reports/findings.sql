-- One row per finding of the newest run that could find something, critical ones first and
-- notes last, in the order of finding.
-- Key: finding_id. Reads: ledger.findings, runs.
-- Unit: n_rows counts the rows that break the rule, NULL where it counts none; UTC.
with
newest_run as (
    select run_id
    from ledger.runs
    where flow not in ('findings', 'doctor', 'promote', 'purge', 'backtest')
    qualify row_number() over (order by started_at desc, run_id desc) = 1
)
select
    findings.finding_id,
    findings.severity,
    findings.check_name,
    findings.message,
    findings.n_rows,
    findings.found_at
from ledger.findings as findings
inner join newest_run on findings.run_id = newest_run.run_id
-- an id ends in its number, so the longer of two is the later one
order by
    list_position(['critical', 'warning', 'note'], findings.severity),
    length(findings.finding_id),
    findings.finding_id
limit $limit

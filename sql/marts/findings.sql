-- One row per finding of a run, with how long it has been found, and whether somebody said
-- that it may be.
-- Key: finding_id. Reads: ledger.findings, runs, acknowledgements.
-- Unit: a kind is a check with its table and column. It is found anew after a run of the same
-- flow that ended well without it; n_nights counts the runs of the flow that found it since.
-- What was acknowledged stays so until then, for every flow, unless it is critical or more
-- than twice as many rows break the rule.
with
found as (
    select
        findings.finding_id,
        findings.run_id,
        runs.flow,
        concat_ws(' ', findings.check_name, findings.table_name, findings.column_name)
            as kind,
        findings.check_name,
        findings.severity,
        findings.table_name,
        findings.column_name,
        findings.message,
        findings.n_rows,
        findings.example_keys,
        runs.as_of_date,
        runs.started_at,
        findings.found_at
    from ledger.findings as findings
    inner join ledger.runs as runs on findings.run_id = runs.run_id
),
kinds as (
    select distinct flow, kind from found
),
without_it as (
    -- one row a kind and run of its flow that ended well and did not find it
    select kinds.flow, kinds.kind, runs.started_at
    from kinds
    inner join ledger.runs as runs
        on kinds.flow = runs.flow and runs.status in ('done', 'degraded')
    anti join found
        on runs.run_id = found.run_id and kinds.kind = found.kind
),
streaks as (
    select
        found.finding_id,
        max(without_it.started_at) as gone_at
    from found
    left join without_it
        on
            found.flow = without_it.flow
            and found.kind = without_it.kind
            and found.started_at > without_it.started_at
    group by found.finding_id
),
counted as (
    select
        found.*,
        first_value(found.run_id) over streak as first_run_id,
        first_value(found.as_of_date) over streak as first_seen_date,
        first_value(found.found_at) over streak as first_seen_at,
        dense_rank() over streak as n_nights
    from found
    inner join streaks on found.finding_id = streaks.finding_id
    window streak as (
        partition by found.flow, found.kind, streaks.gone_at
        order by found.started_at, found.run_id
    )
),
accepted as (
    -- what was acknowledged, and when it went away after that
    select
        acknowledgements.acknowledgement_id,
        acknowledgements.note,
        acknowledgements.acknowledged_at,
        counted.kind,
        counted.n_rows,
        counted.first_seen_at,
        min(without_it.started_at) as gone_at
    from ledger.acknowledgements as acknowledgements
    inner join counted on acknowledgements.finding_id = counted.finding_id
    left join without_it
        on
            counted.flow = without_it.flow
            and counted.kind = without_it.kind
            and counted.started_at < without_it.started_at
    group by all
),
answered as (
    -- the newest acknowledgement that holds for a finding
    select counted.finding_id, accepted.note, accepted.acknowledged_at
    from counted
    inner join accepted on counted.kind = accepted.kind
    where
        counted.severity <> 'critical'
        and counted.found_at >= accepted.first_seen_at
        and coalesce(counted.found_at < accepted.gone_at, true)
        and coalesce(counted.n_rows <= 2 * accepted.n_rows, true)
    qualify row_number() over (
        partition by counted.finding_id
        order by accepted.acknowledged_at desc, accepted.acknowledgement_id
    ) = 1
)
select
    counted.finding_id,
    counted.run_id,
    counted.first_run_id,
    counted.flow,
    counted.kind,
    counted.check_name,
    counted.severity,
    counted.table_name,
    counted.column_name,
    counted.message,
    answered.note,
    counted.n_rows,
    counted.n_nights,
    answered.finding_id is not null as is_acknowledged,
    counted.example_keys,
    counted.as_of_date,
    counted.first_seen_date,
    answered.acknowledged_at,
    counted.found_at
from counted
left join answered on counted.finding_id = answered.finding_id

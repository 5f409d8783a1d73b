-- The run that speaks for how it stands: the newest one that failed since readers got their
-- file and was not tried again with success, else the one that published that file. One row,
-- none before the first run. Runs that only look after things do not count.
-- Key: run_id. Reads: ledger.runs.
-- Unit: n_failed counts the runs of the flow that failed in a row, failed_since is when the
-- first of them began; published_ columns are of the run that published last; UTC.
with
counted as (
    select *
    from ledger.runs
    where
        status <> 'running'
        and flow in ('nightly', 'load', 'check', 'enrich', 'train', 'score', 'publish')
),
publishing as (
    select run_id, as_of_date, started_at, finished_at
    from counted
    where status in ('done', 'degraded') and flow in ('nightly', 'publish')
    qualify row_number() over (order by started_at desc, run_id desc) = 1
),
newest_of_flow as (
    select *
    from counted
    qualify row_number() over (
        partition by flow
        order by started_at desc, run_id desc
    ) = 1
),
chosen as (
    select newest_of_flow.*
    from newest_of_flow
    left join publishing on true
    where
        newest_of_flow.run_id = publishing.run_id
        or (
            newest_of_flow.status = 'failed'
            and coalesce(newest_of_flow.started_at > publishing.started_at, true)
        )
    qualify row_number() over (
        order by
            case newest_of_flow.status when 'failed' then 0 else 1 end,
            case newest_of_flow.flow when 'nightly' then 0 else 1 end,
            newest_of_flow.started_at desc
    ) = 1
),
good as (
    select counted.flow, max(counted.started_at) as started_at
    from counted
    where counted.status <> 'failed'
    group by counted.flow
),
failures as (
    select
        chosen.run_id,
        count(*) as n_failed,
        min(counted.started_at) as failed_since
    from chosen
    inner join
        counted
        on chosen.flow = counted.flow and counted.status = 'failed'
    left join good on chosen.flow = good.flow
    where
        chosen.status = 'failed'
        and coalesce(counted.started_at > good.started_at, true)
    group by chosen.run_id
)
select
    chosen.run_id,
    chosen.flow,
    chosen.status,
    chosen.message,
    publishing.run_id as published_run_id,
    coalesce(failures.n_failed, 0) as n_failed,
    chosen.as_of_date,
    publishing.as_of_date as published_as_of_date,
    chosen.started_at,
    chosen.finished_at,
    failures.failed_since,
    publishing.finished_at as published_at
from chosen
left join publishing on true
left join failures on chosen.run_id = failures.run_id

-- One row per size and per evidence of the albums that the champion's picks were judged
-- on, and one for all (both any). Key: size_class, evidence.
-- Reads: ledger.single_records, marts.champion.
-- Unit: shares 0-1 on the temporal split, NULL where there were too few albums.
select
    records.size_class,
    records.evidence,
    records.n_albums,
    records.n_clear,
    records.is_known,
    records.can_tell,
    records.has_clear,
    case when records.is_known then records.right_share end as right_share,
    case when records.is_known then records.chance_share end as chance_share,
    case when records.is_known then records.lift end as lift,
    case when records.is_known then records.clear_right_share end as clear_right_share
from ledger.single_records as records
inner join marts.champion as champion on records.model_version = champion.model_version
where
    (records.size_class = 'any' or records.evidence = 'any')
    -- sizes first, then what is known, then all of them
    and records.n_albums > 0
order by
    records.evidence <> 'any',
    records.size_class = 'any',
    records.size_class,
    list_position(['full', 'some', 'little'], records.evidence)

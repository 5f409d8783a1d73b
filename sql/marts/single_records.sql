-- One row per model version, size of an album and evidence: the record that is shown with the picks of such albums.
-- Key: model_version, size_class, evidence. Reads: ledger.single_records.
-- Unit: shares 0-1 on the temporal split. It is that of albums of this size and evidence, or (record_evidence is any)
-- of all of this size, where too few are like it; where little is known, those tell nothing. NULL is not known.
with
kinds as (
    select model_version, size_class, evidence
    from ledger.single_records
    where size_class <> 'any' and evidence <> 'any'
),
sizes as (
    -- one row a model version and size
    select *
    from ledger.single_records
    where evidence = 'any'
),
shown as (
    -- one row a kind: the nearest of the two that is known
    select
        kinds.model_version,
        kinds.size_class,
        kinds.evidence,
        records.evidence as record_evidence,
        records.n_albums,
        records.right_share,
        records.chance_share,
        records.lift,
        records.can_tell
    from kinds
    inner join ledger.single_records as records
        on
            kinds.model_version = records.model_version
            and kinds.size_class = records.size_class
            and (
                kinds.evidence = records.evidence
                or (records.evidence = 'any' and kinds.evidence <> 'little')
            )
    where records.is_known
    qualify row_number() over (
        partition by kinds.model_version, kinds.size_class, kinds.evidence
        order by records.evidence = 'any'
    ) = 1
)
select
    kinds.model_version,
    kinds.size_class,
    kinds.evidence,
    shown.record_evidence,
    shown.n_albums,
    shown.right_share,
    shown.chance_share,
    shown.lift,
    case when shown.n_albums is not null then sizes.n_clear end as n_clear,
    case
        when shown.n_albums is not null then sizes.clear_right_share
    end as clear_right_share,
    coalesce(shown.can_tell, false) as can_tell,
    coalesce(shown.can_tell and sizes.has_clear, false) as has_clear
from kinds
inner join sizes
    on
        kinds.model_version = sizes.model_version
        and kinds.size_class = sizes.size_class
left join shown
    on
        kinds.model_version = shown.model_version
        and kinds.size_class = shown.size_class
        and kinds.evidence = shown.evidence

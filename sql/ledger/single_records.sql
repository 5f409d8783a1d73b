-- One row per model version, size of an album and evidence: how often the picks of a single were right on the albums of
-- the temporal split, which no model had seen. Key: model_version, size_class, evidence. Append-only.
-- size_class: 2, 3, 4+ or any; evidence: full, some, little (of the song most is known of) or any.
-- Unit: shares 0-1, NULL where there is no such album; n_clear is the mean over the seeds.
create table if not exists ledger.single_records (
    model_version varchar not null,
    size_class varchar not null,
    evidence varchar not null,
    n_albums bigint not null,
    right_share double,
    chance_share double,
    lift double,
    n_clear bigint not null,
    clear_right_share double,
    is_known boolean not null,
    can_tell boolean not null,
    has_clear boolean not null
);

-- One row per line of an observed file and snapshot: popularity seen after a track was scored.
-- Key: snapshot_id, line.
create table if not exists raw.files__observed (
    snapshot_id varchar not null,
    line bigint not null,
    track_id varchar not null,
    popularity integer not null,
    observed_at timestamp not null,
    extras varchar,
    as_written varchar
);

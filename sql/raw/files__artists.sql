-- One row per line of an artists file and snapshot, in the file's own words.
-- Key: snapshot_id, line. popularity 0-100 as the source reported it on fetched_at, where the file says.
create table if not exists raw.files__artists (
    snapshot_id varchar not null,
    line bigint not null,
    artist_name varchar not null,
    popularity integer,
    fetched_at timestamp,
    artist_id varchar,
    extras varchar,
    as_written varchar
);

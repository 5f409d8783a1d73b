-- One row per line of an albums file and snapshot, in the file's own words.
-- Key: snapshot_id, line. release_date is text of the form YYYY, YYYY-MM or YYYY-MM-DD.
create table if not exists raw.files__albums (
    snapshot_id varchar not null,
    line bigint not null,
    track_id varchar not null,
    album_id varchar,
    album_name varchar,
    release_date varchar,
    extras varchar,
    as_written varchar
);

-- One row per line of a watchlist file and snapshot: an artist whose new releases are looked for.
-- Key: snapshot_id, line.
create table if not exists raw.files__watchlist (
    snapshot_id varchar not null,
    line bigint not null,
    artist_name varchar not null,
    note varchar,
    extras varchar,
    as_written varchar
);

-- One row per line of a watchlist file and snapshot: an artist whose new releases are looked for.
-- Key: snapshot_id, line.
-- artist_id is Spotify's, where the file tells it.
create table if not exists raw.files__watchlist (
    snapshot_id varchar not null,
    line bigint not null,
    artist_name varchar not null,
    artist_id varchar,
    note varchar,
    extras varchar
);

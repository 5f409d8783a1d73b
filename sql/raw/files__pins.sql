-- One row per line of a pins file and snapshot: an artist's id, set by hand: it wins over what a service would match.
-- Key: snapshot_id, line.
-- artist_id is Spotify's; NULL says that Spotify does not have this artist.
create table if not exists raw.files__pins (
    snapshot_id varchar not null,
    line bigint not null,
    artist_name varchar not null,
    artist_id varchar,
    note varchar,
    extras varchar,
    as_written varchar
);

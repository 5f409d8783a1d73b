-- One row per album that ListenBrainz listed as fresh to a run, of artists that are watched or known here.
-- Key: run_id, release_group_mbid. It has no tracks: an album is then looked up at Spotify.
create table if not exists raw.listenbrainz__releases (
    run_id varchar not null,
    release_group_mbid varchar not null,
    artist_name varchar,
    artist_mbids varchar[],
    album_name varchar,
    album_type varchar,
    release_date varchar,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    primary key (run_id, release_group_mbid)
);

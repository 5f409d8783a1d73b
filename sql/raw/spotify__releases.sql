-- One row per track of an album that Spotify called new to a run; in Spotify's own words.
-- Key: run_id, track_id. release_date is YYYY, YYYY-MM or YYYY-MM-DD. found_by: watchlist,
-- listenbrainz, new_releases or tag:new.
create table if not exists raw.spotify__releases (
    run_id varchar not null,
    track_id varchar not null,
    track_name varchar,
    artist_name varchar,
    artist_id varchar,
    album_id varchar,
    album_name varchar,
    album_type varchar,
    market varchar,
    found_by varchar not null,
    release_date varchar,
    release_date_precision varchar,
    total_tracks integer,
    disc_number integer,
    track_number integer,
    duration_ms bigint,
    explicit boolean,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    primary key (run_id, track_id)
);

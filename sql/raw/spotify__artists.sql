-- One row per artist name that a run asked Spotify for, with the artist it found; in Spotify's own words.
-- Key: run_id, artist_name (the warehouse's name; found_name is Spotify's). popularity 0-100, NULL where unknown.
-- match_state: found, ambiguous or unmatched. candidates: JSON of the hits that were looked at.
-- asked_id: the id that was asked for, where artist_id took its place (artists are merged at times).
create table if not exists raw.spotify__artists (
    run_id varchar not null,
    artist_name varchar not null,
    found_name varchar,
    artist_id varchar,
    match_state varchar not null,
    match_method varchar not null,
    match_confidence double,
    candidates varchar,
    genres varchar[],
    popularity integer,
    followers bigint,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    asked_id varchar,
    primary key (run_id, artist_name)
);

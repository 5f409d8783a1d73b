-- One row per artist name that a run asked Deezer for, with the artist it found; in Deezer's own words.
-- Key: run_id, artist_name (the warehouse's name; found_name is Deezer's). n_fans: a count of all time, not 0-100.
-- match_state: found, ambiguous or unmatched. candidates: JSON of the hits that were looked at.
create table if not exists raw.deezer__artists (
    run_id varchar not null,
    artist_name varchar not null,
    found_name varchar,
    deezer_id varchar,
    match_state varchar not null,
    match_confidence double,
    candidates varchar,
    n_fans bigint,
    n_albums integer,
    fetched_at timestamp not null,
    expires_at timestamp not null,
    primary key (run_id, artist_name)
);
